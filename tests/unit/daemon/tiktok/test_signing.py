"""Signatures, by the vectors that TikTok and public clients publish."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.tiktok.signing import sign, webhook_signature

SECRET = "e59af819cc"
KEYED = {"app_key": "29a39d", "timestamp": "1623812664"}
CIPHER = {"shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK"}
PACKAGES = "/fulfillment/202309/packages"


@pytest.mark.parametrize(
    ("secret", "path", "query", "body", "signature"),
    [
        pytest.param(
            SECRET,
            "/authorization/202309/shops",
            KEYED,
            b"",
            "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
            id="V1: Partner Center",
        ),
        pytest.param(
            "app_secret",
            "/test-api",
            {"foo": "bar"},
            b"",
            "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
            id="V2: a public client",
        ),
        pytest.param(
            SECRET,
            f"{PACKAGES}/1152921504606846976/shipping_documents",
            {**KEYED, **CIPHER, "document_type": "SHIPPING_LABEL", "document_size": "A6"},
            b"",
            "0ddd59da5da3695cae0526a136f9ae1df72b391c30ccca873df3fdf85e3fec2d",
            id="D1: a label",
        ),
        pytest.param(
            SECRET,
            f"{PACKAGES}/ship",
            {**KEYED, **CIPHER},
            b'{"packages":[{"id":"1152921504606846976","handover_method":"DROP_OFF"}]}',
            "6c4d320bbdbe98a9c5efaacdcd6392db28d92fb7ceb11e9d1fbd0c334ef3521e",
            id="D2: a body",
        ),
    ],
)
def test_a_request_is_signed_as_published(
    secret: str, path: str, query: dict[str, str], body: bytes, signature: str
) -> None:
    assert sign(secret, path, query, body) == signature


def test_a_webhook_is_signed_as_published() -> None:
    body = (
        b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
        b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
        b'"update_time":1718305585}}'
    )
    assert webhook_signature("123", "abcdef", body) == (
        "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
    )


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5), st.randoms())
def test_neither_the_order_of_the_query_nor_what_is_unsigned_changes_a_signature(
    query: dict[str, str], chance: Random
) -> None:
    names = list(query)
    chance.shuffle(names)
    shuffled = {name: query[name] for name in names}
    assert sign(SECRET, "/p", {**shuffled, "sign": "x", "access_token": "y"}) == sign(
        SECRET, "/p", {k: v for k, v in query.items() if k not in ("sign", "access_token")}
    )
