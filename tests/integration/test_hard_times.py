"""What happens in warehouses: power cuts, broken events, empty rolls. The judge is the paper, not labeld."""

import asyncio
import base64
import io
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import LABELS, PATIENCE, Broker, Labeld, Process, event, publish, publisher

pytestmark = pytest.mark.peer

#: good events in the flood of broken ones, and as many broken ones
GOOD = 200
PDF = (LABELS / "usps-a6.pdf").read_bytes()


def numbered(number: int) -> bytes:
    """A small label that no other looks like."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(288, 432), invariant=1)
    canvas.setFont("Helvetica-Bold", 90)
    canvas.drawCentredString(144, 200, str(number))
    canvas.save()
    return out.getvalue()


def prints(zebra: VirtualPrinter) -> Counter[str]:
    """How often each label came out."""
    return Counter(label.sha256 for label in zebra.labels)


async def stopped(labeld: Labeld) -> dict[str, Any]:
    """The first printer, once it is stopped."""
    while True:
        printer: dict[str, Any] = (await labeld.get("/api/v1/printers"))["printers"][0]
        if printer["state"] == "stopped":
            return printer
        await asyncio.sleep(0.05)


async def test_killed_right_after_publish_every_label_prints_once_or_is_asked_about(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    for number in range(10):
        async with publisher(broker.port) as client:
            await publish(client, event(number, numbered(number)))
        await asyncio.sleep(number * 0.033)
        await labeld.stop(signal.SIGKILL)
        await labeld.start()
    jobs = await labeld.settled(10)
    await zebra.wait_labels(sum(job["outcome"] == "confirmed" for job in jobs))
    assert len(jobs) == 10
    assert {job["outcome"] for job in jobs} <= {"confirmed", "unknown"}, jobs
    assert max(prints(zebra).values()) == 1
    held = [job for job in jobs if job["state"] == "pending-held"]
    assert len(prints(zebra)) >= 10 - len(held)


async def test_sigterm_drains_within_ten_seconds_and_loses_nothing(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    async with publisher(broker.port) as client:
        for number in range(30):
            await publish(client, event(number, numbered(number)))
    async with asyncio.timeout(10):  # the promise itself, not a measurement
        assert await labeld.stop() == 0, labeld.log
    assert "Traceback" not in labeld.log
    await labeld.start()
    jobs = await labeld.settled(30)
    await zebra.wait_labels(30)
    assert {job["outcome"] for job in jobs} == {"confirmed"}
    assert sorted(prints(zebra).values()) == [1] * 30


async def test_an_empty_roll_holds_up_its_printer_and_no_label_is_lost(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    zebra.set_fault("media-empty@2")
    async with publisher(broker.port) as client:
        for number in range(5):
            await publish(client, event(number, numbered(number)))
    await zebra.wait_printed(2)
    async with asyncio.timeout(PATIENCE):
        state = await stopped(labeld)
    assert (state["reasons"], state["advice"]) == (["media-empty"], "load labels")
    zebra.clear_fault("media-empty")
    jobs = await labeld.settled(5)
    assert {job["outcome"] for job in jobs} == {"confirmed"}
    assert (zebra.odometer, max(prints(zebra).values())) == (5, 1)


async def test_a_connection_reset_in_the_middle_is_held_and_never_sent_again_unasked(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    zebra.set_fault("reset-after=300")
    async with publisher(broker.port) as client:
        await publish(client, event(1, PDF))
        (job,) = await labeld.settled(1)
    assert (job["state"], job["reason"], job["outcome"]) == ("pending-held", "not-printed", "not-printed")
    assert zebra.odometer == 0
    zebra.clear_fault("reset-after")
    released = await labeld.post(f"/api/v1/jobs/{job['id']}/release")
    assert released["state"] == "pending"
    (job,) = await labeld.settled(1)
    assert (job["outcome"], zebra.odometer) == ("confirmed", 1)


async def test_a_printer_that_swallows_labels_is_not_believed(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    zebra.set_fault("swallow")
    async with publisher(broker.port) as client:
        await publish(client, event(1, PDF))
        (job,) = await labeld.settled(1)
    assert (job["state"], job["outcome"]) == ("pending-held", "not-printed")


def peak_memory(pid: int) -> int:
    """The most that a process ever had in memory, in KiB (proc_pid_status(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def bad_events() -> list[tuple[str, bytes, str]]:
    """Topic, payload and a word of the reason for each kind of broken event."""

    def content(data: bytes) -> bytes:
        return b'{"asset": {"content": "' + base64.b64encode(data) + b'"}}'

    locked = io.BytesIO()
    canvas = Canvas(locked, pagesize=(288, 432), encrypt="secret")
    canvas.drawString(100, 100, "locked")
    canvas.save()
    ready = "labels/ready"
    return [
        (ready, b'{"asset": {', "not JSON"),
        (ready, b'{"asset": {"content": "aGVsbG8="}, "copies": "lots"}', "copies"),
        (ready, b'{"asset": {"content": ""}}', "asset.content"),
        (ready, b'{"event_id": 7}', "asset is missing"),
        (ready, content(b"hello, this is no label"), "is no PDF"),
        (ready, content(PDF[: len(PDF) // 2]), "the PDF is cut off"),
        (ready, content(locked.getvalue()), "password"),
        (ready, content(b"^XA^FO10,10^GB100,100,4^FS"), "^XZ"),
        (ready, content(b"^XA^FO10,10^GB100,100,4^FS~JR^XZ"), "~JR"),
        ("printers/nobody/print", PDF, "no printer 'nobody'"),
    ]


async def test_broken_events_are_listed_with_reasons_and_delay_nobody(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld
) -> None:
    kinds = bad_events()
    async with publisher(broker.port) as client:
        await publish(client, b'{"asset": {"content": "' + b"A" * 50_000_000 + b'"}}')
        for number in range(GOOD):
            await publish(client, event(number, numbered(number)))
            topic, payload, _ = kinds[number % len(kinds)]
            # a space more each time: the same event twice would be counted, not listed
            await publish(client, payload + b" " * (number // len(kinds) + 1), topic)
        jobs = await labeld.settled(GOOD + GOOD * 6 // len(kinds))
    rejected = (await labeld.get("/api/v1/rejections?limit=200"))["rejections"]
    good = [job for job in jobs if job["event_id"]]
    bad = [job["message"] for job in jobs if not job["event_id"]] + [one["reason"] for one in rejected]
    assert (len(good), {job["outcome"] for job in good}) == (GOOD, {"confirmed"})
    assert sorted(prints(zebra).values()) == [1] * GOOD
    assert len(bad) == GOOD + 1
    for _, _, word in kinds:
        assert sum(word in reason for reason in bad) == GOOD // len(kinds), (word, bad)
    assert sum("the event is 47.7 MiB" in reason for reason in bad) == 1
    assert labeld.process is not None
    assert labeld.process.returncode is None
    assert peak_memory(labeld.process.pid) < 600 * 1024


async def test_a_state_directory_serves_one_daemon_only(labeld: Labeld) -> None:
    second = Process(
        sys.executable, "-m", "labeld.daemon", "run", "--config", labeld.config, log=labeld.config.parent / "2"
    )
    async with second:
        assert second.process is not None
        assert await second.process.wait() == 1
    assert "is in use by another labeld" in second.log
