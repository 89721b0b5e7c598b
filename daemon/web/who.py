"""Who acts, for the audit trail: the name of the token, where there is a login."""

from aiohttp import web

from ...drivers.dnssd import shown
from .access import USER

#: who a job's timeline says has acted, where the browser has no name
WHO = "somebody at the status page"
#: letters of a program's name
_PROGRAM = 80


def somebody(request: web.Request) -> str:
    """Who asks: the name of its token, else that it is a browser, else a program's name."""
    if name := known(request):
        return name
    if "Sec-Fetch-Site" in request.headers or "Origin" in request.headers:
        return WHO
    return f"a program ({shown(request.headers.get('User-Agent', 'nameless'))[:_PROGRAM]})"


def known(request: web.Request) -> str | None:
    """The name of the token that a request came in with."""
    user = request.get(USER)
    return None if user is None else user.name
