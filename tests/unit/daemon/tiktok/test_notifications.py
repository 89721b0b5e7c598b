"""What webhooks say: TikTok's own examples, and whatever else may come."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.tiktok.notifications import Notification, read
from labeld.daemon.tiktok.signing import webhook_signature

#: Partner Center, "1 order status change": its signature is known
W1 = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}'
)


def said(kind: int, **data: object) -> Notification:
    body = {"type": kind, "tts_notification_id": "73", "shop_id": "7494", "timestamp": 1644412885, "data": data}
    return read(json.dumps(body).encode())


def test_tiktoks_own_example() -> None:
    assert webhook_signature("123", "abcdef", W1) == "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
    found = read(W1)
    assert found == Notification(
        "7380066284010030890",
        1,
        "7495540735365777507",
        1718305585.0,
        "UNPAID",
        ("576653688135258178",),
        at=1718305585.0,
        on_hold=True,
    )
    assert not found.concerns_labels


def test_packages_and_their_orders() -> None:
    found = said(4, sc_type="COMBINE", package_list=[{"package_id": "1", "order_id_list": ["5", "6"]}], update_time=9)
    assert (found.status, found.package_ids, found.order_ids, found.at) == ("COMBINE", ("1",), ("5", "6"), 9.0)
    assert found.concerns_labels


def test_one_without_an_id_is_known_by_what_it_says() -> None:
    # Partner Center's example of type 3 has none
    body = b'{"type":3,"shop_id":"7494049642642441621","timestamp":1644412885,"data":{"order_id":"576486316948490001"}}'
    assert read(body).identity == read(body).identity
    assert read(body).identity.startswith("sha256:")
    assert read(body + b" ").identity != read(body).identity


@pytest.mark.parametrize(
    ("kind", "data", "concerns"),
    [
        (1, {"order_id": "5", "order_status": "AWAITING_COLLECTION"}, True),
        (1, {"order_id": "5", "order_status": "CANCEL"}, True),
        (1, {"order_id": "5", "order_status": "IN_TRANSIT"}, False),
        (1, {"order_status": "CANCEL"}, False),
        (1, {"order_id": "../5", "order_status": "CANCEL"}, False),
        (3, {"order_id": "5"}, True),
        (6, {"message": "Shop_id 1 is deauthorized from your APP by merchant."}, True),
        (7, {"expiration_time": "1627587506"}, True),
        (11, {"order_id": "5", "cancel_status": "CANCELLATION_REQUEST_PENDING"}, True),
        (11, {"order_id": "5", "cancel_status": "CANCELLATION_REQUEST_CANCELLED"}, False),
        (12, {"order_id": "5"}, False),
        (36, {"package_id": "5", "order_ids": ["6"]}, False),
    ],
)
def test_what_concerns_labels(kind: int, data: dict[str, object], concerns: bool) -> None:
    assert said(kind, **data).concerns_labels is concerns


def test_nothing_of_a_buyer_is_kept() -> None:
    found = said(3, order_id="5", recipient_address={"name": "Jo Smith"}, buyer_message="call me")
    assert "Jo" not in str(found)
    assert "call" not in str(found)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(["order_id", "order_status", "package_list", "update_time", "is_on_hold_order", "sc_type"])


@given(
    st.fixed_dictionaries({"type": st.integers(0, 99) | _JSON, "shop_id": st.text(max_size=30) | _JSON})
    | st.fixed_dictionaries(
        {
            "type": st.integers(0, 12),
            "shop_id": st.just("7"),
            "timestamp": _JSON,
            "data": st.dictionaries(_NAMES, _JSON),
        }
    )
)
def test_whatever_comes_is_understood_or_refused(body: dict[str, Any]) -> None:
    try:
        found = read(json.dumps(body).encode())
    except ValueError:
        return
    assert len(json.dumps(asdict(found))) < 4096
    assert isinstance(found.concerns_labels, bool)


@given(st.binary(max_size=99))
def test_bytes_are_refused(body: bytes) -> None:
    try:
        read(body)
    except ValueError as error:
        assert "it" in str(error)
