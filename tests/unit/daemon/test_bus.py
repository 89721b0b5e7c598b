"""What listeners hear, and what those hear who come back."""

import pytest

from labeld.daemon.bus import Bus


def test_who_comes_back_hears_what_was_missed() -> None:
    bus = Bus()
    assert bus.since(0) == []
    for number in range(3):
        bus.tell("job", str(number))
    assert bus.count == 3
    assert bus.since(1) == [("job", "1"), ("job", "2")]
    assert bus.since(3) == []


@pytest.mark.parametrize("count", [-1, 4, 10**12])
def test_a_place_that_never_was_is_everything(count: int) -> None:
    bus = Bus()
    bus.tell("job", "1")
    assert bus.since(count) == [("all", "")]


def test_too_many_missed_changes_are_everything() -> None:
    bus = Bus()
    for number in range(2000):
        bus.tell("job", str(number))
    assert bus.since(999) == [("all", "")]
    assert len(bus.since(1000)) == 1000
