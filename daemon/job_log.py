"""A log line for what becomes of each job, for whoever follows the journal; states and ids, no words of the label's."""

import logging

from .job import Job, JobState

log = logging.getLogger(__name__)

#: on its way through labeld, which happens in a moment
_PASSING = (JobState.PENDING, JobState.STOPPED)


def tell_job(job: Job) -> None:
    """A change of a job is committed."""
    if job.state in _PASSING:
        return
    about = {
        "LABELD_EVENT_ID": job.event_id,
        "LABELD_PRINTER": job.printer,
        "LABELD_STATE": job.state,
        "LABELD_REASON": job.reason,
    }
    log.info("job %s: %s (%s)", job.id, job.state, job.reason, extra={"about": about})
