"""Webhooks and the poller: each package that TikTok tells of becomes one label, whatever goes wrong on the way."""

import asyncio
import contextlib
import dataclasses
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.daemon.tiktok.sandbox.world import Package
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Broker, Labeld
from .shops import authorize, tables
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
    basis = tables(sandbox, tmp_path)

    @contextlib.asynccontextmanager
    async def running(*tables: str, authorized: bool = True) -> AsyncIterator[Labeld]:
        more = "\n".join([basis.replace("market =", 'station = "pack-01"\nmarket ='), *tables])
        async with Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more) as daemon:
            if authorized:
                await authorize(daemon, sandbox)
            yield daemon

    return running


def in_state(state: str) -> Callable[[list[dict[str, Any]]], bool]:
    """Whether a job has this state."""
    return lambda jobs: any(job["state"] == state for job in jobs)


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


async def shops_are(daemon: Labeld, found: Callable[[dict[str, Any]], bool], *names: str) -> None:
    """Wait until shops are as wanted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if all([found(await shop_of(daemon, name)) for name in names]):
                return
            await asyncio.sleep(0.05)


async def done(daemon: Labeld) -> None:
    """Wait until no notification waits."""
    await shops_are(daemon, lambda shop: shop["webhooks"]["waiting"] == 0, "us", "br")


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


async def test_only_what_tiktok_signed_is_taken_and_a_public_name_leads_nowhere_else(
    start: Start, sandbox: Sandbox
) -> None:
    package = sandbox.add("us")
    kind, data = sandbox.webhooks.order_status(package)
    body, headers = sandbox.webhooks.sealed(sandbox.shops["us"].shop_id, kind, data)
    sign = headers["Authorization"]
    async with start(WEBHOOKS) as daemon:
        for forged in ("", sign.upper(), sign[:-1], f"Bearer {sign}", "ü" * 64, "0" * 64):
            status, text = await posted(daemon, body, Authorization=forged)
            assert (status, sign in text) == (401, False)
        assert (await posted(daemon, body))[0] == 401
        assert (await posted(daemon, body + b" ", Authorization=sign))[0] == 401
        assert (await posted(daemon, b" " * 70_000, Authorization=sign))[0] == 413
        assert (await posted(daemon, body, Authorization=sign, Host="evil.example.com"))[0] == 421
        assert await daemon.jobs() == []
        assert (await posted(daemon, body, Authorization=sign, Host=HOST))[0] == 200
        await until(daemon, at("completed"))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{daemon.web_port}", headers={"Host": HOST}) as outside:
            for path in ("/", "/api/v1/jobs", "/webhooks/tiktok", "/webhooks/tiktok/", "/webhooks/../api/v1/jobs"):
                assert (await outside.get(path)).status == 421
            assert (await outside.post("/api/v1/jobs", data=b"{}")).status == 421
        assert (await daemon.get("/api/v1/shops"))["webhooks"]["refused"] == 8


async def test_a_burst_is_answered_and_taken_as_a_whole(start: Start, sandbox: Sandbox) -> None:
    async with start(WEBHOOKS) as daemon:
        shop_id = sandbox.shops["us"].shop_id
        canceled = [{"order_id": str(5766 + number), "order_status": "CANCEL"} for number in range(200)]
        sealed = [sandbox.webhooks.sealed(shop_id, 1, data) for data in canceled]
        answers = await asyncio.gather(*(posted(daemon, body, **headers) for body, headers in sealed))
        assert {status for status, _ in answers} == {200}
        await done(daemon)
        assert (await daemon.get("/api/v1/shops"))["webhooks"] == {"taken": 200}


async def test_it_is_off_unless_it_is_asked_for(labeld: Labeld) -> None:
    assert (await posted(labeld, b"{}"))[0] == 404


async def test_webhooks_hold_cancel_and_supersede_what_has_not_printed(
    start: Start, sandbox: Sandbox, zebra: VirtualPrinter
) -> None:
    async def post(kind: int, data: dict[str, object]) -> None:
        assert await sandbox.webhooks.post(url(daemon), "us", kind, data) == 200

    async with start(WEBHOOKS) as daemon:
        await daemon.post("/api/v1/printers/zebra/pause")
        void, split, asked, moved = packages = [sandbox.add("us") for _ in range(4)]
        for package in packages:
            assert await told(daemon, sandbox, package) == 200
        await until(daemon, at(*["pending job-queued"] * 4))
        await post(1, {"order_id": void.order_id, "order_status": "CANCEL", "update_time": void.updated})
        new = sandbox.add("us")
        sandbox.world.packages[new.package_id] = dataclasses.replace(new, order_id=split.order_id)
        sandbox.world.packages.pop(split.package_id)
        listed = {"package_id": new.package_id, "order_id_list": [split.order_id]}
        await post(4, {"sc_type": "SPLIT", "package_list": [listed], "update_time": new.updated})
        pending = {"cancel_status": "CANCELLATION_REQUEST_PENDING", "cancellations_role": "BUYER", "cancel_id": "1"}
        await post(11, {"order_id": asked.order_id, **pending, "create_time": asked.updated})
        await post(3, {"order_id": moved.order_id, "update_time": moved.updated})
        await post(5, {"product_id": "1"})
        await done(daemon)
        jobs = {job["package_id"]: job for job in await until(daemon, lambda jobs: len(jobs) == 5)}
        assert [jobs[one.package_id]["state"] for one in (void, split)] == ["canceled", "canceled"]
        assert [jobs[one.package_id]["state"] for one in (asked, moved)] == ["pending-held", "pending-held"]
        assert "replaced by" in jobs[split.package_id]["message"]
        assert "answer that in Seller Center" in jobs[asked.package_id]["message"]
        assert "another address" in jobs[moved.package_id]["message"]
        await daemon.post("/api/v1/printers/zebra/resume")
        (job,) = [job for job in await until(daemon, in_state("completed")) if job["state"] == "completed"]
        assert (job["package_id"], zebra.odometer) == (new.package_id, 1)
        assert (await daemon.get("/api/v1/shops"))["webhooks"] == {"taken": 8, "ignored": 1}


async def test_an_authorization_that_is_taken_back_stops_its_shop_only(
    start: Start, sandbox: Sandbox, zebra: VirtualPrinter
) -> None:
    async with start(WEBHOOKS, POLL) as daemon:
        await asyncio.sleep(1.1)  # TikTok's times are whole seconds
        await sandbox.webhooks.post(url(daemon), "us", 6, {"message": "Shop_id 1 is deauthorized"})
        await shops_are(daemon, lambda shop: not shop["authorized"], "us")
        stays, goes = sandbox.add("us"), sandbox.add("br")
        for package in (stays, goes):
            assert await told(daemon, sandbox, package) == 200
        (job,) = await until(daemon, at("completed"))
        assert job["package_id"] == goes.package_id
        await shops_are(daemon, lambda shop: "took it back" in str(shop["webhooks"]["waits_because"]), "us")
        await authorize(daemon, sandbox)
        await until(daemon, at("completed", "completed"))
        assert zebra.odometer == 2
        await shops_are(daemon, lambda shop: shop["poll"]["error"] is None, "us")


async def test_webhooks_and_poller_together_print_each_package_once_with_a_fifth_of_the_calls_failing(
    tmp_path: Path, start: Start, sandbox: Sandbox, zebra: VirtualPrinter
) -> None:
    sandbox.add("us")  # before labeld is there: not printed
    await asyncio.sleep(1.1)  # TikTok's times are whole seconds
    async with start(WEBHOOKS, POLL) as daemon:
        await shops_are(daemon, lambda shop: shop["poll"]["last_at"] is not None, "us", "br")
        sandbox.faults.fail = 0.2
        stale = sandbox.grant("us")
        packages = [sandbox.add(name) for name in ("us", "br") * 4]
        for number, package in enumerate(packages):
            if number % 4:
                assert await told(daemon, sandbox, package, times=2) == 200
        jobs = await until(daemon, at(*["completed"] * len(packages)))
        sandbox.faults.fail = 0.0
        await done(daemon)
        assert {job["package_id"] for job in jobs} == {package.package_id for package in packages}
        assert zebra.odometer == len(packages)
        shops = await daemon.get("/api/v1/shops")
        assert shops["webhooks"]["taken"] == 6
        assert sum(shop["poll"]["found"] for shop in shops["shops"]) >= 2
        shown = str(jobs) + str(shops) + daemon.log
    kept = b"".join(path.read_bytes() for path in (tmp_path / "labeld").rglob("*") if path.is_file())
    fresh = sandbox.grant("us")
    secrets = [sandbox.app_secret, "&sign=", sandbox.shops["us"].cipher, "TTP_", stale.access_token]
    for secret in (*secrets, fresh.refresh_token, "Nowhere Avenue"):
        assert secret not in shown
        assert secret.encode() not in kept
