"""What every change of the database has in common: one writer, one commit, a ledger line and an MQTT message."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .. import messages
from ..errors import IllegalTransition, StoreUnavailable
from ..job import Job, JobIds
from ..observer import Observer
from . import schema
from .engine import migrate, open_engine
from .health import RETRY_SECONDS, Health
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
        wanted: Callable[[Job, str], None] = lambda _job, _lane: None,
        rejected: Callable[[], None] = lambda: None,
        troubled: Callable[[], None] = lambda: None,
        observer: Observer | None = None,
    ) -> None:
        self._path = path
        self._prefix = topic_prefix
        self._window = duplicate_window
        super().__init__(open_engine(path), Health(troubled))
        self._writer = Writer(self._engine, self.health, batch=batch)
        self._changed = changed
        self._wanted = wanted
        self._rejected = rejected
        self._observer = observer or Observer()
        self._revision = 0
        self._ids = JobIds()
        #: retained messages that may still wait, by topic
        self._retained: dict[str, int] = {}
        self._running: asyncio.Task[None] | None = None
        self._trying: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(migrate, self._path)
        async with self._engine.connect() as connection:
            self._revision = await connection.scalar(select(func.max(schema.jobs.c.revision))) or 0
            if newest := await connection.scalar(select(func.max(schema.jobs.c.id))):
                self._ids.seen(newest)
        self._running = asyncio.create_task(self._writer.run(), name="store-writer")
        self._trying = asyncio.create_task(self._try_again(), name="store-retry")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.wait([self._trying])
        if self._running is not None:
            await self._writer.close()
            await self._running
        await self._engine.dispose()

    def new_id(self, now: float) -> str:
        """The id of a job that is accepted at `now`, Unix seconds: above that of every job that was there before."""
        return self._ids.new(now, secrets.randbits(62))

    async def _try_again(self) -> None:
        """While the database fails, see whether it can be written again, also when nobody else writes."""
        while True:
            await self.health.failing()
            await asyncio.sleep(RETRY_SECONDS)
            # SQLite opens a file on a read-only disk for reading, and such a connection stays so
            await self._engine.dispose()
            with contextlib.suppress(StoreUnavailable):
                await self._writer.do(_scribble)

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
        topic, payload = messages.job_topic(self._prefix, job.id), messages.job_payload(job)
        await self._publish(connection, topic, payload, job.updated_at)

    async def _publish(
        self, connection: AsyncConnection, topic: str, payload: bytes, at: float, *, retain: bool = False
    ) -> None:
        """Put a message for the broker after all others; of retained ones on a topic the last is enough.

        The former is deleted after the new one is there: the other way round the new one could get its id, and be
        forgotten when the former is acknowledged.
        """
        values = {"topic": topic, "payload": payload, "retain": retain, "at": at}
        inserted = await connection.execute(_INSERT_OUTBOX, values)
        if not retain:
            return
        key = inserted.inserted_primary_key
        latest = int(key[0]) if key else 0
        former, self._retained[topic] = self._retained.get(topic, latest), latest
        outbox = schema.outbox.c
        # a change that was rolled back noted an id that may be another message's by now, or this one's
        same = (outbox.id == former) & (outbox.id != latest) & (outbox.topic == topic) & outbox.retain
        await connection.execute(delete(schema.outbox).where(same))


async def _scribble(connection: AsyncConnection) -> None:
    """Write something that leaves no trace."""
    inserted = await connection.execute(_INSERT_OUTBOX, {"topic": "", "payload": b"", "retain": False, "at": 0.0})
    key = inserted.inserted_primary_key
    await connection.execute(delete(schema.outbox).where(schema.outbox.c.id == (key[0] if key else 0)))


def check_unchanged(job: Job, was: Job | None) -> None:
    """Refuse to change a job that is not where its changer saw it."""
    if was is not None and (job.state, job.reason, job.printer) != (was.state, was.reason, was.printer):
        raise IllegalTransition(f"job {job.id} is {job.state} ({job.reason}) for {job.printer or 'no printer'} by now")
