"""One contract (`labeld.drivers.base`) over all ways to a printer: simulated Zebra, a dumb port 9100, a CUPS queue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.integration.cups_floor import Catcher, Cups, wait_until

from labeld.drivers.base import Driver
from labeld.drivers.errors import ConnectionLost, PrinterOffline
from labeld.drivers.opening import open_driver
from labeld.drivers.printer import Handover, Identity, Observation, PrinterState
from labeld.drivers.virtual import VirtualPrinter

LABEL = b"^XA^FO10,10^GB100,100,4^FS^XZ"
BIG = b"^XA^FO0,0^GFA,400000,400000,100," + b"F" * 800_000 + b"^FS^XZ"


@dataclass
class Rig:
    """A driver and what its printer received."""

    driver: Driver
    received: Callable[[], bytes]
    arrived: Callable[[int], Awaitable[None]]
    questions_answered: bool
    scheme: str = "socket"


class DumbPrinter:
    """Takes bytes, one connection after the other, and never says a word."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.conversations = 0
        self._more = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.conversations += 1
        while data := await reader.read(65536):
            async with self._more:
                self.data += data
                self._more.notify_all()
        writer.close()
        await writer.wait_closed()

    async def wait(self, count: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: len(self.data) >= count)


def no_picture(*_: object) -> tuple[None, tuple[str, ...]]:
    return None, ()


@asynccontextmanager
async def zebra_rig() -> AsyncIterator[Rig]:
    async with VirtualPrinter(port=0, seconds_per_label=0, draw=no_picture) as printer:
        driver = open_driver(printer.uri, reply_timeout=10)

        def received() -> bytes:
            return b"".join(label.zpl for label in printer.labels)

        async def arrived(_: int) -> None:
            await printer.wait_labels(1)

        yield Rig(driver, received, arrived, True)


@asynccontextmanager
async def dumb_rig() -> AsyncIterator[Rig]:
    printer = DumbPrinter()
    server = await asyncio.start_server(printer.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        driver = open_driver(f"socket://127.0.0.1:{port}", reply_timeout=0.05)
        yield Rig(driver, lambda: bytes(printer.data), printer.wait, False)


@asynccontextmanager
async def cups_rig(cups: Cups) -> AsyncIterator[Rig]:
    with Catcher() as printer:
        # a queue of its own: CUPS begins a job again when its queue gets another printer
        queue = f"raw-{printer.port}"
        await asyncio.to_thread(cups.add, queue, f"socket://127.0.0.1:{printer.port}", "raw")

        async def arrived(count: int) -> None:
            there = lambda: sum(map(len, printer.caught)) >= count  # noqa: E731
            await asyncio.to_thread(wait_until, there, "the label arrives")

        driver = open_driver(f"cups://{cups.server}/{queue}", media="4x6in", reply_timeout=60)
        yield Rig(driver, lambda: b"".join(printer.caught), arrived, False, "cups")


@pytest.fixture(scope="module")
def cups() -> Iterator[Cups]:
    with Cups() as running:
        yield running


@pytest.fixture(params=["zebra", "dumb", pytest.param("cups", marks=pytest.mark.peer)])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    rigs: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {
        "zebra": zebra_rig,
        "dumb": dumb_rig,
        "cups": lambda: cups_rig(request.getfixturevalue("cups")),
    }
    async with rigs[request.param]() as rig:
        yield rig


async def test_the_uri_says_where_the_printer_is(rig: Rig) -> None:
    assert rig.driver.uri.startswith(f"{rig.scheme}://127.0.0.1:")


@pytest.mark.parametrize("payload", [LABEL, BIG], ids=["small", "big"])
async def test_every_byte_arrives_once_and_in_order(rig: Rig, payload: bytes) -> None:
    async with rig.driver.connect() as session:
        await session.send(payload)
    await rig.arrived(len(payload))
    assert rig.received() == payload


async def test_observing_puts_nothing_on_paper(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        await session.observe()
        await session.observe()
    async with rig.driver.connect() as session:
        await session.send(LABEL)
    await rig.arrived(len(LABEL))
    questions = rig.received().removesuffix(LABEL)
    assert rig.received().endswith(LABEL)
    assert b"^" not in questions
    assert b"setvar" not in questions


async def test_a_printer_is_known_by_what_it_says_and_silence_is_unknown(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        before = await session.observe()
        await session.send(LABEL)
        await rig.arrived(len(LABEL))
        after = await session.observe()
    if rig.questions_answered:
        assert before.identity == Identity("LBLD00000001", "ZTC ZD421-203dpi ZPL", "V93.21.26Z", 203)
        assert before.status.ready
        assert (before.odometer, after.odometer) == (0, 1)
    elif rig.scheme == "cups":
        assert before.identity == Identity(model="Local Raw Printer", document_format="application/vnd.zebra-zpl")
        assert before.status.ready
        assert (before.handover, before.odometer, after.odometer) == (None, None, None)
        assert after.handover in (Handover.BEGUN, Handover.TAKEN)
    else:
        assert before == after == Observation(Identity(), before.status)
        assert before.status.state is PrinterState.UNKNOWN
        assert not before.status.ready


async def test_a_session_sends_one_payload(rig: Rig) -> None:
    async with rig.driver.connect() as session:
        await session.send(LABEL)
        with pytest.raises(RuntimeError):
            await session.send(LABEL)
    await rig.arrived(len(LABEL))
    assert rig.received() == LABEL


async def test_conversations_follow_one_another(rig: Rig) -> None:
    for _ in range(3):
        async with rig.driver.connect() as session:
            await session.observe()
    async with rig.driver.connect() as session:
        await session.send(LABEL)
    await rig.arrived(len(LABEL))
    assert rig.received().count(LABEL) == 1


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
    async with rig.driver.connect() as session:  # the printer is free for the next one
        await session.send(LABEL)
    await rig.arrived(len(LABEL))


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
