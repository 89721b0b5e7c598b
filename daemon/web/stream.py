"""Changes as they happen, as server-sent events (WHATWG HTML section 9.2)."""

import asyncio
import contextlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web

from ..errors import NoSuchJob, StoreUnavailable
from . import views
from .access import ACCESS, USER
from .drawing import told
from .keys import CLOSING, LABELD, SINCE

if TYPE_CHECKING:
    from ..app import App

_HEARTBEAT_SECONDS = 15.0
#: how soon a browser comes back after the daemon went away
_RETRY_MILLISECONDS = 2000


async def events(request: web.Request) -> web.StreamResponse:
    """`job`, `printer`, `rejection` and `broker` events with their new view; `all`: look at everything again.

    Who comes back with the `Last-Event-ID` gets what changed meanwhile.
    """
    app, closing = request.app[LABELD], request.app[CLOSING]
    # no-transform and X-Accel-Buffering: a proxy that waits for more would show changes late
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store, no-transform",
            "X-Accel-Buffering": "no",
        }
    )
    # a stream ends when the browser is gone or the database fails; the browser comes back and asks for everything
    with app.bus.listen() as changes, contextlib.suppress(ConnectionError, StoreUnavailable):
        missed, first = _missed(request), _id(request)
        await response.prepare(request)
        await response.write(f"retry: {_RETRY_MILLISECONDS}\n: welcome\n".encode())
        await response.write((await _frames(app, missed) + first).encode())
        stop = asyncio.create_task(closing.wait(), name="stream-closing")
        try:
            await _tell(request, response, changes, stop)
        finally:
            stop.cancel()
    return response


def _id(request: web.Request) -> str:
    """Where the stream is now: when the server started, and how many changes there were since labeld did."""
    return f"id: {round(request.app[SINCE] * 1000)}-{request.app[LABELD].bus.count}\n\n"


def _missed(request: web.Request) -> list[tuple[str, str]]:
    """What changed since a stream that was lost; nothing where there was none."""
    last = request.headers.get("Last-Event-ID", "")
    if not last:
        return []
    started, _, count = last.partition("-")
    if started != str(round(request.app[SINCE] * 1000)) or not (
        count.isascii() and count.isdigit() and len(count) < 16
    ):
        return [("all", "")]
    return request.app[LABELD].bus.since(int(count))


def _may_stay(request: web.Request) -> bool:
    """Whether the token that a stream was begun with is good still."""
    access, user = request.app.get(ACCESS), request.get(USER)
    return access is None or user is None or access.knows(user)


async def _frames(app: "App", news: list[tuple[str, str]]) -> str:
    # of several changes to one thing the last state is enough
    return "".join([await _event(app, kind, key) for kind, key in dict.fromkeys(news)])


async def _tell(
    request: web.Request,
    response: web.StreamResponse,
    changes: "asyncio.Queue[tuple[str, str]]",
    stop: "asyncio.Task[bool]",
) -> None:
    app = request.app[LABELD]
    change = asyncio.create_task(changes.get(), name="stream-change")
    try:
        while not stop.done() and _may_stay(request):
            await asyncio.wait((change, stop), timeout=_HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            text = ""
            if change.done():
                news = [change.result()]
                while not changes.empty():
                    news.append(changes.get_nowait())
                change = asyncio.create_task(changes.get(), name="stream-change")
                now = _id(request)
                text = await _frames(app, news) + now
            await response.write((text or ": still here\n\n").encode())
    finally:
        change.cancel()


async def _event(app: "App", kind: str, key: str) -> str:
    if kind == "job":
        try:
            return _frame(kind, told(app, await app.store.get(key)))
        except NoSuchJob:
            return _frame("all", {})
    if kind == "printer" and key in app.printers:
        return _frame(
            kind, views.printer_json(app.printers[key], await app.store.counts(views.OPEN_STATES), app.adoption.names)
        )
    if kind == "broker":
        return _frame(kind, asdict(app.broker.state))
    if kind == "rejection" and (latest := await app.store.rejections(limit=1)):
        return _frame(kind, views.rejection_json(latest[0]))
    return _frame("all", {})


def _frame(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
