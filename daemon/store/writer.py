"""Group commit: changes that wait together are committed together; one that fails, fails alone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..errors import StoreUnavailable
from .health import Health, with_advice

log = logging.getLogger(__name__)

T = TypeVar("T")
Change = Callable[[AsyncConnection], Awaitable[T]]


class Writer:
    """The one writer of the database.

    A change runs inside a transaction with the changes that waited beside it. Its caller hears of its
    success only after the commit, so that an acknowledgement means "on disk". When one raises, all are
    rolled back and run again each alone: a change may be run twice, and must only touch the database. A
    database that fails fails the whole batch with `StoreUnavailable`.
    """

    def __init__(self, engine: AsyncEngine, health: Health, *, batch: int = 64) -> None:
        self._engine = engine
        self._health = health
        self._batch = batch
        self._waiting: asyncio.Queue[_Entry[object] | None] = asyncio.Queue(maxsize=4 * batch)

    async def do(self, change: Change[T], after: Callable[[T], None] = lambda _value: None) -> T:
        """Run `change` and return its value after the commit.

        `after` is called with the value at the commit, also when the caller is gone by then: who waits for
        the change must hear of it.

        Raises:
            StoreUnavailable: the database could not commit.
        """
        entry = _Entry(change, after)
        await self._waiting.put(entry)  # type: ignore[arg-type]  # the queue only fails or tells it
        return await entry.done

    async def close(self) -> None:
        """Let `run` end after everything that waits now."""
        await self._waiting.put(None)

    async def run(self) -> None:
        """Commit until `close`."""
        while True:
            entries = [await self._waiting.get()]
            while len(entries) < self._batch and not self._waiting.empty():
                entries.append(self._waiting.get_nowait())
            work = [entry for entry in entries if entry is not None]
            if work:
                await self._commit(work)
            if len(work) < len(entries):
                return

    async def _commit(self, entries: "list[_Entry[object]]") -> None:
        try:
            await self._together(entries)
        except StoreUnavailable as error:
            self._health.failed(str(error))
            for entry in entries:
                entry.fail(error)
        except Exception as error:  # noqa: BLE001 - a change failed, and its caller is told
            if len(entries) == 1:
                entries[0].fail(error)
                return
            # one change spoils the transaction of all: each for itself then, so that it fails alone
            for entry in entries:
                await self._commit([entry])
        else:
            self._health.recovered()
            for entry in entries:
                entry.tell()

    async def _together(self, entries: "list[_Entry[object]]") -> None:
        try:
            async with self._engine.begin() as connection:
                for entry in entries:
                    await entry.apply(connection)
        except (IntegrityError, DataError, InterfaceError, ProgrammingError):
            raise  # a change's own fault
        except (SQLAlchemyError, OSError) as error:
            because = with_advice(str(getattr(error, "orig", None) or error))
            raise StoreUnavailable(f"the database cannot be written: {because}") from error


class _Entry(Generic[T]):
    """A change, and the promise to its caller."""

    __slots__ = ("_after", "_change", "_value", "done")

    def __init__(self, change: Change[T], after: Callable[[T], None]) -> None:
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._change = change
        self._after = after
        self._value: T

    async def apply(self, connection: AsyncConnection) -> None:
        self._value = await self._change(connection)

    def tell(self) -> None:
        try:
            self._after(self._value)
        except Exception:
            # it is committed all the same; without this nothing would be written any more
            log.exception("a listener failed on a change that is committed")
        if not self.done.done():
            self.done.set_result(self._value)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)
