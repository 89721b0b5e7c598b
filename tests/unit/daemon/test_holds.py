"""What is held for being late, and what is not; clocks are arguments."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetching import nothing_fetched

from labeld.config.services import HoldsSettings
from labeld.config.settings import Settings
from labeld.daemon.actions import Actions
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.errors import IllegalTransition
from labeld.daemon.events import from_json, unix_time
from labeld.daemon.holds import StaleGuard, late_event, late_job
from labeld.daemon.in_hand import InHand
from labeld.daemon.intake import Intake
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.printers import Printers
from labeld.daemon.store import HeldGroup, Pause, Store
from labeld.drivers.errors import PrinterOffline
from labeld.drivers.printer import Identity, Observation, PrinterState, PrinterStatus

HOUR = 3600.0
EVENING = 1_790_000_000.0


def settings(**holds: object) -> Settings:
    printers = {"zebra": {"uri": "socket://127.0.0.1:9101"}, "other": {"uri": "socket://127.0.0.1:9102"}}
    return Settings.model_validate({"printers": printers, "default_printer": "zebra", "holds": holds})


class Night:
    """Store, intake and guard; hours pass when a test says so."""

    def __init__(self, store: Store, chosen: Settings) -> None:
        self.store, self.settings = store, chosen
        self.wall = EVENING
        self.elapsed = 50.0
        self.printers = Printers(chosen.printers)
        self.dispatcher = Dispatcher(chosen, store, self.printers, lambda: self.wall)
        self.intake = Intake(chosen, store, self.dispatcher, lambda: self.wall, nothing_fetched(chosen))
        self.actions = Actions(store, self.dispatcher, _not_asked, lambda: self.wall)
        self.guard = self.start()
        self.number = 0

    def start(self) -> StaleGuard:
        """A guard as a start of labeld makes it."""
        return StaleGuard(self.settings, self.store, self.printers, lambda: self.wall, lambda: self.elapsed)

    def see(self, name: str = "zebra", state: PrinterState = PrinterState.IDLE) -> None:
        self.printers.observed(name, Observation(Identity(name), PrinterStatus(state)), self.wall)

    def lose(self, name: str = "zebra") -> None:
        self.printers.failed(name, PrinterOffline("it is off"))

    async def hours(self, hours: float) -> None:
        """Time passes, looked at every half hour."""
        for _ in range(round(2 * hours)):
            self.wall += HOUR / 2
            self.elapsed += HOUR / 2
            await self.guard.sweep()

    async def take(self, **fields: object) -> Job:
        self.number += 1
        payload = json.dumps({"event_id": f"e{self.number}", "asset": {"content": "x"}} | fields).encode()
        return (await self.intake.json(payload, source="t", topic="t")).job

    async def state(self, job: Job) -> tuple[str, str]:
        found = await self.store.get(job.id)
        return found.state, found.reason


async def _not_asked(_job: Job, _because: str) -> Job:
    raise AssertionError


WAITS = (JobState.PENDING, Reason.TRANSFORMING)
HELD = (JobState.HELD, Reason.STALE)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="p") as opened:
        yield opened


@pytest.fixture
async def night(store: Store) -> Night:
    made = Night(store, settings())
    await made.guard.load()
    made.see()
    made.see("other")
    await made.guard.sweep()
    return made


async def test_what_waited_for_a_printer_that_was_off_all_night_is_held_by_station(night: Night) -> None:
    night.lose()
    first = await night.take(station="pack-01")
    second = await night.take(station="pack-02")
    third = await night.take(station="pack-02")
    elsewhere = await night.take(printer="other")
    await night.hours(3.5)
    assert await night.state(first) == WAITS
    await night.hours(5)
    fresh = await night.take(station="pack-01")
    night.see()
    await night.hours(1)
    assert await night.state(first) == await night.state(second) == HELD
    assert await night.state(fresh) == await night.state(elsewhere) == WAITS
    held = (await night.store.get(first.id)).message
    assert held == "it waited 4 h, and zebra could not print for 4 h: ask before it is printed"
    assert await night.store.held_groups() == [
        HeldGroup("pack-02", Reason.STALE, 2, second.received_at),
        HeldGroup("pack-01", Reason.STALE, 1, first.received_at),
    ]
    assert await night.actions.release_all("pack-02", Reason.STALE, who="Kim") == (2, 0)
    assert await night.state(second) == await night.state(third) == WAITS
    assert await night.state(first) == HELD


async def test_a_queue_that_is_long_on_a_busy_day_is_not_held(night: Night) -> None:
    job = await night.take()
    await night.hours(20)
    night.lose()  # a roll is changed
    await night.hours(0.5)
    night.see(state=PrinterState.PROCESSING)
    await night.hours(1)
    assert await night.state(job) == WAITS


async def test_a_label_that_a_person_released_is_not_held_again_at_once(night: Night) -> None:
    night.lose()
    job = await night.take(useful_until="2026-09-22T00:00:00Z")
    await night.hours(20)
    assert await night.state(job) == HELD
    await night.actions.release(job.id, who="Kim")
    await night.hours(3.5)
    assert await night.state(job) == WAITS
    await night.hours(0.5)
    assert await night.state(job) == HELD


async def test_a_paused_printer_is_one_that_cannot_print(night: Night) -> None:
    night.printers.paused("zebra", Pause(night.wall, "Kim"))
    job = await night.take()
    await night.hours(4)
    assert await night.state(job) == HELD


async def test_an_outage_of_labeld_itself_counts_before_anything_prints(night: Night) -> None:
    job = await night.take()
    soon = await night.take()
    await night.store.move(soon.id, JobState.HELD, Reason.HELD_BY_USER, "held", night.wall)
    await night.hours(1)
    night.wall += 8 * HOUR
    night.elapsed = 10.0  # the host was off as well
    await night.actions.release(soon.id, who="Kim")
    again = night.start()
    await again.load()
    assert await night.state(job) == HELD
    assert await night.state(soon) == WAITS


async def test_a_night_goes_on_over_a_restart_in_the_middle(night: Night) -> None:
    night.lose()
    job = await night.take()
    await night.hours(2)
    night.guard = night.start()
    await night.guard.load()
    await night.hours(1.5)
    assert await night.state(job) == WAITS
    await night.hours(0.5)
    assert await night.state(job) == HELD


async def test_a_step_of_the_clock_is_no_outage(night: Night) -> None:
    job = await night.take()
    night.wall += 40 * 24 * HOUR
    await night.guard.sweep()
    assert night.guard.late(await night.store.get(job.id)) is None
    night.wall -= 80 * 24 * HOUR
    await night.hours(2)
    assert await night.state(job) == WAITS


async def test_what_is_useful_until_is_held_by_time_not_when_its_turn_comes(night: Night) -> None:
    night.printers.paused("zebra", Pause(night.wall, "Kim"))
    due = await night.take(useful_until="2026-09-21T14:53:00Z")  # in 40 minutes
    jobs = [await night.take(useful_until="2026-09-21T14:53:00Z") for _ in range(70)]
    await night.hours(0.5)
    assert await night.state(due) == WAITS
    await night.hours(0.5)
    assert [await night.state(job) for job in (due, *jobs)] == 71 * [HELD]
    assert "useful until 2026-09-21T14:53:00.000Z" in (await night.store.get(due.id)).message


async def test_stations_may_want_everything(store: Store) -> None:
    night = Night(store, settings(always_print_stations=["pack-07"], after_outage_minutes=60))
    await night.guard.load()
    wanted, other = await night.take(station="pack-07"), await night.take(station="pack-01")
    await night.hours(8)
    assert await night.state(wanted) == WAITS
    assert await night.state(other) == HELD


async def test_the_rule_can_be_off(store: Store) -> None:
    night = Night(store, settings(after_outage_minutes=0))
    await night.guard.load()
    job = await night.take(time="2020-01-01T00:00:00Z")
    await night.hours(48)
    assert await night.state(job) == WAITS


async def test_an_event_that_was_on_its_way_for_too_long_is_held_when_it_comes(night: Night) -> None:
    late = await night.take(time="2026-09-21T08:00:00Z")
    assert (late.state, late.reason) == HELD
    assert late.message == "its event of 2026-09-21T08:00:00.000Z came 6 h 13 min later: ask before it is printed"
    assert await night.state(await night.take(time="2026-09-21T13:00:00Z")) == WAITS
    await night.actions.release(late.id, who="Kim")
    assert await night.state(late) == WAITS


def cloud(at_time: object, **data: object) -> float | None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "wms",
        "type": "com.tiktokshop.label.ready.v1",
        "time": at_time,
        "data": {"asset": {"content": "x"}} | data,
    }
    return unix_time(from_json("t", json.dumps(event).encode(), max_bytes=1000).fields.time)


def test_a_cloudevent_has_its_time() -> None:
    assert cloud("2026-09-21T08:00:00+02:00") == 1_789_970_400.0
    assert cloud("2026-09-21T08:00:00Z", time="2026-09-21T06:00:00Z") == 1_789_970_400.0
    assert cloud(None) is cloud("0001-01-01T00:00:00Z") is None


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 2000))
def test_nothing_is_late_without_an_outage_as_long_as_the_rule_says(waited: float, out: float, minutes: int) -> None:
    holds = HoldsSettings(after_outage_minutes=minutes)
    job = Job(
        id="j",
        received_at=EVENING - waited,
        updated_at=EVENING,
        source="t",
        state=JobState.PENDING,
        reason=Reason.QUEUED,
        message="",
        printer="zebra",
    )
    late = late_job(holds, job, EVENING, out) is not None
    assert late == (minutes > 0 and min(EVENING - job.received_at, out) >= 60 * minutes)
    assert (late_event(holds, job.received_at, None, EVENING) is not None) >= late


async def test_a_person_holds_what_waits(night: Night) -> None:
    job = await night.take()
    held = await night.actions.hold(job.id, who="Kim", why="wrong box")
    assert (held.state, held.reason, held.message) == (JobState.HELD, "job-held-by-user", "held by Kim: wrong box")
    with pytest.raises(IllegalTransition, match="cannot be held"):
        await night.actions.hold(job.id, who="Kim")
    with pytest.raises(IllegalTransition, match="cannot be released together"):
        await night.actions.release_all(None, Reason.OUTCOME_UNKNOWN, who="Kim")
    assert await night.actions.release_all(None, Reason.HELD_BY_USER, who="Kim") == (1, 0)
    assert await night.state(job) == WAITS


async def test_what_cannot_be_released_with_its_group_is_left(night: Night) -> None:
    jobs = [await night.take() for _ in range(3)]
    for job in jobs:
        await night.actions.hold(job.id, who="Kim")
    await night.store.move(
        jobs[1].id, JobState.HELD, Reason.HELD_BY_USER, "gone", 1.0, printer=None, requested_printer="gone"
    )
    assert await night.actions.release_all(None, Reason.HELD_BY_USER, who="Kim") == (2, 1)


# In hand


def dies(path: Path, *job_ids: str, limit: int = 3) -> frozenset[str]:
    """A start of labeld that dies with jobs in hand; gives what it held before."""
    hand = InHand(path)
    held = hand.load(limit)
    with contextlib.ExitStack() as stack:
        for job_id in job_ids:
            stack.enter_context(hand.holding(job_id))
        left = path.read_text()
    path.write_text(left)
    return held


def test_a_job_at_which_labeld_dies_each_time_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in-hand.json"
    assert dies(path, "poison", "neighbour") == frozenset()
    assert dies(path, "poison") == frozenset()
    assert dies(path, "poison") == frozenset()
    hand = InHand(path)
    assert hand.load(3) == {"poison"}
    assert hand.deadly("poison")
    assert not hand.deadly("neighbour")
    assert hand.suspect("neighbour")
    with hand.holding("neighbour"):
        pass
    assert not hand.suspect("neighbour")
    assert InHand(path).load(3) == frozenset()  # a person who releases it gives it as many tries again


def test_a_job_that_was_done_with_is_innocent(tmp_path: Path) -> None:
    path = tmp_path / "in-hand.json"
    for _ in range(5):
        dies(path, "job")
        hand = InHand(path)
        hand.load(3)
        with hand.holding("job"):
            pass
    assert InHand(path).load(2) == frozenset()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hand": 3}', '{"hand": [], "deaths": {"a": "x"}}', "[" * 100_000])
def test_a_file_that_is_damaged_is_begun_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in-hand.json"
    path.write_text(text)
    assert dies(path, "job") == frozenset()
    assert InHand(path).load(2) == frozenset()


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    hand = InHand(tmp_path / "missing" / "in-hand.json")
    assert hand.load(3) == frozenset()
    with hand.holding("job"):
        assert not hand.suspect("job")
