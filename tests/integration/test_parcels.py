"""One label per parcel, whatever events come: the same label again, a recreated one, canceled orders, reprints."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt
import pytest
from tests.papers import ORDER, TRACKING, label, pdf, slip

from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE, PREFIX, Broker, Labeld, event, publish, publisher

pytestmark = pytest.mark.peer

PARCEL: dict[str, object] = {
    "shop_id": "7495540735365777507",
    "package_id": "1152921504606846976",
    "tracking_number": TRACKING,
    "order_ids": [ORDER],
}
LABEL = pdf(label())
#: downloaded a second time: other bytes, the same page
AGAIN = LABEL.replace(b"%PDF-1.3", b"%PDF-1.4", 1) + b"\n% fetched again\n"
RECREATED = pdf(label("TT9876543210"))
CANCELED = {"event_id": "cancel-1", "package_ids": [PARCEL["package_id"]], "reason": "buyer changed their mind"}


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[aiomqtt.Client]:
    async with publisher(broker.port) as running:
        yield running


async def until(daemon: Labeld, found: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """All jobs, oldest first, once they are as wanted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            jobs = (await daemon.jobs())[::-1]
            if found(jobs):
                return jobs
            await asyncio.sleep(0.05)


def at(*wanted: str) -> Callable[[list[dict[str, Any]]], bool]:
    """Whether the jobs, oldest first, have these states, each with its reason where that is given."""

    def check(jobs: list[dict[str, Any]]) -> bool:
        seen = [f"{job['state']} {job['reason']}" for job in jobs]
        return len(seen) == len(wanted) and all(map(str.startswith, seen, wanted))

    return check


async def test_the_same_label_prints_once_from_whatever_source(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    await publish(client, event("first", LABEL, **PARCEL))
    (first,) = await until(labeld, at("completed"))
    async with aiomqtt.Client("127.0.0.1", client._port) as listener:
        await listener.subscribe(f"{PREFIX}/jobs/+", 1)
        await publish(client, event("second", LABEL, **PARCEL))
        async with asyncio.timeout(PATIENCE):
            async for message in listener.messages:
                told = json.loads(bytes(message.payload))
                if told["duplicate_event_id"] is not None:
                    break
    assert (told["job_id"], told["duplicate_event_id"], told["state"]) == (first["id"], "event-second", "completed")
    by_http = await labeld.post("/api/v1/jobs", **event("third", LABEL, tracking_number=TRACKING))
    assert (by_http["id"], by_http["duplicates"]) == (first["id"], 2)
    # other bytes are drawn, and compared dot by dot
    await publish(client, event("fourth", AGAIN, **PARCEL))
    await publish(client, event("fifth", AGAIN, **PARCEL, document_type="SHIPPING_LABEL_PICTURE", copies=3))
    jobs = await until(
        labeld, lambda jobs: sum(job["duplicates"] for job in jobs) >= 4 and jobs[-1]["state"] == "canceled"
    )
    assert jobs[0]["duplicates"] + jobs[1]["duplicates"] == 4
    assert (jobs[1]["reason"], jobs[1]["rival"]) == ("duplicate-label", first["id"])
    assert f"the same label as job {first['id']}" in jobs[1]["message"]
    shown = await labeld.get(f"/api/v1/jobs/{first['id']}")
    assert [one["id"] for one in shown["related"]] == [job["id"] for job in jobs[1:]]
    assert f"came again as job {jobs[1]['id']}" in str(shown["timeline"])
    assert zebra.odometer == 1


async def test_a_slip_that_comes_with_the_same_label_prints_alone(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    await publish(client, event("first", LABEL, **PARCEL))
    await until(labeld, at("completed"))
    both = pdf(label(), slip(size=(105.0, 148.0), lines=5))
    await publish(client, event("both", both, document_type="SHIPPING_LABEL_AND_PACKING_SLIP", **PARCEL))
    _, other = await until(labeld, at("completed", "completed"))
    assert (other["role"], other["pages"], zebra.odometer) == ("slip", [2], 2)
    await publish(
        client, event("slip", pdf(slip(size=(105.0, 148.0), lines=5)), document_type="PACKING_SLIP", **PARCEL)
    )
    jobs = await until(labeld, at("completed", "completed", "canceled duplicate-label"))
    assert (jobs[2]["rival"], zebra.odometer) == (other["id"], 2)


async def test_a_recreated_label_takes_the_place_of_one_that_waits(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    zebra.set_fault("media-empty")
    await publish(client, event("first", LABEL, **PARCEL))
    await until(labeld, at("pending job-queued"))
    await publish(client, event("recreated", RECREATED, **PARCEL | {"tracking_number": "TT9876543210"}))
    first, second = await until(labeld, at("canceled superseded", "pending job-queued"))
    assert (second["rival"], f"job {second['id']}" in first["message"]) == (first["id"], True)
    zebra.clear_fault("media-empty")
    await until(labeld, at("canceled", "completed"))
    assert zebra.odometer == 1


async def test_a_recreated_label_of_a_printed_one_asks(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    await publish(client, event("first", LABEL, **PARCEL))
    await until(labeld, at("completed"))
    for number in range(2):  # the second one is the first one's duplicate, and not asked about
        await publish(client, event(f"recreated-{number}", RECREATED, package_id=PARCEL["package_id"]))
    first, second = await until(labeld, at("completed", "pending-held other-label-of-parcel"))
    assert "another label of its parcel is printed: take that one out of the pile" in second["message"]
    assert second["actions"] == ["release", "cancel"]
    page = (await labeld.bytes(f"/jobs/{second['id']}")).decode()
    assert f"/jobs/{first['id']}" in page
    assert zebra.odometer == 1
    await labeld.post(f"/api/v1/jobs/{second['id']}/release")
    await until(labeld, at("completed", "completed"))
    assert zebra.odometer == 2


async def test_what_cannot_be_compared_asks_and_leaves_the_first_alone(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    zebra.set_fault("media-empty")
    await publish(client, event("first", LABEL, **PARCEL))
    await publish(client, event("broken", LABEL[:400], **PARCEL))
    _, broken = await until(labeld, at("pending", "pending-held other-label-of-parcel"))
    assert "cannot be compared" in broken["message"]
    # a label that was canceled or cannot be printed stands in nobody's way
    await labeld.post(f"/api/v1/jobs/{broken['id']}/release")
    await until(labeld, at("pending", "aborted"))
    zebra.clear_fault("media-empty")
    await until(labeld, at("completed", "aborted"))
    assert zebra.odometer == 1


async def test_a_notice_stops_what_has_not_printed_and_what_is_still_to_come(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    zebra.set_fault("media-empty")
    await publish(client, event("first", LABEL, **PARCEL))
    await until(labeld, at("pending job-queued"))
    await publish(client, b"{}", "labels/canceled")
    await publish(client, CANCELED, "labels/canceled")
    await publish(client, CANCELED, "labels/canceled")
    (first,) = await until(labeld, at("canceled order-canceled"))
    assert "its package was canceled (buyer changed their mind)" in first["message"]
    (rejection,) = (await labeld.get("/api/v1/rejections"))["rejections"]
    assert "give package_ids or order_ids" in rejection["reason"]
    # later: the label of another package of the same order, and this one's again
    superseded = {"order_ids": [ORDER], "replaced_by": "1152921504606846977"}
    await publish(client, superseded, "labels/superseded")
    await publish(client, event("late", RECREATED, package_id=PARCEL["package_id"]))
    await publish(client, event("other", RECREATED, package_id="7", order_ids=[ORDER]))
    await publish(client, event("new", RECREATED, package_id="1152921504606846977", order_ids=[ORDER]))
    zebra.clear_fault("media-empty")
    jobs = await until(labeld, at("canceled", "canceled order-canceled", "canceled superseded", "completed"))
    assert "before its label came" in jobs[1]["message"]
    assert zebra.odometer == 1
    again = await labeld.post("/api/v1/notices/canceled", **CANCELED)
    assert again == {"duplicate": True, "jobs": []}


async def test_a_label_that_is_canceled_after_it_was_printed_is_taken_out_of_the_pile(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    await publish(client, event("first", LABEL, **PARCEL))
    await until(labeld, at("completed"))
    await publish(client, {"order_ids": [ORDER]}, "labels/canceled")
    (job,) = await until(labeld, lambda jobs: jobs[0]["withdrawn"] == "canceled")
    assert "its order was canceled, after it was printed: take it out of the pile" in job["message"]
    page = (await labeld.bytes("/")).decode()
    assert "Void: take it out of the pile" in page
    assert f"/jobs/{job['id']}/take-out" in page
    taken = await labeld.post(f"/api/v1/jobs/{job['id']}/take-out")
    assert (taken["withdrawn"], "take-out" in taken["actions"]) == ("taken-out", False)
    assert zebra.odometer == 1


async def test_a_parcel_of_which_one_order_is_canceled_is_held(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    await publish(client, {"order_ids": [ORDER]}, "labels/canceled")
    await publish(client, event("first", LABEL, **PARCEL | {"order_ids": [ORDER, "2"]}))
    (job,) = await until(labeld, at("pending-held order-partly-canceled"))
    await labeld.post(f"/api/v1/jobs/{job['id']}/release")
    await until(labeld, at("completed"))
    assert zebra.odometer == 1


async def test_a_reprint_is_a_job_of_its_own_with_a_number_and_a_reason(
    zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client
) -> None:
    await publish(client, event("first", LABEL, **PARCEL, copies=2))
    (first,) = await until(labeld, at("completed"))
    url = f"http://127.0.0.1:{labeld.web_port}/api/v1/jobs/{first['id']}/reprint"
    async with aiohttp.ClientSession() as session:
        answers = []
        for key in ("a", "a", "b"):
            body = {"reason": "torn"}
            async with session.post(url, json=body, headers={"Idempotency-Key": key}) as reply:
                answers.append((reply.status, (await reply.json())["reprint"]))
        async with session.post(url, json={}) as reply:
            assert reply.status == 400
    assert answers == [(201, 1), (200, 1), (201, 2)]
    jobs = await until(labeld, at("completed", "completed", "completed"))
    assert [(job["reprint_of"], job["reprint"]) for job in jobs[1:]] == [(first["id"], 1), (first["id"], 2)]
    assert zebra.odometer == 4
    lines = str((await labeld.get(f"/api/v1/jobs/{first['id']}"))["timeline"])
    assert f"printed again as job {jobs[1]['id']}, reprint 1, by" in lines
    assert "torn" in lines
    # the page's form without its script
    place = f"http://127.0.0.1:{labeld.web_port}/jobs/{first['id']}"
    assert 'name="reason"' in (await labeld.bytes(f"/jobs/{first['id']}")).decode()
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            form = {"key": "b", "reason": "torn"}
            async with session.post(f"{place}/reprint", data=form, allow_redirects=False) as reply:
                assert (reply.status, reply.headers["Location"]) == (303, f"/jobs/{jobs[2]['id']}")
        async with session.post(f"{place}/reprint", data={"reason": " "}) as reply:
            assert reply.status == 409
    # a duplicate that was not printed may be, too
    await publish(client, event("again", AGAIN, **PARCEL))
    *_, copy = await until(labeld, at("completed", "completed", "completed", "canceled duplicate-label"))
    await labeld.post(f"/api/v1/jobs/{copy['id']}/reprint", reason="wanted all the same")
    await until(labeld, lambda jobs: len(jobs) == 5 and jobs[-1]["state"] == "completed")
    assert zebra.odometer == 5


async def test_a_crash_while_labels_are_compared_loses_and_doubles_nothing(
    broker: Broker, zebra: VirtualPrinter, labeld: Labeld, client: aiomqtt.Client, tmp_path: Path
) -> None:
    zebra.set_fault("media-empty")
    await publish(client, event("first", LABEL, **PARCEL))
    await publish(client, event("again", AGAIN, **PARCEL))
    await publish(client, event("recreated", RECREATED, **PARCEL))
    await until(labeld, lambda jobs: len(jobs) == 3)
    await labeld.stop(signal.SIGKILL)
    zebra.clear_fault("media-empty")
    await labeld.start()
    jobs = await until(
        labeld, lambda jobs: all(job["state"] in ("canceled", "completed", "pending-held") for job in jobs)
    )
    assert zebra.odometer == 1
    assert sum(job["state"] == "completed" for job in jobs) == 1
    assert jobs[1]["state"] == "canceled"
