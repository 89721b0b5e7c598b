"""Posts news of needs to one address; what it says is numbers only."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import aiohttp

from ...config.load import read_secret
from ...config.services import NotifySettings
from ..messages import attention_post
from ..retry import backoff
from .steadiness import Steadiness

log = logging.getLogger(__name__)

#: the systemd credential that holds what the header says
CREDENTIAL = "notify-secret"
_TIMEOUT_SECONDS = 10.0
_LONGEST_PAUSE = 300.0


class Webhook:
    """Tells one receiver until it has taken it.

    Args:
        settings: where it is, and how long a need has to last.
        site: whose needs these are.
        wall: Unix seconds.
        monotonic: seconds; only differences count.

    Raises:
        ConfigError: the secret cannot be read.
    """

    def __init__(
        self,
        settings: NotifySettings,
        site: str,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._site = site
        self._secret = read_secret(settings.secret_file, CREDENTIAL)
        self._wall = wall
        self._monotonic = monotonic
        self._steadiness = Steadiness(settings.after_seconds)
        self._counts: Mapping[str, int] = {}
        #: after a start the receiver hears how it is, for it may know otherwise
        self._greeted = False
        self._wake = asyncio.Event()

    def see(self, counts: Mapping[str, int]) -> None:
        """How many of each kind need a person now."""
        self._counts = counts
        self._steadiness.see(counts, self._monotonic())
        self._wake.set()

    async def run(self) -> None:
        """Tell until cancelled; what changes back while it could not be told is not told."""
        failures = 0
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        # a proxy of the environment would read the secret
        async with aiohttp.ClientSession(
            timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as session:
            began = self._monotonic()
            while True:
                self._wake.clear()
                now = self._monotonic()
                news = self._steadiness.news(now)
                greet = self._due(began) is not None and now - began >= self._settings.after_seconds
                if news.started or news.stopped or greet:
                    body = attention_post(
                        site=self._site,
                        started=news.started,
                        stopped=news.stopped,
                        counts=self._counts,
                        at=self._wall(),
                    )
                    because = await self._post(session, body)
                    if because is None:
                        self._steadiness.told(news)
                        self._greeted, failures = True, 0
                        continue
                    failures += 1
                    if failures == 1:
                        log.warning("%s: %s; it is tried again", urlsplit(self._settings.url or "").hostname, because)
                    await asyncio.sleep(backoff(failures, random.random(), first=1.0, longest=_LONGEST_PAUSE))  # noqa: S311 - spreads load only
                    continue
                await self._wait(self._due(began))

    def _due(self, began: float) -> float | None:
        """When the receiver hears first how it is; None where it has, or that is not known yet."""
        return began + self._settings.after_seconds if self._counts and not self._greeted else None

    async def _wait(self, until: float | None) -> None:
        now = self._monotonic()
        times = [one for one in (until, self._steadiness.next_at(now)) if one is not None]
        try:
            async with asyncio.timeout(max(min(times) - now, 0.01) if times else None):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> str | None:
        """Post once; gives why it was not taken, without the address, which may hold a secret."""
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers[self._settings.secret_header] = self._secret
        try:
            async with session.post(
                self._settings.url or "", data=body, headers=headers, allow_redirects=False
            ) as reply:
                return None if 200 <= reply.status < 300 else f"the webhook answers {reply.status}"
        except TimeoutError:
            return f"the webhook did not answer within {_TIMEOUT_SECONDS:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"the webhook cannot be reached: {type(error).__name__}"
