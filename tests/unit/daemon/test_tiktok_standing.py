from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.store.tokens import ShopTokens
from labeld.daemon.tiktok.standing import alert_due, days_left, due, ending_words, refused_words

NOW = 1_790_000_000.0
DAY = 86400.0
ROW = ShopTokens("us", b"a", b"r", NOW + 7 * DAY, NOW + 365 * DAY, "Ace", "US", (), NOW, NOW)


@given(st.floats(0, 400), st.lists(st.floats(0.01, 40), max_size=60))
def test_each_alert_is_given_once_and_none_too_early(life: float, steps: list[float]) -> None:
    row, now, given = replace(ROW, refresh_expires=NOW + life * DAY), NOW, []
    for step in steps:
        now += step * DAY
        if (days := alert_due(row, now)) is not None:
            given.append(days)
            assert now > NOW + (life - days) * DAY or days == 0
            assert ending_words(row, now) is not None
            row = replace(row, alerted=days)
    assert given == sorted(set(given), reverse=True)
    assert set(given) <= {30, 3, 0}
    assert (0 in given) == (now >= NOW + life * DAY and bool(steps))


@pytest.mark.parametrize("ends", [None, 4_796_668_800.0, NOW + 31 * DAY])
def test_an_authorization_without_an_end_that_is_near_is_not_told_of(ends: float | None) -> None:
    row = replace(ROW, refresh_expires=ends)
    assert (alert_due(row, NOW), ending_words(row, NOW)) == (None, None)
    assert days_left(row, NOW) == (31 if ends == NOW + 31 * DAY else None)


@pytest.mark.parametrize(
    ("left", "words"),
    [(29.5, "ends in 29 days ("), (1.5, "ends in 1 day ("), (0.5, "ends today ("), (-1.0, "has ended (")],
)
def test_the_end_is_told_in_days(left: float, words: str) -> None:
    said = ending_words(replace(ROW, refresh_expires=NOW + left * DAY), NOW)
    assert said is not None
    assert words in said
    assert said.endswith("run labeld tiktok authorize us")


def test_a_token_is_due_before_its_end_or_after_a_crash_unless_it_was_refused() -> None:
    assert not due(ROW, NOW + 5.9 * DAY, DAY)
    assert due(ROW, NOW + 6 * DAY, DAY)
    lost = replace(ROW, refreshing_since=NOW)
    assert due(lost, NOW, DAY)
    assert not due(replace(lost, refused="no"), NOW + 8 * DAY, DAY)
    assert "2026-09-21T14:13:20.000Z was lost" in refused_words(lost, "no")
    assert "lost" not in refused_words(ROW, "no")
