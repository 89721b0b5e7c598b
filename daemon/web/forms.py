"""What a browser's form says."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from .problems import Problem


async def form_of(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | FileField]:
    """The fields of the form that a request brings, a 400 where it is none that can be read."""
    try:
        return await request.post()
    # aiohttp's, for a form without end, an unknown character set, and an unknown encoding of a part
    except (ValueError, LookupError, RuntimeError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the form cannot be read: {error}") from error
