"""Webhooks as TikTok posts them: an envelope, signed in `Authorization`.

Source: Partner Center, pages tts-webhooks-overview and 1-order-status-change.
"""

import asyncio
import json
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .gate import webhook_signature
from .world import Package, World

ORDER_STATUS_CHANGE = 1
#: TikTok waits no longer for a 200
_ANSWER_SECONDS = 3.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def on_this_host(url: str) -> str:
    """The URL as it is.

    Raises:
        ValueError: it is not one of this host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname not in _LOOPBACK:
        raise ValueError("webhooks go to this host only: http://127.0.0.1:PORT/...")
    return url


class Webhooks:
    """Posts what happens.

    Args:
        world: the shops.
        app_key: the app's.
        app_secret: the app's.
        url: where all changes go to; None: only what is asked for is posted.

    Raises:
        ValueError: `url` is not on this host.
    """

    def __init__(self, world: World, app_key: str, app_secret: str, url: str | None) -> None:
        self.url = None if url is None else on_this_host(url)
        #: how often it was answered with what: an HTTP status, or "no answer"
        self.answers: Counter[str] = Counter()
        self._world = world
        self._key, self._secret = app_key, app_secret
        self._on_their_way: set[asyncio.Task[int | None]] = set()

    def sealed(self, shop_id: str, kind: int, data: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a webhook."""
        envelope = {
            "type": kind,
            "tts_notification_id": self._world.number(7380),
            "shop_id": shop_id,
            "timestamp": self._world.now(),
            "data": data,
        }
        body = json.dumps(envelope, separators=(",", ":")).encode()
        sign = webhook_signature(self._secret, self._key, body)
        return body, {"Authorization": sign, "Content-Type": "application/json"}

    def order_status(self, package: Package) -> tuple[int, dict[str, Any]]:
        """Type and data of ORDER_STATUS_CHANGE, where CANCELLED is CANCEL."""
        status = "CANCEL" if package.order_status == "CANCELLED" else package.order_status
        return ORDER_STATUS_CHANGE, {
            "order_id": package.order_id,
            "order_status": status,
            "is_on_hold_order": package.on_hold,
            "update_time": package.updated,
        }

    def changed(self, package: Package) -> None:
        """Post that a package is new or changed, where all changes go to."""
        if self.url is not None:
            kind, data = self.order_status(package)
            task = asyncio.create_task(self.post(self.url, package.shop, kind, data))
            self._on_their_way.add(task)
            task.add_done_callback(self._on_their_way.discard)

    async def post(self, url: str, shop: str, kind: int, data: dict[str, Any], times: int = 1) -> int | None:
        """Post a webhook, with the same notification id `times` times; the last HTTP status, None without an answer.

        Raises:
            ValueError: the URL is not on this host.
            KeyError: no such shop.
        """
        body, headers = self.sealed(self._world.shops[shop].shop_id, kind, data)
        status = None
        timeout = aiohttp.ClientTimeout(_ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for _ in range(times):
                try:
                    answer = await session.post(on_this_host(url), data=body, headers=headers, allow_redirects=False)
                    status = answer.status
                    answer.release()
                except (aiohttp.ClientError, TimeoutError):
                    status = None
                self.answers[str(status or "no answer")] += 1
        return status

    async def close(self) -> None:
        """End what is on its way."""
        for task in self._on_their_way:
            task.cancel()
        await asyncio.gather(*self._on_their_way, return_exceptions=True)
