"""Labels that are still to be fetched: what is wanted, when it is tried again, and that it came."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import IllegalTransition
from ..fetching.document import Document
from ..job import ENDED, Job, JobState, Reason
from . import schema
from .parcels import Parcels
from .rows import Fetch, NewFetch

_fetches = schema.fetches.c
_OF_JOB = select(schema.fetches).where(_fetches.job_id == bindparam("job"))
_DELETE = delete(schema.fetches).where(_fetches.job_id == bindparam("job"))
_UPDATE = update(schema.fetches).where(_fetches.job_id == bindparam("job"))
_INSERT_FETCH = insert(schema.fetches)
_INSERT_ASSET = insert(schema.assets)


#: why a job may be held while its label comes, which is then compared when somebody lets it go
_HELD_MEANWHILE = frozenset({Reason.HELD_BY_USER, Reason.STALE, Reason.NO_DESTINATION})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A label that is to be fetched, and when; None: when somebody has it tried again."""

    job_id: str
    lane: str
    next_at: float | None
    #: its job is held
    held: bool


class Fetches(Parcels):
    """What is done to jobs whose labels are not there yet."""

    async def waiting(self) -> list[Waiting]:
        """All that is to be fetched, oldest first."""
        jobs = schema.jobs.c
        query = (
            select(_fetches.job_id, _fetches.lane, _fetches.next_at, jobs.state == JobState.HELD)
            .join(schema.jobs, jobs.id == _fetches.job_id)
            .order_by(_fetches.job_id)
        )
        async with self._reading() as connection:
            return [Waiting(*row) for row in await connection.execute(query)]

    async def still_asked_for(self) -> set[str]:
        """Ids of the jobs whose labels are still to be asked of TikTok; a link's label is made already."""
        there = exists().where(schema.assets.c.job_id == _fetches.job_id)
        query = select(_fetches.job_id).where(_fetches.lane.startswith("shop "), ~there)
        async with self._reading() as connection:
            return set((await connection.execute(query)).scalars())

    async def fetch(self, job_id: str) -> tuple[Job, Fetch] | None:
        """A job and what is wanted for it; None where it is there, or the job ended."""
        async with self._reading() as connection:
            row = (await connection.execute(_OF_JOB, {"job": job_id})).mappings().first()
            job = None if row is None else await self._get(connection, job_id)
        if row is None or job is None or job.state.terminal:
            return None
        return job, fetch_from(row)

    async def forget_fetches(self) -> None:
        """Forget what was wanted for jobs that ended."""
        ended = exists().where(schema.jobs.c.id == _fetches.job_id, schema.jobs.c.state.in_(ENDED))

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.fetches).where(ended))

        await self._writer.do(change)

    async def arrived(self, job_id: str, document: Document | None, now: float) -> Job:
        """Keep a label that was fetched, with its job, which goes its way; None: it was there, and may be printed.

        Where its parcel has the label already in the same bytes, it ends as a duplicate; with other bytes it is
        compared first. One that was held meanwhile stays so, one that ended needs it no more.
        """

        async def change(connection: AsyncConnection) -> Job:
            return await self._arrive(connection, await self._get(connection, job_id), document, now)

        return await self._writer.do(change, self._changed)

    async def not_arrived(
        self,
        job_id: str,
        fetch: Fetch,
        because: str,
        now: float,
        *,
        next_at: float | None,
        hold: Reason | None = None,
        unreadable: bool = False,
    ) -> Job:
        """Keep that a label could not be fetched, or why its job is held, and when it is tried again.

        Args:
            job_id: the job.
            fetch: what was tried; nothing is kept where another link was told meanwhile.
            because: why, in words.
            now: Unix seconds.
            next_at: when it is tried again; None: not before somebody says so.
            hold: why it is held.
            unreadable: what is wanted cannot be read any more: the same event may bring it again.
        """

        async def change(connection: AsyncConnection) -> Job:
            job = await self._get(connection, job_id)
            row = (await connection.execute(_OF_JOB, {"job": job_id})).mappings().first()
            if row is None or job.state.terminal or row["wanted"] != fetch.wanted:
                return job
            values = {"tries": row["tries"] + 1, "next_at": next_at} | ({"digest": ""} if unreadable else {})
            await connection.execute(_UPDATE, values | {"job": job_id})
            if job.reason != Reason.FETCHING:
                return job  # held for another reason: that one is answered first
            if hold is not None:
                held = {"state": JobState.HELD, "reason": hold}
                return await self._update(connection, job, now, words=because, message=because, **held)
            if because == job.message:
                return job  # one line, however often it is tried
            return await self._update(connection, job, now, words=because, message=because)

        return await self._writer.do(change, self._changed)

    async def fetch_again(self, job_id: str, words: str, now: float) -> Job:
        """Try once more what was held because its label could not be fetched.

        Raises:
            IllegalTransition: it is not held for that.
        """

        async def change(connection: AsyncConnection) -> Job:
            job = await self._get(connection, job_id)
            if job.reason != Reason.NOT_FETCHED or not await self._is_wanted(connection, job_id):
                raise IllegalTransition(f"job {job_id} is {job.state} ({job.reason}): nothing is to be fetched for it")
            await connection.execute(_UPDATE, {"job": job_id, "next_at": 0.0})
            columns = {"state": JobState.PENDING, "reason": Reason.FETCHING, "message": words}
            return await self._update(connection, job, now, words=words, **columns)

        return await self._writer.do(change, self._changed)

    async def _arrive(self, connection: AsyncConnection, job: Job, document: Document | None, now: float) -> Job:
        wanted = (await connection.execute(_DELETE, {"job": job.id})).rowcount
        if not wanted or job.state.terminal:
            return job
        words = "TikTok has nothing against printing it"
        if document is not None:
            values = {"job_id": job.id, "media_type": document.media_type, "data": document.data}
            await connection.execute(_INSERT_ASSET, values)
            words = f"its label came, {len(document.data)} bytes"
            if job.tracking_number is None and document.tracking_number:
                words += f", and its tracking number: {document.tracking_number}"
                number = document.tracking_number
                job = await self._update(connection, job, now, words=words, tracking_number=number)
        others = await self._rivals(connection, job)
        if others:
            words += f"; its parcel has a label already: they are compared before it prints (job {others[0].id})"
        columns: dict[str, object] = {"rival": others[0].id} if others else {}
        if job.reason not in (Reason.FETCHING, Reason.ORDER_ON_HOLD, Reason.NOT_FETCHED):
            return await self._update(connection, job, now, words=f"{words}; it is still held", **columns)
        reason = Reason.COMPARING if others else Reason.TRANSFORMING
        columns |= {"state": JobState.PENDING, "reason": reason, "message": words}
        if job.printer is None:
            columns |= {"state": JobState.HELD, "reason": Reason.NO_DESTINATION}
        return await self._update(connection, job, now, words=words, **columns)

    async def _want(self, connection: AsyncConnection, job_id: str, new: NewFetch) -> None:
        values = {"wanted": new.sealed, "digest": new.digest, "tries": 0, "next_at": new.now, "until": new.until}
        await connection.execute(_INSERT_FETCH, values | {"job_id": job_id, "lane": new.lane, "look": True})

    async def _want_anew(self, connection: AsyncConnection, job: Job, new: NewFetch, words: str) -> Job | None:
        """Put another link in the place of one that failed; None where it is the same, or the label is there."""
        row = (await connection.execute(_OF_JOB, {"job": job.id})).mappings().first()
        if row is None or row["digest"] == new.digest or job.state.terminal:
            return None
        values = {"lane": new.lane, "wanted": new.sealed, "digest": new.digest, "tries": 0, "next_at": new.now}
        await connection.execute(_UPDATE, values | {"job": job.id, "until": new.until})
        columns: dict[str, object] = {}
        if job.reason == Reason.NOT_FETCHED:
            columns = {"state": JobState.PENDING, "reason": Reason.FETCHING}
        return await self._update(connection, job, new.now, words=words, message=words, **columns)

    async def _before_drawing(self, connection: AsyncConnection, job: Job, state: JobState, reason: str) -> str:
        """Why a job will be pending: its label may have to come first, or be compared with its parcel's other one."""
        if state is not JobState.PENDING:
            return reason
        if not await self._is_wanted(connection, job.id):
            came_meanwhile = job.state is JobState.HELD and job.rival is not None and job.reason in _HELD_MEANWHILE
            return Reason.COMPARING if came_meanwhile and reason == Reason.TRANSFORMING else reason
        # a person has seen that the order is on hold, and says that it is to be printed
        decided = job.reason == Reason.ORDER_ON_HOLD
        if decided and await self._has_asset(connection, job.id):
            await connection.execute(_DELETE, {"job": job.id})
            return reason
        await connection.execute(_UPDATE, {"job": job.id, "next_at": 0.0} | ({"look": False} if decided else {}))
        return Reason.FETCHING

    async def _is_wanted(self, connection: AsyncConnection, job_id: str) -> bool:
        """Whether the label of a job is still to be fetched."""
        return (await connection.execute(_OF_JOB, {"job": job_id})).first() is not None


def fetch_from(row: Mapping[Any, Any]) -> Fetch:
    """Read what is wanted."""
    return Fetch(**{name: row[name] for name in Fetch.__slots__})
