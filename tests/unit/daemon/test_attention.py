"""Needs are told when they last, once, and so are their ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from labeld.config.services import NotifySettings
from labeld.daemon.attention.steadiness import News, Steadiness

NOTHING = News((), ())


def test_a_need_is_told_when_it_has_lasted_and_so_is_its_end() -> None:
    steady = Steadiness(60.0)
    steady.see({"printers": 0, "shops": 1}, 0.0)
    steady.see({"printers": 2}, 10.0)
    assert (steady.news(59.0), steady.next_at(59.0)) == (NOTHING, 60.0)
    assert steady.news(60.0) == News(("shops",), ())
    steady.told(steady.news(60.0))
    steady.see({"printers": 1, "shops": 0}, 65.0)
    assert steady.news(70.0) == News(("printers",), ())
    # a receiver that is away hears only what is still so
    steady.see({"printers": 0}, 80.0)
    assert (steady.news(139.0), steady.next_at(80.0)) == (News((), ("shops",)), 125.0)
    steady.told(steady.news(139.0))
    assert (steady.news(200.0), steady.next_at(200.0)) == (NOTHING, None)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=30))
def test_what_is_told_alternates_and_ends_with_what_is_so(steps: list[tuple[bool, float]]) -> None:
    steady, now, said = Steadiness(30.0), 0.0, []
    for needed, pause in steps:
        steady.see({"printers": int(needed)}, now)
        now += pause
        news = steady.news(now)
        said += [True] * len(news.started) + [False] * len(news.stopped)
        steady.told(news)
    steady.told(news := steady.news(now + 30.0))
    said += [True] * len(news.started) + [False] * len(news.stopped)
    assert said == [number % 2 == 0 for number in range(len(said))]
    assert bool(said and said[-1]) == bool(steps and steps[-1][0])


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "ftp://127.0.0.1/", "https://user:secret@example.com/", "example.com"]
)
def test_a_webhook_is_https_or_on_this_host(url: str) -> None:
    with pytest.raises(ValidationError):
        NotifySettings(url=url)
    assert NotifySettings(url="http://127.0.0.1:8080/hook").url
