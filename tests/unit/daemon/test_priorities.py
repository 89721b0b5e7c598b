"""A label of high priority waits for nothing but what is at hand, however long the queue is."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.fetching import nothing_fetched

from labeld.config.settings import Settings
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.in_hand import InHand
from labeld.daemon.intake import Intake
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.parting import Parting
from labeld.daemon.preparer import Preparer
from labeld.daemon.printers import Printers
from labeld.daemon.rendering.pool import RenderPool
from labeld.daemon.store import Artwork, Store

PATIENCE = 60.0
SETTINGS = Settings.model_validate(
    {
        "render": {"workers": 1},
        "printers": {name: {"uri": f"socket://127.0.0.1:{port}"} for port, name in enumerate("abc", 9101)},
        "groups": {"all": {"printers": ["a", "b", "c"]}},
    }
)


class Desk:
    """A backlog, and the preparer that works on it; `drawn` are its jobs in the order in which they were."""

    def __init__(self, folder: Path, pool: RenderPool, settings: Settings = SETTINGS) -> None:
        self.drawn: list[Job] = []
        self.store = Store(folder / "labeld.sqlite3", topic_prefix="p", changed=self._changed)
        printers = Printers(SETTINGS.printers)
        self.ticks = 0.0
        dispatcher = Dispatcher(SETTINGS, self.store, printers, lambda: 1.0)
        self.intake = Intake(SETTINGS, self.store, dispatcher, self._tick, nothing_fetched(SETTINGS))
        parting = Parting(self.store, pool, dispatcher, lambda: 1.0)
        in_hand = InHand(folder / "in-hand.json")
        self.preparer = Preparer(settings, self.store, pool, printers, lambda: 1.0, lambda: 1.0, parting, in_hand)

    def _tick(self) -> float:
        self.ticks += 1
        return self.ticks

    def _changed(self, job: Job) -> None:
        if job.reason == Reason.QUEUED:
            self.drawn.append(job)
        self.preparer.poke(job)

    async def take(self, **fields: object) -> Job:
        payload = json.dumps({"asset": {"content": "^XA^FO9,9^GB9,9,9^FS^XZ"}, "tags": [str(self.ticks)]} | fields)
        return (await self.intake.json(payload.encode(), source="t", topic="t")).job

    async def until_drawn(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.drawn) < count:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.001)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with RenderPool(SETTINGS.render) as pool:
        made = Desk(tmp_path, pool)
        async with made.store:
            yield made


@pytest.mark.parametrize("backlog", [3, 40])
async def test_an_urgent_label_is_drawn_next_in_whatever_queue(desk: Desk, backlog: int) -> None:
    for _ in range(backlog):
        for printer in "abc":
            await desk.take(printer=printer)
    work = asyncio.create_task(desk.preparer.run())
    await desk.until_drawn(1)
    before = len(desk.drawn)
    urgent = await desk.take(printer="c", priority=100)
    drawn = len(desk.drawn)
    await desk.until_drawn(drawn + 3)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    # what was drawn while it was committed, the one at hand, and the one that was chosen just before
    assert urgent.id in [job.id for job in desk.drawn[before : drawn + 2]]


async def test_an_urgent_label_of_a_group_is_the_first_of_its_printer(desk: Desk) -> None:
    for _ in range(30):
        await desk.take(printer="all")
    urgent = await desk.take(printer="all", priority=100)
    assert urgent.printer is not None
    assert (await desk.store.queue(urgent.printer))[0].id == urgent.id


async def test_the_next_label_of_a_queue_is_found_without_looking_at_the_others(desk: Desk) -> None:
    async with desk.store._engine.connect() as connection:
        plan = await connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT * FROM jobs WHERE state = 'pending' AND printer = 'a' AND id NOT IN ('x')"
                " ORDER BY priority DESC, id LIMIT 1"
            )
        )
        steps = [row.detail for row in plan]
    assert steps == ["SEARCH jobs USING INDEX ix_jobs_queue (state=? AND printer=?)"]


async def test_a_fault_after_a_label_is_drawn_leaves_it_to_its_printer(desk: Desk) -> None:
    """Held as a failure it could be released, while it is on its way to paper."""
    job = await desk.take(printer="a")
    await desk.store.save_artwork(job.id, Artwork("z", b"^XA^XZ", 1, 8, 8, 203, ()), "drawn", 1.0)
    await desk.store.begin_attempt(
        job.id, printer="a", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=2.0
    )
    await desk.preparer._put_aside(job, ValueError("a bug"))
    assert (await desk.store.get(job.id)).state is JobState.PROCESSING


async def test_labels_that_keep_coming_for_one_printer_starve_no_other(desk: Desk) -> None:
    """Whichever printer is named first, and though they are urgent."""
    for _ in range(3):
        await desk.take(printer="a", priority=60)
    late = await desk.take(printer="c")
    order: list[str] = []
    for _ in range(3):
        job = await desk.preparer._next()
        assert job is not None
        order.append(job.id)
        desk.preparer._begun[job.id] = 0.0
        await desk.take(printer="a", priority=60)
    assert late.id in order


async def test_only_the_queue_that_changed_is_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for printer in "abc":
        await desk.take(printer=printer)
    asked: list[str] = []
    waiting = desk.preparer._waiting

    async def ask(name: str) -> list[Job]:
        asked.append(name)
        return await waiting(name)

    monkeypatch.setattr(desk.preparer, "_waiting", ask)
    first = await desk.preparer._next()
    assert first is not None
    assert sorted(asked) == ["a", "b", "c"]
    await desk.take(printer="b")
    assert await desk.preparer._next() is not None
    assert asked[3:] == ["b"]


async def test_a_label_that_is_moved_while_it_is_drawn_is_drawn_for_its_new_printer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render, begun, gate = RenderPool.render, asyncio.Event(), asyncio.Event()

    async def slow(self: RenderPool, *arguments: object) -> object:
        begun.set()
        await gate.wait()
        return await render(self, *arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(RenderPool, "render", slow)
    two = SETTINGS.model_copy(update={"render": SETTINGS.render.model_copy(update={"workers": 2})})
    async with RenderPool(two.render) as pool:
        desk = Desk(tmp_path, pool, two)
        async with desk.store, asyncio.timeout(PATIENCE):
            running = asyncio.create_task(desk.preparer.run())
            job = await desk.take(printer="a")
            await begun.wait()
            await desk.store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, "moved", 1.0, printer="b")
            while desk.preparer._outdated:  # noqa: ASYNC110 - looked at while it is still drawn for the other one
                await asyncio.sleep(0.001)
            gate.set()
            await desk.until_drawn(1)
            assert desk.drawn[0].printer == "b"
            running.cancel()
            await asyncio.wait([running])
