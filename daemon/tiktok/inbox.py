"""TikTok's webhooks: checked, committed and answered; done after that, each shop on its own, through restarts."""

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from ...config.settings import Settings
from ..errors import DaemonError, StoreUnavailable
from ..fetching.document import NeedsPerson, NoLabel, TryLater
from ..messages import alert_payload
from ..retry import backoff
from ..store import Store
from .notifications import Notification, read
from .signing import webhook_signature

log = logging.getLogger(__name__)

#: notifications of a shop that are worked on at once
_TOGETHER = 4
#: seconds before the second try, and at most before any
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 600.0
#: then it is given up, after some eight hours, and told of
_MOST_TRIES = 60
#: requests a second that are looked at, and after a rest; bodies that are on their way at once
_RATE, _BURST = 200.0, 1000.0
_BODIES = 256


class BadSignature(DaemonError):
    """A webhook that is not TikTok's, or not for this app."""


class Do(Protocol):
    """How a notification is done (`Handling.do`)."""

    async def __call__(self, shop: str, said: Notification, tries: int) -> str:
        """What came of it; raises `FetchFailed` or `StoreUnavailable`."""
        ...


class Inbox:
    """Takes notifications, and has them done.

    Args:
        settings: the app, its shops, and the topic above `alerts`.
        secret: the app's.
        store: keeps them.
        do: does them.
        clock: Unix seconds.
        steady: seconds that no step of the clock changes.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        settings: Settings,
        secret: str,
        store: Store,
        do: Do,
        clock: Callable[[], float],
        steady: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._key, self._secret = settings.tiktok.app_key or "", secret
        self._alerts = f"{settings.topic_prefix}/alerts"
        self._shop_of = {one.shop_id: name for name, one in settings.tiktok.shops.items()}
        self._store = store
        self._do = do
        self._clock = clock
        self._steady = steady
        self._chance = chance
        self._allowed, self._seen = _BURST, steady()
        #: for bodies that are on their way
        self.room = asyncio.Semaphore(_BODIES)
        #: since the start, by what became of them: `taken`, `duplicate`, `ignored`, `unknown shop`, `refused`
        self.counts: Counter[str] = Counter()
        #: by shop: when each notification is tried next, in steady seconds
        self._due: dict[str, dict[int, float]] = {name: {} for name in settings.tiktok.shops}
        self._wakes = {name: asyncio.Event() for name in settings.tiktok.shops}

    async def load(self) -> None:
        """Learn what was still to be done when labeld stopped."""
        for number, shop in await self._store.notifications_waiting():
            if shop in self._due:
                self._due[shop][number] = 0.0

    def admits(self) -> bool:
        """Whether one more request is looked at now."""
        now = self._steady()
        self._allowed = min(_BURST, self._allowed + (now - self._seen) * _RATE)
        self._seen = now
        if self._allowed < 1.0:
            return False
        self._allowed -= 1.0
        return True

    async def take(self, signature: bytes, body: bytes) -> None:
        """Take a webhook; when this returns, it is on disk, or nothing is to be done about it.

        Args:
            signature: its `Authorization` header.
            body: as it came.

        Raises:
            BadSignature: it is not TikTok's.
            StoreUnavailable: it could not be committed; TikTok sends it again.
        """
        expected = webhook_signature(self._secret, self._key, body)
        if not hmac.compare_digest(signature, expected.encode()):
            self.counts["refused"] += 1
            raise BadSignature("the signature is not right")
        try:
            said = read(body)
        except ValueError as error:
            # sent again it would be no better
            self.counts["ignored"] += 1
            log.warning("a webhook of TikTok's cannot be understood: %s", error)
            return
        shop = self._shop_of.get(said.shop_id)
        if shop is None:
            self.counts["unknown shop"] += 1
            log.info("a webhook is for shop_id %s, which is none of tiktok.shops", said.shop_id[:32])
            return
        if not said.concerns_labels:
            self.counts["ignored"] += 1
            return
        data = asdict(said)
        number = await self._store.take_notification(said.identity, shop, said.kind, data, self._clock())
        self.counts["duplicate" if number is None else "taken"] += 1
        if number is not None:
            self._due[shop][number] = 0.0
            self._wakes[shop].set()

    def shops_ready(self, shops: Collection[str]) -> None:
        """These shops can be asked now: what waits for them is tried again."""
        for shop in self._due.keys() & shops:
            self._due[shop] = dict.fromkeys(self._due[shop], 0.0)
            self._wakes[shop].set()

    async def run(self) -> None:
        """Do what is to be done until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for shop in self._due:
                tasks.create_task(self._tend(shop), name=f"notifications-{shop}")

    async def _tend(self, shop: str) -> None:
        while True:
            self._wakes[shop].clear()
            now = self._steady()
            ready = [number for number, at in self._due[shop].items() if at <= now][:_TOGETHER]
            if ready:
                await asyncio.gather(*(self._try(shop, number) for number in ready))
                continue
            soonest = min(self._due[shop].values(), default=None)
            try:
                async with asyncio.timeout(None if soonest is None else max(soonest - now, 0.05)):
                    await self._wakes[shop].wait()
            except TimeoutError:
                pass

    async def _try(self, shop: str, number: int) -> None:
        try:
            pause = await self._once(shop, number)
        except StoreUnavailable:
            await self._store.health.recovery()
            return
        if pause is None:
            self._due[shop].pop(number, None)
        else:
            self._due[shop][number] = self._steady() + pause

    async def _once(self, shop: str, number: int) -> float | None:
        """Try once; gives the pause before the next time, None where it is done."""
        one = await self._store.notification(number)
        if one is None:
            return None
        said, now = _from_data(one.data), self._clock()
        tries, wish = one.tries + 1, 0.0
        try:
            words = await self._do(shop, said, one.tries)
        except StoreUnavailable:
            raise
        except NoLabel as error:
            words = str(error)
        except NeedsPerson as error:
            # until then it is no failure of this one
            await self._store.notification_failed(number, str(error), one.tries)
            return _LONGEST_PAUSE
        except TryLater as error:
            words, wish = str(error), error.after or 0.0
            return await self._later(shop, number, words, tries, wish)
        except Exception as error:
            log.exception("TikTok shop %s: notification %s could not be done", shop, one.identity)
            words = f"labeld failed on it: {type(error).__name__}: {error}"
            return await self._later(shop, number, words, tries, wish)
        log.info("TikTok shop %s: notification %s of type %d: %s", shop, one.identity, one.kind, words)
        await self._store.notification_done(number, words, now)
        return None

    async def _later(self, shop: str, number: int, words: str, tries: int, wish: float) -> float | None:
        if tries < _MOST_TRIES:
            await self._store.notification_failed(number, words, tries)
            return max(backoff(tries, self._chance(), first=_FIRST_PAUSE, longest=_LONGEST_PAUSE), wish)
        now = self._clock()
        words = f"a notification was given up after {tries} tries: {words}"
        log.error("TikTok shop %s: %s", shop, words)
        payload = alert_payload(kind="tiktok-notification-lost", message=words, shop=shop, ends_at=None, at=now)
        await self._store.notification_done(number, words, now, (self._alerts, payload, now))
        return None


def _from_data(data: Mapping[str, Any]) -> Notification:
    """A notification as it was kept: JSON has lists for tuples."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Notification(**fields)
