"""A printer's own page, and what the API says of it and does with it."""

import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from ...drivers.profile import seconds_per_label, seconds_to_first
from ...renderers.media import Media
from ..errors import NoSuchPrinter
from ..printers import PrinterView
from . import roll_words, views, words
from .api import object_of
from .drawing import TEMPLATES, answer, card, told
from .forms import form_of
from .keys import COUNTING, LABELD
from .printer_view import detail, learned
from .printer_words import printer_facts
from .problems import Problem
from .who import somebody

if TYPE_CHECKING:
    from ..app import App

#: of a roll
_MOST_LABELS, _MOST_METRES = 100_000, 5000


async def page(request: web.Request) -> web.Response:
    """`GET /printers/{name}`: one printer, its labels, and what labeld knows of it and says to it."""
    app = request.app[LABELD]
    found = await detail(app, request.app[COUNTING], request.match_info["name"], time.time())
    return answer(
        TEMPLATES.get_template("printer.html").render(
            settings=app.settings,
            broker=app.broker.state,
            warnings=app.warnings,
            view=found.view,
            tile=words.printer_tile(found.view, None, found.figures),
            facts=printer_facts(found.view, found.profile),
            waiting=[card(app, job) for job in found.waiting],
            last=[card(app, job) for job in found.last],
        )
    )


async def act(request: web.Request) -> web.Response:
    """`POST /printers/{name}/{verb}`: the buttons, for browsers in which the script does not run."""
    acts, name = request.app[LABELD].printer_acts, request.match_info["name"]
    match request.match_info["verb"]:
        case "pause":
            await acts.pause(name, who=somebody(request))
        case "resume":
            await acts.resume(name, who=somebody(request))
        case "roll":
            await acts.new_roll(name, _labels(request, dict(await form_of(request))), who=somebody(request))
        case _:
            await acts.test_label(name, who=somebody(request))
    raise web.HTTPSeeOther(f"/printers/{name}")


async def printer(request: web.Request) -> web.Response:
    """One printer with everything that is known of it."""
    found = await detail(request.app[LABELD], request.app[COUNTING], request.match_info["name"], time.time())
    return web.json_response(found.view)


async def printers(request: web.Request) -> web.Response:
    """Every printer with its state, the length of its queue, and how fast it is."""
    app = request.app[LABELD]
    counts = await app.store.counts(views.OPEN_STATES)
    found = []
    for one in app.printers:
        profile = await learned(app, one)
        pace = None if profile is None else seconds_per_label(profile) or seconds_to_first(profile)
        found.append({**views.printer_json(one, counts, app.adoption.names), "seconds_per_label": pace})
    return web.json_response({"printers": found})


async def pause(request: web.Request) -> web.Response:
    """Send a printer nothing more; the label on its way is finished."""
    app, name = request.app[LABELD], request.match_info["name"]
    return await _told(app, await app.printer_acts.pause(name, who=somebody(request)))


async def resume(request: web.Request) -> web.Response:
    """Let a paused printer print again."""
    app, name = request.app[LABELD], request.match_info["name"]
    return await _told(app, await app.printer_acts.resume(name, who=somebody(request)))


async def _told(app: "App", view: PrinterView) -> web.Response:
    counts = await app.store.counts(views.OPEN_STATES)
    return web.json_response(views.printer_json(view, counts, app.adoption.names))


async def test_label(request: web.Request) -> web.Response:
    """Queue a test label: 201 with its job."""
    made = await request.app[LABELD].printer_acts.test_label(request.match_info["name"], who=somebody(request))
    headers = {"Location": f"/api/v1/jobs/{made.id}"}
    return web.json_response(told(request.app[LABELD], made), status=201, headers=headers)


async def roll(request: web.Request) -> web.Response:
    """Say that a new roll is in a printer: `{"labels": 500}` or `{"metres": 75}`; `{"labels": 0}` forgets it."""
    app, name = request.app[LABELD], request.match_info["name"]
    await app.printer_acts.new_roll(name, _labels(request, await object_of(request)), who=somebody(request))
    return web.json_response((await detail(app, request.app[COUNTING], name, time.time())).view)


def _labels(request: web.Request, said: Mapping[str, object]) -> int:
    """How many labels a roll has, by its number of labels or by its length."""
    app, name = request.app[LABELD], request.match_info["name"]
    for unit, most in (("labels", _MOST_LABELS), ("metres", _MOST_METRES)):
        text = str(said.get(unit, "")).strip()
        if not text:
            continue
        if not (re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,2})?", text) and float(text.replace(",", ".")) <= most):
            raise Problem(HTTPStatus.BAD_REQUEST, f"{unit} is a number up to {most}, not {text[:20]!r}")
        number = float(text.replace(",", "."))
        if unit == "labels":
            return int(number)
        if name not in app.printers:
            raise NoSuchPrinter(f"there is no printer {name!r}")
        return roll_words.on_metres(number, Media.parse(app.printers[name].settings.media).length)
    raise Problem(HTTPStatus.BAD_REQUEST, 'say how many labels, {"labels": 500}, or how long it is, {"metres": 75}')
