"""What comes in: events that become jobs, or are the same as others, and events that cannot be understood."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from .. import messages, parcels
from ..fetching.document import Document
from ..job import Job, JobState, Reason
from ..notices import reaches
from ..notices import words as notice_words
from . import schema
from .fetches import Fetches
from .notices import OF_LABEL, Notices
from .parcels import OF_PARCEL
from .retention import kept_key
from .rows import Accepted, NewJob, job_from, new_job

# built once: with values inside, SQLAlchemy would take a statement apart each time to find it in its cache
_INSERT_ASSET = insert(schema.assets)
_FIND = (
    select(schema.jobs)
    .where(
        schema.jobs.c.event_key.in_(bindparam("keys", expanding=True)),
        schema.jobs.c.received_at >= bindparam("since"),
    )
    .order_by(schema.jobs.c.received_at.desc())
)
_IS_ALIAS = schema.aliases.c.event_key.in_(bindparam("keys", expanding=True))
_FIND_ALIAS = select(schema.jobs).join_from(
    schema.aliases, schema.jobs, _IS_ALIAS & (schema.jobs.c.id == schema.aliases.c.job_id)
)
#: whether there is anything to find, for of most events there is not
_SEEN = select(
    exists().where(_IS_ALIAS).label("alias"),
    exists().where(OF_PARCEL).label("parcel"),
    exists().where(OF_LABEL).label("notice"),
)

#: bytes of a rejected payload that are kept for whoever corrects it
REJECTED_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known about an event's parcel: that its id is another job's too, live jobs, notices."""

    alias: bool = False
    parcel: bool = False
    notice: bool = False


class Accepting(Fetches, Notices):
    """The ways in; each is one commit."""

    async def accept(self, new: NewJob) -> Accepted:
        """Commit an event as a job with its asset, or find the job that it already is.

        It is one already where its event came before, and where another event brought its parcel's label in the same
        bytes. With other bytes it is a job that is compared with those before it is drawn.
        """

        return await self._writer.do(
            lambda connection: self._take_in(connection, new), lambda accepted: self._taken(new, accepted)
        )

    async def accept_all(self, news: Sequence[NewJob], *, dry_run: bool = False) -> list[Accepted]:
        """Commit several events together as `accept` does each; all of them or none.

        With `dry_run` nothing is kept, and the answer says what would have become of them. The jobs in it are those of
        a moment that never was.
        """

        async def change(connection: AsyncConnection) -> list[Accepted]:
            async with connection.begin_nested() as here:
                accepted = [await self._take_in(connection, new) for new in news]
                if dry_run:
                    await here.rollback()
            return accepted

        def tell(accepted: list[Accepted]) -> None:
            for new, one in zip(news, accepted, strict=True) if not dry_run else ():
                self._taken(new, one)

        return await self._writer.do(change, tell)

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
                .values(times=schema.rejections.c.times + 1, last_at=now, because=because, answer=None)
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
            await self._publish(connection, f"{self._prefix}/events/rejected", message, now)

        def told(_: None) -> None:
            self._rejected()
            self._observer.event(source, "rejected")

        await self._writer.do(change, told)

    def _taken(self, new: NewJob, accepted: Accepted) -> None:
        self._changed(accepted.job)
        if new.fetch is not None and accepted.fetch:
            self._wanted(accepted.job, new.fetch.lane)
        self._observer.event(new.source, "duplicate" if accepted.duplicate else "accepted")

    async def _take_in(self, connection: AsyncConnection, new: NewJob) -> Accepted:
        event = new.event
        known = await self._find(connection, new)
        same = next((job for job in known if event.is_of(job)), None)
        seen = await self._seen(connection, new) if same is None else _Seen()
        if seen.alias and not known:
            found = await connection.execute(_FIND_ALIAS, {"keys": _keys(new)})
            known = [job_from(row) for row in found.mappings()]
            same = next((job for job in known if event.is_of(job)), None)
        if same is not None:
            if renewed := await self._renewed(connection, new, same):
                return Accepted(renewed, duplicate=True, fetch=new.fetch is not None)
            words = f"the same event came again by {new.source}; nothing more is printed"
            return Accepted(await self._count(connection, new, same, words), duplicate=True)
        others = await self._rivals(connection, event.fields) if seen.parcel else []
        first = await self._first(connection, new, others)
        if first is not None:
            return Accepted(await self._same_label(connection, new, first), duplicate=True)
        reused = bool(known) and not others
        # a bare event may come again after its window, as another job
        identity = f"{event.identity}#{new.id}" if event.bare or known else event.identity
        self._revision += 1
        job, words = new_job(new, self._revision, reused=reused), ""
        if seen.notice or others:
            job, words = await self._placed(connection, job, others, fetched=new.fetch is not None)
        words = f"accepted from {new.source}; {words or new.route.words}"
        await self._insert(connection, job, identity=identity, event_key=event.identity, words=words)
        if event.asset is not None:
            values = {"job_id": new.id, "media_type": event.media_type, "data": event.asset}
            await connection.execute(_INSERT_ASSET, values)
        fetch = new.fetch is not None and not job.state.terminal
        if new.fetch is not None and fetch:
            await self._want(connection, new.id, new.fetch)
        return Accepted(job, duplicate=False, fetch=fetch)

    async def _find(self, connection: AsyncConnection, new: NewJob) -> list[Job]:
        """Jobs with this event's identity; a bare event counts only within the window, or when redelivered."""
        # a known event counts for ever; times are never negative
        since = new.received_at - self._window if new.event.bare and not new.redelivered else 0.0
        found = await connection.execute(_FIND, {"keys": _keys(new), "since": since})
        jobs = [job_from(row) for row in found.mappings()]
        return [job for job in jobs if parcels.live(job)] if new.by_hand else jobs

    async def _seen(self, connection: AsyncConnection, new: NewJob) -> _Seen:
        fields = new.event.fields
        if not parcels.has_parcel(fields) and not fields.order_ids:
            return _Seen()
        numbers = {"package": fields.package_id, "tracking": fields.tracking_number, "orders": list(fields.order_ids)}
        keys = [] if new.event.bare else _keys(new)
        return _Seen(*(await connection.execute(_SEEN, {**numbers, "keys": keys})).one())

    async def _first(self, connection: AsyncConnection, new: NewJob, others: list[Job]) -> Job | None:
        """The job of which an event is a duplicate by its very bytes."""
        if not others or new.event.asset is None:
            return None
        owners = {job.id: job.part_of or job.id for job in others if job.reprint_of is None}
        assets = schema.assets.c
        query = select(assets.job_id).where(assets.job_id.in_(set(owners.values())), assets.data == new.event.asset)
        equal = set((await connection.execute(query)).scalars())
        same = [job for job in others if owners.get(job.id) in equal]
        return parcels.known_at_once(new.event.fields, same, routed=new.route.printer is not None)

    async def _renewed(self, connection: AsyncConnection, new: NewJob, same: Job) -> Job | None:
        """A job whose label could not be fetched yet, and whose event comes again with the label or another link."""
        event = new.event
        if event.asset is None:
            words = f"its event came again by {new.source} with another link: that one is tried"
            return None if new.fetch is None else await self._want_anew(connection, same, new.fetch, words)
        if same.state.terminal or not await self._is_wanted(connection, same.id):
            return None
        if await self._has_asset(connection, same.id):
            return None  # its orders are looked at
        words = f"its event came again by {new.source} with its label"
        if new.fetch is not None:
            values = {"job_id": same.id, "media_type": event.media_type, "data": event.asset}
            await connection.execute(_INSERT_ASSET, values)
            return await self._want_anew(connection, same, new.fetch, words)
        if same.reason == Reason.NOT_FETCHED:
            columns = {"state": JobState.PENDING, "reason": Reason.FETCHING, "message": words}
            same = await self._update(connection, same, new.received_at, words=words, **columns)
        return await self._arrive(connection, same, Document(event.asset, event.media_type), new.received_at)

    async def _same_label(self, connection: AsyncConnection, new: NewJob, first: Job) -> Job:
        event = new.event
        if not event.bare:
            row = insert_or(schema.aliases).values(event_key=event.identity, job_id=first.id)
            await connection.execute(row.on_conflict_do_nothing())
        which = f" as event {event.fields.event_id}" if event.fields.event_id else ""
        words = f"the same label came again by {new.source}{which}; nothing more is printed"
        return await self._count(connection, new, first, words)

    async def _count(self, connection: AsyncConnection, new: NewJob, first: Job, words: str) -> Job:
        counted, event_id = first.duplicates + 1, new.event.fields.event_id
        job = await self._update(connection, first, new.received_at, words=words, duplicates=counted)
        if event_id not in (None, first.event_id):
            # whoever repeats an event until it is answered knows it by its own id
            answer = messages.job_payload(job, event_id)
            await self._publish(connection, messages.job_topic(self._prefix, job.id), answer, job.updated_at)
        return job

    async def _placed(
        self, connection: AsyncConnection, job: Job, others: list[Job], *, fetched: bool
    ) -> tuple[Job, str]:
        """A new job as notices that came before it, and other jobs of its parcel, let it be; and what they say."""
        partly = None
        for notice in await self._notices(connection, job):
            found = notice_words(notice, job)
            if reaches(notice, job) == "whole":
                reason = Reason.SUPERSEDED if notice.kind == "superseded" else Reason.ORDER_CANCELED
                message = f"{found}, before its label came: it is not printed"
                return replace(job, state=JobState.CANCELED, reason=reason, message=message), message
            partly = found
        if partly is not None:
            message = f"{partly}: is it still to be printed?"
            return replace(job, state=JobState.HELD, reason=Reason.PARTLY_CANCELED, message=message), message
        # what a rule holds is compared when a person lets it go, what is fetched when it is there
        if not others or fetched or job.reason == Reason.RULE:
            return job, ""
        rival = others[0].id
        message = f"its parcel has a label already: it is looked at whether they are the same (job {rival})"
        fields = {"state": JobState.PENDING, "reason": Reason.COMPARING, "message": message, "rival": rival}
        return replace(job, **fields), message  # type: ignore[arg-type]  # the keys are its fields


def _keys(new: NewJob) -> list[str]:
    """An event's identity, and that as it stays when what is personal is gone."""
    return [new.event.identity, kept_key(new.event.identity)]
