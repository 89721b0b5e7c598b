"""A full disk, one that is read-only, a database that is held, damaged, missing or gone."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from labeld.daemon.errors import DatabaseRefused
from labeld.daemon.store.engine import migrate
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, ROOT, Broker, Labeld, Process, event, publish, publisher
from .limits import until, url, zpl

pytestmark = pytest.mark.peer

_DISK = 24 << 20


class Enclosed(Labeld):
    """The daemon with a small disk of its own under its state directory."""

    def __init__(self, folder: Path, port: int, printers: dict[str, VirtualPrinter]) -> None:
        super().__init__(folder, port, printers)
        self.disk = folder / "disk"
        self.disk.mkdir()
        text = self.config.read_text()
        self.config.write_text(text.replace(f'"{folder}"', f'"{self.disk}"'))
        mount = f"mount -t tmpfs -o size={_DISK} labeld-test {self.disk} && exec"
        self._within: tuple[str | Path, ...] = ("unshare", "--mount", "sh", "-c", f'{mount} "$@"', "sh")
        self._command = (*self._within, *self._command)

    def run_with(self, program: str, *arguments: str | Path) -> None:
        """Run it as a program that does something to it first."""
        self._command = (*self._within, sys.executable, "-c", program, *arguments, "run", "--config", self.config)

    async def mount(self, options: str) -> None:
        """Mount its disk in another way."""
        assert self.process is not None
        command = ("nsenter", "--mount", "--target", str(self.process.pid), "mount", "-o", options, self.disk)
        assert await (await asyncio.create_subprocess_exec(*command)).wait() == 0

    @property
    def filler(self) -> Path:
        """The file that takes the room, seen through the daemon's own root directory (proc_pid_root(5))."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.disk}/filler")

    def fill(self) -> None:
        """Leave no byte free."""
        with self.filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))


@pytest.fixture
async def enclosed(tmp_path: Path, broker: Broker) -> AsyncIterator[tuple[Enclosed, VirtualPrinter]]:
    """A daemon whose disk can be filled, and its printer, which takes a second for a label."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:  # noqa: ASYNC221 - short
        pytest.skip("mounting a disk of its own takes root")
    async with (
        VirtualPrinter(port=0, serial="TEST0203", seconds_per_label=1.0) as zebra,
        Enclosed(tmp_path / "state", broker.port, {"zebra": zebra}) as running,
    ):
        yield running, zebra


async def test_a_full_disk_is_told_and_waited_for(broker: Broker, enclosed: tuple[Enclosed, VirtualPrinter]) -> None:
    labeld, zebra = enclosed
    async with publisher(broker.port) as client:
        await publish(client, event("before", zpl(0)))
        await labeld.settled(1)
        await publish(client, event("on its way", zpl(1)))
        await until(lambda: _processing(labeld))
        labeld.fill()
        for number in range(4):
            await publish(client, event(number, zpl(2 + number)))
        async with aiohttp.ClientSession() as session:

            async def refused() -> bool:
                async with session.get(url(labeld, "/readyz")) as reply:
                    told = await reply.json(content_type=None)
                    return reply.status == 503 and "full; make room on its disk" in told["detail"]

            await until(refused)
            async with session.post(url(labeld), json=event("http", zpl(99))) as reply:
                assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
                assert "make room" in (await reply.json(content_type="application/problem+json"))["detail"]
            async with session.get(url(labeld, "/")) as reply:
                assert "make room on its disk" in await reply.text()
        await zebra.wait_printed(2)
        await asyncio.sleep(3)  # time in which a program that talks too much would do so
        labeld.filler.unlink()
        jobs = await labeld.settled(6)
    assert {(job["state"], job["outcome"]) for job in jobs} == {("completed", "confirmed")}
    assert (len(jobs), zebra.odometer) == (6, 6)
    # a line a minute at most, not one for each try
    assert 1 <= labeld.log.count("make room") <= 3
    assert 1 <= labeld.log.count("can be written again") <= 3


#: the daemon that mounts its own disk read-only when it is told to: no file of it may be open for writing just then
READ_ONLY = """
import asyncio, signal, subprocess, sys
from labeld.daemon.__main__ import main
from labeld.daemon.store import Store

enter, disk = Store.__aenter__, sys.argv.pop(1)

async def entered(self):
    async def remount():
        while True:
            await self._engine.dispose()
            if not subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True).returncode:
                return print("READ-ONLY", flush=True)
            await asyncio.sleep(0.01)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: asyncio.ensure_future(remount()))
    return await enter(self)

Store.__aenter__ = entered
main()
"""


async def test_a_disk_that_becomes_read_only_is_told_and_waited_for(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:  # noqa: ASYNC221 - short
        pytest.skip("mounting a disk of its own takes root")
    labeld = Enclosed(tmp_path / "state", broker.port, {"zebra": zebra})
    labeld.run_with(READ_ONLY, labeld.disk)
    async with labeld, publisher(broker.port) as client:
        await publish(client, event("before", zpl(0)))
        await labeld.settled(1)
        assert labeld.process is not None
        labeld.process.send_signal(signal.SIGUSR1)
        await until(lambda: _said(labeld, "READ-ONLY"))
        for number in range(4):
            await publish(client, event(number, zpl(1 + number)))
        async with aiohttp.ClientSession() as session:

            async def refused() -> bool:
                async with session.get(url(labeld, "/readyz")) as reply:
                    told = await reply.json(content_type=None)
                    return reply.status == 503 and "its disk is read-only or gone" in told["detail"]

            await until(refused)
            async with session.post(url(labeld), json=event("http", zpl(99))) as reply:
                assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
            async with session.get(url(labeld, "/")) as reply:
                assert "mount it for writing" in await reply.text()
        await asyncio.sleep(3)  # time in which a program that talks too much would do so
        assert zebra.odometer == 1
        await labeld.mount("remount,rw")
        jobs = await labeld.settled(5)
    assert {(job["state"], job["outcome"]) for job in jobs} == {("completed", "confirmed")}
    assert (len(jobs), zebra.odometer) == (5, 5)
    assert labeld.log.count("mount it for writing") == 1
    assert labeld.log.count("can be written again") == 1


async def _said(labeld: Labeld, words: str) -> bool:
    return words in labeld.log


async def _processing(labeld: Labeld) -> bool:
    return any(job["state"] == "processing" for job in await labeld.jobs())


async def test_a_database_that_another_program_holds_is_waited_for(zebra: VirtualPrinter, labeld: Labeld) -> None:
    with contextlib.closing(sqlite3.connect(labeld.config.parent / "labeld.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        told = await labeld.post("/api/v1/jobs", **event(1, zpl(1)))
        assert told["status"] == 503
        assert "another program holds it" in told["detail"]
    assert zebra.odometer == 0

    async def ready() -> bool:
        return bool((await labeld.get("/readyz")).get("status") == "ready")

    await until(ready)
    await labeld.post("/api/v1/jobs", **event(1, zpl(1)))
    (job,) = await labeld.settled(1)
    assert job["outcome"] == "confirmed"


async def test_what_was_seen_of_a_label_is_kept_until_it_can_be_written(tmp_path: Path, broker: Broker) -> None:
    """Without a counter nobody could find it out again."""
    async with (
        VirtualPrinter(port=0, serial="A", seconds_per_label=1.0, faults=("no-counter",)) as zebra,
        Labeld(tmp_path / "state", broker.port, {"zebra": zebra}) as labeld,
        contextlib.AsyncExitStack() as stack,
    ):
        await labeld.post("/api/v1/jobs", **event(1, zpl(1)))
        await until(lambda: _processing(labeld))
        other = stack.enter_context(contextlib.closing(sqlite3.connect(tmp_path / "state/labeld.sqlite3")))
        other.execute("BEGIN IMMEDIATE")
        await until(lambda: _unready(labeld))
        (job,) = await labeld.jobs()
        assert job["state"] == "processing"
        other.rollback()
        (job,) = await labeld.settled(1)
    assert (job["state"], job["outcome"]) == ("completed", "unknown"), job


async def _unready(labeld: Labeld) -> bool:
    return "locked" in (await labeld.get("/readyz")).get("detail", "")


async def run(labeld: Labeld) -> tuple[int, str]:
    """The end of a daemon that does not start: its status, and its last line."""
    await Process.start(labeld)
    assert labeld.process is not None
    async with asyncio.timeout(PATIENCE):
        status = await labeld.process.wait()
    return status, labeld.log.splitlines()[-1]


def truncate(path: Path) -> None:
    """Cut the file in half."""
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    """Put something else over the header."""
    with path.open("r+b") as file:
        file.write(b"\xff" * 100)


def flip(path: Path) -> None:
    """Turn the bits of what follows the header page."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(byte ^ 0xFF for byte in data[4096:40960]) + data[40960:])


def empty(path: Path) -> None:
    """Leave a file of no bytes."""
    os.truncate(path, 0)


def age(path: Path) -> None:
    """Make it a newer program's."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()


def replace(path: Path) -> None:
    """Put another program's database in its place."""
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncate, "is damaged"),
        (overwrite, "file is not a database"),
        (flip, "is damaged"),
        (empty, "is empty, but"),
        (age, "was written by a newer labeld (schema 9999"),
        (replace, "is the database of another program"),
        (Path.unlink, "is gone, but"),
    ],
)
def test_a_database_that_is_not_as_it_was_is_refused_and_left_alone(
    tmp_path: Path, harm: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "labeld.sqlite3"
    migrate(path)
    harm(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(DatabaseRefused) as refused:
        migrate(path)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (path.read_bytes() if path.exists() else None) == before


def test_the_log_of_a_database_that_is_gone_is_not_lost(tmp_path: Path) -> None:
    log = tmp_path / "labeld.sqlite3-wal"
    log.write_bytes(b"committed")
    with pytest.raises(DatabaseRefused, match="is gone, but"):
        migrate(tmp_path / "labeld.sqlite3")
    assert log.read_bytes() == b"committed"


async def test_a_database_that_is_gone_ends_the_start_for_good(tmp_path: Path, zebra: VirtualPrinter) -> None:
    labeld = Labeld(tmp_path / "state", 1, {"zebra": zebra})
    path = tmp_path / "state/labeld.sqlite3"
    migrate(path)
    path.unlink()
    status, line = await run(labeld)
    assert (status, path.exists()) == (65, False)
    assert f"labeld: {path} is gone, but {path}.made says that there was a database" in line
    unit = (ROOT / "systemd/labeld.service").read_text()
    assert f"RestartPreventExitStatus={status} " in unit


async def test_a_database_that_is_locked_at_the_start_is_for_the_next_start(
    tmp_path: Path, zebra: VirtualPrinter
) -> None:
    labeld = Labeld(tmp_path / "state", 1, {"zebra": zebra})
    with contextlib.closing(sqlite3.connect(tmp_path / "state/labeld.sqlite3")) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("BEGIN EXCLUSIVE")
        status, line = await run(labeld)
    assert (status, line.count("database is locked; another program holds it: end that")) == (1, 1), line
