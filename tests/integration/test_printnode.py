"""PrintNode's API, asked as its own clients ask it: their addresses, bodies and headers."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from labeld.daemon.adapters.printnode import number_of

from .web_floor import BOX, NUMBER, Floor, get, label, settings

AUTH = {"Authorization": aiohttp.encode_basic_auth("44784dd8d88be9631046ff83e9044419ff824b10", "")}


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    chosen = settings(tmp_path, groups={"both": {"printers": ["zebra-01", "zebra-02"]}})
    async with Floor(tmp_path, chosen) as running:
        yield running


def job(data: bytes, **more: object) -> dict[str, Any]:
    return {
        "printerId": number_of("zebra-02"),
        "title": "Order 17",
        "contentType": "raw_base64",
        "content": base64.b64encode(data).decode(),
        "source": "PythonApiClient",
    } | more


async def post(floor: Floor, body: bytes | dict[str, Any], **headers: str) -> tuple[int, Any]:
    """As `requests` posts text: without a Content-Type."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    options: dict[str, Any] = {"data": data, "headers": AUTH | headers}
    if "Content-Type" not in headers:
        options["skip_auto_headers"] = ["Content-Type"]
    async with floor.http.post("/printjobs", **options) as reply:
        assert reply.headers["Content-Type"] == "application/json"
        return reply.status, await reply.json()


async def ask(floor: Floor, path: str, status: int = 200) -> Any:
    async with floor.http.get(path, headers=AUTH) as reply:
        assert reply.status == status, await reply.text()
        assert reply.headers["Content-Type"] == "application/json"
        return await reply.json()


async def test_a_print_job_is_a_number_and_prints_once_by_its_key(floor: Floor) -> None:
    status, number = await post(floor, job(BOX, qty=2, expireAfter=3600), **{"X-Idempotency-Key": "order-17"})
    assert (status, type(number)) == (201, int)
    status, error = await post(floor, job(BOX, qty=2, expireAfter=3600), **{"X-Idempotency-Key": "order-17"})
    assert (status, error["code"], set(error)) == (409, "Conflict", {"uid", "code", "message"})
    assert error["message"] == f"Idempotency key collision: order-17 (print job {number})"
    (made,) = (await get(floor, "/api/v1/jobs"))["jobs"]
    assert (made["printer"], made["copies"], made["duplicates"], made["event_id"]) == (
        "zebra-02",
        2,
        1,
        "printnode:order-17",
    )
    (told,) = await ask(floor, f"/printjobs/{number}")
    assert (told["id"], told["title"], told["source"], told["contentType"]) == (
        number,
        "Order 17",
        "PythonApiClient",
        "raw_base64",
    )
    assert (told["printer"]["name"], told["printer"]["computer"]["jre"], told["qty"]) == ("zebra-02", None, 2)
    assert told["expireAt"] > told["createTimestamp"]
    ((first, *_),) = await ask(floor, f"/printjobs/{number}/states")
    assert (first["printJobId"], first["state"], first["age"] >= 0) == (number, "preparing_to_print", True)


async def test_without_a_key_the_same_bytes_are_the_same_job_for_a_while(floor: Floor) -> None:
    # the time until which it is wanted is another one each time
    first, again = [await post(floor, job(BOX, expireAfter=3600)) for _ in range(2)]
    assert first == again
    assert (await post(floor, job(BOX, expireAfter=3600, printerId="zebra-01")))[1] != first[1]


async def test_jobs_are_listed_latest_first_by_sets_and_printers(floor: Floor) -> None:
    numbers = [(await post(floor, job(BOX, title=f"T {i}")))[1] for i in range(3)]
    async with floor.http.post("/api/v1/jobs", json={"asset": {"content": "XlhBXlha"}, "printer": "returns"}) as reply:
        assert reply.status == 201
    listed = await ask(floor, "/printjobs")
    assert [one["title"] for one in listed] == ["label", "T 2", "T 1", "T 0"]
    assert [one["id"] for one in listed[1:]] == numbers[::-1]
    assert [one["id"] for one in await ask(floor, f"/printjobs?limit=1&after={numbers[1]}")] == [numbers[0]]
    low, high = numbers[0], numbers[-1]
    assert [one["id"] for one in await ask(floor, f"/printjobs/{low}-{high}")] == numbers[::-1]
    # other lines of a timeline are no job's number
    assert await ask(floor, f"/printjobs/{high + 500}") == []
    here = number_of("returns")
    assert [one["title"] for one in await ask(floor, f"/printers/{here}/printjobs")] == ["label"]
    assert len(await ask(floor, "/printjobs/states")) == 4
    for path in ("/printjobs/1-9999999", "/printjobs/5-", "/printjobs?dir=asc", "/printjobs?limit=x"):
        assert (await ask(floor, path, 400))["code"] == "BadRequest"


async def test_printers_computers_and_the_account_have_printnodes_shapes(floor: Floor) -> None:
    printers = await ask(floor, "/printers")
    assert [one["name"] for one in printers] == ["zebra-01", "zebra-02", "returns", "both"]
    one = printers[1]
    assert (one["id"], one["state"], one["default"]) == (number_of("zebra-02"), "online", False)
    capabilities = one["capabilities"]
    assert (capabilities["papers"], capabilities["dpis"]) == ({"4x6in": [1016, 1524]}, ["300x300"])
    assert printers[3]["capabilities"]["dpis"] == ["203x203", "300x300"]
    (computer,) = await ask(floor, "/computers")
    assert (computer["name"], computer["state"]) == ("test", "connected")
    assert await ask(floor, f"/computers/{computer['id']}") == [computer]
    assert await ask(floor, f"/computers/{computer['id']}/printers/{one['id']}") == [one]
    assert await ask(floor, "/computers/3/printers") == []
    assert await ask(floor, f"/printers/{one['id']},{printers[0]['id']}") == printers[:2]
    assert (await ask(floor, "/whoami"))["state"] == "active"
    # a printer's own page is where it was
    async with floor.http.get("/printers/zebra-02") as reply:
        assert reply.content_type == "text/html"


async def test_forms_are_read_as_json_is(floor: Floor) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    pdf = base64.b64encode(b"%PDF-1.4").decode()
    body = urlencode(job(b"", contentType="pdf_base64", content=pdf) | {"options[copies]": "3", "qty": "2"})
    status, number = await post(floor, body.encode(), **form)
    assert (status, (await ask(floor, f"/printjobs/{number}"))[0]["qty"]) == (201, 6)
    # curl -d calls JSON a form
    assert (await post(floor, job(BOX), **form))[0] == 201


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "contentType"),
        (b"{", "the event is not JSON"),
        (b"\xffx", "the event is not JSON: byte 0 is not UTF-8 text"),
        (b"options=1&options[copies]=2", "contentType"),
        (b'{"contentType": "pdf_html"}', "contentType: should be one of"),
        (json.dumps(job(BOX, printerId=12)).encode(), f"{number_of('zebra-01')} (zebra-01)"),
        (json.dumps(job(BOX, qty=101)).encode(), "copies"),
    ],
)
async def test_refusals_have_printnodes_shape_and_are_kept(floor: Floor, body: bytes, words: str) -> None:
    status, error = await post(floor, body)
    assert (status, error["code"]) == (400, "BadRequest")
    assert words in error["message"]
    (kept,) = (await get(floor, "/api/v1/rejections"))["rejections"]
    assert (kept["source"], kept["reason"]) == ("printnode", error["message"])


async def test_a_waiting_job_is_deleted_and_an_ended_one_is_not(floor: Floor) -> None:
    _, number = await post(floor, job(BOX))
    for expected in ([number], []):
        async with floor.http.delete(f"/printjobs/{number}", headers=AUTH) as reply:
            assert await reply.json() == expected
    assert (await ask(floor, f"/printjobs/{number}"))[0]["state"] == "deleted"


async def test_one_door_takes_all_bodies(floor: Floor) -> None:
    shipstation = {
        "shipmentId": 9876543,
        "trackingNumber": f" {NUMBER[:4]} {NUMBER[4:]}",
        "carrierCode": "stamps_com",
        "serviceCode": "usps_first_class_mail",
        "voided": False,
        "labelData": base64.b64encode(label(NUMBER)).decode(),
    }
    async with floor.http.post("/api/v1/jobs?station=pack-03", json=shipstation) as reply:
        assert reply.status == 201, await reply.text()
        made = await reply.json()
    assert (made["printer"], made["tracking_number"], made["carrier"]) == ("zebra-02", NUMBER, "USPS first class mail")
    async with floor.http.post("/api/v1/jobs", json=shipstation | {"voided": True}) as reply:
        assert reply.status == 422
        assert "void" in (await reply.json())["detail"]
    async with floor.http.post("/api/v1/jobs", json=job(label(NUMBER))) as reply:
        assert (await reply.json())["printer"] == "zebra-02"
    # the parcel's label again, in other words
    same = {"asset": {"content": shipstation["labelData"]}, "tracking_number": NUMBER.lower(), "station": "pack-03"}
    async with floor.http.post("/api/v1/jobs", json=same) as reply:
        assert (reply.status, (await reply.json())["id"]) == (200, made["id"])
