"""Whole numbers for jobs, as other software wants them: that of the first line of a job's timeline.

Lines are counted up, never changed, and go with their job, so that a number stays as long as its job is known.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from ..job import Job
from . import schema
from .queries import Queries
from .rows import job_from

_LEDGER = schema.ledger.c


class Numbers(Queries):
    """The part of the store that numbers jobs."""

    async def numbers(self, job_ids: Collection[str]) -> dict[str, int]:
        """The number of each of these jobs that is there."""
        query = select(_LEDGER.job_id, func.min(_LEDGER.id)).where(_LEDGER.job_id.in_(job_ids)).group_by(_LEDGER.job_id)
        async with self._reading() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def numbered(self, numbers: Collection[int]) -> Sequence[tuple[int, Job]]:
        """The jobs with one of these numbers, latest first."""
        lines = select(_LEDGER.job_id).where(_LEDGER.id.in_(numbers))
        query = select(schema.jobs).where(schema.jobs.c.id.in_(lines)).order_by(schema.jobs.c.id.desc())
        async with self._reading() as connection:
            jobs = [job_from(row) for row in (await connection.execute(query)).mappings()]
        known = await self.numbers([job.id for job in jobs])
        return [(known[job.id], job) for job in jobs if known.get(job.id) in numbers]
