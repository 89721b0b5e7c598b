"""What the daemon makes of the answers of a render process that a document has taken over."""

import asyncio
import contextlib
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from labeld.daemon.rendering import frames
from labeld.daemon.rendering.process import ForkServer, NoProcess, RenderProcess, TooSlow

ROOT = Path(__file__).parents[3]
READY = frames.pack({}, b"")


class Liar(ForkServer):
    """In place of a fork server: a process that says `ready`, and `answer` to any request."""

    def __init__(self, ready: bytes, answer: bytes, *, hangs: bool = False) -> None:
        super().__init__(1 << 30)
        self.ready, self.answer, self.hangs = ready, answer, hangs
        self.tasks: list[asyncio.Task[None]] = []

    async def fork(self, served: socket.socket) -> int:
        """One more liar."""
        mouth = socket.socket(fileno=os.dup(served.fileno()))
        mouth.setblocking(False)
        self.tasks.append(asyncio.create_task(self._lie(mouth)))
        return 1

    async def end(self, child: int) -> None:
        """All liars are silenced."""
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)

    async def _lie(self, mouth: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with mouth, contextlib.suppress(OSError):
            await loop.sock_sendall(mouth, self.ready)
            await loop.sock_recv(mouth, 1 << 16)
            await loop.sock_sendall(mouth, self.answer)
            if self.hangs:
                await asyncio.Event().wait()


async def ask(liar: Liar) -> tuple[dict[str, object], bytes]:
    process = RenderProcess(liar)
    try:
        await process.start()
        return await process.ask({"kind": "render"}, b"label", 60.0)
    finally:
        await process.end()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(frames.pack({"page": 1}, b"") * 2, id="a page twice"),
        pytest.param(b"".join(frames.pack({"page": page}, b"") for page in range(1, 102)), id="too many pages"),
        pytest.param(frames.pack({"page": "1"}, b""), id="a page that is no number"),
        pytest.param(frames.SIZES.pack(3, 0) + b"[1]", id="no object"),
        pytest.param(frames.SIZES.pack(3, 0) + b"\xff{}", id="no text"),
        pytest.param(frames.SIZES.pack(200_000, 0) + b"[" * 200_000, id="a deep answer"),
        pytest.param(struct.pack(">II", 2, 0xFFFFFFFF) + b"{}", id="four gigabytes"),
        pytest.param(struct.pack(">II", 0xFFFFFFFF, 0) + b"{}", id="a header of four gigabytes"),
        pytest.param(frames.pack({"labels": 1, "notes": []}, b"xx")[:-1], id="half an answer"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_a_lie_is_a_crash(answer: bytes) -> None:
    with pytest.raises((ValueError, asyncio.IncompleteReadError)):
        await ask(Liar(READY, answer))


async def test_pages_come_before_the_answer() -> None:
    pages = b"".join(frames.pack({"page": page}, b"") for page in (1, 2, 5))
    reply = await ask(Liar(READY, pages + frames.pack({"labels": 3}, b"^XA^XZ") + b"^XA^XZ"))
    assert reply == ({"labels": 3}, b"^XA^XZ")


async def test_the_page_that_takes_too_long_is_named() -> None:
    liar = Liar(READY, frames.pack({"page": 1}, b"") + frames.pack({"page": 2}, b""), hangs=True)
    process = RenderProcess(liar)
    await process.start()
    with pytest.raises(TooSlow) as caught:
        await process.ask({"kind": "render"}, b"label", 0.2)
    assert caught.value.page == 2
    await process.end()


@pytest.mark.parametrize("ready", [pytest.param(b"", id="silent"), pytest.param(b"\0" * 8 + b"x", id="confused")])
async def test_a_process_that_is_never_ready_is_no_process(ready: bytes) -> None:
    liar = Liar(ready, b"")
    process = RenderProcess(liar)
    start = asyncio.create_task(process.start())
    await asyncio.sleep(0.05)
    for task in liar.tasks:
        task.cancel()
    with pytest.raises(NoProcess):
        await start


async def test_an_answer_that_nobody_waits_for_any_more_is_not_taken_for_the_next() -> None:
    server = ForkServer(1 << 30)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            first = await server.fork(theirs)
            ending = asyncio.create_task(server.end(first))
            await asyncio.sleep(0)
            ending.cancel()
            await asyncio.wait([ending])
            second = await server.fork(theirs)
            assert second != first
            assert psutil.pid_exists(second)
            assert not psutil.pid_exists(first)
        finally:
            await server.close()
    assert not psutil.pid_exists(second)


def test_pdfium_is_not_started_before_the_fork() -> None:
    code = (
        "import sys, importlib; from labeld.daemon.rendering.fork_server import _PRELOADED\n"
        "for name in _PRELOADED: importlib.import_module(name)\n"
        "assert 'pypdfium2_raw' in sys.modules; assert 'pypdfium2' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
