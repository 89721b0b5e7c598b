"""What needs a person is told on MQTT and to a webhook, through its faults, without a parcel's number."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.papers import label, pdf

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, PREFIX, Broker, Labeld, event, publish, publisher

pytestmark = pytest.mark.peer
NUMBER = "9400100000000000001061"
SECRET = "Bearer 5ec3e7"


class Receiver:
    """A webhook that fails once, sends elsewhere once, and takes the rest."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers = [503, 302]
        self.tries = 0
        self.headers: set[str | None] = set()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.tries += 1
        self.headers.add(request.headers.get("X-Secret"))
        if self.answers:
            return web.Response(status=self.answers.pop(), headers={"Location": "/elsewhere"})
        self.taken.put_nowait(await request.json())
        return web.Response(status=204)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self.taken.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    site = web.Application()
    site.add_routes([web.post("/hook", receiver.take)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?key=5ec3e7"
    yield receiver
    await runner.cleanup()


async def test_a_need_is_told_when_it_begins_and_when_it_ends(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter, receiver: Receiver
) -> None:
    secret = tmp_path / "notify-secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    more = (
        f'[notify]\nurl = "{receiver.url}"\nafter_seconds = 0.2\nsecret_header = "X-Secret"\nsecret_file = "{secret}"\n'
        '[[routes]]\nstation = ["pack-01"]\nhold = "looked at first"\n'
    )
    async with (
        publisher(broker.port) as client,
        Labeld(tmp_path / "labeld", broker.port, {"zebra": zebra}, more=more) as daemon,
    ):
        await client.subscribe(f"{PREFIX}/attention", 1)
        first = await receiver.next()
        assert (first["site"], first["stopped"]) == ("test", [])
        assert receiver.tries == 3
        await publish(client, event(1, pdf(label()), station="pack-01", tracking_number=NUMBER))
        (job,) = await daemon.settled(1)
        started = await receiver.next()
        while "held-labels" not in started["started"]:
            started = await receiver.next()  # the broker's beginnings
        assert started["counts"]["held-labels"] == 1
        await daemon.post(f"/api/v1/jobs/{job['id']}/cancel")
        stopped = await receiver.next()
        assert (stopped["started"], stopped["stopped"]) == ([], ["held-labels"])
        held = []
        async with asyncio.timeout(PATIENCE):
            async for message in client.messages:
                told = json.loads(bytes(message.payload))
                assert "broker" not in told["counts"]
                held.append(told["counts"]["held-labels"])
                if held[-2:] == [1, 0]:
                    break
        async with publisher(broker.port) as late:
            await late.subscribe(f"{PREFIX}/attention", 1)
            async with asyncio.timeout(PATIENCE):
                kept = await anext(late.messages)
        assert (kept.retain, json.loads(bytes(kept.payload))["counts"]["held-labels"]) == (True, 0)
        figures = (await daemon.bytes("/metrics")).decode()
    assert 'labeld_needs_person{kind="held-labels"}' in figures
    assert receiver.headers == {SECRET}
    said = json.dumps([first, started, stopped]) + figures
    assert NUMBER not in said
    assert "5ec3e7" not in said + daemon.log
