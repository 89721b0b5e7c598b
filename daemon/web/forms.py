"""What a browser's form says."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from .problems import Problem


async def form_of(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | FileField]:
    """The fields of the form that a request brings, a 400 where it is none that can be read."""
    try:
        return await request.post()
    # aiohttp's, for a form without end, an unknown character set or encoding of a part, and a bad header of one
    except (ValueError, LookupError, RuntimeError, HttpProcessingError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the form cannot be read: {error}") from error
