"""`labeld print`, `labeld jobs`, `labeld cancel`, `labeld printers`: talk to the running daemon over its HTTP API."""

import asyncio
import json
import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer
from rich.console import Console
from rich.table import Table

from . import queues
from .candidates import show_announced, show_candidates
from .common import ConfigOption, fail, settings_from

_ENDED = {"completed", "aborted", "canceled", "pending-held"}


def print_label(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The label, or - for stdin.")],
    config: ConfigOption = None,
    printer: Annotated[str | None, typer.Option(help="Printer or group by name.")] = None,
    station: Annotated[str | None, typer.Option(help="Packing station.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome; exit 1 unless it printed.")] = False,
) -> None:
    """Submit a label to the running daemon."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}", 4)
    job, known = asyncio.run(_submit(_base(config), data, printer, station, wait=wait))
    typer.echo(f"{job['id']}  {job['state']}: {job['message']}")
    if known:
        fail("these bytes came before: this is the earlier job, and nothing more was printed", 1)
    if wait and job["state"] != "completed":
        raise typer.Exit(1)


def jobs(
    config: ConfigOption = None,
    search: Annotated[str | None, typer.Option(help="Tracking number, package id or event id.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List jobs of the running daemon."""
    query = {"limit": str(limit)} | ({"q": search} if search else {})
    _show(config, "jobs", query, ("received_at", "state", "outcome", "printer", "tracking_number", "message"), as_json)


def cancel(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="Its id, as `labeld jobs --json` tells.")],
    config: ConfigOption = None,
) -> None:
    """Cancel a job; exit 1 if it printed, may have printed, or is at the printer already."""
    job = asyncio.run(_cancel(_base(config), job_id))
    typer.echo(f"{job['id']}  {job['state']}: {job['message']}")
    if job["state"] != "canceled":
        raise typer.Exit(1)


def printers(
    config: ConfigOption = None,
    discover: Annotated[
        bool, typer.Option("--discover", help="List what announces itself on the network now; needs no daemon.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long to listen for announcements.", min=0.1, max=3600)] = 4.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    cups: Annotated[bool, typer.Option("--cups", help="List CUPS queues that could be printers instead.")] = False,
) -> None:
    """List the printers of the running daemon, and those it found and does not use."""
    if discover:
        show_announced(settings_from(config), seconds, as_json=as_json)
        return
    if cups:
        queues.show(as_json=as_json)
        return
    _show(config, "printers", {}, ("name", "state", "message", "serial", "odometer", "queued", "advice"), as_json)
    if not as_json:
        show_candidates(asyncio.run(_get(_base(config), "candidates", {}))["candidates"])


def _show(config: Path | None, kind: str, query: dict[str, str], columns: tuple[str, ...], as_json: bool) -> None:
    answer = asyncio.run(_get(_base(config), kind, query))
    if as_json:
        typer.echo(json.dumps(answer[kind], indent=2))
        return
    table = Table(*(column.replace("_", " ") for column in columns), box=None)
    for row in answer[kind]:
        table.add_row(*("" if row.get(column) is None else str(row[column]) for column in columns))
    Console().print(table)


def _base(config: Path | None) -> str:
    if url := os.environ.get("LABELD_URL"):
        return url.rstrip("/")
    web = settings_from(config).web
    host = f"[{web.host}]" if ":" in web.host else web.host
    return f"http://{host}:{web.port}"


async def _submit(
    base: str, data: bytes, printer: str | None, station: str | None, *, wait: bool
) -> tuple[dict[str, Any], bool]:
    query = {key: value for key, value in (("printer", printer), ("station", station)) if value}
    headers = {"Content-Type": "application/octet-stream"}
    job, status = await _request("POST", f"{base}/api/v1/jobs", params=query, data=data, headers=headers)
    return await _ended(base, job) if wait else job, status == HTTPStatus.OK


async def _cancel(base: str, job_id: str) -> dict[str, Any]:
    job, _ = await _request("POST", f"{base}/api/v1/jobs/{job_id}/cancel")
    return await _ended(base, job)


async def _ended(base: str, job: dict[str, Any]) -> dict[str, Any]:
    while job["state"] not in _ENDED:
        await asyncio.sleep(0.2)
        job, _ = await _request("GET", f"{base}/api/v1/jobs/{job['id']}")
    return job


async def _get(base: str, kind: str, query: dict[str, str]) -> dict[str, Any]:
    answer, _ = await _request("GET", f"{base}/api/v1/{kind}", params=query)
    return answer


async def _request(method: str, url: str, **options: Any) -> tuple[dict[str, Any], int]:
    try:
        async with aiohttp.ClientSession() as session, session.request(method, url, **options) as response:
            body: dict[str, Any] = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError) as error:
        fail(f"labeld does not answer at {url.split('/api')[0]}: {error}", 1)
    if response.status >= 400:
        fail(str(body.get("detail") or body.get("title") or response.status), 4 if response.status == 422 else 1)
    return body, response.status
