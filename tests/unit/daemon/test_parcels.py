"""Once per parcel: what is the same label, what notices reach, and how the store keeps both."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.config.settings import Settings
from labeld.daemon.actions import Actions
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.errors import EventRejected, IllegalTransition, TooLate
from labeld.daemon.events import from_json
from labeld.daemon.job import Job, JobState, Reason, new_job_id
from labeld.daemon.notices import CLOUDEVENT_TYPES, Notice, reaches, read
from labeld.daemon.parcels import Another, Duplicate, Rest, compare, rivals
from labeld.daemon.printers import Printers
from labeld.daemon.routing import Route
from labeld.daemon.store import Accepted, Artwork, NewJob, NewReprint, Store
from labeld.drivers.evidence import Level, Outcome, Verdict

NUMBERS = itertools.count()
HERE = Route("zebra", "only")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened


def a_job(name: str = "a", **fields: object) -> Job:
    job = Job(
        id=name,
        received_at=0.0,
        updated_at=0.0,
        source="test",
        state=JobState.PENDING,
        reason=Reason.QUEUED,
        message="",
        printer="zebra",
        package_id="P1",
    )
    return replace(job, **fields)  # type: ignore[arg-type]  # the names are its fields


async def take(
    store: Store, event_id: str | None, content: str = "one", route: Route = HERE, **more: object
) -> Accepted:
    fields = {"asset": {"content": content}, "package_id": "P1"} | more
    if event_id is not None:
        fields["event_id"] = event_id
    event = from_json("t", json.dumps(fields).encode(), max_bytes=1000)
    number = next(NUMBERS)
    return await store.accept(NewJob(new_job_id(float(number), number), event, "test", "t", route, float(number)))


async def printed(store: Store, job: Job, outcome: Outcome = Outcome.CONFIRMED) -> Job:
    await store.save_artwork(job.id, Artwork("z", b"^XA^XZ", 1, 8, 8, 203, ()), "drawn", 1.0)
    attempt = await store.begin_attempt(
        job.id, printer="zebra", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=2.0
    )
    state, reason = JobState.COMPLETED, Reason.COMPLETED
    if outcome is not Outcome.CONFIRMED:
        state, reason = JobState.HELD, Reason.OUTCOME_UNKNOWN
    verdict = Verdict(outcome, Level.NONE, "seen")
    return await store.end_attempt(attempt, job.id, verdict, odometer=2, state=state, reason=reason, now=3.0)


def notice(kind: str = "canceled", **fields: object) -> Notice:
    return read(kind, json.dumps(fields).encode())  # type: ignore[arg-type]  # one of two


def actions_of(store: Store) -> Actions:
    async def too_late(job: Job, _because: str) -> Job:
        raise TooLate(f"job {job.id} is at its printer")

    settings = Settings.model_validate({"printers": {"zebra": {"uri": "socket://127.0.0.1:9100"}}})
    return Actions(store, Dispatcher(settings, store, Printers(settings.printers), lambda: 9.0), too_late, lambda: 9.0)


# What is the same


def test_a_document_is_the_label_of_its_parcel_or_goes_with_it() -> None:
    job = a_job()
    others = {
        "same shop": a_job("1", shop_id="S"),
        "canceled": a_job("2", state=JobState.CANCELED),
        "aborted": a_job("3", state=JobState.ABORTED),
        "other parcel": a_job("4", package_id="P2"),
        "slip": a_job("5", document_type="PACKING_SLIP"),
        "both": a_job("6", document_type="SHIPPING_LABEL_AND_PACKING_SLIP"),
        "part": a_job("7", document_type="SHIPPING_LABEL_AND_PACKING_SLIP", role="slip"),
        "printed": a_job("8", state=JobState.COMPLETED),
    }
    assert [one.id for one in rivals(job, others.values())] == ["1", "6", "8"]
    assert [one.id for one in rivals(replace(job, shop_id="T"), others.values())] == ["6", "8"]
    numbered = replace(job, package_id="P9", tracking_number="T")
    assert rivals(numbered, [a_job("9", tracking_number="T"), a_job("10")]) == [a_job("9", tracking_number="T")]
    assert rivals(replace(job, package_id=None), [a_job("9", package_id=None)]) == []


def test_pages_are_compared_one_by_one() -> None:
    label, both = a_job("1"), a_job("2", document_type="SHIPPING_LABEL_AND_PACKING_SLIP")
    done = replace(label, state=JobState.COMPLETED)
    assert compare(label, {1: "x"}, [(done, {1: "x"})]) == Duplicate(done)
    assert compare(label, {1: "x"}, [(both, {1: "x", 2: "y"})]) == Duplicate(both)
    assert compare(both, {1: "x", 2: "y"}, [(done, {1: "x"})]) == Rest(done, (2,), "slip")
    assert compare(both, {1: "z", 2: "y"}, [(done, {1: "x"})]) == Another((), (done,))
    assert compare(both, {1: "z", 2: "y"}, [(both, {1: "x", 2: "y"})]) == Another((both,), ())
    # what cannot be drawn is the same as nothing
    assert compare(label, {}, [(done, {})]) == Another((), (done,))
    # one without a printer makes room for one that has it
    lost = replace(label, state=JobState.HELD, reason=Reason.NO_DESTINATION)
    assert compare(label, {1: "x"}, [(lost, {1: "x"})]) == Another((lost,), ())
    unknown = replace(label, state=JobState.HELD, reason=Reason.OUTCOME_UNKNOWN)
    assert compare(label, {1: "z"}, [(unknown, {1: "x"})]) == Another((), (unknown,))


_LOOKS = st.dictionaries(st.integers(1, 4), st.sampled_from("wxyz"), max_size=4)


@given(_LOOKS, st.lists(_LOOKS, max_size=3), st.sampled_from(["SHIPPING_LABEL", "SHIPPING_LABEL_AND_PACKING_SLIP"]))
def test_no_page_is_lost_and_none_that_is_known_is_printed_with_a_new_one(
    looks: dict[int, str], others: list[dict[int, str]], kind: str
) -> None:
    job = a_job("new", document_type=kind)
    known = {look for other in others for look in other.values()}
    match compare(job, looks, [(a_job(str(n), state=JobState.COMPLETED), other) for n, other in enumerate(others)]):
        case Duplicate():
            assert set(looks.values()) <= known
        case Rest(_, pages, role):
            assert {looks[page] for page in pages}.isdisjoint(known)
            assert {looks[page] for page in looks if page not in pages} <= known
            assert (pages, role) != ((), "label")
        case Another(stop, on_paper):
            assert len(stop) + len(on_paper) == len(others)


# Notices


def test_a_notice_reaches_its_packages_and_orders() -> None:
    job = a_job(order_ids=("1", "2"), shop_id="S")
    assert reaches(notice(package_ids=["P1"]), job) == "whole"
    assert reaches(notice(package_ids=["P1"], shop_id="T"), job) is None
    assert reaches(notice(package_ids=["P2"], order_ids=["1"]), job) is None
    assert reaches(notice(order_ids=["1"]), job) == "partly"
    assert reaches(notice(order_ids=["1", "2", "3"]), job) == "whole"
    assert reaches(notice(order_ids=["3"]), job) is None
    assert reaches(notice("superseded", order_ids=["1"], replaced_by=["P2", "P3"]), job) == "whole"
    assert reaches(notice("superseded", order_ids=["1"], replaced_by="P1"), job) is None


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        ("canceled", b"", "empty"),
        ("canceled", b"[]", "array"),
        ("canceled", b"{}", "give package_ids or order_ids"),
        ("canceled", b'{"package_ids": "P1"}', "package_ids"),
        ("canceled", b'{"package_ids": [""]}', "package_ids.0"),
        ("superseded", b'{"package_ids": ["P1"]}', "replaced_by is missing"),
        ("canceled", b" " * 300_000, "bytes"),
        ("canceled", b'{"specversion": "1.0", "id": "1", "source": "s", "type": "x", "data": {}}', "type"),
    ],
)
def test_a_notice_that_makes_no_sense_is_refused_in_words(kind: str, payload: bytes, words: str) -> None:
    with pytest.raises(EventRejected, match=words):
        read(kind, payload)  # type: ignore[arg-type]  # one of two


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner)).map(repr).map(str.encode)
)
def test_any_payload_is_a_notice_or_refused(payload: bytes) -> None:
    try:
        assert read("canceled", payload).kind == "canceled"
    except EventRejected as error:
        assert "\n" not in str(error)


def test_notices_that_say_the_same_are_one() -> None:
    first = notice(event_id="1", package_ids=["P1", "P2"], reason="a")
    assert first.identity == notice(event_id="1", package_ids=["P2", "P1", "P1"], reason="b").identity
    assert first.identity != notice(event_id="2", package_ids=["P1", "P2"]).identity
    data = {"package_ids": ["P1"]}
    cloud = {"specversion": "1.0", "id": "1", "source": "s", "type": CLOUDEVENT_TYPES["canceled"], "data": data}
    assert read("canceled", json.dumps(cloud).encode()).package_ids == ("P1",)


# In the store


async def test_the_same_bytes_are_known_at_once_and_for_ever(store: Store) -> None:
    first = (await take(store, "e1")).job
    again = await take(store, "e2", tracking_number="T1")
    assert again.duplicate
    assert (again.job.id, again.job.duplicates) == (first.id, 1)
    told = [json.loads(message.payload)["duplicate_event_id"] for message in await store.outbox()]
    assert told == [None, None, "e2"]
    # the second event is the first one's job even when that is canceled meanwhile
    await store.move(first.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 5.0)
    assert (await take(store, "e2", tracking_number="T1")).job.id == first.id
    # another event is not: what is canceled stands in nobody's way
    fresh = await take(store, "e3")
    assert (fresh.duplicate, fresh.job.reason) == (False, Reason.TRANSFORMING)


async def test_of_many_that_come_at_once_one_is_printed(store: Store) -> None:
    taken = await asyncio.gather(*(take(store, f"e{number}", content=f"c{number % 3}") for number in range(30)))
    states = [one.job.reason for one in taken if not one.duplicate]
    assert sorted(states) == [Reason.COMPARING, Reason.COMPARING, Reason.TRANSFORMING]
    assert sum(one.duplicate for one in taken) == 27
    # those that are compared are in no queue
    assert len(await store.queue("zebra", limit=9)) == 1


async def test_a_slip_and_a_label_of_one_parcel_are_two_documents(store: Store) -> None:
    await take(store, "e1")
    assert (await take(store, "e2", document_type="PACKING_SLIP")).job.reason == Reason.TRANSFORMING
    assert (
        await take(store, "e3", "both", document_type="SHIPPING_LABEL_AND_PACKING_SLIP")
    ).job.reason == Reason.COMPARING


async def test_a_corrected_event_takes_the_place_of_one_without_a_printer(store: Store) -> None:
    lost = await take(store, "e1", route=Route(None, "there is no station x"))
    assert lost.job.reason == Reason.NO_DESTINATION
    assert (await take(store, "e2")).job.reason == Reason.COMPARING
    assert (await take(store, "e3", route=Route(None, "nor y"))).duplicate


async def test_what_was_compared_is_compared_again_where_the_parcel_changed_meanwhile(store: Store) -> None:
    first, second = (await take(store, "e1")).job, (await take(store, "e2", "two")).job
    assert [one.id for one in await store.rivals(second)] == [first.id]
    with pytest.raises(IllegalTransition, match=f"job {first.id} of its parcel is pending by now"):
        await store.set_compared(second, "alone", 5.0, beside=())
    await store.move(first.id, JobState.CANCELED, Reason.SUPERSEDED, "superseded", 5.0)
    with pytest.raises(IllegalTransition, match="is canceled by now"):
        await store.set_duplicate(second, first, 5.0)
    assert (await store.set_compared(second, "alone", 6.0, beside=())).reason == Reason.TRANSFORMING
    with pytest.raises(IllegalTransition, match="is not compared any more"):
        await store.set_compared(second, "alone", 7.0, beside=())


async def test_a_notice_does_what_is_left_to_do(store: Store) -> None:
    waits = (await take(store, "e1", package_id="P1")).job
    done = await printed(store, (await take(store, "e2", package_id="P2")).job)
    unknown = await printed(store, (await take(store, "e3", package_id="P3")).job, Outcome.UNKNOWN)
    held = await printed(store, (await take(store, "e4", package_id="P4")).job, Outcome.UNKNOWN)
    left = (await take(store, "e5", package_id="P5")).job
    stop = notice(package_ids=["P1", "P2", "P3", "P4", "P6"], reason="why")
    taken = await store.take_notice(stop, "mqtt", 9.0)
    found = {job.id: job for job in taken.jobs}
    assert found.keys() == {waits.id, done.id, unknown.id, held.id}
    assert (found[waits.id].state, found[waits.id].reason) == (JobState.CANCELED, Reason.ORDER_CANCELED)
    assert (found[done.id].state, found[done.id].withdrawn) == (JobState.COMPLETED, "canceled")
    assert (found[unknown.id].state, found[unknown.id].withdrawn) == (JobState.HELD, "canceled")
    assert (await store.take_notice(stop, "http", 10.0)).duplicate
    assert (await store.get(left.id)).reason == Reason.TRANSFORMING
    late = (await take(store, "e6", package_id="P6")).job
    assert (late.state, late.reason) == (JobState.CANCELED, Reason.ORDER_CANCELED)
    # the question whether a void label is on paper ends without another one
    actions = actions_of(store)
    gone = await actions.settle(unknown.id, printed=False, who="Ann")
    assert (gone.state, gone.reason) == (JobState.CANCELED, Reason.ORDER_CANCELED)
    there = await actions.settle(held.id, printed=True, who="Ann")
    assert "take it out of the pile" in there.message
    assert {job.id for job in await store.void(limit=9)} == {done.id, held.id}
    for job in (done, held):
        assert (await actions.take_out(job.id, who="Ann")).withdrawn == "taken-out"
    assert await store.void(limit=9) == []
    with pytest.raises(IllegalTransition, match="not to be taken out"):
        await actions.take_out(done.id, who="Ann")


async def test_a_withdrawn_label_under_way_never_goes_back_in_line(store: Store) -> None:
    job = (await take(store, "e1", order_ids=["1"])).job
    await store.save_artwork(job.id, Artwork("z", b"^XA^XZ", 1, 8, 8, 203, ()), "drawn", 1.0)
    attempt = await store.begin_attempt(
        job.id, printer="zebra", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=2.0
    )
    (marked,) = (await store.take_notice(notice(order_ids=["1"]), "mqtt", 3.0)).jobs
    assert (marked.state, marked.void) == (JobState.PROCESSING, True)
    ended = await store.end_attempt(
        attempt,
        job.id,
        Verdict(Outcome.NOT_PRINTED, Level.NONE, "no byte left"),
        odometer=1,
        state=JobState.PENDING,
        reason=Reason.QUEUED,
        now=4.0,
    )
    assert (ended.state, ended.reason) == (JobState.CANCELED, Reason.ORDER_CANCELED)


async def test_reprints_are_numbered_and_made_once_per_key(store: Store) -> None:
    job = await printed(store, (await take(store, "e1", copies=3)).job)

    async def again(key: str, of: str = job.id) -> Accepted:
        number = next(NUMBERS)
        new = NewReprint(new_job_id(9.0, number), of, key, "zebra", "torn", "Ann", 9.0)
        return await store.reprint(new)

    one, same, two = await again("a"), await again("a"), await again("b")
    assert (one.job.reprint, same.duplicate, same.job.id, two.job.reprint) == (1, True, one.job.id, 2)
    assert (one.job.copies, one.job.reprint_of) == (1, job.id)
    assert await store.asset(one.job.id) == await store.asset(job.id)
    with pytest.raises(IllegalTransition, match="cannot be printed again"):
        await again("c", of=one.job.id)
    await printed(store, one.job)
    third = await again("c", of=one.job.id)
    assert (third.job.reprint, third.job.reprint_of) == (3, job.id)
    assert [entry.words for entry in await store.timeline(job.id)][-1].endswith("reprint 3, by Ann: torn")
    assert [job.id for job in await store.related(job)] == sorted([one.job.id, two.job.id, third.job.id])
    with pytest.raises(IllegalTransition, match="say why"):
        await actions_of(store).reprint(job.id, " \n", who="Ann")
