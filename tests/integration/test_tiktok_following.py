"""Webhooks and the poller: each package that TikTok tells of becomes one label, whatever goes wrong on the way."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.daemon.tiktok.sandbox.world import Package
from labeld.daemon.tiktok.vault import new_key, write_secret
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import Broker, Labeld
from .test_parcels import at, until

pytestmark = pytest.mark.peer
HOST = "labels.example.com"
WEBHOOKS = f'[tiktok.webhooks]\nenabled = true\nhost = "{HOST}"\n'
POLL = "[tiktok.poll]\nenabled = true\ninterval_seconds = 5\n"

Start = Callable[..., "contextlib.AbstractAsyncContextManager[Labeld]"]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(shops={"us": "US", "br": "BR"}) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, sandbox: Sandbox) -> Start:
    write_secret(tmp_path / "tiktok-app-secret", sandbox.app_secret, replace=False)
    write_secret(tmp_path / "tiktok-token-key", new_key(), replace=False)

    @contextlib.asynccontextmanager
    async def running(*tables: str, authorized: bool = True) -> AsyncIterator[Labeld]:
        basis = sandbox.configuration().replace('"tiktok-', f'"{tmp_path}/tiktok-')
        more = "\n".join([basis.replace("market =", 'station = "pack-01"\nmarket ='), *tables])
        async with Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more) as daemon:
            if authorized:
                await authorize(daemon, sandbox)
            yield daemon

    return running


async def authorize(daemon: Labeld, sandbox: Sandbox) -> None:
    for shop in sandbox.shops:
        await daemon.post(f"/api/v1/shops/{shop}/authorize", code=sandbox.auth_code(shop))


def url(daemon: Labeld) -> str:
    return f"http://127.0.0.1:{daemon.web_port}/webhooks/tiktok"


async def told(daemon: Labeld, sandbox: Sandbox, package: Package, times: int = 1) -> int | None:
    """The sandbox posts how a package's order is."""
    kind, data = sandbox.webhooks.order_status(package)
    return await sandbox.webhooks.post(url(daemon), package.shop, kind, data, times)


async def posted(daemon: Labeld, body: bytes, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url(daemon), data=body, headers=headers) as reply,
    ):
        return reply.status, await reply.text()


async def shop_of(daemon: Labeld, name: str) -> dict[str, Any]:
    shops = (await daemon.get("/api/v1/shops"))["shops"]
    found: dict[str, Any] = next(shop for shop in shops if shop["name"] == name)
    return found


async def done(daemon: Labeld, *shops: str) -> None:
    """Wait until no notification waits."""
    async with asyncio.timeout(60):
        while any([(await shop_of(daemon, shop))["webhooks"]["waiting"] for shop in shops or ("us", "br")]):
            await asyncio.sleep(0.05)


async def test_a_webhook_becomes_one_label_however_often_it_comes(
    start: Start, sandbox: Sandbox, zebra: VirtualPrinter
) -> None:
    async with start(WEBHOOKS) as daemon:
        package = sandbox.add("us")
        assert await told(daemon, sandbox, package, times=3) == 200
        (job,) = await until(daemon, at("completed"))
        assert (job["package_id"], job["outcome"], job["station"]) == (package.package_id, "confirmed", "pack-01")
        assert await told(daemon, sandbox, package) == 200  # another notification of the same
        await done(daemon)
        (job,) = await daemon.jobs()
        assert (job["event_id"], job["duplicates"]) == (
            f"tiktok:{sandbox.shops['us'].shop_id}:{package.package_id}:label",
            0,
        )
        assert zebra.odometer == 1
        counts = (await daemon.get("/api/v1/shops"))["webhooks"]
        assert counts == {"taken": 2, "duplicate": 2}


async def test_what_was_answered_is_done_after_a_kill(start: Start, sandbox: Sandbox, zebra: VirtualPrinter) -> None:
    package = sandbox.add("us")
    async with start(WEBHOOKS) as daemon:
        for _ in range(20):
            sandbox.fault("unavailable")
        assert await told(daemon, sandbox, package) == 200
        await daemon.stop(signal.SIGKILL)
    sandbox.faults.clear()
    assert zebra.odometer == 0
    async with start(WEBHOOKS, authorized=False) as daemon:
        (job,) = await until(daemon, at("completed"))
        assert (job["package_id"], zebra.odometer) == (package.package_id, 1)
        await done(daemon)
