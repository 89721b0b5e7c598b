"""Whether the daemon runs: its lock, its API, its port, and systemd's view of it."""

import asyncio
import contextlib
import fcntl
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from ...config.errors import ConfigError
from ...config.services import WebSettings
from .. import own_token
from .finding import Finding, fault, ok, warning

_ANSWER_SECONDS = 4.0
_UNIT = "labeld.service"
_START = "systemctl start labeld, or labeld run; journalctl -u labeld says why it ended"


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of the daemon.

    Attributes:
        running: whether one holds the state directory; None: this user may not look.
        ready: the answer of `/readyz`, None where nothing that is labeld answers.
        printers: the answer of `/api/v1/printers`.
        stranger: another program has the port.
        shops: the answer of `/api/v1/shops`; None where nothing that is labeld answers.
    """

    running: bool | None
    ready: Mapping[str, Any] | None = None
    printers: tuple[Mapping[str, Any], ...] = ()
    stranger: bool = False
    shops: tuple[Mapping[str, Any], ...] | None = None


def base(web: WebSettings) -> str:
    """The URL of page and API."""
    return web.url


def locked(state_directory: Path) -> bool | None:
    """Whether a daemon holds the state directory; None where this user may not look."""
    try:
        with (state_directory / "labeld.lock").open() as lock:
            try:
                # shared, and for an instant: a daemon that starts now is not disturbed
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return None


def _own_headers() -> dict[str, str]:
    try:
        return own_token.headers()
    except ConfigError:
        return {}  # readiness is told without


async def ask(state_directory: Path, web: WebSettings) -> Service:
    """Ask the daemon how it is."""
    running = locked(state_directory)
    if not web.enabled or not web.port:
        return Service(running)
    limit = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    try:
        async with aiohttp.ClientSession(base(web), timeout=limit, headers=_own_headers()) as http:
            async with http.get("/readyz") as reply:
                ready = await reply.json(content_type=None)
            if not isinstance(ready, dict) or "broker" not in ready:
                return Service(running, stranger=True)
            async with http.get("/api/v1/printers") as reply:
                found = await reply.json(content_type=None)
            async with http.get("/api/v1/shops") as reply:
                shops = await reply.json(content_type=None)
            printers = tuple(found.get("printers", ()))
            return Service(running or running is None, ready, printers, shops=tuple(shops.get("shops", ())))
    except aiohttp.ClientConnectorError:
        return Service(running)
    except (aiohttp.ClientError, ValueError, AttributeError):
        return Service(running, stranger=True)
    except TimeoutError:
        return Service(running, stranger=not running)


def judge_daemon(service: Service, web: WebSettings) -> Finding:
    """Whether the daemon runs, and since when."""
    if service.ready is not None:
        since = service.ready.get("since")
        broker = service.ready.get("broker") or {}
        words = f"runs since {since}" if since else "runs"
        if service.ready.get("status") != "ready":
            return fault("daemon", f"{words}, but: {service.ready.get('detail')}", "see the lines on disk and database")
        if not broker.get("connected"):
            return warning("daemon", f"{words}; broker: {broker.get('message')}", "see the line on the broker")
        return ok("daemon", f"{words}, connected to the broker")
    if service.running is None:
        advice = "run labeld doctor as labeld's user or as root"
        return warning("daemon", "it does not answer, and whether it runs may not be known by this user", advice)
    if not service.running:
        return fault("daemon", "does not run", _START)
    if not web.enabled:
        return ok("daemon", "runs; it cannot be asked more, as web.enabled is false")
    return fault("daemon", f"runs, but does not answer at {base(web)}", "look at its journal; systemctl restart labeld")


def judge_port(service: Service, web: WebSettings, because: str | None) -> Finding:
    """The port of page and API; `because` is why it could not be had, where no daemon has it."""
    if not web.enabled:
        return ok("web port", "not used: web.enabled is false")
    where = f"{web.host}:{web.port}"
    if service.ready is not None:
        return ok("web port", f"labeld answers at {where}")
    if service.stranger or because is not None:
        words = f"{where} cannot be had: {because}" if because else f"another program answers at {where}"
        return fault("web port", words, "stop that program, or set another web.port")
    return ok("web port", f"{where} is free")


async def port(service: Service, web: WebSettings) -> list[Finding]:
    """Look whether the port can be had, unless it is labeld's already."""
    because = None
    if web.enabled and service.ready is None and not service.stranger and not service.running:
        family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((web.host, web.port))
            except OSError as error:
                because = error.strerror or str(error)
    return [judge_port(service, web, because)]


def judge_unit(properties: Mapping[str, str]) -> Finding:
    """What systemd says of the unit: loaded, active, its watchdog and how often it was restarted."""
    if properties.get("LoadState") != "loaded":
        return ok("systemd", f"does not know {_UNIT}")
    state, watchdog = properties.get("ActiveState", ""), properties.get("WatchdogUSec", "0")
    restarts = properties.get("NRestarts", "0")
    words = f"{_UNIT} is {state}"
    if state == "failed":
        return fault("systemd", words, "journalctl -u labeld says why; then systemctl reset-failed labeld")
    if watchdog in ("0", "infinity"):
        return warning("systemd", f"{words}, without a watchdog", "WatchdogSec=30 restarts labeld if it hangs")
    if restarts != "0":
        advice = "journalctl -u labeld says why"
        return warning("systemd", f"{words}; it was restarted {restarts} times by itself", advice)
    return ok("systemd", f"{words}, watchdog {watchdog}")


async def unit() -> list[Finding]:
    """Ask systemd, where it is."""
    if not Path("/run/systemd/system").is_dir():  # noqa: ASYNC240 - memory, not a disk
        return [ok("systemd", "does not run here: labeld is not supervised by it")]
    names = "LoadState,ActiveState,WatchdogUSec,NRestarts"
    command = ("systemctl", "show", _UNIT, f"--property={names}")
    devnull = asyncio.subprocess.DEVNULL
    try:
        asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=devnull)
    except OSError as error:
        return [warning("systemd", f"systemctl cannot be run: {error.strerror}", "look at the unit by hand")]
    try:
        out, _ = await asked.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            asked.kill()
    lines = (line.partition("=") for line in out.decode(errors="replace").splitlines())
    return [judge_unit({key: value for key, _, value in lines})]
