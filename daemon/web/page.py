"""The status page: drawn whole on the server, and fetched again by its script when something changed."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from ..finding.candidates import candidate_json
from ..job import Job, JobState, Reason
from . import views, words
from .api import find, held_long, terms_from
from .drawing import TEMPLATES, answer, card
from .evidence_words import evidence
from .figures import Counting
from .forms import form_of
from .keys import COUNTING, LABELD
from .problems import Problem
from .who import somebody

if TYPE_CHECKING:
    from ..app import App

_HERE = Path(__file__).parent
_FILES = frozenset({"api.css", "page.css", "page.js", "upload.css", "upload.js", "import.js", "favicon.svg"})
#: cards that ask, and cards below them; a phone with more becomes slow
_ASKED, _SHOWN = 12, 48
_REJECTIONS = 20
#: seconds for which a page is shown again where nothing changed
_FRESH = 60.0
#: tones of printers in order
_FIRST = {"bad": 0, "ask": 1}
#: found printers
_FOUND = 12
#: as a form tells them
_RESOLUTIONS = ("203", "300", "600")
#: held jobs among which the questions are looked for
_HELD = 200


class FrontPage:
    """The page as everybody sees it; drawn once per change, however many browsers ask."""

    def __init__(self, app: "App", counting: Counting, changes: "asyncio.Queue[tuple[str, str]]") -> None:
        self._app = app
        self._counting = counting
        self._changes = changes
        self._turn = asyncio.Lock()
        self._html = ""
        self._broker = ""
        self._at = 0.0

    async def html(self) -> str:
        """The page, as new as the last committed change."""
        async with self._turn:
            broker = f"{self._app.broker.state} {self._app.warnings}"
            # figures of the last hours change though nothing happens
            old = time.monotonic() - self._at > _FRESH
            if not self._html or old or not self._changes.empty() or broker != self._broker:
                # emptied before the database is asked: a change during the drawing draws it again next time
                while not self._changes.empty():
                    self._changes.get_nowait()
                self._html, self._broker, self._at = "", broker, time.monotonic()
                self._html = await _draw(self._app, self._counting)
            return self._html


FRONT_PAGE: web.AppKey[FrontPage] = web.AppKey("FRONT_PAGE")


async def front(request: web.Request) -> web.Response:
    """`GET /`: everything at a glance; `?before=<job id>` shows older labels."""
    before = request.query.get("before")
    if before:
        return answer(await _draw(request.app[LABELD], request.app[COUNTING], before=before))
    return answer(await request.app[FRONT_PAGE].html())


async def search(request: web.Request) -> web.Response:
    """`POST /`: what was searched for, on its own page where it is one; not in the address, which browsers remember."""
    form = await form_of(request)
    text = str(form.get("q", "")).strip()[:200]
    if not text:
        return answer(await request.app[FRONT_PAGE].html())
    found = await _find(request.app[LABELD], text, None, [])
    if len(found.listed) == 1:
        # what is scanned is one parcel nearly always: all about it at once
        raise web.HTTPSeeOther(f"/jobs/{found.listed[0].id}")
    return answer(await _draw(request.app[LABELD], request.app[COUNTING], text=text))


async def job(request: web.Request) -> web.Response:
    """`GET /jobs/{id}`: one label, large, with what happened to it."""
    app, job_id = request.app[LABELD], request.match_info["id"]
    found = await app.store.get(job_id)
    timeline = [views.entry_json(entry) for entry in await app.store.timeline(job_id)]
    return answer(
        TEMPLATES.get_template("job.html").render(
            settings=app.settings,
            card=card(app, found),
            others=[card(app, one) for one in await app.store.parts(found)],
            timeline=timeline,
            broker=app.broker.state,
            warnings=app.warnings,
            places=words.places(app.settings, found),
            gone=words.gone(found.removed, app.settings.retention),
            key=secrets.token_urlsafe(12),
            evidence=evidence(await app.store.attempts(job_id)),
            reasons=words.REPRINT_REASONS,
            orders=", ".join(found.order_ids),
            related=[card(app, one) for one in await app.store.related(found)],
        )
    )


async def act(request: web.Request) -> web.Response:
    """`POST /jobs/{id}/{verb}`: the buttons, for browsers in which the script does not run."""
    actions, job_id = request.app[LABELD].actions, request.match_info["id"]
    match request.match_info["verb"]:
        case "cancel":
            await actions.cancel(job_id, who=somebody(request))
        case "hold":
            why = str((await form_of(request)).get("reason", ""))
            await actions.hold(job_id, who=somebody(request), why=why)
        case "release":
            await actions.release(job_id, who=somebody(request))
        case "move":
            await actions.move(job_id, str((await form_of(request)).get("printer", "")), who=somebody(request))
        case "take-out":
            await actions.take_out(job_id, who=somebody(request))
        case "reprint":
            form = await form_of(request)
            key = str(form.get("key", ""))[:200] or None
            done = await actions.reprint(job_id, str(form.get("reason", "")), who=somebody(request), key=key)
            raise web.HTTPSeeOther(f"/jobs/{done.job.id}")
        case _:
            printed = (await form_of(request)).get("printed")
            if printed not in ("true", "false"):
                raise Problem(HTTPStatus.BAD_REQUEST, "say printed=true or printed=false")
            await actions.settle(job_id, printed=printed == "true", who=somebody(request))
    raise web.HTTPSeeOther("/")


async def release_group(request: web.Request) -> web.Response:
    """`POST /jobs/release`: the button at each group of held labels, without the script."""
    form = await form_of(request)
    station, reason = str(form.get("station", "")) or None, str(form.get("reason", ""))
    await request.app[LABELD].actions.release_all(station, reason, who=somebody(request))
    raise web.HTTPSeeOther("/")


async def adopt(request: web.Request) -> web.Response:
    """`POST /printers/adopt`: the forms that adopt a found printer and change an adopted one, without the script."""
    form = {key: str(value).strip() for key, value in (await form_of(request)).items()}
    name = form.pop("name", "")
    said: dict[str, object] = {key: value for key, value in form.items() if value}
    said["stations"] = form.get("stations", "").replace(",", " ").split()
    if form.get("resolution") in _RESOLUTIONS:
        said["resolution"] = int(form["resolution"])
    await request.app[LABELD].adoption.adopt(name, terms_from(said), who=somebody(request))
    raise web.HTTPSeeOther("/")


async def forget(request: web.Request) -> web.Response:
    """`POST /printers/forget`: the button, without the script."""
    await request.app[LABELD].adoption.forget(str((await form_of(request)).get("name", "")), who=somebody(request))
    raise web.HTTPSeeOther("/")


async def static(request: web.Request) -> web.FileResponse:
    """`GET /static/{name}`: style, script and icon; browsers ask each time whether they changed."""
    return _file(request.match_info["name"])


async def favicon(_request: web.Request) -> web.FileResponse:
    """The icon for browsers that ask for it by habit."""
    return _file("favicon.svg")


@dataclass(frozen=True, slots=True)
class _Found:
    """Which jobs go where on the page."""

    asked: list[Job]
    listed: list[Job]
    more: bool


async def _draw(app: "App", counting: Counting, *, text: str = "", before: str | None = None) -> str:
    counts = await app.store.counts(views.OPEN_STATES)
    void = await app.store.void(limit=_ASKED)
    found = await _find(app, text, before, void)
    listed = [card(app, one) for one in found.listed]
    asked = [card(app, one) for one in found.asked]
    tiles = await _tiles(app, counting, counts)
    total = {state: sum(by_state.get(state, 0) for by_state in counts.values()) for state in views.OPEN_STATES}
    found_printers = [one for one in app.discovery.candidates() if one.printer is None]
    held = total.pop(JobState.HELD) + len(void)
    return TEMPLATES.get_template("page.html").render(
        settings=app.settings,
        broker=app.broker.state,
        warnings=app.warnings,
        headline=words.headline(tiles, held=held, queued=sum(total.values()), connected=app.broker.state.connected),
        held=held,
        held_long=await held_long(app) if held else 0,
        asked=asked,
        groups=words.groups(await app.store.held_groups()),
        tiles=tiles,
        cards=listed,
        candidates=[candidate_json(one, app.settings.names) for one in found_printers[:_FOUND]],
        left_out=app.adoption.refused,
        more_candidates=max(len(found_printers) - _FOUND, 0),
        older=found.listed[-1].id if found.more else None,
        before=before,
        search=text,
        rejections=[views.rejection_json(one) for one in await app.store.rejections(limit=_REJECTIONS)],
    )


async def _tiles(app: "App", counting: Counting, counts: Mapping[str, Mapping[str, int]]) -> list[words.Tile]:
    """The printers, those that need somebody first."""
    printed = {name: card(app, job) for name, job in (await counting.last()).items()}
    last = {name: one for name, one in printed.items() if one.view["has_preview"]}
    figures = await counting.get(time.time())
    tiles = [
        words.printer_tile(
            views.printer_json(one, counts, app.adoption.names), last.get(one.name), figures.get(one.name)
        )
        for one in app.printers
    ]
    return sorted(tiles, key=lambda tile: _FIRST.get(tile.sign.tone, len(_FIRST)))


async def _find(app: "App", text: str, before: str | None, void: list[Job]) -> _Found:
    if text:
        return _Found([], await find(app.store, text, limit=_SHOWN), more=False)
    if before is not None:
        found = await app.store.jobs(limit=_SHOWN + 1, before=before)
        return _Found([], found[:_SHOWN], more=len(found) > _SHOWN)
    held = await app.store.jobs(limit=_HELD, state=JobState.HELD)
    # questions before decisions that can wait
    asked = sorted([*void, *held], key=lambda one: not one.void and one.reason != Reason.OUTCOME_UNKNOWN)[:_ASKED]
    above = {one.id for one in asked}
    found = await app.store.jobs(limit=_SHOWN + len(asked) + 1)
    listed = [one for one in found if one.id not in above]
    return _Found(asked, listed[:_SHOWN], more=len(listed) > _SHOWN)


def _file(name: str) -> web.FileResponse:
    if name not in _FILES:
        raise web.HTTPNotFound
    return web.FileResponse(_HERE / "static" / name, headers={"Cache-Control": "no-cache"})
