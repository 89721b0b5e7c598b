"""`/upload` and `/api/v1/uploads`: a merged file is read, shown, and printed when somebody says so."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_request import FileField
from typing_extensions import TypedDict

from ..event_fields import read_object
from ..uploads.keeper import Choices, Shown, items_of
from .drawing import TEMPLATES, answer
from .forms import form_of
from .keys import LABELD
from .problems import Problem

if TYPE_CHECKING:
    from ..app import App

PATH, PAGE = "/api/v1/uploads", "/upload"
_YES = ("1", "true", "yes")


class ItemJson(TypedDict):
    """Pages of an upload that are one job."""

    kind: str
    pages: list[int]
    tracking_number: str | None
    carrier: str | None
    known: str | None
    job: str | None
    duplicate: bool


class UploadJson(TypedDict):
    """An upload as the API tells it."""

    id: str
    state: str
    message: str
    choices: dict[str, str] | None
    received_at: str
    station: str | None
    printer: str | None
    pages: int | None
    done_pages: int
    labels: int
    unnumbered: int
    slips: int
    known: int
    blank: list[int]
    same: list[list[int]]
    labels_to: str | None
    labels_because: str
    slips_to: str | None
    slips_because: str
    items: list[ItemJson]


async def page(request: web.Request) -> web.Response:
    """`GET /upload`: where files are dropped."""
    return answer(await _drawn(request.app[LABELD]))


async def act(request: web.Request) -> web.Response:
    """`POST /upload` and `POST /upload/{id}/{verb}`: the page's forms, where the script does not run."""
    match request.match_info.get("verb"):
        case "print":
            form = await form_of(request)
            choices = Choices.of(form.get("slips"), form.get("unnumbered"))
            await request.app[LABELD].uploads.confirm(request.match_info["id"], choices)
        case "discard":
            await request.app[LABELD].uploads.discard(request.match_info["id"])
        case _:
            await _take(request)
    raise web.HTTPSeeOther(PAGE)


async def add(request: web.Request) -> web.Response:
    """`POST /api/v1/uploads`: 202 after the commit; 200 with the upload that this already is."""
    shown, fresh = await _take(request)
    status = HTTPStatus.ACCEPTED if fresh else HTTPStatus.OK
    headers = {"Location": f"{PATH}/{shown.upload.id}"}
    return web.json_response(upload_json(shown), status=status, headers=headers)


async def uploads(request: web.Request) -> web.Response:
    """`GET /api/v1/uploads`: all that are not forgotten, newest first."""
    found = await request.app[LABELD].uploads.all()
    return web.json_response({"uploads": [upload_json(one) for one in found]})


async def upload(request: web.Request) -> web.Response:
    """`GET /api/v1/uploads/{id}`: how far it is, and what would be printed of it."""
    return web.json_response(upload_json(await request.app[LABELD].uploads.get(request.match_info["id"])))


async def confirm(request: web.Request) -> web.Response:
    """`POST /api/v1/uploads/{id}/print`: `{"slips": "print", "unnumbered": "hold"}`, or nothing for these."""
    body = await request.read()
    said = read_object(body, "slips and unnumbered") if body else {}
    choices = Choices.of(said.get("slips"), said.get("unnumbered"))
    shown = await request.app[LABELD].uploads.confirm(request.match_info["id"], choices)
    return web.json_response(upload_json(shown), status=HTTPStatus.ACCEPTED)


async def discard(request: web.Request) -> web.Response:
    """`DELETE /api/v1/uploads/{id}`: forget it; jobs that it became stay."""
    await request.app[LABELD].uploads.discard(request.match_info["id"])
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def picture(request: web.Request) -> web.Response:
    """`GET /api/v1/uploads/{id}/pages/{number}.png`: a page of a file whose jobs are not made yet."""
    number = int(request.match_info["number"])
    png = await request.app[LABELD].uploads.picture(request.match_info["id"], number)
    return web.Response(body=png, content_type="image/png", headers={"Cache-Control": "no-store"})


def upload_json(shown: Shown) -> UploadJson:
    """An upload as JSON; of labels only those count that are not known already."""
    upload, content = shown.upload, shown.upload.content or {"items": [], "blank": [], "same": []}
    items: list[ItemJson] = [
        {
            "kind": item.kind,
            "pages": list(item.pages),
            "tracking_number": item.number,
            "carrier": item.carrier,
            "known": kept["job"] if kept["duplicate"] else known,
            "job": kept["job"],
            "duplicate": kept["duplicate"],
        }
        for item, known, kept in zip(
            items_of(content), shown.known or [None] * len(content["items"]), content["items"], strict=True
        )
    ]

    def count(kind: str) -> int:
        return sum(item["kind"] == kind and item["known"] is None for item in items)

    return {
        "id": upload.id,
        "state": "printing" if upload.state == "ready" and upload.confirmed else upload.state,
        "message": upload.message,
        "choices": upload.choices,
        "received_at": datetime.fromtimestamp(upload.received_at, UTC).isoformat(timespec="milliseconds"),
        "station": upload.station,
        "printer": upload.printer,
        "pages": upload.pages or shown.progress.of or None,
        "done_pages": shown.progress.done if upload.pages is None else upload.pages,
        "labels": count("label"),
        "unnumbered": count("unnumbered"),
        "slips": count("slip"),
        "known": sum(item["known"] is not None for item in items),
        "blank": content["blank"],
        "same": content["same"],
        "labels_to": shown.labels_to.printer,
        "labels_because": shown.labels_to.because,
        "slips_to": shown.slips_to.printer,
        "slips_because": shown.slips_to.because,
        "items": items,
    }


async def _take(request: web.Request) -> tuple[Shown, bool]:
    said: dict[str, Any] = dict(request.query)
    if request.content_type == "multipart/form-data":
        form = await form_of(request)
        said |= {name: str(value) for name, value in form.items() if isinstance(value, str)}
        field = form.get("file")
        if not isinstance(field, FileField):
            raise Problem(HTTPStatus.BAD_REQUEST, "the form has no field `file` with a PDF: choose a file first")
        data = await asyncio.to_thread(field.file.read)
        field.file.close()
    else:
        data = await request.read()
    choices = Choices.of(said.get("slips"), said.get("unnumbered"))
    at_once = str(said.get("confirm", "")).lower() in _YES
    return await request.app[LABELD].uploads.add(
        data,
        station=said.get("station") or None,
        printer=said.get("printer") or None,
        choices=choices if at_once else None,
    )


async def _drawn(app: "App") -> str:
    stations = sorted({station for printer in app.settings.printers.values() for station in printer.stations})
    return TEMPLATES.get_template("upload.html").render(
        settings=app.settings,
        broker=app.broker.state,
        warnings=app.warnings,
        stations=stations,
        printers=sorted([*app.settings.printers, *app.settings.groups]),
        uploads=[upload_json(one) for one in await app.uploads.all()],
    )
