"""One printer's writer against the simulated Zebra and its faults, with a real database, in this process."""

import asyncio
from typing import Any

import pytest

from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.orphans import hold_orphans
from labeld.daemon.store import Store
from labeld.daemon.witness import _as_witnessed
from labeld.drivers.evidence import Level, Outcome, Verdict
from labeld.drivers.raw import RawSession
from labeld.drivers.virtual.server import VirtualPrinter

from .spooler_floor import CLOCKS, LIMITS, ZPL, Floor


async def test_a_silent_printer_gets_nothing_until_it_answers(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra)
    async with floor.running():
        await floor.until(await floor.job(1), JobState.COMPLETED)
    zebra.set_fault("silent")
    before = zebra.received
    job = await floor.job(2)
    async with floor.running():
        await floor.said("no answer")
        assert (await store.get(job.id)).state is JobState.PENDING
        assert zebra.received == before
        zebra.clear_fault("silent")
        done = await floor.until(job, JobState.COMPLETED)
    assert (done.outcome, zebra.odometer) == (Outcome.CONFIRMED, 2)


async def test_a_printer_that_is_not_to_be_asked_is_only_sent_to(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra, ask=False)
    job = await floor.job()
    async with floor.running():
        done = await floor.until(job, JobState.COMPLETED)
    await zebra.wait_printed(1)
    assert (done.outcome, done.level, done.reason) == (Outcome.UNKNOWN, Level.SENT, Reason.COMPLETED_UNCOUNTED)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"serial": "ANOTHER"}, "printer-identity-mismatch"),
        ({"resolution": 300}, "printer-resolution-mismatch"),
    ],
)
async def test_a_printer_that_is_not_the_configured_one_gets_nothing(
    store: Store, zebra: VirtualPrinter, settings: dict[str, Any], reason: str
) -> None:
    floor = Floor(store, zebra, **settings)
    job = await floor.job()
    async with floor.running():
        await floor.stopped_for(reason)
        assert (await store.get(job.id)).state is JobState.PENDING
    assert (zebra.received, zebra.odometer) == (0, 0)


async def test_what_is_past_its_time_is_held(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra)
    job = await floor.job(useful_until="2020-01-01T00:00:00Z")
    async with floor.running():
        held = await floor.until(job, JobState.HELD)
    assert (held.reason, zebra.odometer) == (Reason.STALE, 0)


async def test_a_fault_of_labeld_holds_one_job_and_the_next_one_prints(
    store: Store, zebra: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = Floor(store, zebra)
    first, second = await floor.job(1), await floor.job(2)
    send = RawSession.send

    async def fail_once(session: RawSession, payload: bytes) -> None:
        monkeypatch.setattr(RawSession, "send", send)
        raise ValueError("a bug")

    monkeypatch.setattr(RawSession, "send", fail_once)
    async with floor.running():
        held = await floor.until(first, JobState.HELD)
        await floor.until(second, JobState.COMPLETED)
    assert (held.outcome, held.message) == (Outcome.UNKNOWN, "labeld failed on this label: ValueError: a bug")
    assert zebra.odometer == 1


async def test_a_bug_after_the_outcome_leaves_the_question_as_it_is(store: Store, zebra: VirtualPrinter) -> None:
    """Held as a failure, it could be released, and a label that may be on paper would be printed again."""
    floor = Floor(store, zebra)
    zebra.set_fault("no-counter")
    zebra.set_fault("power-cycle")
    job = await floor.job()

    async def fail(*_: object) -> None:
        raise ValueError("a bug")

    async with floor.running() as spooler:
        spooler._breaker.ended = fail  # type: ignore[method-assign, assignment]
        await floor.until(job, JobState.HELD)
        await floor.until(await floor.job(2), JobState.COMPLETED)
    held = await store.get(job.id)
    assert (held.state, held.reason) == (JobState.HELD, Reason.OUTCOME_UNKNOWN), held


async def test_a_printer_power_cycled_with_a_label_in_it_has_not_printed(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra)
    zebra.set_fault("power-cycle")
    job = await floor.job()
    async with floor.running():
        held = await floor.until(job, JobState.HELD)
    assert (held.outcome, zebra.odometer) == (Outcome.NOT_PRINTED, 0)


async def test_half_a_label_left_by_others_is_cancelled_first(store: Store, zebra: VirtualPrinter) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", zebra.port)
    writer.write(b"^XA^FO0,0^GB800,1200,600")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    floor = Floor(store, zebra)
    job = await floor.job()
    async with floor.running():
        done = await floor.until(job, JobState.COMPLETED)
    (label,) = await zebra.wait_labels(1)
    assert (done.outcome, label.zpl) == (Outcome.CONFIRMED, ZPL)


async def test_labels_of_others_in_the_printer_are_waited_for_and_said(store: Store) -> None:
    async with VirtualPrinter(port=0, serial="SLOW", seconds_per_label=1.5) as slow:
        await send(slow, ZPL.replace(b"^XZ", b"^PQ2^XZ"))
        floor = Floor(store, slow)
        job = await floor.job()
        async with floor.running():
            await floor.stopped_for("other")
            assert floor.printers["zebra"].message.startswith("other labels are still waiting in it")
            assert (await store.get(job.id)).state is JobState.PENDING
            done = await floor.until(job, JobState.COMPLETED)
        assert (done.outcome, slow.odometer) == (Outcome.CONFIRMED, 3)


async def test_an_open_intent_of_a_lost_printer_is_asked_about(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra)
    job = await floor.job()
    await store.begin_attempt(
        job.id, printer="zebra", serial="S", payload_sha256="0" * 64, labels=1, odometer=1, now=1.0
    )
    waiting = await floor.job(2)
    assert await hold_orphans(store, lambda _: False, lambda _: False, CLOCKS.wall())
    held = await store.get(job.id)
    assert (held.state, held.reason) == (JobState.HELD, Reason.OUTCOME_UNKNOWN)
    assert (await store.get(waiting.id)).reason == Reason.NO_DESTINATION
    assert await store.open_attempts() == []


def test_an_empty_printer_without_counter_proves_nothing_if_it_was_out_of_sight() -> None:
    drained = Verdict(Outcome.UNKNOWN, Level.DRAINED, "it is empty")
    assert _as_witnessed(drained, interrupted=False) is drained
    assert _as_witnessed(drained, interrupted=True).level is Level.NONE
    counted = Verdict(Outcome.CONFIRMED, Level.COUNTED, "it counted")
    assert _as_witnessed(counted, interrupted=True) is counted


async def interrupted(floor: Floor, number: int = 1) -> Job:
    """A job whose daemon died after it journaled the intent; whether a byte left, nobody wrote down."""
    job = await floor.job(number)
    serial, odometer = floor.zebra.serial, floor.zebra.odometer
    await floor.store.begin_attempt(
        job.id, printer="zebra", serial=serial, payload_sha256="0" * 64, labels=1, odometer=odometer, now=1.0
    )
    return job


async def send(zebra: VirtualPrinter, data: bytes) -> None:
    """What a dead daemon's kernel still delivers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", zebra.port)
    writer.write(data)
    writer.write_eof()
    await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_an_interrupted_label_that_came_out_is_confirmed_by_the_counter(
    store: Store, zebra: VirtualPrinter
) -> None:
    floor = Floor(store, zebra)
    job = await interrupted(floor)
    await send(zebra, ZPL)
    async with floor.running():
        done = await floor.until(job, JobState.COMPLETED)
    assert (done.outcome, done.level, zebra.odometer) == (Outcome.CONFIRMED, Level.COUNTED, 1)


async def test_an_interrupted_label_that_did_not_come_out_prints_once_if_the_counter_is_trusted(
    store: Store, zebra: VirtualPrinter
) -> None:
    floor = Floor(store, zebra)
    async with floor.running():
        await floor.until(await floor.job(1), JobState.COMPLETED)
    job = await interrupted(floor, 2)
    async with floor.running():
        done = await floor.until(job, JobState.COMPLETED)
    assert (done.outcome, zebra.odometer) == (Outcome.CONFIRMED, 2)


async def test_an_interrupted_label_is_not_sent_again_because_the_counter_is_not_told(
    store: Store, zebra: VirtualPrinter
) -> None:
    floor = Floor(store, zebra, "zebra", LIMITS.model_copy(update={"silence_seconds": 1.0}))
    async with floor.running():
        await floor.until(await floor.job(1), JobState.COMPLETED)
    job = await interrupted(floor, 2)
    await send(zebra, ZPL)
    zebra.set_fault("no-counter")
    async with floor.running():
        held = await floor.until(job, JobState.HELD, JobState.COMPLETED)
    assert (held.reason, zebra.odometer) == (Reason.OUTCOME_UNKNOWN, 2)


async def test_an_interrupted_label_is_asked_about_where_the_counter_was_never_seen_to_move(
    store: Store, zebra: VirtualPrinter
) -> None:
    floor = Floor(store, zebra)
    job = await interrupted(floor)
    async with floor.running():
        held = await floor.until(job, JobState.HELD)
    assert (held.reason, zebra.odometer) == (Reason.OUTCOME_UNKNOWN, 0)


async def test_an_interrupted_label_waits_for_its_printer_to_be_switched_on(
    store: Store, zebra: VirtualPrinter
) -> None:
    floor = Floor(store, zebra)
    job = await interrupted(floor)
    await send(zebra, ZPL)
    await zebra.wait_printed(1)
    await zebra.stop()
    async with floor.running():
        await floor.stopped_for("offline")
        assert (await store.get(job.id)).state is JobState.PROCESSING
        await zebra.start()
        done = await floor.until(job, JobState.COMPLETED)
    assert done.outcome is Outcome.CONFIRMED
