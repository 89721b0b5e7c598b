"""Questions to the database; they see what is committed and never wait for the writer."""

import contextlib
from collections.abc import AsyncIterator, Collection
from typing import Any

from sqlalchemy import Select, bindparam, func, select, union_all
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ...drivers.evidence import Outcome
from ..errors import NoSuchJob, StoreUnavailable
from ..job import NOT_QUEUED, Job, JobState
from . import schema
from .health import Health, with_advice
from .rows import Artwork, Attempt, LedgerEntry, OutboxMessage, Pause, attempt_from, job_from

# built once: SQLAlchemy then finds it in its cache at once
_GET = select(schema.jobs).where(schema.jobs.c.id == bindparam("job"))
_QUEUE = (
    select(schema.jobs)
    .where(
        schema.jobs.c.state == JobState.PENDING,
        schema.jobs.c.printer == bindparam("printer"),
        schema.jobs.c.reason.not_in(NOT_QUEUED),
        schema.jobs.c.id.not_in(bindparam("skip", expanding=True)),
    )
    .order_by(schema.jobs.c.priority.desc(), schema.jobs.c.id)
    .limit(bindparam("limit"))
)
_QUEUE_FOR = _QUEUE.where(schema.jobs.c.reason == bindparam("reason"))
_OPEN = select(schema.attempts).where(schema.attempts.c.ended_at.is_(None))
_OPEN_OF = _OPEN.where(schema.attempts.c.printer == bindparam("printer"))
_ARTWORK = select(schema.artworks).where(schema.artworks.c.job_id == bindparam("job"))
_WHOSE = schema.jobs.alias()
_ASSET = (
    select(schema.assets.c.data, schema.assets.c.media_type)
    .join_from(schema.jobs, _WHOSE, _WHOSE.c.id == func.coalesce(schema.jobs.c.reprint_of, schema.jobs.c.id))
    .join(schema.assets, schema.assets.c.job_id == func.coalesce(_WHOSE.c.part_of, _WHOSE.c.id))
    .where(schema.jobs.c.id == bindparam("job"))
)


class Queries:
    """The reading half of the store; each question raises `StoreUnavailable` when the database fails."""

    def __init__(self, engine: AsyncEngine, health: Health) -> None:
        self._engine = engine
        self.health = health

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            because = f"the database cannot be read: {with_advice(str(getattr(error, 'orig', None) or error))}"
            self.health.failed(because)
            raise StoreUnavailable(because) from error

    async def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            NoSuchJob: no job has this id.
        """
        async with self._reading() as connection:
            return await self._get(connection, job_id)

    async def parts(self, job: Job) -> list[Job]:
        """The other jobs of the same event's document, the event's own first."""
        jobs, whole = schema.jobs.c, job.part_of or job.id
        query = (
            select(schema.jobs)
            .where((jobs.part_of == whole) | (jobs.id == whole), jobs.id != job.id)
            .order_by(jobs.part_of.is_not(None), jobs.id)
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def queue(
        self, printer: str, *, reason: str | None = None, skip: Collection[str] = (), limit: int = 1
    ) -> list[Job]:
        """Pending jobs of `printer` in the order in which they print: highest priority, then oldest.

        Those whose label is still fetched, or compared with others of their parcel, are in no queue.

        Args:
            printer: the printer's name.
            reason: only jobs pending for this reason.
            skip: ids of jobs to leave out.
            limit: how many at most.
        """
        query, values = _QUEUE, {"printer": printer, "skip": list(skip), "limit": limit}
        if reason is not None:
            query, values = _QUEUE_FOR, values | {"reason": reason}
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query, values)).mappings()]

    async def undone(self, states: Collection[JobState]) -> list[Job]:
        """Every job in one of the states, oldest first."""
        query = select(schema.jobs).where(schema.jobs.c.state.in_(states)).order_by(schema.jobs.c.id)
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def jobs(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        state: str | None = None,
        printer: str | None = None,
        search: str | None = None,
    ) -> list[Job]:
        """Jobs newest first; `before` is the id that the previous page ended with, `search` an exact number."""
        query = _listing(limit, before, state, printer, search)
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def counts(self, states: Collection[JobState] = ()) -> dict[str, dict[str, int]]:
        """Number of jobs by printer and state; jobs without a printer are under the empty name.

        Args:
            states: only these; the ended ones are many, and counting them reads them all.
        """
        jobs = schema.jobs.c
        query = select(jobs.printer, jobs.state, func.count()).group_by(jobs.printer, jobs.state)
        if states:
            query = query.where(jobs.state.in_(states))
        found: dict[str, dict[str, int]] = {}
        async with self._reading() as connection:
            for printer, state, number in await connection.execute(query):
                found.setdefault(printer or "", {})[state] = number
        return found

    async def asset(self, job_id: str) -> tuple[bytes, str | None]:
        """A job's bytes as received, and the media type its publisher gave.

        A part's are those of its event, a reprint's those of what it prints again.
        """
        async with self._reading() as connection:
            row = (await connection.execute(_ASSET, {"job": job_id})).first()
        if row is None:
            raise NoSuchJob(f"job {job_id} has no asset")
        return row.data, row.media_type

    async def artwork(self, job_id: str) -> Artwork | None:
        """A job's payload for its printer, once it is rendered."""
        async with self._reading() as connection:
            row = (await connection.execute(_ARTWORK, {"job": job_id})).mappings().first()
        if row is None:
            return None
        values: dict[str, Any] = {key: row[key] for key in row if key != "job_id"}
        return Artwork(**values | {"notes": tuple(values["notes"])})

    async def timeline(self, job_id: str) -> list[LedgerEntry]:
        """What happened to a job, oldest first."""
        ledger = schema.ledger.c
        query = (
            select(ledger.at, ledger.state, ledger.reason, ledger.words)
            .where(ledger.job_id == job_id)
            .order_by(ledger.id)
        )
        async with self._reading() as connection:
            return [
                LedgerEntry(row.at, JobState(row.state), row.reason, row.words)
                for row in await connection.execute(query)
            ]

    async def ended_attempts(self, printer: str, *, limit: int) -> list[Attempt]:
        """The attempts of a printer that ended last, the latest first."""
        attempts = schema.attempts
        query = select(attempts).where(attempts.c.printer == printer, attempts.c.ended_at.is_not(None))
        query = query.order_by(attempts.c.ended_at.desc()).limit(limit)
        async with self._reading() as connection:
            found = [attempt_from(row) for row in (await connection.execute(query)).mappings()]
        # a clock that was set back leaves their order as it was
        return sorted(found, key=lambda attempt: attempt.id, reverse=True)

    async def open_attempts(self, printer: str | None = None) -> list[Attempt]:
        """Intents without an outcome, of one printer or of all: what a crash left behind."""
        query, values = (_OPEN, {}) if printer is None else (_OPEN_OF, {"printer": printer})
        async with self._reading() as connection:
            return [attempt_from(row) for row in (await connection.execute(query, values)).mappings()]

    async def attempts(self, job_id: str) -> list[Attempt]:
        """Every time a job was sent, with the evidence, oldest first."""
        query = select(schema.attempts).where(schema.attempts.c.job_id == job_id).order_by(schema.attempts.c.id)
        async with self._reading() as connection:
            return [attempt_from(row) for row in (await connection.execute(query)).mappings()]

    async def serials(self) -> dict[str, str]:
        """The serial numbers that were learnt, by the identity that the printer is wanted by."""
        async with self._reading() as connection:
            rows = await connection.execute(select(schema.serials.c.identity, schema.serials.c.serial))
            return {row.identity: row.serial for row in rows}

    async def has_counter(self, printer: str, serial: str | None) -> bool:
        """Whether this very printer ever told its label counter."""
        table = schema.attempts.c
        query = select(table.id).where(table.printer == printer, table.odometer_before.is_not(None))
        if serial is not None:
            query = query.where(table.serial == serial)
        async with self._reading() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def counter_seen_moving(self, printer: str, serial: str | None) -> bool:
        """Whether a label of this very printer was ever confirmed by its counter."""
        table = schema.attempts.c
        query = select(table.id).where(
            table.printer == printer, table.serial == serial, table.outcome == Outcome.CONFIRMED
        )
        async with self._reading() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def pauses(self) -> dict[str, Pause]:
        """The printers that are paused, by name."""
        async with self._reading() as connection:
            found = await connection.execute(select(schema.pauses))
            return {row.printer: Pause(row.at, row.who, row.because) for row in found}

    async def open_jobs(self, printer: str, states: Collection[JobState], *, limit: int) -> list[Job]:
        """Jobs of one printer in one of the states: those of high priority, then the oldest, first."""
        jobs = schema.jobs.c
        query = (
            select(schema.jobs)
            .where(jobs.state.in_(states), jobs.printer == printer)
            .order_by(jobs.priority.desc(), jobs.id)
            .limit(limit)
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def sent_by(self, printer: str, *, limit: int) -> list[Job]:
        """Jobs that a printer was sent and that are ended or held, the latest first."""
        attempts = schema.attempts.c
        # a job may have been sent more than once
        latest = (
            select(attempts.job_id, func.max(attempts.ended_at).label("at"))
            .where(
                attempts.id.in_(
                    select(attempts.id)
                    .where(attempts.printer == printer, attempts.ended_at.is_not(None))
                    .order_by(attempts.ended_at.desc())
                    .limit(4 * limit)
                )
            )
            .group_by(attempts.job_id)
            .subquery()
        )
        query = select(schema.jobs).join(latest, latest.c.job_id == schema.jobs.c.id)
        query = query.order_by(latest.c.at.desc()).limit(limit)
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def outbox(self, limit: int = 100) -> list[OutboxMessage]:
        """The oldest messages that are not at the broker yet."""
        table = schema.outbox.c
        query = select(table.id, table.topic, table.payload, table.retain).order_by(table.id).limit(limit)
        async with self._reading() as connection:
            return [OutboxMessage(**row) for row in (await connection.execute(query)).mappings()]

    async def unsent(self) -> int:
        """How many messages are not at the broker yet."""
        async with self._reading() as connection:
            return await connection.scalar(select(func.count()).select_from(schema.outbox)) or 0

    async def _get(self, connection: AsyncConnection, job_id: str) -> Job:
        row = (await connection.execute(_GET, {"job": job_id})).mappings().first()
        if row is None:
            raise NoSuchJob(f"there is no job {job_id}")
        return job_from(row)


def _listing(
    limit: int, before: str | None, state: str | None, printer: str | None, search: str | None
) -> Select[tuple[object, ...]]:
    """Jobs newest first, so that no index gives more of them than are asked for."""
    jobs = schema.jobs.c
    wanted = [] if before is None else [jobs.id < before]
    if search is not None:
        # each by its own index; what else is asked for is looked at in the few that are found
        numbers = (jobs.tracking_number, jobs.package_id, jobs.event_id)
        orders = schema.orders.c
        found = union_all(
            *(select(jobs.id).where(number == search) for number in numbers),
            select(orders.job_id).where(orders.order_id == search),
        )
        wanted.append(jobs.id.in_(found))
        # as expressions, for which no index is chosen
        wanted += [] if state is None else [func.coalesce(jobs.state, "") == state]
        wanted += [] if printer is None else [func.coalesce(jobs.printer, "") == printer]
    elif printer is not None:
        # the newest of each state, in the order of ix_jobs_printer
        each = (
            select(jobs.id)
            .where(jobs.printer == printer, jobs.state == one, *wanted)
            .order_by(jobs.id.desc())
            .limit(limit)
            .subquery()
            for one in ([state] if state is not None else JobState)
        )
        wanted = [jobs.id.in_(union_all(*(select(one.c.id) for one in each)))]
    elif state is not None:
        wanted.append(jobs.state == state)
    return select(schema.jobs).where(*wanted).order_by(jobs.id.desc()).limit(limit)
