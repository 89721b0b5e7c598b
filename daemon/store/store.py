"""The store: every change of a job is one commit of its row, its ledger line and its MQTT message."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from ...drivers.evidence import Verdict
from ..errors import IllegalTransition
from ..job import Job, JobState, Reason, after_attempt, check_move
from ..notices import void_words
from . import schema
from .accepting import Accepting
from .figures import Figures
from .holds import Holds
from .journal import check_unchanged
from .notifications import Notifications
from .numbers import Numbers
from .parts import Parts
from .profiles import Profiles
from .rejections import Rejections
from .restores import Restores
from .retention import Retention
from .rolls import Rolls
from .rows import Artwork, Pause
from .space import Space
from .tokens import Tokens
from .uploads import Uploads


class Store(
    Uploads,
    Accepting,
    Parts,
    Profiles,
    Holds,
    Restores,
    Retention,
    Space,
    Tokens,
    Notifications,
    Numbers,
    Figures,
    Rolls,
    Rejections,
):
    """The database of one daemon. All writes go through one group-committing writer; reads do not wait for it.

    Writes raise `StoreUnavailable` when they could not be committed; nothing has happened then.
    """

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
            check_unchanged(job, was)
            why = await self._before_drawing(connection, job, state, reason)
            return await self._update(
                connection, job, now, words=message, state=state, reason=why, message=message, **columns
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
            check_unchanged(job, was)
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
            message = verdict.because
            if job.void:
                message = f"{message}; {void_words(job, into)}"
            return await self._update(
                connection,
                job,
                now,
                words=f"{verdict.outcome}: {message}",
                state=into,
                reason=why,
                message=message,
                outcome=verdict.outcome,
                level=verdict.level,
            )

        def ended(job: Job) -> None:
            self._changed(job)
            self._observer.attempt(job, verdict, sent_at)

        return await self._writer.do(change, ended)

    # Printers

    async def pause(self, printer: str, pause: Pause) -> None:
        """Keep that a printer is sent nothing."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.pauses).where(schema.pauses.c.printer == printer))
            await connection.execute(insert(schema.pauses).values(printer=printer, **asdict(pause)))

        await self._writer.do(change)

    async def resume(self, printer: str) -> None:
        """Forget a printer's pause."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.pauses).where(schema.pauses.c.printer == printer))

        await self._writer.do(change)

    async def learn_serial(self, identity: str, serial: str, now: float) -> None:
        """Commit the serial number of the printer that is wanted by `identity`, in place of a former one."""
        values = {"serial": serial, "learnt_at": now}

        async def change(connection: AsyncConnection) -> None:
            row = insert_or(schema.serials).values(identity=identity, **values)
            await connection.execute(row.on_conflict_do_update(index_elements=["identity"], set_=values))

        await self._writer.do(change)

    # Outbox

    async def publish(self, topic: str, payload: bytes, now: float, *, retain: bool = False) -> None:
        """Commit a message for the broker that belongs to no job."""
        await self._writer.do(lambda connection: self._publish(connection, topic, payload, now, retain=retain))

    async def published(self, ids: Sequence[int]) -> None:
        """Forget messages that the broker acknowledged."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.outbox).where(schema.outbox.c.id.in_(ids)))

        await self._writer.do(change)
