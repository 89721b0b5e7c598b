"""The HTTP API under `/api/v1`, and the probes of whoever watches the daemon."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import ETag, web
from pydantic import BaseModel, ValidationError

from ..errors import StoreUnavailable
from ..events import LabelReady
from ..finding.adoption import Terms, words_of
from ..finding.candidates import candidate_json
from ..job import Job, JobState
from ..messages import iso
from ..notices import Kind, LabelCanceled, LabelSuperseded
from ..rendering.pool import RenderFailed
from ..store import Store
from . import pictures, views, words
from .drawing import told
from .keys import LABELD, PICTURES, SINCE
from .problems import Problem, problem
from .search import meanings
from .who import somebody

if TYPE_CHECKING:
    from ..app import App

_LIMIT, _MOST = 50, 200
_PROBE_SECONDS = 2.0
_DAY = 86400.0
_SCHEMAS: Mapping[str, type[BaseModel]] = {
    "ready": LabelReady,
    "canceled": LabelCanceled,
    "superseded": LabelSuperseded,
}
#: of an Idempotency-Key
_KEY = 200


async def find(
    store: Store,
    text: str,
    *,
    limit: int,
    before: str | None = None,
    state: str | None = None,
    printer: str | None = None,
) -> list[Job]:
    """Jobs whose tracking number, package id, event id or order id is what was typed or scanned."""
    for number in meanings(text):
        if found := await store.jobs(limit=limit, before=before, state=state, printer=printer, search=number):
            return found
    return []


async def jobs(request: web.Request) -> web.Response:
    """Jobs newest first; `next` is the `before` of the following page."""
    store, query = request.app[LABELD].store, request.query
    limit = _whole(query, "limit", _LIMIT, _MOST)
    before, state, text = query.get("before") or None, query.get("state") or None, query.get("q", "").strip()
    printer = query.get("printer") or None
    if state is not None and state not in list(JobState):
        raise Problem(HTTPStatus.BAD_REQUEST, f"state {state!r} is not one of {', '.join(JobState)}")
    if text:
        found = await find(store, text, limit=limit + 1, before=before, state=state, printer=printer)
    else:
        found = await store.jobs(limit=limit + 1, before=before, state=state, printer=printer)
    following = found[limit - 1].id if len(found) > limit else None
    return web.json_response({"jobs": [told(request.app[LABELD], job) for job in found[:limit]], "next": following})


async def job(request: web.Request) -> web.Response:
    """One job with its timeline, the jobs of its document's other pages, and those that it was compared with."""
    store, job_id = request.app[LABELD].store, request.match_info["id"]
    found = await store.get(job_id)
    timeline = [views.entry_json(entry) for entry in await store.timeline(job_id)]
    attempts = [views.attempt_json(attempt) for attempt in await store.attempts(job_id)]
    parts = [told(request.app[LABELD], part) for part in await store.parts(found)]
    related = [told(request.app[LABELD], one) for one in await store.related(found)]
    answer = {"timeline": timeline, "attempts": attempts, "parts": parts, "related": related}
    return web.json_response({**told(request.app[LABELD], found), **answer})


async def preview(request: web.Request) -> web.Response:
    """The exact dots of one label as a PNG."""
    store, job_id = request.app[LABELD].store, request.match_info["id"]
    page = _whole(request.query, "page", 1, 10_000)
    found = await store.get(job_id)
    _check_kept(request, found)
    artwork = await store.artwork(job_id)
    if artwork is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"job {job_id} has no picture: {found.message}")
    if page > artwork.labels:
        raise Problem(HTTPStatus.NOT_FOUND, f"job {job_id} has no page {page}: it makes {artwork.labels} labels")
    tag = ETag(pictures.tag(artwork, page))
    # the picture may change while the job waits, so browsers ask each time, and mostly get a 304
    response = web.Response(content_type="image/png", headers={"Cache-Control": "private, no-cache"})
    response.etag = tag
    if tag in (request.if_none_match or ()):
        response.set_status(HTTPStatus.NOT_MODIFIED)
        return response
    try:
        response.body = await request.app[PICTURES].get(artwork, page)
    except RenderFailed as error:
        raise Problem(HTTPStatus.NOT_FOUND, f"job {job_id} has no picture: {error}") from error
    return response


async def asset(request: web.Request) -> web.Response:
    """The label file as received, never shown by the browser: it comes from outside."""
    store, job_id = request.app[LABELD].store, request.match_info["id"]
    _check_kept(request, await store.get(job_id))
    data, _ = await store.asset(job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.bin"', "Cache-Control": "private, no-store"}
    return web.Response(body=data, content_type="application/octet-stream", headers=headers)


async def cancel(request: web.Request) -> web.Response:
    """Take a job out of the queue."""
    changed = await request.app[LABELD].actions.cancel(request.match_info["id"], who=somebody(request))
    return web.json_response(told(request.app[LABELD], changed))


async def release(request: web.Request) -> web.Response:
    """Print a held job after all."""
    changed = await request.app[LABELD].actions.release(request.match_info["id"], who=somebody(request))
    return web.json_response(told(request.app[LABELD], changed))


async def hold(request: web.Request) -> web.Response:
    """Keep a waiting job from its printer: `{"reason": "text"}`, or nothing."""
    why = (await object_of(request)).get("reason", "") if await request.read() else ""
    if not isinstance(why, str):
        raise Problem(HTTPStatus.BAD_REQUEST, 'say why: {"reason": "text"}')
    changed = await request.app[LABELD].actions.hold(request.match_info["id"], who=somebody(request), why=why)
    return web.json_response(told(request.app[LABELD], changed))


async def holds(request: web.Request) -> web.Response:
    """Held jobs, counted by station and reason."""
    found = await request.app[LABELD].store.held_groups()
    return web.json_response({"holds": [views.group_json(one) for one in found]})


async def release_group(request: web.Request) -> web.Response:
    """Print all jobs of a station that are held for a reason: `{"station": "pack-01", "reason": "…"}`."""
    answer = await object_of(request)
    station, reason = answer.get("station"), answer.get("reason")
    if not isinstance(station, str | None) or not isinstance(reason, str):
        raise Problem(HTTPStatus.BAD_REQUEST, 'say which: {"station": "name" or null, "reason": "as in /api/v1/holds"}')
    released, left = await request.app[LABELD].actions.release_all(station or None, reason, who=somebody(request))
    return web.json_response({"released": released, "left": left})


async def move(request: web.Request) -> web.Response:
    """Give a job to another printer or group: `{"printer": "name"}`."""
    answer = await object_of(request)
    to = answer.get("printer")
    if not isinstance(to, str):
        raise Problem(HTTPStatus.BAD_REQUEST, 'say where to: {"printer": "name"}')
    changed = await request.app[LABELD].actions.move(request.match_info["id"], to, who=somebody(request))
    return web.json_response(told(request.app[LABELD], changed))


async def settle(request: web.Request) -> web.Response:
    """Answer whether a label came out: `{"printed": true}` or `{"printed": false}`."""
    printed = (await object_of(request)).get("printed")
    if not isinstance(printed, bool):
        raise Problem(HTTPStatus.BAD_REQUEST, 'answer {"printed": true} or {"printed": false}')
    changed = await request.app[LABELD].actions.settle(request.match_info["id"], printed=printed, who=somebody(request))
    return web.json_response(told(request.app[LABELD], changed))


async def reprint(request: web.Request) -> web.Response:
    """Print an ended job's bytes again: `{"reason": "why"}`; 200 where its Idempotency-Key was used before."""
    reason, key = (await object_of(request)).get("reason"), request.headers.get("Idempotency-Key")
    if not isinstance(reason, str) or not reason.strip():
        raise Problem(HTTPStatus.BAD_REQUEST, 'say why: {"reason": "the first one is torn"}')
    if key is not None and not 0 < len(key) <= _KEY:
        raise Problem(HTTPStatus.BAD_REQUEST, f"Idempotency-Key has 1 to {_KEY} letters")
    done = await request.app[LABELD].actions.reprint(request.match_info["id"], reason, who=somebody(request), key=key)
    status = HTTPStatus.OK if done.duplicate else HTTPStatus.CREATED
    headers = {"Location": f"/api/v1/jobs/{done.job.id}"}
    return web.json_response(told(request.app[LABELD], done.job), status=status, headers=headers)


async def take_out(request: web.Request) -> web.Response:
    """Say that a void label is out of the pile."""
    changed = await request.app[LABELD].actions.take_out(request.match_info["id"], who=somebody(request))
    return web.json_response(told(request.app[LABELD], changed))


async def notice(request: web.Request) -> web.Response:
    """Take a notice that labels are void; answers with the jobs that it changed."""
    kind: Kind = "canceled" if request.match_info["kind"] == "canceled" else "superseded"
    taken = await request.app[LABELD].intake.notice(kind, await request.read(), source="http", topic=request.path)
    jobs = [told(request.app[LABELD], job) for job in taken.jobs]
    return web.json_response({"duplicate": taken.duplicate, "jobs": jobs})


async def adopt(request: web.Request) -> web.Response:
    """Print on a found printer from now on, or change an adopted one: its identity and what it does not tell itself."""
    app, name = request.app[LABELD], request.match_info["name"]
    known = name in app.adoption.names
    await app.adoption.adopt(name, terms_from(await object_of(request)), who=somebody(request))
    view = views.printer_json(app.printers[name], await app.store.counts(views.OPEN_STATES), app.adoption.names)
    headers = {"Location": "/api/v1/printers"}
    return web.json_response(view, status=HTTPStatus.OK if known else HTTPStatus.CREATED, headers=headers)


async def forget(request: web.Request) -> web.Response:
    """Print no more on an adopted printer; what waits for it is held."""
    await request.app[LABELD].adoption.forget(request.match_info["name"], who=somebody(request))
    return web.Response(status=HTTPStatus.NO_CONTENT)


def terms_from(values: object) -> Terms:
    """What a request says of a printer."""
    try:
        return Terms.model_validate(values)
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, words_of(error)) from None


async def candidates(request: web.Request) -> web.Response:
    """Every printer that announces itself, with what to write into the configuration to print on it."""
    app = request.app[LABELD]
    found = [candidate_json(one, app.settings.names) for one in app.discovery.candidates()]
    return web.json_response({"candidates": found, "message": app.discovery.message})


async def rejections(request: web.Request) -> web.Response:
    """Refused events, latest first."""
    limit = _whole(request.query, "limit", _LIMIT, _MOST)
    found = await request.app[LABELD].store.rejections(limit=limit)
    return web.json_response({"rejections": [views.rejection_json(one) for one in found]})


async def schema(request: web.Request) -> web.Response:
    """JSON Schema of a label event or a notice."""
    model = _SCHEMAS[request.match_info["kind"]]
    return web.json_response(model.model_json_schema(), content_type="application/schema+json")


async def healthz(_request: web.Request) -> web.Response:
    """The event loop turns."""
    return web.json_response({"status": "alive"}, headers={"Cache-Control": "no-store"})


async def readyz(request: web.Request) -> web.Response:
    """The database can be read and written; the broker's absence is told but is no reason to restart anything."""
    app = request.app[LABELD]
    broker, headers = asdict(app.broker.state), {"Cache-Control": "no-store"}
    doubt = app.wall_clock.doubt()
    extra: dict[str, object] = {"broker": broker, "since": iso(request.app[SINCE]), "clock": doubt and doubt.words}
    trouble = app.store.health.trouble
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            extra |= {"database": asdict(await app.store.size()), "held_long": await held_long(app)}
            extra["unsent"] = await app.store.unsent()
    except StoreUnavailable as error:
        trouble = trouble or str(error)
    except TimeoutError:
        trouble = trouble or f"the database gives no answer within {_PROBE_SECONDS:g} s"
    if trouble:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, trouble, headers=headers, extra=extra)
    return web.json_response({"status": "ready", **extra}, headers=headers)


async def held_long(app: "App") -> int:
    """How many jobs on hold came so long ago that, ended, they would have lost their files: they should be answered."""
    return await app.store.held_since(time.time() - app.settings.retention.label_days * _DAY)


def _check_kept(request: web.Request, job: Job) -> None:
    if because := words.gone(job.removed, request.app[LABELD].settings.retention):
        raise Problem(HTTPStatus.GONE, f"job {job.id}: {because}")


async def object_of(request: web.Request) -> dict[str, object]:
    """The JSON object that a request brings; empty where it is another value."""
    try:
        answer = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the answer is not JSON: {error}") from error
    return answer if isinstance(answer, dict) else {}


def _whole(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise Problem(HTTPStatus.BAD_REQUEST, f"{name} is a number from 1 to {most}, not {text[:20]!r}")
    return int(text)
