"""Debian's headless Chromium, driven by its chromedriver (W3C WebDriver)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from .harness import PATIENCE, Process, free_port, program

_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


class Browser:
    """One window."""

    def __init__(self, http: aiohttp.ClientSession, session: str) -> None:
        self._http = http
        self._session = session

    async def _ask(self, command: str, body: dict[str, Any]) -> Any:
        async with self._http.post(f"/session/{self._session}/{command}", json=body) as reply:
            answer = (await reply.json())["value"]
            assert reply.status == 200, answer
            return answer

    async def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        await self._ask("url", {"url": url})

    async def run(self, script: str) -> Any:
        """The value of a script's `return`."""
        return await self._ask("execute/sync", {"script": script, "args": []})

    async def until(self, script: str) -> Any:
        """Wait until an expression is true in the page; gives its value."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await self.run(f"return {script}")):  # noqa: ASYNC110 - the page tells nobody
                await asyncio.sleep(0.05)
        return value

    async def devtools(self, command: str, **parameters: object) -> Any:
        """A Chrome DevTools command: screenshots, emulated media and screens."""
        return await self._ask("goog/cdp/execute", {"cmd": command, "params": parameters})


@contextlib.asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    """A browser with a fresh profile."""
    chromium, driver, port = program("chromium"), program("chromedriver"), free_port()
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test's folder
    options = {"binary": chromium, "args": [*_OPTIONS, f"--user-data-dir={folder / 'profile'}"]}
    wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
    async with (
        Process(driver, f"--port={port}", log=folder / "chromedriver.log"),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=aiohttp.ClientTimeout(PATIENCE)) as http,
    ):
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(aiohttp.ClientConnectorError):
                    reply = await http.post("/session", json=wanted)
                    break
                await asyncio.sleep(0.05)
        answer = (await reply.json())["value"]
        assert reply.status == 200, answer
        try:
            yield Browser(http, answer["sessionId"])
        finally:
            async with http.delete(f"/session/{answer['sessionId']}"):
                pass
