"""Labels left on a roll, labels per hour, and what an attempt proves, as the page tells them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.store import Roll
from labeld.daemon.store.rows import Attempt
from labeld.daemon.web import roll_words
from labeld.daemon.web.evidence_words import evidence
from labeld.drivers.evidence import Level, Outcome


@pytest.mark.parametrize(
    ("roll", "serial", "odometer", "used"),
    [
        (Roll(500, 0.0, "Kim", "A", 1000), "A", 1040, 40),
        (Roll(500, 0.0, "Kim", None, 1000), None, 1000, 0),
        (Roll(500, 0.0, "Kim", "A", 1000), "B", 1040, None),  # another printer stands there
        (Roll(500, 0.0, "Kim", "A", 1000), "A", 3, None),  # its counter was reset
        (Roll(500, 0.0, "Kim", "A", None), "A", 1040, None),
        (Roll(500, 0.0, "Kim", "A", 1000), "A", None, None),
    ],
)
def test_only_the_counter_of_the_same_printer_counts(
    roll: Roll, serial: str | None, odometer: int | None, used: int | None
) -> None:
    assert roll_words.counted(roll, serial, odometer) == used


def test_a_roll_of_metres_has_labels_with_gaps() -> None:
    # 6 in are 152.4 mm, and 3 mm between two
    assert roll_words.on_metres(75, 15240) == 482


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (0, "The roll should be empty: enter the new one"),
        (1, "About 1 label left on the roll"),
        (97, "About 97 labels left on the roll"),
        (298, "About 300 labels left on the roll"),
    ],
)
def test_what_is_left_is_told_as_a_person_counts(left: int, words: str) -> None:
    assert roll_words.left_words(left) == words


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=48))
def test_each_hour_is_a_bar_within_the_plot(per_hour: list[int]) -> None:
    width, height = roll_words.plot_size(per_hour)
    bars = roll_words.plot_path(per_hour).split("z")[:-1]
    assert len(bars) == len(per_hour)
    for place, bar in enumerate(bars):
        start, high = bar.removeprefix("M").split("h")[0].split("v-")
        assert start == f"{width // len(per_hour) * place} {height}"
        assert 1 <= int(high) <= height


def test_an_attempt_says_what_it_proves() -> None:
    done = Attempt(
        1, "job", "zebra", "A", "0" * 64, 1, 1000, 0.0, 1001, 2.0, Outcome.CONFIRMED, Level.COUNTED, "it moved", "idle",
        "idle", 1.0,
    )  # fmt: skip
    open_ = Attempt(2, "job", "raw", None, "0" * 64, 2, None, 3.0, None, None, None, None, None, None, None, None)
    first, second = evidence([done, open_])
    assert (first.tone, first.words) == ("ok", "It printed: the printer's own counter says so")
    assert ("Label counter", "1000 before, 1001 after (+1)") in first.facts
    assert (second.tone, second.words) == ("busy", "On its way")
    assert second.facts == (("Printer", "raw"), ("Labels sent", "2"), ("Label counter", "not told"))
