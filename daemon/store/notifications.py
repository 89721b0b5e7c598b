"""What TikTok tells and is asked: notifications until they are done, and how far shops were polled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..job import Job, JobState, Reason
from . import schema
from .journal import Journal
from .retention import kept_key
from .rows import job_from

_ENDED = (JobState.CANCELED, JobState.ABORTED)
_table = schema.notifications
_BY_IDENTITY = select(_table.c.id).where(_table.c.identity == bindparam("identity"))
_EVENT = select(
    exists().where(schema.jobs.c.event_key.in_(bindparam("keys", expanding=True)))
    | exists().where(schema.aliases.c.event_key.in_(bindparam("keys", expanding=True)))
)
#: a message for the broker: topic, payload, time
Alert = tuple[str, bytes, float]


@dataclass(frozen=True, slots=True)
class StoredNotification:
    """A notification of a shop, as far as it is known what came of it.

    Attributes:
        identity: TikTok's id.
        shop: name of the shop.
        data: numbers and states of it.
        tries: how often it could not be done.
        words: what came of it, or why nothing did yet.
    """

    id: int
    identity: str
    shop: str
    kind: int
    data: Mapping[str, Any]
    received_at: float
    tries: int
    words: str | None


@dataclass(frozen=True, slots=True)
class Polled:
    """How far a shop was polled, in TikTok's time: nothing that changed before `began` counts."""

    began: float
    reached: float


@dataclass(frozen=True, slots=True)
class Received:
    """Notifications of a shop: when the last came, how many wait, and what is in the way of the oldest of them."""

    last_at: float | None
    waiting: int
    words: str | None


class Notifications(Journal):
    """What is kept of notifications and polls."""

    async def take_notification(
        self, identity: str, shop: str, kind: int, data: Mapping[str, Any], now: float
    ) -> int | None:
        """Commit a notification; gives its number, None for one that came before and is counted there."""

        async def change(connection: AsyncConnection) -> int | None:
            known = (await connection.execute(_BY_IDENTITY, {"identity": identity})).scalar()
            if known is not None:
                again = update(_table).where(_table.c.id == known).values(times=_table.c.times + 1, last_at=now)
                await connection.execute(again)
                return None
            values = {"identity": identity, "shop": shop, "kind": kind, "data": dict(data)}
            times = {"received_at": now, "last_at": now, "times": 1, "tries": 0}
            key = (await connection.execute(insert(_table).values(**values, **times))).inserted_primary_key
            return int(key[0]) if key else 0

        return await self._writer.do(change)

    async def notifications_waiting(self) -> list[tuple[int, str]]:
        """Numbers and shops of what is still to be done, oldest first."""
        query = select(_table.c.id, _table.c.shop).where(_table.c.done_at.is_(None)).order_by(_table.c.id)
        async with self._reading() as connection:
            return [(row.id, row.shop) for row in await connection.execute(query)]

    async def notification(self, number: int) -> StoredNotification | None:
        """A notification that is still to be done; None where it is, or is gone."""
        columns = [_table.c[name] for name in StoredNotification.__slots__]
        query = select(*columns).where(_table.c.id == number, _table.c.done_at.is_(None))
        async with self._reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else StoredNotification(**row)

    async def notification_done(self, number: int, words: str, now: float, alert: Alert | None = None) -> None:
        """Commit what came of a notification, and with it an alert."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(update(_table).where(_table.c.id == number).values(words=words, done_at=now))
            if alert is not None:
                await self._publish(connection, *alert)

        await self._writer.do(change)

    async def notification_failed(self, number: int, words: str, tries: int) -> None:
        """Commit why a notification could not be done yet, and how often it was tried."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(update(_table).where(_table.c.id == number).values(words=words, tries=tries))

        await self._writer.do(change)

    async def notifications_of(self, shop: str) -> Received:
        """How a shop's notifications stand."""
        of_shop = _table.c.shop == shop
        waiting = of_shop & _table.c.done_at.is_(None)
        async with self._reading() as connection:
            last = await connection.scalar(select(func.max(_table.c.last_at)).where(of_shop))
            count = await connection.scalar(select(func.count()).where(waiting))
            words = await connection.scalar(select(_table.c.words).where(waiting).order_by(_table.c.id).limit(1))
        return Received(last, count or 0, words)

    async def remove_notifications(self, before: float, *, limit: int = 500) -> int:
        """Delete notifications that came last before then; gives how many."""
        query = select(_table.c.id).where(_table.c.last_at < before).limit(limit)
        async with self._reading() as connection:
            ids = list((await connection.execute(query)).scalars())
        if ids:

            async def change(connection: AsyncConnection) -> None:
                await connection.execute(delete(_table).where(_table.c.id.in_(ids)))

            await self._writer.do(change)
        return len(ids)

    async def polled(self, shop: str) -> Polled | None:
        """How far a shop was polled; None where it never was."""
        query = select(schema.polls.c.began, schema.polls.c.reached).where(schema.polls.c.shop == shop)
        async with self._reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Polled(row.began, row.reached)

    async def keep_polled(self, shop: str, polled: Polled) -> None:
        """Commit how far a shop was polled."""

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(delete(schema.polls).where(schema.polls.c.shop == shop))
            values = {"shop": shop, "began": polled.began, "reached": polled.reached}
            await connection.execute(insert(schema.polls).values(**values))

        await self._writer.do(change)

    async def knows_event(self, event_id: str) -> bool:
        """Whether an event with this id came already, also where what was personal of its job is gone."""
        key = f"id:{event_id}"
        async with self._reading() as connection:
            return bool(await connection.scalar(_EVENT, {"keys": [key, kept_key(key)]}))

    async def of_orders(self, order_ids: Sequence[str], shop_id: str) -> list[Job]:
        """The labels of orders of a shop, or of no shop that is known, that are not canceled, oldest first."""
        jobs, orders = schema.jobs.c, schema.orders.c
        ids = select(orders.job_id).where(orders.order_id.in_(order_ids))
        query = (
            select(schema.jobs)
            .where(jobs.id.in_(ids), jobs.state.not_in(_ENDED), jobs.shop_id.is_(None) | (jobs.shop_id == shop_id))
            .order_by(jobs.id)
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]

    async def superseded_of(self, package_ids: Sequence[str], shop_id: str) -> list[Job]:
        """The labels of packages of a shop that were canceled because other packages had taken their place."""
        jobs = schema.jobs.c
        query = (
            select(schema.jobs)
            .where(jobs.package_id.in_(package_ids), jobs.shop_id == shop_id)
            .where(jobs.state == JobState.CANCELED, jobs.reason == Reason.SUPERSEDED)
            .order_by(jobs.id)
        )
        async with self._reading() as connection:
            return [job_from(row) for row in (await connection.execute(query)).mappings()]
