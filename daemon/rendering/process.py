"""The daemon's end of the fork server and of the render processes that it makes."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from typing import Any

from . import frames
from .fork_server import ANSWER, END, FORK, QUESTION

log = logging.getLogger(__name__)

#: time for the fork server to load the libraries on a busy machine, and for a fork
_START_SECONDS = 60.0
_BUFFER = 1 << 20
_MAX_HEADER = 1 << 20
_MAX_DATA = 256 << 20
#: the renderers take no document of more pages
MAX_PAGES = 100


class NoProcess(OSError):
    """No render process can be started."""


class TooSlow(Exception):
    """A page took too long; `page` is 0 before the first."""

    def __init__(self, page: int) -> None:
        super().__init__(page)
        self.page = page


#: Keep what pictures took: giving it back to the kernel after each costs a third of drawing one (mallopt(3)).
MALLOC = {
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "33554432",
}


class ForkServer:
    """Starts the fork server, again when it died, and asks it for processes."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory = memory_bytes
        self._process: Process | None = None
        self._control: socket.socket | None = None
        self._children: set[int] = set()
        self._questions = 0
        self._lock = asyncio.Lock()

    async def fork(self, served: socket.socket) -> int:
        """A new process that answers on `served`; its id.

        Raises:
            NoProcess: it cannot be had, not even from a new fork server.
        """
        async with self._lock:
            for last in (False, True):
                try:
                    child = await self._ask(FORK, served=served)
                except OSError as error:
                    await self._discard()
                    if last:
                        raise NoProcess(f"no render process can be started: {error}") from error
                else:
                    if not child:
                        raise NoProcess("no render process can be started: the system has too many processes")
                    self._children.add(child)
                    return child
        raise AssertionError("unreachable")

    async def end(self, child: int) -> None:
        """End a process and what it started; returns when it is gone."""
        async with self._lock:
            if child not in self._children:
                return  # it went with its fork server
            try:
                await self._ask(END, child)
                self._children.discard(child)
            except OSError:
                await self._discard()

    async def close(self) -> None:
        """End it and all that it started."""
        async with self._lock:
            if self._control is not None and self._process is not None:
                self._control.close()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_START_SECONDS):
                        await self._process.wait()
            await self._discard()

    async def _ask(self, kind: int, child: int = 0, served: socket.socket | None = None) -> int:
        self._questions += 1
        async with asyncio.timeout(_START_SECONDS):
            control = await self._running()
            descriptors = [served.fileno()] if served else []
            socket.send_fds(control, [QUESTION.pack(kind, self._questions, child)], descriptors)
            while True:
                answer = await asyncio.get_running_loop().sock_recv(control, ANSWER.size)
                if len(answer) < ANSWER.size:
                    raise ConnectionResetError("the fork server is gone")
                number, child = ANSWER.unpack(answer)
                # an earlier number: whoever asked was cancelled
                if number == self._questions:
                    return int(child)

    async def _running(self) -> socket.socket:
        if self._control is not None and self._process is not None:
            return self._control
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._control = ours
            ours.setblocking(False)
            # one thread each: the pool is the parallelism, and thread stacks count against the memory limit
            environment = {
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                **MALLOC,
            }
            command = (sys.executable, "-m", "labeld.daemon.rendering.fork_server", str(self._memory))
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=theirs.fileno(), stdout=DEVNULL, env=environment
            )
        return ours

    async def _discard(self) -> None:
        """Forget a server that does not answer; its processes die with it, and what they started is ended here."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            # the transport is closed here and not by the garbage collector, which would warn
            self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio offers no public way
        if self._control is not None:
            self._control.close()
        for child in self._children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
        self._process = self._control = None
        self._children.clear()


class RenderProcess:
    """One render process, or the place of one."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self._child = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.documents = 0

    async def start(self) -> None:
        """Have a process, if there is none that lives.

        Raises:
            NoProcess: none can be started.
        """
        if self._reader is not None and not self._reader.at_eof():
            return
        await self.end()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._child = await self._server.fork(theirs)
            except BaseException:
                ours.close()
                raise
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_BUFFER)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._read(reader)  # it says that it is confined
        except (asyncio.IncompleteReadError, OSError, ValueError) as error:
            writer.close()
            await self.end()
            raise NoProcess("a render process ended before it was ready: see the log") from error
        except BaseException:
            writer.close()
            raise
        self._reader, self._writer = reader, writer
        self.documents = 0

    async def restart(self) -> None:
        """Have a fresh process; when none can be started, the next request tries again."""
        await self.end()
        try:
            await self.start()
        except NoProcess as error:
            log.warning("%s", error)

    async def end(self) -> None:
        """Kill the process and what it started."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None
        if self._child:
            child, self._child = self._child, 0
            await self._server.end(child)

    async def ask(self, header: dict[str, Any], data: bytes, page_seconds: float) -> tuple[dict[str, Any], bytes]:
        """Its answer to a request.

        Raises:
            TooSlow: a page, or what comes before the first, takes longer than `page_seconds`.
            asyncio.IncompleteReadError, OSError, ValueError: it died, or its answer makes no sense.
        """
        if self._reader is None or self._writer is None:
            raise BrokenPipeError
        self.documents += 1
        page = 0
        try:
            async with asyncio.timeout(page_seconds):
                self._writer.write(frames.pack({**header, "seconds": page_seconds}, data))
                self._writer.write(data)
                await self._writer.drain()
                reply, payload = await self._read(self._reader)
            while "page" in reply:
                # each page once and in order: a taken-over process must not go on for ever
                number = reply["page"]
                if not isinstance(number, int) or not page < number <= MAX_PAGES:
                    raise ValueError(f"page {number!r} after page {page}")
                page = number
                async with asyncio.timeout(page_seconds):
                    reply, payload = await self._read(self._reader)
        except TimeoutError:
            raise TooSlow(page) from None
        return reply, payload

    async def _read(self, reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
        header_size, data_size = frames.SIZES.unpack(await reader.readexactly(frames.SIZES.size))
        if header_size > _MAX_HEADER or data_size > _MAX_DATA:
            raise ValueError("the reply is too large")
        try:
            reply = json.loads(await reader.readexactly(header_size))
        except RecursionError as error:
            raise ValueError("the reply is too deep") from error
        if not isinstance(reply, dict):
            raise ValueError("the reply is not an object")  # noqa: TRY004 - one kind for any bad reply
        return reply, await reader.readexactly(data_size)
