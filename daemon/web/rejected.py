"""A refused event: why, what of it is kept, and the form that sends it again once it is corrected."""

import functools
import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from ..adapters.door import translate
from ..errors import EventRejected
from ..events import digest
from ..notices import Kind
from ..store.rows import Rejection
from . import views
from .drawing import TEMPLATES, answer
from .forms import form_of
from .keys import LABELD
from .problems import Problem
from .who import somebody

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

_SOURCE = "http"
_KINDS: dict[str, Kind] = {"canceled": "canceled", "superseded": "superseded"}


async def page(request: web.Request) -> web.Response:
    """`GET /rejections/{id}`: the event and its form."""
    app, number = request.app[LABELD], int(request.match_info["id"])
    rejection, payload, said = await _kept(app, number)
    text = _text(payload)
    return answer(
        TEMPLATES.get_template("rejection.html").render(
            settings=app.settings,
            broker=app.broker.state,
            warnings=app.warnings,
            view=views.rejection_json(rejection),
            answer=said,
            text=text,
            whole=len(payload) == rejection.size,
            redacted=text is not None and ("http://" in text or "https://" in text),
        )
    )


async def send_again(request: web.Request) -> web.Response:
    """`POST /rejections/{id}`: take the corrected event as a new one, and mark the refused one as answered."""
    app, number, who = request.app[LABELD], int(request.match_info["id"]), somebody(request)
    rejection, _, said = await _kept(app, number)
    if said is not None:
        raise Problem(HTTPStatus.CONFLICT, f"this event is answered: {said}")
    form = await form_of(request)
    if "dismiss" in form:
        await _answer(app, number, f"put aside by {who}")
        raise web.HTTPSeeOther("/")
    payload = str(form.get("event", "")).replace("\r\n", "\n").strip().encode()
    if not payload:
        raise Problem(HTTPStatus.BAD_REQUEST, "the corrected event is empty")
    log.info("rejection %d: sent again by %s", number, who)
    try:
        where, words = await _take(app, payload, rejection.topic)
    except EventRejected:
        # kept as one of its own, with its own reason
        following = await app.store.rejected_as(digest(rejection.topic, payload))
        if following is None or following == number:
            raise web.HTTPSeeOther(f"/rejections/{number}") from None
        await _answer(app, number, f"sent again by {who}, refused again as rejection {following}")
        raise web.HTTPSeeOther(f"/rejections/{following}") from None
    await _answer(app, number, f"sent again by {who}: {words}")
    raise web.HTTPSeeOther(where)


async def _take(app: "App", payload: bytes, topic: str) -> tuple[str, str]:
    """Where the page goes on, and what became of the event."""
    kind = _KINDS.get(topic.partition("?")[0].rpartition("/")[2])
    if kind is not None:
        taken = await app.intake.notice(kind, payload, source=_SOURCE, topic=topic)
        return "/", f"{len(taken.jobs)} labels changed"
    reader = functools.partial(translate, names=app.settings.names, now=time.time())
    accepted = await app.intake.json(payload, source=_SOURCE, topic=topic, translate=reader)
    return f"/jobs/{accepted.job.id}", f"job {accepted.job.id}"


async def _answer(app: "App", number: int, words: str) -> None:
    await app.store.answer_rejection(number, words)
    # no new rejection for whoever listens to those: only a list that is shorter
    app.bus.tell("all", "")


async def _kept(app: "App", number: int) -> tuple[Rejection, bytes, str | None]:
    found = await app.store.rejection(number)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no refused event {number}, or it was removed by its age")
    return found


def _text(payload: bytes) -> str | None:
    """What a person can correct: JSON that may have a fault, or nothing."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if text.lstrip()[:1] in ("{", "[") or not text.strip() else None
