"""What is scarce: the broker away for long, and floods."""

import asyncio
import contextlib
import io
import json
import signal
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from labeld.daemon.events import from_json
from labeld.daemon.job import JobState, Reason
from labeld.daemon.routing import Route
from labeld.daemon.sources.mqtt import ManualAckClient
from labeld.daemon.store import NewJob, Store
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, PREFIX, Broker, Labeld, Process, event, publish, publisher
from .limits import submit, until, url, zpl
from .test_hard_times import peak_memory

pytestmark = pytest.mark.peer


# Outbox


async def test_what_happens_while_the_broker_is_away_is_told_in_order_though_labeld_is_killed(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    count = 60
    listener = {"identifier": "listener", "clean_session": False}
    async with publisher(broker.port, **listener) as client:
        await client.subscribe(f"{PREFIX}/jobs/#", 1)
    await broker.stop()
    await submit(labeld, count)
    await labeld.settled(count)
    unsent = (await labeld.get("/readyz"))["unsent"]
    await labeld.stop(signal.SIGKILL)
    await Process.start(labeld)
    await broker.start()
    heard: defaultdict[str, list[str]] = defaultdict(list)
    async with publisher(broker.port, **listener) as client, asyncio.timeout(PATIENCE):
        while sum(len(states) for states in heard.values()) < 4 * count:
            message = await anext(client.messages)
            told = json.loads(bytes(message.payload))
            assert message.topic.value == f"{PREFIX}/jobs/{told['job_id']}"
            heard[told["job_id"]].append(told["state"])
    assert unsent >= 4 * count
    assert list(heard.values()) == [["pending", "pending", "processing", "completed"]] * count
    assert zebra.odometer == count


async def test_5000_changes_that_the_broker_missed_come_in_order_through_another_outage(
    tmp_path: Path, zebra: VirtualPrinter
) -> None:
    jobs, changes = 50, 100
    broker = Broker(tmp_path / "broker", autosave=False)
    labeld = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    listener = {"identifier": "listener", "clean_session": False}
    async with Store(tmp_path / "state/labeld.sqlite3", topic_prefix=PREFIX) as store:

        async def one(number: int) -> None:
            label = from_json("t", json.dumps(event(number, zpl(number))).encode(), max_bytes=1000)
            new = NewJob(store.new_id(number), label, "test", "t", Route("zebra", "only"), 1.0)
            job = (await store.accept(new)).job
            for step in range(1, changes):
                job = await store.move(job.id, JobState.HELD, Reason.HELD_BY_USER, f"step {step}", 1.0)

        await asyncio.gather(*map(one, range(jobs)))
        assert await store.unsent() == jobs * changes
    heard: defaultdict[str, dict[str, None]] = defaultdict(dict)
    async with broker:
        async with publisher(broker.port, **listener) as client:
            await client.subscribe(f"{PREFIX}/jobs/#", 1)
        async with labeld:
            for outage in (True, False):
                # acknowledged when it is written down: what waits in a client that ends would be lost
                listening = ManualAckClient("127.0.0.1", broker.port, **listener)
                async with listening as client, asyncio.timeout(PATIENCE):
                    while sum(map(len, heard.values())) < (jobs * changes // 3 if outage else jobs * changes):
                        message = await anext(client.messages)
                        # a message may come again, byte for byte the same: its first place counts
                        heard[message.topic.value].setdefault(bytes(message.payload).decode())
                        listening.acknowledge(message)
                if outage:
                    await broker.stop()
                    await broker.start()
    assert len(heard) == jobs
    for told in heard.values():
        steps = [json.loads(payload)["message"] for payload in told]
        assert steps[1:] == [f"step {step}" for step in range(1, changes)]


async def test_of_a_printers_states_only_the_last_waits_for_the_broker(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    await broker.stop()

    async def state(wanted: str) -> bool:
        return bool((await labeld.get("/api/v1/printers"))["printers"][0]["state"] == wanted)

    await until(lambda: state("idle"))
    for _ in range(2):
        zebra.set_fault("media-empty")
        await labeld.post("/api/v1/printers/zebra/test-label")
        await until(lambda: state("stopped"))
        zebra.clear_fault("media-empty")
        await until(lambda: state("idle"))
    path = labeld.config.parent / "labeld.sqlite3"

    async def only_the_last() -> bool:
        with contextlib.closing(sqlite3.connect(path)) as database:
            rows = database.execute("SELECT payload FROM outbox WHERE retain AND topic LIKE '%/printers/%'").fetchall()
        return [json.loads(payload)["state"] for (payload,) in rows] == ["idle"]

    await until(only_the_last)


# Floods


async def test_a_flood_by_http_is_told_to_wait(labeld: Labeld) -> None:
    """Requests that are begun and not ended hold their room; the next is told when to come again."""
    started = []
    head = (
        "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {24 << 20}\r\n\r\n"
    )
    try:
        for _ in range(2):
            _, writer = await asyncio.open_connection("127.0.0.1", labeld.web_port)
            started.append(writer)
            writer.write(head.encode())
        async with aiohttp.ClientSession() as session:

            async def refused() -> bool:
                async with session.post(url(labeld), data=io.BytesIO(bytes(20 << 20))) as reply:
                    told = await reply.json(content_type="application/problem+json")
                    return bool((reply.status, reply.headers.get("Retry-After"), told["status"]) == (503, "2", 503))

            assert await until(refused)
            async with session.get(url(labeld, "/")) as page:
                assert page.status == 200
    finally:
        for writer in started:
            writer.close()
            await writer.wait_closed()


async def test_a_flood_of_large_events_waits_in_the_socket(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    """More than labeld takes into memory is sent; each is accepted once."""
    count = 120
    await labeld.post("/api/v1/printers/zebra/pause")
    async with publisher(broker.port, timeout=PATIENCE) as client:
        for number in range(count):
            await publish(client, event(number, zpl(number) + b" " * 600_000))
    jobs: list[dict[str, Any]] = []

    async def all_there() -> bool:
        jobs[:] = await labeld.jobs()
        return len(jobs) >= count

    await until(all_there)
    assert {job["event_id"] for job in jobs} == {f"event-{number}" for number in range(count)}
    assert labeld.process is not None
    assert peak_memory(labeld.process.pid) < 600 * 1024
