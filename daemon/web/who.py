"""Who acts, for the audit trail: the name of the token where there is a login, else one that a browser chooses once."""

from http import HTTPStatus
from typing import NoReturn
from urllib.parse import quote, unquote

from aiohttp import web

from ...drivers.dnssd import shown
from .access import USER
from .forms import form_of
from .problems import Problem

#: who a job's timeline says has acted, where the browser has no name
WHO = "somebody at the status page"
#: of the cookie; the page's script reads it to show the name
COOKIE = "labeld-who"
#: letters of a name, and of a program's
_NAME, _PROGRAM = 40, 80
_TEN_YEARS = 10 * 366 * 86400


def somebody(request: web.Request) -> str:
    """Who asks: its token's name, else the name that a browser was given, or that it is one, else a program's."""
    if user := known(request):
        return user
    if name := _clean(unquote(request.cookies.get(COOKIE, ""))):
        return f"{name} at the status page"
    if "Sec-Fetch-Site" in request.headers or "Origin" in request.headers:
        return WHO
    return f"a program ({shown(request.headers.get('User-Agent', 'nameless'))[:_PROGRAM]})"


def known(request: web.Request) -> str | None:
    """The name of the token that a request came in with."""
    user = request.get(USER)
    return None if user is None else user.name


async def choose(request: web.Request) -> NoReturn:
    """`POST /who`: remember in this browser who uses it; an empty name forgets it."""
    name = _clean(str((await form_of(request)).get("who", "")))
    if "labeld" in name.lower().split():
        raise Problem(HTTPStatus.BAD_REQUEST, "labeld is what acts by itself: choose another name")
    answer = web.HTTPSeeOther("/")
    if name:
        # no secret: the script shows it
        answer.set_cookie(COOKIE, quote(name), max_age=_TEN_YEARS, samesite="Strict")
    else:
        answer.del_cookie(COOKIE)
    raise answer


def _clean(text: str) -> str:
    return " ".join(shown(text).split())[:_NAME]
