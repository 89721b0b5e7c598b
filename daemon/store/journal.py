"""What every change of the database has in common: one writer, one commit, a ledger line and an MQTT message."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .. import messages
from ..errors import IllegalTransition
from ..job import Job
from . import schema
from .engine import migrate, open_engine
from .queries import Queries
from .rows import job_row
from .writer import Writer

# built once: with values inside, SQLAlchemy would take a statement apart each time to find it in its cache
_INSERT_JOB = insert(schema.jobs)
_INSERT_ORDER = insert(schema.orders)
_INSERT_LEDGER = insert(schema.ledger)
_INSERT_OUTBOX = insert(schema.outbox)
_UPDATE_JOB = update(schema.jobs).where(schema.jobs.c.id == bindparam("job"))


class Journal(Queries):
    """The writing half of the store as far as all writes share it."""

    def __init__(
        self,
        path: Path,
        *,
        topic_prefix: str,
        batch: int = 64,
        duplicate_window: float = 600.0,
        changed: Callable[[Job], None] = lambda _job: None,
        rejected: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._prefix = topic_prefix
        self._window = duplicate_window
        super().__init__(open_engine(path))
        self._writer = Writer(self._engine, batch=batch)
        self._changed = changed
        self._rejected = rejected
        self._revision = 0
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(migrate, self._path)
        async with self._engine.connect() as connection:
            self._revision = await connection.scalar(select(func.max(schema.jobs.c.revision))) or 0
        self._running = asyncio.create_task(self._writer.run(), name="store-writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            await self._writer.close()
            await self._running
        await self._engine.dispose()

    async def _insert(
        self, connection: AsyncConnection, job: Job, *, identity: str, event_key: str, words: str
    ) -> None:
        await connection.execute(_INSERT_JOB, job_row(job) | {"identity": identity, "event_key": event_key})
        for order in dict.fromkeys(job.order_ids):
            await connection.execute(_INSERT_ORDER, {"order_id": order, "job_id": job.id})
        await self._tell(connection, job, words)

    async def _update(self, connection: AsyncConnection, job: Job, now: float, *, words: str, **columns: object) -> Job:
        self._revision += 1
        # a clock that is set back, or an event that waited, must not let a job's timeline go back
        columns |= {"updated_at": max(now, job.updated_at), "revision": self._revision}
        await connection.execute(_UPDATE_JOB, columns | {"job": job.id})
        job = replace(job, **columns)  # type: ignore[arg-type]  # the columns are the fields
        await self._tell(connection, job, words)
        return job

    async def _tell(self, connection: AsyncConnection, job: Job, words: str) -> None:
        line = {"job_id": job.id, "at": job.updated_at, "state": job.state, "reason": job.reason, "words": words}
        await connection.execute(_INSERT_LEDGER, line)
        await self._publish(connection, messages.job_topic(self._prefix, job.id), messages.job_payload(job))

    async def _publish(self, connection: AsyncConnection, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await connection.execute(_INSERT_OUTBOX, {"topic": topic, "payload": payload, "retain": retain})


def check_unchanged(job: Job, was: Job | None) -> None:
    """Refuse to change a job that is not where its changer saw it."""
    if was is not None and (job.state, job.reason, job.printer) != (was.state, was.reason, was.printer):
        raise IllegalTransition(f"job {job.id} is {job.state} ({job.reason}) for {job.printer or 'no printer'} by now")
