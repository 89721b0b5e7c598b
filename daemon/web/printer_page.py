"""A printer's own page, and what the API says of it and does with it."""

import time
from typing import TYPE_CHECKING

from aiohttp import web

from ...drivers.profile import seconds_per_label, seconds_to_first
from ..printers import PrinterView
from . import views, words
from .drawing import TEMPLATES, answer, card, told
from .keys import LABELD
from .printer_view import detail, learned
from .printer_words import printer_facts
from .who import somebody

if TYPE_CHECKING:
    from ..app import App


async def page(request: web.Request) -> web.Response:
    """`GET /printers/{name}`: one printer, its labels, and what labeld knows of it and says to it."""
    app = request.app[LABELD]
    found = await detail(app, request.match_info["name"], time.time())
    return answer(
        TEMPLATES.get_template("printer.html").render(
            settings=app.settings,
            broker=app.broker.state,
            warnings=app.warnings,
            view=found.view,
            tile=words.printer_tile(found.view, None),
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
            await acts.resume(name)
        case _:
            await acts.test_label(name, who=somebody(request))
    raise web.HTTPSeeOther(f"/printers/{name}")


async def printer(request: web.Request) -> web.Response:
    """One printer with everything that is known of it."""
    return web.json_response((await detail(request.app[LABELD], request.match_info["name"], time.time())).view)


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
    return await _told(app, await app.printer_acts.resume(name))


async def _told(app: "App", view: PrinterView) -> web.Response:
    counts = await app.store.counts(views.OPEN_STATES)
    return web.json_response(views.printer_json(view, counts, app.adoption.names))


async def test_label(request: web.Request) -> web.Response:
    """Queue a test label: 201 with its job."""
    made = await request.app[LABELD].printer_acts.test_label(request.match_info["name"], who=somebody(request))
    headers = {"Location": f"/api/v1/jobs/{made.id}"}
    return web.json_response(told(request.app[LABELD], made), status=201, headers=headers)
