"""What the database knows of labels that are held, or should be."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from ..job import WAITING, Job, JobState
from . import schema
from .journal import Journal
from .rows import HeldGroup, job_from


class Holds(Journal):
    """Questions about held labels and outages."""

    async def ables(self) -> dict[str, float]:
        """When each printer was last seen able to print, by name."""
        async with self._reading() as connection:
            return {row.printer: row.at for row in await connection.execute(select(schema.ables))}

    async def keep_ables(self, ables: Mapping[str, float]) -> None:
        """Keep when printers were last seen able to print."""
        rows = [{"printer": printer, "at": at} for printer, at in ables.items()]

        async def change(connection: AsyncConnection) -> None:
            query = insert_or(schema.ables)
            query = query.on_conflict_do_update(index_elements=["printer"], set_={"at": query.excluded.at})
            await connection.execute(query, rows)

        if rows:
            await self._writer.do(change)

    async def outdated(self, now: float, *, limit: int) -> list[Job]:
        """Pending jobs that their events did not want printed any more at `now`."""
        jobs = schema.jobs.c
        query = select(schema.jobs).where(
            jobs.state == JobState.PENDING, jobs.reason.in_(WAITING), jobs.useful_until < now
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query.limit(limit))).mappings()]

    async def waiting_since(self, printer: str, before: float, *, without: Sequence[str] = (), limit: int) -> list[Job]:
        """Pending jobs of `printer` that wait since `before` or longer; none of the stations `without`."""
        jobs = schema.jobs.c
        query = select(schema.jobs).where(
            jobs.state == JobState.PENDING,
            jobs.printer == printer,
            jobs.reason.in_(WAITING),
            func.coalesce(jobs.waits_since, jobs.received_at) <= before,
            func.coalesce(jobs.station, "").not_in(without),
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query.limit(limit))).mappings()]

    async def held_groups(self) -> list[HeldGroup]:
        """Held jobs by station and reason, the largest groups first."""
        jobs, count = schema.jobs.c, func.count().label("number")
        query = (
            select(jobs.station, jobs.reason, count, func.min(jobs.received_at).label("oldest"))
            .where(jobs.state == JobState.HELD)
            .group_by(jobs.station, jobs.reason)
            .order_by(count.desc(), jobs.station, jobs.reason)
        )
        async with self._reading() as connection:
            return [
                HeldGroup(row.station, row.reason, row.number, row.oldest) for row in await connection.execute(query)
            ]

    async def held(self, station: str | None, reason: str) -> list[str]:
        """Ids of the jobs of a station that are held for a reason, in the order in which they print."""
        jobs = schema.jobs.c
        query = (
            select(jobs.id)
            .where(jobs.state == JobState.HELD, jobs.station.is_(None) if station is None else jobs.station == station)
            .where(jobs.reason == reason)
            .order_by(jobs.priority.desc(), jobs.id)
        )
        async with self._reading() as connection:
            return list((await connection.scalars(query)).all())
