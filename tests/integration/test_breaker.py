"""A printer at which one label after the other ends in doubt is paused, and only a person has it go on."""

import asyncio
from dataclasses import replace

from labeld.daemon.breaker import failures_before, in_doubt
from labeld.daemon.job import JobState, Reason
from labeld.daemon.sharing import Readiness, readiness
from labeld.daemon.store import Attempt, Store
from labeld.drivers.evidence import Level, Outcome, Verdict
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE
from .spooler_floor import LIMITS, Floor


async def test_a_printer_that_prints_nothing_is_paused_with_the_reason(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra, "zebra", LIMITS.model_copy(update={"silence_seconds": 0.3, "pause_after_failures": 2}))
    zebra.set_fault("swallow")
    jobs = [await floor.job(number) for number in range(1, 6)]
    async with floor.running() as spooler:
        for job in jobs[:2]:
            await floor.until(job, JobState.HELD)
        async with asyncio.timeout(PATIENCE):
            while (await store.pauses()) == {}:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.01)
        zebra.clear_fault("swallow")
        pause = floor.printers["zebra"].pause
        assert pause is not None
        assert (pause.who, (await store.pauses())["zebra"]) == ("labeld", pause)
        assert pause.because is not None
        assert pause.because.startswith("the last 2 labels in a row did not print for sure; the last one: ")
        assert readiness(floor.printers["zebra"]) is Readiness.AWAY
        assert [(await store.get(job.id)).state for job in jobs[2:]] == 3 * [JobState.PENDING]
        assert zebra.odometer == 0
        # somebody looked at it
        await store.resume("zebra")
        floor.printers.paused("zebra", None)
        spooler.found()
        for job in jobs[2:]:
            await floor.until(job, JobState.COMPLETED)
    assert zebra.odometer == 3


async def test_labels_that_print_in_between_start_the_count_anew(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra, "zebra", LIMITS.model_copy(update={"pause_after_failures": 2}))
    async with floor.running():
        for number in range(1, 4):
            zebra.set_fault("power-cycle")
            await floor.until(await floor.job(2 * number), JobState.HELD)
            await floor.until(await floor.job(2 * number + 1), JobState.COMPLETED)
    assert floor.printers["zebra"].pause is None


async def test_a_restart_does_not_forget_what_failed(store: Store, zebra: VirtualPrinter) -> None:
    """Three in a row, labeld starting anew after each; and none of them counts again once somebody resumed it."""
    limits = LIMITS.model_copy(update={"silence_seconds": 0.3, "pause_after_failures": 3})
    zebra.set_fault("swallow")
    paused = []
    for number in range(1, 6):
        floor = Floor(store, zebra, "zebra", limits)
        async with floor.running() as spooler:
            await floor.until(await floor.job(number), JobState.HELD)
            async with asyncio.timeout(PATIENCE):
                while not (spooler._breaker._failures or floor.printers["zebra"].pause):  # noqa: ASYNC110 - no signal
                    await asyncio.sleep(0.01)
        paused.append(floor.printers["zebra"].pause is not None)
    assert paused == [False, False, True, False, False]
    assert zebra.odometer == 0


def test_a_crash_is_not_its_printers_fault() -> None:
    attempt = Attempt(
        id=1,
        job_id="1",
        printer="zebra",
        serial=None,
        payload_sha256="",
        labels=1,
        odometer_before=None,
        started_at=1.0,
        odometer_after=None,
        ended_at=2.0,
        outcome=Outcome.UNKNOWN,
        level=Level.NONE,
        because="it did not answer any more",
        state_before="ready",
        state_after="ready",
        sent_at=1.5,
    )
    crashed = replace(attempt, state_after=None, sent_at=None)
    never_left = replace(attempt, outcome=Outcome.NOT_PRINTED, sent_at=None)
    swallowed = replace(attempt, outcome=Outcome.NOT_PRINTED)
    uncounted = replace(attempt, level=Level.DRAINED)
    confirmed = replace(attempt, outcome=Outcome.CONFIRMED)
    assert failures_before([attempt, crashed, swallowed, never_left], 5) == 2
    assert failures_before([attempt, confirmed, swallowed], 5) == 1
    assert failures_before([swallowed, uncounted, attempt], 5) == 1
    assert failures_before([attempt] * 7, 5) == 2


async def test_what_says_nothing_of_the_printer_does_not_count(store: Store, zebra: VirtualPrinter) -> None:
    job = await Floor(store, zebra).job()
    not_printed = Verdict(Outcome.NOT_PRINTED, Level.NONE, "no byte left")
    assert in_doubt(job, not_printed) is None  # back in line
    canceled = await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 1.0)
    assert in_doubt(canceled, not_printed) is None
    assert in_doubt(job, Verdict(Outcome.UNKNOWN, Level.DRAINED, "sent, and it is empty")) is False
