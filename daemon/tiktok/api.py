"""TikTok Shop's API as the daemon uses it: tokens, client, and what is asked, put together."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from ...config.settings import Settings
from ..observer import Observer
from ..store import Store
from .authority import Authority, app_secret
from .client import Client
from .documents import ShippingDocuments
from .orders import Orders
from .packages import Packages
from .shops import Shops
from .tokens import Tokens
from .vault import Vault


@dataclass(frozen=True, slots=True)
class Api:
    """What can be asked of TikTok."""

    tokens: Tokens
    documents: ShippingDocuments
    packages: Packages
    orders: Orders


async def open_api(
    settings: Settings,
    store: Store,
    vault: Vault,
    steady: Callable[[], float],
    changed: Callable[[], None],
    stack: contextlib.AsyncExitStack,
    observer: Observer | None = None,
) -> Api | None:
    """The API; None where no app is configured.

    Args:
        settings: which app and shops.
        store: keeps tokens.
        vault: seals them.
        steady: seconds that no step of the clock changes.
        changed: told when a shop's authorization changed.
        stack: closes what is opened.
        observer: told of each call.

    Raises:
        ConfigError: the app's secret is not there.
        StoreUnavailable: the tokens cannot be read.
    """
    tiktok = settings.tiktok
    if tiktok.app_key is None:
        return None
    secret = app_secret(tiktok)
    authority = Authority(tiktok, secret, time.time)
    tokens = await stack.enter_async_context(Tokens(settings, store, vault, authority, time.time, steady, changed))
    client = await stack.enter_async_context(Client(tiktok, secret, tokens, observer=observer))
    shops = Shops(client, tiktok)
    packages = Packages(client, shops, tiktok)
    return Api(tokens, ShippingDocuments(client, shops, tiktok), packages, Orders(client, shops, packages, tiktok))
