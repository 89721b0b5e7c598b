"""One writer per printer: takes its queued jobs in turn, sends each once, and waits for the evidence."""

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..config.settings import PrinterSettings, SpoolerSettings
from ..drivers.base import Driver, Session
from ..drivers.errors import DriverError
from ..drivers.evidence import Level, Outcome, Patience, Verdict, judge
from ..drivers.printer import Identity, Observation, PrinterState, PrinterStatus
from ..renderers.media import Media, Resolution
from .errors import IllegalTransition, StoreUnavailable
from .job import Job, JobState, Reason
from .messages import iso
from .preparer import Preparer
from .printers import Printers, PrinterView
from .retry import backoff
from .store import Artwork, Attempt, Store

log = logging.getLogger(__name__)

#: an idle printer is asked how it is this often, so that the page tells before a label waits
_IDLE_LOOK_SECONDS = 10.0
#: a printer that answers but is not ready is looked at this often
_MENDED_SECONDS = 2.0
#: before the next try when the database cannot be written
_STORE_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Wall time for the record, monotonic time for limits; arguments so that tests own them."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


class NotReady(Exception):  # a turn that ends before the first byte, not a fault
    """The printer answered, but must not be sent a label now."""


class Spooler:
    """Serves one printer for the life of the daemon."""

    def __init__(
        self,
        name: str,
        settings: PrinterSettings,
        limits: SpoolerSettings,
        driver: Driver,
        store: Store,
        printers: Printers,
        preparer: Preparer,
        clocks: Clocks,
    ) -> None:
        self._name = name
        self._settings = settings
        self._limits = limits
        self._driver = driver
        self._store = store
        self._printers = printers
        self._preparer = preparer
        self._clocks = clocks
        self._patience = Patience(limits.settle_seconds, limits.silence_seconds)
        self._wake = asyncio.Event()
        self._answers = False
        self._size = Resolution(settings.resolution).size(Media.parse(settings.media))

    def poke(self) -> None:
        """A job of this printer may be ready, or may have been cancelled."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Print until `stop` is set; a label on its way is followed to its evidence, or until cancelled."""
        failures = 0
        while not stop.is_set():
            self._wake.clear()
            try:
                printed = await self._turn()
                failures = 0
                if not printed and not stop.is_set():
                    await self._pause(_IDLE_LOOK_SECONDS)
            except (DriverError, NotReady) as error:
                failures += 1
                if isinstance(error, DriverError):
                    self._printers.failed(self._name, error)
                # a person is at a printer that answers: the moment it is mended it goes on
                longest = _MENDED_SECONDS if isinstance(error, NotReady) else self._limits.retry_max_seconds
                wait = backoff(failures, random.random(), longest=longest)  # noqa: S311 - spreads load only
                log.info("printer %s: %s; next look in %.1f s", self._name, error, wait)
                await self._sleep(wait, stop)
            except StoreUnavailable as error:
                log.warning("printer %s waits: %s", self._name, error)
                await self._sleep(_STORE_PAUSE_SECONDS, stop)

    async def _turn(self) -> bool:
        """Settle what a crash left, then print one label; False when there was nothing to do."""
        for attempt in await self._store.open_attempts(self._name):
            await self._settle(attempt)
        job = await self._next()
        if job is None:
            async with self._driver.connect() as session:
                self._saw(await session.observe())
            return False
        if job.useful_until is not None and job.useful_until < self._clocks.wall():
            because = f"it was useful until {iso(job.useful_until)}: ask before it is printed"
            await self._store.move(job.id, JobState.HELD, Reason.STALE, because, self._clocks.wall())
            return True
        artwork = await self._store.artwork(job.id)
        if artwork is None or not self._fits(artwork):
            because = f"{self._name} was configured anew: the label is rendered again"
            await self._store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, because, self._clocks.wall())
            return True
        try:
            await self._print(job, artwork)
        except IllegalTransition as error:
            log.info("not printed: %s", error)
        return True

    async def _next(self) -> Job | None:
        """The first job in order, if it is rendered; one whose document is slow to draw is passed over."""
        for job in await self._store.queue(self._name, skip=self._preparer.slow()):
            return job if job.reason == Reason.QUEUED else None
        return None

    def _fits(self, artwork: Artwork) -> bool:
        return (artwork.printer, artwork.dpi, (artwork.width, artwork.height)) == (
            self._name,
            self._settings.resolution,
            self._size,
        )

    async def _print(self, job: Job, artwork: Artwork) -> None:
        async with self._driver.connect() as session:
            before = await session.observe()
            view = self._saw(before)
            # silence of a printer that is known to answer means "probably blocked", never "ok"
            if view.state is PrinterState.STOPPED or (self._answers and view.state is PrinterState.UNKNOWN):
                raise NotReady(view.message)
            if before.status.partial_format:
                await session.discard_partial()
                raise NotReady("it held the beginning of a label that never ended; it was told to forget it")
            if before.status.formats_buffered is not None and not before.status.drained:
                # their count could not be told from ours
                raise NotReady("other labels are still waiting in the printer")
            attempt = await self._store.begin_attempt(
                job.id,
                printer=self._name,
                serial=before.identity.serial,
                payload_sha256=hashlib.sha256(artwork.payload).hexdigest(),
                labels=artwork.labels,
                odometer=before.odometer,
                now=self._clocks.wall(),
            )
            # The next line may put ink on paper. From here on nothing is repeated without a person.
            broken: DriverError | None = None
            try:
                await session.send(artwork.payload)
            except DriverError as error:
                broken = error
            if broken is None:
                verdict, after = await self._gather(job.id, session, before, artwork.labels)
        if broken is not None and broken.sent == 0:
            verdict = Verdict(Outcome.NOT_PRINTED, Level.NONE, f"no byte left: {broken}")
            await self._end(attempt, job.id, verdict, before, retry=True)
            raise broken
        if broken is not None:
            verdict, after = await self._gather(job.id, None, before, artwork.labels)
            verdict = _after_break(verdict, broken, len(artwork.payload))
        await self._end(attempt, job.id, verdict, after)

    async def _settle(self, attempt: Attempt) -> None:
        """Close an intent that a crash left open: by the counter, or by asking a person (DESIGN, a job's life)."""
        before = Observation(
            Identity(attempt.serial), PrinterStatus(PrinterState.IDLE), odometer=attempt.odometer_before
        )
        if attempt.odometer_before is None:
            because = "labeld stopped while it was sent, and this printer has no counter"
            await self._end(attempt.id, attempt.job_id, Verdict(Outcome.UNKNOWN, Level.NONE, because), before)
            return
        verdict, after = await self._gather(attempt.job_id, None, before, attempt.labels)
        proven = verdict.outcome is Outcome.NOT_PRINTED
        if proven and not await self._store.counter_seen_moving(self._name, attempt.serial):
            because = f"{verdict.because}; but this counter was never seen to move"
            proven, verdict = False, Verdict(Outcome.UNKNOWN, Level.NONE, because)
        await self._end(attempt.id, attempt.job_id, verdict, after, retry=proven)

    async def _gather(
        self, job_id: str, session: Session | None, before: Observation, labels: int
    ) -> tuple[Verdict, Observation]:
        """Look at the printer until the evidence is in; on `session` while it lives, then on new ones."""
        now = self._clocks.monotonic
        after, answered, moved = before, now(), now()
        while True:
            try:
                if session is not None:
                    seen = await session.observe()
                else:
                    async with self._driver.connect() as fresh:
                        seen = await fresh.observe()
                        if seen.status.partial_format:
                            # the rest of it will never come: its conversation is over
                            await fresh.discard_partial()
            except DriverError as error:
                session = None
                self._printers.failed(self._name, error)
                seen = replace(after, status=PrinterStatus(PrinterState.UNKNOWN))
            else:
                self._saw(seen)
            if seen.status.state is not PrinterState.UNKNOWN:
                answered = now()
            if seen.odometer is None:
                seen = replace(seen, odometer=after.odometer)
            if (seen.odometer, seen.status) != (after.odometer, after.status):
                moved = now()
            after = seen
            verdict = judge(
                before, after, labels, still=now() - moved, silent=now() - answered, patience=self._patience
            )
            if verdict is not None:
                return verdict, after
            await self._report(job_id, after)
            await asyncio.sleep(self._limits.poll_seconds)

    async def _report(self, job_id: str, seen: Observation) -> None:
        """Tell when a label that is on its way waits for a person, and when it goes on."""
        job = await self._store.get(job_id)
        stopped = seen.status.state is PrinterState.STOPPED
        view = self._printers[self._name]
        if stopped and (job.state is JobState.PROCESSING or job.message != view.message):
            await self._store.move(job_id, JobState.STOPPED, Reason.PRINTER_STOPPED, view.message, self._clocks.wall())
        elif job.state is JobState.STOPPED and seen.status.ready:
            await self._store.move(
                job_id, JobState.PROCESSING, Reason.PRINTING, "the printer goes on", self._clocks.wall()
            )

    async def _end(
        self, attempt: int, job_id: str, verdict: Verdict, after: Observation, *, retry: bool = False
    ) -> None:
        state, reason = aftermath(verdict, retry=retry)
        await self._store.end_attempt(
            attempt, job_id, verdict, odometer=after.odometer, state=state, reason=reason, now=self._clocks.wall()
        )

    def _saw(self, seen: Observation) -> PrinterView:
        self._answers |= seen.status.state is not PrinterState.UNKNOWN
        return self._printers.observed(self._name, seen, self._clocks.wall())

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _sleep(self, seconds: float, stop: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            return


def aftermath(verdict: Verdict, *, retry: bool) -> tuple[JobState, Reason]:
    """Where a verdict puts its job. Pure.

    Args:
        verdict: what is known about the paper.
        retry: it is proven that nothing was printed and nothing waits in the printer, and the first
            byte did not leave or labeld itself was interrupted: the label may be sent again unasked.
    """
    match verdict.outcome:
        case Outcome.CONFIRMED:
            return JobState.COMPLETED, Reason.COMPLETED
        case Outcome.NOT_PRINTED:
            return (JobState.PENDING, Reason.QUEUED) if retry else (JobState.HELD, Reason.NOT_PRINTED)
        case Outcome.UNKNOWN if verdict.level is Level.NONE:
            return JobState.HELD, Reason.OUTCOME_UNKNOWN
        case Outcome.UNKNOWN:
            return JobState.COMPLETED, Reason.COMPLETED_UNCOUNTED


def _after_break(verdict: Verdict, broken: DriverError, size: int) -> Verdict:
    """What evidence is worth when not all bytes were taken."""
    because = f"{verdict.because} ({broken}; {broken.sent} of {size} bytes had left)"
    if verdict.level in (Level.DRAINED, Level.SENT):
        return Verdict(Outcome.UNKNOWN, Level.NONE, because)
    return replace(verdict, because=because)
