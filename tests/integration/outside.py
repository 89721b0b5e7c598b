"""An internet in one network namespace: loopback has public addresses, /etc/hosts is the name service.

Run as root of the namespaces, with a folder that `authority.make` filled and an empty file `hosts` that lies over
/etc/hosts. Nothing of labeld is replaced. Writes one JSON object of what was fetched and what was seen.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

from aiohttp import web

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching.document import FetchFailed
from labeld.daemon.fetching.download import Downloads

from .authority import server_side

PUBLIC, PUBLIC6, INSIDE = "93.184.216.34", "2606:2800:220:1::34", "10.7.0.1"
HOST, OTHER = "open-fs-va.tiktokshop.com", "cdn.tiktokstatic.com"


async def main(folder: Path) -> None:
    """Serve on public, private and loopback addresses, and fetch while names change."""
    seen: Counter[str] = Counter()
    told: dict[str, str] = {}

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        seen[request.transport.get_extra_info("sockname")[0]] += 1
        if "to" in request.query:
            raise web.HTTPFound(request.query["to"], headers={"Connection": "close"})
        return web.Response(body=b"%PDF-1.7 %%EOF", headers={"Connection": "close"})

    async def name(*lines: str) -> None:
        await asyncio.to_thread((folder / "hosts").write_text, "".join(f"{line}\n" for line in lines))

    async def fetch(what: str, url: str) -> None:
        try:
            told[what] = (await downloads.get(url)).data.decode()
        except FetchFailed as error:
            told[what] = str(error)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    tls = server_side(folder)
    for address in (PUBLIC, PUBLIC6, INSIDE, "127.0.0.1", "::1"):
        await web.TCPSite(runner, address, 443, ssl_context=tls).start()
    await web.TCPSite(runner, "127.0.0.1", 8899).start()
    async with Downloads(LinksSettings(sandbox="http://127.0.0.1:8899"), 1000) as downloads:
        await name(f"{PUBLIC} {HOST}", f"{PUBLIC} {OTHER}", f"{PUBLIC} eviltiktokshop.com")
        await fetch("public", f"https://{HOST}/x")
        await fetch("redirected", f"https://{HOST}/x?to=https://{OTHER}/y")
        await fetch("redirected to evil", f"https://{HOST}/x?to=https://eviltiktokshop.com/y")
        await fetch("redirected to the sandbox", f"https://{HOST}/x?to=http://127.0.0.1:8899/y")
        await fetch("evil", "https://eviltiktokshop.com/y")
        await name(f"{PUBLIC6} {HOST}")
        await fetch("public by IPv6", f"https://{HOST}/x")
        # the same name, a moment later
        for address in ("127.0.0.1", "::1", INSIDE):
            await name(f"{address} {HOST}")
            await fetch(f"rebound to {address}", f"https://{HOST}/x")
        await name(f"{PUBLIC} {HOST}", f"127.0.0.1 {OTHER}")
        await fetch("redirected inside", f"https://{HOST}/x?to=https://{OTHER}/y")
    await runner.cleanup()
    json.dump({"told": told, "seen": seen}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
