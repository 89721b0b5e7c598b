"""Where TikTok posts its webhooks: the one path that a public name may lead to."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from ..tiktok.inbox import BadSignature, Inbox
from .keys import LABELD
from .problems import Problem

PATH = "/webhooks/tiktok"
#: TikTok's have some hundred bytes
_MOST_BYTES = 64 * 1024
#: TikTok waits 3 s for an answer
_SECONDS = 3.0


async def receive(request: web.Request) -> web.Response:
    """Take a webhook: 200 once it is committed, so nothing is asked of TikTok before it."""
    inbox = _inbox(request)
    if request.content_length is None:
        raise Problem(HTTPStatus.LENGTH_REQUIRED, "say how long the body is: Content-Length")
    if request.content_length > _MOST_BYTES:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a webhook has at most {_MOST_BYTES} bytes")
    if not inbox.admits():
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many webhooks at once: send it again soon", retry_after=5)
    # header bytes that are no text come as surrogates
    signature = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    try:
        async with asyncio.timeout(_SECONDS), inbox.room:
            body = await request.read()
    except TimeoutError:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "too many webhooks at once, or slow ones", retry_after=5
        ) from None
    try:
        await inbox.take(signature, body)
    except BadSignature:
        raise Problem(HTTPStatus.UNAUTHORIZED, "the signature is not right") from None
    return web.Response()


def public_host(request: web.Request) -> str | None:
    """The name by which others than this host may ask for what this request asks for, None for nearly all."""
    if request.match_info.handler is not receive:
        return None
    return request.app[LABELD].settings.tiktok.webhooks.host


def _inbox(request: web.Request) -> Inbox:
    inbox = request.app[LABELD].following.inbox
    if inbox is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is nothing at {PATH}: tiktok.webhooks.enabled is false")
    return inbox
