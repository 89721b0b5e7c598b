"""Labels that come, or fail to, while their jobs are held, released, or told another link: none is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fetching import END, HERE, ZPL, FetchDesk

from labeld.daemon.events import from_json
from labeld.daemon.fetching.document import (
    NoLabel,
    OrderOnHold,
    TryLater,
)
from labeld.daemon.fetching.wanted import Link, Package, digest, to_text
from labeld.daemon.job import Job, JobState, Reason, new_job_id
from labeld.daemon.routing import Route
from labeld.daemon.store import NewFetch, NewJob


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FetchDesk]:
    made = FetchDesk(tmp_path)
    async with made.store:
        running = asyncio.create_task(made.fetcher.run())
        yield made
        running.cancel()
        await asyncio.wait([running])


@pytest.mark.parametrize("held", ["by a person", "late", "without a printer"])
async def test_a_label_that_comes_while_its_job_is_held_is_compared_on_release(desk: FetchDesk, held: str) -> None:
    first = (await desk.take("e1", None)).job
    desk.gate = asyncio.Event()
    route = Route(None, "no printer") if held == "without a printer" else HERE
    job = (await desk.take("e2", route=route, late="late" if held == "late" else None)).job
    if held == "by a person":
        job = await desk.store.move(job.id, JobState.HELD, Reason.HELD_BY_USER, "held", 2.0)
    assert job.state is JobState.HELD
    desk.gate.set()
    there = await desk.until(job, lambda now: now.revision > job.revision)
    assert (there.state, there.reason, there.rival) == (JobState.HELD, job.reason, first.id)
    released = await desk.store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, "released", 3.0, printer="zebra")
    assert released.reason == Reason.COMPARING


async def test_a_label_whose_sender_is_gone_is_fetched_all_the_same(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    taking = asyncio.create_task(desk.take("e1"))
    while not desk.jobs:
        await asyncio.sleep(0)
        if desk.store._writer._waiting.qsize():
            taking.cancel()
    desk.gate.set()
    (job,) = desk.jobs.values()
    await desk.reason(job, Reason.TRANSFORMING)


async def test_a_release_is_not_lost_beside_a_failure(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    desk.answers["e1"] = [NoLabel("the link has expired")]
    job = (await desk.take("e1")).job
    await desk.asked_for(1)
    await desk.store.move(job.id, JobState.HELD, Reason.HELD_BY_USER, "held", 2.0)
    release = desk.store.not_arrived

    async def both(*arguments: object, **named: object) -> Job:
        # committed together, the release last
        failed = asyncio.create_task(release(*arguments, **named))  # type: ignore[arg-type]  # as they came
        moved = asyncio.create_task(desk.store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, "released", 3.0))
        await asyncio.gather(failed, moved)
        return failed.result()

    desk.store.not_arrived = both  # type: ignore[method-assign]
    desk.gate.set()
    await desk.reason(job, Reason.TRANSFORMING)


async def test_a_link_that_fails_after_another_was_told_does_not_hold_the_job(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    desk.answers["e1"] = [NoLabel("the link has expired")]
    job = (await desk.take("e1", "https://h/old")).job
    await desk.asked_for(1)
    await desk.take("e1", "https://h/new")
    desk.gate.set()
    await desk.reason(job, Reason.TRANSFORMING)
    assert desk.asked == [Link("https://h/old"), Link("https://h/new")]
    words = [entry.words for entry in await desk.store.timeline(job.id)]
    assert "the link has expired" not in words


async def test_a_label_that_comes_for_a_job_that_could_not_be_fetched_lets_it_go(desk: FetchDesk) -> None:
    desk.answers["e1"] = [NoLabel("the link has expired")]
    job = (await desk.take("e1")).job
    await desk.reason(job, Reason.NOT_FETCHED)
    assert (await desk.store.arrived(job.id, ZPL, 3.0)).reason == Reason.TRANSFORMING


async def test_content_in_place_of_a_dead_link_is_looked_at_where_the_shop_wants_that(desk: FetchDesk) -> None:
    desk.answers["e1"] = [NoLabel("the link has expired"), OrderOnHold("on hold")]
    job = (await desk.take("e1")).job
    await desk.reason(job, Reason.NOT_FETCHED)
    renewed = await desk.take("e1", None, look=True)
    assert (renewed.duplicate, renewed.job.id, renewed.job.reason) == (True, job.id, Reason.FETCHING)
    await desk.reason(job, Reason.ORDER_ON_HOLD)
    assert (await desk.store.asset(job.id))[0] == b"^XA^FDown^XZ"


async def test_a_late_label_of_a_parcel_that_has_one_can_be_released(desk: FetchDesk) -> None:
    await desk.take("e1", None)
    late = (await desk.take("e2", late="late")).job
    assert (late.state, late.reason) == (JobState.HELD, Reason.STALE)


async def test_a_clock_that_is_set_back_keeps_no_label_waiting(desk: FetchDesk) -> None:
    desk.answers["e1"] = [TryLater("no answer")]
    job = (await desk.take("e1")).job
    await desk.tried(1)
    desk.steps -= 86400.0
    desk.now += 60.0
    desk.fetcher._wake.set()
    await desk.reason(job, Reason.TRANSFORMING)


async def test_what_cannot_be_read_any_more_is_told_again_by_its_event(desk: FetchDesk) -> None:
    desk.sealed_otherwise = True
    job = (await desk.take("e1")).job
    held = await desk.reason(job, Reason.NOT_FETCHED)
    assert "send its event again" in held.message
    desk.sealed_otherwise = False
    assert (await desk.take("e1")).fetch
    await desk.reason(job, Reason.TRANSFORMING)


async def test_what_is_still_asked_of_tiktok_is_known(desk: FetchDesk) -> None:
    desk.gate = asyncio.Event()
    linked, looked = (await desk.take("e1", package_id="P2")).job, (await desk.take("e2", None, look=True)).job
    assert await desk.store.still_asked_for() == set()
    package = Package("main", "P3")
    event = from_json("t", b'{"asset": {"tiktok": {"shop": "main", "package_id": "P3"}}}', max_bytes=1000)
    fetch = NewFetch(package.lane, to_text(package).encode(), digest(package), desk.now, END)
    asked = await desk.store.accept(NewJob(new_job_id(99.0, 1), event, "test", "t", HERE, desk.now, fetch=fetch))
    assert await desk.store.still_asked_for() == {asked.job.id}
    assert linked.reason == looked.reason == Reason.FETCHING
    desk.gate.set()
