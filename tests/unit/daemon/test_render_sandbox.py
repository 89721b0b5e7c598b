"""The sandbox of real render processes, tried from inside one, and what is left when its makers are killed.

Poppler runs inside the sandbox. In its place these tests put Python, under poppler's name, and give labeld documents
that PDFium cannot load and that are Python programs: the program runs where a taken-over render process would.
"""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.rendering import fork_servers

from labeld.config.services import RenderSettings
from labeld.daemon.rendering import confine
from labeld.daemon.rendering.pool import RenderFailed, RenderPool

from .hostile import pdf
from .test_render_pool import LABEL, REQUEST

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(bool(confine.lacks()), reason="; ".join(confine.lacks()))

DAEMON = """
import asyncio, sys
from labeld.config.services import RenderSettings
from labeld.daemon.rendering.pool import RenderPool, RenderRequest

async def main():
    async with RenderPool(RenderSettings(workers=2, timeout_seconds=600)) as pool:
        request = RenderRequest(media="4x6in", dpi=203, graphic_encoding="z64", scaling="auto", design_dpi=None,
                                copies=1, tracking_number=None, media_type=None, max_bytes=1 << 24)
        print("ready", flush=True)
        await pool.render(request, sys.argv[1].encode())

asyncio.run(main())
"""
HANGS = "#%PDF-1.4\nimport signal\nwhile True: signal.pause()\n#%%EOF"


@pytest.fixture
def python_for_poppler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pdfinfo").symlink_to(Path(sys.executable).resolve())
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)


async def test_a_program_inside_the_sandbox_gets_nowhere(python_for_poppler: None, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "labeld.sqlite3").write_bytes(b"a buyer's address")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    attempts = [
        f"open({str(state / 'labeld.sqlite3')!r}).read()",
        f"os.listdir({str(state)!r})",
        f"open({str(state / 'new')!r}, 'w')",
        f"os.kill({os.getpid()}, 0)",
        "os.kill(os.getppid(), 0) or os.listdir('/')",
        f"open('/proc/{os.getpid()}/environ').read()",
        "open('/proc/self/environ').read()",
        f"socket.create_connection(('127.0.0.1', {port}))",
        "socket.socket(socket.AF_UNIX)",
        "os.execv('/bin/sh', ['sh', '-c', 'echo Pages: 777'])",
        "os.setsid()",
    ]
    program = [b"#%PDF-1.4", b"import os, socket", b"got = []"]
    for number, attempt in enumerate(attempts):
        program.append(f"try: {attempt}; got.append({number})\nexcept OSError: pass".encode())
    program += [b"print('Pages:', 1000 + len(got), flush=True)", b"#%%EOF"]
    async with server, RenderPool(RenderSettings(workers=1)) as pool:
        # 1000 pages is its way of saying that nothing succeeded
        with pytest.raises(RenderFailed, match=r"^the PDF has 1000 pages"):
            await pool.render(REQUEST, b"\n".join(program))
        assert (await pool.render(REQUEST, LABEL)).labels == 1
    assert [path.name for path in state.iterdir()] == ["labeld.sqlite3"]


async def test_a_render_process_holds_its_own_socket_and_nothing_else() -> None:
    async with RenderPool(RenderSettings(workers=2)) as pool:
        assert (await pool.render(REQUEST, LABEL)).labels == 1
        (server,) = fork_servers()
        for worker in server.children():
            held = _open_files(worker.pid) - {os.devnull, *_open_files(os.getpid(), "2")}
            assert len(held) == 1
            assert held.pop().startswith("socket:")


async def test_poppler_works_inside_the_sandbox() -> None:
    mistyped = pdf(b"10 10 200 200 re f").replace(b"/Type/Page/", b"/Type/Leaf/")
    async with RenderPool(RenderSettings(workers=1)) as pool:
        request = replace(REQUEST, tracking_number=None)
        rendered = await pool.render(request, mistyped)
    assert rendered.labels == 1
    assert any("poppler" in note for note in rendered.notes)


async def test_a_daemon_that_is_killed_leaves_no_process(python_for_poppler: None) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DAEMON, HANGS, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert daemon.stdout is not None
    assert await daemon.stdout.readline() == b"ready\n"
    processes = await _family(daemon.pid, 4)  # fork server, two workers, and poppler's stand-in
    daemon.kill()
    await daemon.wait()
    assert _gone(processes)


async def test_a_killed_fork_server_takes_its_processes_with_it(python_for_poppler: None) -> None:
    async with RenderPool(RenderSettings(workers=2)) as pool:
        work = asyncio.create_task(pool.render(REQUEST, HANGS.encode()))
        processes = await _family(os.getpid(), 4)
        processes[0].kill()
        # the document is tried once more, in a process of a new fork server
        while not (again := fork_servers()) or again[0] == processes[0]:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        assert _gone(processes)
        assert (await pool.render(REQUEST, LABEL)).labels == 1
        work.cancel()
        await asyncio.wait([work])


async def test_a_page_that_hangs_in_poppler_ends_with_its_render_process(python_for_poppler: None) -> None:
    async with RenderPool(RenderSettings(workers=1, timeout_seconds=2.0)) as pool:
        work = asyncio.create_task(pool.render(REQUEST, HANGS.encode()))
        processes = await _family(os.getpid(), 3)
        with pytest.raises(RenderFailed, match="took longer than 2 s"):
            await work
        assert _gone(processes[1:])
        assert (await pool.render(REQUEST, LABEL)).labels == 1


def _open_files(process: int, name: str = "*") -> set[str]:
    return {str(entry.readlink()) for entry in Path(f"/proc/{process}/fd").glob(name)}


async def _family(ancestor: int, size: int) -> list[psutil.Process]:
    """A process' fork server and all below it, nearest first, once there are `size`."""
    while True:
        found = [one for server in fork_servers(ancestor) for one in (server, *server.children(recursive=True))]
        if len(found) >= size:
            return found
        await asyncio.sleep(0.02)


def _gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
