"""How fast an event becomes a committed job, and a label at the printer. All on loopback, real mosquitto
(without `autosave_on_changes`, whose cost grows with its queue and would be measured instead).

Method. Accepted: N events with a 3 KB PDF are waiting at the broker for the persistent session of a daemon;
the time is from its first committed job to its last, read from its database. The jobs name no known printer, so
that nothing else works beside intake. Its rival is an aiomqtt client that acknowledges as soon as a message is in
memory, keeps nothing, and is otherwise fed the same way.
Latency: events are published one at a time, the next when the one before is on paper; from just before PUBLISH to
the printer having the whole label (its paper log), each barcode verified on the way. The rival is the bare
minimum: the payload that labeld made, written to the same printer by one `connect` and `sendall`.
"""

import asyncio
import base64
import contextlib
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from tests.integration.harness import LABELS, PREFIX, Broker, Labeld, publisher

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.asset import unwrap
from labeld.renderers.convert import Target, convert
from labeld.renderers.media import Media, Resolution

EVENTS = 3000
LATENCIES = 300
PDF = (LABELS / "usps-a6.pdf").read_bytes()


def body(number: int, printer: str) -> bytes:
    """A label event; the number makes it one of its own."""
    content = base64.b64encode(PDF).decode()
    return json.dumps({"event_id": f"bench-{number}", "asset": {"content": content}, "printer": printer}).encode()


async def flood(port: int, topic: str) -> None:
    """Leave events with the broker, for whoever subscribed."""
    async with publisher(port, max_inflight_messages=500) as client, asyncio.TaskGroup() as tasks:
        for number in range(EVENTS):
            tasks.create_task(client.publish(topic, body(number, "none"), 1))


async def forgetful(port: int) -> float:
    """Messages per second of a client that keeps nothing."""
    options = {"identifier": "forgetful", "clean_session": False}
    topic = "forgetful/labels/ready"
    async with publisher(port, **options) as client:
        await client.subscribe(topic, 1)
    await flood(port, topic)
    async with publisher(port, **options) as client:
        await anext(client.messages)
        begun = time.perf_counter()
        for _ in range(EVENTS - 1):
            json.loads((await anext(client.messages)).payload)
        seconds = time.perf_counter() - begun
        await client.unsubscribe(topic)
    return (EVENTS - 1) / seconds


async def accepted(daemon: Labeld, port: int, database: Path) -> float:
    """Committed jobs per second."""
    await daemon.stop()
    await flood(port, f"{PREFIX}/labels/ready")
    await daemon.start()
    reader = sqlite3.connect(database)
    while True:
        # asked of the file, so that the daemon has nothing else to do
        if reader.execute("SELECT count(*) FROM jobs").fetchone()[0] == EVENTS:
            break
        await asyncio.sleep(0.2)
    first, last = reader.execute("SELECT min(at), max(at) FROM ledger WHERE words LIKE 'accepted%'").fetchone()
    reader.close()
    # `at` is the moment of receipt; the last commit follows within one batch
    return (EVENTS - 1) / float(last - first)


async def latencies(port: int, zebra: VirtualPrinter) -> tuple[list[float], list[float]]:
    """Seconds from PUBLISH to the whole label at the printer: labeld, and a bare socket."""
    target = Target(media=Media.parse("4x6in"), resolution=Resolution(203))
    payload = convert(unwrap(PDF), target).data
    ours: list[float] = []
    bare: list[float] = []
    async with publisher(port) as client:
        for number in range(LATENCIES):
            message = body(1_000_000 + number, "zebra")
            ours.append(await _until_printed(zebra, client.publish(f"{PREFIX}/labels/ready", message, 1)))
            await asyncio.sleep(0.05)
            bare.append(await _until_printed(zebra, _send(zebra.port, payload)))
            await asyncio.sleep(0.05)
    return ours, bare


async def _until_printed(zebra: VirtualPrinter, sending: Awaitable[None]) -> float:
    before, begun = zebra.odometer, time.time()
    await sending
    await zebra.wait_labels(before + 1)
    return zebra.labels[-1].time.timestamp() - begun


async def _send(port: int, payload: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(payload)
    writer.write_eof()
    await reader.read()
    writer.close()
    await writer.wait_closed()


def show(name: str, seconds: list[float]) -> None:
    """One line of percentiles, in milliseconds."""
    ordered = sorted(value * 1000 for value in seconds)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    print(f"  {name:<44} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   n {len(ordered)}")


async def main() -> None:
    """Run everything and print it."""
    with tempfile.TemporaryDirectory(prefix="labeld-bench-") as name:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            broker = await stack.enter_async_context(Broker(folder / "broker", autosave=False))
            zebra = await stack.enter_async_context(
                VirtualPrinter(port=0, seconds_per_label=0.0, draw=lambda *_: (None, ()))
            )
            daemon = await stack.enter_async_context(Labeld(folder / "state", broker.port, {"zebra": zebra}))
            print(__doc__)
            print(f"Accepted, {EVENTS} events of {len(body(0, 'none'))} bytes:")
            memory = await forgetful(broker.port)
            durable = await accepted(daemon, broker.port, folder / "state/labeld.sqlite3")
            print(f"  labeld, committed before PUBACK              {durable:7.0f} events/s")
            print(f"  aiomqtt, acknowledged in memory, forgetful   {memory:7.0f} events/s")
            print(f"  ratio                                        {durable / memory:7.2f}")
            print("Publish to the last byte at the printer, 203 dpi, A6 PDF on 4x6in:")
            ours, bare = await latencies(broker.port, zebra)
            show("labeld: MQTT, commit, render, verify, send", ours)
            show("bare socket: connect and send", bare)
            print(f"  ratio of the medians {statistics.median(ours) / statistics.median(bare):.1f}")


if __name__ == "__main__":
    asyncio.run(main())
