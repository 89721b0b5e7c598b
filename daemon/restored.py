"""After a restore: what printed since the backup is not known, so what may have printed is asked about first."""

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..drivers.evidence import Level, Outcome, Verdict
from .errors import DaemonError, IllegalTransition
from .job import RELEASABLE, Job, JobState, Reason
from .messages import iso
from .store import Store
from .store.uploads import OPEN as OPEN_UPLOADS
from .tiktok.vault import write_secret

#: in the state directory: the restore whose consequences last
FILE = "restored.json"
#: jobs that are held together
_TOGETHER = 64
_OPEN = (JobState.PENDING, JobState.PROCESSING, JobState.STOPPED, JobState.HELD)
#: held for nothing that has to be answered before they print; the others stay held for what they are
_ANSWERED_BY_PRINTING = (RELEASABLE | {Reason.OUTCOME_UNKNOWN}) - {
    Reason.RULE,
    Reason.OTHER_PARCEL,
    Reason.OTHER_LABEL,
    Reason.PARTLY_CANCELED,
}


@dataclass(frozen=True, slots=True)
class Restored:
    """labeld went back to what it knew at `backup_at`, and began to work from that at `since`; Unix seconds."""

    backup_at: float
    since: float

    def late(self, made_at: float | None, now: float, minutes: float) -> str | None:
        """Why an event may be of a label that printed before the restore; None where it cannot. Pure.

        Args:
            made_at: when the event was made; None: it does not say.
            now: when it comes.
            minutes: for so long after the start those are held that do not say.
        """
        lost = f"what printed after the backup of {iso(self.backup_at)} is not known any more"
        if made_at is None and now - self.since < minutes * 60:
            return f"its event does not say when it was made, and {lost}: is this label in your hand?"
        if made_at is not None and made_at <= self.since:
            return f"its event is of {iso(made_at)}, and {lost}: is this label in your hand?"
        return None

    def warning(self, now: float, minutes: float) -> str | None:
        """What everybody who looks must know while events that tell no time are held."""
        if now - self.since >= minutes * 60:
            return None
        return (
            f"restored from the backup of {iso(self.backup_at)}: what waited then is asked about. Until "
            f"{iso(self.since + minutes * 60)} new labels are held too if their events do not say when they were made"
        )


def after_restore(job: Job, backup_at: float, now: float) -> dict[str, object]:
    """How an open job of a backup goes on: columns to change. Pure."""
    since = _words(backup_at)
    if job.state is JobState.PENDING and job.reason == Reason.COMPARING:
        # it is asked about after that, as one that is late
        until = now if job.useful_until is None else min(now, job.useful_until)
        return {"state": job.state, "reason": job.reason, "message": since, "useful_until": until}
    if job.state is JobState.HELD and job.reason not in _ANSWERED_BY_PRINTING:
        return {"state": job.state, "reason": job.reason, "message": f"{job.message}; {since}: look for it first"}
    return {
        "state": JobState.HELD,
        "reason": Reason.OUTCOME_UNKNOWN,
        "message": f"{since}: is this label in your hand?",
        "outcome": Outcome.UNKNOWN,
        "level": Level.NONE,
    }


async def begin(store: Store, state_directory: Path, now: float) -> Restored | None:
    """See whether the database is a restored backup, and hold what was open in it, before anything prints.

    Gives the last restore, also that of an earlier start.

    Raises:
        DaemonError: it cannot be written down.
        StoreUnavailable: the database cannot be written.
    """
    path = state_directory / FILE
    backup_at = await store.copied_at()
    if backup_at is None:
        return _known(path)
    restored = Restored(backup_at, now)
    try:
        write_secret(path, json.dumps(asdict(restored)) + "\n", replace=True)
    except OSError as error:
        raise DaemonError(f"{path}: cannot be written: {error.strerror}") from error
    verdict = Verdict(Outcome.UNKNOWN, Level.NONE, _words(backup_at))
    for attempt in await store.open_attempts():
        with suppress(IllegalTransition):
            await store.end_attempt(
                attempt.id,
                attempt.job_id,
                verdict,
                odometer=None,
                state=JobState.HELD,
                reason=Reason.OUTCOME_UNKNOWN,
                now=now,
            )
    jobs = await store.undone(_OPEN)
    for place in range(0, len(jobs), _TOGETHER):
        await asyncio.gather(*(_hold(store, job, backup_at, now) for job in jobs[place : place + _TOGETHER]))
    for upload in await store.uploads():
        if upload.state in OPEN_UPLOADS:
            # its jobs may have been made and printed since: a person looks, and confirms it again
            await store.change_upload(upload.id, OPEN_UPLOADS, choices=None, message=_words(backup_at))
    await store.set_no_copy()
    return restored


def _known(path: Path) -> Restored | None:
    try:
        values = json.loads(path.read_text())
        return Restored(float(values["backup_at"]), float(values["since"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None  # there was none; one that is damaged only says less


async def _hold(store: Store, job: Job, backup_at: float, now: float) -> None:
    if _words(backup_at) in job.message:
        return  # held before a crash in the middle of this
    columns = after_restore(job, backup_at, now)
    state, reason, message = (columns.pop(key) for key in ("state", "reason", "message"))
    await store.move(job.id, JobState(str(state)), str(reason), str(message), now, was=job, **columns)


def _words(backup_at: float) -> str:
    return f"restored from the backup of {iso(backup_at)}; it may have printed since"
