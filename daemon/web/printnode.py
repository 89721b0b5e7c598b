"""PrintNode's API as far as programs that print use it, so that one written for it prints here by its address alone.

Where there is a login, a token is the user name of HTTP Basic authentication. Errors have PrintNode's shape.
"""

import asyncio
import contextlib
import functools
import json
import re
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from ..adapters import printnode
from ..adapters.door import dumped
from ..errors import EventRejected, IllegalTransition, StoreUnavailable
from ..event_fields import read_object
from ..job import Job, allowed_acts
from . import printer_page
from .keys import LABELD, SINCE
from .printnode_words import Place, account, states
from .problems import Problem
from .who import known

SOURCE = "printnode"
_MOST = 100
#: of a person's acts in a job's timeline
_WHO = "a program (by PrintNode's API)"
#: sets of numbers: those that they name at most
_NUMBERS = 500
_RANGE = re.compile(r"([0-9]{1,11})(?:-([0-9]{1,11}))?")
Handler = Callable[[web.Request], Awaitable[web.Response]]


def _shaped(handler: Handler) -> Handler:
    """Errors as PrintNode tells them: `uid`, `code`, `message`."""

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except EventRejected as error:
            return _error(HTTPStatus.BAD_REQUEST, str(error))
        except StoreUnavailable as error:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except Problem as error:
            return _error(error.status, str(error))

    return answer


@_shaped
async def whoami(_request: web.Request) -> web.Response:
    """`GET /whoami`: the one account."""
    return _json(account(computers=1))


@_shaped
async def computers(request: web.Request) -> web.Response:
    """`GET /computers`: this host."""
    return _json(_of_set([_place(request).computer], request.match_info.get("set")))


@_shaped
async def printers(request: web.Request) -> web.Response:
    """`GET /printers`: the printers and groups."""
    return _json(_place(request).printers)


async def printers_by_number(request: web.Request) -> web.Response:
    """`GET /printers/{set}`: those with these numbers; the page of a printer whose name is one."""
    if request.match_info["name"] in request.app[LABELD].printers:
        return await printer_page.page(request)
    return await _printers_by_number(request)


@_shaped
async def _printers_by_number(request: web.Request) -> web.Response:
    return _json(_of_set(_place(request).printers, request.match_info["name"]))


@_shaped
async def printers_of(request: web.Request) -> web.Response:
    """`GET /computers/{set}/printers`: those of this host, where it is meant."""
    place = _place(request)
    here = _of_set([place.computer], request.match_info["set"])
    return _json(_of_set(place.printers, request.match_info.get("printers")) if here else [])


@_shaped
async def printjobs(request: web.Request) -> web.Response:
    """`GET /printjobs`: jobs, latest first: `limit`, `after` (the last number of the answer before)."""
    return _json([_place(request).job(number, job) for number, job in await _jobs(request)])


@_shaped
async def printjobs_of(request: web.Request) -> web.Response:
    """`GET /printers/{set}/printjobs`: the latest jobs of printers."""
    app, place = request.app[LABELD], _place(request)
    names = [printer["name"] for printer in _of_set(place.printers, request.match_info["set"])]
    found = [job for name in names for job in await app.store.jobs(limit=_MOST, printer=name)]
    latest = sorted(found, key=lambda job: job.id, reverse=True)[:_MOST]
    return _json([place.job(number, job) for number, job in await _numbered(request, latest)])


@_shaped
async def latest_states(request: web.Request) -> web.Response:
    """`GET /printjobs/states`: the states of the latest jobs."""
    return await _states(request, await _jobs(request))


@_shaped
async def states_of(request: web.Request) -> web.Response:
    """`GET /printjobs/{set}/states`: the states that jobs had."""
    return await _states(request, await _jobs(request))


@_shaped
async def submit(request: web.Request) -> web.Response:
    """`POST /printjobs`: 201 with the job's number, after the commit; 409 where its `X-Idempotency-Key` was used."""
    app, payload = request.app[LABELD], await asyncio.to_thread(_from_form, await request.read())
    key = request.headers.get("X-Idempotency-Key")
    names, now = app.settings.names, time.time()

    def translate(data: bytes) -> bytes:
        return dumped(printnode.event_of(read_object(data, "a contentType"), names, now, key))

    accepted = await app.intake.json(payload, source=SOURCE, topic=request.path, translate=translate)
    number = (await app.store.numbers([accepted.job.id]))[accepted.job.id]
    if accepted.duplicate and key is not None and accepted.job.event_id == f"{printnode.KEY}{key}":
        return _error(HTTPStatus.CONFLICT, f"Idempotency key collision: {key} (print job {number})")
    return _json(number, HTTPStatus.CREATED)


@_shaped
async def delete(request: web.Request) -> web.Response:
    """`DELETE /printjobs/{set}`: cancel what has not begun to print; the numbers of those that are canceled."""
    done = []
    for number, job in await _jobs(request):
        with contextlib.suppress(IllegalTransition):
            if "cancel" in allowed_acts(job):
                await request.app[LABELD].actions.cancel(job.id, who=known(request) or _WHO)
                done.append(number)
    return _json(done)


def _from_form(payload: bytes) -> bytes:
    """A form as JSON; JSON as it is, whatever its Content-Type says: curl calls everything a form."""
    if payload.lstrip()[:1] == b"{":
        return payload
    body: dict[str, str] = {}
    objects: dict[str, dict[str, str]] = {}
    try:
        fields = parse_qsl(payload.decode(), keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        return payload  # neither, which is said when it is read
    for name, value in fields:
        outer, bracket, inner = name.partition("[")
        if bracket and outer in ("options", "authentication"):
            objects.setdefault(outer, {})[inner.rstrip("]")] = value
        else:
            body[name] = value
    return json.dumps({**body, **objects}).encode()


def _place(request: web.Request) -> Place:
    app = request.app[LABELD]
    views = {view.name: view for view in app.printers}
    return Place(socket.gethostname(), request.app[SINCE], app.settings, views)


async def _jobs(request: web.Request) -> list[tuple[int, Job]]:
    """The jobs that a request is about, latest first."""
    store, some = request.app[LABELD].store, request.match_info.get("set")
    if some is not None:
        return list(await store.numbered(_numbers(some)))
    if request.query.get("dir", "desc") != "desc":
        raise Problem(HTTPStatus.BAD_REQUEST, "dir: jobs are listed latest first (desc)")
    limit, before = _whole(request, "limit", _MOST), None
    if "after" in request.query:
        last = await store.numbered([_whole(request, "after", 0)])
        if not last:
            return []
        before = last[0][1].id
    return await _numbered(request, await store.jobs(limit=min(limit, _NUMBERS), before=before))


async def _numbered(request: web.Request, jobs: list[Job]) -> list[tuple[int, Job]]:
    known = await request.app[LABELD].store.numbers([job.id for job in jobs])
    # one may just have gone by its age
    return [(known[job.id], job) for job in jobs if job.id in known]


async def _states(request: web.Request, jobs: list[tuple[int, Job]]) -> web.Response:
    store, now = request.app[LABELD].store, time.time()
    return _json([states(number, await store.timeline(job.id), now) for number, job in jobs])


def _of_set(things: list[dict[str, Any]], some: str | None) -> list[dict[str, Any]]:
    if some is None:
        return things
    ranges = _ranges(some)
    return [thing for thing in things if any(low <= thing["id"] <= high for low, high in ranges)]


def _numbers(some: str) -> list[int]:
    ranges = _ranges(some)
    if sum(max(high - low + 1, 0) for low, high in ranges) > _NUMBERS:
        raise Problem(HTTPStatus.BAD_REQUEST, f"ask for {_NUMBERS} print jobs at most")
    return [number for low, high in ranges for number in range(low, high + 1)]


def _ranges(some: str) -> list[tuple[int, int]]:
    """A set such as `12,20-25`."""
    found = []
    for part in some.split(",")[: _NUMBERS + 1]:
        match = _RANGE.fullmatch(part)
        if match is None:
            raise Problem(HTTPStatus.BAD_REQUEST, f"{some[:40]!r} is no set of numbers such as 12,20-25")
        found.append((int(match[1]), int(match[2] or match[1])))
    return found


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Problem(HTTPStatus.BAD_REQUEST, f"{name} is a number, not {text[:20]!r}")
    return int(text)


def _json(value: object, status: int = HTTPStatus.OK) -> web.Response:
    """PrintNode's clients want `application/json` and nothing behind it."""
    return web.Response(body=json.dumps(value).encode(), status=status, content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    code = "".join(HTTPStatus(status).phrase.split())
    return _json({"uid": secrets.token_hex(8), "code": code, "message": message}, status)
