"""Room that the database takes, and how it gives it back."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from .engine import INCREMENTAL
from .journal import Journal


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of the database file and of its write-ahead log, and how many of the file's are free.

    Attributes:
        shrinks: whether the file can become smaller while it is in use.
    """

    bytes: int
    free_bytes: int
    wal_bytes: int
    shrinks: bool


class Space(Journal):
    """The part of the store that knows its size."""

    async def size(self) -> Size:
        """The size of the database."""
        async with self._reading() as connection:
            found = {}
            for name in ("page_size", "page_count", "freelist_count", "auto_vacuum"):
                found[name] = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
        log = self._path.with_name(f"{self._path.name}-wal")
        return Size(
            bytes=found["page_size"] * found["page_count"],
            free_bytes=found["page_size"] * found["freelist_count"],
            wal_bytes=log.stat().st_size if log.exists() else 0,
            shrinks=found["auto_vacuum"] == INCREMENTAL,
        )

    async def shrink(self, pages: int) -> None:
        """Give back that many free pages at most; nothing where the file cannot shrink."""

        async def change(connection: AsyncConnection) -> None:
            for _ in range(pages):
                # it gives back a page at each step of the statement, and sqlite3 makes one step only
                await connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")

        await self._writer.do(change)
