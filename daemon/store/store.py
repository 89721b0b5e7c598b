"""The store: every change of a job is one commit of its row, its ledger line and its MQTT message."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from ...drivers.evidence import Verdict
from .. import messages
from ..errors import IllegalTransition
from ..job import Job, JobState, Reason, after_attempt, check_move
from . import schema
from .engine import migrate, open_engine
from .profiles import Profiles
from .rows import (
    Accepted,
    Artwork,
    NewJob,
    job_from,
    job_row,
    new_job,
)
from .writer import Writer

# built once: with values inside, SQLAlchemy would take a statement apart each time to find it in its cache
_INSERT_JOB = insert(schema.jobs)
_INSERT_ASSET = insert(schema.assets)
_INSERT_LEDGER = insert(schema.ledger)
_INSERT_OUTBOX = insert(schema.outbox)
_FIND = (
    select(schema.jobs)
    .where(schema.jobs.c.event_key == bindparam("key"), schema.jobs.c.received_at >= bindparam("since"))
    .order_by(schema.jobs.c.received_at.desc())
)
_UPDATE_JOB = update(schema.jobs).where(schema.jobs.c.id == bindparam("job"))

#: bytes of a rejected payload that are kept for whoever corrects it
REJECTED_BYTES = 64 * 1024


class Store(Profiles):
    """The database of one daemon. All writes go through one group-committing writer; reads do not wait for it.

    Writes raise `StoreUnavailable` when they could not be committed; nothing has happened then.
    """

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

    # Intake

    async def accept(self, new: NewJob) -> Accepted:
        """Commit an event as a job with its asset, or find the job that it already is."""

        async def change(connection: AsyncConnection) -> Accepted:
            known = await self._find(connection, new)
            same = next((job for job in known if new.event.is_of(job)), None)
            if same is not None:
                words = f"the same event came again by {new.source}; nothing more is printed"
                counted = same.duplicates + 1
                job = await self._update(connection, same, new.received_at, words=words, duplicates=counted)
                return Accepted(job, duplicate=True)
            # a bare event may come again after its window, as another job
            identity = f"{new.event.identity}#{new.id}" if new.event.bare or known else new.event.identity
            self._revision += 1
            job = new_job(new, self._revision, reused=bool(known))
            await connection.execute(
                _INSERT_JOB, job_row(job) | {"identity": identity, "event_key": new.event.identity}
            )
            await connection.execute(
                _INSERT_ASSET, {"job_id": new.id, "media_type": new.event.media_type, "data": new.event.asset}
            )
            await self._tell(connection, job, f"accepted from {new.source}; {new.route.because}")
            return Accepted(job, duplicate=False)

        return await self._writer.do(change, lambda accepted: self._changed(accepted.job))

    async def reject(
        self, *, source: str, topic: str, payload: bytes, digest: str, because: str, now: float, ours: bool = False
    ) -> None:
        """Keep an event that cannot become a job, and say so on MQTT; equal ones are counted.

        All of it is kept where the fault is `ours`, else its beginning.
        """

        async def change(connection: AsyncConnection) -> None:
            again = await connection.execute(
                update(schema.rejections)
                .where(schema.rejections.c.digest == digest)
                .values(times=schema.rejections.c.times + 1, last_at=now, because=because)
            )
            if not again.rowcount:
                await connection.execute(
                    insert(schema.rejections).values(
                        digest=digest,
                        first_at=now,
                        last_at=now,
                        times=1,
                        source=source,
                        topic=topic,
                        because=because,
                        size=len(payload),
                        payload=payload if ours else payload[:REJECTED_BYTES],
                    )
                )
            message = messages.rejection_payload(
                topic=topic, source=source, because=because, size=len(payload), digest=digest, at=now
            )
            await self._publish(connection, f"{self._prefix}/events/rejected", message)

        await self._writer.do(change, lambda _: self._rejected())

    # A job's life

    async def move(
        self,
        job_id: str,
        state: JobState,
        reason: str,
        message: str,
        now: float,
        *,
        was: Job | None = None,
        **columns: object,
    ) -> Job:
        """Move a job along the state table, with a ledger line that says `message`.

        Args:
            job_id: the job.
            state: where it goes.
            reason: its new job-state-reason.
            message: the same in a plain sentence.
            now: Unix seconds.
            was: how the caller knows the job; in another state, for another reason or printer it is not moved.
            columns: other fields to change.

        Raises:
            IllegalTransition: the table has no such move, or the job changed meanwhile.
            NoSuchJob: no job has this id.
        """

        async def change(connection: AsyncConnection) -> Job:
            job = await self._get(connection, job_id)
            check_move(job_id, job.state, state)
            _check_unchanged(job, was)
            return await self._update(
                connection, job, now, words=message, state=state, reason=reason, message=message, **columns
            )

        return await self._writer.do(change, self._changed)

    async def save_artwork(
        self,
        job_id: str,
        artwork: Artwork,
        message: str,
        now: float,
        *,
        state: JobState = JobState.PENDING,
        reason: str = Reason.QUEUED,
        was: Job | None = None,
    ) -> Job:
        """Keep what the renderer made of a pending job, and queue it for its printer, or hold it.

        Raises:
            IllegalTransition: the job is not pending any more, or not as `was` any more.
        """

        async def change(connection: AsyncConnection) -> Job:
            job = await self._get(connection, job_id)
            if job.state is not JobState.PENDING:
                raise IllegalTransition(f"job {job_id} is {job.state} and is not rendered any more")
            _check_unchanged(job, was)
            check_move(job_id, job.state, state)
            await connection.execute(delete(schema.artworks).where(schema.artworks.c.job_id == job_id))
            await connection.execute(
                insert(schema.artworks).values(job_id=job_id, **asdict(artwork) | {"notes": list(artwork.notes)})
            )
            columns = {"state": state, "reason": reason, "message": message, "labels": artwork.labels}
            return await self._update(connection, job, now, words=message, **columns)

        return await self._writer.do(change, self._changed)

    async def begin_attempt(
        self,
        job_id: str,
        *,
        printer: str,
        serial: str | None,
        payload_sha256: str,
        labels: int,
        odometer: int | None,
        now: float,
        state: str | None = None,
    ) -> int:
        """Journal the intent to send; when this returns it is on disk, and the first byte may leave.

        Raises:
            IllegalTransition: the job is not queued for this printer any more.
        """

        async def change(connection: AsyncConnection) -> tuple[Job, int]:
            job = await self._get(connection, job_id)
            # the last line of defence against a second copy: staying in place is not allowed here
            if (job.state, job.reason, job.printer) != (JobState.PENDING, Reason.QUEUED, printer):
                raise IllegalTransition(f"job {job_id} is {job.state} ({job.reason}) for {job.printer} by now")
            result = await connection.execute(
                insert(schema.attempts).values(
                    job_id=job_id,
                    printer=printer,
                    serial=serial,
                    payload_sha256=payload_sha256,
                    labels=labels,
                    odometer_before=odometer,
                    state_before=state,
                    started_at=now,
                )
            )
            counter = "no counter" if odometer is None else f"counter {odometer}"
            words = f"sending {labels} label{'s' * (labels != 1)} to {printer} ({serial or 'no serial'}, {counter})"
            job = await self._update(
                connection,
                job,
                now,
                words=words,
                state=JobState.PROCESSING,
                reason=Reason.PRINTING,
                message=words,
            )
            key = result.inserted_primary_key
            return job, int(key[0]) if key else 0

        _, attempt_id = await self._writer.do(change, lambda begun: self._changed(begun[0]))
        return attempt_id

    async def end_attempt(
        self,
        attempt: int,
        job_id: str,
        verdict: Verdict,
        *,
        odometer: int | None,
        state: JobState,
        reason: str,
        now: float,
        printer_state: str | None = None,
        sent_at: float | None = None,
    ) -> Job:
        """Close an intent with what is known about the paper, and move its job as `job.after_attempt` says.

        Args:
            attempt: the intent.
            job_id: its job.
            verdict: what is known.
            odometer: the printer's counter at the last look.
            state: where its job goes.
            reason: and why.
            now: Unix seconds.
            printer_state: how the printer was at the last look.
            sent_at: when the last byte was handed over.
        """

        async def change(connection: AsyncConnection) -> Job:
            job = await self._get(connection, job_id)
            into, why = after_attempt(job, verdict.outcome, state, reason)
            check_move(job_id, job.state, into)
            await connection.execute(
                update(schema.attempts)
                .where(schema.attempts.c.id == attempt)
                .values(
                    odometer_after=odometer,
                    state_after=printer_state,
                    sent_at=sent_at,
                    ended_at=now,
                    outcome=verdict.outcome,
                    level=verdict.level,
                    because=verdict.because,
                )
            )
            words = f"{verdict.outcome}: {verdict.because}"
            return await self._update(
                connection,
                job,
                now,
                words=words,
                state=into,
                reason=why,
                message=verdict.because,
                outcome=verdict.outcome,
                level=verdict.level,
            )

        return await self._writer.do(change, self._changed)

    # Printers

    async def learn_serial(self, identity: str, serial: str, now: float) -> None:
        """Commit the serial number of the printer that is wanted by `identity`, in place of a former one."""
        values = {"serial": serial, "learnt_at": now}

        async def change(connection: AsyncConnection) -> None:
            row = insert_or(schema.serials).values(identity=identity, **values)
            await connection.execute(row.on_conflict_do_update(index_elements=["identity"], set_=values))

        await self._writer.do(change)

    # Outbox

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Commit a message for the broker that belongs to no job."""
        await self._writer.do(lambda connection: self._publish(connection, topic, payload, retain=retain))

    async def published(self, ids: Sequence[int]) -> None:
        """Forget messages that the broker acknowledged."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.outbox).where(schema.outbox.c.id.in_(ids)))

        await self._writer.do(change)

    # Inside a transaction

    async def _find(self, connection: AsyncConnection, new: NewJob) -> list[Job]:
        """Jobs with this event's identity; a bare event counts only within the window, or when redelivered."""
        # a known event counts for ever; times are never negative
        since = new.received_at - self._window if new.event.bare and not new.redelivered else 0.0
        found = await connection.execute(_FIND, {"key": new.event.identity, "since": since})
        return [job_from(row) for row in found.mappings()]

    async def _update(self, connection: AsyncConnection, job: Job, now: float, *, words: str, **columns: object) -> Job:
        self._revision += 1
        columns |= {"updated_at": now, "revision": self._revision}
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


def _check_unchanged(job: Job, was: Job | None) -> None:
    """Refuse to change a job that is not where its changer saw it."""
    if was is not None and (job.state, job.reason, job.printer) != (was.state, was.reason, was.printer):
        raise IllegalTransition(f"job {job.id} is {job.state} ({job.reason}) for {job.printer or 'no printer'} by now")
