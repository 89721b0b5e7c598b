"""Jobs of printers that are not there any more: they would wait for ever, unseen."""

import contextlib
from collections.abc import Callable

from ..drivers.evidence import Level, Outcome, Verdict
from .errors import IllegalTransition
from .job import JobState, Reason
from .store import Store


async def hold_orphans(store: Store, there: Callable[[str], bool], served: Callable[[str], bool], now: float) -> bool:
    """Hold what was sent to, or waits for, printers that are gone; False where not all could be held.

    Args:
        store: the jobs.
        there: whether there is a printer of this name, when it is asked.
        served: whether somebody still follows the labels that this printer was sent to their evidence.
        now: Unix seconds.

    Raises:
        StoreUnavailable: the database cannot be written.
    """
    all_held = True
    for attempt in await store.open_attempts():
        if not there(attempt.printer) and not served(attempt.printer):
            because = f"labeld stopped while it was sent, and printer {attempt.printer!r} is not configured any more"
            verdict = Verdict(Outcome.UNKNOWN, Level.NONE, because)
            with contextlib.suppress(IllegalTransition):  # somebody settled it meanwhile
                await store.end_attempt(
                    attempt.id,
                    attempt.job_id,
                    verdict,
                    odometer=None,
                    state=JobState.HELD,
                    reason=Reason.OUTCOME_UNKNOWN,
                    now=now,
                )
    for name, states in (await store.counts((JobState.PENDING,))).items():
        if name and not there(name) and states.get(JobState.PENDING):
            because = f"printer {name!r} is not configured any more"
            for job in await store.queue(name, limit=states[JobState.PENDING]):
                if there(name):
                    break  # it is adopted again
                try:
                    await store.move(job.id, JobState.HELD, Reason.NO_DESTINATION, because, now, was=job, printer=None)
                except IllegalTransition:
                    all_held = False  # it was just rendered, moved or canceled
    return all_held
