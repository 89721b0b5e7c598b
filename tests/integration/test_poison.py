"""Labels that kill what handles them end with the reason, and no other label waits for one."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import aiohttp

from labeld.drivers.virtual.server import VirtualPrinter

from ..unit.daemon import hostile
from .harness import LABELS, PATIENCE, Broker, Labeld, Process, event, publish, publisher

LABEL = (LABELS / "usps-a6.pdf").read_bytes()
RENDER = "[render]\nworkers = 2\ntimeout_seconds = 3\nmemory_bytes = 805306368"
#: the daemon with a fault: it dies, as for want of memory, when it prepares a certain label
DEADLY = """
import os, signal
from labeld.daemon.__main__ import main
from labeld.daemon.rendering.pool import RenderPool

render = RenderPool.render

async def deadly(self, request, asset):
    if b"DEADLY" in asset:
        os.kill(os.getpid(), signal.SIGKILL)
    return await render(self, request, asset)

RenderPool.render = deadly
main()
"""


async def test_documents_that_kill_the_renderer_delay_nobody(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    poison = (hostile.nested(), hostile.inflating(), hostile.slow())
    async with (
        Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more=RENDER) as labeld,
        publisher(broker.port) as client,
    ):
        for number, document in enumerate(poison):
            await publish(client, event(f"poison-{number}", document, priority=100))
        for number in range(5):
            await publish(client, event(number, LABEL))
        jobs = await labeld.settled(8)
        good = [job for job in jobs if "poison" not in job["event_id"]]
        bad = [job for job in jobs if "poison" in job["event_id"]]
        assert [job["outcome"] for job in good] == 5 * ["confirmed"]
        assert all(job["state"] in ("aborted", "pending-held") and job["message"] for job in bad)
        assert zebra.odometer == 5


async def test_a_label_at_which_labeld_itself_dies_is_held_at_last(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    program = tmp_path / "deadly.py"
    program.write_text(DEADLY)
    labeld = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    command = (sys.executable, program, "run", "--config", labeld.config)
    async with Process(*command, log=tmp_path / "deadly.log") as daemon, publisher(broker.port) as client:
        await _connected(labeld)
        deadly = {"content": "^XA^FXDEADLY^FO10,10^GB90,90,4^FS^XZ"}
        await publish(client, {"event_id": "event-deadly", "asset": deadly, "priority": 100})
        for number in range(3):
            await publish(client, event(number, LABEL))
        deaths = 0
        async with asyncio.timeout(PATIENCE):
            while deaths < 3:
                assert daemon.process is not None
                await daemon.process.wait()
                deaths += 1
                await daemon.start()
        jobs = await _settled(labeld, 4)
        held = jobs.pop("event-deadly")
        assert (held["state"], held["reason"]) == ("pending-held", "aborted-by-system")
        assert held["message"].startswith("labeld ended each time it had this label in hand")
        assert "release" in held["actions"]
        assert [job["outcome"] for job in jobs.values()] == 3 * ["confirmed"]
        assert zebra.odometer == 3
        assert daemon.process is not None
        assert daemon.process.returncode is None


async def _connected(labeld: Labeld) -> None:
    """Wait until the daemon that was started with this configuration is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                if (await labeld.get("/readyz"))["broker"]["connected"]:
                    return
            await asyncio.sleep(0.05)


async def _settled(labeld: Labeld, count: int) -> dict[str, dict[str, Any]]:
    await _connected(labeld)
    return {job["event_id"]: job for job in await labeld.settled(count)}
