"""What the application carries for its handlers."""

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from .server import Sandbox

SANDBOX: "web.AppKey[Sandbox]" = web.AppKey("sandbox")
