"""The sandbox's server: open API, token host and document host at one address of this host."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from . import api, authority, control, documents
from .answers import BAD_METHOD, BAD_PATH, Answers, Refused
from .faults import Fault, Faults
from .keys import SANDBOX
from .misdeeds import Instead
from .webhooks import Webhooks
from .world import ACCESS_SECONDS, Grant, Package, Shop, World

_LINK_SECONDS = 86400
_SHUTDOWN_SECONDS = 1.0


class Sandbox:
    """TikTok Shop's API on this host: `async with Sandbox(shops={"us": "US"}) as sandbox: sandbox.base_url`.

    Args:
        shops: names of the shops, each with its market.
        packages: so many with a label, spread over the shops.
        port: 0 takes a free one.
        seed: numbers, tokens and failing calls are the same for the same seed.
        fail: share of the calls that fail by themselves, 0 to 1, in ways that pass when they are made again.
        faults: what is wrong from the start.
        token_seconds: life of an access token.
        link_seconds: life of a document's link.
        one_refresh: whether a refresh token dies when it was used.
        webhook: where changes of orders are posted to, on this host.
        clock: Unix seconds.
    """

    def __init__(
        self,
        *,
        shops: Mapping[str, str] | None = None,
        packages: int = 0,
        port: int = 0,
        seed: int = 0,
        fail: float = 0.0,
        faults: Iterable[Fault] = (),
        token_seconds: float = ACCESS_SECONDS,
        link_seconds: float = _LINK_SECONDS,
        one_refresh: bool = False,
        webhook: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        chance = random.Random(seed)  # noqa: S311  # the same again is what is wanted
        self.world = World(chance, clock, token_seconds, one_refresh)
        for name, market in (shops or {"us": "US"}).items():
            self.world.open_shop(name, market)
        names = list(self.world.shops)
        for number in range(packages):
            self.world.add(names[number % len(names)])
        self.app_key = self.world.hexadecimal(12)
        self.app_secret = self.world.hexadecimal(40)
        # of their own, so that what fails does not change who has which number
        self.faults = Faults(random.Random(f"faults {seed}"), fail, faults)  # noqa: S311
        self.answers = Answers(random.Random(f"answers {seed}"))  # noqa: S311
        self.library = documents.Library(self.world, link_seconds)
        #: calls by endpoint, and answers by code
        self.calls: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.base_url = ""
        self.webhooks = Webhooks(self.world, self.app_key, self.app_secret, webhook)
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def shops(self) -> Mapping[str, Shop]:
        """The shops by name."""
        return self.world.shops

    @property
    def packages(self) -> Mapping[str, Package]:
        """The packages by number."""
        return self.world.packages

    def add(self, shop: str, **fields: Any) -> Package:
        """A new package; see `World.add`. Nothing is posted of it."""
        return self.world.add(shop, **fields)

    def auth_code(self, shop: str) -> str:
        """A code as the seller's consent brings it, good once."""
        return self.world.auth_code(shop)

    def grant(self, shop: str) -> Grant:
        """Tokens of a shop, as if its seller had just consented."""
        return self.world.grant(shop)

    def fault(self, text: str, shop: str | None = None) -> None:
        """From now on this is wrong too, as `labeld tiktok-sandbox --fault` takes it.

        Raises:
            ValueError: there is no such fault.
        """
        self.faults.add(Fault.parse(text, shop))

    def log(self) -> dict[str, Any]:
        """What was asked and what went wrong, in counts; without tokens, secrets and links."""
        return {
            "calls": dict(sorted(self.calls.items())),
            "codes": {str(code): count for code, count in sorted(self.codes.items())},
            "faults": {str(kind): count for kind, count in sorted(self.faults.met.items())},
            "webhooks": dict(self.webhooks.answers),
            "waiting": [str(fault) for fault in self.faults.waiting],
        }

    def configuration(self) -> str:
        """The tables of labeld's configuration that lead here; the app's secret is not among them."""
        lines = [
            "[links]",
            f'sandbox = "{self.base_url}"',
            "",
            "[tiktok]",
            f'app_key = "{self.app_key}"',
            'app_secret_file = "tiktok-app-secret"  # holds the secret below; chmod 600',
            'token_key_file = "tiktok-token-key"  # labeld tiktok key tiktok-token-key',
            f'api = "{self.base_url}"',
            f'authority = "{self.base_url}"',
        ]
        for shop in self.shops.values():
            lines += ["", f"[tiktok.shops.{shop.name}]", f'shop_id = "{shop.shop_id}"', f'market = "{shop.market}"']
        return "\n".join(lines)

    async def start(self) -> None:
        """Listen on 127.0.0.1.

        Raises:
            OSError: the port is taken.
        """
        site = web.Application(client_max_size=1 << 20, middlewares=[_counted])
        site[SANDBOX] = self
        site.add_routes(
            [
                web.get("/authorization/202309/shops", api.shops, name="shops"),
                web.get(
                    "/fulfillment/202309/packages/{id}/shipping_documents", api.document, name="shipping_documents"
                ),
                web.get("/fulfillment/202309/packages/{id}", api.package, name="package"),
                web.post("/fulfillment/202309/packages/search", api.search, name="packages_search"),
                web.get("/order/{version:202309|202507}/orders", api.orders, name="orders"),
                web.get("/api/v2/token/get", authority.get, name="token_get"),
                web.get("/api/v2/token/refresh", authority.refresh, name="token_refresh"),
                web.get(documents.ROOT + "{name}", documents.fetch, name="document", allow_head=False),
                *control.ROUTES,
            ]
        )
        # no access log: token URLs hold the secret
        self._runner = web.AppRunner(site, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self.stop()
            raise
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close the server; calls on their way are given a second."""
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


@web.middleware
async def _counted(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """Counts calls, and answers refusals, unknown paths and wrong methods as TikTok does."""
    sandbox = request.app[SANDBOX]
    name = request.match_info.route.name
    if request.path.startswith(control.ROOT):
        return await control.answered(request, handler)
    sandbox.calls[name or "unknown path"] += 1
    try:
        answer: web.StreamResponse = await handler(request)
    except Instead as instead:
        return instead.answer
    except Refused as because:
        sandbox.codes[because.code] += 1
        return sandbox.answers.refusal(because)
    except web.HTTPMethodNotAllowed:
        sandbox.codes[BAD_METHOD] += 1
        return sandbox.answers.refusal(Refused(BAD_METHOD))
    except web.HTTPNotFound:
        sandbox.codes[BAD_PATH] += 1
        return sandbox.answers.refusal(Refused(BAD_PATH))
    return answer
