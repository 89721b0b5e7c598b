"""What tests of scarce things share: small labels, many of them, and questions that are asked again."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from .harness import PATIENCE, Labeld, event


def zpl(number: int) -> bytes:
    """A small label that no other looks like."""
    return f"^XA^FO50,50^A0N,90,90^FD{number}^FS^XZ".encode()


def url(labeld: Labeld, path: str = "/api/v1/jobs") -> str:
    """An address of the API."""
    return f"http://127.0.0.1:{labeld.web_port}{path}"


async def until(question: Callable[[], Any]) -> Any:
    """Ask again until the answer is yes; a limit against hanging, not a measurement."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if answer := await question():
                return answer
            await asyncio.sleep(0.05)


async def submit(labeld: Labeld, count: int) -> None:
    """Send labels by HTTP, some at a time."""
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> None:
            async with session.post(url(labeld), json=event(number, zpl(number))) as reply:
                assert reply.status == 201

        for first in range(0, count, 20):
            await asyncio.gather(*(one(number) for number in range(first, min(first + 20, count))))
