"""What Prometheus scrapes."""

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from .keys import LABELD


async def metrics(request: web.Request) -> web.Response:
    """All figures in Prometheus' text format 0.0.4."""
    app = request.app[LABELD]
    headers = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"}
    return web.Response(body=await app.metrics.scrape(app), headers=headers)
