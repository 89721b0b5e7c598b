"""Requests to the running daemon; what it refuses ends the program with its words."""

from typing import Any

import aiohttp

from .common import fail


async def request(method: str, url: str, **options: Any) -> tuple[dict[str, Any], int]:
    """The answer's JSON object and its status."""
    try:
        async with aiohttp.ClientSession() as session, session.request(method, url, **options) as response:
            body: dict[str, Any] = await response.json(content_type=None) or {}
    except (aiohttp.ClientError, TimeoutError) as error:
        fail(f"labeld does not answer at {url.split('/api')[0]}: {error}", 1)
    if response.status >= 400:
        fail(str(body.get("detail") or body.get("title") or response.status), 4 if response.status == 422 else 1)
    return body, response.status
