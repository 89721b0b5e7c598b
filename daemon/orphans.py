"""Jobs of printers that are not there any more: they would wait for ever, unseen."""

from collections.abc import Collection

from ..drivers.evidence import Level, Outcome, Verdict
from .errors import IllegalTransition
from .job import JobState, Reason
from .store import Store


async def hold_orphans(store: Store, printers: Collection[str], now: float, *, ending: Collection[str] = ()) -> bool:
    """Hold what was sent to, or waits for, printers that are not among `printers`; False where not all could be held.

    Args:
        store: the jobs.
        printers: names of the printers there are.
        now: Unix seconds.
        ending: names of others, whose last label somebody still follows to its evidence.

    Raises:
        StoreUnavailable: the database cannot be written.
    """
    all_held = True
    for attempt in await store.open_attempts():
        if attempt.printer not in printers and attempt.printer not in ending:
            because = f"labeld stopped while it was sent, and printer {attempt.printer!r} is not configured any more"
            verdict = Verdict(Outcome.UNKNOWN, Level.NONE, because)
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
        if name and name not in printers and states.get(JobState.PENDING):
            because = f"printer {name!r} is not configured any more"
            for job in await store.queue(name, limit=states[JobState.PENDING]):
                try:
                    await store.move(job.id, JobState.HELD, Reason.NO_DESTINATION, because, now, was=job, printer=None)
                except IllegalTransition:
                    all_held = False  # it was just rendered, moved or canceled
    return all_held
