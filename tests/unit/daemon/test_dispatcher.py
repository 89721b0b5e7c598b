import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fetching import nothing_fetched

from labeld.config.settings import Settings
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.errors import IllegalTransition
from labeld.daemon.intake import Intake
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.preparer import made_for
from labeld.daemon.printers import Printers
from labeld.daemon.routing import wish_of
from labeld.daemon.store import Artwork, Store
from labeld.drivers.evidence import Level, Outcome, Verdict
from labeld.drivers.printer import Identity, Observation, PrinterState, PrinterStatus

PATIENCE = 30.0
SETTINGS = Settings.model_validate(
    {
        "printers": {
            "one": {"uri": "socket://127.0.0.1:9101"},
            "two": {"uri": "socket://127.0.0.1:9102"},
            "fine": {"uri": "socket://127.0.0.1:9103", "resolution": 300},
        },
        "groups": {"all": {"printers": ["one", "two", "fine"]}},
        "default_printer": "all",
    }
)


class Desk:
    """Intake, store and dispatcher; printers are told what they are."""

    def __init__(self, path: Path) -> None:
        self.printers = Printers(SETTINGS.printers, lambda _view: self.dispatcher.poke())
        self.store = Store(path, topic_prefix="p", changed=lambda job: self.dispatcher.changed(job))
        self.dispatcher = Dispatcher(SETTINGS, self.store, self.printers, lambda: 1.0)
        ticks = itertools.count(1)
        self.intake = Intake(
            SETTINGS, self.store, self.dispatcher, lambda: float(next(ticks)), nothing_fetched(SETTINGS)
        )

    def see(self, name: str, state: PrinterState = PrinterState.IDLE, *reasons: str) -> None:
        seen = Observation(Identity(f"serial-{name}"), PrinterStatus(state, frozenset(reasons)))
        self.printers.observed(name, seen, 1.0)

    async def take(self, number: int, more: str = "") -> Job:
        payload = f'{{"event_id": "e{number}", "asset": {{"content": "x"}}{more}}}'.encode()
        return (await self.intake.json(payload, source="t", topic="t")).job

    async def draw(self, job: Job) -> Job:
        artwork = Artwork(
            made_for(SETTINGS.printers["one"], "application/vnd.zebra-zpl"), b"^XA^XZ", job.copies, 812, 1219, 203, ()
        )
        return await self.store.save_artwork(job.id, artwork, "rendered", 1.0)

    async def at_rest(self) -> Counter[str | None]:
        """Let the dispatcher share until it has nothing to do; where the pending jobs are then."""
        work = asyncio.create_task(self.dispatcher.run())
        places: Counter[str | None] = Counter()
        async with asyncio.timeout(PATIENCE):
            while True:
                await asyncio.sleep(0.3)
                now = Counter(job.printer for job in await self.store.undone([JobState.PENDING]))
                if now == places:
                    break
                places = now
        work.cancel()
        await asyncio.wait([work])
        return places


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "labeld.sqlite3")
    async with desk.store:
        yield desk


async def test_a_burst_is_spread_before_any_of_it_is_committed(desk: Desk) -> None:
    for name in ("one", "two"):
        desk.see(name)
    jobs = await asyncio.gather(*(desk.take(number) for number in range(40)))
    assert Counter(job.printer for job in jobs) == {"one": 20, "two": 20}
    again = await asyncio.gather(*(desk.take(number) for number in range(40)))
    assert [job.id for job in again] == [job.id for job in jobs]
    assert (await desk.take(99)).message == (
        "all is the default printer: one (ready, 20 waiting), before two (ready, 20 waiting), "
        "fine (not asked yet, 0 waiting)"
    )


async def test_what_is_committed_stays_known_though_nobody_waited_for_that(desk: Desk) -> None:
    for name in ("one", "two"):
        desk.see(name)
    job = await desk.take(1)
    desk.dispatcher.forget(job.id)
    assert (await desk.take(2)).printer != job.printer
    routed = desk.dispatcher.route(wish_of(job), job_id="never", copies=9)
    desk.dispatcher.forget("never")
    assert desk.dispatcher.route(wish_of(job)).printer == routed.printer


async def test_work_is_counted_in_labels_until_it_is_done(desk: Desk) -> None:
    for name in ("one", "two"):
        desk.see(name)
    big = await desk.draw(await desk.take(1, ', "copies": 5'))
    assert [(await desk.take(number)).printer for number in range(2, 8)] == ["two"] * 5 + ["one"]
    attempt = await desk.store.begin_attempt(
        big.id, printer="one", serial="S", payload_sha256="0" * 64, labels=5, odometer=1, now=1.0
    )
    assert (await desk.take(8)).printer == "two"
    await desk.store.end_attempt(
        attempt,
        big.id,
        Verdict(Outcome.CONFIRMED, Level.COUNTED, "counted"),
        odometer=6,
        state=JobState.COMPLETED,
        reason=Reason.COMPLETED,
        now=1.0,
    )
    assert [(await desk.take(number)).printer for number in range(9, 13)] == ["one"] * 4


async def test_what_waits_at_a_stopped_printer_is_shared_by_the_others_also_after_a_restart(desk: Desk) -> None:
    desk.see("one")
    jobs = [await desk.take(number) for number in range(12)]
    assert {job.printer for job in jobs} == {"one"}
    drawn = await desk.draw(jobs[0])
    desk.dispatcher = Dispatcher(SETTINGS, desk.store, desk.printers, lambda: 1.0)
    await desk.dispatcher.load()
    for name in ("two", "fine"):
        desk.see(name)
    desk.see("one", PrinterState.STOPPED, "media-empty")
    assert await desk.at_rest() == {"two": 6, "fine": 6}
    moved = await desk.store.get(drawn.id)
    # drawn for the same resolution and stock it need not be drawn again
    assert (moved.printer, moved.reason) == ("two", Reason.QUEUED)
    assert (
        moved.message
        == "moved from one (media empty, 12 waiting) to two (ready, 0 waiting); nothing of it had been sent"
    )
    desk.see("one")
    assert await desk.at_rest() == {"one": 4, "two": 4, "fine": 4}


async def test_a_drawn_label_is_drawn_again_for_another_resolution(desk: Desk) -> None:
    desk.see("one")
    job = await desk.draw(await desk.take(1))
    desk.see("one", PrinterState.STOPPED, "paused")
    desk.see("fine")
    assert await desk.at_rest() == {"fine": 1}
    assert (await desk.store.get(job.id)).reason == Reason.TRANSFORMING
    with pytest.raises(IllegalTransition, match="for fine by now"):
        await desk.store.save_artwork(
            job.id, Artwork("", b"", 1, 1, 1, 203, ()), "rendered for one", 1.0, was=await _as_it_was(desk, job)
        )


async def _as_it_was(desk: Desk, job: Job) -> Job:
    """The job as its preparer took it."""
    assert job.printer == "one"
    assert (await desk.store.get(job.id)).state is job.state
    return job


async def test_what_was_sent_or_may_have_been_stays(desk: Desk) -> None:
    desk.see("one")
    sent, doubtful, untouched = [await desk.draw(await desk.take(number)) for number in range(3)]
    for job in (sent, doubtful, untouched):
        attempt = await desk.store.begin_attempt(
            job.id, printer="one", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=1.0
        )
        if job is not sent:
            level = Level.COUNTED if job is doubtful else Level.NONE
            verdict = Verdict(Outcome.NOT_PRINTED, level, "it did not print")
            await desk.store.end_attempt(
                attempt, job.id, verdict, odometer=1, state=JobState.PENDING, reason=Reason.QUEUED, now=1.0
            )
    desk.see("one", PrinterState.STOPPED, "cover-open")
    desk.see("two")
    assert await desk.at_rest() == {"one": 1, "two": 1}
    assert [(await desk.store.get(job.id)).printer for job in (sent, doubtful, untouched)] == ["one", "one", "two"]


async def test_a_job_is_either_moved_or_sent(desk: Desk) -> None:
    desk.see("one")
    for number in range(20):
        job = await desk.draw(await desk.take(number))
        begin = desk.store.begin_attempt(
            job.id, printer="one", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=1.0
        )
        move = desk.store.move(job.id, JobState.PENDING, job.reason, "moved", 1.0, was=job, printer="two")
        both = (begin, move) if number % 2 else (move, begin)
        results = await asyncio.gather(*both, return_exceptions=True)
        assert [isinstance(result, IllegalTransition) for result in results].count(True) == 1, results
        now = await desk.store.get(job.id)
        assert (now.printer, now.state) in (("one", JobState.PROCESSING), ("two", JobState.PENDING))


async def test_a_label_moved_by_hand_stays_where_it_was_put(desk: Desk) -> None:
    desk.see("one")
    desk.see("two")
    job = await desk.take(1)
    assert (await desk.dispatcher.move(job, "fine", "somebody")).printer == "fine"
    assert await desk.at_rest() == {"fine": 1}
    moved = await desk.dispatcher.move(await desk.store.get(job.id), "all", "somebody")
    assert moved.message == "moved from fine to one of group all by somebody"
    with pytest.raises(IllegalTransition, match="no printer 'four'"):
        await desk.dispatcher.move(moved, "four", "somebody")
