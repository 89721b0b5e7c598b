"""The shops: their settings by name, and the cipher that names a shop in calls.

Source: Partner Center, "Get Authorized Shops" 202309: `shops[]` with `id`, `name`, `region`, `seller_type`, `cipher`
and `code`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from ...config.section import nearest
from ...config.sources import ShopSettings, TikTokSettings
from ..fetching.document import NeedsPerson
from .client import Client

log = logging.getLogger(__name__)

#: a shop that is authorized anew may have another
_KEPT_SECONDS = 3600.0


class Shops:
    """The configured shops.

    Args:
        client: asks for ciphers.
        settings: of the API.
        monotonic: seconds; only differences count.
    """

    def __init__(
        self, client: Client, settings: TikTokSettings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._settings = settings
        self._monotonic = monotonic
        self._learned: dict[str, tuple[float, str]] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}

    def named(self, shop: str) -> ShopSettings:
        """Settings of a shop.

        Raises:
            NeedsPerson: none has this name.
        """
        if shop not in self._settings.shops:
            raise NeedsPerson(f"no shop {shop!r} in tiktok.shops{nearest(shop, self._settings.shops)}")
        return self._settings.shops[shop]

    async def cipher(self, shop: str) -> str:
        """The shop's cipher: as configured, else asked of TikTok, once however many want to know.

        Raises:
            TryLater, NeedsPerson, NoLabel: as `Client.call`; NeedsPerson also where TikTok names another shop.
        """
        configured = self.named(shop).shop_cipher
        if configured is not None:
            return configured
        learned = self._learned.get(shop)
        if learned is not None and self._monotonic() - learned[0] < _KEPT_SECONDS:
            return learned[1]
        task = self._asking.get(shop)
        if task is None:
            task = self._asking[shop] = asyncio.create_task(self._ask(shop))
            task.add_done_callback(lambda ended: self._asked(shop, ended))
        # shielded: who goes away does not take the answer from the others
        return await asyncio.shield(task)

    async def _ask(self, shop: str) -> str:
        path = f"/authorization/{self._settings.versions.shops}/shops"
        data = await self._client.call(shop, "GET", path)
        cipher = cipher_of(data, shop, self.named(shop))
        self._learned[shop] = (self._monotonic(), cipher)
        return cipher

    def _asked(self, shop: str, ended: asyncio.Task[str]) -> None:
        self._asking.pop(shop, None)
        if not ended.cancelled():
            # looked at even when nobody waits any more
            ended.exception()


def cipher_of(data: Mapping[str, Any], shop: str, settings: ShopSettings) -> str:
    """The cipher of a shop in the answer of Get Authorized Shops.

    Raises:
        NeedsPerson: the shop is not among those of its token.
    """
    found = data.get("shops")
    shops = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    for one in shops:
        cipher = one.get("cipher")
        if str(one.get("id")) == settings.shop_id and isinstance(cipher, str) and cipher:
            region = one.get("region")
            if isinstance(region, str) and region != settings.market:
                log.warning("tiktok.shops.%s.market is %s, TikTok says %.20r", shop, settings.market, region)
            return cipher
    others = ", ".join(str(one.get("id"))[:32] for one in shops[:5]) or "none"
    raise NeedsPerson(
        f"TikTok shop {shop}: its authorization is not for shop_id {settings.shop_id} (it is for {others}); "
        f"correct tiktok.shops.{shop}.shop_id, or authorize as that shop's seller"
    )
