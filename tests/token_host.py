"""A token host on loopback: codes and refresh tokens that rotate, and answers as a test wants them."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

SECRET = "app-secret-0f1e2d3c4b5a"
CODE = "ROW_code-6789"
Odd = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class TokenHost:
    """Answers `/api/v2/token/…` as TikTok does.

    Attributes:
        origin: where it is.
        refreshes, asked: what was asked of it.
        issued: every token and code there was, for a scan of what was written.
        odd: may answer instead.
        life, refresh_life: seconds that tokens live; None: no expiry is told.
        kill_old: a refresh token is good for once.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.refreshes = 0
        self.codes = {CODE}
        self.good = set[str]()
        self.issued = [SECRET, CODE]
        self.odd: Odd | None = None
        self.clock = time.time
        self.life: float = 7 * 86400
        self.refresh_life: float = 365 * 86400
        self.kill_old = True

    async def token(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("app_key") != "key" or query.get("app_secret") != SECRET:
            return self._error(36009004, f"Invalid app_key or secret {query.get('app_secret')}")
        renewing = request.match_info["what"] == "refresh"
        self.refreshes += renewing
        if self.odd is not None and (answer := await self.odd(request)) is not None:
            return answer
        if renewing and query["refresh_token"] not in self.good:
            return self._error(36004001, "Refresh token is expired")
        if not renewing and query["auth_code"] not in self.codes:
            return self._error(36004004, f"auth code {query['auth_code']} is invalid")
        return self.issue(query.get("refresh_token"))

    def issue(self, old: str | None) -> web.Response:
        number = len(self.issued)
        access, refresh = f"TTP_access-{number}", f"TTP_refresh-{number}"
        self.issued += [access, refresh]
        if self.kill_old:
            self.good.discard(old or "")
        self.good.add(refresh)
        now = self.clock()
        data = {
            "access_token": access,
            "access_token_expire_in": int(now + self.life),
            "refresh_token": refresh,
            "refresh_token_expire_in": int(now + self.refresh_life),
            "open_id": "open",
            "seller_name": "Ace Candles",
            "seller_base_region": "US",
            "user_type": 0,
            "granted_scopes": ["seller.fulfillment.basic"],
        }
        return web.json_response({"code": 0, "message": "success", "data": data, "request_id": "1"})

    @staticmethod
    def _error(code: int, message: str) -> web.Response:
        return web.json_response({"code": code, "message": message, "data": {}})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["TokenHost"]:
        site = web.Application()
        site.router.add_get("/api/v2/token/{what:get|refresh}", self.token)
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()
