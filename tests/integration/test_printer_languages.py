"""From an event to the dots on printers that speak TSPL and EPL2: the real daemon, and sockets that only listen."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.machines import EplMachine, Machine, TsplMachine
from tests.unit.renderers.paper import barcode, code128, pdf, picture

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.bitmap import Bitmap

from .harness import LABELS, PATIENCE, Broker, Labeld, event, publish, publisher
from .test_cli import labeld as command

LABEL = (LABELS / "usps-a6.pdf").read_bytes()


def bars(text: str) -> Callable[[Canvas], None]:
    """A page with a barcode."""
    return lambda canvas: code128(canvas, text, 20, 60)


@dataclass
class Listener:
    """A printer behind a port: it takes all bytes, says nothing, and prints what its language says."""

    machine: Machine
    port: int = 0
    heard: int = 0
    conversations: int = 0
    #: hang up after so many bytes, once
    breaks_after: int | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        self.conversations += 1
        while data := await reader.read(4096):
            self.heard += len(data)
            self.machine.feed(data)
            if self.breaks_after is not None and self.heard >= self.breaks_after:
                self.breaks_after = None
                writer.transport.abort()
                return
        writer.close()
        await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Listener"]:
        """Open its port; its buffers are small, so that what it has not read has not arrived."""
        connection = socket.create_server(("127.0.0.1", 0))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = connection.getsockname()[1]
        async with await asyncio.start_server(self.serve, sock=connection, limit=4096):
            yield self

    def table(self, name: str, language: str, dpi: int) -> str:
        """Its lines of the configuration."""
        return (
            f'[printers.{name}]\nuri = "socket://127.0.0.1:{self.port}"\n'
            f'language = "{language}"\nresolution = {dpi}\nmedia = "4x6in"'
        )


MACHINES: dict[str, Callable[..., Machine]] = {"tspl": TsplMachine, "epl": EplMachine}
SIZES = {203: (812, 1219), 300: (1200, 1800)}


def machine(language: str, dpi: int) -> Machine:
    """A printer as it comes out of its box: 4 inches wide, and with a long form."""
    width, height = (832, 1300) if dpi == 203 else (1248, 1900)
    return MACHINES[language](dots_per_mm=8.0 if dpi == 203 else dpi / 25.4, width=width, height=height)


def on_paper(labels: Iterable[tuple[np.ndarray, int]], dpi: int) -> list[tuple[Bitmap, int]]:
    """The labels on their stock; nothing may lie beside it."""
    width, height = SIZES[dpi]
    found = []
    for image, copies in labels:
        assert not image[height:].any()
        assert not image[:, width:].any()
        bits = np.zeros((height, width), np.bool_)
        part = image[:height, :width]
        bits[: part.shape[0], : part.shape[1]] = part
        found.append((Bitmap.from_bits(bits), copies))
    return found


ZPL = b"^XA^FO100,100^BY3^BCN,150,Y,N,N^FDTT0123456789^FS^FO40,40^GB700,900,5^FS^PQ2^XZ"
#: What is asked for, and the copies of each of its labels.
EVENTS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "pdf": (event("pdf", LABEL, copies=3), [3]),
    "zpl": (event("zpl", ZPL), [2]),
    "pages": (event("pages", pdf([bars("TT0123456789"), bars("TT9876543210")])), [1, 1]),
    "png": (event("png", picture(barcode("TT0123456789", 4), dpi=203)), [1]),
}


@pytest.mark.peer
@pytest.mark.parametrize("dpi", [203, 300])
async def test_an_event_prints_its_very_dots_in_each_language(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, dpi: int
) -> None:
    floor = {language: Listener(machine(language, dpi)) for language in MACHINES}
    async with contextlib.AsyncExitStack() as stack:
        for one in floor.values():
            await stack.enter_async_context(one.listening())
        tables = "\n".join(one.table(language, language, dpi) for language, one in floor.items())
        daemon = await stack.enter_async_context(Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more=tables))
        async with publisher(broker.port) as client:
            for language in floor:
                for kind, (body, _) in EVENTS.items():
                    await publish(client, body | {"event_id": f"{language}-{kind}", "printer": language})
        jobs = await daemon.settled(len(floor) * len(EVENTS))
        for job in jobs:
            assert (job["state"], job["outcome"], job["evidence"]) == ("completed", "unknown", "sent"), job["message"]
        for language, one in floor.items():
            assert one.machine.strange == []
            assert set(one.machine.settings) <= {b"REFERENCE 0,0"}
            assert one.conversations >= len(EVENTS)
            expected = []
            for kind, (_, copies) in EVENTS.items():
                (job_id,) = (job["id"] for job in jobs if job["event_id"] == f"{language}-{kind}")
                for page, times in enumerate(copies, 1):
                    png = await daemon.bytes(f"/api/v1/jobs/{job_id}/preview.png?page={page}")
                    expected.append((Bitmap.from_png(png), times))
            assert on_paper(one.machine.labels, dpi) == expected
        assert zebra.odometer == 0


@pytest.mark.peer
async def test_a_printer_that_cannot_be_asked_gets_no_second_copy_and_no_mixed_label(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    broken = Listener(machine("tspl", 300), breaks_after=40_000)
    async with broken.listening():
        more = broken.table("tsc", "tspl", 300)
        async with Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more=more) as daemon:
            async with publisher(broker.port) as client:
                await publish(client, event(1, LABEL, printer="tsc"))
                (first,) = await daemon.settled(1)
                await publish(client, event(2, (LABELS / "parcel.png").read_bytes(), printer="tsc"))
                await daemon.settled(2)
            second = next(job for job in await daemon.jobs() if job["id"] != first["id"])
            assert (first["state"], first["outcome"]) == ("pending-held", "unknown"), first["message"]
            assert second["state"] == "completed"
            shown = Bitmap.from_png(await daemon.bytes(f"/api/v1/jobs/{second['id']}/preview.png"))
            assert on_paper(broken.machine.labels, 300) == [(shown, 1)]


@pytest.mark.parametrize("language", ["tspl", "epl"])
@pytest.mark.parametrize("dpi", [203, 300])
async def test_convert_writes_files_for_such_printers(tmp_path: Path, language: str, dpi: int) -> None:
    out, png = tmp_path / "label.prn", tmp_path / "label.png"
    for to, path in ((language, out), ("png", png)):
        async with asyncio.timeout(PATIENCE):
            done = await command("convert", LABELS / "usps-a6.pdf", "--to", to, "--dpi", dpi, "-o", path)
        assert (done.code, done.err) == (0, "")
    printer = machine(language, dpi)
    printer.feed(out.read_bytes())
    assert on_paper(printer.labels, dpi) == [(Bitmap.from_png(png.read_bytes()), 1)]
