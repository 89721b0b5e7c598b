"""Calls of TikTok Shop's API: signed, with a token, at the pace that TikTok allows each shop."""

import asyncio
import errno
import json
import logging
import os
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Protocol, Self, assert_never
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from yarl import URL

from ...config.sources import TikTokSettings
from ..fetching.document import NeedsPerson, NoLabel, TryLater
from ..observer import Observer
from .answers import Action, Answer, Verdict, judge, read
from .pace import Pace
from .signing import sign

log = logging.getLogger(__name__)

#: fifty packages or orders with all their fields are a tenth of it
_MOST_BYTES = 4 * 1024 * 1024
_CHUNK = 64 * 1024
#: of one shop at a time: one whose calls hang takes no connection from others
_CALLS = 4
_SKEW_SECONDS = 10
#: a call waits so long itself until its shop may be asked
_PATIENCE_SECONDS = 5.0


class Tokens(Protocol):
    """Access tokens of shops; both raise NeedsPerson (the shop has to be authorized) or TryLater."""

    async def access(self, shop: str) -> str:
        """A token that is good for some minutes more."""
        ...

    async def refresh(self, shop: str, stale: str) -> str:
        """A token other than `stale`, which TikTok did not take."""
        ...


class Client:
    """The API for all shops; a context that holds its connections.

    Args:
        settings: where it is, and the app's key.
        secret: the app's.
        tokens: of the shops.
        clock: Unix seconds.
        monotonic: seconds; only differences count.
        chance: uniform in [0, 1).
        sleep: waits so many seconds.
        observer: told of each call.
    """

    def __init__(
        self,
        settings: TikTokSettings,
        secret: str,
        tokens: Tokens,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        observer: Observer | None = None,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._tokens = tokens
        self._clock = clock
        self._monotonic = monotonic
        self._chance = chance
        self._sleep = sleep
        self._observer = observer or Observer()
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_CALLS))
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout_seconds),
            # a proxy of the environment would read labels and tokens
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        shop: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """The `data` of an answer that is a success.

        Args:
            shop: name of the shop, whose token and pace it is.
            method: `GET` or `POST`.
            path: of the call, like `/fulfillment/202309/packages/search`, of characters that need no escape.
            query: its own parameters, `shop_cipher` among them where the call takes it.
            body: JSON.

        Raises:
            TryLater: no network, a shop at its limit, a fault of TikTok's, or a label that is not there yet.
            NeedsPerson: a person must act first; the message says how.
            NoLabel: TikTok refuses for good.
        """
        data = b"" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        token = await self._tokens.access(shop)
        verdict, answer = await self._ask(shop, token, method, path, query or {}, data)
        if verdict.action is Action.REFRESH:
            token = await self._tokens.refresh(shop, token)
            verdict, answer = await self._ask(shop, token, method, path, query or {}, data)
        return _outcome(shop, verdict, answer)

    async def _ask(
        self, shop: str, token: str, method: str, path: str, query: Mapping[str, str], body: bytes
    ) -> tuple[Verdict, Answer]:
        """Ask at the shop's pace: short pauses are waited for here, as they are no failure of the call."""
        until = self._monotonic() + _PATIENCE_SECONDS
        while True:
            async with self._gates[shop]:
                began = self._monotonic()
                because, wait = "it was asked too often and is left alone", self._paces[shop].wait(began)
                if not wait:
                    self._paces[shop] = self._paces[shop].admitted(began)
                    try:
                        answer, headers = await self._send(shop, token, method, path, query, body)
                    except TryLater:
                        self._observer.called(shop, path, "unreached", self._monotonic() - began)
                        raise
                    verdict = judge(answer, shop)
                    self._observer.called(shop, path, verdict.action.name.lower(), self._monotonic() - began)
                    if verdict.action is not Action.SLOW:
                        if answer.code is not None and began > self._paces[shop].since:
                            self._paces[shop] = Pace()
                        return self._with_hint(verdict, answer, headers), answer
                    because, wait = verdict.because, self._slowed(shop, began, verdict, headers)
            if self._monotonic() + wait > until:
                raise TryLater(f"TikTok shop {shop}: {because}", after=wait)
            await self._sleep(wait)

    def _slowed(self, shop: str, began: float, verdict: Verdict, headers: Mapping[str, str]) -> float:
        """Seconds until the shop may be asked again."""
        now = self._monotonic()
        wish = _seconds(headers.get("Retry-After"), self._clock())
        self._paces[shop] = self._paces[shop].refused(began, now, self._chance(), wish)
        wait = self._paces[shop].wait(now)
        log.warning("TikTok shop %s: %s; next call in %.1f s", shop, verdict.because, wait)
        return wait

    async def _send(
        self, shop: str, token: str, method: str, path: str, query: Mapping[str, str], body: bytes
    ) -> tuple[Answer, Mapping[str, str]]:
        if self._session is None:
            raise RuntimeError("the client is used outside its context")
        values = {**query, "app_key": self._settings.app_key or "", "timestamp": str(int(self._clock()))}
        values["sign"] = sign(self._secret, path, values, body)
        # encoded here, for what is signed has to be what is sent
        url = URL(f"{self._settings.api}{path}?{urlencode(values, quote_via=quote)}", encoded=True)
        headers = {"x-tts-access-token": token, "Content-Type": "application/json", "Accept": "application/json"}
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response:
                return read(response.status, await _bounded(response)), response.headers.copy()
        except (aiohttp.ClientError, OSError) as error:
            raise TryLater(f"TikTok shop {shop}: {self._unreached(error)}") from None

    def _unreached(self, error: BaseException) -> str:
        """Why there was no answer; errors of aiohttp may hold the URL, which is signed, so none is shown."""
        host = urlsplit(self._settings.api).hostname
        match error:
            case TimeoutError():
                return f"{host} did not answer within {self._settings.timeout_seconds:g} s"
            case aiohttp.ClientConnectorDNSError():
                return f"{host} has no address here: check DNS"
            case aiohttp.ClientSSLError():
                return f"no TLS with {host}: check its certificate, this host's clock, and what lies between"
            case aiohttp.ClientConnectorError():
                return f"{host} cannot be reached: {os.strerror(error.os_error.errno or errno.ENOTCONN)}"
            case _:
                return f"the connection to {host} broke off"

    def _with_hint(self, verdict: Verdict, answer: Answer, headers: Mapping[str, str]) -> Verdict:
        """A refused timestamp is said with how wrong this host's clock is, as TikTok's `Date` tells."""
        if answer.code != 36009004 or "timestamp" not in answer.message.casefold():
            return verdict
        date = _moment(headers.get("Date"))
        skew = 0.0 if date is None else self._clock() - date
        if abs(skew) < _SKEW_SECONDS:
            return verdict
        side = "ahead of" if skew > 0 else "behind"
        hint = f"this host's clock is {abs(skew):.0f} s {side} TikTok's; {verdict.because}"
        return Verdict(verdict.action, hint, verdict.code)


def _outcome(shop: str, verdict: Verdict, answer: Answer) -> Mapping[str, Any]:
    because = f"TikTok shop {shop}: {verdict.because}"
    match verdict.action:
        case Action.DONE:
            return answer.data
        case Action.RETRY | Action.WAIT | Action.SLOW:
            raise TryLater(because)
        # refreshed already, or a token that TikTok does not take even so
        case Action.PERSON | Action.REFRESH:
            raise NeedsPerson(because)
        case Action.REFUSE:
            raise NoLabel(because)
        case _:
            assert_never(verdict.action)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The body; of one that is too long only its beginning, which is no JSON."""
    parts, size = [], 0
    async for part in response.content.iter_chunked(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            response.close()
            break
    return b"".join(parts)


def _seconds(retry_after: str | None, now: float) -> float | None:
    """`Retry-After` (RFC 9110 section 10.2.3): seconds, or a date."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = _moment(text)
    return None if moment is None else max(0.0, moment - now)


def _moment(date: str | None) -> float | None:
    """An HTTP date as Unix seconds."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, OverflowError):
        return None
