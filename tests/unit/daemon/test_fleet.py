"""Printers that come and go: nothing waits unseen for one that is gone, and nothing that is gone is asked for."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labeld.config.printers import PrinterSettings
from labeld.config.settings import Settings
from labeld.daemon.errors import StoreUnavailable
from labeld.daemon.events import from_json
from labeld.daemon.fleet import Fleet
from labeld.daemon.job import Job, JobState, Reason, new_job_id
from labeld.daemon.orphans import hold_orphans
from labeld.daemon.printers import Printers
from labeld.daemon.routing import Route
from labeld.daemon.spooler import Spooler
from labeld.daemon.store import Attempt, NewJob, Store

PATIENCE = 30.0
ONE = Settings.model_validate({"printers": {"zebra": {"uri": "socket://127.0.0.1:9101"}}})


def nobody(name: str, _printer: PrinterSettings) -> Spooler:
    raise AssertionError(f"nobody prints on {name} here")


class Rig:
    """A fleet without writers over a real store."""

    def __init__(self, path: Path) -> None:
        self.gone: list[str] = []
        self.told: list[Settings] = []
        self.changes: asyncio.Queue[Job] = asyncio.Queue()
        self.store = Store(path, topic_prefix="p", changed=self._changed)
        self.printers = Printers(ONE.printers)
        self.fleet = Fleet(ONE, nobody, self.store, self.printers, [self.told.append], self.gone.append, lambda: 9.0)

    def _changed(self, job: Job) -> None:
        self.fleet.job_changed(job)
        self.changes.put_nowait(job)

    async def take(self, number: int, printer: str) -> Job:
        payload = f'{{"event_id": "e{number}", "asset": {{"content": "x"}}}}'.encode()
        event = from_json("t", payload, max_bytes=1000)
        new = NewJob(new_job_id(number, number), event, "test", "t", Route(printer, "only"), float(number))
        return (await self.store.accept(new)).job


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path / "labeld.sqlite3")
    async with made.store:
        yield made


async def test_what_waits_for_a_printer_that_goes_is_held(rig: Rig) -> None:
    job = await rig.take(1, "zebra")
    await rig.fleet.apply(Settings())
    held = await rig.store.get(job.id)
    assert (held.state, held.reason, held.printer) == (JobState.HELD, Reason.NO_DESTINATION, None)
    assert (rig.gone, rig.told, list(rig.printers)) == (["zebra"], [Settings()], [])
    # whoever was about to draw a label for it learns that it is gone
    assert rig.printers.document_format("zebra") is None


async def test_a_label_that_was_routed_before_its_printer_went_is_held_when_it_is_committed(rig: Rig) -> None:
    await rig.fleet.apply(Settings())
    stop = asyncio.Event()
    running = asyncio.create_task(rig.fleet.run(stop))
    await rig.take(1, "zebra")
    async with asyncio.timeout(PATIENCE):
        while (await rig.changes.get()).state is not JobState.HELD:
            pass
        stop.set()
        await running


async def test_nothing_is_held_for_a_printer_that_is_adopted_again_meanwhile(rig: Rig) -> None:
    jobs = [await rig.take(number, "zebra") for number in range(3)]
    answers = iter([False, False, True])
    assert await hold_orphans(rig.store, lambda _: next(answers), lambda _: False, 9.0)
    states = [(await rig.store.get(job.id)).state for job in jobs]
    assert states == [JobState.HELD, JobState.PENDING, JobState.PENDING]


async def test_a_database_that_fails_is_told_once_and_jobs_are_held_when_it_can_be_written(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await rig.take(1, "zebra")
    tries = itertools.count(1)
    ask = rig.store.open_attempts

    async def fail_twice(printer: str | None = None) -> list[Attempt]:
        if next(tries) <= 2:
            rig.store.health.failed("the database cannot be read: disk I/O error")
            raise StoreUnavailable("disk I/O error")
        return await ask(printer)

    monkeypatch.setattr(rig.store, "open_attempts", fail_twice)
    await rig.fleet.apply(Settings())
    stop = asyncio.Event()
    running = asyncio.create_task(rig.fleet.run(stop))
    async with asyncio.timeout(PATIENCE):
        while (await rig.changes.get()).state is not JobState.HELD:
            pass
        stop.set()
        await running
    assert next(tries) == 4
    said = [record.message for record in caplog.records if "database" in record.message]
    assert [words[:40] for words in said] == [
        "the database cannot be read: disk I/O er",
        "the database can be written again, after",
    ]
    assert {record.name for record in caplog.records} == {"labeld.daemon.store.health"}
