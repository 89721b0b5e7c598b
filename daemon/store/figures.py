"""Counts of what is open, for whoever watches the daemon: each from an index, so that ended jobs cost nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from ..job import JobState
from . import schema
from .queries import Queries
from .rows import HeldGroup


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pending jobs of one printer: how many, and when the first of them was received, Unix seconds."""

    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What is not ended.

    Attributes:
        waiting: pending jobs by printer, under the empty name those without one.
        under_way: jobs by printer that are on their way to paper.
        held: held jobs by station and reason.
        void: labels that are void and on paper, and that nobody has taken out of the pile.
        to_fetch: labels that are still to be fetched.
        unsent: messages that are not at the broker yet.
    """

    waiting: Mapping[str, Waiting]
    under_way: Mapping[str, int]
    held: tuple[HeldGroup, ...]
    void: int
    to_fetch: int
    unsent: int


_jobs = schema.jobs.c
_WAITING = (
    select(_jobs.printer, func.count().label("number"), func.min(_jobs.id).label("first"))
    .where(_jobs.state == JobState.PENDING)
    .group_by(_jobs.printer)
)
_UNDER_WAY = (
    select(_jobs.printer, func.count().label("number"))
    .where(_jobs.state.in_([state for state in JobState if state.under_way]))
    .group_by(_jobs.printer)
)
_HELD = (
    select(_jobs.station, _jobs.reason, func.count().label("number"), func.min(_jobs.received_at).label("oldest"))
    .where(_jobs.state == JobState.HELD)
    .group_by(_jobs.station, _jobs.reason)
)
_VOID = select(func.count()).where(
    _jobs.withdrawn.in_(("canceled", "superseded")), func.coalesce(_jobs.state, "") == JobState.COMPLETED
)


class Figures(Queries):
    """The part of the store that counts."""

    async def open_work(self) -> OpenWork:
        """What is open now."""
        async with self._reading() as connection:
            rows = (await connection.execute(_WAITING)).all()
            firsts = select(_jobs.id, _jobs.received_at).where(_jobs.id.in_([row.first for row in rows]))
            received = {row.id: row.received_at for row in await connection.execute(firsts)}
            under_way = {row.printer or "": row.number for row in await connection.execute(_UNDER_WAY)}
            held = [
                HeldGroup(row.station, row.reason, row.number, row.oldest) for row in await connection.execute(_HELD)
            ]
            void = await connection.scalar(_VOID)
            to_fetch = await connection.scalar(select(func.count()).select_from(schema.fetches))
            unsent = await connection.scalar(select(func.count()).select_from(schema.outbox))
        # one that moved on between the two questions has no age any more
        waiting = {row.printer or "": Waiting(row.number, received.get(row.first, float("inf"))) for row in rows}
        return OpenWork(waiting, under_way, tuple(held), void or 0, to_fetch or 0, unsent or 0)
