"""Once per parcel: the jobs of one, what became of a second label, and reprints."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .. import parcels
from ..errors import IllegalTransition
from ..events import LabelReady
from ..job import Job, JobState, Reason
from . import schema
from .journal import Journal
from .rows import Accepted, NewReprint, job_from

_ENDED = (JobState.CANCELED, JobState.ABORTED)
#: jobs of one parcel that are looked at; more are a fault of whoever publishes them
_MOST = 100
#: jobs that may be about a parcel's label
OF_PARCEL = (
    (schema.jobs.c.package_id == bindparam("package")) | (schema.jobs.c.tracking_number == bindparam("tracking"))
) & schema.jobs.c.state.not_in(_ENDED)
_OF_PARCEL = select(schema.jobs).where(OF_PARCEL).order_by(schema.jobs.c.id.desc()).limit(_MOST)
_HAS_ASSET = select(schema.assets.c.job_id).where(schema.assets.c.job_id == bindparam("job"))
_BY_IDENTITY = select(schema.jobs).where(schema.jobs.c.identity == bindparam("identity"))


class Parcels(Journal):
    """What is done to the jobs of one parcel together."""

    async def rivals(self, job: Job) -> list[Job]:
        """The live jobs about the same document of the same parcel that are not being compared, latest first."""
        async with self._reading() as connection:
            return [one for one in await self._rivals(connection, job) if one.reason != Reason.COMPARING]

    async def comparing(self) -> list[Job]:
        """The jobs that are still to be compared with others of their parcels, oldest first."""
        jobs = schema.jobs.c
        query = select(schema.jobs).where(jobs.state == JobState.PENDING, jobs.reason == Reason.COMPARING)
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query.order_by(jobs.id))).mappings()]

    async def related(self, job: Job, *, limit: int = 20) -> list[Job]:
        """The jobs that a job was compared with, or was printed again as, and the other way round; oldest first."""
        jobs = schema.jobs.c
        ids = [one for one in (job.rival, job.reprint_of) if one is not None]
        query = (
            select(schema.jobs)
            .where(or_(jobs.rival == job.id, jobs.reprint_of == job.id, jobs.id.in_(ids)))
            .order_by(jobs.id)
            .limit(limit)
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def void(self, *, limit: int) -> list[Job]:
        """Printed labels that are to be taken out of the pile, latest first."""
        jobs = schema.jobs.c
        query = (
            select(schema.jobs)
            # the few that were withdrawn are looked at, not the many that are completed
            .where(jobs.id.in_(select(jobs.id).where(jobs.withdrawn.in_(("canceled", "superseded")))))
            .where(jobs.state == JobState.COMPLETED)
            .order_by(jobs.id.desc())
            .limit(limit)
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def set_duplicate(self, job: Job, first: Job, now: float) -> Job:
        """End a job that turned out to be the same label as another one, and count it there.

        Raises:
            IllegalTransition: one of them changed meanwhile.
        """

        async def change(connection: AsyncConnection) -> tuple[Job, Job]:
            mine, other = await self._comparing(connection, job), await self._get(connection, first.id)
            if not parcels.live(other):
                raise IllegalTransition(f"job {other.id} is {other.state} by now")
            words = f"the same label as job {other.id}, by every dot and barcode: it is not printed"
            ended = {"state": JobState.CANCELED, "reason": Reason.DUPLICATE, "rival": other.id}
            mine = await self._update(connection, mine, now, words=words, message=words, **ended)
            words = f"the same label came again as job {job.id}; nothing more is printed"
            other = await self._update(connection, other, now, words=words, duplicates=other.duplicates + 1)
            return mine, other

        mine, _ = await self._writer.do(change, self._changed_all)
        return mine

    async def set_compared(
        self,
        job: Job,
        message: str,
        now: float,
        *,
        beside: Collection[str],
        hold: Reason | None = None,
        **columns: object,
    ) -> Job:
        """Let a job that was compared go on, or hold it.

        Args:
            job: the job.
            message: what was found.
            now: Unix seconds.
            beside: its rivals that stay; where there is another one, it has to be compared again.
            hold: why a person is to decide.
            columns: other fields to change.

        Raises:
            IllegalTransition: one of them changed meanwhile.
        """

        async def change(connection: AsyncConnection) -> Job:
            mine = await self._comparing(connection, job)
            for other in await self._rivals(connection, mine):
                if other.reason != Reason.COMPARING and other.id not in beside:
                    raise IllegalTransition(f"job {other.id} of its parcel is {other.state} by now")
            reason, state = hold, JobState.HELD
            if reason is None and mine.printer is None:
                reason = Reason.NO_DESTINATION
            if reason is None:
                reason, state = Reason.TRANSFORMING, JobState.PENDING
            fields = {"state": state, "reason": reason, "message": message} | columns
            return await self._update(connection, mine, now, words=message, **fields)

        return await self._writer.do(change, self._changed)

    async def take_out(self, job: Job, words: str, now: float) -> Job:
        """Keep that somebody has a void label out of the pile.

        Raises:
            IllegalTransition: it is not void, or not on paper.
        """

        async def change(connection: AsyncConnection) -> Job:
            mine = await self._get(connection, job.id)
            if not (mine.void and mine.state is JobState.COMPLETED):
                raise IllegalTransition(f"job {job.id} is not to be taken out of the pile")
            return await self._update(connection, mine, now, words=words, message=words, withdrawn="taken-out")

        return await self._writer.do(change, self._changed)

    async def reprint(self, new: NewReprint) -> Accepted:
        """Make a job that prints the bytes of an ended one again; with a key that was used for it before, that job.

        Raises:
            NoSuchJob, IllegalTransition: it cannot be printed again now.
        """

        async def change(connection: AsyncConnection) -> tuple[Job, ...]:
            asked = await self._get(connection, new.of)
            identity = f"reprint:{asked.id}:{new.key}"
            row = (await connection.execute(_BY_IDENTITY, {"identity": identity})).mappings().first()
            if row is not None:
                return (job_from(row),)
            if not asked.state.terminal or asked.state is JobState.ABORTED:
                raise IllegalTransition(f"job {asked.id} is {asked.state} and cannot be printed again")
            first = await self._get(connection, asked.reprint_of) if asked.reprint_of else asked
            if asked.removed is not None or first.removed is not None:
                because = "its file was removed by its age (retention.label_days)"
                raise IllegalTransition(f"job {asked.id} cannot be printed again: {because}")
            if not first.part_of and not await self._has_asset(connection, first.id):
                raise IllegalTransition(f"job {asked.id} cannot be printed again: its label never came")
            jobs = schema.jobs.c
            count = select(func.max(jobs.reprint)).where(jobs.reprint_of == first.id)
            number = ((await connection.execute(count)).scalar() or 0) + 1
            self._revision += 1
            words = f"reprint {number} of job {first.id}, by {new.who}: {new.reason}"
            job = _reprint_job(first, new, number, words, self._revision)
            await self._insert(connection, job, identity=identity, event_key=identity, words=words)
            words = f"printed again as job {job.id}, reprint {number}, by {new.who}: {new.reason}"
            return job, await self._update(connection, first, new.now, words=words)

        done = await self._writer.do(change, self._changed_all)
        return Accepted(done[0], duplicate=len(done) == 1)

    def _changed_all(self, jobs: Collection[Job]) -> None:
        for job in jobs:
            self._changed(job)

    async def _comparing(self, connection: AsyncConnection, job: Job) -> Job:
        mine = await self._get(connection, job.id)
        if (mine.state, mine.reason) != (JobState.PENDING, Reason.COMPARING):
            raise IllegalTransition(f"job {job.id} is {mine.state} ({mine.reason}) and is not compared any more")
        return mine

    async def _has_asset(self, connection: AsyncConnection, job_id: str) -> bool:
        """Whether the label of a job is there."""
        return await connection.scalar(_HAS_ASSET, {"job": job_id}) is not None

    async def _rivals(self, connection: AsyncConnection, source: Job | LabelReady) -> list[Job]:
        """The live jobs about the same document of the same parcel, latest first."""
        if not parcels.has_parcel(source):
            return []
        numbers = {"package": source.package_id, "tracking": source.tracking_number}
        found = [job_from(row) for row in (await connection.execute(_OF_PARCEL, numbers)).mappings()]
        if isinstance(source, Job):
            found = [job for job in found if source.id not in (job.id, job.part_of)]
        return parcels.rivals(source, found)


def _reprint_job(first: Job, new: NewReprint, number: int, words: str, revision: int) -> Job:
    return replace(
        first,
        id=new.id,
        received_at=new.now,
        updated_at=new.now,
        revision=revision,
        source="reprint",
        state=JobState.PENDING,
        reason=Reason.TRANSFORMING,
        message=words,
        printer=new.printer,
        outcome=None,
        level=None,
        labels=None,
        useful_until=None,
        waits_since=None,
        copies=1,
        part_of=None,
        rival=None,
        withdrawn=None,
        reprint_of=first.id,
        reprint=number,
        duplicates=0,
    )
