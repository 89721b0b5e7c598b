"""Who comes in where `web.login` is set: tokens, sessions of browsers, and how often each may ask."""

import binascii
import logging
import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn

from aiohttp import web
from aiohttp.typedefs import Handler

from ..tiktok.vault import CannotOpen, Vault
from .guard import is_loopback
from .problems import Problem
from .roles import MAY, NEEDS, Need
from .tokens import PREFIX, Token, Tokens, place

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

#: the token that a request came in with
USER: web.RequestKey[Token] = web.RequestKey("USER", Token)
SESSION_SECONDS = 30 * 86400.0
#: what a sealed session begins with: other things are sealed with the same key
_SESSION = "session"
#: wrong tokens in a minute: of one address, and of all together
_WRONG, _WRONG_IN_ALL = 10, 100
#: addresses that are remembered for their wrong tokens
_ADDRESSES = 1024
_MINUTE = 60.0
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="labeld", charset="UTF-8"'}


class Allowance:
    """How much is left of so many in a minute, for each key; the `most` keys that came last are known.

    A bucket of tokens: it fills steadily, and holds a minute's worth.
    """

    def __init__(self, per_minute: int, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._most, self._clock = per_minute, most, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one: 0.0 where there was one, else the seconds until there is."""
        now, pace = self._clock(), self._per_minute / _MINUTE
        left, at = self._left.pop(key, (float(self._per_minute), now))
        left = min(left + (now - at) * pace, self._per_minute)
        taken = left >= 1.0
        self._left[key] = (left - 1.0 if taken else left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return 0.0 if taken else (1.0 - left) / pace


class Access:
    """Knows who comes."""

    def __init__(self, tokens: Tokens, vault: Vault, requests_per_minute: int, clock: Callable[[], float]) -> None:
        self._tokens, self._vault, self._clock = tokens, vault, clock
        self._requests = Allowance(requests_per_minute, 1024)
        self._wrong = Allowance(_WRONG, _ADDRESSES)
        self._wrong_in_all = Allowance(_WRONG_IN_ALL, 1)

    def sign_in(self, token: str, address: str) -> Token:
        """The token that somebody shows.

        Raises:
            Problem: 401 where there is none such, 429 where that is tried too often.
        """
        found = self._tokens.of(token.strip())
        if found is None:
            self._refuse(address)
        return found

    def session_of(self, token: Token) -> str:
        """What a browser keeps instead of a token: good for 30 days, and as long as the token is."""
        until = int(self._clock() + SESSION_SECONDS)
        return self._vault.seal(f"{_SESSION} {until} {token.digest}").decode()

    def user(self, request: web.Request) -> Token | None:
        """Who asks; None where nobody is named.

        Raises:
            Problem: the token is wrong, or too many were.
        """
        address = request.remote or ""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.sign_in(value, address)
        if scheme.lower() == "basic":
            return self.sign_in(_basic(value), address)
        return self._in_session(request.cookies.get(cookie_name(request), ""))

    def knows(self, user: Token) -> bool:
        """Whether a token is good still."""
        return self._tokens.with_digest(user.digest) == user

    def admit(self, user: Token) -> None:
        """Count a request.

        Raises:
            Problem: 429 where there were too many.
        """
        if seconds := self._requests.take(user.digest):
            because = f"{user.name} asks more often than web.requests_per_minute allows: come again later"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, because, retry_after=int(seconds) + 1)

    def _in_session(self, sealed: str) -> Token | None:
        if not sealed or len(sealed) > 1000:
            return None
        try:
            kind, until, digest = self._vault.open(sealed.encode()).split(" ")
        except (CannotOpen, ValueError):
            return None
        if kind != _SESSION or not until.isdigit() or int(until) < self._clock():
            return None
        return self._tokens.with_digest(digest)

    def _refuse(self, address: str) -> NoReturn:
        wait = max(self._wrong.take(address), self._wrong_in_all.take(""))
        if wait:
            because = "too many wrong tokens were tried: come again later"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, because, retry_after=int(wait) + 1)
        log.warning("a wrong token from %s", address)
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "this token is not known here: labeld token new makes one", headers=_CHALLENGE
        )


ACCESS: web.AppKey[Access] = web.AppKey("ACCESS")


def access_of(app: "App") -> Access | None:
    """How people and programs come in; None where everybody may.

    Raises:
        ConfigError: the file of tokens is no such file.
    """
    settings = app.settings
    if not settings.web.login:
        return None
    tokens = Tokens(place(settings.state_directory))
    if not tokens:
        log.warning("nobody can come in yet: labeld token new NAME --role operator")
    return Access(tokens, app.vault, settings.web.requests_per_minute, time.time)


@web.middleware
async def doorkeeper(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who may ask for this, where there is a login."""
    access = request.app.get(ACCESS)
    need = need_of(request)
    if access is None or need is Need.NOTHING:
        return await handler(request)
    user = access.user(request)
    if user is None:
        if _is_browser(request):
            raise web.HTTPSeeOther("/login")
        raise Problem(HTTPStatus.UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN", headers=_CHALLENGE)
    access.admit(user)
    if need is None or need not in MAY[user.role]:
        raise Problem(HTTPStatus.FORBIDDEN, f"{user.name} is a {user.role}, who may not do this")
    request[USER] = user
    return await handler(request)


def need_of(request: web.Request) -> Need | None:
    """What the route of a request asks for; looking, where there is no route."""
    resource = request.match_info.route.resource
    if resource is None:
        return Need.VIEW
    method = "GET" if request.method == "HEAD" else request.method
    return NEEDS.get(f"{method} {resource.canonical}")


def is_secure(request: web.Request) -> bool:
    """Whether a browser asks by TLS: whoever asks for another name than localhost came through a proxy, if not."""
    return request.secure or not is_loopback(request.headers.get("Host", ""))


def cookie_name(request: web.Request) -> str:
    """Of a browser's session: over TLS no other host can set it (RFC 6265bis section 4.1.3.2)."""
    return "__Host-labeld" if is_secure(request) else "labeld-session"


def _basic(value: str) -> str:
    """The token of HTTP Basic authentication (RFC 7617): the user's name, as PrintNode has it, else the password."""
    try:
        name, _, password = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return name if name.startswith(PREFIX) or not password else password


def _is_browser(request: web.Request) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "")
