"""The one way in: every source hands its bytes here, and hears back after the commit."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ..config.settings import Settings
from .dispatcher import Dispatcher
from .errors import EventRejected, StoreUnavailable
from .events import LabelEvent, digest, from_bytes, from_file, from_json, unix_time
from .fetching.redaction import redacted
from .fetching.wanting import Wanting
from .holds import late_event
from .notices import Kind, read
from .restored import Restored
from .routing import wish_of
from .store import Accepted, NewJob, NoticeTaken, Store

log = logging.getLogger(__name__)

#: payloads above this are parsed off the event loop, so that a large one delays nobody
_LARGE = 64 * 1024
T = TypeVar("T")


def without_secrets(payload: bytes) -> bytes:
    """A payload as it may be kept: text has its links without what opens them."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload
    return redacted(text).encode()


class Intake:
    """Turns received bytes into committed jobs, or into committed rejections.

    Args:
        settings: limits, and when labels come late.
        store: where they are committed.
        dispatcher: finds the printer.
        clock: Unix seconds.
        wanting: what events want fetched.
        restored: the last restore of the database.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
        wanting: Wanting,
        restored: Restored | None = None,
    ) -> None:
        self._settings = settings
        self._wanting = wanting
        self._restored = restored
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock

    async def json(
        self,
        payload: bytes,
        *,
        source: str,
        topic: str,
        redelivered: bool = False,
        translate: Callable[[bytes], bytes] | None = None,
    ) -> Accepted:
        """Take a JSON label event, plain or as a CloudEvent; `translate` makes one of what other software posts.

        Raises:
            EventRejected: it cannot become a job; the rejection is already committed.
            StoreUnavailable: nothing was committed; the sender must keep the event.
        """

        def parse() -> LabelEvent:
            limit = self._settings.intake.max_asset_bytes
            if translate is None:
                return from_json(topic, payload, max_bytes=limit)
            event = from_json(topic, translate(payload), max_bytes=limit)
            # known by what was posted: the translation may have the time in it
            return replace(event, identity=digest(topic, payload)) if event.bare else event

        return await self._take(parse, payload, source=source, topic=topic, redelivered=redelivered)

    async def raw(
        self,
        payload: bytes,
        *,
        source: str,
        topic: str,
        printer: str | None,
        station: str | None = None,
        redelivered: bool = False,
    ) -> Accepted:
        """Take the bytes of a label for one printer or station; raises as `json` does."""

        def parse() -> LabelEvent:
            limit = self._settings.intake.max_asset_bytes
            return from_bytes(topic, payload, printer=printer, station=station, max_bytes=limit)

        return await self._take(parse, payload, source=source, topic=topic, redelivered=redelivered)

    async def file(
        self, data: bytes, sidecar: bytes | None, *, source: str, topic: str, printer: str | None, station: str | None
    ) -> Accepted:
        """Take a label that came as a file, with its fields beside it; the same file is the same job for good.

        Raises as `json` does.
        """

        def parse() -> LabelEvent:
            limit = self._settings.intake.max_asset_bytes
            return from_file(data, sidecar, printer=printer, station=station, max_bytes=limit)

        return await self._take(parse, data, source=source, topic=topic, redelivered=True)

    async def several(
        self, events: Sequence[LabelEvent], *, source: str, topic: str, dry_run: bool
    ) -> list[Accepted | EventRejected]:
        """Take events of one table in one commit: all, or none where one is refused; the same ones are the same jobs.

        With `dry_run`, or where one is refused, the answer says what would become of each.

        Raises:
            StoreUnavailable: nothing was committed.
        """
        now = self._clock()
        news: list[NewJob] = []
        answers: list[Accepted | EventRejected | None] = []
        taken: set[str] = set()
        try:
            for event in events:
                job_id = self._store.new_id(now)
                try:
                    new = self._new(job_id, event, source=source, topic=topic, now=now, redelivered=True)
                except EventRejected as error:
                    answers.append(error)
                else:
                    news.append(new)
                    answers.append(None)
            dry_run = dry_run or len(news) < len(events)
            accepted = await self._store.accept_all(news, dry_run=dry_run)
            if not dry_run:
                taken |= {new.id for new, one in zip(news, accepted, strict=True) if not one.duplicate}
        finally:
            for new in news:
                if new.id not in taken:
                    self._dispatcher.forget(new.id)
        rest = iter(accepted)
        return [next(rest) if answer is None else answer for answer in answers]

    async def refuse(self, payload: bytes, because: str, *, source: str, topic: str) -> None:
        """Keep what a source could not take itself, and show it among the refused events.

        Raises:
            StoreUnavailable: it was not kept.
        """

        async def take() -> None:
            raise EventRejected(because)

        with contextlib.suppress(EventRejected):
            await self._or_reject(take, payload, source=source, topic=topic, now=self._clock())

    async def notice(self, kind: Kind, payload: bytes, *, source: str, topic: str) -> NoticeTaken:
        """Take a notice that labels are void; raises as `json` does."""
        now = self._clock()

        async def take() -> NoticeTaken:
            return await self._store.take_notice(read(kind, payload), source, now)

        return await self._or_reject(take, payload, source=source, topic=topic, now=now)

    async def _take(
        self, parse: Callable[[], LabelEvent], payload: bytes, *, source: str, topic: str, redelivered: bool
    ) -> Accepted:
        now = self._clock()
        job_id = self._store.new_id(now)

        async def take() -> Accepted:
            event = await asyncio.to_thread(parse) if len(payload) > _LARGE else parse()
            return await self._accept(job_id, event, source=source, topic=topic, now=now, redelivered=redelivered)

        return await self._or_reject(take, payload, source=source, topic=topic, now=now)

    def _late(self, at: float | None, station: str | None, now: float) -> str | None:
        """Why the label of an event that was made `at` is not printed unasked."""
        holds = self._settings.holds
        again = self._restored.late(at, now, holds.after_restore_minutes) if self._restored else None
        return again or late_event(holds, at, station, now)

    async def _or_reject(
        self, take: Callable[[], Awaitable[T]], payload: bytes, *, source: str, topic: str, now: float
    ) -> T:
        try:
            return await take()
        except StoreUnavailable:
            raise
        except EventRejected as error:
            ours = False
            rejection = error
        except Exception as error:
            # a fault of ours must not make one event come back for ever: it is kept and shown instead
            log.exception("an event on %s could not be taken", topic)
            ours = True
            rejection = EventRejected(f"labeld failed on this event: {type(error).__name__}: {error}")
        key = await asyncio.to_thread(digest, topic, payload)
        payload = await asyncio.to_thread(without_secrets, payload)
        await self._store.reject(
            source=source,
            topic=topic,
            payload=payload,
            digest=key,
            because=redacted(str(rejection)),
            now=now,
            ours=ours,
        )
        raise rejection

    async def _accept(
        self, job_id: str, event: LabelEvent, *, source: str, topic: str, now: float, redelivered: bool
    ) -> Accepted:
        known = True
        try:
            new = self._new(job_id, event, source=source, topic=topic, now=now, redelivered=redelivered)
            accepted = await self._store.accept(new)
            known = accepted.duplicate
            return accepted
        finally:
            if known:
                self._dispatcher.forget(job_id)

    def _new(self, job_id: str, event: LabelEvent, *, source: str, topic: str, now: float, redelivered: bool) -> NewJob:
        event = self._wanting.completed(event)
        fetch = self._wanting.of(event, now)
        route = self._dispatcher.route(wish_of(event.fields), job_id=job_id, copies=event.fields.copies)
        late = self._late(unix_time(event.fields.time), event.fields.station, now)
        return NewJob(job_id, event, source, topic, route, now, redelivered, late, fetch)
