"""Labels by package id: TikTok's API is asked, through its bad days, and each label prints once."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest
from tests.papers import label, pdf

from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.daemon.tiktok.sandbox.world import Package
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import Broker, Labeld, event, publish, publisher
from .shops import authorize, tables
from .test_parcels import at, until

pytestmark = pytest.mark.peer


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(shops={"us": "US", "br": "BR"}) as running:
        yield running


@pytest.fixture
async def daemon(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, sandbox: Sandbox) -> AsyncIterator[Labeld]:
    more = tables(sandbox, tmp_path).replace("market =", "check_order = true\nmarket =")
    async with Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more) as running:
        await authorize(running, sandbox)
        yield running


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    async with publisher(broker.port) as running:
        yield running


def wanted(package: Package) -> dict[str, object]:
    asset = {"tiktok": {"shop": package.shop, "package_id": package.package_id}}
    return {"event_id": package.package_id, "asset": asset}


async def test_a_label_is_asked_of_tiktok_through_its_faults_and_printed_once(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, sandbox: Sandbox
) -> None:
    package = sandbox.add("us")
    for fault in ("expired-token*1", "rate-limit*1", "unavailable*1", "empty-url*1"):
        sandbox.fault(fault)
    stale = sandbox.grant("us")
    await publish(client, wanted(package))
    (job,) = await until(daemon, at("completed"))
    assert (job["outcome"], job["tracking_number"], zebra.odometer) == ("confirmed", package.tracking_number, 1)
    assert sandbox.codes[105002] == 1
    assert sandbox.codes[36009002] == 1
    fresh = sandbox.grant("us")
    stored = b"".join(path.read_bytes() for path in daemon.config.parent.glob("labeld.sqlite3*"))
    shown = daemon.log + str(await daemon.get(f"/api/v1/jobs/{job['id']}"))
    secrets = (sandbox.app_secret, "&sign=", sandbox.shops["us"].cipher, stale.access_token, fresh.access_token)
    for secret in (*secrets, fresh.refresh_token):
        assert secret not in shown
        assert secret.encode() not in stored


async def test_a_label_is_looked_at_before_it_prints(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, sandbox: Sandbox
) -> None:
    held = {
        "its buyer asks": sandbox.add("us", cancel_requested=True),
        "ON_HOLD": sandbox.add("us", on_hold=True),
        "canceled at TikTok": sandbox.add("us", order_status="CANCELLED"),
        "the carrier has package": sandbox.add("br", order_status="IN_TRANSIT"),
    }
    for package in held.values():
        await publish(client, wanted(package))
    await publish(client, wanted(sandbox.add("br")))
    on_hold = "pending-held order-on-hold"
    jobs = await until(daemon, at(on_hold, on_hold, "canceled order-canceled", on_hold, "completed"))
    for words, package in held.items():
        (job,) = [one for one in jobs if one["package_id"] == package.package_id]
        assert words in job["message"]
    assert zebra.odometer == 1
    assert sandbox.calls["shipping_documents"] == 1
    sandbox.world.change(held["ON_HOLD"].package_id, on_hold=False)
    await daemon.post(f"/api/v1/jobs/{jobs[1]['id']}/release")
    await until(daemon, lambda jobs: [job["state"] for job in jobs].count("completed") == 2)


async def test_a_label_that_comes_with_its_event_is_looked_at_too(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, sandbox: Sandbox
) -> None:
    packages = (sandbox.add("us"), sandbox.add("us", on_hold=True))
    for package in packages:
        parcel = {"shop_id": sandbox.shops["us"].shop_id, "package_id": package.package_id}
        await publish(client, event(package.package_id, pdf(label(package.tracking_number)), **parcel))
    _, held = await until(daemon, at("completed", "pending-held order-on-hold"))
    assert (zebra.odometer, sandbox.calls["shipping_documents"]) == (1, 0)
    await daemon.post(f"/api/v1/jobs/{held['id']}/release")
    await until(daemon, at("completed", "completed"))
    assert zebra.odometer == 2
