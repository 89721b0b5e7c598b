"""Parts: pages of one event's document that are jobs of their own, for another printer."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import IllegalTransition
from ..job import TRANSITIONS, Job, JobState, Reason, Role, check_move
from . import schema
from .journal import Journal, check_unchanged
from .rows import NewPart, job_from, part_job

_PARTS = select(schema.jobs).where(schema.jobs.c.part_of == bindparam("job")).order_by(schema.jobs.c.id)


class Parts(Journal):
    """What is done to the parts of a document together."""

    async def split(self, job: Job, pages: tuple[int, ...], part: NewPart, message: str, now: float) -> Job:
        """Make the pages of `part` a job of their own, and leave `pages` to a pending job; gives that one.

        One commit: there is the whole job, or there are both, and no second time.

        Raises:
            IllegalTransition: the job changed meanwhile, or is a part already.
        """

        async def change(connection: AsyncConnection) -> tuple[Job, Job]:
            whole = await self._get(connection, job.id)
            _check_whole(whole, job)
            self._revision += 1
            other = part_job(whole, part, now, self._revision)
            # an identity that no event has, and of which there is one
            identity = f"part:{job.id}"
            label = await self._update(
                connection, whole, now, words=message, message=message, pages=pages, role="label"
            )
            await self._insert(connection, other, identity=identity, event_key=identity, words=message)
            return label, other

        def changed(both: tuple[Job, Job]) -> None:
            for one in both:
                self._changed(one)

        label, _ = await self._writer.do(change, changed)
        return label

    async def reroute(self, job: Job, role: Role, printer: str, message: str, now: float) -> Job:
        """Give a pending job whose pages are all documents to a printer of such.

        Raises:
            IllegalTransition: the job changed meanwhile.
        """

        async def change(connection: AsyncConnection) -> Job:
            whole = await self._get(connection, job.id)
            _check_whole(whole, job)
            return await self._update(
                connection, whole, now, words=message, message=message, printer=printer, role=role
            )

        return await self._writer.do(change, self._changed)

    async def cancel(self, job_id: str, words: str, now: float) -> Job:
        """Cancel a job, and with an event's job the parts of its document, as far as they may be; gives the job.

        Raises:
            IllegalTransition: none of them may be canceled.
            NoSuchJob: no job has this id.
        """

        async def change(connection: AsyncConnection) -> tuple[Job, list[Job]]:
            job = await self._get(connection, job_id)
            parts = await connection.execute(_PARTS, {"job": job_id})
            found = [job, *(job_from(row) for row in parts.mappings())]
            stops = [one for one in found if JobState.CANCELED in TRANSITIONS[one.state]]
            if not stops:
                check_move(job_id, job.state, JobState.CANCELED)
            columns = {"state": JobState.CANCELED, "reason": Reason.CANCELED_BY_USER, "message": words}
            ended = [await self._update(connection, one, now, words=words, **columns) for one in stops]
            return next((one for one in ended if one.id == job_id), job), ended

        def changed(result: tuple[Job, list[Job]]) -> None:
            for one in result[1]:
                self._changed(one)

        job, _ = await self._writer.do(change, changed)
        return job


def _check_whole(job: Job, was: Job) -> None:
    """Refuse to sort the pages of a job that is not where its sorter saw it, or whose pages are sorted."""
    check_unchanged(job, was)
    pending = job.state is JobState.PENDING and job.reason == Reason.TRANSFORMING
    if not pending or job.role is not None or job.requested_printer is not None:
        raise IllegalTransition(f"job {job.id} is {job.state} ({job.reason}), and its pages stay together")
