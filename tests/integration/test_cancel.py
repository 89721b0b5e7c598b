"""Canceling a label of a printer on raw TCP: up to its first byte it works, and after it a person is told the truth."""

import asyncio
import random
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


async def test_a_notice_about_a_label_that_the_printer_has_marks_it(
    broker: Broker, labeld: Labeld, zebra: VirtualPrinter
) -> None:
    zebra.set_fault("media-empty@1")
    async with publisher(broker.port) as client:
        await publish(client, event("two", LABEL.replace(b"^XZ", b"^PQ2^XZ"), order_ids=["1"]))
        await once(labeld, "processing-stopped", "printer-stopped")
        await publish(client, {"order_ids": ["1"]}, "labels/canceled")
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await labeld.jobs())[0]["withdrawn"] == "canceled":
                    break
                await asyncio.sleep(0.02)
    zebra.clear_fault("media-empty")
    (job,) = await labeld.settled(1)
    assert (job["state"], job["outcome"], zebra.odometer) == ("completed", "confirmed", 2)
    assert "it was canceled after it was printed: take it out of the pile" in job["message"]


async def test_whenever_it_is_canceled_there_is_no_paper_or_it_is_said(
    broker: Broker, labeld: Labeld, zebra: VirtualPrinter
) -> None:
    chance = random.Random(6)  # noqa: S311 - a schedule
    numbers = [f"N{number:03}" for number in range(40)]
    refused: dict[str, str] = {}

    async def by_api(number: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                found = (await labeld.get(f"/api/v1/jobs?q={number}"))["jobs"]
                if found:
                    break
                await asyncio.sleep(0.01)
        await asyncio.sleep(chance.random() / 5)
        answer = await labeld.post(f"/api/v1/jobs/{found[0]['id']}/cancel")
        if "detail" in answer:
            refused[number] = answer["detail"]

    async with publisher(broker.port) as client, asyncio.TaskGroup() as tasks:
        for place, number in enumerate(numbers):
            await publish(client, event(number, LABEL.replace(b"^XZ", f"^FX{number}^XZ".encode()), package_id=number))
            if place % 2:
                tasks.create_task(by_api(number))
            else:
                await asyncio.sleep(chance.random() / 10)
                await publish(client, {"package_ids": [number]}, "labels/canceled")
    jobs = {job["package_id"]: job for job in await labeld.settled(len(numbers))}
    paper = [number for number in numbers for sheet in zebra.labels if number.encode() in sheet.zpl]
    for place, number in enumerate(numbers):
        job, sheets = jobs[number], paper.count(number)
        assert (job["state"], sheets) in (("canceled", 0), ("completed", 1)), job
        if job["state"] == "completed" and place % 2:
            assert (
                "cannot become canceled" in refused[number]
                or "cannot be canceled now" in refused[number]
                or ("too late to cancel" in refused[number])
            )
        elif job["state"] == "completed":
            assert job["withdrawn"] == "canceled"
            assert "take it out of the pile" in job["message"]
        else:
            assert number not in refused
