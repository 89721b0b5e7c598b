"""Pauses a printer at which one label after the other does not print for sure, so that no more are put in doubt."""

from collections.abc import Callable, Iterable

from ..drivers.evidence import Level, Outcome, Verdict
from .job import Job, JobState
from .printers import Printers
from .store import Attempt, Pause, Store

#: who the page says has paused it
WHO = "labeld"
#: attempts before the start that are looked at
_LOOKED_AT = 100


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


def failures_before(attempts: Iterable[Attempt], limit: int) -> int:
    """How many labels had ended badly in a row when labeld stopped, since that was paused for last. Pure.

    What a crash left to be settled says nothing of the printer: `state_after` or `sent_at` is missing then.

    Args:
        attempts: ended ones of one printer, the latest first.
        limit: so many pause it, and are counted anew.
    """
    count = 0
    for attempt in attempts:
        if attempt.outcome is Outcome.CONFIRMED or (
            attempt.outcome is Outcome.UNKNOWN and attempt.level is not Level.NONE
        ):
            break
        count += (attempt.state_after if attempt.outcome is Outcome.UNKNOWN else attempt.sent_at) is not None
    return count % limit


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
        #: None: not known yet since the start
        self._failures: int | None = None

    async def ended(self, job: Job, verdict: Verdict) -> None:
        """An attempt ended; only a person sees what is wrong with a printer that fails again and again.

        Raises:
            StoreUnavailable: the pause is not kept; until a restart it is in force all the same.
        """
        bad = in_doubt(job, verdict)
        if bad is None or not self._limit:
            return
        if self._failures is None:
            found = await self._store.ended_attempts(self._name, limit=_LOOKED_AT)
            self._failures = failures_before((one for one in found if one.job_id != job.id), self._limit)
        self._failures = self._failures + 1 if bad else 0
        if self._printers[self._name].pause is not None or self._failures < self._limit:
            return
        what = "the last label" if self._failures == 1 else f"the last {self._failures} labels in a row"
        because = f"{what} did not print for sure; the last one: {verdict.because}"
        self._failures = 0
        pause = Pause(self._clock(), WHO, because)
        self._printers.paused(self._name, pause)
        await self._store.pause(self._name, pause)
