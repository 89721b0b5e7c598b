"""Pauses a printer at which one label after the other does not print for sure, so that no more are put in doubt."""

from collections.abc import Callable

from ..drivers.evidence import Level, Outcome, Verdict
from .job import Job, JobState
from .printers import Printers
from .store import Pause, Store

#: who the page says has paused it
WHO = "labeld"


def in_doubt(job: Job, verdict: Verdict) -> bool | None:
    """Whether an ended attempt speaks against its printer; None where it says nothing of it. Pure.

    Args:
        job: as the end of the attempt left it.
        verdict: what is known about the paper.
    """
    if verdict.outcome is Outcome.CONFIRMED:
        return False
    if verdict.outcome is Outcome.UNKNOWN:
        return verdict.level is Level.NONE
    # nothing left for it, or a person took it back
    return True if job.state is JobState.HELD else None


class Breaker:
    """Counts the labels of one printer that ended badly in a row.

    Args:
        name: the printer.
        limit: so many pause it; 0: never.
        store: keeps the pause.
        printers: the registry.
        clock: Unix seconds.
    """

    def __init__(self, name: str, limit: int, store: Store, printers: Printers, clock: Callable[[], float]) -> None:
        self._name = name
        self._limit = limit
        self._store = store
        self._printers = printers
        self._clock = clock
        self._failures = 0

    async def ended(self, job: Job, verdict: Verdict) -> None:
        """An attempt ended; only a person sees what is wrong with a printer that fails again and again.

        Raises:
            StoreUnavailable: the pause is not kept; until a restart it is in force all the same.
        """
        bad = in_doubt(job, verdict)
        if bad is None:
            return
        self._failures = self._failures + 1 if bad else 0
        if self._printers[self._name].pause is not None or not 0 < self._limit <= self._failures:
            return
        what = "the last label" if self._failures == 1 else f"the last {self._failures} labels in a row"
        because = f"{what} did not print for sure; the last one: {verdict.because}"
        self._failures = 0
        pause = Pause(self._clock(), WHO, because)
        self._printers.paused(self._name, pause)
        await self._store.pause(self._name, pause)
