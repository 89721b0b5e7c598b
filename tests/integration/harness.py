"""Real peers on loopback: Debian's mosquitto, the labeld process, and events for them."""

import asyncio
import base64
import contextlib
import ctypes
import getpass
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import aiohttp
import aiomqtt
import pytest

from labeld.drivers.virtual.server import VirtualPrinter

ROOT = Path(__file__).parents[2]
LABELS = ROOT / "daemon/demo/labels"
PREFIX = "labeld/test"
#: no test waits for longer; a limit against hanging, not a measurement
PATIENCE = 60.0
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
ENDED = {"completed", "aborted", "canceled", "pending-held"}


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def program(name: str) -> str:
    """The path of a peer program, or a visible skip."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def die_with_parent() -> None:
    """For a child between fork and exec: it ends when the test's process does, however that ends (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """A program that is stopped and started, and never outlives its test."""

    def __init__(self, *command: str | Path, log: Path) -> None:
        self._command = command
        self._log = log
        # uninstalled checkouts too
        self._env = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._command, stdout=log, stderr=log, env=self._env, preexec_fn=die_with_parent
            )

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it and wait for its end; gives its exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process is not None and self.process.returncode is None:
            await self.stop(signal.SIGKILL)

    @property
    def log(self) -> str:
        """What it printed."""
        return self._log.read_text(errors="replace")


class Broker(Process):
    """Debian's mosquitto with the shipped persistence settings.

    Args:
        folder: for its configuration, data and log.
        extra: lines that replace anonymous access.
        autosave: write all that is queued at each change, as shipped; its cost grows with the queue.
    """

    def __init__(
        self, folder: Path, extra: Iterable[str] = ("allow_anonymous true",), *, autosave: bool = True
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            *(("autosave_on_changes true", "autosave_interval 1") if autosave else ()),
            "max_queued_messages 0",
            f"user {getpass.getuser()}",
            *extra,
        ]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        super().__init__(program("mosquitto"), "-c", folder / "mosquitto.conf", log=folder / "mosquitto.log")

    async def start(self) -> None:
        """Start it and wait until it listens."""
        await super().start()
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    await writer.wait_closed()
                    return
                await asyncio.sleep(0.05)


class Labeld(Process):
    """The daemon as systemd would start it, with a configuration file; the first printer is the default one.

    With `discovery` it hears who announces himself on loopback, also for tests that run at the same time; printers with
    one of the `identities` are to be found by it. It asks the `zebra_networks` for Zebras.
    """

    def __init__(
        self,
        folder: Path,
        broker_port: int,
        printers: Mapping[str, VirtualPrinter],
        mqtt: str = "",
        more: str = "",
        identities: Mapping[str, str] = MappingProxyType({}),
        discovery: bool = False,
        zebra_networks: Sequence[str] = (),
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.web_port = free_port()
        self.config = folder / "labeld.toml"
        tables = (
            f"[printers.{name}]\n{_place(one, identities.get(name))}\nresolution = {one.dpi}"
            f'\nmedia = "{one.media.name}"'
            for name, one in printers.items()
        )
        lines = [
            'site = "test"',
            f'state_directory = "{folder}"',
            f'default_printer = "{next(iter(printers))}"',
            more,
            f"[mqtt]\nport = {broker_port}\n{mqtt}",
            f"[web]\nport = {self.web_port}",
            f'[discovery]\nenabled = {str(discovery).lower()}\ninterfaces = ["127.0.0.1"]',
            f"zebra_networks = {json.dumps(zebra_networks)}",
            "[spooler]\npoll_seconds = 0.02\nsettle_seconds = 1.0\nretry_max_seconds = 0.5",
            *tables,
        ]
        self.config.write_text("\n".join(lines) + "\n")
        command = (sys.executable, "-m", "labeld.daemon", "run", "--config", self.config)
        super().__init__(*command, log=folder / "labeld.log")

    async def start(self) -> None:
        """Start it and wait until it serves and is connected to its broker."""
        await super().start()
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process is not None
                assert self.process.returncode is None, self.log
                with contextlib.suppress(aiohttp.ClientError):
                    if (await self.get("/readyz"))["broker"]["connected"]:
                        return
                await asyncio.sleep(0.05)

    async def get(self, path: str) -> Any:
        """A JSON answer of the API."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.web_port}{path}") as reply:
            return await reply.json(content_type=None)

    async def post(self, path: str, **body: object) -> Any:
        """A JSON answer to a JSON request."""
        url = f"http://127.0.0.1:{self.web_port}{path}"
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as reply:
            return await reply.json(content_type=None)

    async def bytes(self, path: str) -> bytes:
        """An answer of the API as it is."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.web_port}{path}") as reply:
            return await reply.read()

    async def jobs(self) -> list[dict[str, Any]]:
        """All jobs, newest first."""
        jobs: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.get(f"/api/v1/jobs?limit=200{cursor}")
            jobs += page["jobs"]
            if not page.get("next"):
                return jobs
            cursor = f"&before={page['next']}"

    async def settled(self, count: int) -> list[dict[str, Any]]:
        """Wait until at least `count` jobs are known and none is on its way."""
        async with asyncio.timeout(PATIENCE):
            while True:
                jobs = await self.jobs()
                if len(jobs) >= count and all(job["state"] in ENDED for job in jobs):
                    return jobs
                await asyncio.sleep(0.1)


def _place(printer: VirtualPrinter, identity: str | None) -> str:
    return f'uri = "{printer.uri}"' if identity is None else f'identity = "{identity}"'


def event(number: int | str, data: bytes, **more: object) -> dict[str, Any]:
    """A label event with an id of its own."""
    return {"event_id": f"event-{number}", "asset": {"content": base64.b64encode(data).decode()}} | more


@contextlib.asynccontextmanager
async def publisher(port: int, **options: Any) -> AsyncIterator[aiomqtt.Client]:
    """A real MQTT client."""
    async with aiomqtt.Client("127.0.0.1", port, **options) as client:
        client.pending_calls_threshold = 1_000_000  # its warning is for those who did not mean it
        yield client


async def publish(client: aiomqtt.Client, body: object, topic: str = "labels/ready") -> None:
    """Publish a JSON event, or bytes as they are, at QoS 1."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    await client.publish(f"{PREFIX}/{topic}", payload, 1)
