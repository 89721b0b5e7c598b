"""One contract (`labeld.drivers.base`) over all ways to a printer, from a simulated Zebra to LPrint behind CUPS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.integration.cups_floor import Catcher, Cups, raster_pages, wait_until
from tests.integration.harness import PATIENCE
from tests.unit.renderers.paper import dots

from labeld.drivers.base import Driver, Session
from labeld.drivers.errors import ConnectionLost, PrinterOffline, Recalled
from labeld.drivers.opening import open_driver
from labeld.drivers.printer import Handover, Identity, Observation, PrinterState
from labeld.drivers.virtual import VirtualPrinter
from labeld.renderers import pages
from labeld.renderers.asset import PDF, ZPL
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.payload import paper_of

#: A label on its paper: what was sent, or the dots where something in between draws it.
Paper = bytes | Bitmap


@dataclass(frozen=True, slots=True)
class Label:
    """A payload, and what it looks like when it arrived."""

    payload: bytes
    paper: Paper


@dataclass(frozen=True, slots=True)
class Rig:
    """A driver and its printer.

    Attributes:
        printed: the labels that came out, once there are so many.
        small: a label.
        big: another, larger than what is handed over in one go.
        known: who the printer says it is.
        state: how it says it is, when it has nothing to do.
        done: whether an observation after a label says that it is done, as far as this way can tell.
    """

    driver: Driver
    printed: Callable[[int], Awaitable[list[Paper]]]
    small: Label
    big: Label
    known: Identity
    state: PrinterState
    done: Callable[[Observation], bool]


def zpl(data: bytes) -> Label:
    """A label that goes through as it is."""
    return Label(data, data)


SMALL = zpl(b"^XA^FO10,10^GB100,100,4^FS^XZ")
BIG = zpl(b"^XA^FO0,0^GFA,400000,400000,100," + b"F" * 800_000 + b"^FS^XZ")


class DumbPrinter:
    """Takes bytes, one connection after the other, and never says a word."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self._more = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        async with self._more:
            self.data.append(data)
            self._more.notify_all()

    async def printed(self, count: int) -> list[Paper]:
        """What lies between `^XA` and `^XZ`; around it are questions."""
        async with self._more:
            await self._more.wait_for(lambda: sum(b"^XA" in data for data in self.data) >= count)
        labels: list[Paper] = []
        for data in self.data:
            first, begin, rest = data.partition(b"^XA")
            label, end, last = rest.rpartition(b"^XZ")
            assert b"^" not in first + last
            assert b"setvar" not in first + last
            labels += [begin + label + end] * bool(begin)
        return labels


def no_picture(*_: object) -> tuple[None, tuple[str, ...]]:
    return None, ()


@asynccontextmanager
async def zebra_rig(_: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with VirtualPrinter(port=0, seconds_per_label=0, draw=no_picture) as printer:

        async def printed(count: int) -> list[Paper]:
            return [label.zpl for label in await printer.wait_labels(count)]

        known = Identity("LBLD00000001", "ZTC ZD421-203dpi ZPL", "V93.21.26Z", 203)
        done = lambda seen: seen.odometer == 1  # noqa: E731
        driver = open_driver(printer.uri, reply_timeout=10)
        yield Rig(driver, printed, SMALL, BIG, known, PrinterState.IDLE, done)


@asynccontextmanager
async def dumb_rig(_: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    printer = DumbPrinter()
    async with await asyncio.start_server(printer.serve, "127.0.0.1", 0) as server:
        driver = open_driver(f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}", reply_timeout=0.05)
        mute = Observation(Identity(), (await observed(driver)).status)
        yield Rig(driver, printer.printed, SMALL, BIG, Identity(), PrinterState.UNKNOWN, lambda seen: seen == mute)


@asynccontextmanager
async def raw_rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A raw queue to a socket."""
    server: Cups = request.getfixturevalue("cups")
    with Catcher() as printer:
        # a queue of its own: CUPS begins a job again when its queue gets another printer
        queue = f"raw-{printer.port}"
        await asyncio.to_thread(server.add, queue, f"socket://127.0.0.1:{printer.port}", "raw")

        async def printed(count: int) -> list[Paper]:
            await asyncio.to_thread(wait_until, lambda: len(printer.caught) >= count, "the label arrives")
            return list(printer.caught)

        known = Identity(model="Local Raw Printer", document_format=ZPL)
        done = lambda seen: seen.handover is Handover.TAKEN  # noqa: E731
        yield Rig(through(server, queue), printed, SMALL, BIG, known, PrinterState.IDLE, done)


def through(cups: Cups, queue: str) -> Driver:
    return open_driver(f"cups://{cups.server}/{queue}", media="4x6in", reply_timeout=PATIENCE)


def page(bits: NDArray[np.bool_], *, turned: bool = False) -> Label:
    """A label that a queue draws, by one that prints it upside down if `turned`."""
    bitmap = Bitmap.from_bits(bits)
    return Label(pages.for_queue([bitmap], 203), bitmap.rotated(180) if turned else bitmap)


def drawn(*, turned: bool = False) -> tuple[Label, Label]:
    """A label of few bytes, and one of many."""
    width, height = Resolution(203).size(paper_of("4x6in", None, 203, PDF))
    few = np.zeros((height, width), bool)
    few[20:900, 30:40] = True
    return page(few, turned=turned), page(dots(width, height), turned=turned)


def is_done(seen: Observation) -> bool:
    return seen.handover is Handover.DONE


@asynccontextmanager
async def everywhere_rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A queue that draws for CUPS's own IPP Everywhere printer."""
    server: Cups = request.getfixturevalue("cups")
    queue = "everywhere"
    if not (server.folder / queue).exists():
        await asyncio.to_thread(server.add_ipp_printer, queue, "image/pwg-raster", 203)
    before = len(server.documents(queue))

    async def printed(count: int) -> list[Paper]:
        there = lambda: len(server.documents(queue)) >= before + count  # noqa: E731
        await asyncio.to_thread(wait_until, there, "the label arrives")
        await asyncio.to_thread(wait_until, lambda: not server.unfinished(queue), "it is whole")
        return [paper for document in server.documents(queue)[before:] for paper in raster_pages(document)]

    driver = through(server, queue)
    known = (await observed(driver)).identity
    assert (known.dpi, known.document_format, known.serial) == (203, PDF, None)
    yield Rig(driver, printed, *drawn(), known, PrinterState.IDLE, is_done)


@asynccontextmanager
async def lprint_rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A queue that draws for LPrint, which drives a Zebra."""
    server: Cups = request.getfixturevalue("cups")
    async with VirtualPrinter(port=0, seconds_per_label=0.01, media=paper_of("4x6in", None, 203, PDF)) as printer:
        queue = f"lprint-{printer.port}"
        await asyncio.to_thread(server.add_lprint_printer, queue, printer.uri, 203)

        async def printed(count: int) -> list[Paper]:
            return [Bitmap.from_png(label.png or b"") for label in await printer.wait_labels(count)]

        driver = through(server, queue)
        known = (await observed(driver)).identity
        assert (known.dpi, known.document_format, known.serial) == (203, PDF, None)
        yield Rig(driver, printed, *drawn(turned=True), known, PrinterState.IDLE, is_done)


async def observed(driver: Driver) -> Observation:
    async with driver.connect() as session:
        return await session.observe()


async def until(session: Session, wanted: Callable[[Observation], bool]) -> Observation:
    async with asyncio.timeout(PATIENCE):
        while True:
            if wanted(seen := await session.observe()):
                return seen
            await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
def cups() -> Iterator[Cups]:
    with Cups() as running:
        yield running


RIGS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Rig]]] = {
    "zebra": zebra_rig,
    "dumb": dumb_rig,
    "cups-raw": raw_rig,
    "cups-everywhere": everywhere_rig,
    "cups-lprint": lprint_rig,
}


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.peer] * name.startswith("cups")) for name in RIGS])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param](request) as rig:
        yield rig


async def send(rig: Rig, label: Label) -> None:
    async with rig.driver.connect() as session:
        await session.send(label.payload)
        if rig.driver.uri.startswith("cups:"):
            await until(session, rig.done)


def test_the_uri_says_where_the_printer_is(rig: Rig) -> None:
    assert rig.driver.uri.startswith(("socket://127.0.0.1:", "cups://127.0.0.1:"))


async def test_labels_arrive_once_whole_and_in_order(rig: Rig) -> None:
    for label in (rig.small, rig.big, rig.small):
        await send(rig, label)
    assert await rig.printed(3) == [rig.small.paper, rig.big.paper, rig.small.paper]


async def test_observing_puts_nothing_on_paper(rig: Rig) -> None:
    for _ in range(3):
        async with rig.driver.connect() as session:
            await session.observe()
            await session.observe()
    await send(rig, rig.small)
    assert await rig.printed(1) == [rig.small.paper]


async def test_a_printer_is_known_by_what_it_says_and_silence_is_unknown(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        before = await session.observe()
        await session.send(rig.small.payload)
        after = await until(session, rig.done)
    assert (before.identity, before.status.state, before.handover) == (rig.known, rig.state, None)
    assert before.status.ready is (rig.state is PrinterState.IDLE)
    assert after.identity == rig.known
    assert (before.odometer is None) is (after.odometer is None)
    assert await rig.printed(1) == [rig.small.paper]


async def test_a_session_sends_one_payload(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        await session.send(rig.small.payload)
        with pytest.raises(RuntimeError):
            await session.send(rig.small.payload)
        await until(session, rig.done)
    assert await rig.printed(1) == [rig.small.paper]


async def test_a_payload_that_was_called_back_is_not_sent(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        assert await session.recall()
        with pytest.raises(Recalled) as caught:
            await session.send(rig.big.payload)
    assert caught.value.sent == 0
    await send(rig, rig.small)
    assert await rig.printed(1) == [rig.small.paper]


async def test_what_is_printed_cannot_be_called_back(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        await session.send(rig.small.payload)
        await until(session, rig.done)
        assert not await session.recall()
        assert rig.done(await session.observe())
    assert await rig.printed(1) == [rig.small.paper]


async def test_cancellation_closes_at_once(rig: Rig) -> None:
    connected = asyncio.Event()

    async def converse() -> None:
        async with rig.driver.connect():
            connected.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(converse())
    await connected.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await send(rig, rig.small)  # the printer is free for the next one
    assert await rig.printed(1) == [rig.small.paper]


async def test_a_failure_in_the_conversation_is_passed_on(rig: Rig) -> None:
    with pytest.raises(ConnectionLost, match="mine"):
        async with rig.driver.connect():
            raise ConnectionLost("mine")


@pytest.mark.parametrize("host", ["127.0.0.1", "printer.invalid", "a" * 70 + ".invalid", "\u00e9..invalid"])
async def test_a_printer_that_is_not_there_is_offline_and_nothing_was_sent(host: str) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(PrinterOffline) as caught:
        async with open_driver(f"socket://{host}:{port}").connect():
            pytest.fail("nobody listens there")
    assert caught.value.sent == 0
    assert caught.value.reason == "offline"
