"""Canceling a label of a printer on raw TCP: up to its first byte it works, and after it a person is told the truth."""

import asyncio
from typing import Any

import pytest

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, Broker, Labeld, event, publish, publisher

pytestmark = pytest.mark.peer

LABEL = b"^XA^FO10,10^GB100,100,4^FS^XZ"


async def once(daemon: Labeld, state: str, reason: str) -> dict[str, Any]:
    """The newest job, once it is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            jobs = await daemon.jobs()
            if jobs and (jobs[0]["state"], jobs[0]["reason"]) == (state, reason):
                return jobs[0]
            await asyncio.sleep(0.02)


async def test_a_label_is_canceled_while_its_printer_is_asked_how_it_is(
    broker: Broker, labeld: Labeld, zebra: VirtualPrinter
) -> None:
    zebra.set_fault("silent")  # it takes the connection, and answers nothing
    async with publisher(broker.port) as client:
        await publish(client, event("unwanted", LABEL))
        job = await once(labeld, "pending", "job-queued")
        canceled = await labeld.post(f"/api/v1/jobs/{job['id']}/cancel")
        assert canceled["state"] == "canceled"
        zebra.clear_fault("silent")
        await publish(client, event("wanted", LABEL.replace(b"100", b"200")))
        jobs = await labeld.settled(2)
    assert [one["state"] for one in jobs] == ["completed", "canceled"]
    (label,) = await zebra.wait_labels(1)
    assert b"200" in label.zpl


async def test_a_label_that_the_printer_has_cannot_be_canceled(
    broker: Broker, labeld: Labeld, zebra: VirtualPrinter
) -> None:
    zebra.set_fault("media-empty@1")
    async with publisher(broker.port) as client:
        await publish(client, event("two", LABEL.replace(b"^XZ", b"^PQ2^XZ")))
    job = await once(labeld, "processing-stopped", "printer-stopped")
    refused = await labeld.post(f"/api/v1/jobs/{job['id']}/cancel")
    assert (refused["status"], refused["detail"]) == (409, f"job {job['id']}: too late to cancel: zebra has it")
    page = (await labeld.bytes("/")).decode()
    assert f"/jobs/{job['id']}/cancel" not in page, "no button that could only say no"
    zebra.clear_fault("media-empty")
    (job,) = await labeld.settled(1)
    assert (job["state"], job["outcome"], zebra.odometer) == ("completed", "confirmed", 2)
