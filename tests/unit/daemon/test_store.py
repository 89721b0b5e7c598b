import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool, text

from labeld.daemon.errors import DaemonError, IllegalTransition, NoSuchJob, StoreUnavailable
from labeld.daemon.events import LabelEvent, from_bytes, from_json
from labeld.daemon.job import Job, JobState, Reason, new_job_id
from labeld.daemon.routing import Route
from labeld.daemon.store import Accepted, Artwork, NewJob, Store, profiles, schema
from labeld.daemon.store.engine import migrate
from labeld.drivers.evidence import Level, Outcome, Verdict
from labeld.drivers.printer import Identity, Question
from labeld.drivers.profile import Counter, Habit, Profile

HERE = Route("zebra", "zebra is the only printer")
ARTWORK = Artwork("zebra", b"^XA^XZ", 2, 812, 1219, 203, ("note",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labeld.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with Store(path, topic_prefix="labeld/test", duplicate_window=600) as opened:
        yield opened


def bare(data: bytes = b"^XA^XZ") -> LabelEvent:
    return from_bytes("topic", data, printer=None, max_bytes=1000)


def known(event_id: str, **fields: object) -> LabelEvent:
    extra = "".join(f', "{name}": {value}' for name, value in fields.items())
    payload = f'{{"event_id": "{event_id}", "asset": {{"content": "XlhB"}}{extra}}}'
    return from_json("topic", payload.encode(), max_bytes=1000)


def new(event: LabelEvent, now: float = 1000.0, route: Route = HERE, *, redelivered: bool = False) -> NewJob:
    return NewJob(new_job_id(now, id(event)), event, "test", "topic", route, now, redelivered)


async def queued(store: Store, event: LabelEvent, now: float = 1000.0) -> Job:
    job = (await store.accept(new(event, now))).job
    return await store.save_artwork(job.id, ARTWORK, "rendered", now)


async def test_an_accepted_event_is_a_pending_job_with_its_bytes(store: Store, path: Path) -> None:
    job = (await store.accept(new(bare(b"data")))).job
    assert (job.state, job.reason, job.printer) == (JobState.PENDING, Reason.TRANSFORMING, "zebra")
    assert await store.asset(job.id) == (b"data", None)
    with sqlite3.connect(path) as other:  # on disk, not only in our connection
        assert other.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
    other.close()


async def test_without_a_printer_it_is_held(store: Store) -> None:
    job = (await store.accept(new(bare(), route=Route(None, "there is no printer 'x'")))).job
    assert (job.state, job.reason, job.message) == (JobState.HELD, Reason.NO_DESTINATION, "there is no printer 'x'")


async def test_the_same_event_is_the_same_job_for_ever(store: Store) -> None:
    first = await store.accept(new(known("e1"), 1000))
    again = await store.accept(new(known("e1"), 9_000_000))
    assert again.duplicate
    assert (again.job.id, again.job.duplicates) == (first.job.id, 1)
    assert "came again" in (await store.timeline(first.job.id))[-1].words


async def test_an_event_id_of_another_parcel_is_held_and_not_swallowed(store: Store) -> None:
    first, other = known("e1", tracking_number='"T1"'), known("e1", tracking_number='"T2"')
    one = await store.accept(new(first, 1000))
    two = await store.accept(new(other, 1001))
    assert not two.duplicate
    assert (two.job.state, two.job.reason) == (JobState.HELD, Reason.OTHER_PARCEL)
    assert [(await store.accept(new(event, 1002))).job.id for event in (first, other)] == [one.job.id, two.job.id]
    assert (await store.accept(new(known("e1"), 1003))).duplicate


async def test_a_job_is_only_moved_from_where_its_mover_saw_it(store: Store) -> None:
    job = await queued(store, known("e1"))
    await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 1001, was=job)
    with pytest.raises(IllegalTransition, match="by now"):
        await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 1002, was=job)


async def test_an_intent_is_journaled_once_and_for_its_own_printer(store: Store) -> None:
    job = await queued(store, known("e1"))
    for printer in ("other", "zebra", "zebra"):
        begin = store.begin_attempt(
            job.id, printer=printer, serial=None, payload_sha256="0" * 64, labels=1, odometer=None, now=1001
        )
        if printer == "zebra" and not await store.open_attempts():
            await begin
        else:
            with pytest.raises(IllegalTransition):
                await begin
    assert len(await store.open_attempts()) == 1


async def test_a_database_that_cannot_be_read_says_so(store: Store, path: Path) -> None:
    await store.accept(new(known("e1")))
    async with store._engine.connect() as connection:
        await connection.execute(text("ALTER TABLE jobs RENAME TO lost"))
        await connection.commit()
    with pytest.raises(StoreUnavailable, match="no such table"):
        await store.jobs()


async def test_bare_events_are_the_same_within_the_window_only(store: Store) -> None:
    first = await store.accept(new(bare(), 1000))
    assert (await store.accept(new(bare(), 1500))).duplicate
    later = await store.accept(new(bare(), 1601))
    assert not later.duplicate
    assert later.job.id != first.job.id


async def test_a_redelivered_bare_event_is_never_a_new_one(store: Store) -> None:
    assert not (await store.accept(new(bare(), 1000, redelivered=True))).duplicate
    assert (await store.accept(new(bare(), 99_000, redelivered=True))).duplicate


async def test_jobs_queue_by_priority_then_age(store: Store) -> None:
    await store.accept(new(known("late"), 1002))
    await store.accept(new(known("early"), 1001))
    await store.accept(new(known("urgent", priority=90), 1003))
    order = [job.event_id for job in await store.queue("zebra", limit=9)]
    assert order == ["urgent", "early", "late"]
    assert await store.queue("other", limit=9) == []


async def test_an_attempt_is_journaled_before_and_closed_after(store: Store) -> None:
    job = await queued(store, bare())
    attempt = await store.begin_attempt(
        job.id, printer="zebra", serial="S1", payload_sha256="0" * 64, labels=2, odometer=7, now=1001
    )
    (opened,) = await store.open_attempts("zebra")
    assert (opened.id, opened.odometer_before, opened.serial) == (attempt, 7, "S1")
    assert (await store.get(job.id)).state is JobState.PROCESSING
    verdict = Verdict(Outcome.CONFIRMED, Level.COUNTED, "counted")
    done = await store.end_attempt(
        attempt, job.id, verdict, odometer=9, state=JobState.COMPLETED, reason=Reason.COMPLETED, now=1002
    )
    assert (done.state, done.outcome, done.level) == (JobState.COMPLETED, Outcome.CONFIRMED, Level.COUNTED)
    assert await store.open_attempts("zebra") == []


async def test_a_job_that_left_the_queue_is_neither_sent_nor_rendered(store: Store) -> None:
    job = await queued(store, bare())
    await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 1001)
    with pytest.raises(IllegalTransition):
        await store.begin_attempt(
            job.id, printer="zebra", serial=None, payload_sha256="0" * 64, labels=1, odometer=None, now=1002
        )
    with pytest.raises(IllegalTransition):
        await store.save_artwork(job.id, ARTWORK, "rendered", 1002)
    assert await store.open_attempts("zebra") == []
    with pytest.raises(NoSuchJob):
        await store.get("none")


async def test_every_change_is_a_line_and_a_message(store: Store) -> None:
    job = await queued(store, known("e1"))
    lines = await store.timeline(job.id)
    assert [line.words for line in lines] == ["accepted from test; zebra is the only printer", "rendered"]
    messages = await store.outbox(10)
    assert {message.topic for message in messages} == {f"labeld/test/jobs/{job.id}"}
    assert len(messages) == len(lines)
    await store.published([messages[0].id])
    assert [message.id for message in await store.outbox(10)] == [messages[1].id]


async def test_the_ledger_is_append_only(store: Store, path: Path) -> None:
    await store.accept(new(bare()))
    with sqlite3.connect(path) as other:
        for change in ("UPDATE ledger SET words = 'x'", "DELETE FROM ledger"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.execute(change)
    other.close()


async def test_equal_rejections_are_counted(store: Store) -> None:
    for now in (1.0, 2.0):
        await store.reject(source="test", topic="t", payload=b"{", digest="d", because="broken", now=now)
    (one,) = await store.rejections()
    assert (one.times, one.first_at, one.last_at, one.because) == (2, 1.0, 2.0, "broken")


async def test_changes_are_told_after_their_commit(path: Path) -> None:
    told: list[tuple[str, int]] = []
    reader = sqlite3.connect(path)

    def changed(job: Job) -> None:
        told.append((job.state, reader.execute("SELECT count(*) FROM jobs").fetchone()[0]))

    async with Store(path, topic_prefix="p", changed=changed) as store:
        await store.accept(new(bare()))
    reader.close()
    assert told == [("pending", 1)]


async def test_many_at_once_are_all_kept_and_a_failing_one_alone_fails(store: Store) -> None:
    jobs = [store.accept(new(known(f"e{number}"), 1000 + number)) for number in range(100)]
    bad = store.move("none", JobState.HELD, "r", "m", 1.0)
    results = await asyncio.gather(*jobs[:50], bad, *jobs[50:], return_exceptions=True)
    assert isinstance(results.pop(50), NoSuchJob)
    assert len({result.job.id for result in results if isinstance(result, Accepted)}) == 100
    assert len(await store.jobs(limit=200)) == 100


async def test_a_full_disk_accepts_nothing_and_recovers(store: Store) -> None:
    await store.accept(new(known("before")))

    async def limit(pages: int) -> None:
        async with store._engine.connect() as connection:
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    await limit(1)
    with pytest.raises(StoreUnavailable, match="full"):
        await store.accept(new(from_bytes("t", b"x" * 500_000, printer=None, max_bytes=1_000_000)))
    assert [job.event_id for job in await store.jobs()] == ["before"]
    await limit(1_000_000)
    assert not (await store.accept(new(known("after"), 1001))).duplicate


async def test_jobs_are_found_by_their_numbers_and_by_pages(store: Store) -> None:
    for number in range(5):
        await store.accept(new(known(f"e{number}", tracking_number=f'"T{number}"'), 1000 + number))
    assert [job.event_id for job in await store.jobs(search="T3")] == ["e3"]
    first = await store.jobs(limit=2)
    rest = await store.jobs(limit=9, before=first[-1].id)
    assert [job.event_id for job in first + rest] == ["e4", "e3", "e2", "e1", "e0"]
    assert await store.counts() == {"zebra": {"pending": 5}}


async def test_the_last_serial_number_of_an_identity_counts(store: Store) -> None:
    await store.learn_serial("name:First", "AAA1", 1.0)
    await store.learn_serial("uuid:u-1", "CCC3", 2.0)
    await store.learn_serial("name:First", "BBB2", 3.0)
    assert await store.serials() == {"name:First": "BBB2", "uuid:u-1": "CCC3"}


def test_migrations_build_what_the_tables_say(path: Path) -> None:
    migrate(path)
    engine = create_engine(f"sqlite:///{path}", poolclass=pool.NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


async def test_a_profile_is_found_by_serial_number_and_by_where_its_printer_was_last(store: Store) -> None:
    first = Profile(1.0, 2.0, Identity("A", "ZD421", "V93", 203), {Question.STATUS: Habit(1.5)}, Counter.MOVED, 1.7)
    second = Profile(1.0, 3.0, Identity(model="clone"), {Question.VARIABLES: Habit(None, 2, 2.5)}, mute_at=3.0)
    await store.keep_profile("zebra socket://a", first)
    await store.keep_profile("other socket://b", second)
    assert (await store.profile("A"), await store.profile("B")) == (first, None)
    assert await store.profile_at("other socket://b") == second
    moved = replace(first, last_seen=4.0, encodings={"z64": 4.0}, firsts=(1.5,), paces=(0.5, 0.6))
    await store.keep_profile("other socket://b", moved)
    assert await store.profile_at("zebra socket://a") is None
    assert await store.profile_at("other socket://b") == await store.profile("A") == moved


async def test_of_too_many_profiles_the_latest_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "_MOST", 3)
    for number in range(9):
        await store.keep_profile("zebra socket://a", Profile(0.0, float(number), Identity(f"S{number}")))
    kept = [number for number in range(9) if await store.profile(f"S{number}") is not None]
    assert kept == [6, 7, 8]


def test_a_damaged_database_is_refused(path: Path) -> None:
    migrate(path)
    data = bytearray(path.read_bytes())
    data[4096:20000] = b"\xff" * (20000 - 4096)
    path.write_bytes(data)
    with pytest.raises(DaemonError, match=r"labeld\.sqlite3"):
        migrate(path)
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(DaemonError, match="not a database"):
        migrate(path)


async def test_a_change_is_told_though_its_caller_is_gone(path: Path) -> None:
    told: list[str] = []
    async with Store(path, topic_prefix="p", changed=lambda job: told.append(job.state)) as store:
        caller = asyncio.create_task(store.accept(new(bare())))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await store.publish("t", b"after it", 1000)
    assert told == ["pending"]


async def test_a_listener_that_fails_stops_neither_the_writer_nor_who_waits(path: Path) -> None:
    """What is committed is told as committed, and the next change is committed too."""

    def fail(_job: Job) -> None:
        raise KeyError("a fault of a listener")

    async with Store(path, topic_prefix="p", changed=fail) as store:
        async with asyncio.timeout(10):
            jobs = [(await store.accept(new(known(f"e{number}"), 1000 + number))).job for number in range(2)]
        assert [(await store.get(job.id)).state for job in jobs] == 2 * [JobState.PENDING]


async def test_a_label_that_comes_after_the_clock_was_set_back_is_last_in_line(path: Path) -> None:
    """Also after a restart: queues, lists and their pages go by ids."""
    ids: list[str] = []
    for day in (40, 1, 2):
        async with Store(path, topic_prefix="p") as store:
            for _ in range(2):
                now = day * 86400.0
                ids.append((await store.accept(replace(new(known(f"e{len(ids)}"), now), id=store.new_id(now)))).job.id)
            assert [job.id for job in await store.queue("zebra", limit=9)] == ids
            assert [job.id for job in await store.jobs()] == ids[::-1]
