"""What is taken out of the database by its age: first files and dots, then what is personal, at last the row."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Update, delete, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ..job import ENDED, JobState, Removed, new_job_id
from . import schema
from .journal import Journal

Columns = ReadOnlyColumnCollection[str, ColumnElement[Any]]

#: of a job, what may name a parcel or a person
_PERSONAL: Final[dict[str, object]] = {
    "message": "",
    "event_id": None,
    "package_id": None,
    "order_ids": [],
    "tracking_number": None,
    "tags": [],
}
#: tables of what belongs to a job, and those of them that stay with its row
_OF_JOBS = [
    (table, column)
    for table in schema.metadata.sorted_tables
    for column in table.c
    if table is not schema.jobs and column.references(schema.jobs.c.id)
]
_AUDIT = {schema.attempts, schema.ledger, schema.aliases}
#: columns by which one job needs another
_BY_JOBS = [column.name for column in schema.jobs.c if column.references(schema.jobs.c.id)]


class Retention(Journal):
    """The part of the store that forgets. Each removal is one short commit; all of them are for ended jobs only."""

    async def outlived(
        self,
        removed: Removed | None,
        ended_before: float,
        *,
        after: str = "",
        limit: int = 50,
        size: int = 4 << 20,
        all_ids: bool = False,
    ) -> list[str]:
        """Ids of ended jobs of which no more than `removed` is gone, oldest first.

        One that an open or younger job needs, such as another part of its document, is not among them.

        Args:
            removed: what is gone of them.
            ended_before: they ended before this, Unix seconds.
            after: the id that the last answer ended with.
            limit: how many at most.
            size: bytes of labels that they have at most; a single one may have more.
            all_ids: look at young ids too: those that came while the clock was ahead, and for some time after it was
                set right, are younger than their jobs. It reads many rows.
        """

        def needed(other: Columns) -> ColumnElement[bool]:
            if removed is Removed.PERSONAL:
                return true()  # the row itself is to go
            return or_(other.state.not_in(ENDED), other.updated_at >= ended_before)

        jobs, assets, artworks = schema.jobs.c, schema.assets.c, schema.artworks.c
        label = func.coalesce(func.length(assets.data), 0) + func.coalesce(func.length(artworks.payload), 0)
        query = (
            select(jobs.id, label.label("size"))
            .select_from(
                schema.jobs.outerjoin(schema.assets, assets.job_id == jobs.id).outerjoin(
                    schema.artworks, artworks.job_id == jobs.id
                )
            )
            .where(
                jobs.removed.is_(None) if removed is None else jobs.removed == removed,
                jobs.id > after,
                # ids sort by the time of acceptance, and nothing ends before that
                true() if all_ids else jobs.id < new_job_id(max(ended_before, 0.0), 0),
                jobs.state.in_(ENDED),
                jobs.updated_at < ended_before,
                # a void label that nobody has taken out of the pile waits for a person
                or_(jobs.state != JobState.COMPLETED, jobs.withdrawn.is_(None), jobs.withdrawn == "taken-out"),
                _unneeded(needed),
            )
            .order_by(jobs.id)
            .limit(limit)
        )
        found: list[str] = []
        async with self._reading() as connection:
            for row in await connection.execute(query):
                size -= row.size
                if found and size < 0:
                    break
                found.append(row.id)
        return found

    async def remove_labels(self, ids: Sequence[str]) -> None:
        """Delete the files and dots of ended jobs, save those that an open one needs by now."""
        jobs = schema.jobs.c

        async def change(connection: AsyncConnection) -> None:
            query = select(jobs.id).where(jobs.id.in_(ids), _unneeded(lambda other: other.state.not_in(ENDED)))
            now = list((await connection.execute(query)).scalars())
            for table in (schema.artworks, schema.assets):
                await connection.execute(delete(table).where(table.c.job_id.in_(now)))
            await connection.execute(_mark(now, removed=Removed.LABEL))

        await self._writer.do(change)

    async def remove_personal(self, ids: Sequence[str]) -> None:
        """Delete what may name a parcel or a person; digests of events' ids stay, to know them again."""
        jobs = schema.jobs.c

        async def change(connection: AsyncConnection) -> None:
            rows = (
                await connection.execute(select(jobs.id, jobs.identity, jobs.event_key).where(jobs.id.in_(ids)))
            ).all()
            await connection.execute(_mark(ids, removed=Removed.PERSONAL, **_PERSONAL))
            for row in rows:
                keys = {"identity": kept_key(row.identity), "event_key": kept_key(row.event_key)}
                await connection.execute(update(schema.jobs).where(jobs.id == row.id).values(**keys))
            aliases = select(schema.aliases.c.event_key).where(schema.aliases.c.job_id.in_(ids))
            for key in (await connection.execute(aliases)).scalars().all():
                alias = update(schema.aliases).where(schema.aliases.c.event_key == key)
                await connection.execute(alias.values(event_key=kept_key(key)))
            for table, column in _OF_JOBS:
                if table not in _AUDIT:
                    await connection.execute(delete(table).where(column.in_(ids)))
            await connection.execute(update(schema.ledger).where(schema.ledger.c.job_id.in_(ids)).values(words=""))

        await self._writer.do(change)

    async def remove_rows(self, ids: Sequence[str]) -> None:
        """Delete ended jobs of which all that is personal is gone."""

        async def change(connection: AsyncConnection) -> None:
            for table, column in _OF_JOBS:
                await connection.execute(delete(table).where(column.in_(ids)))
            await connection.execute(delete(schema.jobs).where(schema.jobs.c.id.in_(ids)))

        await self._writer.do(change)

    async def remove_rejections(self, before: float, *, most: int, limit: int = 50) -> int:
        """Delete rejections whose event came last before then, and the oldest above `most`; gives how many."""
        table = schema.rejections.c
        last = select(table.last_at).order_by(table.last_at.desc()).limit(1).offset(most).scalar_subquery()
        return await self._remove(schema.rejections, table.last_at <= func.max(before, func.coalesce(last, 0)), limit)

    async def remove_messages(self, before: float, *, limit: int = 500) -> int:
        """Delete messages that no broker took since then; gives how many."""
        return await self._remove(schema.outbox, schema.outbox.c.at < before, limit)

    async def remove_notices(self, before: float, *, limit: int = 50) -> int:
        """Delete notices that came last before then; gives how many."""
        notices, numbers = schema.notices, schema.notice_numbers
        query = select(notices.c.id).where(notices.c.last_at < before).limit(limit)
        async with self._reading() as connection:
            ids = list((await connection.execute(query)).scalars())
        if ids:

            async def change(connection: AsyncConnection) -> None:
                await connection.execute(delete(numbers).where(numbers.c.notice_id.in_(ids)))
                await connection.execute(delete(notices).where(notices.c.id.in_(ids)))

            await self._writer.do(change)
        return len(ids)

    async def _remove(self, table: Table, condition: ColumnElement[bool], limit: int) -> int:
        query = select(table.c.id).where(condition).limit(limit)
        async with self._reading() as connection:
            ids = list((await connection.execute(query)).scalars())
        if not ids:
            return 0

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(table).where(table.c.id.in_(ids)))

        await self._writer.do(change)
        return len(ids)

    async def held_since(self, before: float) -> int:
        """How many jobs that are on hold were accepted before then."""
        jobs = schema.jobs.c
        query = select(func.count()).where(jobs.state == JobState.HELD, jobs.received_at < before)
        async with self._reading() as connection:
            return (await connection.execute(query)).scalar_one()


def kept_key(key: str) -> str:
    """An event's identity as it stays when what is personal is gone; what is a digest stays as it is."""
    return key if key.startswith("sha256:") else "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def _mark(ids: Sequence[str], **columns: object) -> Update:
    return update(schema.jobs).where(schema.jobs.c.id.in_(ids), schema.jobs.c.state.in_(ENDED)).values(**columns)


def _unneeded(needed: Callable[[Columns], ColumnElement[bool]]) -> ColumnElement[bool]:
    """That no other job which is as `needed` says needs this one."""
    other = schema.jobs.alias()
    return ~exists().where(or_(*(other.c[name] == schema.jobs.c.id for name in _BY_JOBS)), needed(other.c))
