"""TikTok shops for the demo: those of a sandbox, authorized as their sellers would."""

import contextlib
import random
import time

from ...config.settings import Settings
from ...config.sources import LinksSettings, ShopSettings, TikTokSettings
from ..fetching.document import TryLater
from ..store import Store
from ..tiktok.authority import Authority
from ..tiktok.sandbox.server import Sandbox
from ..tiktok.tokens import Tokens
from ..tiktok.vault import new_key, open_vault, write_secret
from .samples import Sample

#: markets with ZPL labels, of which the demo takes them
_ZPL = ("BR", "MX")


async def with_shops(settings: Settings, sandbox: Sandbox) -> Settings:
    """`settings` with the sandbox's shops, whose tokens are in the database of the state directory then."""
    folder = settings.state_directory
    secret, key = folder / "tiktok-app-secret", folder / "tiktok-token-key"
    write_secret(secret, sandbox.app_secret)
    write_secret(key, new_key())
    shops = {
        name: ShopSettings(
            shop_id=shop.shop_id, market=shop.market, document_format="ZPL" if shop.market in _ZPL else "PDF"
        )
        for name, shop in sandbox.shops.items()
    }
    tiktok = TikTokSettings(
        app_key=sandbox.app_key,
        app_secret_file=secret,
        token_key_file=key,
        api=sandbox.base_url,
        authority=sandbox.base_url,
        shops=shops,
    )
    settings = settings.model_copy(update={"tiktok": tiktok, "links": LinksSettings(sandbox=sandbox.base_url)})
    authority = Authority(tiktok, sandbox.app_secret, time.time)
    async with (
        Store(folder / "labeld.sqlite3", topic_prefix=settings.topic_prefix) as store,
        Tokens(settings, store, open_vault(settings), authority, time.time, time.monotonic) as tokens,
    ):
        for name in shops:
            await _authorize(tokens, sandbox, name)
    return settings


async def _authorize(tokens: Tokens, sandbox: Sandbox, shop: str) -> None:
    while True:
        # the sandbox may fail here as well
        with contextlib.suppress(TryLater):
            await tokens.authorize(shop, sandbox.auth_code(shop))
            return


def samples(sandbox: Sandbox) -> tuple[Sample, ...]:
    """The sandbox's packages, to be announced in no order."""
    made = [
        Sample(
            f"{package.market} package …{package.package_id[-4:]}",
            f"pack-0{number % 2 + 1}",
            package.package_id,
            package.carrier,
            package.tracking_number,
            shop=package.shop,
        )
        for number, package in enumerate(sandbox.packages.values())
    ]
    random.Random(0).shuffle(made)  # noqa: S311  # any order will do
    return tuple(made)
