"""Two hundred printers are announced, of which fifty return elsewhere and the rest leaves: `python -m …weather`.

What it counts is right only where nobody else announces anything, so it is run in a network of its own where it can be.
Prints how often the registry changed, the tasks and the bytes that it took, and what it keeps of what left, as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sized

import psutil

from labeld.config.services import DiscoverySettings
from labeld.daemon.finding.discovery import Discovery
from labeld.drivers.opening import open_driver

from .harness import PATIENCE


async def main() -> None:
    """Listen until all is as it was announced, three times."""
    changes = 0

    def changed() -> None:
        nonlocal changes
        changes += 1

    discovery = Discovery(DiscoverySettings(interfaces=("127.0.0.1",)), {}, open_driver, changed, print, time.monotonic)
    tasks, memory = len(asyncio.all_tasks()), psutil.Process().memory_info().rss
    listening = asyncio.create_task(discovery.run())
    pipe = asyncio.subprocess.PIPE
    storm = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.storm", "200", "storm", stdin=pipe, stdout=pipe
    )
    assert storm.stdin is not None
    assert storm.stdout is not None

    def right(numbers: range, moved: range) -> bool:
        found = [one.device for one in discovery.candidates() if one.device.name.startswith("storm ")]
        where = {device.name: [at.address for at in device.endpoints] for device in found}
        return where == {f"storm {n}": [f"127.{2 if n in moved else 1}.0.{n + 1}"] for n in numbers}

    async def settles(numbers: range, moved: range) -> None:
        async with asyncio.timeout(PATIENCE):
            assert storm.stdout is not None
            assert await storm.stdout.readline() == b"done\n"
            while not right(numbers, moved):  # noqa: ASYNC110 - a moment of it is not all of it
                await asyncio.sleep(0.05)

    try:
        await settles(range(200), range(0))
        storm.stdin.write(b"move 0 50\n")
        await settles(range(200), range(50))
        storm.stdin.write(b"leave 50 200\n")
        await settles(range(50), range(50))
    finally:
        storm.kill()
        await storm.wait()
        running = len(asyncio.all_tasks())
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    kept: list[Sized] = [discovery._answers, discovery._asked, discovery._turns, discovery._homes]
    told = {
        "changes": changes,
        "tasks": running - tasks,
        "memory": psutil.Process().memory_info().rss - memory,
        "kept": max(map(len, kept)),
    }
    print(json.dumps(told))  # noqa: T201 - its way to answer


if __name__ == "__main__":
    asyncio.run(main())
