import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.errors import EventRejected
from labeld.daemon.events import LabelEvent, from_bytes, from_json

LIMIT = 1024 * 1024


def understand(document: object, topic: str = "t") -> LabelEvent:
    return from_json(topic, json.dumps(document).encode(), max_bytes=LIMIT)


def refusal(payload: bytes | object) -> str:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    with pytest.raises(EventRejected) as caught:
        from_json("t", data, max_bytes=LIMIT)
    return str(caught.value)


def test_a_plain_event_is_understood() -> None:
    event = understand(
        {
            "event_id": "e1",
            "package_id": "1152921504606846976",
            "asset": {"content": "XlhB", "media_type": "application/pdf"},
            "useful_until": "2026-11-23T02:00:00Z",
            "unknown": "publishers add fields of their own",
        }
    )
    assert (event.identity, event.bare, event.asset, event.media_type) == ("id:e1", False, b"XlhB", "application/pdf")
    assert event.fields.package_id == "1152921504606846976"


def test_a_cloudevent_is_known_by_source_and_id() -> None:
    document = {
        "specversion": "1.0",
        "id": "7",
        "source": "/shop",
        "type": "com.tiktokshop.label.ready.v1",
        "data": {"event_id": "inner", "asset": {"content": "XlhB"}},
    }
    assert understand(document).identity == 'ce:["/shop", "7"]'
    assert "type" in refusal(document | {"type": "com.example.other"})


def test_an_event_without_id_is_known_by_topic_and_payload() -> None:
    document = {"asset": {"content": "XlhB"}}
    assert understand(document).bare
    assert understand(document).identity == understand(document).identity
    assert understand(document).identity != understand(document, "other").identity
    assert from_bytes("t", b"^XA^XZ", printer="p", max_bytes=LIMIT).bare


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "the event is empty"),
        (b"{broken", "the event is not JSON"),
        (b"\x80{}", "not UTF-8"),
        (b"[]", "a JSON array: expected an object"),
        (b"3", "a JSON number: expected an object"),
        (b"[" * 100_000, "the event is not JSON: nested too deeply"),
        ({}, "asset is missing"),
        ({"asset": {}}, "give exactly one of content, url and tiktok"),
        ({"asset": {"content": "a", "url": "https://x"}}, "give exactly one"),
        ({"asset": {"content": ""}}, "asset.content"),
        ({"asset": {"content": "  \n"}}, "asset.content is empty"),
        ({"asset": {"content": 3}}, "asset.content"),
        ({"asset": {"content": "a"}, "copies": 0}, "copies"),
        ({"asset": {"content": "a"}, "copies": "many"}, "copies: input should be a valid integer"),
        ({"asset": {"content": "a"}, "media": "huge"}, "media 'huge' is not known"),
        ({"asset": {"content": "a"}, "useful_until": "2026-11-23T02:00:00"}, "useful_until"),
        ({"asset": {"content": "a"}, "useful_until": "0001-01-01T00:00:00+08:00"}, "between the years 2000 and 2200"),
        ({"asset": {"content": "a"}, "package_id": 1152921504606846976}, "package_id"),
        ({"asset": {"content": "a"}, "document_type": "PICK_LIST"}, "document_type"),
        ({"asset": {"url": "https://" + "x" * 4000}}, "asset.url"),
        (b'{"asset": {"content": "' + b"A" * 2 * LIMIT + b'"}}', "intake.max_asset_bytes"),
    ],
)
def test_what_is_wrong_is_said_in_words(payload: bytes | object, words: str) -> None:
    reason = refusal(payload)
    assert words in reason
    assert "\n" not in reason


def test_raw_bytes_have_limits_too() -> None:
    with pytest.raises(EventRejected, match="empty"):
        from_bytes("t", b"", printer="p", max_bytes=LIMIT)
    with pytest.raises(EventRejected, match=r"2\.0 MiB; the limit is 1\.0 MiB"):
        from_bytes("t", b"x" * 2 * LIMIT, printer="p", max_bytes=LIMIT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["asset", "event_id", "copies", "station", "media", "useful_until", "tags", "specversion"])


@given(st.binary(max_size=200) | st.dictionaries(fields, json_values).map(lambda d: json.dumps(d).encode()))
def test_any_payload_becomes_an_event_or_a_reason(payload: bytes) -> None:
    try:
        event = from_json("t", payload, max_bytes=LIMIT)
    except EventRejected as error:
        assert str(error)
    else:
        assert event.asset
