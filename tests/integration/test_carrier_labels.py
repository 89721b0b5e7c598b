"""Real carriers' PDFs, where they lie beside the checkout: each through the whole daemon, as JSON and as bytes."""

import asyncio
import contextlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.media import Media

from .harness import PATIENCE, ROOT, Broker, Labeld, event, publish, publisher

LABELS = ROOT.parent / "shared/labels"
#: how long the broker stays away; 0: until the daemon has noticed
OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "0"))

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not LABELS.is_dir(), reason="no carriers' labels beside this checkout"),
]


def cases() -> list[dict[str, Any]]:
    """The PDFs with their page sizes."""
    found: list[dict[str, Any]] = json.loads((LABELS / "manifest.json").read_text())["cases"]
    return found


def stock(case: dict[str, Any]) -> str:
    """The stock that its first page fills."""
    width, length = case["page_info"][0]["size_mm"]
    return f"{width:g}x{length:g}mm"


async def noticed(labeld: Labeld) -> None:
    """Wait until the daemon knows that its broker is gone."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if not (await labeld.get("/readyz"))["broker"]["connected"]:
                return
            await asyncio.sleep(0.05)


async def test_every_carrier_label_prints_exactly_once_through_a_broker_outage(tmp_path: Path, broker: Broker) -> None:
    labels = cases()
    stocks = sorted({stock(case) for case in labels})
    async with contextlib.AsyncExitStack() as stack:
        printers = {
            f"zebra-{number}": await stack.enter_async_context(
                # 300 dpi: one of the files has modules that no 203 dpi head can print
                VirtualPrinter(port=0, serial=f"S{number}", dpi=300, media=Media.parse(size), seconds_per_label=0.01)
            )
            for number, size in enumerate(stocks)
        }
        names = {size: f"zebra-{number}" for number, size in enumerate(stocks)}
        labeld = await stack.enter_async_context(Labeld(tmp_path / "state", broker.port, printers))
        half = len(labels) // 2
        async with publisher(broker.port) as client:
            for case in labels[:half]:
                await send(client, case, names[stock(case)])
        await broker.stop()
        await noticed(labeld)
        await asyncio.sleep(OUTAGE_SECONDS)
        await broker.start()
        async with publisher(broker.port) as client:
            # a publisher that is not sure says it again
            for case in labels[half - 3 :]:
                await send(client, case, names[stock(case)])
            jobs = await labeld.settled(2 * len(labels))
        wrong = [(job["event_id"], job["message"]) for job in jobs if job["outcome"] != "confirmed"]
        assert not wrong
        assert len(jobs) == 2 * len(labels)
        pages = Counter[str]()
        for case in labels:
            pages[names[stock(case)]] += 2 * case["pages"]
        assert {name: printer.odometer for name, printer in printers.items()} == pages
        for printer in printers.values():
            assert all(label.complete for label in await printer.wait_labels(printer.odometer))


async def send(client: Any, case: dict[str, Any], printer: str) -> None:
    """Publish a file both ways."""
    data = await asyncio.to_thread((LABELS / "cases" / case["file"]).read_bytes)
    await publish(client, event(case["file"], data, printer=printer))
    await publish(client, data, f"printers/{printer}/print")
