"""What handlers find in the aiohttp application."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from .figures import Counting
from .pictures import Pictures

if TYPE_CHECKING:
    from ..app import App  # app imports this package

LABELD: "web.AppKey[App]" = web.AppKey("LABELD")
COUNTING: web.AppKey[Counting] = web.AppKey("COUNTING")
PICTURES: web.AppKey[Pictures] = web.AppKey("PICTURES")
#: when the server started, Unix seconds
SINCE: web.AppKey[float] = web.AppKey("SINCE")
#: set when the server stops, so that event streams end
CLOSING: web.AppKey[asyncio.Event] = web.AppKey("CLOSING")
