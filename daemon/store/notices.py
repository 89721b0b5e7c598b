"""Notices of what was canceled or superseded: kept, and applied to the jobs that are there and that come later."""

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..job import WITHDRAWALS, Job, JobState, Reason, check_move
from ..notices import Notice, reaches, too_late, words
from ..parcels import on_paper
from . import schema
from .journal import Journal
from .rows import NoticeTaken, job_from, notice_from

_KNOWN = select(schema.notices.c.id).where(schema.notices.c.identity == bindparam("identity"))
_NUMBER = schema.notice_numbers.c
#: numbers of notices that are those of a label
OF_LABEL = ((_NUMBER.what == "package") & (_NUMBER.number == bindparam("package"))) | (
    (_NUMBER.what == "order") & _NUMBER.number.in_(bindparam("orders", expanding=True))
)
_REACHING = (
    select(schema.notices)
    .where(schema.notices.c.id.in_(select(_NUMBER.notice_id).where(OF_LABEL)))
    .order_by(schema.notices.c.id)
)
_ENDED = (JobState.CANCELED, JobState.ABORTED)


class Notices(Journal):
    """What notices do."""

    async def take_notice(self, notice: Notice, source: str, now: float) -> NoticeTaken:
        """Commit a notice, and with it what it does to the jobs that it reaches; gives those.

        What has not begun is canceled. What is under way, or on paper, or may be, is marked; what is under way is taken
        back after this, where it can be. A notice that says the same as another is counted.
        """

        async def change(connection: AsyncConnection) -> NoticeTaken:
            known = (await connection.execute(_KNOWN, {"identity": notice.identity})).scalar()
            if known is not None:
                table = schema.notices
                again = update(table).where(table.c.id == known).values(times=table.c.times + 1, last_at=now)
                await connection.execute(again)
                return NoticeTaken((), duplicate=True)
            await self._keep(connection, notice, source, now)
            changed = [
                await self._withdraw(connection, notice, job, now)
                for job in await self._reached(connection, notice)
                if job.withdrawn is None
            ]
            return NoticeTaken(tuple(changed), duplicate=False)

        def told(taken: NoticeTaken) -> None:
            for job in taken.jobs:
                self._changed(job)

        return await self._writer.do(change, told)

    async def _keep(self, connection: AsyncConnection, notice: Notice, source: str, now: float) -> None:
        columns = {name: getattr(notice, name) for name in Notice.__slots__}
        row = await connection.execute(
            insert(schema.notices).values(**columns, source=source, received_at=now, last_at=now, times=1)
        )
        key = row.inserted_primary_key
        numbers = [("package", number) for number in notice.package_ids]
        numbers += [("order", number) for number in notice.order_ids]
        rows = [{"number": number, "what": what, "notice_id": key[0] if key else 0} for what, number in numbers]
        await connection.execute(insert(schema.notice_numbers), rows)

    async def _reached(self, connection: AsyncConnection, notice: Notice) -> list[Job]:
        jobs, orders = schema.jobs.c, schema.orders.c
        of_orders = select(orders.job_id).where(orders.order_id.in_(notice.order_ids))
        query = (
            select(schema.jobs)
            .where(
                jobs.package_id.in_(notice.package_ids) | jobs.id.in_(of_orders),
                jobs.state.not_in(_ENDED),
            )
            .order_by(jobs.id)
        )
        found = [job_from(row) for row in (await connection.execute(query)).mappings()]
        return [job for job in found if reaches(notice, job)]

    async def _withdraw(self, connection: AsyncConnection, notice: Notice, job: Job, now: float) -> Job:
        because = words(notice, job)
        state, columns = job.state, dict[str, object]()
        if job.state.under_way or on_paper(job):
            columns = {"withdrawn": notice.kind}
            because = f"{because}, {too_late(job, job.state)}"
        elif reaches(notice, job) == "partly":
            because = f"{because}: is it still to be printed?"
            state, columns = JobState.HELD, {"reason": Reason.PARTLY_CANCELED}
        else:
            because = f"{because}: it is not printed"
            state, columns = JobState.CANCELED, {"reason": WITHDRAWALS[notice.kind]}
        check_move(job.id, job.state, state)
        return await self._update(connection, job, now, words=because, message=because, state=state, **columns)

    async def _notices(self, connection: AsyncConnection, job: Job) -> list[Notice]:
        """Those that came before a label and reach it."""
        if job.package_id is None and not job.order_ids:
            return []
        numbers = {"package": job.package_id, "orders": list(job.order_ids)}
        found = [notice_from(row) for row in (await connection.execute(_REACHING, numbers)).mappings()]
        return [notice for notice in found if reaches(notice, job)]
