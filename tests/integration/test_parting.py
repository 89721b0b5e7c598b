"""One document on two printers: its label on a simulated Zebra, its packing slip through CUPS on A4, each once."""

import asyncio
import io
import json
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from PIL import Image
from tests.papers import ORDER, TRACKING, label, pdf, slip

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers import symbols

from .cups_floor import Cups, raster_pages
from .harness import PATIENCE, Broker, Labeld, event, free_port, publish, publisher
from .test_cli import labeld as command
from .test_routing import until

pytestmark = pytest.mark.peer

BOTH = "SHIPPING_LABEL_AND_PACKING_SLIP"
RULE = '[[routes]]\npages = "document"\nstation = "pack-07"\nto = "laser"\n'
LASER = """
[printers.laser]
uri = "cups://{server}/laser"
media = "a4"
resolution = 300
"""
DOCUMENT = pdf(label(), slip(ORDER))


@pytest.fixture(scope="module")
def cups() -> Iterator[Cups]:
    with Cups() as running:
        running.add_ipp_printer("laser", "image/pwg-raster", 300, "iso_a4_210x297mm")
        yield running


def daemon(folder: Path, broker: Broker, zebra: VirtualPrinter, laser: str, rule: str = RULE) -> Labeld:
    return Labeld(folder / "state", broker.port, {"zebra": zebra}, more=rule + laser)


def wanted(number: int = 1, data: bytes = DOCUMENT, **more: object) -> dict[str, Any]:
    fields = {"document_type": BOTH, "station": "pack-07", "tracking_number": TRACKING, "order_ids": [ORDER]}
    return event(number, data, **fields | more)


def are_parted(least: int, jobs: list[dict[str, Any]]) -> bool:
    return [job["role"] for job in jobs].count("slip") >= least


async def sorted_out(labeld: Labeld, count: int = 2) -> dict[str, dict[str, Any]]:
    """The jobs by role, once all have ended."""
    return {str(job["role"]): job for job in await labeld.settled(count)}


async def test_a_label_and_its_packing_slip_print_on_their_own_printers(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, cups: Cups
) -> None:
    before = len(cups.documents("laser"))
    async with daemon(tmp_path, broker, zebra, LASER.format(server=cups.server)) as labeld:
        async with publisher(broker.port) as client:
            await client.subscribe("labeld/test/jobs/#", 1)
            await publish(client, wanted())
            jobs = await sorted_out(labeld)
            told: dict[str, dict[str, Any]] = {}
            while len(told) < 2 or not all(one["state"] == "completed" for one in told.values()):
                message = await asyncio.wait_for(anext(client.messages), PATIENCE)
                told[message.topic.value] = json.loads(bytes(message.payload))
        assert sorted((one["role"], one["pages"]) for one in told.values()) == [("label", [1]), ("slip", [2])]
        tag, paper = jobs["label"], jobs["slip"]
        assert (tag["printer"], tag["pages"], tag["part_of"], tag["outcome"]) == ("zebra", [1], None, "confirmed")
        assert (paper["printer"], paper["pages"], paper["part_of"]) == ("laser", [2], tag["id"])
        assert (paper["state"], paper["tracking_number"]) == ("completed", TRACKING)
        detail = await labeld.get(f"/api/v1/jobs/{tag['id']}")
        assert [part["id"] for part in detail["parts"]] == [paper["id"]]
        rule = "rule 1 (document pages, station pack-07) leads to printer laser"
        words = f"page 1 is A6: zebra; page 2 is A4: laser ({rule})"
        assert words in [entry["words"] for entry in detail["timeline"]]
        assert await labeld.bytes(f"/api/v1/jobs/{paper['id']}/asset") == await labeld.bytes(
            f"/api/v1/jobs/{tag['id']}/asset"
        )
        (document,) = cups.documents("laser")[before:]
        # A4 is no whole number of dots: its queue may draw a row twice, so what is on it is compared
        (printed,) = raster_pages(document)
        assert (printed.width, [symbol.text for symbol in symbols.read(printed)]) == (2480, [ORDER])
        assert [
            symbol.text
            for symbol in symbols.read(np.asarray(Image.open(io.BytesIO(zebra.labels[0].png or b"")).convert("L")))
        ] == [TRACKING]
        assert len(zebra.labels) == 1
        # what comes again is parted no second time
        async with publisher(broker.port) as client:
            await publish(client, wanted())
            assert len(await until(labeld, lambda jobs: sum(job["duplicates"] for job in jobs) == 1)) == 2
        async with aiohttp.ClientSession() as session:
            page = await (await session.get(f"http://127.0.0.1:{labeld.web_port}/jobs/{tag['id']}")).text()
        assert "packing slip, page 2" in page
        assert "on laser: Sent, not counted" in page
    assert (len(zebra.labels), len(cups.documents("laser")) - before) == (1, 1)


async def test_a_hazmat_sheet_goes_to_the_document_printer_whole(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, cups: Cups
) -> None:
    async with daemon(tmp_path, broker, zebra, LASER.format(server=cups.server)) as labeld:
        async with publisher(broker.port) as client:
            await publish(client, wanted(data=pdf(slip("UN1993")), document_type="HAZMAT_LABEL"))
        (job,) = await labeld.settled(1)
        assert (job["printer"], job["role"], job["pages"], job["state"]) == ("laser", "hazmat", None, "completed")
    assert not zebra.labels


async def test_without_a_document_printer_all_stays_and_it_is_said(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, cups: Cups
) -> None:
    # there is one, but no rule and no station leads to it
    async with daemon(tmp_path, broker, zebra, LASER.format(server=cups.server), rule="") as labeld:
        async with publisher(broker.port) as client:
            await publish(client, wanted(1, pdf(label(), slip()), tracking_number=None))
            await publish(client, wanted(2, tracking_number=None))
        lost, printed = await labeld.settled(2)
        assert (printed["printer"], printed["labels"], printed["role"]) == ("zebra", 2, None), printed
        # on a label the slip's barcode is too fine to scan
        assert lost["state"] == "pending-held"
        for job in (lost, printed):
            timeline = (await labeld.get(f"/api/v1/jobs/{job['id']}"))["timeline"]
            assert any("page 2 is A4: zebra, as no rule and no station leads" in entry["words"] for entry in timeline)


async def test_killed_at_any_moment_it_parts_once_and_loses_nothing(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, cups: Cups
) -> None:
    before = len(cups.documents("laser"))
    labeld = daemon(tmp_path, broker, zebra, LASER.format(server=cups.server))
    numbers = range(5)
    async with publisher(broker.port) as client:
        await labeld.start()
        for number in numbers:
            await publish(client, wanted(number, tracking_number=None))
        # killed while some are parted, some drawn and some not even that
        for parted in (0, 1, 3):
            await until(labeld, partial(are_parted, parted))
            assert labeld.process is not None
            labeld.process.send_signal(signal.SIGKILL)
            await labeld.process.wait()
            await labeld.start()
        for number in numbers:  # and each comes again
            await publish(client, wanted(number, tracking_number=None))
        jobs = await labeld.settled(2 * len(numbers))
        await until(labeld, lambda jobs: sum(job["duplicates"] for job in jobs) >= len(numbers))
    assert sorted((job["event_id"], job["role"]) for job in jobs) == sorted(
        (f"event-{number}", role) for number in numbers for role in ("label", "slip")
    )
    # a job that a kill caught on its way to the laser, which has no counter, waits for a person; the others printed
    asked = [job for job in jobs if job["state"] != "completed"]
    assert all((job["role"], job["reason"]) == ("slip", "outcome-unknown") for job in asked)
    assert len(zebra.labels) == len(numbers)
    assert len(numbers) - len(asked) <= len(cups.documents("laser")) - before <= len(numbers)
    await labeld.stop()


async def test_cancelling_the_event_cancels_what_has_not_printed(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    gone = f'[printers.laser]\nuri = "socket://127.0.0.1:{free_port()}"\nmedia = "a4"\nresolution = 300\n'
    async with daemon(tmp_path, broker, zebra, gone) as labeld:
        async with publisher(broker.port) as client:
            await publish(client, wanted())
        printed = {
            ("label", "completed", "job-completed-successfully"),
            ("slip", "pending", "job-queued"),
        }
        await until(labeld, lambda jobs: {(job["role"], job["state"], job["reason"]) for job in jobs} == printed)
        jobs = {job["role"]: job for job in await labeld.jobs()}
        answer = await labeld.post(f"/api/v1/jobs/{jobs['label']['id']}/cancel")
        assert answer["state"] == "completed"
        assert {job["role"]: job["state"] for job in await labeld.jobs()} == {"label": "completed", "slip": "canceled"}


async def test_route_tells_it_page_by_page(tmp_path: Path, zebra: VirtualPrinter) -> None:
    config = Labeld(tmp_path / "state", 1883, {"zebra": zebra}, more=RULE + LASER.format(server="localhost")).config
    path = tmp_path / "event.json"
    path.write_text(json.dumps(wanted()))
    done = await command("route", path, "--config", config)
    assert done.code == 0
    assert done.out.decode().splitlines()[-4:] == [
        "rule 1 -> laser: matches: document pages, station pack-07",
        "pages of A4 or Letter without a label: rule 1 (document pages, station pack-07) leads to printer laser",
        "page 1 is A6: zebra",
        "page 2 is A4: laser",
    ]
