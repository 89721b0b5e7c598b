"""What is told of the questions to a printer is what goes over the wire."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from labeld.drivers.dialogue import questions
from labeld.drivers.printer import Question
from labeld.drivers.raw import RawDriver
from labeld.drivers.virtual.server import VirtualPrinter


@pytest.mark.parametrize(
    ("unasked", "hardware_address"),
    [(set(), False), (set(), True), ({Question.VARIABLES}, False), ({Question.IDENTIFICATION}, False)],
)
async def test_questions_are_those_that_are_asked(unasked: set[Question], hardware_address: bool) -> None:
    heard = bytearray()
    spared = frozenset(unasked)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Between driver and printer; keeps what the driver says."""
        there, back = await asyncio.open_connection("127.0.0.1", zebra.port)

        async def answers() -> None:
            while data := await there.read(4096):
                writer.write(data)

        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(answers())
            while data := await reader.read(4096):
                heard.extend(data)
                back.write(data)
            answering.cancel()
        for one in (back, writer):
            one.close()

    async with AsyncExitStack() as stack:
        zebra = await stack.enter_async_context(VirtualPrinter(port=0))
        server = await stack.enter_async_context(await asyncio.start_server(relay, "127.0.0.1", 0))
        port = server.sockets[0].getsockname()[1]
        async with RawDriver("127.0.0.1", port, hardware_address=hardware_address).connect() as session:
            await session.observe(lambda _identity: spared)
    assert bytes(heard) == b"".join(questions(spared, hardware_address=hardware_address))
