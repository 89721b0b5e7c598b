"""A wrong clock: it jumps, and the system's own steps."""

import functools
import sys
from pathlib import Path

import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import Broker, Labeld, event, publish, publisher
from .limits import until, zpl

pytestmark = pytest.mark.peer


async def test_a_clock_that_jumps_is_told_and_parks_only_what_depends_on_it(
    tmp_path: Path, broker: Broker, zebra: VirtualPrinter
) -> None:
    labeld = Labeld(tmp_path / "state", broker.port, {"zebra": zebra})
    ahead = tmp_path / "ahead"
    program = (
        "import sys, time; from pathlib import Path\n"
        f"real, ahead = time.time, Path({str(ahead)!r})\n"
        "time.time = lambda: real() + (float(ahead.read_text()) if ahead.exists() else 0)\n"
        "from labeld.daemon.__main__ import main; main()"
    )
    labeld._command = (sys.executable, "-c", program, "run", "--config", labeld.config)
    day = 86400
    async with labeld:
        now = (await labeld.post("/api/v1/jobs", **event("first", zpl(1))))["received_at"]
        await labeld.settled(1)
        soon = f"{int(now[:4]) + 1}-01-01T00:00:00Z"
        for number, days in enumerate((-365, 400), 2):
            ahead.write_text(str(days * day))
            await labeld.post("/api/v1/jobs", **event(f"plain {days}", zpl(number)))
            await labeld.post("/api/v1/jobs", **event(f"useful {days}", zpl(number + 10), useful_until=soon))
            jobs = {job["event_id"]: job for job in await labeld.settled(2 * number - 1)}
            assert jobs[f"event-plain {days}"]["outcome"] == "confirmed"
        told = await labeld.get("/readyz")
        page = (await labeld.bytes("/")).decode()
    assert jobs["event-useful -365"]["outcome"] == "confirmed"
    assert jobs["event-useful 400"]["state"] == "pending-held"
    assert "the clock jumped, and is 400 days ahead" in jobs["event-useful 400"]["message"]
    assert told["clock"] == "the clock jumped, and is 400 days ahead of the time since labeld started"
    assert "The clock jumped" in page
    assert len({job["id"] for job in jobs.values()}) == 5


async def test_the_systems_clock_steps_while_labels_come(tmp_path: Path, broker: Broker, zebra: VirtualPrinter) -> None:
    """With libfaketime, so that no code of labeld's own is in between; each label is printed once, none is held."""
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)  # noqa: ASYNC240 - short
    if library is None:
        pytest.skip("libfaketime is not installed")
    clock = tmp_path / "clock"
    labeld = Labeld(tmp_path / "state", broker.port, {"zebra": zebra}, more="[holds]\nafter_outage_minutes = 60")
    labeld._env |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    steps = ("+40d", "-1d")
    clock.write_text("+0\n")
    async with labeld, publisher(broker.port) as client:
        for turn, step in enumerate(steps):
            # some come before the step and wait behind it, one is in the printer
            zebra.set_fault("media-empty")
            for number in range(3 * turn, 3 * turn + 3):
                await publish(client, event(number, zpl(number)))
            await until(functools.partial(_known, labeld, 3 * turn + 3))
            clock.write_text(f"{step}\n")
            zebra.clear_fault("media-empty")
            jobs = await labeld.settled(3 * turn + 3)
        days = {job["received_at"][:10] for job in jobs}
    assert {(job["state"], job["outcome"]) for job in jobs} == {("completed", "confirmed")}
    assert (len(jobs), zebra.odometer) == (6, 6)
    assert len(days) >= 2, days
    assert [job["event_id"] for job in jobs] == [f"event-{number}" for number in reversed(range(len(jobs)))]


async def _known(labeld: Labeld, count: int) -> bool:
    return len(await labeld.jobs()) >= count
