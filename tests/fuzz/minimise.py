"""A smaller document with the same fault: parts are left out as long as it stays."""

from collections.abc import Awaitable, Callable


async def minimised(data: bytes, fails: Callable[[bytes], Awaitable[bool]], tries: int = 60) -> bytes:
    """`data` with blocks left out, ever smaller ones, in at most so many `tries`; itself where nothing can go."""
    size = len(data) // 2
    while size and tries:
        at = 0
        while at < len(data) and tries:
            shorter = data[:at] + data[at + size :]
            tries -= 1
            if await fails(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data
