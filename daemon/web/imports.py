"""Tables of labels over HTTP: `POST /api/v1/imports`, and the page `/import` with its form."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from ..importing import importer
from ..importing.importer import Defaults, Importer, Outcome, Report
from ..importing.table import TableRefused
from .drawing import TEMPLATES, answer
from .forms import form_of
from .keys import LABELD
from .problems import Problem, problem

if TYPE_CHECKING:
    from ..app import App

_YES = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class _Upload:
    """A table, the label files with it by name, and what is meant where its rows do not say it."""

    table: bytes
    name: str
    labels: dict[str, bytes]
    defaults: Defaults
    check: bool


async def take(request: web.Request) -> web.Response:
    """`POST /api/v1/imports`: 201 with what became of each row, 200 with `dry_run`, 422 where a row is wrong."""
    if request.content_type == "multipart/form-data":
        upload = await _of_form(await form_of(request), request.query)
    else:
        upload = _Upload(await request.read(), "", {}, _defaults({}, request.query), _is_dry(request.query))
    report = await _take(request.app[LABELD], upload, request.path)
    document = report_json(report, dry_run=upload.check)
    if not upload.check and not report.imported:
        counted = len(report.faults)
        because = f"nothing was imported: {counted} row{'s are' if counted > 1 else ' is'} wrong"
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, because, extra=document)
    return web.json_response(document, status=HTTPStatus.CREATED if report.imported else HTTPStatus.OK)


async def page(request: web.Request) -> web.Response:
    """`GET /import`: the form."""
    return _page(request.app[LABELD], None)


async def submit(request: web.Request) -> web.Response:
    """`POST /import`: the form's buttons, Check and Import; gives the page with what becomes of each row."""
    form = await form_of(request)
    upload = await _of_form(form, request.query)
    return _page(request.app[LABELD], await _take(request.app[LABELD], upload, request.path), check=upload.check)


def report_json(report: Report, *, dry_run: bool) -> dict[str, Any]:
    """A report as the API gives it."""
    return {
        "dry_run": dry_run,
        "imported": report.imported,
        "counts": report.counts,
        "notes": list(report.notes),
        "rows": [_outcome_json(one) for one in report.outcomes],
    }


def _outcome_json(one: Outcome) -> dict[str, Any]:
    row = one.row
    return {
        "row": one.number,
        "result": str(one.result),
        "column": one.column,
        "message": one.message,
        "job": one.job,
        "order_ids": [] if row is None else list(row.order_ids),
        "package_id": None if row is None else row.package_id,
        "tracking_number": None if row is None else row.tracking_number,
        "file": None if row is None else row.file,
    }


async def _take(app: "App", upload: _Upload, topic: str) -> Report:
    try:
        reading = await asyncio.to_thread(importer.read, upload.table)
    except TableRefused as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    taker = Importer(lambda: app.settings, app.intake)
    return await taker.take(reading, upload.labels, upload.defaults, source="import", topic=topic, dry_run=upload.check)


async def _of_form(form: MultiDictProxy[str | bytes | bytearray | FileField], query: Mapping[str, str]) -> _Upload:
    table: FileField | None = None
    labels: dict[str, bytes] = {}
    for name, field in form.items():
        if not isinstance(field, FileField):
            continue
        if name == "table":
            table = field
            continue
        called = PurePosixPath(field.filename.replace("\\", "/")).name
        if called.casefold() in {known.casefold() for known in labels}:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"two files are called {called!r}: give each its own name")
        labels[called] = await _read(field)
    if table is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "no table was chosen: the form's field `table` is a CSV file")
    said = {key: str(value).strip() for key, value in form.items() if not isinstance(value, FileField)}
    check = said.get("do") == "check" or said.get("dry_run", "").lower() in _YES or _is_dry(query)
    return _Upload(await _read(table), table.filename, labels, _defaults(said, query), check)


async def _read(field: FileField) -> bytes:
    try:
        return await asyncio.to_thread(field.file.read)
    finally:
        field.file.close()


def _is_dry(query: Mapping[str, str]) -> bool:
    return query.get("dry_run", "").lower() in _YES


def _defaults(said: dict[str, str], query: Mapping[str, str]) -> Defaults:
    shop, station, printer = (said.get(name) or query.get(name) or None for name in ("shop", "station", "printer"))
    return Defaults(shop, station, printer)


def _page(app: "App", report: Report | None, *, check: bool = False) -> web.Response:
    settings = app.settings
    return answer(
        TEMPLATES.get_template("import.html").render(
            settings=settings,
            broker=app.broker.state,
            warnings=app.warnings,
            shops=sorted(settings.tiktok.shops),
            places=sorted(settings.names),
            limit=f"{settings.intake.max_asset_bytes * 3 // 2 / (1024 * 1024):.0f} MiB",
            report=report,
            check=check,
        )
    )
