import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.adapters import printnode
from labeld.daemon.adapters.door import translate
from labeld.daemon.errors import EventRejected
from labeld.daemon.events import from_json

NOW = 1_800_000_000.0
NAMES = ("zebra-1", "zebra-2", "packing")
#: the fields of ShipStation's answer, with numbers and an address of our own
SHIPSTATION: dict[str, Any] = {
    "shipmentId": 9876543,
    "orderId": 1234567,
    "orderNumber": "576653688135258178",
    "createDate": "2026-05-02T12:30:00.0000000",
    "shipDate": "2026-05-03",
    "shipmentCost": 8.95,
    "insuranceCost": 0.0,
    "trackingNumber": "9400 1118 9922 3434 7694 81",
    "isReturnLabel": False,
    "batchNumber": None,
    "carrierCode": "stamps_com",
    "serviceCode": "usps_ground_advantage",
    "packageCode": "package",
    "confirmation": "none",
    "voided": False,
    "voidDate": None,
    "marketplaceNotified": False,
    "notifyErrorMessage": None,
    "shipTo": {"name": "Sample Person", "city": "Springfield"},
    "labelData": "XlhB",
    "formData": None,
}
PRINTNODE: dict[str, Any] = {
    "printerId": printnode.number_of("zebra-2"),
    "title": "Order 17",
    "contentType": "pdf_base64",
    "content": "JVBERi0=",
    "source": "our shop",
}


def event(body: dict[str, Any], **where: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(translate(json.dumps(body).encode(), names=NAMES, now=NOW, **where))
    return told


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(EventRejected) as caught:
        translate(json.dumps(body).encode(), names=NAMES, now=NOW)
    return str(caught.value)


def test_shipstations_answer_is_a_label_event() -> None:
    assert event(SHIPSTATION, station="pack-01") == {
        "event_id": "shipstation:9876543",
        "tracking_number": "9400 1118 9922 3434 7694 81",
        "carrier": "USPS ground advantage",
        "order_ids": ["576653688135258178"],
        "station": "pack-01",
        "asset": {"content": "XlhB"},
    }
    # the service tells nothing of a carrier that is not known, and our own keys win
    own = {"carrierCode": "acme", "serviceCode": "acme_fast", "printer": "zebra-1", "tags": ["gift"]}
    told = event(SHIPSTATION | own, printer="zebra-2")
    assert (told["carrier"], told["printer"], told["tags"]) == ("acme", "zebra-1", ["gift"])
    understood = from_json("t", json.dumps(event(SHIPSTATION)).encode(), max_bytes=1000)
    assert (understood.identity, understood.fields.tracking_number) == (
        "id:shipstation:9876543",
        "9400111899223434769481",
    )


def test_shipstations_void_or_empty_label_is_refused() -> None:
    assert "void" in refusal(SHIPSTATION | {"voided": True})
    assert "labelData is empty" in refusal(SHIPSTATION | {"labelData": None})
    assert refusal(SHIPSTATION | {"trackingNumber": {}}) == "trackingNumber: should be text"


def test_printnodes_job_is_a_label_event() -> None:
    options = {"copies": 2, "paper": "A6", "rotate": 90, "fit_to_page": True, "pages": "-", "dpi": "203x203"}
    body = PRINTNODE | {"options": options, "qty": 3, "expireAfter": 600, "tracking_number": "1Z9"}
    assert event(body) == {
        "printer": "zebra-2",
        "copies": 6,
        "media": "a6",
        "useful_until": "2027-01-15T08:10:00+00:00",
        "tracking_number": "1Z9",
        "tags": ["printnode:pdf_base64", "title:Order 17", "source:our shop", "paper:A6"],
        "asset": {"content": "JVBERi0=", "media_type": "application/pdf"},
    }
    raw = event(PRINTNODE | {"contentType": "raw_base64", "printerId": "packing", "options": options, "tags": ["x"]})
    assert (raw["printer"], raw["copies"], raw["asset"], raw["tags"][-1]) == (
        "packing",
        1,
        {"content": "JVBERi0="},
        "x",
    )
    assert "media" not in event(PRINTNODE | {"options": {"paper": "Zebra 4 by 6"}})


def test_a_link_stays_a_link() -> None:
    link = "https://open-fs-va.tiktokshop.com/x?sign=1"
    assert event(PRINTNODE | {"contentType": "raw_uri", "content": link})["asset"] == {"url": link}
    assert event(PRINTNODE | {"contentType": "pdf_uri", "content": link})["asset"]["url"] == link
    login = {"type": "BasicAuth", "credentials": {"user": "u", "pass": "p"}}
    assert "authentication" in refusal(PRINTNODE | {"contentType": "pdf_uri", "content": link, "authentication": login})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"printerId": None}, "printerId is missing"),
        ({"printerId": 12}, "printerId 12 is no printer (there are "),
        ({"content": " "}, "content is empty"),
        ({"qty": 0}, "qty: should be a whole number from 1 on (got '0')"),
        ({"qty": True}, "qty: should be"),
        ({"options": [1]}, "options: should be an object"),
        ({"options": {"pages": "1,3"}}, "options.pages: send only"),
        ({"options": {"nup": 4}}, "options.nup: "),
        ({"options": {"copies": "many"}}, "options.copies: should be"),
        ({"title": ["x"]}, "title: should be text"),
    ],
)
def test_what_would_print_otherwise_than_meant_is_refused(change: dict[str, Any], words: str) -> None:
    assert words in refusal(PRINTNODE | change)


def test_a_key_is_the_events_identity() -> None:
    assert printnode.event_of(PRINTNODE, NAMES, NOW, "k-1")["event_id"] == "printnode:k-1"
    for key in ("", "x" * 191):
        with pytest.raises(EventRejected, match="1 to 190 letters"):
            printnode.event_of(PRINTNODE, NAMES, NOW, key)


def test_two_printers_of_one_number_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printnode, "number_of", lambda _name: 7)
    with pytest.raises(EventRejected, match="printerId 7 names packing and zebra-1 and zebra-2"):
        printnode.event_of(PRINTNODE | {"printerId": 7}, NAMES, NOW)
    assert printnode.event_of(PRINTNODE | {"printerId": "zebra-1"}, NAMES, NOW)["printer"] == "zebra-1"


def test_a_printers_number_never_changes() -> None:
    # programs have it in their settings
    assert (printnode.number_of("zebra-1"), printnode.number_of("zebra")) == (1152326459, 1735178064)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"asset": {"content": "XlhB"}, "labelData": 1}',
        b'{"contentType": "text/plain"}',
        b'["labelData", "contentType"]',
        b'"labelData" {',
        b'{"asset": {"content": "XlhB"}}',
        b"",
    ],
)
def test_a_label_event_and_what_is_no_event_pass_as_they_are(payload: bytes) -> None:
    assert translate(payload, names=NAMES, now=NOW) == payload


simple = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
values: st.SearchStrategy[Any] = simple | st.dictionaries(
    st.sampled_from(["copies", "pages", "paper", "nup"]), simple, max_size=3
)


@given(
    st.dictionaries(st.sampled_from([*PRINTNODE, "options", "qty", "expireAfter", "tags"]), values, max_size=6)
    | st.dictionaries(st.sampled_from([*SHIPSTATION]), values, max_size=6)
)
def test_any_body_becomes_an_event_or_a_sentence(change: dict[str, Any]) -> None:
    for body in (PRINTNODE | change, SHIPSTATION | change, change | {"labelData": "x"}):
        try:
            from_json("t", translate(json.dumps(body).encode(), names=NAMES, now=NOW), max_bytes=1000)
        except EventRejected as error:
            assert str(error)
