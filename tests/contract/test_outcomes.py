"""From the payload to the verdict: driver, simulated Zebra and `judge` together, with one thing wrong at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from labeld.drivers.errors import ConnectionLost, PrinterStalled
from labeld.drivers.evidence import Level, Outcome, Patience, Verdict, judge
from labeld.drivers.printer import Observation, PrinterState
from labeld.drivers.raw import RawDriver, RawSession
from labeld.drivers.virtual import Fault, FaultKind, VirtualPrinter

PATIENCE = Patience(settle=1, silence=5, motion=1, printing=5)


def label(copies: int = 1) -> bytes:
    return b"^XA^FO10,10^GB100,100,4^FS^PQ%d^XZ" % copies


def no_picture(*_: object) -> tuple[None, tuple[str, ...]]:
    return None, ()


@asynccontextmanager
async def twin(
    *faults: str, progress_timeout: float = 10, reply_timeout: float = 10
) -> AsyncIterator[tuple[VirtualPrinter, RawDriver]]:
    parsed = [Fault.parse(fault) for fault in faults]
    async with VirtualPrinter(
        port=0, seconds_per_label=0, draw=no_picture, faults=parsed, buffer_bytes=65536
    ) as printer:
        yield (
            printer,
            RawDriver(
                "127.0.0.1",
                printer.port,
                connect_timeout=10,
                progress_timeout=progress_timeout,
                reply_timeout=reply_timeout,
                close_timeout=10,
            ),
        )


def settled(before: Observation, after: Observation, labels: int) -> Verdict | None:
    """The verdict when nothing moved for longer than `settle`."""
    return judge(before, after, labels, still=2, silent=0, patience=PATIENCE)


async def until(session: RawSession, wanted: Callable[[Observation], bool]) -> Observation:
    while True:
        if wanted(seen := await session.observe()):
            return seen


async def test_a_batch_is_confirmed_by_the_counter() -> None:
    async with twin() as (printer, driver), driver.connect() as session:
        before = await session.observe()
        await session.send(label(3))
        await printer.wait_printed(3)
        verdict = judge(before, await session.observe(), 3, still=0, silent=0, patience=PATIENCE)
    assert verdict is not None
    assert (verdict.outcome, verdict.level) == (Outcome.CONFIRMED, Level.COUNTED)


async def test_a_printer_that_swallows_did_not_print() -> None:
    async with twin("swallow") as (printer, driver), driver.connect() as session:
        before = await session.observe()
        await session.send(label())
        after = await session.observe()
        assert printer.received == len(label())
    assert after.odometer == before.odometer
    verdict = settled(before, after, 1)
    assert verdict is not None
    assert verdict.outcome is Outcome.NOT_PRINTED


@pytest.mark.parametrize(
    ("kind", "reason"), [("media-empty", "media-empty"), ("cover-open", "cover-open"), ("paused", "paused")]
)
async def test_a_batch_stops_and_continues_when_the_fault_is_mended(kind: str, reason: str) -> None:
    async with twin(f"{kind}@2") as (printer, driver), driver.connect() as session:
        before = await session.observe()
        await session.send(label(5))
        stopped = await until(session, lambda seen: seen.status.state is PrinterState.STOPPED)
        assert stopped.status.reasons == frozenset({reason})
        assert (stopped.odometer, stopped.status.labels_remaining) == (2, 3)
        assert settled(before, stopped, 5) is None
        printer.clear_fault(kind)
        await printer.wait_printed(5)
        after = await session.observe()
    verdict = settled(before, after, 5)
    assert verdict is not None
    assert verdict.outcome is Outcome.CONFIRMED
    assert printer.odometer == 5


async def test_zebras_silence_about_blocked_states_is_bridged_by_the_extended_status() -> None:
    async with (
        twin("media-empty", "silent-when-blocked", reply_timeout=1) as (printer, driver),
        driver.connect() as session,
    ):
        seen = await session.observe()
        assert (seen.status.state, seen.status.reasons) == (PrinterState.STOPPED, frozenset({"media-empty"}))
        assert (seen.identity.serial, seen.odometer) == (printer.serial, 0)
        printer.clear_fault(FaultKind.MEDIA_EMPTY)
        assert (await session.observe()).status.state is PrinterState.IDLE


async def test_a_silent_printer_is_unknown_and_its_label_too() -> None:
    async with twin("silent", reply_timeout=0.05) as (printer, driver), driver.connect() as session:
        before = await session.observe()
        await session.send(label())
        await printer.wait_printed(1)
        after = await session.observe()
    assert before.status.state is after.status.state is PrinterState.UNKNOWN
    verdict = judge(before, after, 1, still=0, silent=0, patience=PATIENCE)
    assert verdict is not None
    assert (verdict.outcome, verdict.level) == (Outcome.UNKNOWN, Level.SENT)


async def test_a_reset_while_sending_tells_what_may_have_arrived() -> None:
    payload = b"^XA^FD" + b"x" * 4_000_000 + b"^FS^XZ"
    async with twin("reset-after=100000") as (printer, driver):
        with pytest.raises(ConnectionLost) as caught:
            async with driver.connect() as session:
                await session.send(payload)
        assert printer.received <= caught.value.sent < len(payload)
        assert caught.value.sent > 0
        assert printer.odometer == 0


async def test_a_printer_that_stops_reading_is_stalled_not_waited_for() -> None:
    async with twin("media-empty", progress_timeout=0.3) as (printer, driver):
        with pytest.raises(PrinterStalled) as caught:
            async with driver.connect() as session:
                await session.send(label() + b"^XA^FD" + b"x" * 4_000_000 + b"^FS^XZ")
        assert caught.value.reason == "timed-out"
        assert printer.received <= caught.value.sent < 4_000_000


async def test_a_slow_printer_is_not_stalled() -> None:
    """The whole takes several times the limit; each byte taken is progress."""
    async with twin("slow-reader=250000", progress_timeout=1) as (printer, driver):
        async with driver.connect() as session:
            await session.send(b"^XA^FD" + b"x" * 800_000 + b"^FS^XZ")
        await printer.wait_printed(1)
    assert printer.odometer == 1


async def test_a_power_cycle_loses_the_buffer_and_keeps_the_counter() -> None:
    async with twin("power-cycle@1") as (_, driver):
        with pytest.raises(ConnectionLost) as caught:
            async with driver.connect() as session:
                before = await session.observe()
                await session.send(label(3))
                await until(session, lambda _: False)
        assert caught.value.sent == len(label(3))
        async with driver.connect() as session:
            after = await session.observe()
    assert after.odometer == 1
    verdict = settled(before, after, 3)
    assert verdict is not None
    assert (verdict.outcome, verdict.level) == (Outcome.UNKNOWN, Level.NONE)


async def test_a_power_cycle_on_arrival_prints_nothing() -> None:
    async with twin("power-cycle") as (printer, driver):
        with pytest.raises(ConnectionLost):
            async with driver.connect() as session:
                before = await session.observe()
                await session.send(label())
                await until(session, lambda _: False)
        async with driver.connect() as session:
            after = await session.observe()
    assert (before.odometer, after.odometer, printer.odometer) == (0, 0, 0)


async def test_a_label_in_diagnostic_mode_is_never_confirmed() -> None:
    async with twin("hex-dump") as (printer, driver), driver.connect() as session:
        before = await session.observe()
        assert (before.status.ready, before.status.reasons) == (False, frozenset({"diagnostic-mode"}))
        await session.send(label())
        await printer.wait_printed(1)
        verdict = settled(before, await session.observe(), 1)
    assert verdict is not None
    assert verdict.outcome is Outcome.UNKNOWN


async def test_the_next_conversation_waits_for_the_one_before() -> None:
    async with twin() as (printer, driver), driver.connect() as first:
        await first.observe()
        async with RawDriver("127.0.0.1", printer.port, reply_timeout=0.05).connect() as second:
            assert (await second.observe()).status.state is PrinterState.UNKNOWN
        assert (await first.observe()).status.state is PrinterState.IDLE


async def test_each_byte_acknowledged_is_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's queue falls three times and then no more: the stall is called after that, not before."""
    queue = iter([100, 90, 80, 70, 70])
    async with twin("media-empty", progress_timeout=0.02) as (_, driver):
        with pytest.raises(PrinterStalled):
            async with driver.connect() as session:
                await session.send(b"^XA^FD" + b"x" * 9000 + b"^FS^XZ")
                monkeypatch.setattr(session, "_unacknowledged", lambda: next(queue))
                monkeypatch.setattr(session._writer, "drain", asyncio.Event().wait)
                await session._drain()
    assert list(queue) == []
