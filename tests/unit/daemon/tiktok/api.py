"""TikTok Shop's API on loopback for tests: strict about signatures, scripted in what it answers."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from labeld.config.sources import ShopSettings, TikTokSettings
from labeld.daemon.fetching.document import NeedsPerson, TryLater
from labeld.daemon.tiktok.client import Client

KEY = "29a39d"
SECRET = "e59af819cc"
CIPHER = "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK"
PACKAGE = "1152921504606846976"
DOCUMENTS = f"/fulfillment/202309/packages/{PACKAGE}/shipping_documents"
LINK = "https://open-fs-va.tiktokshop.com/wsos_v2/oec_fulfillment_doc_tts/object/wsos1?expire=1&sign=deadbeef"


@dataclass(slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str


Reply = web.Response | dict[str, Any]


@dataclass(slots=True)
class Api:
    """What has been asked, and what is answered next: `script` first, then `standing` by path, then an error."""

    origin: str = ""
    token: str = "TTP_first"
    asked: list[Asked] = field(default_factory=list)
    script: deque[Callable[[], Reply | Awaitable[Reply]] | Reply] = field(default_factory=deque)
    standing: dict[str, Reply] = field(default_factory=dict)
    clock: Callable[[], float] = time.time

    async def answer(self, request: web.Request) -> web.Response:
        """One request: its signature, its time and its token, then what is scripted."""
        body = await request.read()
        raw = request.rel_url.raw_query_string
        query = dict(parse_qsl(raw, keep_blank_values=True, strict_parsing=True))
        token = request.headers.get("x-tts-access-token", "")
        self.asked.append(Asked(request.method, request.path, query, json.loads(body) if body else None, token))
        if query.get("app_key") != KEY:
            return _reply(failure(36009004, "Invalid credentials. Invalid `app_key` query parameter."), 400)
        if query.pop("sign", None) != _expected(request.path, query, body):
            return _reply(failure(106001, "Invalid credentials. The `sign` query parameter is invalid."), 401)
        if not -300 <= int(query["timestamp"]) - self.clock() <= 30:
            return _reply(failure(36009004, "Invalid timestamp. The value of the `timestamp` query parameter …"), 400)
        if token != self.token:
            return _reply(failure(105002, "Expired credentials. The `x-tts-access-token` header has expired."), 401)
        if request.path.startswith("/authorization/") == ("shop_cipher" in query):
            return _reply(failure(36009004, "Unexpected identifier. The `shop_cipher` query parameter is …"), 400)
        reply: Callable[[], Reply | Awaitable[Reply]] | Reply
        if self.script:
            reply = self.script.popleft()
        elif request.path in self.standing:
            reply = self.standing[request.path]
        else:
            return _reply(failure(36009009, "Invalid path."), 404)
        if callable(reply) and not isinstance(reply, web.Response):
            made = reply()
            reply = await made if isinstance(made, Awaitable) else made
        return reply if isinstance(reply, web.Response) else _reply(reply, 200)


def _expected(path: str, query: dict[str, str], body: bytes) -> str:
    text = SECRET + path + "".join(k + query[k] for k in sorted(query)) + body.decode() + SECRET
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def _reply(document: dict[str, Any], status: int) -> web.Response:
    return web.json_response(document, status=status)


def success(**data: Any) -> dict[str, Any]:
    """An answer with `data`, and fields nobody knows."""
    return {"code": 0, "message": "Success", "request_id": "20220307A", "data": {"novelty": [1], **data}, "new": {}}


def failure(code: int, message: str = "") -> dict[str, Any]:
    """An error."""
    return {"code": code, "message": message, "request_id": "20220307B"}


@contextlib.asynccontextmanager
async def serving(api: Api) -> AsyncIterator[Api]:
    """The API on a free port."""
    site = web.Application()
    site.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        api.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield api
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class Tokens:
    """Tokens of one shop after another; `fresh` follows a stale one."""

    current: str = "TTP_first"
    fresh: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    fails: NeedsPerson | TryLater | None = None

    async def access(self, shop: str) -> str:
        """The token that is held."""
        return self.current

    async def refresh(self, shop: str, stale: str) -> str:
        """The next of `fresh`."""
        if self.fails:
            raise self.fails
        self.refreshed.append(stale)
        if self.fresh:
            self.current = self.fresh.pop(0)
        return self.current


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    now: float = 1_795_000_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def shop(**changes: Any) -> ShopSettings:
    """A shop in the US."""
    return ShopSettings(**{"shop_id": "7000714532876273420", "market": "US", "shop_cipher": CIPHER, **changes})


def settings(api: Api, *, timeout_seconds: float = 15.0, **shops: ShopSettings) -> TikTokSettings:
    """Settings that point at the loopback."""
    return TikTokSettings(app_key=KEY, api=api.origin, shops=shops or {"us": shop()}, timeout_seconds=timeout_seconds)


def client(api: Api, tokens: Tokens | None = None, monotonic: Clock | None = None, **more: Any) -> Client:
    """A client of the loopback API, for which time passes only while it sleeps."""
    its = more.pop("settings", None) or settings(api)
    clock = monotonic or Clock(5.0)

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)
        clock.now += seconds

    return Client(its, SECRET, tokens or Tokens(), monotonic=clock, chance=lambda: 0.5, sleep=sleep, **more)
