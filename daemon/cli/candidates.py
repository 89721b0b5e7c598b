"""`labeld printers --discover`: what announces itself on the network, as a table and as lines for the configuration."""

import asyncio
import json
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...config.settings import Settings
from ...drivers.opening import open_driver
from .common import fail


def show_announced(settings: Settings, seconds: float, *, as_json: bool) -> None:
    """Listen for `seconds`, and show what was heard. No printer is asked who it is: a daemon may be printing."""
    try:
        found = asyncio.run(_listen(settings, seconds))
    except OSError as error:
        fail(f"printers cannot be found by mDNS: {error.strerror or error}", 1)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        show_candidates(found, everything=True)
    else:
        typer.echo(
            "no printer announces itself here: those of other networks need a uri, many Zebras that or"
            " discovery.zebra_networks"
        )


def show_candidates(found: Sequence[Mapping[str, Any]], *, everything: bool = False) -> None:
    """Print the candidates that are not configured, or all, and what adopts them."""
    shown = [one for one in found if everything or one["printer"] is None]
    if not shown:
        return
    table = Table(box=None)
    for column in ("found", "printer", "serial", "dpi", "where", "what it says"):
        table.add_column(column, overflow="fold")  # an address that is cut is of no use
    for one in shown:
        where = one["uris"][0] if one["uris"] else ", ".join(one["protocols"])
        says = ", ".join(text for text in (one["model"], one["note"]) if text)
        dpi = str(one["resolution"] or "")
        table.add_row(*map(escape, (one["name"], one["printer"] or "-", one["serial"] or "", dpi, where, says)))
    Console().print(table)
    for one in shown:
        if one["configuration"]:
            typer.echo(f"\nlabeld adopt {shlex.quote(one['identity'])}, or in the configuration:")
            typer.echo(one["configuration"])


def chosen(printer: str, found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one found printer that has this identity, serial number or name; ends the program where there is not one."""
    fits = [one for one in found if printer in (one["identity"], one["serial"], one["uuid"], one["name"])]
    if len(fits) > 1:
        fail(f"{len(fits)} printers are {printer!r}: say which of {', '.join(one['identity'] for one in fits)}", 1)
    if not fits:
        free = [one["identity"] for one in found if one["printer"] is None]
        fail(f"no printer {printer!r} is found now; found and not in use: {', '.join(free) or 'none'}", 1)
    return fits[0]


async def _listen(settings: Settings, seconds: float) -> list[Any]:
    # zeroconf takes time to import, and other commands do without
    from ..finding.browser import Browser
    from ..finding.candidates import candidate_json
    from ..finding.discovery import Discovery
    from ..finding.zebra_browser import ZebraBrowser

    zebras = ZebraBrowser(settings.discovery.zebras, lambda: None)
    async with Browser(settings.discovery.interfaces) as browser:
        await asyncio.gather(asyncio.sleep(seconds), zebras.look())
        heard = Discovery(
            settings.discovery, settings.printers, open_driver, lambda: None, lambda _name: None, time.monotonic
        )
        await heard.hear([*browser.services, *zebras.services])
    return [candidate_json(one, settings.names) for one in heard.candidates()]
