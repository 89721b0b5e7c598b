"""What the database knows of being a copy that somebody went back to."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from .copying import marked
from .journal import Journal


class Restores(Journal):
    """The mark that `copy_database` leaves."""

    async def copied_at(self) -> float | None:
        """When the copy was made that this database is, Unix seconds; None: it is none, or that is dealt with."""
        async with self._reading() as connection:
            return marked(await connection.scalar(text("PRAGMA user_version")) or 0)

    async def set_no_copy(self) -> None:
        """What follows from being a copy is done."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(text("PRAGMA user_version = 0"))

        await self._writer.do(change)
