"""What is learned of a printer, what is asked of it, and how long it is waited for: with the simulated Zebra."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from labeld.daemon import spooler as spooler_module
from labeld.daemon import witness as witness_module
from labeld.daemon.errors import StoreUnavailable
from labeld.daemon.job import JobState, Reason
from labeld.daemon.store import Store
from labeld.drivers.evidence import Level, Outcome
from labeld.drivers.printer import Question
from labeld.drivers.profile import Counter, Habit, Profile
from labeld.drivers.profile_words import profile_facts
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE
from .spooler_floor import ZPL, Floor

Z64 = b"^XA^FO0,0^GFA,24,24,3,:Z64:eJz7/x8CAA/eA/0=:810D^FS^XZ"


async def kept(store: Store, zebra: VirtualPrinter) -> Profile:
    """What is on disk of a printer once it was looked at in idleness, which asks most."""
    async with asyncio.timeout(PATIENCE):
        while True:
            learned = await store.profile(zebra.serial)
            if learned is not None and Question.EXTENDED in learned.habits:
                return learned
            await asyncio.sleep(0.01)


async def test_twenty_labels_make_a_profile_that_outlives_the_daemon(
    store: Store, zebra: VirtualPrinter, tmp_path: Path
) -> None:
    floor = Floor(store, zebra)
    jobs = [await floor.job(number, Z64) for number in range(1, 21)]
    jobs.append(await floor.job(21, ZPL.replace(b"^XZ", b"^PQ5^XZ"), labels=5))
    async with floor.running():
        for job in jobs:
            await floor.until(job, JobState.COMPLETED)
        learned = await kept(store, zebra)
    assert learned == await store.profile_at(f"zebra {zebra.uri}")
    assert learned.identity.model == "ZTC ZD421-203dpi ZPL"
    assert learned.counter is Counter.MOVED
    assert set(learned.encodings) == {"z64"}
    asked = {question for question, habit in learned.habits.items() if habit.answered_at is not None}
    assert asked >= {Question.IDENTIFICATION, Question.STATUS, Question.VARIABLES}
    assert dict(profile_facts(learned))["label counter"].startswith("was seen to move")


async def test_a_label_keeps_its_evidence(store: Store, zebra: VirtualPrinter) -> None:
    floor = Floor(store, zebra)
    job = await floor.job()
    async with floor.running():
        await floor.until(job, JobState.COMPLETED)
    (attempt,) = await store.attempts(job.id)
    assert (attempt.serial, attempt.odometer_before, attempt.odometer_after) == (zebra.serial, 0, 1)
    assert (attempt.outcome, attempt.level) == (Outcome.CONFIRMED, Level.COUNTED)
    assert (attempt.state_before, attempt.state_after) == ("idle", "idle")
    assert attempt.sent_at is not None
    assert attempt.ended_at is not None
    assert attempt.started_at <= attempt.sent_at <= attempt.ended_at


async def test_a_printer_that_prints_questions_is_asked_once_and_not_again_after_a_restart(
    store: Store, zebra: VirtualPrinter
) -> None:
    zebra.set_fault("line-mode")
    job = await Floor(store, zebra).job()
    for _ in range(3):
        floor = Floor(store, zebra)
        async with floor.running():
            await floor.said("never answered")
    probe = await zebra.wait_labels(2)
    assert [label.zpl for label in probe] == [b'! U1 getvar "device.languages"', b"~HI"]
    assert all(label.text for label in probe)
    assert zebra.odometer == 2
    assert (await store.get(job.id)).state is JobState.PENDING


async def test_a_printer_that_was_switched_off_and_on_is_asked_again(store: Store, zebra: VirtualPrinter) -> None:
    zebra.set_fault("line-mode")
    floor = Floor(store, zebra)
    job = await floor.job()
    async with floor.running():
        await floor.said("never answered")
        await zebra.stop()
        await floor.stopped_for("offline")
        zebra.clear_fault("line-mode")
        await zebra.start()
        done = await floor.until(job, JobState.COMPLETED)
    assert done.outcome is Outcome.CONFIRMED


@pytest.mark.parametrize(("language", "words"), [("line_print", "is in line mode"), ("epl", "is set to 'epl'")])
async def test_a_printer_in_another_language_says_so_without_paper_and_goes_on_when_it_is_set_right(
    store: Store, language: str, words: str
) -> None:
    async with VirtualPrinter(port=0, seconds_per_label=0, language=language) as printer:
        floor = Floor(store, printer)
        job = await floor.job()
        async with floor.running():
            await floor.stopped_for("printer-language-mismatch")
            view = floor.printers["zebra"]
            assert words in view.message
            assert "set device.languages to zpl" in (view.advice or "")
            assert (printer.odometer, printer.received) == (0, 0)
            printer.set_language("zpl")
            done = await floor.until(job, JobState.COMPLETED)
        assert (done.outcome, printer.odometer) == (Outcome.CONFIRMED, 1)


async def test_a_printer_without_a_counter_says_so(store: Store, zebra: VirtualPrinter) -> None:
    zebra.set_fault("no-counter")
    floor = Floor(store, zebra)
    job = await floor.job()
    async with floor.running():
        done = await floor.until(job, JobState.COMPLETED)
        learned = await kept(store, zebra)
    assert (done.outcome, done.level, done.reason) == (Outcome.UNKNOWN, Level.DRAINED, Reason.COMPLETED_UNCOUNTED)
    assert "it has no counter" in done.message
    assert learned.counter is Counter.NONE


async def test_no_question_comes_between_the_first_and_the_last_byte(store: Store, zebra: VirtualPrinter) -> None:
    """A printer that takes a label slowly, and a page that wants to know how it is meanwhile."""
    big = b"^XA^FO0,0^GFA,200000,200000,100," + b"0F" * 200_000 + b"^FS^XZ"
    zebra.set_fault("slow-reader=2000000")
    floor = Floor(store, zebra)
    job = await floor.job(1, big)
    async with floor.running() as spooler:
        while (await store.get(job.id)).state is not JobState.COMPLETED:
            spooler.poke()
            spooler.found()
            await asyncio.sleep(0.01)
    (label,) = await zebra.wait_labels(1)
    assert label.zpl == big
    assert zebra.asked["inside"] == 0


async def test_a_big_batch_that_runs_out_of_labels_goes_on_by_itself_and_is_confirmed(
    store: Store, zebra: VirtualPrinter
) -> None:
    zebra.set_fault("media-empty@20")
    floor = Floor(store, zebra)
    job = await floor.job(1, ZPL.replace(b"^XZ", b"^PQ50^XZ"), labels=50)
    async with floor.running():
        stopped = await floor.until(job, JobState.STOPPED)
        assert (stopped.reason, zebra.odometer) == (Reason.PRINTER_STOPPED, 20)
        assert "media empty" in stopped.message
        assert floor.printers["zebra"].reasons == ("media-empty",)
        zebra.clear_fault("media-empty")
        done = await floor.until(job, JobState.COMPLETED)
    assert (done.outcome, done.level, zebra.odometer) == (Outcome.CONFIRMED, Level.COUNTED, 50)
    assert "the printer goes on" in [entry.words for entry in await store.timeline(job.id)]


async def test_an_idle_printer_that_fell_silent_is_asked_ever_less_often(
    store: Store, zebra: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is played: each pause of the spooler ends at once, and is noted with what the printer had heard."""
    floor = Floor(store, zebra)
    job = await floor.job()
    pauses: list[tuple[float, int]] = []
    enough = asyncio.Event()

    async def pause(seconds: float, *_: object) -> None:
        zebra.set_fault("silent")
        pauses.append((seconds, zebra.asked["HI"]))
        if len(pauses) == 10:
            enough.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    monkeypatch.setattr(spooler_module, "_until", pause)
    async with floor.running():
        await floor.until(job, JobState.COMPLETED)
        async with asyncio.timeout(PATIENCE):
            await enough.wait()
    assert [seconds for seconds, _ in pauses] == [10, 20, 40, 80, 160, 320, 600, 600, 600, 600]
    first = pauses[0][1]
    assert [asked - first for _, asked in pauses] == list(range(10))  # one look between two pauses


async def test_a_printer_that_falls_silent_while_printing_is_asked_ever_less_often(
    store: Store, zebra: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    zebra.set_fault("swallow")
    floor = Floor(store, zebra)
    job = await floor.job()
    pauses: list[float] = []
    now = 0.0
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        nonlocal now
        zebra.set_fault("silent")
        pauses.append(seconds)
        now += seconds
        await sleep(0)

    monkeypatch.setattr(witness_module, "_pause", pause)
    floor.limits = floor.limits.model_copy(update={"silence_seconds": 16.0})
    floor.clocks = replace(floor.clocks, monotonic=lambda: now)
    async with floor.running():
        held = await floor.until(job, JobState.HELD)
    assert (held.outcome, held.reason) == (Outcome.UNKNOWN, Reason.OUTCOME_UNKNOWN)
    assert pauses[:9] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56]
    assert set(pauses[9:-1]) == {5.0}
    assert 16 <= sum(pauses) < 16.1  # the last look is when the time is over
    assert zebra.asked["HS"] < 20  # in 16 s; without back-off more than a thousand


async def test_a_printer_in_line_mode_in_place_of_one_without_variables_prints_one_question_at_most(
    store: Store,
) -> None:
    async with VirtualPrinter(port=0, seconds_per_label=0, language="line_print") as printer:
        floor = Floor(store, printer)
        now = floor.clocks.wall()
        spoke = Habit(answered_at=now)
        habits = {Question.IDENTIFICATION: spoke, Question.STATUS: spoke, Question.VARIABLES: Habit(None, 3, now)}
        await store.keep_profile(f"zebra {printer.uri}", Profile(now, now, habits=habits))
        job = await floor.job()
        async with floor.running():
            await floor.stopped_for("printer-language-mismatch")
        assert printer.odometer == 1
        assert (await store.get(job.id)).state is JobState.PENDING


async def test_a_database_that_fails_for_a_moment_does_not_end_the_watch_over_a_label(
    store: Store, zebra: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its conversation would end, and what a spooler in between holds be taken back."""
    zebra.set_fault("media-empty@1")
    move, refused = store.move, asyncio.Event()

    async def full(*arguments: object, **more: object) -> object:
        refused.set()
        raise StoreUnavailable("the disk is full")

    async def settle(*_: object) -> None:
        raise AssertionError("the conversation was given up")

    monkeypatch.setattr(spooler_module.Spooler, "_settle", settle)
    floor = Floor(store, zebra)
    job = await floor.job(1, ZPL.replace(b"^XZ", b"^PQ2^XZ"), labels=2)
    monkeypatch.setattr(store, "move", full)
    async with floor.running():
        async with asyncio.timeout(PATIENCE):
            await refused.wait()
        monkeypatch.setattr(store, "move", move)
        await floor.until(job, JobState.STOPPED)
        zebra.clear_fault("media-empty")
        done = await floor.until(job, JobState.COMPLETED, JobState.HELD)
    assert done.outcome is Outcome.CONFIRMED
