import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from labeld.config.services import RetentionSettings
from labeld.daemon.errors import IllegalTransition, NoSuchJob
from labeld.daemon.events import LabelEvent, from_json
from labeld.daemon.job import Job, JobState, Reason, Removed, new_job_id
from labeld.daemon.notices import read as read_notice
from labeld.daemon.retention import Retention, SteadyClock
from labeld.daemon.routing import Route
from labeld.daemon.store import Artwork, NewJob, Store, schema
from labeld.daemon.store.rows import NewPart, NewReprint

DAY = 86400.0
HERE = Route("zebra", "zebra is the only printer")
ARTWORK = Artwork("zebra", b"^XA^XZ", 1, 812, 1219, 203, ())
KEPT = RetentionSettings(label_days=30, personal_days=90, audit_days=400, message_days=7)
numbers = itertools.count(1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labeld.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with Store(path, topic_prefix="labeld/test") as opened:
        yield opened


def known(event_id: str, tracking: str = "9400100000000000000000") -> LabelEvent:
    payload = (
        f'{{"event_id": "{event_id}", "package_id": "P{tracking}", "order_ids": ["576"], "tags": ["Sample"], '
        f'"tracking_number": "{tracking}", "asset": {{"content": "XlhB"}}}}'
    )
    return from_json("topic", payload.encode(), max_bytes=1000)


async def accepted(store: Store, event: LabelEvent, now: float) -> Job:
    new = NewJob(new_job_id(now, next(numbers)), event, "mqtt", "topic", HERE, now)
    job = (await store.accept(new)).job
    return await store.save_artwork(job.id, ARTWORK, "rendered: tracking number 94001 is there", now)


async def ended(store: Store, event_id: str, now: float) -> Job:
    job = await accepted(store, known(event_id, f"94{next(numbers)}"), now)
    return await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled by somebody", now)


async def keep(store: Store, now: float, kept: RetentionSettings = KEPT) -> None:
    """One round of retention at that time, with a clock that is believed."""
    clock = SteadyClock(lambda: now, lambda: 0.0, even_for=0.0)
    await Retention(store, kept, clock, lambda: None).round(0.0)


def everything(path: Path) -> str:
    """All that is written in the database, as text."""
    with sqlite3.connect(path) as base:
        dump = "\n".join(base.iterdump())
    base.close()
    return dump


async def test_first_the_label_goes_then_what_is_personal_then_the_row(store: Store, path: Path) -> None:
    job = await ended(store, "e-1", 0.0)
    await keep(store, 29 * DAY)
    assert (await store.get(job.id)).removed is None
    await keep(store, 31 * DAY)
    found = await store.get(job.id)
    assert (found.removed, found.tracking_number) == (Removed.LABEL, job.tracking_number)
    assert await store.artwork(job.id) is None
    with pytest.raises(NoSuchJob):
        await store.asset(job.id)
    await keep(store, 91 * DAY)
    found = await store.get(job.id)
    assert found.removed is Removed.PERSONAL
    assert (found.state, found.reason, found.printer, found.updated_at) == (job.state, job.reason, "zebra", 0.0)
    assert [line.words for line in await store.timeline(job.id)] == ["", "", ""]
    left = everything(path)
    personal = ("e-1", str(job.tracking_number), str(job.package_id), "576", "Sample")
    assert not [word for word in personal if word in left]
    await keep(store, 401 * DAY)
    with pytest.raises(NoSuchJob):
        await store.get(job.id)
    assert job.id not in everything(path)


async def test_what_is_open_stays_whole_however_old(store: Store) -> None:
    waiting = await accepted(store, known("e-1", "941"), 0.0)
    held = await accepted(store, known("e-2", "942"), 0.0)
    await store.move(held.id, JobState.HELD, Reason.STALE, "old", 1.0)
    await keep(store, 5000 * DAY)
    for job in (waiting, held):
        assert await store.asset(job.id) == (b"XlhB", None)
        assert (await store.get(job.id)).tracking_number == job.tracking_number
    assert await store.held_since(2.0) == 1


async def test_what_an_open_part_or_reprint_needs_stays(store: Store) -> None:
    whole = (await store.accept(NewJob(new_job_id(0, 1), known("e-1", "941"), "mqtt", "topic", HERE, 0.0))).job
    part = NewPart(new_job_id(0, 2), (2,), "slip", HERE)
    await store.split(whole, (1,), part, "two pages", 0.0)
    await store.move(whole.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 0.0)
    again = await ended(store, "e-2", 0.0)
    new = NewReprint(new_job_id(29 * DAY, 3), again.id, "key", "zebra", "torn", "somebody", 29 * DAY)
    reprint = (await store.reprint(new)).job
    await keep(store, 500 * DAY)
    assert await store.asset(part.id) == (b"XlhB", None)
    assert await store.asset(reprint.id) == (b"XlhB", None)
    for job_id in (part.id, reprint.id):
        await store.move(job_id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled", 500 * DAY)
    await keep(store, 600 * DAY)
    assert [(await store.get(one)).removed for one in (whole.id, again.id)] == [Removed.PERSONAL] * 2


async def test_a_removed_label_is_not_printed_again(store: Store) -> None:
    job = await ended(store, "e-1", 0.0)
    await keep(store, 31 * DAY)
    with pytest.raises(IllegalTransition, match="removed by its age"):
        await store.reprint(NewReprint(new_job_id(32 * DAY, 3), job.id, "key", "zebra", "torn", "me", 32 * DAY))


async def test_an_event_that_comes_again_after_all_is_asked_about(store: Store) -> None:
    await ended(store, "e-1", 0.0)
    await keep(store, 91 * DAY)
    again = await store.accept(NewJob(new_job_id(92 * DAY, 1), known("e-1"), "mqtt", "topic", HERE, 92 * DAY))
    assert (again.duplicate, again.job.state, again.job.reason) == (False, JobState.HELD, Reason.OTHER_PARCEL)
    third = await store.accept(NewJob(new_job_id(93 * DAY, 2), known("e-1"), "mqtt", "topic", HERE, 93 * DAY))
    assert third.duplicate


async def test_the_database_itself_refuses_more(store: Store, path: Path) -> None:
    opened = await accepted(store, known("e-1", "941"), 0.0)
    old = await ended(store, "e-2", 0.0)
    await keep(store, 31 * DAY)
    base = sqlite3.connect(path, isolation_level=None)
    for statement, job in (
        ("UPDATE jobs SET removed = 'label' WHERE id = ?", opened),
        ("UPDATE ledger SET words = '' WHERE job_id = ?", old),
        ("DELETE FROM ledger WHERE job_id = ?", old),
    ):
        with pytest.raises(sqlite3.IntegrityError):
            base.execute(statement, (job.id,))
    await keep(store, 91 * DAY)
    for change in ("words = 'other'", "at = 1, words = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            base.execute(f"UPDATE ledger SET {change} WHERE job_id = ?", (old.id,))  # noqa: S608 - our own words
    base.close()


async def test_refused_events_messages_and_notices_go_too(store: Store, path: Path) -> None:
    for number in range(5):
        await store.reject(source="mqtt", topic="t", payload=b"x", digest=f"d{number}", because="no", now=number * DAY)
    payload = b'{"event_id": "c-1", "package_ids": ["115"], "reason": "canceled"}'
    await store.take_notice(read_notice("canceled", payload), "mqtt", 0.0)
    await keep(store, 33.5 * DAY)
    assert [one.first_at for one in await store.rejections()] == [4 * DAY]
    assert await store.outbox() == []
    await keep(store, 91 * DAY)
    assert "115" not in everything(path)
    for number in range(5):
        await store.reject(source="mqtt", topic="t", payload=b"x", digest=f"e{number}", because="no", now=float(number))
    assert await store.remove_rejections(-1.0, most=3) == 2
    assert len(await store.rejections()) == 3


async def test_a_step_is_bounded_by_number_and_size(store: Store) -> None:
    jobs = [await ended(store, f"e-{number}", float(number)) for number in range(5)]
    assert await store.outlived(None, DAY, limit=2) == [job.id for job in jobs[:2]]
    assert await store.outlived(None, DAY, after=jobs[2].id) == [job.id for job in jobs[3:]]
    assert await store.outlived(None, DAY, size=25) == [job.id for job in jobs[:2]]
    assert await store.outlived(None, DAY, size=1) == [jobs[0].id]


def test_a_clock_is_believed_after_it_ran_evenly() -> None:
    now = {"wall": 1000.0, "monotonic": 0.0}
    clock = SteadyClock(lambda: now["wall"], lambda: now["monotonic"], even_for=600.0)

    def pass_time(seconds: float, jump: float = 0.0) -> float | None:
        now["wall"] += seconds + jump
        now["monotonic"] += seconds
        return clock.now()

    assert pass_time(599) is None
    assert pass_time(1) == 1600
    assert pass_time(10, jump=40 * DAY) is None
    assert pass_time(599) is None
    assert pass_time(1) == now["wall"]
    assert pass_time(1, jump=-40 * DAY) is None


async def test_nothing_is_removed_while_the_clock_is_not_believed(store: Store) -> None:
    job = await ended(store, "e-1", 0.0)
    clock = SteadyClock(lambda: 5000 * DAY, lambda: 0.0)
    await Retention(store, KEPT, clock, lambda: None).round(0.0)
    assert (await store.get(job.id)).removed is None


async def test_room_is_given_back_in_steps(store: Store, path: Path) -> None:
    async with store._engine.begin() as connection:
        rows = [{"topic": "t", "payload": bytes(100_000), "retain": False, "at": 0.0}] * 40
        await connection.execute(insert(schema.outbox), rows)
    full = await store.size()
    assert await store.remove_messages(1.0, limit=100) == 40
    free = (await store.size()).free_bytes
    assert free > 3_900_000
    await store.shrink(10)
    size = await store.size()
    assert (size.bytes, size.free_bytes) == (full.bytes - 10 * 4096, free - 10 * 4096)


def test_a_small_database_of_before_learns_to_shrink(path: Path) -> None:
    from labeld.daemon.store.engine import migrate

    migrate(path)
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode=DELETE")
    base.execute("PRAGMA auto_vacuum=NONE")
    base.execute("VACUUM")
    assert base.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    base.close()
    migrate(path)
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    base.close()


async def test_the_log_is_bounded_and_what_is_deleted_overwritten(store: Store) -> None:
    async with store._engine.connect() as connection:
        values = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_size_limit", "wal_autocheckpoint", "secure_delete", "synchronous")
        }
    assert values == {"journal_size_limit": 16 << 20, "wal_autocheckpoint": 1000, "secure_delete": 1, "synchronous": 2}


async def test_a_fault_in_removing_ends_no_daemon(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def fail(*_: object, **__: object) -> list[str]:
        asked.set()
        raise ValueError("a bug")

    monkeypatch.setattr(store, "outlived", fail)
    clock = SteadyClock(lambda: 1.0, lambda: 0.0, even_for=0.0)
    work = asyncio.create_task(Retention(store, KEPT, clock, lambda: None).run())
    await asyncio.wait_for(asked.wait(), 10)
    await asyncio.sleep(0.01)
    assert not work.done()
    work.cancel()


async def test_what_came_while_the_clock_was_ahead_is_kept_no_longer(store: Store) -> None:
    """Its id, and those of some after it, are younger than it is."""
    event = known("ahead")
    new = NewJob(store.new_id(400 * DAY), event, "mqtt", "topic", HERE, DAY)
    job = (await store.accept(new)).job
    await store.move(job.id, JobState.CANCELED, Reason.CANCELED_BY_USER, "canceled by somebody", DAY)
    clock = SteadyClock(lambda: 40 * DAY, lambda: 0.0, even_for=0.0)
    retention = Retention(store, KEPT, clock, lambda: None)
    await retention.round(0.0)
    assert (await store.get(job.id)).removed is None
    await retention.round(0.0, all_ids=True)
    assert (await store.get(job.id)).removed is Removed.LABEL
