"""Watches a printer until it is known what became of the labels that it was sent."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..config.services import SpoolerSettings
from ..drivers.base import Driver, Session
from ..drivers.errors import DriverError
from ..drivers.evidence import Level, Outcome, Patience, Verdict, judge
from ..drivers.printer import Observation, PrinterState, PrinterStatus
from .errors import IllegalTransition
from .job import JobState, Reason
from .printers import Printers, PrinterView
from .store import Store


@dataclass(frozen=True, slots=True)
class Clocks:
    """Wall time for the record, monotonic time for limits; arguments so that tests own them."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


class Witness:
    """Gathers evidence at one printer, and tells the registry and the job what it sees."""

    def __init__(
        self, name: str, limits: SpoolerSettings, driver: Driver, store: Store, printers: Printers, clocks: Clocks
    ) -> None:
        self._name = name
        self._limits = limits
        self._driver = driver
        self._store = store
        self._printers = printers
        self._clocks = clocks
        self._patience = Patience(limits.settle_seconds, limits.silence_seconds)

    def saw(self, seen: Observation, obstacle: str | None = None) -> PrinterView:
        """Tell the registry, with what else keeps the printer from a label."""
        return self._printers.observed(self._name, seen, self._clocks.wall(), obstacle)

    async def gather(
        self, job_id: str, session: Session | None, before: Observation, labels: int
    ) -> tuple[Verdict, Observation]:
        """Look until the evidence is in; on `session` while it lives, then on new ones.

        Args:
            job_id: the job, which is told when its printer stops and goes on.
            session: the conversation in which the labels were sent, or None when that is over.
            before: the observation made before the first byte.
            labels: how many labels the payload makes.
        """
        now = self._clocks.monotonic
        after, answered, moved = before, now(), now()
        interrupted = session is None
        while True:
            try:
                seen = await self._look(session)
            except DriverError as error:
                session = None
                self._printers.failed(self._name, error)
                seen = replace(after, status=PrinterStatus(PrinterState.UNKNOWN))
            else:
                self.saw(seen)
            if seen.status.state is not PrinterState.UNKNOWN:
                answered = now()
            fresh = seen.odometer is not None
            if not fresh:
                seen = replace(seen, odometer=after.odometer)
            if (seen.odometer, seen.status) != (after.odometer, after.status):
                moved = now()
            after = seen
            interrupted |= session is None or seen.status.state is PrinterState.STOPPED
            interrupted |= seen.status.state is PrinterState.UNKNOWN and before.status.state is not PrinterState.UNKNOWN
            still, silent = now() - moved, now() - answered
            verdict = judge(before, after, labels, still=still, silent=silent, patience=self._patience, fresh=fresh)
            if verdict is not None:
                return _as_witnessed(verdict, interrupted=interrupted), after
            await self._report(job_id, after)
            await asyncio.sleep(self._limits.poll_seconds)

    async def _look(self, session: Session | None) -> Observation:
        if session is not None:
            return await session.observe()
        async with self._driver.connect() as fresh:
            seen = await fresh.observe()
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


def _as_witnessed(verdict: Verdict, *, interrupted: bool) -> Verdict:
    """A printer without a counter is believed to be drained by printing only if it was in sight all the time."""
    if interrupted and verdict.level in (Level.DRAINED, Level.SENT):
        because = f"{verdict.because}; but it stopped or was away meanwhile, and may have lost what it held"
        return Verdict(Outcome.UNKNOWN, Level.NONE, because)
    return verdict
