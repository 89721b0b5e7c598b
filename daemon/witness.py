"""Watches a printer until it is known what became of the labels that it was sent."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..config.services import SpoolerSettings
from ..drivers.base import Driver, Session
from ..drivers.errors import DriverError
from ..drivers.evidence import Level, Outcome, Patience, Verdict, judge, patience_for
from ..drivers.printer import Observation, PrinterState, PrinterStatus, Question
from ..drivers.profile import Measure, seconds_per_label, seconds_to_first
from ..drivers.zebra import WARNINGS
from .acquaintance import Acquaintance
from .errors import IllegalTransition, StoreUnavailable
from .job import JobState, Reason
from .printers import Printers, PrinterView
from .store import Store
from .wall_clock import Doubt

#: a printer that gives no answer while labels are on their way is asked at least this often
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Wall time for the record, monotonic time for limits; arguments so that tests own them."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]
    #: why the wall clock is not believed, if so
    doubt: Callable[[], Doubt | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Testimony:
    """The verdict on labels, the last look at their printer, and how long they took as far as that was seen."""

    verdict: Verdict
    after: Observation
    took: Measure


@dataclass(slots=True)
class _Watch:
    """When a printer's counter was seen to move, in seconds since the labels were sent."""

    before: int | None
    since: float
    first: tuple[float, int] | None = None
    last: tuple[float, int] | None = None

    def count(self, odometer: int | None, now: float) -> None:
        if odometer is None or self.before is None or odometer <= self.before:
            return
        if self.last is None or odometer != self.last[1]:
            self.last = (now - self.since, odometer)
        self.first = self.first or self.last

    def measure(self) -> Measure:
        if self.first is None or self.last is None or self.before is None:
            return Measure()
        (begin, one), (end, count) = self.first, self.last
        # the first look may come when several labels are out already
        first = begin if one == self.before + 1 else None
        return Measure(first, (end - begin) / (count - one) if count > one else None)


class Witness:
    """Gathers evidence at one printer, and tells the registry and the job what it sees."""

    def __init__(
        self,
        name: str,
        limits: SpoolerSettings,
        driver: Driver,
        store: Store,
        printers: Printers,
        known: Acquaintance,
        clocks: Clocks,
    ) -> None:
        self._name = name
        self._limits = limits
        self._driver = driver
        self._store = store
        self._printers = printers
        self._known = known
        self._clocks = clocks
        self._warnings: frozenset[str] = frozenset()

    def saw(self, seen: Observation, obstacle: str | None = None, *, thorough: bool = False) -> PrinterView:
        """Tell the registry, with what else keeps the printer from a label.

        Warnings are asked for in thorough looks only, and stand until the next one.
        """
        if thorough and seen.answers.get(Question.EXTENDED):
            self._warnings = seen.status.reasons & WARNINGS
        elif seen.status.state is not PrinterState.UNKNOWN:
            reasons = seen.status.reasons | self._warnings
            seen = replace(seen, status=replace(seen.status, reasons=reasons))
        return self._printers.observed(self._name, seen, self._clocks.wall(), obstacle)

    def patience(self, labels: int, length_mm: float) -> Patience:
        """How long to wait for labels of this length, by what is known of the printer's speed."""
        profile = self._known.profile
        return patience_for(
            labels,
            length_mm,
            settle=self._limits.settle_seconds,
            silence=self._limits.silence_seconds,
            first=seconds_to_first(profile),
            each=seconds_per_label(profile),
        )

    async def gather(
        self, job_id: str, session: Session | None, before: Observation, labels: int, patience: Patience
    ) -> Testimony:
        """Look until the evidence is in; on `session` while it lives, then on new ones.

        Args:
            job_id: the job, which is told when its printer stops and goes on.
            session: the conversation in which the labels were sent, or None when that is over.
            before: the observation made before the first byte.
            labels: how many labels the payload makes.
            patience: how long to wait for what.
        """
        now = self._clocks.monotonic
        after, answered, moved = before, now(), now()
        watch = _Watch(before.odometer, now())
        interrupted = session is None
        pause = self._limits.poll_seconds
        while True:
            try:
                seen = await self._look(session)
            except DriverError as error:
                session = None
                self._printers.failed(self._name, error)
                seen = replace(after, status=PrinterStatus(PrinterState.UNKNOWN))
            else:
                self.saw(seen)
            silent_now = seen.status.state is PrinterState.UNKNOWN
            if not silent_now:
                answered = now()
            fresh = seen.odometer is not None
            if not fresh:
                seen = replace(seen, odometer=after.odometer)
            if (seen.odometer, seen.status) != (after.odometer, after.status):
                moved = now()
            after = seen
            watch.count(after.odometer, now())
            interrupted |= session is None or after.status.state is PrinterState.STOPPED
            interrupted |= silent_now and before.status.state is not PrinterState.UNKNOWN
            still, silent = now() - moved, now() - answered
            verdict = judge(before, after, labels, still=still, silent=silent, patience=patience, fresh=fresh)
            if verdict is not None:
                took = Measure() if interrupted else watch.measure()
                return Testimony(_as_witnessed(verdict, interrupted=interrupted), after, took)
            with contextlib.suppress(StoreUnavailable):  # words for people; the label and its conversation go on
                await self._report(job_id, after)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS) if silent_now else self._limits.poll_seconds
            await _pause(min(pause, max(self._limits.poll_seconds, patience.silence - silent)))

    async def _look(self, session: Session | None) -> Observation:
        if session is not None:
            return await session.observe(self._known.spare)
        async with self._driver.connect() as fresh:
            seen = await fresh.observe(self._known.spare)
            if seen.status.partial_format:
                # the rest of it will never come: its conversation is over
                await fresh.discard_partial()
            return seen

    async def _report(self, job_id: str, seen: Observation) -> None:
        """Tell when a label that is on its way waits for a person, and when it goes on."""
        job = await self._store.get(job_id)
        if job.being_canceled:
            return
        message, now = self._printers[self._name].message, self._clocks.wall()
        with contextlib.suppress(IllegalTransition):  # canceled meanwhile
            if seen.status.state is PrinterState.STOPPED and (job.state, job.message) != (JobState.STOPPED, message):
                await self._store.move(job_id, JobState.STOPPED, Reason.PRINTER_STOPPED, message, now, was=job)
            elif job.state is JobState.STOPPED and seen.status.ready:
                await self._store.move(
                    job_id, JobState.PROCESSING, Reason.PRINTING, "the printer goes on", now, was=job
                )


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


def _as_witnessed(verdict: Verdict, *, interrupted: bool) -> Verdict:
    """A printer without a counter is believed to be drained by printing only if it was in sight all the time."""
    if interrupted and verdict.level in (Level.DRAINED, Level.SENT):
        because = f"{verdict.because}; but it stopped or was away meanwhile, and may have lost what it held"
        return Verdict(Outcome.UNKNOWN, Level.NONE, because)
    return verdict
