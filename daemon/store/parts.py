"""Parts: pages of one event's document that are jobs of their own, for another printer."""

from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import IllegalTransition
from ..job import Job, JobState, Reason, Role
from .journal import Journal, check_unchanged
from .rows import NewPart, part_job


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


def _check_whole(job: Job, was: Job) -> None:
    """Refuse to sort the pages of a job that is not where its sorter saw it, or whose pages are sorted."""
    check_unchanged(job, was)
    pending = job.state is JobState.PENDING and job.reason == Reason.TRANSFORMING
    if not pending or job.role is not None or job.requested_printer is not None:
        raise IllegalTransition(f"job {job.id} is {job.state} ({job.reason}), and its pages stay together")
