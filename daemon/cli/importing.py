"""`labeld import`: hand a table of labels to the running daemon."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from ..importing import importer
from ..importing.table import MOST_BYTES, TableRefused
from .client import address
from .common import ConfigOption, fail, plain
from .requests import own_headers


def import_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file: a row for each label.")],
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would become of each row.")] = False,
    labels: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the label files are that rows name; beside the table.")
    ] = None,
    shop: Annotated[str | None, typer.Option(help="Shop of rows that name none.")] = None,
    station: Annotated[str | None, typer.Option(help="Packing station of rows that name none.")] = None,
    printer: Annotated[str | None, typer.Option(help="Printer or group of rows that name none.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import a table of labels: all of it, or nothing where a row is wrong; exit 4 then."""
    said = {"shop": shop, "station": station, "printer": printer, "dry_run": "true" if dry_run else None}
    query = {key: value for key, value in said.items() if value}
    report = asyncio.run(_send(address(config), _form(file, labels or file.parent), query))
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _show(report)
    if report["counts"]["error"]:
        raise typer.Exit(4)


def _form(file: Path, folder: Path) -> aiohttp.FormData:
    """The table, and the label files that it names as far as they are there; the daemon says which are missing."""
    form = aiohttp.FormData(quote_fields=False)  # names as browsers send them
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        names = importer.read(data).files
        form.add_field("table", data, filename=file.name, content_type="text/csv")
        here = {path.name.casefold(): path for path in folder.iterdir()} if names else {}
        for name in names:
            path = here.get(name.casefold())
            if path is not None and path.is_file():
                form.add_field("files", path.read_bytes(), filename=name, content_type="application/octet-stream")
    except TableRefused as error:
        fail(f"{file}: {error}", 4)
    except OSError as error:
        fail(f"{error.filename or file}: {error.strerror}", 4)
    return form


async def _send(base: str, form: aiohttp.FormData, query: dict[str, str]) -> dict[str, Any]:
    url = f"{base}/api/v1/imports"
    try:
        async with (
            aiohttp.ClientSession(headers=own_headers()) as session,
            session.post(url, params=query, data=form) as response,
        ):
            body: dict[str, Any] = await response.json(content_type=None) or {}
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        fail(f"labeld does not answer at {base}: {error}", 1)
    if "rows" not in body:
        code = 4 if response.status == HTTPStatus.UNPROCESSABLE_ENTITY else 1
        fail(str(body.get("detail") or body.get("title") or response.status), code)
    return body


def _show(report: dict[str, Any]) -> None:
    for row in report["rows"]:
        number = row["tracking_number"] or row["package_id"] or row["file"] or ""
        where = f"{row['column']}: " if row["column"] else ""
        typer.echo(plain(f"row {row['row']:<5} {row['result']:<10} {number:<24} {where}{row['message']}"))
    for note in report["notes"]:
        typer.echo(plain(note))
    counted = ", ".join(f"{number} {result}" for result, number in report["counts"].items() if number)
    verdict = "imported" if report["imported"] else "nothing was imported"
    typer.echo(f"{verdict}: {counted or 'no rows'}")
