"""Labels through the daemon to CUPS queues: drawn for each, sent once, and believed no more than CUPS can know."""

import asyncio
import io
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.asset import PDF, Asset
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import Target, convert
from labeld.renderers.media import Resolution
from labeld.renderers.payload import paper_of

from .cups_floor import Catcher, Cups, raster_pages, wait_until
from .harness import LABELS, PATIENCE, ROOT, Broker, Labeld, event, free_port, publish, publisher

pytestmark = pytest.mark.peer

PDF_LABEL = (LABELS / "usps-a6.pdf").read_bytes()
ZPL_LABEL = (
    b"^XA^PW812^LL1218^FO40,40^GB732,1100,4^FS^FO70,80^A0N,60^FDJane Doe^FS"
    b"^FO100,400^BY3^BCN,150,Y,N,N^FDTT0123456789^FS^PQ2^XZ"
)
TABLE = """
[printers.{name}]
uri = "cups://{server}/{name}"
media = "4x6in"
resolution = {dpi}
"""
LASER = """
[printers.laser]
uri = "cups://{server}/laser"
media = "a4"
resolution = 600

[[routes]]
document_type = ["HAZMAT_LABEL", "PACKING_SLIP"]
station = "pack-01"
to = "laser"
"""


def slip(pages: int) -> bytes:
    """A packing slip on A4."""
    file = io.BytesIO()
    canvas = Canvas(file, A4)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 12)
        for line in range(30):
            canvas.drawString(60, 700 - 20 * line, f"{line + 1} x sample thing {number}")
        Code128(f"SLIP-{number}", barHeight=40, barWidth=1).drawOn(canvas, 320, 740)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


@pytest.fixture(scope="module")
def catcher() -> Iterator[Catcher]:
    with Catcher() as running:
        yield running


@pytest.fixture(scope="module")
def cups(catcher: Catcher) -> Iterator[Cups]:
    with Cups() as running:
        running.add_ipp_printer("page", "image/pwg-raster", 203)
        running.add_ipp_printer("laser", "image/pwg-raster", 600, "iso_a4_210x297mm")
        running.add("raw", f"socket://127.0.0.1:{catcher.port}", "raw")
        running.add("dead", f"socket://127.0.0.1:{free_port()}", "raw")
        yield running


@pytest.fixture
async def daemon(tmp_path: Path, broker: Broker, zebra: VirtualPrinter, cups: Cups) -> AsyncIterator[Labeld]:
    tables = [TABLE.format(name=name, server=cups.server, dpi=203) for name in ("page", "raw", "dead", "slow")]
    tables.append(LASER.format(server=cups.server))
    async with Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more="".join(tables)) as running:
        yield running


async def told(daemon: Labeld, broker: Broker, printer: str, data: bytes) -> dict[str, Any]:
    """What became of a label."""
    async with publisher(broker.port) as client:
        await publish(client, event(printer, data, printer=printer))
    (job,) = await daemon.settled(1)
    return job


async def test_a_pdf_prints_its_verified_dots_through_a_queue_that_draws(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    before = len(cups.documents("page"))
    job = await told(daemon, broker, "page", PDF_LABEL)
    assert (job["state"], job["outcome"], job["evidence"]) == ("completed", "unknown", "drained")
    assert "nobody counted the paper" in job["message"]
    (document,) = cups.documents("page")[before:]
    shown = Bitmap.from_png(await daemon.bytes(f"/api/v1/jobs/{job['id']}/preview.png"))
    assert raster_pages(document) == [shown]
    target = Target(media=paper_of("4x6in", None, 203, PDF), resolution=Resolution(203))
    assert convert(Asset(PDF_LABEL, PDF), target).pages[0].bitmap == shown


async def test_documents_print_on_the_laser_printer_of_the_desk_all_pages_in_one_job(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    async with publisher(broker.port) as client:
        await publish(client, event("slip", slip(2), document_type="PACKING_SLIP", station="pack-01"))
        await publish(client, event("label", PDF_LABEL, document_type="SHIPPING_LABEL", station="pack-01"))
    by_printer = {job["printer"]: job for job in await daemon.settled(2)}
    assert set(by_printer) == {"laser", "zebra"}
    job = by_printer["laser"]
    assert (job["state"], job["evidence"], job["labels"]) == ("completed", "drained", 2)
    (document,) = cups.documents("laser")
    for number, page in enumerate(raster_pages(document), 1):
        shown = Bitmap.from_png(await daemon.bytes(f"/api/v1/jobs/{job['id']}/preview.png?page={number}"))
        assert (page.width, page.height) == pytest.approx((4961, 7016), abs=1)
        # A4 is no whole number of dots: CUPS may leave out a row or draw it twice
        assert abs(page.width - shown.width) + abs(page.height - shown.height) <= 2
        assert int(page.bits().sum()) == pytest.approx(int(shown.bits().sum()), rel=0.01)
        (code,) = zxingcpp.read_barcodes(np.where(page.bits(), 0, 255).astype(np.uint8))
        assert code.text == f"SLIP-{number}"


async def test_zpl_is_drawn_for_a_queue_that_draws_as_often_as_it_asks(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    before = len(cups.documents("page"))
    job = await told(daemon, broker, "page", ZPL_LABEL)
    assert (job["state"], job["labels"]) == ("completed", 2)
    (document,) = cups.documents("page")[before:]
    shown = Bitmap.from_png(await daemon.bytes(f"/api/v1/jobs/{job['id']}/preview.png"))
    assert raster_pages(document) == [shown, shown]


async def test_a_raw_queue_gets_zpl(catcher: Catcher, broker: Broker, daemon: Labeld) -> None:
    catcher.caught.clear()
    job = await told(daemon, broker, "raw", ZPL_LABEL)
    assert (job["state"], job["outcome"], job["evidence"]) == ("completed", "unknown", "sent")
    await asyncio.to_thread(wait_until, lambda: catcher.caught, "the label arrives")
    (zpl,) = catcher.caught
    assert zpl.startswith(ZPL_LABEL)
    assert zpl.count(b"^PQ") == 1


async def under_way(daemon: Labeld, broker: Broker, printer: str, state: str) -> dict[str, Any]:
    """Have a label printed; gives its job once it is in a state."""
    async with publisher(broker.port) as client:
        await publish(client, event(printer, ZPL_LABEL, printer=printer))
    async with asyncio.timeout(PATIENCE):
        while True:
            if (jobs := await daemon.jobs()) and jobs[0]["state"] == state:
                return jobs[0]
            await asyncio.sleep(0.05)


async def words_of(daemon: Labeld, job: dict[str, Any]) -> list[tuple[str, str]]:
    """States and words of a job's timeline."""
    told = await daemon.get(f"/api/v1/jobs/{job['id']}")
    return [(entry["state"], entry["words"]) for entry in told["timeline"]]


async def test_a_label_that_cups_has_not_begun_is_canceled(cups: Cups, broker: Broker, daemon: Labeld) -> None:
    await asyncio.to_thread(cups.run, "lp", "-d", "dead", "-o", "raw", str(cups.folder / "cupsd.conf"))
    job = await under_way(daemon, broker, "dead", "processing-stopped")
    assert "cancel" in job["actions"]
    asked = await daemon.post(f"/api/v1/jobs/{job['id']}/cancel")
    assert (asked["state"], asked["reason"]) == ("processing-stopped", "processing-to-stop-point")
    (job,) = await daemon.settled(1)
    assert (job["state"], job["reason"], job["outcome"]) == ("canceled", "job-canceled-by-user", "not-printed")
    asking, end = (await words_of(daemon, job))[-2:]
    assert "it is being taken back" in asking[1]
    assert "was canceled before anything went to the printer" in end[1]
    left = await asyncio.to_thread(cups.unfinished, "dead")
    assert len(left.splitlines()) == 1, "the other one waits on"
    await asyncio.to_thread(cups.run, "cancel", "-a", "dead")


async def test_a_label_that_stands_still_is_taken_back_and_asked_about(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    job = await under_way(daemon, broker, "dead", "processing-stopped")
    command = (sys.executable, "-m", "labeld.daemon", "cancel", job["id"], "--config", str(daemon.config))
    done = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT / ".src")}
    )
    printed, _ = await done.communicate()
    assert done.returncode == 1
    assert b"pending-held: CUPS job" in printed
    assert b"was canceled while it printed" in printed
    (job,) = await daemon.settled(1)
    assert (job["state"], job["outcome"], job["actions"]) == ("pending-held", "unknown", ["settle", "cancel"])
    assert not await asyncio.to_thread(cups.unfinished, "dead")


async def test_a_label_that_is_being_printed_is_not_taken_back(cups: Cups, broker: Broker, daemon: Labeld) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        await asyncio.to_thread(cups.add, "slow", f"socket://127.0.0.1:{slow.getsockname()[1]}", "raw")
        job = await under_way(daemon, broker, "slow", "processing")
        connection, _ = await asyncio.to_thread(slow.accept)  # CUPS prints
        with connection:
            refused = await daemon.post(f"/api/v1/jobs/{job['id']}/cancel")
            assert (refused["status"], refused["detail"]) == (409, f"job {job['id']}: too late to cancel: slow has it")
    (job,) = await daemon.settled(1)
    assert (job["state"], job["evidence"]) == ("completed", "sent")
    states = [state for state, _ in await words_of(daemon, job)]
    assert "canceled" not in states


async def test_a_job_canceled_in_cups_is_held_and_the_next_one_goes(cups: Cups, broker: Broker, daemon: Labeld) -> None:
    job = await under_way(daemon, broker, "dead", "processing-stopped")
    assert "may not exist or is unavailable" in job["message"]
    await asyncio.to_thread(cups.run, "cancel", "-a", "dead")
    (job,) = await daemon.settled(1)
    assert (job["state"], job["outcome"]) == ("pending-held", "unknown")
    assert "was canceled while it printed" in job["message"]


async def held_by(cups: Cups, broker: Broker) -> None:
    """Let CUPS have a label whose printer does not exist."""
    async with publisher(broker.port) as client:
        await publish(client, event("dead", ZPL_LABEL, printer="dead"))
    await asyncio.to_thread(wait_until, lambda: cups.unfinished("dead"), "CUPS has the job")


async def test_a_label_that_cups_holds_when_labeld_stops_does_not_print_later(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    await held_by(cups, broker)
    await daemon.stop()
    assert not await asyncio.to_thread(cups.unfinished, "dead")
    await daemon.start()
    (job,) = await daemon.settled(1)
    assert (job["state"], job["outcome"]) == ("pending-held", "unknown")


async def test_a_label_that_cups_holds_when_labeld_is_killed_is_taken_back_at_the_next_start(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    await held_by(cups, broker)
    await daemon.stop(9)
    assert await asyncio.to_thread(cups.unfinished, "dead")
    await daemon.start()
    (job,) = await daemon.settled(1)
    assert (job["state"], job["outcome"]) == ("pending-held", "unknown")
    await asyncio.to_thread(wait_until, lambda: not cups.unfinished("dead"), "labeld takes its job back")


async def test_a_label_that_cups_holds_is_taken_back_also_when_cups_answers_only_after_the_start(
    cups: Cups, broker: Broker, daemon: Labeld
) -> None:
    await held_by(cups, broker)
    await daemon.stop(9)
    with cups.mute():
        await daemon.start()
        (job,) = await daemon.settled(1)
        assert (job["state"], job["outcome"]) == ("pending-held", "unknown")
    await asyncio.to_thread(wait_until, lambda: not cups.unfinished("dead"), "labeld takes its job back")
