"""The rolls of labels in the printers, and what each printer printed of late."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import JSON, Integer, bindparam, cast, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ...drivers.evidence import Outcome
from ..job import Job
from . import schema
from .journal import Journal
from .rows import Roll, job_from

_ATTEMPTS = schema.attempts.c
_NAMES = func.json_each(bindparam("names", type_=JSON)).table_valued("value")
#: all that may have left paper
_PRINTED = (_ATTEMPTS.outcome.is_(None)) | (_ATTEMPTS.outcome != Outcome.NOT_PRINTED)
# each printer's by the index of its attempts by their end, however many there are of others
_AGO = cast((bindparam("now") - _ATTEMPTS.ended_at) / bindparam("span"), Integer)
_PACE = (
    select(_ATTEMPTS.printer, _AGO.label("ago"), func.sum(_ATTEMPTS.labels))
    .where(
        _ATTEMPTS.printer.in_(select(_NAMES.c.value)),
        _ATTEMPTS.ended_at > bindparam("since"),
        _ATTEMPTS.ended_at <= bindparam("now"),
        _PRINTED,
    )
    .group_by(_ATTEMPTS.printer, "ago")
)
_SENT = (
    select(_ATTEMPTS.job_id)
    .where(_ATTEMPTS.printer == _NAMES.c.value, _ATTEMPTS.ended_at.is_not(None))
    .order_by(_ATTEMPTS.ended_at.desc())
    .limit(1)
    .scalar_subquery()
)
_LAST_JOBS = select(schema.jobs).where(schema.jobs.c.id.in_(select(_SENT).select_from(_NAMES)))


class Rolls(Journal):
    """Questions about paper."""

    async def rolls(self) -> dict[str, Roll]:
        """The rolls that were entered, by printer."""
        async with self._reading() as connection:
            return {
                row["printer"]: Roll(**{name: row[name] for name in Roll.__slots__})
                for row in (await connection.execute(select(schema.rolls))).mappings()
            }

    async def keep_roll(self, printer: str, roll: Roll | None) -> None:
        """Keep that a roll was put into a printer, or forget what is known of it."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.rolls).where(schema.rolls.c.printer == printer))
            if roll is not None:
                await connection.execute(insert(schema.rolls).values(printer=printer, **asdict(roll)))

        await self._writer.do(change)

    async def labels_since(self, printer: str, at: float) -> int:
        """Labels that a printer was sent since `at`, Unix seconds, save those that did not print for sure."""
        query = select(func.coalesce(func.sum(_ATTEMPTS.labels), 0)).where(
            _ATTEMPTS.printer == printer, _ATTEMPTS.ended_at >= at, _PRINTED
        )
        async with self._reading() as connection:
            return int(await connection.scalar(query) or 0)

    async def pace(self, printers: Sequence[str], now: float, *, spans: int, seconds: float) -> dict[str, list[int]]:
        """Labels that each printer printed in each of the last `spans` spans of `seconds`, the oldest first."""
        values = {"names": list(printers), "now": now, "span": seconds, "since": now - spans * seconds}
        found = {printer: [0] * spans for printer in printers}
        async with self._reading() as connection:
            for printer, ago, labels in await connection.execute(_PACE, values):
                found[printer][spans - 1 - ago] += labels
        return found

    async def last_printed(self, printers: Sequence[str]) -> list[Job]:
        """The job that each printer was sent last, in no order."""
        async with self._reading() as connection:
            rows = await connection.execute(_LAST_JOBS, {"names": list(printers)})
            return [job_from(row) for row in rows.mappings()]
