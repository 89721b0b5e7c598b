"""`labeld printers --cups`: the queues of CUPS, as printers for the configuration."""

import asyncio
import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from ...drivers.cups import list_queues
from ...drivers.errors import DriverError
from ...drivers.queue import Queue
from ...renderers.asset import ZPL
from ...renderers.errors import MediaError
from ...renderers.media import Media
from .common import fail

#: more stocks than a line of a table holds
_SHOWN = 8


def show(*, as_json: bool) -> None:
    """Print what this machine's CUPS has; `CUPS_SERVER` names another one."""
    try:
        found = asyncio.run(list_queues())
    except DriverError as error:
        fail(str(error), 1)
    rows = [_row(queue) for queue in found]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("uri", "language", "resolution", "media", "error policy", "printer", box=None)
    for row in rows:
        names = row["media"]
        sizes = ", ".join(dict.fromkeys(map(_short, names[:_SHOWN])))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        cells = row["uri"], row["language"], row["resolution"] or "", sizes + more, row["error_policy"], row["model"]
        table.add_row(*map(str, cells))
    Console().print(table)


def _row(queue: Queue) -> dict[str, Any]:
    return {
        "uri": f"cups://{queue.name}",
        "language": "zpl" if queue.document_format == ZPL else "pdf",
        "resolution": queue.resolution,
        "media": list(queue.media),
        "error_policy": queue.error_policy,
        "model": queue.model,
        "device": queue.device,
    }


def _short(name: str) -> str:
    try:
        return Media.parse(name).short
    except MediaError:
        return name
