"""`labeld print`, `labeld jobs`, `labeld cancel`, `labeld printers`: talk to the running daemon over its HTTP API."""

import asyncio
import getpass
import json
import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from . import queues, shown
from .candidates import chosen, show_announced, show_candidates
from .common import ConfigOption, fail, settings_from
from .requests import request
from .split import split_file

_ENDED = {"completed", "aborted", "canceled", "pending-held"}


def print_label(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The label, or - for stdin.")],
    config: ConfigOption = None,
    printer: Annotated[str | None, typer.Option(help="Printer or group by name.")] = None,
    station: Annotated[str | None, typer.Option(help="Packing station.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome; exit 1 unless it printed.")] = False,
    split: Annotated[
        bool, typer.Option("--split", help="A merged file: each label becomes a job of its own, once it is confirmed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --split: print without asking.")] = False,
    slips: Annotated[str, typer.Option(help="With --split: print or leave packing slips.")] = "print",
    unnumbered: Annotated[
        str, typer.Option(help="With --split: hold, print or leave labels on which no tracking number can be read.")
    ] = "hold",
) -> None:
    """Submit a label to the running daemon, or a merged file of many."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}", 4)
    if split:
        where = {key: value for key, value in (("printer", printer), ("station", station)) if value}
        choices = {"slips": slips, "unnumbered": unnumbered}
        asyncio.run(split_file(address(config), data, where, choices, yes=yes, wait=wait))
        return
    job, known = asyncio.run(_submit(address(config), data, printer, station, wait=wait))
    parts = [job, *job.get("parts", ())]
    for one in parts:
        typer.echo(f"{one['id']}  {one['state']}: {one['message']}")
    if known:
        fail("these bytes came before: this is the earlier job, and nothing more was printed", 1)
    if wait and any(one["state"] != "completed" for one in parts):
        raise typer.Exit(1)


def jobs(
    job: Annotated[str | None, typer.Argument(metavar="[ID]", help="One job, with what happened to it.")] = None,
    config: ConfigOption = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state, e.g. pending-held.")] = None,
    printer: Annotated[str | None, typer.Option(help="Only those of this printer.")] = None,
    search: Annotated[str | None, typer.Option(help="Tracking number, package id or event id.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List jobs of the running daemon, or show one."""
    if job is not None:
        found = asyncio.run(ask(address(config), f"jobs/{quote(job, safe='')}", {}))
        typer.echo(json.dumps(found, indent=2)) if as_json else shown.show_job(found)
        return
    wanted = {"q": search, "state": state, "printer": printer}
    query = {"limit": str(limit)} | {key: value for key, value in wanted.items() if value}
    listed = asyncio.run(ask(address(config), "jobs", query))["jobs"]
    typer.echo(json.dumps(listed, indent=2)) if as_json else shown.show_jobs(listed)


def cancel(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="Its id, as `labeld jobs --json` tells.")],
    config: ConfigOption = None,
) -> None:
    """Cancel a job; exit 1 if it printed, may have printed, or is at the printer already."""
    job = asyncio.run(_cancel(address(config), job_id))
    typer.echo(f"{job['id']}  {job['state']}: {job['message']}")
    if job["state"] != "canceled":
        raise typer.Exit(1)


def printers(
    printer: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One printer, with all that is known of it.")
    ] = None,
    config: ConfigOption = None,
    discover: Annotated[
        bool, typer.Option("--discover", help="List what announces itself on the network now; needs no daemon.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long to listen for announcements.", min=0.1, max=3600)] = 4.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    cups: Annotated[bool, typer.Option("--cups", help="List CUPS queues that could be printers instead.")] = False,
) -> None:
    """List the printers of the running daemon, and those it found and does not use; or show one."""
    if discover:
        show_announced(settings_from(config), seconds, as_json=as_json)
        return
    if cups:
        queues.show(as_json=as_json)
        return
    if printer is not None:
        found = asyncio.run(ask(address(config), f"printers/{quote(printer, safe='')}", {}))
        typer.echo(json.dumps(found, indent=2)) if as_json else shown.show_printer(found)
        return
    listed = asyncio.run(ask(address(config), "printers", {}))["printers"]
    if as_json:
        typer.echo(json.dumps(listed, indent=2))
        return
    shown.show_printers(listed)
    show_candidates(asyncio.run(ask(address(config), "candidates", {}))["candidates"])


def adopt(
    printer: Annotated[
        str, typer.Argument(metavar="IDENTITY", help="A found printer: its identity, serial number or name.")
    ],
    config: ConfigOption = None,
    name: Annotated[str | None, typer.Option(help="What it is called here; made from its own name.")] = None,
    media: Annotated[str | None, typer.Option(help="Label stock loaded; the one in its name, else 4x6in.")] = None,
    resolution: Annotated[int | None, typer.Option(help="Of its head in dpi, where it does not tell it.")] = None,
    station: Annotated[
        list[str] | None, typer.Option(help="Packing station whose labels it prints; may be given again.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="zpl, tspl or epl; zpl when absent and it says so.")] = None,
) -> None:
    """Print on a found printer from now on; an adopted printer's name changes what is given."""
    base = address(config)
    terms = {"media": media, "resolution": resolution, "stations": station, "language": language}
    body = {key: value for key, value in terms.items() if value is not None}
    known = asyncio.run(ask(base, "printers", {}))["printers"]
    if name is None and printer in {one["name"] for one in known if one["adopted"]}:
        name = printer
    else:
        found = chosen(printer, asyncio.run(ask(base, "candidates", {}))["candidates"])
        body["identity"] = found["identity"]
        # where there is no name to suggest, the daemon says why
        name = name or found["suggestion"] or found["printer"] or "printer"
    view = asyncio.run(managed("POST", f"{base}/api/v1/printers/{quote(name, safe='')}/adopt", json=body))
    stations = f", for {', '.join(view['stations'])}" if view["stations"] else ""
    known_as = view["identity"] or view["uri"]
    typer.echo(f"{view['name']} is adopted: {known_as}, {view['resolution']} dpi, {view['media']}{stations}")


def forget(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An adopted printer.")], config: ConfigOption = None
) -> None:
    """Print no more on an adopted printer; what waits for it is held."""
    asyncio.run(managed("DELETE", f"{address(config)}/api/v1/printers/{quote(name, safe='')}"))
    typer.echo(f"{name} is forgotten; what waited for it is on hold")


def reprint(
    job: Annotated[str, typer.Argument(metavar="ID", help="The job that is to be printed again.")],
    reason: Annotated[str, typer.Option(help="Why, for the record: torn, lost, stuck.")],
    config: ConfigOption = None,
) -> None:
    """Print one more copy of a job that has ended, with a number and a reason."""
    url = f"{address(config)}/api/v1/jobs/{quote(job, safe='')}/reprint"
    made = asyncio.run(managed("POST", url, json={"reason": reason}))
    typer.echo(f"{made['id']}  reprint {made['reprint']} of {made['reprint_of']}: {made['printer']}")


async def managed(method: str, url: str, **options: Any) -> dict[str, Any]:
    """The answer to an act that the daemon records with the person's name."""
    try:
        person = getpass.getuser()
    except (OSError, KeyError):  # no name for this uid
        person = str(os.getuid())
    answer, _ = await request(method, url, headers={"User-Agent": f"labeld, {person}"}, **options)
    return answer


def address(config: Path | None) -> str:
    """Where the running daemon's API is: `$LABELD_URL`, else as configured."""
    if url := os.environ.get("LABELD_URL"):
        return url.rstrip("/")
    return settings_from(config).web.url


async def _submit(
    base: str, data: bytes, printer: str | None, station: str | None, *, wait: bool
) -> tuple[dict[str, Any], bool]:
    query = {key: value for key, value in (("printer", printer), ("station", station)) if value}
    headers = {"Content-Type": "application/octet-stream"}
    job, status = await request("POST", f"{base}/api/v1/jobs", params=query, data=data, headers=headers)
    return await _ended(base, job) if wait else job, status == HTTPStatus.OK


async def _cancel(base: str, job_id: str) -> dict[str, Any]:
    job, _ = await request("POST", f"{base}/api/v1/jobs/{job_id}/cancel")
    return await _ended(base, job)


async def _ended(base: str, job: dict[str, Any]) -> dict[str, Any]:
    while any(one["state"] not in _ENDED for one in (job, *job.get("parts", ()))):
        await asyncio.sleep(0.2)
        job, _ = await request("GET", f"{base}/api/v1/jobs/{job['id']}")
    return job


async def ask(base: str, kind: str, query: dict[str, str]) -> dict[str, Any]:
    """What the daemon tells at `/api/v1/<kind>`; ends the program with its reason where it does not."""
    answer, _ = await request("GET", f"{base}/api/v1/{kind}", params=query)
    return answer
