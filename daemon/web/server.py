"""The HTTP server: routes, and a life as long as its context."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from . import (
    api,
    imports,
    login,
    metrics,
    page,
    printer_page,
    printnode,
    reference,
    rejected,
    shops,
    upload,
    webhooks,
    who,
)
from .access import ACCESS, access_of, doorkeeper
from .admission import admission
from .figures import Counting
from .guard import add_headers, guard
from .keys import CLOSING, COUNTING, LABELD, PICTURES, SINCE
from .pictures import Pictures
from .problems import problems
from .stream import events
from .submit import submit
from .tls import certificate_of

if TYPE_CHECKING:
    from ..app import App

_SHUTDOWN_SECONDS = 1.0
#: a connection on which nobody asks anything
_KEEPALIVE_SECONDS = 75.0
_LABELS, _IMPORTS, _PRINTJOBS = "/api/v1/jobs", "/api/v1/imports", "/printjobs"
#: where labels come in
_LARGE = (_LABELS, _IMPORTS, "/import", _PRINTJOBS, upload.PATH, upload.PAGE)


@contextlib.asynccontextmanager
async def serve(app: "App", listening: Sequence[socket.socket] = ()) -> AsyncIterator[str]:
    """Serve the page and the API on sockets that listen, else on `settings.web`; yields the base URL.

    Raises:
        OSError: the port is taken.
        ConfigError: the certificate, or the file of tokens, cannot be used.
    """
    limit = app.settings.intake.max_asset_bytes * 3 // 2 + 64 * 1024
    admit = admission(limit, _LARGE, (webhooks.PATH,))
    site = web.Application(client_max_size=limit, middlewares=[problems, guard, doorkeeper, admit])
    site[LABELD] = app
    if (access := access_of(app)) is not None:
        site[ACCESS] = access
    certificate = certificate_of(app.settings.web)
    tls = None if certificate is None else certificate.context
    site[PICTURES] = Pictures(app.pool)
    site[COUNTING] = Counting(app)
    site[SINCE] = time.time()
    site[CLOSING] = asyncio.Event()
    site.on_response_prepare.append(add_headers)
    site.on_shutdown.append(_close_streams)
    served = routes()
    site[reference.DOCUMENTS] = reference.Documents(served)
    site.add_routes(served)
    with app.bus.listen() as changes:
        site[page.FRONT_PAGE] = page.FrontPage(app, site[COUNTING], changes)
        # no access log: addresses of searches hold tracking numbers
        runner = web.AppRunner(
            site, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, keepalive_timeout=_KEEPALIVE_SECONDS
        )
        await runner.setup()
        watch = None if certificate is None else asyncio.create_task(certificate.run(), name="certificate")
        try:
            for one in listening:
                await web.SockSite(runner, one, ssl_context=tls).start()
            if not listening:
                await web.TCPSite(runner, app.settings.web.host, app.settings.web.port, ssl_context=tls).start()
            host, port = runner.addresses[0][:2]
            scheme = "http" if tls is None else "https"
            yield f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        finally:
            if watch is not None:
                watch.cancel()
            await runner.cleanup()


def routes() -> list[web.RouteDef]:
    """Everything that can be asked for."""
    v1 = "/api/v1"
    return [
        # before the pages of printers, whose names are numbers the least often
        *_printnode_routes(),
        web.get("/", page.front),
        web.post("/", page.search),
        web.post("/who", who.choose),
        web.post("/jobs/release", page.release_group),
        web.get("/jobs/{id}", page.job),
        web.post("/jobs/{id}/{verb:cancel|hold|release|move|settle|reprint|take-out}", page.act),
        web.post("/printers/adopt", page.adopt),
        web.post("/printers/forget", page.forget),
        web.get("/printers/{name}", printer_page.page),
        web.post("/printers/{name}/{verb:pause|resume|test-label|roll}", printer_page.act),
        web.get("/rejections/{id:[0-9]{1,15}}", rejected.page),
        web.post("/rejections/{id:[0-9]{1,15}}", rejected.send_again),
        web.get(upload.PAGE, upload.page),
        web.post(upload.PAGE, upload.act),
        web.post("/upload/{id}/{verb:print|discard}", upload.act),
        web.get("/import", imports.page),
        web.post("/import", imports.submit),
        web.get("/static/{name}", page.static),
        web.get("/favicon.ico", page.favicon),
        web.get("/login", login.page),
        web.post("/login", login.sign_in),
        web.post("/logout", login.sign_out),
        web.get("/api", reference.page),
        web.get("/openapi.json", reference.openapi_json),
        web.get("/asyncapi.json", reference.asyncapi_json),
        web.get("/healthz", api.healthz),
        web.get("/readyz", api.readyz),
        web.get("/metrics", metrics.metrics),
        web.get(f"{v1}/jobs", api.jobs),
        web.post(_LABELS, submit),
        web.post(_IMPORTS, imports.take),
        web.post(f"{v1}/jobs/release", api.release_group),
        web.get(f"{v1}/jobs/{{id}}", api.job),
        web.get(f"{v1}/jobs/{{id}}/preview.png", api.preview),
        web.get(f"{v1}/jobs/{{id}}/asset", api.asset),
        web.post(f"{v1}/jobs/{{id}}/cancel", api.cancel),
        web.post(f"{v1}/jobs/{{id}}/hold", api.hold),
        web.post(f"{v1}/jobs/{{id}}/release", api.release),
        web.post(f"{v1}/jobs/{{id}}/move", api.move),
        web.post(f"{v1}/jobs/{{id}}/settle", api.settle),
        web.get(f"{v1}/holds", api.holds),
        web.post(f"{v1}/jobs/{{id}}/reprint", api.reprint),
        web.post(f"{v1}/jobs/{{id}}/take-out", api.take_out),
        web.post(f"{v1}/notices/{{kind:canceled|superseded}}", api.notice),
        web.get(f"{v1}/printers", printer_page.printers),
        web.get(f"{v1}/printers/{{name}}", printer_page.printer),
        web.post(f"{v1}/printers/{{name}}/pause", printer_page.pause),
        web.post(f"{v1}/printers/{{name}}/resume", printer_page.resume),
        web.post(f"{v1}/printers/{{name}}/test-label", printer_page.test_label),
        web.post(f"{v1}/printers/{{name}}/roll", printer_page.roll),
        web.post(f"{v1}/printers/{{name}}/adopt", api.adopt),
        web.delete(f"{v1}/printers/{{name}}", api.forget),
        web.get(f"{v1}/shops", shops.shops),
        web.post(f"{v1}/shops/{{name}}/authorize", shops.authorize),
        web.post(f"{v1}/shops/{{name}}/refresh", shops.refresh),
        web.post(webhooks.PATH, webhooks.receive),
        web.get(f"{v1}/candidates", api.candidates),
        web.get(f"{v1}/rejections", api.rejections),
        web.get(f"{v1}/schemas/label-{{kind:ready|canceled|superseded}}.json", api.schema),
        web.get(upload.PATH, upload.uploads),
        web.post(upload.PATH, upload.add),
        web.get(f"{upload.PATH}/{{id}}", upload.upload),
        web.get(f"{upload.PATH}/{{id}}/pages/{{number:[0-9]{{1,4}}}}.png", upload.picture),
        web.post(f"{upload.PATH}/{{id}}/print", upload.confirm),
        web.delete(f"{upload.PATH}/{{id}}", upload.discard),
        web.get(f"{v1}/events", events),
    ]


def _printnode_routes() -> list[web.RouteDef]:
    """PrintNode's API, for programs that were written for it."""
    some = "{set:[0-9,-]+}"
    return [
        web.get("/whoami", printnode.whoami),
        web.get("/computers", printnode.computers),
        web.get(f"/computers/{some}", printnode.computers),
        web.get(f"/computers/{some}/printers", printnode.printers_of),
        web.get(f"/computers/{some}/printers/{{printers:[0-9,-]+}}", printnode.printers_of),
        web.get("/printers", printnode.printers),
        web.get("/printers/{name:[0-9,-]+}", printnode.printers_by_number),
        web.get(f"/printers/{some}/printjobs", printnode.printjobs_of),
        web.get(_PRINTJOBS, printnode.printjobs),
        web.post(_PRINTJOBS, printnode.submit),
        web.get(f"{_PRINTJOBS}/states", printnode.latest_states),
        web.get(f"{_PRINTJOBS}/{some}", printnode.printjobs),
        web.get(f"{_PRINTJOBS}/{some}/states", printnode.states_of),
        web.delete(f"{_PRINTJOBS}/{some}", printnode.delete),
    ]


async def _close_streams(site: web.Application) -> None:
    site[CLOSING].set()
