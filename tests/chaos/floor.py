"""The processes of a run: mosquitto, the printers, the network before them, and the daemon as systemd would keep it."""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import aiohttp
import psutil
from tests.integration.harness import PREFIX, ROOT, Broker, Process, die_with_parent, free_port

from .labels import MEDIA
from .proxy import Proxy
from .schedule import FAR, PRINTERS

#: the disk that the database has to itself, where one may be mounted
_DISK = 24 << 20
_FULL = 4096
#: a limit against hanging
_PATIENCE = 60.0
_PR_SET_CHILD_SUBREAPER = 36
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
#: a namespace of its own for mounts, processes and the network: what is in it ends with its first process
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--net")


def may_be_apart() -> bool:
    """Whether this machine lets a run have namespaces of its own."""
    with contextlib.suppress(OSError):
        return subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0
    return False


def settle_in(*, apart: bool) -> None:
    """Become the parent of every orphan of this run; bring up loopback where the network is its own."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if apart:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


class Disk:
    """Where the database lives: a small file system of its own, else a limit on the size of files."""

    def __init__(self, folder: Path, *, apart: bool) -> None:
        folder.mkdir()
        self._folder = folder
        self._apart = apart
        if apart:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "labeld-chaos", str(folder)]
            subprocess.run(mount, check=True)

    def fill(self, pid: int | None) -> None:
        """Leave no byte free."""
        if not self._apart:
            self._limit(pid, 0)
            return
        with (self._folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(_FULL))

    def clear(self, pid: int | None) -> None:
        """Give the room back."""
        if not self._apart:
            self._limit(pid, resource.RLIM_INFINITY)
            return
        (self._folder / "filler").unlink(missing_ok=True)

    @staticmethod
    def _limit(pid: int | None, size: int) -> None:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class Zebras:
    """The printers' process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        """Start it and learn its ports."""
        with (self._folder / "zebras.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.chaos.zebras", self._folder, *PRINTERS),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        assert self._process.stdout is not None
        ports = (await self._process.stdout.readline()).split()
        self.ports = {name: int(port) for name, port in zip(PRINTERS, ports, strict=True)}

    def tell(self, printer: str, words: str) -> None:
        """Say what happens to a printer."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{printer} {words}\n".encode())

    async def stop(self) -> None:
        """Wait until all that came out is drawn."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = await self._process.wait()
        if status:
            raise RuntimeError(f"the printers ended with {status}: {(self._folder / 'zebras.log').read_text()}")


class Daemon(Process):
    """`labeld run`, started again when it ends by itself or is struck down.

    Attributes:
        wrong: the exit statuses with which it ended by itself.
        next: variables for the next starts, one of these for each.
    """

    def __init__(self, folder: Path, config: Path, environment: dict[str, str]) -> None:
        # with nothing in it that is not labeld's, unless a run needs a bug, a step or another clock
        module = "tests.chaos.entry" if environment else "labeld.daemon"
        super().__init__(sys.executable, "-m", module, "run", "--config", config, log=folder / "labeld.log")
        self._env |= environment | {"PYTHONPATH": os.pathsep.join((str(ROOT / ".src"), str(ROOT)))}
        self.wrong: list[int] = []
        self.next: list[dict[str, str]] = []
        self._pause = 0.0
        self._struck = False

    async def start(self) -> None:
        """Start it."""
        always = self._env
        if self.next:
            self._env = always | self.next.pop(0)
        try:
            await super().start()
        finally:
            self._env = always

    async def keep(self) -> None:
        """Keep it running until cancelled (`Restart=on-failure`)."""
        while True:
            await self.start()
            assert self.process is not None
            status = await self.process.wait()
            if not self._struck:
                self.wrong.append(status)
            await asyncio.sleep(self._pause or 0.2)
            self._struck, self._pause = False, 0.0

    def strike(self, number: int, pause: float) -> None:
        """Signal it; it is started again that many seconds after its end."""
        if self.process is not None and self.process.returncode is None and not self._struck:
            self._struck, self._pause = True, pause
            self.process.send_signal(number)

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        running = self.process is not None and self.process.returncode is None
        return self.process.pid if running and self.process is not None else None


class Floor:
    """All of it: `async with Floor(folder, ...) as floor`."""

    def __init__(self, folder: Path, *, apart: bool, mute: bool, environment: dict[str, str]) -> None:
        self._folder = folder
        self._mute = mute
        self.apart = apart
        self.broker = Broker(folder / "broker")
        self.zebras = Zebras(folder)
        self.web_port = free_port()
        self.clock = folder / "clock"
        self.config = folder / "labeld.toml"
        self.disk = Disk(folder / "state", apart=apart)
        self.proxy: Proxy
        self.daemon = Daemon(folder, self.config, environment)
        self._session: aiohttp.ClientSession
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            f"http://127.0.0.1:{self.web_port}", timeout=aiohttp.ClientTimeout(total=5)
        )
        await self.broker.start()
        await self.zebras.start()
        self.proxy = Proxy(self.zebras.ports[FAR])
        await self.proxy.start()
        if self._mute:
            self.zebras.tell(PRINTERS[1], "set silent")
        self.config.write_text(self._settings())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every process, the printers' after their last label is drawn."""
        await self.rest()
        if self.daemon.pid is not None:
            await self.daemon.stop(signal.SIGTERM)
        if self.broker.process is not None and self.broker.process.returncode is None:
            await self.broker.stop()
        await self.proxy.stop()
        await self.zebras.stop()
        await self._session.close()

    async def work(self) -> None:
        """Keep the daemon running from now on; it is there when this returns."""
        self._keeping = asyncio.create_task(self.daemon.keep())
        await self.ready()

    async def rest(self) -> None:
        """Keep it running no longer."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    async def restart_daemon(self, *environments: dict[str, str]) -> None:
        """Stop the daemon, start it with some variables more, now and the next times, and wait until it is there."""
        old = self.daemon.pid
        self.daemon.next += environments
        self.daemon.strike(signal.SIGTERM, 0)
        async with asyncio.timeout(_PATIENCE):
            while self.daemon.pid in (old, None):  # noqa: ASYNC110 - of a process
                await asyncio.sleep(0.05)
        await self.ready()

    async def restart_broker(self, number: int, pause: float) -> None:
        """Stop the broker by a signal and start it again after a pause."""
        await self.broker.stop(number)
        await asyncio.sleep(pause)
        await self.broker.start()

    async def get(self, path: str) -> Any:
        """A JSON answer of labeld's API, None while there is none."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with self._session.get(path) as reply:
                return await reply.json(content_type=None)
        return None

    async def post(self, path: str) -> int | None:
        """The status of labeld's answer, None when there is none."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.post(path) as reply:
                return reply.status
        return None

    async def ready(self) -> None:
        """Wait until labeld serves and is connected to its broker."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                answer = await self.get("/readyz")
                if answer and answer["broker"]["connected"]:
                    return
                await asyncio.sleep(0.1)

    def left_behind(self) -> list[str]:
        """The processes that are still there."""
        time.sleep(0.2)
        return [
            f"{one.pid} {one.name()}"
            for one in psutil.Process().children(recursive=True)
            if one.status() != psutil.STATUS_ZOMBIE
        ]

    def _settings(self) -> str:
        ports = self.zebras.ports | {FAR: self.proxy.port}
        printers = (
            f'[printers.{name}]\nuri = "socket://127.0.0.1:{ports[name]}"\nmedia = "{MEDIA}"\n'
            f"ask = {str(not (self._mute and name != FAR)).lower()}\n"
            for name in PRINTERS
        )
        return f"""site = "{PREFIX.split("/")[1]}"
state_directory = "{self._folder / "state"}"
default_printer = "floor"
[mqtt]
port = {self.broker.port}
[web]
port = {self.web_port}
[discovery]
enabled = false
[render]
workers = 1
[spooler]
poll_seconds = 0.05
settle_seconds = 0.5
silence_seconds = 3.0
retry_max_seconds = 0.5
pause_after_failures = 0
connect_timeout_seconds = 1.0
progress_timeout_seconds = 1.0
reply_timeout_seconds = 0.5
[groups.floor]
printers = {list(PRINTERS)}
""" + "".join(printers)
