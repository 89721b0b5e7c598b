"""Labels that are fetched: what is kept of them, when they are tried again, and that they stay single."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetching import END, PATIENCE, ZPL, FetchDesk

from labeld.daemon.errors import IllegalTransition
from labeld.daemon.fetching.document import (
    Document,
    NeedsPerson,
    NoLabel,
    OrderCanceled,
    OrderOnHold,
    TryLater,
)
from labeld.daemon.fetching.fetcher import pause
from labeld.daemon.fetching.wanted import Link, Package, from_text, to_text
from labeld.daemon.job import JobState, Reason
from labeld.daemon.routing import Route
from labeld.daemon.store import NewReprint


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FetchDesk]:
    made = FetchDesk(tmp_path)
    async with made.store:
        running = asyncio.create_task(made.fetcher.run())
        yield made
        running.cancel()
        await asyncio.wait([running])


@given(st.text(min_size=1), st.text(min_size=1))
def test_what_is_wanted_reads_as_it_was_written(one: str, other: str) -> None:
    for wanted in (Link(one), Package(one, other), Package(one, other, there=True)):
        assert from_text(to_text(wanted)) == wanted


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_pauses_grow_and_have_an_end(tries: int, chance: float) -> None:
    assert 0.75 <= pause(tries, chance) <= 75.0
    assert pause(tries, chance) <= pause(tries + 1, chance)


async def test_a_label_is_fetched_and_goes_its_way(desk: FetchDesk) -> None:
    desk.answers["e1"] = [Document(b"^XA^XZ", None, "TRACK1")]
    job = (await desk.take("e1")).job
    assert (job.state, job.reason) == (JobState.PENDING, Reason.FETCHING)
    there = await desk.reason(job, Reason.TRANSFORMING)
    assert there.tracking_number == "TRACK1"
    assert await desk.store.asset(job.id) == (b"^XA^XZ", None)
    assert await desk.store.waiting() == []
    assert await desk.store.queue("zebra") == [there]


async def test_nothing_is_in_a_queue_before_its_label_is_there(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    job = (await desk.take("e1")).job
    assert await desk.store.queue("zebra") == []
    moved = await desk.store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, "moved", 2.0, printer="other")
    assert moved.reason == Reason.FETCHING
    desk.gate.set()
    assert (await desk.reason(job, Reason.TRANSFORMING)).printer == "other"


async def test_what_fails_is_tried_again_with_one_line_for_each_fault(desk: FetchDesk) -> None:
    desk.answers["e1"] = [TryLater("no answer"), TryLater("no answer"), TryLater("busy", after=500.0)]
    job = (await desk.take("e1")).job
    planned: float | None = None
    for times in (1, 2, 3):
        await desk.tried(times)
        assert (await desk.store.get(job.id)).reason == Reason.FETCHING
        planned = (await desk.store.waiting())[0].next_at
        assert planned is not None
        desk.now = planned
        desk.fetcher._wake.set()
    assert planned and planned > 500.0
    await desk.reason(job, Reason.TRANSFORMING)
    words = [entry.words for entry in await desk.store.timeline(job.id)]
    assert [line for line in words if "tried again" in line] == [
        "no answer: it is tried again",
        "busy: it is tried again",
    ]


async def test_what_cannot_be_had_is_held_and_tried_when_a_person_says_so(desk: FetchDesk) -> None:
    desk.answers["e1"] = [NoLabel("the link has expired"), NeedsPerson("shop main: authorize it")]
    job = (await desk.take("e1")).job
    held = await desk.reason(job, Reason.NOT_FETCHED)
    assert (held.state, held.message) == (JobState.HELD, "the link has expired")
    await desk.store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, "released", 2.0)
    await desk.until(job, lambda now: now.message == "shop main: authorize it")
    await desk.store.move(job.id, JobState.PENDING, Reason.COMPARING, "released", 3.0)
    await desk.reason(job, Reason.TRANSFORMING)


async def test_trying_ends_when_the_link_does(desk: FetchDesk) -> None:
    desk.now = END - 0.5
    desk.answers["e1"] = [TryLater("no answer")]
    job = (await desk.take("e1")).job
    held = await desk.reason(job, Reason.NOT_FETCHED)
    assert held.message == "no answer; it was tried 1 times: release it to try again"


async def test_a_label_comes_while_its_job_is_held_for_another_reason(desk: FetchDesk) -> None:
    job = (await desk.take("e1", route=Route(None, "no printer"))).job
    assert job.reason == Reason.NO_DESTINATION
    await desk.until(job, lambda now: now.revision > job.revision)
    assert (await desk.store.get(job.id)).reason == Reason.NO_DESTINATION
    assert (await desk.store.asset(job.id))[0] == ZPL.data


async def test_a_canceled_job_is_not_fetched_for(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    job = (await desk.take("e1")).job
    await desk.asked_for(1)
    await desk.store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 2.0)
    desk.gate.set()
    await desk.tried(1)
    async with asyncio.timeout(PATIENCE):
        while await desk.store.waiting():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
    again = NewReprint("again", job.id, "k", "zebra", "torn", "me", 3.0)
    with pytest.raises(IllegalTransition, match="its label never came"):
        await desk.store.reprint(again)


async def test_a_second_label_of_a_parcel_is_compared_when_it_is_there(desk: FetchDesk) -> None:
    first = (await desk.take("e1", None)).job
    second = (await desk.take("e2")).job
    assert second.reason == Reason.FETCHING
    compared = await desk.reason(second, Reason.COMPARING)
    assert compared.rival == first.id


async def test_an_event_that_comes_again_with_another_link_is_tried_with_that(desk: FetchDesk) -> None:
    desk.answers["e1"] = [NoLabel("the link has expired")]
    job = (await desk.take("e1", "https://h/old")).job
    await desk.reason(job, Reason.NOT_FETCHED)
    same = await desk.take("e1", "https://h/old")
    assert (same.duplicate, same.job.reason, same.job.duplicates) == (True, Reason.NOT_FETCHED, 1)
    renewed = await desk.take("e1", "https://h/new")
    assert (renewed.duplicate, renewed.job.id, renewed.job.reason) == (True, job.id, Reason.FETCHING)
    await desk.reason(job, Reason.TRANSFORMING)
    assert desk.asked[-1] == Link("https://h/new")


async def test_another_link_may_be_of_another_host(desk: FetchDesk) -> None:
    for number in range(5):
        desk.answers[f"e{number}"] = [NoLabel("the link has expired")]
        job = (await desk.take(f"e{number}", f"https://old/{number}", package_id=None)).job
        await desk.reason(job, Reason.NOT_FETCHED)
        await desk.take(f"e{number}", f"https://new/{number}", package_id=None)
        await desk.reason(job, Reason.TRANSFORMING)
        assert desk.asked[-1] == Link(f"https://new/{number}")
    await desk.tried(1)
    assert not any(desk.fetcher._running.values())


async def test_a_label_may_be_canceled_at_the_moment_it_is_to_be_fetched(tmp_path: Path) -> None:
    desk = FetchDesk(tmp_path)
    async with desk.store:
        job = (await desk.take("e1")).job
        found = desk.fetcher._next(desk.now)
        assert found == (job.id, "host h")
        await desk.store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 2.0)
        await desk.fetcher._do(*found)
        assert (desk.asked, desk.fetcher._running) == ([], {"host h": 0})


async def test_an_event_that_comes_again_with_its_label_needs_no_link(desk: FetchDesk) -> None:
    desk.answers["e1"] = [NoLabel("the link has expired")]
    job = (await desk.take("e1")).job
    await desk.reason(job, Reason.NOT_FETCHED)
    renewed = await desk.take("e1", None)
    assert (renewed.duplicate, renewed.job.id, renewed.job.reason) == (True, job.id, Reason.TRANSFORMING)
    assert (await desk.store.asset(job.id))[0] == b"^XA^FDown^XZ"
    late = await desk.take("e1", "https://h/late")
    assert (late.duplicate, late.job.duplicates) == (True, 1)


async def test_a_slow_host_keeps_no_other_waiting(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    slow = [(await desk.take(f"s{number}", f"https://slow/{number}", package_id=None)).job for number in range(6)]
    await desk.asked_for(4)
    gate, desk.gate = desk.gate, None
    other = (await desk.take("o", "https://quick/1", package_id=None)).job
    await desk.reason(other, Reason.TRANSFORMING)
    assert len(desk.asked) == 5
    gate.set()
    for job in slow:
        await desk.reason(job, Reason.TRANSFORMING)


async def test_what_was_to_be_fetched_is_known_after_a_restart(tmp_path: Path) -> None:
    desk = FetchDesk(tmp_path)
    async with desk.store:
        job = (await desk.take("e1")).job
        dropped = (await desk.take("e2", package_id="P2")).job
        await desk.store.move(dropped.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 2.0)
    desk = FetchDesk(tmp_path)
    desk.jobs[job.id] = job
    async with desk.store:
        await desk.fetcher.load()
        assert [one.job_id for one in await desk.store.waiting()] == [job.id]
        running = asyncio.create_task(desk.fetcher.run())
        await desk.reason(job, Reason.TRANSFORMING)
        running.cancel()
        await asyncio.wait([running])


async def test_a_shop_that_can_be_asked_again_has_its_labels_fetched(desk: FetchDesk) -> None:
    desk.answers["e1"] = [NeedsPerson("authorize it")]
    job = (await desk.take("e1")).job
    await desk.reason(job, Reason.NOT_FETCHED)
    await desk.tried(1)
    desk.fetcher.shops_ready(["h"])
    assert (await desk.store.get(job.id)).reason == Reason.NOT_FETCHED
    desk.fetcher._lane_of[job.id] = "shop h"
    desk.fetcher.shops_ready(["h"])
    await desk.reason(job, Reason.TRANSFORMING)


@pytest.mark.parametrize("url", [None, "https://h/1"])
async def test_an_order_on_hold_is_looked_at_until_that_is_over(desk: FetchDesk, url: str | None) -> None:
    desk.answers["e1"] = [OrderOnHold("order 1 is on hold"), OrderOnHold("order 1 is on hold")]
    job = (await desk.take("e1", url, look=True)).job
    held = await desk.reason(job, Reason.ORDER_ON_HOLD)
    assert (held.state, held.message.startswith("order 1 is on hold: it prints when")) == (JobState.HELD, True)
    for times in (1, 2):
        await desk.tried(times)
        assert (await desk.store.get(job.id)).reason == Reason.ORDER_ON_HOLD
        desk.now += 300.0
        desk.fetcher._wake.set()
    there = await desk.reason(job, Reason.TRANSFORMING)
    assert (there.state, await desk.store.waiting()) == (JobState.PENDING, [])


async def test_a_person_may_print_what_is_on_hold(desk: FetchDesk) -> None:
    desk.answers = {"e1": [OrderOnHold("on hold")], "e2": [OrderOnHold("on hold")]}
    linked = (await desk.take("e1", package_id="P2")).job
    brought = (await desk.take("e2", None, look=True)).job
    for job in (linked, brought):
        await desk.reason(job, Reason.ORDER_ON_HOLD)
    await desk.tried(2)
    released = await desk.store.move(linked.id, JobState.PENDING, Reason.COMPARING, "released", 2.0)
    assert released.reason == Reason.FETCHING
    await desk.reason(linked, Reason.TRANSFORMING)
    assert desk.looked == [True, True, False]
    released = await desk.store.move(brought.id, JobState.PENDING, Reason.COMPARING, "released", 2.0)
    assert (released.reason, await desk.store.waiting()) == (Reason.COMPARING, [])


async def test_a_canceled_order_cancels_its_label(desk: FetchDesk) -> None:
    desk.answers["e1"] = [OrderCanceled("order 1 was canceled")]
    job = (await desk.take("e1", None, look=True)).job
    canceled = await desk.reason(job, Reason.ORDER_CANCELED)
    assert canceled.state is JobState.CANCELED


async def test_the_same_event_with_a_label_that_is_looked_at_is_one(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    job = (await desk.take("e1", None, look=True)).job
    again = await desk.take("e1", None, look=True)
    assert (again.duplicate, again.job.id, again.job.duplicates) == (True, job.id, 1)
    desk.gate.set()
    await desk.reason(job, Reason.TRANSFORMING)
