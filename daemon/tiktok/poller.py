"""Asks TikTok for packages whose labels can be had: for sites that no webhook reaches, and for what webhooks lose."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ...config.settings import Settings
from ..errors import EventRejected, StoreUnavailable
from ..fetching.document import FetchFailed, NeedsPerson, TryLater
from ..intake import Intake
from ..retry import backoff
from ..store import Store
from ..store.notifications import Polled
from .api import Api
from .order import event_id, label_event, over
from .packages import Package

log = logging.getLogger(__name__)

_SOURCE, _TOPIC = "tiktok-poll", "tiktok/packages"
#: what TikTok's servers tell late is found all the same
_OVERLAP_SECONDS = 300.0
_LONGEST_PAUSE = 600.0
#: a shop that cannot be polled for so long is told of
_WARNING_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class PollHealth:
    """How the polling of a shop goes. Times are Unix seconds.

    Attributes:
        at: when it last came through.
        found: label events since the start.
        error: why it did not come through the last time.
        failing_since: when it failed first since it came through, in steady seconds.
    """

    at: float | None = None
    found: int = 0
    error: str | None = None
    failing_since: float | None = None


class Poller:
    """Makes label events of packages that are PROCESSING, once each.

    Args:
        settings: which shops, how often, and how far back at first.
        api: is asked.
        store: keeps how far each shop was asked.
        intake: takes the events.
        clock: Unix seconds.
        steady: seconds that no step of the clock changes.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        settings: Settings,
        api: Api,
        store: Store,
        intake: Intake,
        clock: Callable[[], float],
        steady: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._settings = settings.tiktok.poll
        self._shops = {name: shop for name, shop in settings.tiktok.shops.items() if shop.poll}
        self._api = api
        self._store = store
        self._intake = intake
        self._clock = clock
        self._steady = steady
        self._chance = chance
        self._since = steady()
        self._wakes = {name: asyncio.Event() for name in self._shops}
        #: by shop, of those that are polled
        self.health = {name: PollHealth() for name in self._shops}

    def shops_ready(self, shops: Collection[str]) -> None:
        """These shops can be asked now; those that could not are."""
        for shop in self._wakes.keys() & shops:
            if self.health[shop].error is not None:
                self._wakes[shop].set()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What everybody who looks must know; a shop that is not authorized says so itself."""
        late = self._steady() - _WARNING_SECONDS
        return tuple(
            f"shop {shop} could not be polled for more than {_WARNING_SECONDS / 60:.0f} minutes, "
            f"so its labels do not come by themselves: {one.error}"
            for shop, one in self.health.items()
            if one.failing_since is not None and one.failing_since < late and self._api.tokens.trouble(shop) is None
        )

    async def run(self) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for shop in self._shops:
                tasks.create_task(self._tend(shop), name=f"poll-{shop}")

    async def _tend(self, shop: str) -> None:
        failures = 0
        while True:
            self._wakes[shop].clear()
            pause = self._settings.interval_seconds
            try:
                await self._look(shop)
                failures = 0
                self.health[shop] = replace(self.health[shop], at=self._clock(), error=None, failing_since=None)
            except StoreUnavailable:
                await self._store.health.recovery()
                continue
            except FetchFailed as error:
                failures += 1
                pause = self._failed(shop, error, failures)
            except Exception as error:
                log.exception("TikTok shop %s: polling failed", shop)
                self._failing(shop, f"labeld failed: {type(error).__name__}: {error}")
                pause = _LONGEST_PAUSE
            try:
                async with asyncio.timeout(pause):
                    await self._wakes[shop].wait()
            except TimeoutError:
                pass

    def _failed(self, shop: str, error: FetchFailed, failures: int) -> float:
        """Note why a shop could not be polled; gives the pause before the next time."""
        words = str(error)
        if words != self.health[shop].error:
            log.warning("TikTok shop %s: it could not be polled: %s", shop, words)
        self._failing(shop, words)
        wish = (error.after or 0.0) if isinstance(error, TryLater) else _LONGEST_PAUSE
        first = min(self._settings.interval_seconds, 10.0)
        return max(backoff(failures, self._chance(), first=first, longest=_LONGEST_PAUSE), wish)

    def _failing(self, shop: str, words: str) -> None:
        since = self.health[shop].failing_since
        since = self._steady() if since is None else since
        self.health[shop] = replace(self.health[shop], error=words, failing_since=since)

    async def _look(self, shop: str) -> None:
        """Ask for what changed since the last time, and commit how far that came.

        Raises:
            TryLater, NeedsPerson, NoLabel: TikTok does not tell; what came before is taken.
            StoreUnavailable: nothing more could be committed.
        """
        if (trouble := self._api.tokens.trouble(shop)) is not None:
            raise NeedsPerson(trouble)
        polled = await self._store.polled(shop)
        if polled is None:
            # when labeld began, not now: it may have taken hours until TikTok could be asked
            began = self._clock() - (self._steady() - self._since) - self._settings.look_back_hours * 3600
            polled = Polled(began, began)
        reached, before, sorted_so_far = polled.reached, 0, True
        try:
            async for package in self._api.packages.search(shop, max(polled.began, polled.reached - _OVERLAP_SECONDS)):
                sorted_so_far = sorted_so_far and package.updated_at >= before
                before = package.updated_at
                await self._take(shop, package)
                reached = max(reached, float(package.updated_at))
        except FetchFailed:
            # what comes later in a list that is sorted is not older
            if sorted_so_far and reached > polled.reached:
                await self._store.keep_polled(shop, replace(polled, reached=reached))
            raise
        await self._store.keep_polled(shop, replace(polled, reached=reached))

    async def _take(self, shop: str, package: Package) -> None:
        settings = self._shops[shop]
        if over(package) or await self._store.knows_event(event_id(settings, package.id)):
            return
        try:
            event = label_event(shop, settings, package, package.updated_at)
            await self._intake.json(event, source=_SOURCE, topic=_TOPIC)
        except EventRejected as error:
            log.warning("TikTok shop %s: package %s: %s", shop, package.id[:64], error)
            return
        self.health[shop] = replace(self.health[shop], found=self.health[shop].found + 1)
