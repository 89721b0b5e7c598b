"""Refused events: what was wrong with each, what of it is kept, and who answered it."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import schema
from .journal import Journal
from .rows import Rejection

_TABLE = schema.rejections
_COLUMNS = [column for column in _TABLE.c if column.name not in ("payload", "digest", "answer")]


class Rejections(Journal):
    """Questions about refused events, and their answers."""

    async def rejections(self, *, limit: int = 50) -> list[Rejection]:
        """Refused events that nobody answered, latest first."""
        query = select(*_COLUMNS).where(_TABLE.c.answer.is_(None))
        query = query.order_by(_TABLE.c.last_at.desc(), _TABLE.c.id.desc()).limit(limit)
        async with self._reading() as connection:
            return [Rejection(**row) for row in (await connection.execute(query)).mappings()]

    async def rejection(self, number: int) -> tuple[Rejection, bytes, str | None] | None:
        """One refused event, what is kept of its bytes, and how it was answered; None where there is none."""
        async with self._reading() as connection:
            query = select(_TABLE).where(_TABLE.c.id == number)
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        return Rejection(**{column.name: row[column.name] for column in _COLUMNS}), row["payload"], row["answer"]

    async def rejected_as(self, digest: str) -> int | None:
        """The number of the refused event with this digest."""
        async with self._reading() as connection:
            found: int | None = await connection.scalar(select(_TABLE.c.id).where(_TABLE.c.digest == digest))
        return found

    async def answer_rejection(self, number: int, answer: str) -> None:
        """Keep who sent a refused event anew, and what became of that; it is not shown with the others any more."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(update(_TABLE).where(_TABLE.c.id == number).values(answer=answer))

        await self._writer.do(change)
