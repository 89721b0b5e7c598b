"""What events withdraw is taken back at once, and what labeld fails on stays where it is."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from labeld.config.settings import Settings
from labeld.daemon.actions import Actions
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.errors import StoreUnavailable
from labeld.daemon.events import from_json
from labeld.daemon.job import Job, JobState, Reason, new_job_id
from labeld.daemon.notices import read
from labeld.daemon.parcel_keeper import ParcelKeeper
from labeld.daemon.printers import Printers
from labeld.daemon.rendering.pool import RenderPool
from labeld.daemon.routing import Route
from labeld.daemon.store import Artwork, NewJob, Store

SETTINGS = Settings.model_validate({"printers": {"zebra": {"uri": "socket://127.0.0.1:9100"}}})
Recall = Callable[[Job, str], Awaitable[Job]]


class Desk:
    """A keeper whose drawing of labels does not end, and whose printer answers as a test says."""

    def __init__(self, path: Path) -> None:
        self.recall: Recall
        self.recalled: list[str] = []
        self.answered: list[str] = []
        self.compared: list[str] = []
        self.store = Store(path, topic_prefix="p", changed=lambda job: self.keeper.job_changed(job))
        dispatcher = Dispatcher(SETTINGS, self.store, Printers(SETTINGS.printers), lambda: 9.0)
        actions = Actions(self.store, dispatcher, self._recall, lambda: 9.0)
        pool = RenderPool(SETTINGS.render)
        pool.looks = self._looks  # type: ignore[method-assign]
        self.keeper = ParcelKeeper(self.store, pool, actions, 1000, lambda: 9.0)

    async def _recall(self, job: Job, because: str) -> Job:
        self.recalled.append(job.id)
        asked = await self.recall(job, because)
        self.answered.append(job.id)
        return asked

    async def _looks(self, asset: bytes, **_: object) -> dict[int, str]:
        self.compared.append(asset.decode())
        await asyncio.Event().wait()
        return {}

    async def take(self, number: int, package: str) -> Job:
        fields = {"event_id": f"e{number}", "package_id": package, "asset": {"content": f"label {number}"}}
        event = from_json("t", json.dumps(fields).encode(), max_bytes=1000)
        new = NewJob(new_job_id(number, number), event, "test", "t", Route("zebra", "only"), float(number))
        return (await self.store.accept(new)).job

    async def under_way(self, number: int, package: str) -> Job:
        job = await self.take(number, package)
        await self.store.save_artwork(job.id, Artwork("z", b"^XA^XZ", 1, 8, 8, 203, ()), "drawn", 1.0)
        await self.store.begin_attempt(
            job.id, printer="zebra", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=2.0
        )
        return job

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not done():  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.005)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path / "labeld.sqlite3")
    async with made.store:
        work = asyncio.create_task(made.keeper.run())
        yield made
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def canceled(desk: Desk, package: str) -> None:
    notice = read("canceled", json.dumps({"package_ids": [package]}).encode())
    await desk.store.take_notice(notice, "test", 5.0)


async def test_what_is_under_way_is_taken_back_though_much_waits_to_be_compared(desk: Desk) -> None:
    async def answer(job: Job, because: str) -> Job:
        return await desk.store.move(job.id, job.state, Reason.BEING_CANCELED, because, 6.0, was=job)

    desk.recall = answer
    sent = await desk.under_way(1, "P0")
    for number in range(2, 12):
        await desk.take(number, f"P{number // 2}")
    await desk.until(lambda: len(desk.compared) == 2)
    await canceled(desk, "P0")
    await desk.until(lambda: bool(desk.answered))
    assert (await desk.store.get(sent.id)).being_canceled
    assert len(desk.compared) == 2


async def test_a_database_that_fails_for_a_moment_does_not_let_a_canceled_label_go(desk: Desk) -> None:
    async def fail_once(job: Job, because: str) -> Job:
        if len(desk.recalled) == 1:
            raise StoreUnavailable("a disk that is full for a moment")
        return await desk.store.move(job.id, job.state, Reason.BEING_CANCELED, because, 6.0, was=job)

    desk.recall = fail_once
    sent = await desk.under_way(1, "P0")
    await canceled(desk, "P0")
    await desk.until(lambda: bool(desk.answered))
    assert len(desk.recalled) == 2
    assert (await desk.store.get(sent.id)).being_canceled


async def test_a_fault_of_labeld_while_it_takes_back_leaves_a_label_to_its_printer(desk: Desk) -> None:
    """Held as another label of its parcel it could be released, while it is on its way to paper."""

    async def fail(_job: Job, _because: str) -> Job:
        raise ValueError("a bug")

    desk.recall = fail
    sent = await desk.under_way(1, "P0")
    await canceled(desk, "P0")
    await desk.until(lambda: bool(desk.recalled))
    await asyncio.sleep(0.05)
    assert (await desk.store.get(sent.id)).state is JobState.PROCESSING
