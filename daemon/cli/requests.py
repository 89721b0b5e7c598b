"""Requests to the running daemon; what it refuses ends the program with its words."""

from typing import Any

import aiohttp

from ...config.errors import ConfigError
from .. import own_token
from .common import EX_CONFIG, fail


def own_headers() -> dict[str, str]:
    """What requests need to be let in; ends the program where the file of the token cannot be used."""
    try:
        return own_token.headers()
    except ConfigError as error:
        fail(str(error), EX_CONFIG)


async def request(method: str, url: str, **options: Any) -> tuple[dict[str, Any], int]:
    """The answer's JSON object and its status."""
    try:
        async with (
            aiohttp.ClientSession(headers=own_headers()) as session,
            session.request(method, url, **options) as response,
        ):
            body: dict[str, Any] = await response.json(content_type=None) or {}
    except (aiohttp.ClientError, TimeoutError) as error:
        fail(f"labeld does not answer at {url.split('/api')[0]}: {error}", 1)
    if response.status >= 400:
        fail(str(body.get("detail") or body.get("title") or response.status), 4 if response.status == 422 else 1)
    return body, response.status
