"""Who may ask: a page without login must not serve other web sites that the same browser has open."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler

from .keys import LABELD
from .problems import Problem
from .webhooks import public_host

_AUTHORITY = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # labels show addresses: no other site may embed them as pictures
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(authority: str) -> bool:
    """Whether a Host header names this machine itself; a name that DNS could point here does not."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    name = match["name"].strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_named(authority: str, name: str | None) -> bool:
    """Whether a Host header names this host; nothing names none."""
    match = _AUTHORITY.fullmatch(authority)
    return match is not None and name is not None and match["name"].strip("[]").lower() == name


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent this request for a page of another site.

    Sec-Fetch-Site, which no page can set, decides where the browser sends it; else Origin must be our own.
    Programs send neither.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("Origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("Host", "").lower()


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse DNS rebinding (a foreign Host) and cross-site requests that would change something."""
    host = request.headers.get("Host", "")
    web_settings = request.app[LABELD].settings.web
    names = (public_host(request), web_settings.host, *web_settings.names)
    if not is_loopback(host) and not any(is_named(host, one) for one in names):
        raise Problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            "ask for localhost or 127.0.0.1: other host names are refused here, but those of web.names",
        )
    if request.method not in _SAFE_METHODS and is_foreign(request.headers):
        raise Problem(HTTPStatus.FORBIDDEN, "requests from the pages of other sites are refused")
    return await handler(request)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every response."""
    for name, value in HEADERS.items():
        response.headers[name] = value
