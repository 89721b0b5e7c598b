"""`POST /api/v1/jobs`: a JSON event, a form with a file, or the bytes of a label themselves."""

import asyncio
import functools
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.web_request import FileField

from ..adapters.door import translate
from ..store import Accepted
from .drawing import told
from .forms import form_of
from .keys import LABELD
from .problems import Problem

SOURCE = "http"
_JSON = frozenset({"application/json", "application/cloudevents+json"})


@dataclass(frozen=True, slots=True)
class _Upload:
    """A label's bytes and where they should print."""

    data: bytes
    printer: str | None
    station: str | None


async def submit(request: web.Request) -> web.Response:
    """Answer after the commit: 201 with the new job, 200 with the job that this already is."""
    if request.content_type in _JSON:
        accepted = await _json(request)
    else:
        accepted = await _raw(request)
    job = told(request.app[LABELD], accepted.job)
    status = HTTPStatus.OK if accepted.duplicate else HTTPStatus.CREATED
    return web.json_response(job, status=status, headers={"Location": f"/api/v1/jobs/{accepted.job.id}"})


async def _json(request: web.Request) -> Accepted:
    payload, app = await request.read(), request.app[LABELD]
    key, printer, station = _key(request), request.query.get("printer") or None, request.query.get("station") or None
    reader = functools.partial(translate, names=app.settings.names, now=time.time(), printer=printer, station=station)
    return await app.intake.json(
        payload, source=SOURCE, topic=_topic(request.path, key=key), redelivered=key is not None, translate=reader
    )


async def _raw(request: web.Request) -> Accepted:
    if request.content_type == "multipart/form-data":
        upload = await _form(request)
    else:
        wanted = request.query
        upload = _Upload(await request.read(), wanted.get("printer") or None, wanted.get("station") or None)
    key = _key(request)
    return await request.app[LABELD].intake.raw(
        upload.data,
        source=SOURCE,
        topic=_topic(request.path, printer=upload.printer, station=upload.station, key=key),
        printer=upload.printer,
        station=upload.station,
        redelivered=key is not None,
    )


def _key(request: web.Request) -> str | None:
    return request.headers.get("Idempotency-Key")


async def _form(request: web.Request) -> _Upload:
    form = await form_of(request)
    field = form.get("file")
    if isinstance(field, FileField):
        data = await asyncio.to_thread(field.file.read)
        field.file.close()
    elif isinstance(field, str):
        data = field.encode()
    else:
        raise Problem(HTTPStatus.BAD_REQUEST, "the form has no field `file` with the label")
    printer, station = (str(form.get(name) or request.query.get(name) or "") for name in ("printer", "station"))
    return _Upload(data, printer or None, station or None)


def _topic(path: str, *, printer: str | None = None, station: str | None = None, key: str | None = None) -> str:
    """The way in, as a topic is for MQTT: an event without an id is identified by it and its bytes.

    An Idempotency-Key is part of it, so that the same key and bytes are the same job for good.
    """
    wanted = {"printer": printer, "station": station, "idempotency-key": key}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    return f"{path}?{query}" if query else path
