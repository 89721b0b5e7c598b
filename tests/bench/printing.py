"""From an event to the last byte of its label at the printer: labeld beside CUPS and its own ZPL driver, in one run.

Method. A port that only takes bytes stands for the printer. labeld gets an MQTT event with a PDF, commits, renders at
203 dpi for 4x6 in stock, verifies every barcode, and sends; the time is from just before PUBLISH. CUPS gets the same
PDF as a job for a queue with `drv:///sample.drv/zebra.ppd` and `PageSize=w288h432` to the same port, over a connection
that is open already, with no barcode read; the time is from just before its first request. Both are running and warm;
cupsd does not log more than warnings. The time ends when the port read the last byte. `asked` is labeld with a
simulated Zebra, which it asks how it is before each label. In each round each label goes each way, in an order by
chance, when the one before is all over. Ratios are of the times of one label in one round, and a label counts with
the median of its rounds. Milliseconds are of this machine, now: compare ratios.
"""

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from tests.bench.corpus import Page, pages
from tests.bench.render import goal
from tests.integration.cups_floor import Cups
from tests.integration.harness import ENDED, PATIENCE, Broker, Labeld, event, publish, publisher

from labeld.drivers.cups import open_connection
from labeld.drivers.line import Line
from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.asset import unwrap
from labeld.renderers.convert import Target, convert
from labeld.renderers.errors import RenderError
from labeld.renderers.media import Media, Resolution

#: CUPS's time by ours, at the median.
FASTER = 4.0
_QUEUE = "zebra-of-cups"
_MORE = """
[printers.port]
uri = "socket://127.0.0.1:{port}"
media = "4x6in"
ask = false
"""


@dataclass(slots=True)
class Port:
    """Takes what comes, one connection after the other."""

    last: float = 0.0
    size: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the bytes of a connection."""
        size = 0
        while data := await reader.read(1 << 16):
            size, self.last = size + len(data), time.perf_counter()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        if size:
            self.size = size
            self.over.set()


@dataclass(frozen=True, slots=True)
class Bench:
    """All that is running."""

    port: Port
    zebra: VirtualPrinter
    daemon: Labeld
    client: aiomqtt.Client
    line: Line
    cups: Any

    async def labeld(self, data: bytes, name: str) -> float:
        """Seconds from event to last byte, on the port that CUPS prints on too."""
        return await self._caught(self._publish(data, name, "port"), self._ended)

    async def through_cups(self, data: bytes, _name: str) -> float:
        """Seconds from the first request to the last byte."""
        return await self._caught(self.line.call(lambda: self._print(data), PATIENCE), self._printed)

    async def asked(self, data: bytes, name: str) -> float:
        """Seconds from event to label, at a printer that is asked how it is."""
        before, begun = self.zebra.odometer, time.time()
        await self._publish(data, name, "zebra")
        await self.zebra.wait_labels(before + 1)
        seconds = self.zebra.labels[-1].time.timestamp() - begun
        await self._ended()
        return seconds

    async def _caught(self, sending: Awaitable[None], ended: Callable[[], Awaitable[None]]) -> float:
        self.port.over.clear()
        begun = time.perf_counter()
        await sending
        await self.port.over.wait()
        seconds = self.port.last - begun
        await ended()
        return seconds

    async def _publish(self, data: bytes, name: str, printer: str) -> None:
        await publish(self.client, event(name, data, printer=printer))

    async def _ended(self) -> None:
        while True:
            (job,) = (await self.daemon.get("/api/v1/jobs?limit=1"))["jobs"]
            if job["state"] in ENDED:
                break
            await asyncio.sleep(0.02)
        if job["state"] != "completed":
            raise RuntimeError(job["message"])

    def _print(self, data: bytes) -> None:
        job = self.cups.createJob(_QUEUE, "bench", {})
        self.cups.startDocument(_QUEUE, job, "label", "application/pdf", 1)
        self.cups.writeRequestData(data, len(data))
        self.cups.finishDocument(_QUEUE)

    async def _printed(self) -> None:
        while await self.line.call(self.cups.getJobs, PATIENCE):  # noqa: ASYNC110 - CUPS is asked
            await asyncio.sleep(0.02)


Times = dict[str, list[list[float]]]


async def measure(bench: Bench, labels: Sequence[Page], rounds: int) -> tuple[Times, list[int]]:
    """Seconds by way, label and round, and CUPS's bytes by label; the first round warms up and does not count."""
    chance = random.Random(4)  # noqa: S311  # an order, no secret
    ways = {"CUPS": bench.through_cups, "labeld": bench.labeld, "labeld, printer asked": bench.asked}
    times: Times = {name: [[] for _ in labels] for name in ways}
    sizes = [0] * len(labels)
    for turn in range(rounds + 1):
        for index, page in enumerate(labels):
            for name in chance.sample(list(ways), len(ways)):
                seconds = await ways[name](page.data, f"{name}-{index}-{turn}")
                if turn:
                    times[name][index].append(seconds)
                if name == "CUPS":
                    sizes[index] = bench.port.size
    return times, sizes


def printable(found: Sequence[Page]) -> tuple[list[Page], int]:
    """Those labels that labeld prints unasked, and how many it would hold."""
    labels = [page for page in found if page.is_label]
    good = []
    for page in labels:
        with contextlib.suppress(RenderError):
            made = convert(unwrap(page.data), Target(media=Media.parse("4x6in"), resolution=Resolution(203)))
            good += [page] * (len(made.pages) == 1)
    return good, len(labels) - len(good)


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of them are."""
    ordered = sorted(values)
    return ordered[round(part * (len(ordered) - 1))]


def tell(labels: Sequence[Page], times: Times, sizes: Sequence[int]) -> None:
    """The tables."""
    print("\nMilliseconds, median / 95th percentile")
    print(f"  {'':<32}", *(f"{name:>22}" for name in times))
    for index, page in enumerate(labels):
        print(f"  {page.name[:32]:<32}", *(f"{milliseconds(by_label[index]):>22}" for by_label in times.values()))
    every = {name: [seconds for label in by_label for seconds in label] for name, by_label in times.items()}
    print(f"  {'all':<32}", *(f"{milliseconds(seconds):>22}" for seconds in every.values()))
    print(f"  CUPS sent {min(sizes) // 1024} to {max(sizes) // 1024} KB for a label")
    theirs, *ours = times
    for name in ours:
        pairs = zip(times[theirs], times[name], strict=True)
        ratios = [statistics.median(its / own for its, own in zip(*label, strict=True)) for label in pairs]
        p95 = percentile(every[theirs], 0.95) / percentile(every[name], 0.95)
        print(
            f"  CUPS's time / {name}: p95 by p95 {p95:.1f}; by label [{min(ratios):.1f} - {max(ratios):.1f}],", end=" "
        )
        print("median", goal(statistics.median(ratios), FASTER))


def milliseconds(seconds: Sequence[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(seconds) * 1000:.1f} / {percentile(seconds, 0.95) * 1000:.1f}"


async def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(prog="scripts/bench printing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a measurement")
    options = parser.parse_args()
    print(__doc__)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labeld-bench-")))
        (folder / "pages").mkdir()
        found, where = pages(folder / "pages")
        labels, held = printable(found)
        print(f"{len(labels)} labels of about 4x6 in, of {where}; {held} more are not printed unasked.")
        print(f"Load of the machine before: {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} cores.")
        port = Port()
        server = await stack.enter_async_context(await asyncio.start_server(port.serve, "127.0.0.1", 0))
        number = server.sockets[0].getsockname()[1]
        cups = stack.enter_context(Cups(log_level="warn"))
        driver = "drv:///sample.drv/zebra.ppd"
        await asyncio.to_thread(cups.add, _QUEUE, f"socket://127.0.0.1:{number}", driver, "PageSize=w288h432")
        broker = await stack.enter_async_context(Broker(folder / "broker", autosave=False))
        zebra = await stack.enter_async_context(
            VirtualPrinter(port=0, seconds_per_label=0.0, draw=lambda *_: (None, ()))
        )
        daemon = await stack.enter_async_context(
            Labeld(folder / "state", broker.port, {"zebra": zebra}, more=_MORE.format(port=number))
        )
        client = await stack.enter_async_context(publisher(broker.port))
        line = Line("cups")  # libcups knows its server in one thread
        stack.callback(line.close)
        connection = await line.call(lambda: open_connection(cups.server), PATIENCE)
        bench = Bench(port, zebra, daemon, client, line, connection)
        tell(labels, *await measure(bench, labels, 2 if options.quick else 8))


if __name__ == "__main__":
    asyncio.run(main())
