import contextlib
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.config.sources import ShopSettings, TikTokSettings
from labeld.daemon.fetching.document import FetchFailed, NeedsPerson, TryLater
from labeld.daemon.tiktok.consent import code_in, consent_url
from labeld.daemon.tiktok.grant import Reauthorize, expiry, grant_from

NOW = 1_790_000_000.0
DAY = 86400.0
SECRET = "s3cret/0f+1e"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
WORDS = "access_token refresh_token access_token_expire_in refresh_token_expire_in granted_scopes seller_name other"
keys = st.sampled_from(WORDS.split())


def answered(code: object, data: object = None, *, status: int = 200, after: str | None = None, **more: object) -> Any:
    body = json.dumps({"code": code, "data": data, **more}).encode()
    return grant_from(status, after, body, NOW, (SECRET,))


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        (1_790_604_800, 1_790_604_800.0),
        ("1790604800", 1_790_604_800.0),
        (4_796_668_800, 4_796_668_800.0),  # 2122
        (604_800, NOW + 604_800),  # a duration, as many samples have it
        (0, None),
        (-5, None),
        (True, None),
        ("soon", None),
        (float("inf"), None),
        (10**400, None),
        (None, None),
    ],
)
def test_an_expiry_is_a_time_unless_it_is_obviously_a_duration(value: object, ends: float | None) -> None:
    assert expiry(value, NOW) == ends


def test_a_pair_of_tokens_is_kept_whatever_is_wrong_beside_it() -> None:
    grant = answered(0, {"access_token": "a", "access_token_expire_in": "?", "seller_name": 7, "granted_scopes": {}})
    assert (grant.access, grant.refresh) == ("a", "")
    assert (grant.access_expires, grant.refresh_expires) == (NOW + 7 * DAY, None)
    assert (grant.seller, grant.region, grant.scopes) == (None, None, ())
    assert "'a'" not in repr(grant)


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        (36004001, 200, Reauthorize, "TikTok says 36004001: no"),
        (36004004, 400, Reauthorize, "36004004"),
        (36004005, 200, Reauthorize, "36004005"),
        (36009004, 400, NeedsPerson, "check tiktok.app_key and the app secret"),
        (36009033, 200, NeedsPerson, "36009033"),
        (105005, 200, NeedsPerson, "105005"),
        (36009002, 200, TryLater, "too many calls"),
        (0, 429, TryLater, "too many calls"),
        (36009003, 200, TryLater, "fails"),
        (36009007, 200, TryLater, "fails"),
        (0, 503, TryLater, "HTTP 503"),
        (123456, 200, TryLater, "123456: no"),
        (0, 200, TryLater, "cannot be understood"),
        ("0", 404, NeedsPerson, "check tiktok.authority"),
        (None, 302, NeedsPerson, "check tiktok.authority"),
    ],
)
def test_each_refusal_says_who_mends_it(code: object, status: int, kind: type[FetchFailed], words: str) -> None:
    with pytest.raises(FetchFailed, match=words) as caught:
        answered(code, {}, status=status, message="no")
    assert type(caught.value) is kind


def test_an_answer_may_say_how_long_to_wait() -> None:
    for after, seconds in (("7", 7.0), ("soon", None), ("9" * 50, None)):
        with pytest.raises(TryLater) as caught:
            answered(0, status=429, after=after)
        assert caught.value.after == seconds


@pytest.mark.parametrize("form", [SECRET, quote(SECRET, safe="")])
def test_the_secret_is_cut_out_of_what_tiktok_says(form: str) -> None:
    with pytest.raises(NeedsPerson) as caught:
        answered(36009004, message=f"app_secret={form} is \x1b[31m wrong\n" + "x" * 1000)
    assert "app_secret=… is [31m wrong x" in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.dictionaries(keys, values), st.integers(100, 599), values)
def test_no_answer_breaks_it(data: dict[str, object], status: int, code: object) -> None:
    with contextlib.suppress(FetchFailed):
        grant = answered(code, data, status=status, message=data.get("other"))
        assert grant.access == data["access_token"]
        for text in (grant.access, grant.refresh, grant.seller or "", grant.region or "", *grant.scopes):
            text.encode()  # it can be written to the database
            assert text.isprintable()


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    with pytest.raises(TryLater, match="cannot be understood"):
        grant_from(200, None, body, NOW, ())


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("ROW_abc-1", "ROW_abc-1"),
        (" https://shop.example/back?app_key=k&code=ROW_a%2Bb&locale=en \n", "ROW_a+b"),
        ("https://shop.example/back?auth_code=x", "x"),
        ("https://shop.example/back?state=1", None),
        ("https://[bad?code=", None),
        ("two words", None),
        ("", None),
    ],
)
def test_the_code_is_found_in_what_was_pasted(pasted: str, code: str | None) -> None:
    assert code_in(pasted) == code


@given(st.text())
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    found = code_in(text)
    assert found is None or (found.isascii() and found.isprintable())


@pytest.mark.parametrize(
    ("market", "more", "url"),
    [
        ("US", {"service_id": "7"}, "https://services.us.tiktokshop.com/open/authorize?service_id=7"),
        ("GB", {"service_id": "7"}, "https://services.tiktokshop.com/open/authorize?service_id=7"),
        ("GB", {"service_id": "7", "consent": "http://127.0.0.1:8"}, "http://127.0.0.1:8/open/authorize?service_id=7"),
        ("GB", {}, None),
    ],
)
def test_consent_is_given_where_the_market_has_it(market: str, more: dict[str, str], url: str | None) -> None:
    shop = ShopSettings(shop_id="1", market=market)
    assert consent_url(TikTokSettings.model_validate(more), shop) == url
