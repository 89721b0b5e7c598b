"""The network between labeld and a printer: a TCP relay that is slow, stalls, or breaks."""

import asyncio
import contextlib
import socket
import struct

_CHUNK = 512


class Proxy:
    """Relays connections to one port; nothing is reordered, and what a cut finds in it is gone.

    Attributes:
        delay: seconds that each piece is late.
        cut_after: bytes after which, counted from the printer's host on one connection, it breaks; 0 never.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0
        self.cut_after = 0
        self._target = target
        self._flows = asyncio.Event()
        self._flows.set()
        self._relays: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Break everything and listen no more."""
        if self._server is not None:
            self._server.close()
        self._flows.set()
        self.cut()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def stall(self) -> None:
        """Let nothing through any more, and keep it."""
        self._flows.clear()

    def flow(self) -> None:
        """Let everything through."""
        self._flows.set()

    def cut(self) -> None:
        """Reset every connection, on both sides."""
        for relay in self._relays:
            relay.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        ends = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            ends.append(far_writer)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(reader, far_writer, self.cut_after))
                tasks.create_task(self._pump(far_reader, writer, 0))
        except* (OSError, asyncio.CancelledError):
            for end in ends:
                _reset(end)
        finally:
            self._relays.discard(task)
            for end in ends:
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut_after: int) -> None:
        passed = 0
        while data := await reader.read(_CHUNK):
            await asyncio.sleep(self.delay)
            await self._flows.wait()
            if cut_after and passed + len(data) >= cut_after:
                writer.write(data[: cut_after - passed])
                await writer.drain()
                raise ConnectionResetError("cut")
            writer.write(data)
            await writer.drain()
            passed += len(data)
        await self._flows.wait()
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
