"""A printer at which one label after the other ends in doubt is paused, and only a person has it go on."""

import asyncio

from labeld.daemon.breaker import in_doubt
from labeld.daemon.job import JobState, Reason
from labeld.daemon.sharing import Readiness, readiness
from labeld.daemon.store import Store
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


async def test_what_says_nothing_of_the_printer_does_not_count(store: Store, zebra: VirtualPrinter) -> None:
    job = await Floor(store, zebra).job()
    not_printed = Verdict(Outcome.NOT_PRINTED, Level.NONE, "no byte left")
    assert in_doubt(job, not_printed) is None  # back in line
    canceled = await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 1.0)
    assert in_doubt(canceled, not_printed) is None
    assert in_doubt(job, Verdict(Outcome.UNKNOWN, Level.DRAINED, "sent, and it is empty")) is False
