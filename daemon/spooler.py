"""One writer per printer: takes its queued jobs in turn, sends each once, and waits for the evidence."""

import asyncio
import contextlib
import hashlib
import logging
import random
from collections.abc import Callable
from dataclasses import replace

from ..config.printers import PrinterSettings
from ..config.services import SpoolerSettings
from ..drivers.base import Driver, Session
from ..drivers.errors import DriverError, Recalled
from ..drivers.evidence import Level, Outcome, Verdict, describe
from ..drivers.printer import Identity, Observation, PrinterState, PrinterStatus
from ..drivers.profile import Profile
from ..renderers.media import Media
from .acquaintance import Acquaintance, place_of
from .breaker import Breaker
from .errors import IllegalTransition, StoreUnavailable, TooLate
from .in_hand import InHand
from .job import Job, JobState, Reason
from .preparer import Preparer, made_for
from .printers import Printers
from .retry import backoff
from .store import Artwork, Attempt, Store
from .witness import Clocks, Witness

log = logging.getLogger(__name__)

#: an idle printer is asked how it is this often, so that the page tells before a label waits
_IDLE_LOOK_SECONDS = 10.0
#: one that answers nothing any more is left in peace
_QUIET_LOOK_SECONDS = 600.0
#: a job whose document is still being drawn is looked for again after this, if nobody says so before
_DRAWING_SECONDS = 1.0
#: a printer that answers but is not ready is looked at this often
_MENDED_SECONDS = 2.0


class NotReady(Exception):
    """The printer answered, but must not be sent a label now; nothing was sent."""


class Silent(NotReady):
    """The printer gives no answer, so that it must not be sent a label now."""


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
        late: Callable[[Job], str | None],
        in_hand: InHand,
    ) -> None:
        self._name = name
        self._settings = settings
        self._limits = limits
        self._driver = driver
        self._store = store
        self._printers = printers
        self._preparer = preparer
        self._clocks = clocks
        self._late = late
        self._in_hand = in_hand
        self._breaker = Breaker(name, limits.pause_after_failures, store, printers, clocks.wall)
        self._known = Acquaintance(place_of(name, settings), store, clocks.wall)
        self._witness = Witness(name, limits, driver, store, printers, self._known, clocks)
        self._wake = asyncio.Event()
        self._found = asyncio.Event()
        self._idle_look = _IDLE_LOOK_SECONDS
        self._job_id: str | None = None
        self._session: Session | None = None
        self._stop = asyncio.Event()
        #: a label is on its way to paper, or may be
        self.busy = False

    @property
    def learned(self) -> Profile | None:
        """What was learned of its printer until now, also what is not written down yet; None: nothing."""
        return self._known.learned

    def poke(self) -> None:
        """A job of this printer may be ready, or may have been cancelled."""
        self._wake.set()

    def found(self) -> None:
        """The printer may be somewhere else, there again, or resumed: it is not waited for any longer."""
        self._found.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Print until `stop` is set; a label on its way is followed to its evidence, or until cancelled."""
        failures = 0
        self._stop = stop
        while not stop.is_set():
            self._wake.clear()
            self._found.clear()
            self._job_id = None
            try:
                pause = await self._turn()
                failures = 0
                if pause and not stop.is_set():
                    await _until(pause, self._wake, self._found)
                continue
            except Silent as error:
                reason, longest = str(error), self._limits.retry_max_seconds
            except (NotReady, IllegalTransition) as error:
                # a person is at a printer that answers: the moment it is mended it goes on
                reason, longest = str(error), _MENDED_SECONDS
            except StoreUnavailable:
                self.busy = False
                await _until(None, stop, asyncio.ensure_future(self._store.health.recovery()))
                continue
            except DriverError as error:
                self._printers.failed(self._name, error)
                self._known.failed(error)
                reason, longest = str(error), self._limits.retry_max_seconds
            except Exception as error:
                log.exception("printer %s: job %s", self._name, self._job_id)
                await self._put_aside(error)
                reason, longest = f"{type(error).__name__}: {error}", self._limits.retry_max_seconds
            self.busy = False
            failures += 1
            wait = backoff(failures, random.random(), longest=longest)  # noqa: S311 - spreads load only
            log.info("printer %s: %s; next look in %.1f s", self._name, reason, wait)
            await self._known.keep()
            await _until(wait, stop, self._found)
        await self._known.keep(at_once=True)

    async def recall(self, job: Job, because: str) -> Job:
        """Keep a job that is under way from the printer; the ledger has the wish before anything is done.

        Gives the job as it is then, mostly still on its way back.

        Raises:
            TooLate: the printer has it, or may have it.
            IllegalTransition: it is not as `job` says any more.
        """
        now = self._clocks.wall
        session = self._session if self._job_id == job.id else None
        if session is None:
            raise TooLate(f"job {job.id} is being settled and cannot be canceled now: {job.message}")
        asked = await self._store.move(
            job.id, job.state, Reason.BEING_CANCELED, f"{because}; it is being taken back", now(), was=job
        )
        taken = True  # where the way to the printer does not answer, what becomes of the job is seen later
        with contextlib.suppress(DriverError, TimeoutError):
            taken = await session.recall()
        if taken:
            return asked
        too_late = f"too late to cancel: {self._name} has it"
        with contextlib.suppress(IllegalTransition):  # it ended meanwhile
            await self._store.move(job.id, asked.state, job.reason, too_late, now(), was=asked)
        raise TooLate(f"job {job.id}: {too_late}")

    async def _turn(self) -> float:
        """Settle what a crash left, then print one label; gives how long to wait when there was nothing to do."""
        await self._known.load()
        for attempt in await self._store.open_attempts(self._name):
            self._job_id = attempt.job_id
            await self._settle(attempt)
        heads = await self._store.queue(self._name, skip=self._preparer.slow())
        document_format = self._printers.document_format(self._name)
        if not heads or document_format is None or self._printers[self._name].pause is not None:
            return await self._look()
        job = heads[0]
        if job.reason != Reason.QUEUED:
            return _DRAWING_SECONDS
        self._job_id = job.id
        if because := self._late(job):
            await self._store.move(job.id, JobState.HELD, Reason.STALE, because, self._clocks.wall(), was=job)
            return 0
        artwork = await self._store.artwork(job.id)
        if artwork is None or artwork.made_for != made_for(self._settings, document_format):
            because = f"{self._name} was configured anew: the label is rendered again"
            await self._store.move(job.id, JobState.PENDING, Reason.TRANSFORMING, because, self._clocks.wall(), was=job)
            return 0
        await self._print(job, artwork)
        return 0

    async def _look(self) -> float:
        """See how an idle printer is; gives the time to the next look."""
        async with self._driver.connect() as session:
            seen = await session.observe(self._known.spare, thorough=True)
            view = self._witness.saw(seen, thorough=True)
            if self._settings.queued and seen.status.partial_format:
                # left by a conversation that broke, perhaps while CUPS was away: nobody expects it any more
                await session.discard_partial()
        await self._known.looked(seen)
        await self._known.keep()
        # one that is not asked any more is only looked for, to notice when it was switched off and on
        asked = self._settings.ask and self._known.profile.mute_at is None
        silent = view.state is PrinterState.UNKNOWN and asked
        self._idle_look = min(2 * self._idle_look, _QUIET_LOOK_SECONDS) if silent else _IDLE_LOOK_SECONDS
        return self._idle_look

    async def _print(self, job: Job, artwork: Artwork) -> None:
        patience = self._witness.patience(artwork.labels, artwork.height / artwork.dpi * 25.4)
        async with self._driver.connect() as session:
            before = await session.observe(self._known.spare)
            await self._known.looked(before)
            await self._check(session, before)
            if self._stop.is_set():
                return  # what is not begun is not begun any more
            self.busy = True
            attempt = await self._store.begin_attempt(
                job.id,
                printer=self._name,
                serial=before.identity.serial,
                payload_sha256=hashlib.sha256(artwork.payload).hexdigest(),
                labels=artwork.labels,
                odometer=before.odometer,
                state=describe(before.status),
                now=self._clocks.wall(),
            )
            # The next lines may put ink on paper. From here on nothing is repeated without a person.
            broken: DriverError | None = None
            sent_at: float | None = None
            self._session = session
            try:
                with self._in_hand.holding(job.id):
                    await session.send(artwork.payload)
            except DriverError as error:
                broken = error
            else:
                sent_at = self._clocks.wall()
                found = await self._witness.gather(job.id, session, before, artwork.labels, patience)
            finally:
                self._session = None
        if broken is not None and broken.sent == 0:
            verdict = Verdict(Outcome.NOT_PRINTED, Level.NONE, f"no byte left: {broken}")
            await self._end(attempt, job.id, verdict, before, retry=True)
            if isinstance(broken, Recalled):
                return
            raise broken
        if broken is not None:
            found = await self._witness.gather(job.id, None, before, artwork.labels, patience)
            because = f"{found.verdict.because} ({broken}; {broken.sent} of {len(artwork.payload)} bytes had left)"
            found = replace(found, verdict=replace(found.verdict, because=because))
        job = await self._end(attempt, job.id, found.verdict, found.after, sent_at=sent_at)
        await self._breaker.ended(job, found.verdict)
        if found.verdict.outcome is Outcome.CONFIRMED:
            self._known.printed(found.took, artwork.payload)
        await self._known.keep()

    async def _check(self, session: Session, before: Observation) -> None:
        """Make sure that a label sent now comes out here, and can be told from others.

        Raises:
            NotReady: it would not.
        """
        view = self._witness.saw(before, await self._obstacle(session, before))
        if view.pause is not None:
            # just now, while it was asked how it is
            raise NotReady(f"paused by {view.pause.who}")
        if view.state is PrinterState.STOPPED:
            raise NotReady(view.message)
        if view.state is PrinterState.UNKNOWN and self._settings.ask:
            # silence means "probably blocked", never "ok"
            raise Silent(f"{view.message}; for a printer that cannot answer, set ask = false")

    async def _obstacle(self, session: Session, before: Observation) -> str | None:
        """What keeps a printer from our label that is ready for one, in words."""
        if before.status.partial_format:
            await session.discard_partial()
            return "it held the beginning of a label that never ended; it was told to forget it"
        if before.status.formats_buffered is not None and not before.status.drained:
            return "other labels are still waiting in it: their count could not be told from ours"
        if before.odometer is None and await self._store.has_counter(self._name, before.identity.serial):
            return "it does not tell its label counter, though it did before"
        return None

    async def _settle(self, attempt: Attempt) -> None:
        """Close an intent that a crash left open: by the counter, or by asking a person."""
        before = Observation(Identity(attempt.serial), PrinterStatus(PrinterState.IDLE), attempt.odometer_before)
        if attempt.odometer_before is None:
            with contextlib.suppress(DriverError):
                await self._forget_rest()
            because = "labeld stopped while it was sent, and this printer has no counter"
            await self._end(attempt.id, attempt.job_id, Verdict(Outcome.UNKNOWN, Level.NONE, because), None)
            return
        async with self._driver.connect() as session:
            # while it is off nothing can come out, and nobody needs to be asked yet
            self._witness.saw(await session.observe(self._known.spare))
        self.busy = True
        patience = self._witness.patience(attempt.labels, Media.parse(self._settings.media).length / 100)
        found = await self._witness.gather(attempt.job_id, None, before, attempt.labels, patience)
        verdict = found.verdict
        proven = verdict.outcome is Outcome.NOT_PRINTED
        if proven and not await self._store.counter_seen_moving(self._name, attempt.serial):
            because = f"{verdict.because}; but this counter was never seen to move"
            proven, verdict = False, Verdict(Outcome.UNKNOWN, Level.NONE, because)
        if proven and self._in_hand.deadly(attempt.job_id):
            because = f"{verdict.because}; but labeld ended each time it sent this label"
            proven, verdict = False, replace(verdict, because=because)
        await self._end(attempt.id, attempt.job_id, verdict, found.after, retry=proven)

    async def _forget_rest(self) -> None:
        """Keep a label that a crash left on its way from coming out after somebody was asked about it."""
        async with self._driver.connect() as session:
            if (await session.observe(self._known.spare)).status.partial_format:
                await session.discard_partial()

    async def _put_aside(self, error: Exception) -> None:
        """Hold the job at which labeld itself failed, so that the next turn is another one's."""
        if self._job_id is None:
            return
        because = f"labeld failed on this label: {type(error).__name__}: {error}"
        try:
            for attempt in await self._store.open_attempts(self._name):
                if attempt.job_id == self._job_id:
                    await self._end(attempt.id, self._job_id, Verdict(Outcome.UNKNOWN, Level.NONE, because), None)
                    return
            job = await self._store.get(self._job_id)
            # what is known of one that was sent stays: released as a failure, it would be printed a second time
            if job.state is JobState.PENDING:
                await self._store.move(job.id, JobState.HELD, Reason.FAILED, because, self._clocks.wall(), was=job)
        except Exception:
            log.exception("printer %s: job %s cannot be put aside", self._name, self._job_id)

    async def _end(
        self,
        attempt: int,
        job_id: str,
        verdict: Verdict,
        after: Observation | None,
        *,
        sent_at: float | None = None,
        retry: bool = False,
    ) -> Job:
        state, reason = aftermath(verdict, retry=retry)
        while True:
            try:
                job = await self._store.end_attempt(
                    attempt,
                    job_id,
                    verdict,
                    odometer=after.odometer if after else None,
                    printer_state=describe(after.status) if after else None,
                    sent_at=sent_at,
                    state=state,
                    reason=reason,
                    now=self._clocks.wall(),
                )
                break
            except StoreUnavailable:
                # what was seen of this label is not seen again: it is kept until it can be written
                await self._store.health.recovery()
        self.busy = False
        return job


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


async def _until(seconds: float | None, *events: "asyncio.Event | asyncio.Future[None]") -> None:
    """Wait for the first of the events, or for so long."""
    waits = [asyncio.ensure_future(one.wait()) if isinstance(one, asyncio.Event) else one for one in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
