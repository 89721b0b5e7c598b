"""How each printer is: asked of the daemon where it runs, else of the printer itself, in one conversation."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ...config.printers import PrinterSettings
from ...config.settings import Settings
from ...drivers.base import Driver
from ...drivers.cups import address, list_queues
from ...drivers.errors import DriverError, PrinterOffline
from ...drivers.located import LocatedDriver
from ...drivers.opening import open_driver
from ...drivers.printer import PrinterState
from ...drivers.queue import Queue
from ..finding.discovery import Discovery
from ..printers import Printers
from ..web.views import printer_json
from .finding import Finding, fault, ok, warning
from .service import Service, locked

#: how long announcements are listened for, where a printer is to be found by its identity
_LISTEN_SECONDS = 6.0
_CONNECT_SECONDS, _REPLY_SECONDS, _ASK_SECONDS = 4.0, 2.0, 10.0
_CUPS_SECONDS = 5.0
_POLICY = "abort-job"


def judge(view: Mapping[str, Any]) -> Finding:
    """A printer as the API tells of it."""
    check, message, advice = f"printer {view['name']}", str(view["message"]), view["advice"]
    if paused := view["paused"]:
        words = f"paused by {paused['by']} since {paused['at']}; by itself: {message}"
        return warning(check, words, "resume it on its page when labels may come")
    state = view["state"]
    if state == PrinterState.STOPPED:
        return fault(check, message, advice or "look at the printer")
    if state == PrinterState.UNKNOWN and view["reasons"]:
        return fault(check, message, advice or "look at the printer: it gives no answer")
    if state == PrinterState.UNKNOWN and view["seen_at"] is None:
        return warning(check, message, "ask again in a moment")
    if state == PrinterState.UNKNOWN:
        return ok(check, f"{view['uri']} takes connections; it is not asked how it is")
    if advice:
        return warning(check, f"{message}: {', '.join(view['reasons'])}", advice)
    known = [view["model"], view["serial"]]
    if view["odometer"] is not None:
        known.append(f"{view['odometer']} labels counted")
    return ok(check, ", ".join([message, *filter(None, known)]))


async def look(settings: Settings, service: Service) -> list[Finding]:
    """Every printer; none is spoken to beside a daemon."""
    if service.printers:
        return [judge(view) for view in service.printers]
    if not settings.printers:
        return [warning("printers", "none is configured", "labeld printers --discover lists those that are found")]
    if service.running or service.running is None:
        words = f"{len(settings.printers)} configured; not asked, for a daemon may be speaking to them"
        return [warning("printers", words, "see the line on the daemon")]
    registry = Printers(settings.printers)
    drivers = await _drivers(settings, registry)
    await asyncio.gather(*(_ask(registry, settings, name, driver) for name, driver in drivers.items()))
    return [judge(printer_json(view, {})) for view in registry]


async def _drivers(settings: Settings, registry: Printers) -> dict[str, Driver]:
    """A driver for each printer; those that are found by what they are are listened for first."""
    open_at = partial(open_driver, connect_timeout=_CONNECT_SECONDS, reply_timeout=_REPLY_SECONDS)
    changed = asyncio.Event()
    discovery = Discovery(
        settings.discovery, settings.printers, open_at, changed.set, lambda _name: None, time.monotonic
    )
    await _find(discovery, [printer for printer in settings.printers.values() if printer.wanted], changed)

    def driver(name: str, printer: PrinterSettings) -> Driver:
        if (wanted := printer.wanted) is None:
            return open_at(str(printer.uri), media=printer.media, ask=printer.ask)
        at = partial(open_at, hardware_address=wanted.kind == "mac")
        return LocatedDriver(wanted, printer.own_serial, discovery, at, partial(registry.met, name), _forget)

    return {name: driver(name, printer) for name, printer in settings.printers.items()}


async def _find(discovery: Discovery, lost: Sequence[PrinterSettings], changed: asyncio.Event) -> None:
    """Listen as the daemon does until each of the printers is found, or for a while; it tells by `changed`."""
    if not lost:
        return
    listening = asyncio.create_task(discovery.run())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LISTEN_SECONDS):
                while not all(discovery.where(one.wanted, one.own_serial) for one in lost if one.wanted):
                    await changed.wait()
                    changed.clear()
    finally:
        listening.cancel()
        await asyncio.wait({listening})


async def _forget(_serial: str) -> None:
    """Which serial number counts is for the daemon to keep."""


async def _ask(registry: Printers, settings: Settings, name: str, driver: Driver) -> None:
    if locked(settings.state_directory):
        return  # a daemon has started meanwhile
    try:
        async with asyncio.timeout(_ASK_SECONDS), driver.connect() as session:
            registry.observed(name, await session.observe(), time.time())
    except DriverError as error:
        registry.failed(name, error)
    except TimeoutError:
        registry.failed(name, PrinterOffline(f"{driver.uri} did not answer within {_ASK_SECONDS:g} s"))


# --- CUPS


def judge_queues(server: str, wanted: Mapping[str, str], queues: Sequence[Queue]) -> list[Finding]:
    """The queues that printers use: `wanted` are printers' names by queue, on one server."""
    known = {queue.name.lower(): queue for queue in queues}
    where = server or "this machine"
    found: list[Finding] = []
    for name, printer in wanted.items():
        queue = known.get(name.lower())
        if queue is None:
            advice = f"lpadmin -p {name} adds it; labeld printers --cups lists what is there"
            found.append(fault("CUPS", f"{where} has no queue {name}, which printer {printer} uses", advice))
        elif queue.error_policy not in (_POLICY, ""):
            advice = f"lpadmin -p {queue.name} -o printer-error-policy={_POLICY}"
            words = f"queue {queue.name}: {queue.error_policy} begins a label again after an error"
            found.append(warning("CUPS", words, advice))
        else:
            found.append(ok("CUPS", f"queue {queue.name} of {where} is there, and gives up on errors"))
    return found


async def look_at_cups(settings: Settings) -> list[Finding]:
    """Each CUPS server that a printer is behind; the machine's own where none is."""
    wanted: dict[str, dict[str, str]] = {}
    for name, printer in settings.printers.items():
        if printer.uri is not None and printer.queued:
            server, queue = address(printer.uri)
            wanted.setdefault(server, {})[queue] = name
    servers = await asyncio.gather(*(_server(server, queues) for server, queues in (wanted or {"": {}}).items()))
    return [finding for found in servers for finding in found]


async def _server(server: str, wanted: Mapping[str, str]) -> list[Finding]:
    try:
        queues = await list_queues(server, _CUPS_SECONDS)
    except DriverError as error:
        if not wanted:
            return [ok("CUPS", "no printer uses it, and it does not run")]
        advice = "systemctl start cups; for another host check the printer's uri"
        return [fault("CUPS", f"{server or 'this machine'}: {error}", advice)]
    if not wanted:
        return [ok("CUPS", f"no printer uses it; it has {len(queues)} queues")]
    return judge_queues(server, wanted, queues)
