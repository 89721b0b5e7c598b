"""Removes what has been kept for long enough, a little at a time, so that no label waits for it."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ..config.services import RetentionSettings
from .errors import StoreUnavailable
from .job import Removed
from .observer import Observer
from .store import Store

log = logging.getLogger(__name__)

_DAY = 86400.0
#: between two turns while there is something to remove, and when there is nothing
_BETWEEN_SECONDS, _REST_SECONDS = 0.25, 600.0
#: one round in so many looks at all ids; the clock is not believed in the very first
_DAILY = 144
#: a clock counts as right when it ran evenly for so long, give or take
_EVEN_SECONDS, _UNEVEN_SECONDS = 600.0, 60.0
#: refused events that are kept at most, whatever their age
_REJECTIONS = 10_000
#: pages that are given back in one turn, and the share of the file that may be free for what comes
_SHRINK_PAGES, _SPARE = 64, 0.2
_SPARE_BYTES = 64 << 20


class SteadyClock:
    """A wall clock that has to run evenly before it is believed.

    A clock that was never set, or that is put forward by mistake, would make everything look old.

    Args:
        wall: Unix seconds.
        monotonic: seconds that no one sets.
        even_for: seconds that it has to have run evenly.
    """

    def __init__(
        self, wall: Callable[[], float], monotonic: Callable[[], float], even_for: float = _EVEN_SECONDS
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._even_for = even_for
        self._begin()

    def now(self) -> float | None:
        """Unix seconds; None while the clock is not believed."""
        wall, passed = self._wall(), self._monotonic() - self._since
        if abs(wall - self._at - passed) > _UNEVEN_SECONDS:
            self._begin()
            return None
        return wall if passed >= self._even_for else None

    def _begin(self) -> None:
        self._at, self._since = self._wall(), self._monotonic()


@dataclass(frozen=True, slots=True)
class _Stage:
    """What is removed of jobs of which `gone` is gone, after `days`."""

    gone: Removed | None
    days: float
    remove: Callable[[Sequence[str]], Awaitable[None]]


class Retention:
    """Goes through the database from its oldest end, one short commit after the other.

    Args:
        store: the database.
        settings: how long what is kept.
        clock: a clock that can be believed.
        told: called when something was removed that a page may show.
        observer: told of each round.
    """

    def __init__(
        self,
        store: Store,
        settings: RetentionSettings,
        clock: SteadyClock,
        told: Callable[[], None],
        observer: Observer | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._told = told
        self._observer = observer or Observer()
        self._stages = (
            _Stage(None, settings.label_days, store.remove_labels),
            _Stage(Removed.LABEL, settings.personal_days, store.remove_personal),
            _Stage(Removed.PERSONAL, settings.audit_days, store.remove_rows),
        )

    async def run(self) -> None:
        """Remove until cancelled."""
        for number in itertools.count():
            try:
                await self.round(_BETWEEN_SECONDS, all_ids=number % _DAILY == 1)
            except StoreUnavailable as error:
                log.warning("nothing is removed by age: %s", error)
            except Exception:
                # printing goes on; what is too old stays, and is tried again
                log.exception("nothing is removed by age: a fault of labeld")
            await asyncio.sleep(_REST_SECONDS)

    async def round(self, pause: float, *, all_ids: bool = False) -> None:
        """Remove all that is old now, with a pause of so many seconds after each commit.

        With `all_ids` also that which came while the clock was ahead (`Store.outlived`).
        """
        for stage in self._stages:
            count, last = 0, ""
            while (now := self._clock.now()) is not None:
                before = now - stage.days * _DAY
                ids = await self._store.outlived(stage.gone, before, after=last, all_ids=all_ids)
                if not ids:
                    break
                await stage.remove(ids)
                count, last = count + len(ids), ids[-1]
                await asyncio.sleep(pause)
            if count:
                log.info("%d jobs: removed what is kept for %g days", count, stage.days)
                self._told()
        await self._bound(pause)
        await self._shrink(pause)
        if self._clock.now() is not None:
            self._observer.cleaned()

    async def _bound(self, pause: float) -> None:
        """Refused events, notices, and messages that nobody takes."""
        store, settings = self._store, self._settings
        refused = unsent = 0
        while (now := self._clock.now()) is not None:
            events = await store.remove_rejections(now - settings.label_days * _DAY, most=_REJECTIONS)
            messages = await store.remove_messages(now - settings.message_days * _DAY)
            notices = await store.remove_notices(now - settings.personal_days * _DAY)
            told = await store.remove_notifications(now - settings.personal_days * _DAY)
            if not any((events, messages, notices, told)):
                break
            refused, unsent = refused + events, unsent + messages
            await asyncio.sleep(pause)
        if refused:
            log.info("%d refused events were removed by age", refused)
            self._told()
        if unsent:
            log.warning("%d status messages waited %g days for the broker: dropped", unsent, settings.message_days)

    async def _shrink(self, pause: float) -> None:
        """Give back what is free beyond what is likely to be used soon."""
        while True:
            size = await self._store.size()
            if not size.shrinks or size.free_bytes <= max(_SPARE_BYTES, _SPARE * size.bytes):
                return
            await self._store.shrink(_SHRINK_PAGES)
            await asyncio.sleep(pause)
