"""How many bytes of requests are in memory at once: who comes when it is full is told to come again."""

import asyncio
from collections.abc import Collection
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .access import ACCESS, USER
from .forms import form_of
from .problems import Problem

#: room for the bodies of all requests together; a larger one is let in alone
BODY_BYTES = 64 * 1024 * 1024
#: requests with a body at once
BODIES = 64
#: what a browser's form or a JSON answer needs, where no label is sent
_SMALL = 64 * 1024
#: a body that has not come by then is not waited for
_BODY_SECONDS = 60.0
#: the same for those who have not shown a token where one is needed: they sign in, and take no room from labels
_STRANGERS, _STRANGER_SECONDS = 16, 10.0
_RETRY_SECONDS = 2


def admission(largest: int, labels: Collection[str], apart: Collection[str]) -> Middleware:
    """A middleware that takes in the bodies of requests as far as there is room.

    Args:
        largest: bytes of the largest body that a label may come in.
        labels: the paths that labels come to; what is sent elsewhere is small.
        apart: paths that have bounds of their own, so that what comes there takes no room from labels.
    """
    sizes: list[int] = []
    strangers = 0

    async def admit_stranger(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal strangers
        if strangers >= _STRANGERS:
            because = "too many sign in at once: try again soon"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, because, retry_after=_RETRY_SECONDS)
        if request.content_type == "multipart/form-data":
            # each part would open a file
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the token as a plain form")
        _size(request, _SMALL)
        strangers += 1
        try:
            await _read(request, _STRANGER_SECONDS)
            return await handler(request)
        finally:
            strangers -= 1

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.body_exists or request.path in apart:
            return await handler(request)
        if ACCESS in request.app and USER not in request:
            return await admit_stranger(request, handler)
        size = _size(request, largest if request.path in labels else _SMALL)
        if len(sizes) >= BODIES or (sizes and sum(sizes) + size > BODY_BYTES):
            because = "labeld is taking in as much as it can hold: send it again soon"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, because, retry_after=_RETRY_SECONDS)
        sizes.append(size)
        try:
            await _read(request, _BODY_SECONDS)
            return await handler(request)
        finally:
            sizes.remove(size)

    return admit


def _size(request: web.Request, limit: int) -> int:
    """How many bytes to keep free for a body; one that does not say has the largest."""
    size = request.content_length
    if size is None:
        size = limit
        if limit == _SMALL:
            raise Problem(HTTPStatus.LENGTH_REQUIRED, "say how long the body is: Content-Length")
    if size > limit:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is {size} bytes; the limit is {limit}")
    return size


async def _read(request: web.Request, seconds: float) -> None:
    """Take the body in; who asks for it later gets it at once."""
    try:
        async with asyncio.timeout(seconds):
            if request.content_type == "multipart/form-data":
                await form_of(request)
            else:
                await request.read()
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, f"the body did not come within {seconds:g} s") from None
