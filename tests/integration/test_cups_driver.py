"""The CUPS driver against a real cupsd: what arrives behind its queues, and what becomes of jobs that go wrong."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

import pytest
from tests.unit.renderers.paper import dots

from labeld.drivers.cups import CupsDriver, CupsSession, list_queues
from labeld.drivers.errors import ConnectionLost, PrinterOffline, PrinterStalled
from labeld.drivers.evidence import Level, Outcome, Patience, judge
from labeld.drivers.printer import Handover, Observation, PrinterState
from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers import pages
from labeld.renderers.asset import PDF, ZPL
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.payload import paper_of
from labeld.renderers.zpl.picture import draw

from .cups_floor import Catcher, Cups, raster_pages, wait_until
from .harness import PATIENCE, ROOT, free_port

pytestmark = pytest.mark.peer

LABEL = b"^XA^FO10,10^GB100,100,4^FS^XZ"


@pytest.fixture(scope="module")
def cups() -> Iterator[Cups]:
    with Cups() as running:
        yield running


@pytest.fixture(scope="module")
def catcher() -> Iterator[Catcher]:
    with Catcher() as running:
        yield running


@pytest.fixture
def raw(cups: Cups, catcher: Catcher) -> CupsDriver:
    """A raw queue to the catcher."""
    cups.add("raw", f"socket://127.0.0.1:{catcher.port}", "raw")
    catcher.caught.clear()
    return CupsDriver("raw", cups.server, reply_timeout=PATIENCE)


@pytest.fixture
def dead(cups: Cups) -> CupsDriver:
    """A raw queue to a port where nobody listens."""
    cups.add("dead", f"socket://127.0.0.1:{free_port()}", "raw")
    return CupsDriver("dead", cups.server, reply_timeout=PATIENCE)


def label(dpi: int) -> Bitmap:
    """Noise, so that each dot counts, on 4x6 in as CUPS counts it."""
    bits = dots(*Resolution(dpi).size(paper_of("4x6in", None, dpi, PDF)))
    bits[300:500] = bits[300]  # bars
    return Bitmap.from_bits(bits)


async def when(session: CupsSession, wanted: Callable[[Observation], bool]) -> Observation:
    """The first observation that is wanted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if wanted(seen := await session.observe()):
                return seen
            await asyncio.sleep(0.05)


async def until(session: CupsSession, *wanted: Handover) -> Observation:
    """The first observation that says one of these."""
    return await when(session, lambda seen: seen.handover in wanted)


async def printed(driver: CupsDriver, payload: bytes) -> Observation:
    async with driver.connect() as session:
        before = await session.observe()
        assert before.status.ready, before
        await session.send(payload)
        return await until(session, Handover.TAKEN, Handover.DONE)


@pytest.mark.parametrize("dpi", [203, 300])
async def test_an_everywhere_queue_draws_our_very_dots(cups: Cups, dpi: int) -> None:
    queue = f"everywhere-{dpi}"
    await asyncio.to_thread(cups.add_ipp_printer, queue, "image/pwg-raster", dpi)
    driver = CupsDriver(queue, cups.server, media="4x6in", reply_timeout=PATIENCE)
    one, other = label(dpi), Bitmap.from_bits(~label(dpi).bits())
    seen = await printed(driver, pages.for_queue([one, other], dpi, 2))
    assert (seen.identity.dpi, seen.identity.document_format) == (dpi, PDF)
    assert seen.handover is Handover.DONE
    (document,) = cups.documents(queue)
    assert raster_pages(document) == [one, one, other, other]
    assert await asyncio.to_thread(cups.run, "lpstat", "-W", "completed", "-o", queue)
    (again,) = [each for each in await list_queues(cups.server) if each.name == queue]
    assert (again.resolution, again.media, again.error_policy) == (dpi, ("na_index-4x6_4x6in",), "abort-job")


@pytest.mark.parametrize("dpi", [203, 300])
async def test_the_zebra_driver_of_cups_sends_our_very_dots(cups: Cups, catcher: Catcher, dpi: int) -> None:
    queue, uri = f"zebra-{dpi}", f"socket://127.0.0.1:{catcher.port}"
    await asyncio.to_thread(cups.add, queue, uri, "drv:///sample.drv/zebra.ppd", f"Resolution={dpi}dpi")
    catcher.caught.clear()
    driver = CupsDriver(queue, cups.server, media="4x6in", reply_timeout=PATIENCE)
    seen = await printed(driver, pages.for_queue([label(dpi)], dpi))
    assert seen.handover is Handover.TAKEN
    await asyncio.to_thread(wait_until, lambda: catcher.caught, "the label arrives")
    (zpl,) = catcher.caught
    assert b"^PQ" not in zpl
    (drawn,) = draw(zpl, label(dpi).width, label(dpi).height, Resolution(dpi))
    assert drawn.bitmap == label(dpi).rotated(180), "it prints upside down (^POI)"


@pytest.mark.parametrize("dpi", [203, 300])
async def test_lprint_behind_a_queue_prints_our_very_dots(cups: Cups, dpi: int) -> None:
    queue, stock = f"lprint-{dpi}", paper_of("4x6in", None, dpi, PDF)
    async with VirtualPrinter(port=0, dpi=dpi, media=stock, seconds_per_label=0.01) as zebra:
        await asyncio.to_thread(cups.add_lprint_printer, queue, zebra.uri, dpi)
        driver = CupsDriver(queue, cups.server, media="4x6in", reply_timeout=PATIENCE)
        seen = await printed(driver, pages.for_queue([label(dpi)], dpi))
        (paper,) = await zebra.wait_labels(1)
    assert (seen.identity.dpi, seen.handover) == (dpi, Handover.DONE)
    assert paper.png
    assert Bitmap.from_png(paper.png) == label(dpi).rotated(180), "it prints upside down (^POI)"


async def test_a_raw_queue_passes_zpl_on_once_whatever_its_defaults_are(
    cups: Cups, catcher: Catcher, raw: CupsDriver
) -> None:
    await asyncio.to_thread(cups.run, "lpadmin", "-p", "raw", "-o", "copies-default=3", "-o", "number-up-default=2")
    seen = await printed(raw, LABEL)
    assert (seen.identity.document_format, seen.identity.dpi) == (ZPL, None)
    await asyncio.to_thread(wait_until, lambda: catcher.caught, "the label arrives")
    assert catcher.caught == [LABEL]
    verdict = judge(seen, seen, 1, still=0, silent=0, patience=Patience())
    assert verdict is not None
    assert (verdict.outcome, verdict.level) == (Outcome.UNKNOWN, Level.SENT), "CUPS counts no paper"


async def test_a_queue_that_would_print_again_by_itself_says_so(cups: Cups, raw: CupsDriver) -> None:
    await asyncio.to_thread(cups.run, "lpadmin", "-p", "raw", "-o", "printer-error-policy=retry-job")
    async with raw.connect() as session:
        seen = await session.observe()
    assert (seen.status.state, seen.status.reasons) == (PrinterState.IDLE, frozenset({"queue-repeats-labels"}))


async def test_a_queue_without_the_stock_gets_nothing(cups: Cups) -> None:
    await asyncio.to_thread(cups.add_ipp_printer, "small", "image/pwg-raster", 203)
    async with CupsDriver("small", cups.server, media="a4", reply_timeout=PATIENCE).connect() as session:
        seen = await session.observe()
    assert seen.status.state is PrinterState.STOPPED
    assert "media-mismatch" in seen.status.reasons
    assert "does not offer 210x297mm" in seen.status.message


async def test_a_stopped_queue_is_stopped_and_a_job_withdrawn_from_it_did_not_print(
    cups: Cups, catcher: Catcher, raw: CupsDriver
) -> None:
    async with raw.connect() as session:
        await asyncio.to_thread(cups.run, "cupsdisable", "raw")
        before = await session.observe()
        assert (before.status.state, before.status.reasons) == (PrinterState.STOPPED, frozenset({"queue-stopped"}))
        await session.send(LABEL)
        waiting = await until(session, Handover.PENDING)
        assert judge(before, waiting, 1, still=999, silent=0, patience=Patience()) is None
        await asyncio.to_thread(cups.run, "cancel", "-a", "raw")
        seen = await until(session, Handover.WITHDRAWN)
    verdict = judge(before, seen, 1, still=0, silent=0, patience=Patience())
    assert verdict is not None
    assert verdict.outcome is Outcome.NOT_PRINTED
    await asyncio.to_thread(cups.run, "cupsenable", "raw")
    await printed(raw, LABEL + b"\n")
    await asyncio.to_thread(wait_until, lambda: catcher.caught, "the next label arrives")
    assert catcher.caught == [LABEL + b"\n"]


async def test_a_printer_that_is_off_stops_the_job_which_is_unknown_when_canceled(cups: Cups, dead: CupsDriver) -> None:
    async with dead.connect() as session:
        before = await session.observe()
        assert before.status.ready, "CUPS has not tried yet"
        await session.send(LABEL)
        seen = await when(session, lambda seen: seen.status.state is PrinterState.STOPPED)
        assert "offline" in seen.status.reasons
        assert "may not exist or is unavailable" in seen.status.message
        assert judge(before, seen, 1, still=999, silent=0, patience=Patience()) is None, "it may be switched on"
        await asyncio.to_thread(cups.run, "cancel", "-a", "dead")
        seen = await until(session, Handover.BROKEN)
    verdict = judge(before, seen, 1, still=0, silent=0, patience=Patience())
    assert verdict is not None
    assert (verdict.outcome, verdict.level) == (Outcome.UNKNOWN, Level.NONE)
    assert "was canceled while it printed" in verdict.because


_GERMAN = """
import asyncio, sys
from labeld.drivers.cups import CupsDriver
from labeld.drivers.printer import PrinterState

async def main():
    async with CupsDriver("dead", sys.argv[1], reply_timeout=60).connect() as session:
        await session.send(b"^XA^FO10,10^GB100,100,4^FS^XZ")
        while (seen := await session.observe()).status.state is not PrinterState.STOPPED:
            await asyncio.sleep(0.05)
        await session.recall()
        print(seen.status.message)

asyncio.run(main())
"""


def test_what_cups_says_is_understood_on_a_german_machine(cups: Cups, dead: CupsDriver) -> None:
    german = {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}
    subprocess.run(
        ["lp", "-d", "dead", "-o", "raw", str(cups.folder / "cupsd.conf")],
        **cups.options | {"env": cups.options["env"] | german},
        check=True,
        capture_output=True,
    )
    wait_until(lambda: "exist" in cups.run("lpstat", "-p", "dead"), "CUPS misses the printer")
    if "Drucker" not in cups.run("lpstat", "-p", "dead"):
        pytest.skip("CUPS speaks no German here")
    cups.run("cancel", "-a", "dead")
    done = subprocess.run(
        [sys.executable, "-c", _GERMAN, cups.server],
        env=cups.options["env"] | german | {"PYTHONPATH": str(ROOT / ".src")},
        capture_output=True,
        timeout=PATIENCE,
        check=True,
        text=True,
    )
    assert "may not exist or is unavailable" in done.stdout


@pytest.mark.parametrize("error", [ConnectionLost("mine"), asyncio.CancelledError()], ids=["failed", "canceled"])
async def test_a_conversation_that_fails_takes_its_job_back(cups: Cups, dead: CupsDriver, error: BaseException) -> None:
    with pytest.raises(type(error)):
        async with dead.connect() as session:
            await session.send(LABEL)
            raise error
    assert not await asyncio.to_thread(cups.unfinished, "dead")


async def test_what_an_earlier_conversation_left_is_seen_and_taken_back(cups: Cups, dead: CupsDriver) -> None:
    async with dead.connect() as session:
        await session.send(LABEL)
    await asyncio.to_thread(cups.run, "lp", "-d", "dead", "-o", "raw", str(cups.folder / "cupsd.conf"))
    async with dead.connect() as session:
        seen = await session.observe()
        assert seen.status.partial_format
        assert not seen.status.drained
        await session.discard_partial()
        assert not (await session.observe()).status.partial_format
    left = await asyncio.to_thread(cups.unfinished, "dead")
    assert len(left.splitlines()) == 1, "others' jobs are not ours to cancel"
    await asyncio.to_thread(cups.run, "cancel", "-a", "dead")


async def test_a_document_that_cups_refuses_leaves_nothing_behind(
    cups: Cups, raw: CupsDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeld.drivers.cups._RAW", "application/vnd.of-nobody")
    with pytest.raises(ConnectionLost, match="Unsupported document-format") as caught:
        async with raw.connect() as session:
            await session.send(LABEL)
    assert caught.value.sent == 0
    assert not await asyncio.to_thread(cups.unfinished, "raw")


class Deaf:
    """Forwards to CUPS, and hangs up without the answer once a whole label went by."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut = threading.Event()
        self._thread = threading.Thread(target=self._forward, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def _forward(self) -> None:
        here, _ = self._listener.accept()
        with here, socket.create_connection(("127.0.0.1", self._to)) as there:
            answers = threading.Thread(target=self._answer, args=(there, here))
            answers.start()
            said = b""
            while data := here.recv(65536):
                said += data
                if LABEL in said and said.endswith(b"0\r\n\r\n"):  # the last chunk
                    self.cut.set()
                there.sendall(data)
            there.shutdown(socket.SHUT_WR)
            answers.join()

    def _answer(self, there: socket.socket, here: socket.socket) -> None:
        while data := there.recv(65536):
            if self.cut.is_set():
                here.shutdown(socket.SHUT_RDWR)
                return
            here.sendall(data)


async def test_an_answer_that_is_lost_is_not_taken_for_a_refusal(cups: Cups, dead: CupsDriver) -> None:
    with Deaf(cups.port) as proxy:
        driver = CupsDriver("dead", f"127.0.0.1:{proxy.port}", reply_timeout=PATIENCE)
        with suppress(ConnectionLost):
            async with driver.connect() as session:
                await session.send(LABEL)
        assert session.sent == len(LABEL)
        assert proxy.cut.is_set()
    await asyncio.to_thread(cups.run, "cancel", "-a", "dead")


async def test_a_queue_that_is_not_there_is_told(cups: Cups) -> None:
    with pytest.raises(ConnectionLost, match="not-found"):
        async with CupsDriver("nobody", cups.server, reply_timeout=PATIENCE).connect() as session:
            await session.observe()


async def test_cups_that_is_not_there_is_offline() -> None:
    driver = CupsDriver("raw", f"127.0.0.1:{free_port()}")
    with pytest.raises(PrinterOffline, match="CUPS cannot be reached") as caught:
        async with driver.connect():
            pytest.fail("nobody listens there")
    assert caught.value.sent == 0
    with pytest.raises(PrinterOffline):
        await list_queues(driver.server)


async def test_a_mute_cups_is_unknown_blocks_nobody_and_gets_no_second_call() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel takes connections, and nobody reads them
        server = f"127.0.0.1:{listener.getsockname()[1]}"
        driver = CupsDriver("raw", server, connect_timeout=PATIENCE, reply_timeout=0.1, progress_timeout=0.1)
        async with driver.connect() as session:
            for _ in range(3):
                assert (await session.observe()).status.state is PrinterState.UNKNOWN
        with pytest.raises(PrinterOffline, match="earlier call"):
            async with driver.connect():
                pytest.fail("the call before has not ended")
        other = CupsDriver("raw", server, connect_timeout=PATIENCE, progress_timeout=0.1, close_timeout=0.1)
        with pytest.raises(PrinterStalled) as caught:
            async with other.connect() as session:
                await session.send(LABEL)
        assert caught.value.sent == 0


def test_the_queues_are_listed_for_the_configuration(cups: Cups, raw: CupsDriver) -> None:
    command = (sys.executable, "-m", "labeld.daemon", "printers", "--cups")
    environment = cups.options["env"] | {"PYTHONPATH": str(ROOT / ".src"), "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=PATIENCE, check=True, text=True)
    (line,) = [line for line in done.stdout.splitlines() if "cups://raw " in line]
    assert "zpl" in line
    assert "abort-job" in line
    assert "Local Raw Printer" in line
