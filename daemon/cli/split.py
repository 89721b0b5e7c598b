"""`labeld print --split`: a merged file is read, shown, and printed once the person says so."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import typer

from .common import fail
from .requests import request

_POLL_SECONDS = 0.1
_ENDED = {"completed", "aborted", "canceled", "pending-held"}


async def split_file(
    base: str, data: bytes, where: Mapping[str, str], choices: Mapping[str, str], *, yes: bool, wait: bool
) -> None:
    """Upload a file, say what would be printed of it, and print it.

    Args:
        base: the daemon's URL.
        data: the file.
        where: `printer` or `station`.
        choices: `slips` and `unnumbered`, as the API takes them.
        yes: print without asking.
        wait: until all labels have an outcome; the program then fails unless all are printed.
    """
    url = f"{base}/api/v1/uploads"
    query = {**where, **choices} | ({"confirm": "yes"} if yes else {})
    headers = {"Content-Type": "application/octet-stream"}
    upload, _ = await request("POST", url, params=query, data=data, headers=headers)
    one = f"{url}/{upload['id']}"
    upload = await _until(one, "ready", "printing", "done", "failed")
    if upload["state"] == "failed":
        fail(upload["message"], 4)
    _tell(upload, choices)
    if upload["state"] == "ready":
        if not sys.stdin.isatty():
            fail("nothing was printed: say --yes, or confirm it on the page /upload", 1)
        # in a thread: the daemon's answers are not waited for meanwhile
        if not await asyncio.to_thread(typer.confirm, "Print them?"):
            await request("DELETE", one)
            fail("nothing was printed", 1)
        await request("POST", f"{one}/print", json=dict(choices))
    upload = await _until(one, "done", "failed")
    if upload["state"] == "failed":
        fail(upload["message"], 4)
    made = [item for item in upload["items"] if item["job"]]
    for item in made:
        name = item["tracking_number"] or "no number"
        again = "  came before: nothing more is printed" if item["duplicate"] else ""
        typer.echo(f"{item['job']}  {name}{again}")
    if wait and not await _printed(base, [item["job"] for item in made]):
        raise typer.Exit(1)


def _tell(upload: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    to = upload["labels_to"] or f"no printer ({upload['labels_because']})"
    typer.echo(f"{upload['pages']} pages: {_many(upload['labels'], 'label')} for {to}")
    if upload["slips"]:
        left = choices["slips"] == "leave" or not upload["slips_to"]
        because = "as asked" if choices["slips"] == "leave" else upload["slips_because"]
        what = f"left out: {because}" if left else f"for {upload['slips_to']}"
        typer.echo(f"{_many(upload['slips'], 'packing slip')} {what}")
    if upload["unnumbered"]:
        fate = {"hold": "held until somebody looks", "print": "printed too", "leave": "left out"}
        typer.echo(f"{_many(upload['unnumbered'], 'label')} without a number: {fate[choices['unnumbered']]}")
    if upload["known"]:
        typer.echo(f"{upload['known']} here already: not printed twice")
    for page, first in upload["same"]:
        typer.echo(f"page {page} is the same as page {first}: left out")
    if upload["blank"]:
        typer.echo(f"blank, left out: page {', '.join(map(str, upload['blank']))}")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


async def _until(url: str, *states: str) -> dict[str, Any]:
    while True:
        upload, _ = await request("GET", url)
        if upload["state"] in states:
            return upload
        await asyncio.sleep(_POLL_SECONDS)


async def _printed(base: str, jobs: list[str]) -> bool:
    well = True
    for job_id in jobs:
        job, _ = await request("GET", f"{base}/api/v1/jobs/{job_id}")
        while job["state"] not in _ENDED:
            await asyncio.sleep(_POLL_SECONDS)
            job, _ = await request("GET", f"{base}/api/v1/jobs/{job_id}")
        if job["state"] != "completed":
            typer.echo(f"{job_id}  {job['state']}: {job['message']}")
            well = False
    return well
