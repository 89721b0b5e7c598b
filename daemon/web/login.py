"""`/login`: a person shows a token once, typed or scanned, and the browser keeps a session."""

from aiohttp import web

from .access import ACCESS, SESSION_SECONDS, cookie_name, is_secure
from .drawing import TEMPLATES, answer
from .forms import form_of
from .keys import LABELD
from .problems import Problem
from .tokens import Token


async def page(request: web.Request) -> web.Response:
    """`GET /login`: where a token is shown, or who has shown one."""
    access = request.app.get(ACCESS)
    return _page(request, "", access.user(request) if access else None)


async def sign_in(request: web.Request) -> web.Response:
    """`POST /login`: begin a session."""
    access = request.app.get(ACCESS)
    if access is None:
        raise web.HTTPSeeOther("/")
    try:
        token = access.sign_in(str((await form_of(request)).get("token", "")), request.remote or "")
    except Problem as error:
        response = _page(request, str(error))
        response.set_status(error.status)
        return response
    # a page for the cookie to come with: a redirect from another site would not send it
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(
        cookie_name(request),
        access.session_of(token),
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="Strict",
        secure=is_secure(request),
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    """`POST /logout`: end the session of this browser."""
    response = web.Response(status=303, headers={"Location": "/login"})
    response.del_cookie(cookie_name(request), httponly=True, samesite="Strict", secure=is_secure(request))
    return response


def _page(request: web.Request, trouble: str, user: Token | None = None) -> web.Response:
    site = request.app[LABELD].settings.site
    return answer(TEMPLATES.get_template("login.html").render(site=site, trouble=trouble, user=user))
