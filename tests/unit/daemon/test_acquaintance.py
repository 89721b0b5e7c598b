from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labeld.config.printers import PrinterSettings
from labeld.config.services import SpoolerSettings
from labeld.daemon.acquaintance import Acquaintance
from labeld.daemon.printers import Printers
from labeld.daemon.store import Store
from labeld.daemon.witness import Clocks, Witness, _Watch
from labeld.drivers.errors import ConnectionLost, PrinterOffline, ReplyMalformed
from labeld.drivers.opening import open_driver
from labeld.drivers.printer import Identity, Observation, PrinterState, PrinterStatus, Question
from labeld.drivers.profile import Measure

PLACE = "zebra socket://192.0.2.7"
ZEBRA = Identity("D2J1", "ZD421", "V93", 203)
IDLE = PrinterStatus(PrinterState.IDLE)
TERSE = {Question.VARIABLES: True, Question.IDENTIFICATION: True, Question.STATUS: False, Question.EXTENDED: True}
MUTE = Observation(Identity(), PrinterStatus(PrinterState.UNKNOWN), answers=dict.fromkeys(TERSE, False))


class Clock:
    """Time that stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened


async def met(store: Store, clock: Clock, place: str = PLACE) -> Acquaintance:
    """labeld starts."""
    known = Acquaintance(place, store, clock)
    await known.load()
    return known


def seen(who: Identity = ZEBRA, odometer: int | None = 7) -> Observation:
    return Observation(who, IDLE, odometer, answers=TERSE)


async def test_what_is_not_answered_is_spared_after_a_restart_too(store: Store) -> None:
    clock = Clock()
    known = await met(store, clock)
    for _ in range(3):
        assert known.spare(ZEBRA) == frozenset()
        await known.looked(seen())
    await known.keep()
    again = await met(store, clock)
    assert again.spare(Identity()) == again.spare(ZEBRA) == {Question.STATUS}
    assert again.spare(Identity("D2J1", "ZD421", "V94")) == frozenset()
    assert (await met(store, clock, "other socket://192.0.2.8")).spare(ZEBRA) == frozenset()


async def test_a_mute_printer_stays_unasked_until_it_was_away(store: Store) -> None:
    clock = Clock()
    known = await met(store, clock)
    await known.looked(MUTE)
    known.failed(ConnectionLost("reset"))
    await known.keep()
    again = await met(store, clock)
    assert again.spare(Identity()) == frozenset(Question)
    again.failed(PrinterOffline("switched off"))
    await again.keep()
    last = await met(store, clock)
    assert last.spare(Identity()) == frozenset()
    last.failed(ReplyMalformed("HS"))
    assert last.spare(Identity()) == frozenset(Question)


async def test_each_printer_at_a_place_has_its_own_profile(store: Store) -> None:
    clock = Clock()
    known = await met(store, clock)
    await known.looked(seen())
    known.printed(Measure(1.5), b"^XA^GFA,1,1,1,FF^FS^XZ")
    other = Identity("OTHER", "ZD421", "V93", 203)
    await known.looked(seen(other))
    assert (known.profile.identity, known.profile.firsts) == (other, ())
    await known.keep()
    await known.looked(seen())
    assert (known.profile.identity, known.profile.firsts) == (ZEBRA, (1.5,))
    assert (await store.profile("OTHER")) is not None


async def test_it_is_written_when_it_is_worth_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, writes = Clock(), 0
    keep = store.keep_profile

    async def counted(*arguments: object) -> None:
        nonlocal writes
        writes += 1
        await keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "keep_profile", counted)
    known = await met(store, clock)
    everything = Observation(ZEBRA, IDLE, 7, answers=dict.fromkeys(Question, True))
    for number in range(120):
        clock.now += 1.0
        await known.looked(everything)
        known.printed(Measure(1.0 + number), b"")
        await known.keep()
    assert writes == 2  # the first time, and after a minute
    await known.keep(at_once=True)
    learned = await store.profile("D2J1")
    assert learned is not None
    assert (learned.firsts[-1], writes) == (120.0, 3)


def test_a_counter_tells_how_long_labels_take() -> None:
    watch = _Watch(10, 100.0)
    for now, odometer in [(100.25, 10), (101.5, 11), (102.0, 12), (102.25, None), (103.0, 14)]:
        watch.count(odometer, now)
    assert watch.measure() == Measure(1.5, 0.5)
    late = _Watch(10, 100.0)
    late.count(13, 105.0)
    assert late.measure() == Measure(None, None)
    assert _Watch(None, 100.0).measure() == Measure(None, None)


async def test_a_warning_stands_until_the_next_thorough_look(store: Store) -> None:
    clock = Clock()
    printers = Printers({"zebra": PrinterSettings(uri="socket://192.0.2.7")})
    known = await met(store, clock)
    driver = open_driver("socket://192.0.2.7")
    witness = Witness("zebra", SpoolerSettings(), driver, store, printers, known, Clocks(clock, clock))
    low = Observation(ZEBRA, PrinterStatus(PrinterState.IDLE, frozenset({"media-low"})), 7, answers=TERSE)
    witness.saw(low, thorough=True)
    view = witness.saw(seen())
    assert (view.state, view.reasons, view.advice) == ("idle", ("media-low",), "have labels ready: few are left")
    witness.saw(seen(), thorough=True)
    assert witness.saw(seen()).reasons == ()
