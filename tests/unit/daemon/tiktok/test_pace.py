"""The pace of one shop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.tiktok.pace import Pace


def test_pauses_double_up_to_a_minute_with_half_a_second_of_chance() -> None:
    pace, now, pauses = Pace(), 0.0, []
    for _ in range(9):
        began = now + 1.0
        now = began + 0.1
        pace = pace.refused(began, now, 0.5)
        pauses.append(pace.wait(now))
        now = pace.until
    assert pauses == pytest.approx([1.25, 2.25, 4.25, 8.25, 16.25, 32.25, 59.75, 59.75, 59.75])


def test_a_shop_that_met_no_limit_never_waits() -> None:
    assert Pace().wait(0.0) == 0.0
    assert Pace().admitted(0.0) == Pace()


def test_after_a_limit_calls_go_one_by_one_until_one_succeeds() -> None:
    pace = Pace().refused(0.0, 1.0, 0.0)
    assert pace.wait(2.0) == 0.0
    assert pace.admitted(2.0).wait(2.5) == pytest.approx(0.5)


def test_calls_that_were_on_their_way_together_count_once() -> None:
    first = Pace().refused(0.0, 1.0, 0.0)
    assert first.refused(0.5, 1.1, 0.9).wait(1.1) == pytest.approx(0.9)
    assert first.refused(0.5, 1.1, 0.9, wish=30.0).wait(1.1) == pytest.approx(30.0)


@given(st.floats(0, 1, exclude_max=True), st.floats(allow_nan=False) | st.none(), st.integers(0, 2000))
def test_a_pause_is_as_long_as_the_server_wishes_and_never_endless(
    random: float, wish: float | None, refusals: int
) -> None:
    pause = Pace(refusals, 0.0, 0.0).refused(1.0, 1.0, random, wish).wait(1.0)
    assert 1.0 <= pause <= 3600.0
    assert wish is None or pause >= min(wish, 3600.0) * 0.999
