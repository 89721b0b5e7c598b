"""What is done about each error: every row of the table, shown by a call that meets it."""

import json

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.fetching.document import FetchFailed, NeedsPerson, NoLabel, TryLater
from labeld.daemon.tiktok.answers import ROWS, WORDS, Action, Answer, Row, judge, read, shorn

from .api import CIPHER, DOCUMENTS, Api, Tokens, client, failure, serving

QUERY = {"shop_cipher": CIPHER}
OUTCOMES: dict[Action, type[FetchFailed]] = {
    Action.RETRY: TryLater,
    Action.SLOW: TryLater,
    Action.WAIT: TryLater,
    # of a fresh token that is refused too
    Action.REFRESH: NeedsPerson,
    Action.PERSON: NeedsPerson,
    Action.REFUSE: NoLabel,
}
#: TikTok's messages under 36009004, as its page of common errors has them
GATEWAY = {
    "Invalid API version. The `version` value is invalid or unsupported.": (Action.PERSON, "tiktok.versions"),
    "Invalid credentials. Invalid `app_key` query parameter.": (Action.PERSON, "tiktok.app_key"),
    "Invalid credentials. The `access_token` header is invalid.": (Action.REFRESH, "authorize"),
    "Invalid credentials. The `x-tts-access-token` header is invalid.": (Action.REFRESH, "authorize"),
    "Invalid identifier. The `shop_id` query parameter is invalid.": (Action.PERSON, "shop_id and shop_cipher"),
    "Invalid timestamp. The value of the `timestamp` query parameter must not be earlier than 5 minutes before the "
    "current time.": (Action.RETRY, "clock"),
    "Invalid timestamp. The value of the `timestamp` query parameter must not exceed the current time by more than 30 "
    "seconds.": (Action.RETRY, "clock"),
    "Missing credentials. The request does not include a required signature in the query.": (Action.PERSON, "proxy"),
    "Unexpected identifier. The `shop_cipher` query parameter is not required for this request.": (
        Action.PERSON,
        "no shop_cipher",
    ),
    "invalid param error": (Action.PERSON, "invalid param error"),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code} {row.words}".strip())
@pytest.mark.parametrize("status", [200, 400])
async def test_each_row_of_the_table_is_acted_upon(row: Row, status: int) -> None:
    tokens = Tokens(fresh=["TTP_first"])
    async with serving(Api()) as api, client(api, tokens) as one:
        api.script += [web.json_response(failure(row.code, f"Oh. {row.words}"), status=status) for _ in range(3)]
        with pytest.raises(FetchFailed) as failed:
            await one.call("us", "GET", DOCUMENTS, QUERY)
        assert type(failed.value) is OUTCOMES[row.action]
        assert str(failed.value).startswith(f"TikTok shop us: {row.meaning}")
        assert row.todo.format(shop="us") in str(failed.value)
        assert f"code {row.code}" in str(failed.value)
        assert len(api.asked) == {Action.REFRESH: 2, Action.SLOW: 3}.get(row.action, 1)
        assert len(tokens.refreshed) == (1 if row.action is Action.REFRESH else 0)
        if isinstance(failed.value, TryLater):
            assert (failed.value.after is not None) == (row.action is Action.SLOW)


@pytest.mark.parametrize(("message", "expected"), GATEWAY.items(), ids=lambda value: str(value)[:60])
def test_36009004_is_told_apart_by_its_words(message: str, expected: tuple[Action, str]) -> None:
    verdict = judge(Answer(400, 36009004, message))
    assert verdict.action is expected[0]
    assert expected[1] in verdict.because


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (200, Action.RETRY),
        (302, Action.PERSON),
        (403, Action.PERSON),
        (404, Action.PERSON),
        (408, Action.RETRY),
        (429, Action.SLOW),
        (500, Action.RETRY),
        (502, Action.RETRY),
        (503, Action.RETRY),
    ],
)
def test_an_answer_without_a_code_is_judged_by_its_status(status: int, action: Action) -> None:
    assert judge(read(status, b"<html>")).action is action


@pytest.mark.parametrize(
    ("status", "message", "action"),
    [
        (200, "something new", Action.PERSON),
        (200, "", Action.PERSON),
        (400, "product api INTERNAL ERROR", Action.RETRY),
        (200, "Please try again.", Action.RETRY),
        (200, "Too many requests.", Action.SLOW),
        (429, "something new", Action.SLOW),
        (503, "something new", Action.RETRY),
    ],
)
def test_an_error_that_is_not_known_is_told_in_tiktoks_own_words(status: int, message: str, action: Action) -> None:
    verdict = judge(Answer(status, 98001004, message, "20220307B"))
    assert verdict.action is action
    assert message in verdict.because
    assert "98001004" in verdict.because
    assert "20220307B" in verdict.because


def test_a_success_is_one_only_with_a_status_that_is_no_error() -> None:
    assert judge(read(206, b'{"code":"0","data":null}')).action is Action.DONE
    assert judge(read(502, b'{"code":0}')).action is Action.RETRY


def test_no_row_hides_another() -> None:
    for at, row in enumerate(ROWS):
        assert not any(before.code == row.code and before.words in row.words for before in ROWS[:at])
    assert all(words == words.casefold() for words in [row.words for row in ROWS] + [words for words, _ in WORDS])


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists).map(
        lambda value: json.dumps({"code": value, "message": value, "data": value, "request_id": value}).encode()
    )
)
def test_any_body_is_an_answer(body: bytes) -> None:
    verdict = judge(read(200, body))
    assert "\n" not in verdict.because
    assert verdict.action in Action


@given(st.text())
def test_what_tiktok_says_is_shown_short_and_on_one_line(text: str) -> None:
    shown = shorn(text)
    assert len(shown) <= 200
    assert shown.isprintable()
    assert "://" not in shorn(text + " https://a.example/b?sign=1")
