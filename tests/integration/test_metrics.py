"""What Prometheus scrapes is what happened: printed, refused, held, fetched, drawn."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.papers import label, pdf

from labeld.daemon.job import JobState, Reason
from labeld.daemon.tiktok.sandbox.server import Sandbox
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Broker, Labeld, event, publish, publisher
from .shops import authorize, tables
from .web_floor import Floor

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Figures:
    """Each sample by its name and labels."""
    families = list(text_string_to_metric_families(text))
    samples = [sample for family in families for sample in family.samples]
    found = {(one.name, frozenset(one.labels.items())): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def value(figures: Figures, name: str, **labels: str) -> float | None:
    """One sample; None where there is none."""
    return figures.get((name, frozenset(labels.items())))


async def scraped(daemon: Labeld) -> Figures:
    """The figures of a daemon."""
    return parsed((await daemon.bytes("/metrics")).decode())


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(shops={"us": "US"}) as running:
        yield running


@pytest.fixture
async def daemon(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, sandbox: Sandbox) -> AsyncIterator[Labeld]:
    more = f'{tables(sandbox, tmp_path)}\n[[routes]]\nstation = ["pack-01"]\nhold = "looked at first"\n'
    async with Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more) as running:
        await authorize(running, sandbox)
        yield running


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    async with publisher(broker.port) as running:
        yield running


@pytest.mark.peer
async def test_a_daemon_tells_what_it_did(
    zebra: VirtualPrinter, daemon: Labeld, client: aiomqtt.Client, sandbox: Sandbox
) -> None:
    paper, package = pdf(label()), sandbox.add("us")
    sandbox.fault("unavailable*1")
    await publish(client, event(1, paper))
    await publish(client, event(1, paper))
    await publish(client, {"nonsense": 1})
    await publish(client, event(2, paper, station="pack-01"))
    await publish(client, event(3, b"%PDF-1.4 cut off"))
    asset = {"tiktok": {"shop": "us", "package_id": package.package_id}}
    await publish(client, {"event_id": "p", "asset": asset})
    jobs = await daemon.settled(4)
    assert sorted(job["state"] for job in jobs) == ["aborted", "completed", "completed", "pending-held"]
    figures = await scraped(daemon)
    async with asyncio.timeout(PATIENCE):
        while value(figures, "labeld_held_jobs", reason="job-held-by-rule", station="pack-01") != 1:
            await asyncio.sleep(0.2)  # they may be some seconds old
            figures = await scraped(daemon)
    assert value(figures, "labeld_events_total", source="mqtt", result="accepted") == 4
    assert value(figures, "labeld_events_total", source="mqtt", result="duplicate") == 1
    assert value(figures, "labeld_events_total", source="mqtt", result="rejected") == 1
    assert value(figures, "labeld_attempts_total", printer="zebra", outcome="confirmed") == 2 == zebra.odometer
    for name in ("labeld_event_to_last_byte_seconds", "labeld_event_to_confirmed_seconds"):
        assert value(figures, f"{name}_count", printer="zebra") == 2
        assert value(figures, f"{name}_bucket", printer="zebra", le="+Inf") == 2
    assert value(figures, "labeld_renders_total", document="pdf", result="done") == 2
    assert value(figures, "labeld_renders_total", document="pdf", result="refused") == 1
    assert value(figures, "labeld_fetches_total", way="package", result="later") == 1
    assert value(figures, "labeld_fetches_total", way="package", result="done") == 1
    assert value(figures, "labeld_fetch_seconds_count", way="package") == 2
    call = {"shop": "us", "endpoint": "shipping_documents"}
    calls = [value(figures, "labeld_tiktok_calls_total", **call, result=one) or 0 for one in ("done", "retry")]
    assert calls[0] >= 1
    assert value(figures, "labeld_shop_usable", shop="us") == 1
    assert 6 * 86400 < (value(figures, "labeld_shop_access_token_seconds", shop="us") or 0) < 8 * 86400
    assert value(figures, "labeld_waiting_jobs", printer="zebra") == 0
    assert value(figures, "labeld_broker_connected") == value(figures, "labeld_database_up") == 1
    states = [value(figures, "labeld_printer_state", printer="zebra", state=one) for one in ("idle", "processing")]
    assert sum(one or 0 for one in states) == 1
    assert (value(figures, "process_open_fds") or 0) > 3
    shown = (await daemon.bytes("/metrics")).decode()
    for private in (package.package_id, package.tracking_number, "shop_cipher", sandbox.app_secret):
        assert private not in shown


async def test_labels_of_figures_are_few_whatever_comes_in(tmp_path: Path) -> None:
    async with Floor(tmp_path) as floor:
        before = parsed(await text(floor))

        async def odd(number: int) -> None:
            body = event(number, b"^XA^XZ", station=f'desk "{number}"', shop_id=f"shop-{number}")
            body |= {"useful_until": "2020-01-01T00:00:00Z"}
            accepted = await floor.app.intake.json(json.dumps(body).encode(), source=f"source-{number}", topic="t")
            because = "late"
            if accepted.job.state is not JobState.HELD:
                await floor.store.move(accepted.job.id, JobState.HELD, Reason.STALE, because, 0.0)
            floor.app.metrics.called(f"shop-{number}", f"/fulfillment/202309/packages/{number}", "done", 0.1)

        await asyncio.gather(*map(odd, range(1000)))
        after = before
        async with asyncio.timeout(PATIENCE):
            while value(after, "labeld_held_jobs", reason=Reason.STALE, station="other") != 1000:
                await asyncio.sleep(0.2)
                after = parsed(await text(floor))
        assert len(after) - len(before) < 200
        accepted = [
            count
            for (name, labels), count in after.items()
            if name == "labeld_events_total" and ("result", "accepted") in labels
        ]
        assert sum(accepted) == 1000
        assert len(accepted) <= 21


async def text(floor: Floor) -> str:
    """What a scrape gives."""
    async with floor.http.get("/metrics") as reply:
        assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return await reply.text()
