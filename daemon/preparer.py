"""Renders pending jobs ahead of their printers, so that a printer never waits for a document."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from ..config.printers import PrinterSettings
from ..config.settings import Settings
from ..renderers.errors import DoesNotFit, SymbolLost
from ..renderers.media import Resolution
from ..renderers.payload import paper_of
from .errors import IllegalTransition, StoreUnavailable
from .in_hand import InHand
from .job import Job, JobState, Reason
from .parting import WITH_LABEL, Parting
from .printers import Printers
from .rendering.pool import RenderFailed, RenderPool, RenderRequest
from .routing import misfit
from .store import Artwork, Store
from .store.health import RETRY_SECONDS

log = logging.getLogger(__name__)

#: jobs of one printer that are rendered before their turn
_AHEAD = 8
#: a document that is drawn for longer lets the labels behind it go first
_SLOW_SECONDS = 2.0
#: faults that a person can look at; any other document is damaged, and aborted
_HELD = {SymbolLost.__name__, DoesNotFit.__name__}


def made_for(printer: PrinterSettings, document_format: str | None) -> str:
    """What artwork depends on: it is made again when this changes, and serves every printer with the same."""
    stock = f"{printer.resolution} {printer.media} {printer.printable_width}"
    language = f"{document_format} {printer.graphic_encoding}"
    return f"{stock} {language} {printer.scaling} {printer.symbol_repair} {printer.zpl_policy}"


class Preparer:
    """Turns `job-transforming` jobs into `job-queued` ones, several at a time, in print order per printer."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        pool: RenderPool,
        printers: Printers,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        parting: Parting,
        in_hand: InHand,
    ) -> None:
        self._settings = settings
        self._store = store
        self._pool = pool
        self._printers = printers
        self._clock = clock
        self._monotonic = monotonic
        self._parting = parting
        self._in_hand = in_hand
        #: what is rendered next of each printer, as far as it was looked up
        self._ahead: dict[str, list[Job]] = {}
        #: printers of which something may have come that is not in there
        self._outdated = set(settings.printers)
        #: labels are taken in turns: the first turn that a printer has not had, and the one that is now
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._begun: dict[str, float] = {}
        #: printers that jobs were given to while they were drawn for another one, when a look passes them over
        self._elsewhere: dict[str, set[str]] = {}
        self._wake = asyncio.Event()
        self._free = asyncio.Semaphore(settings.render.workers)

    def apply(self, settings: Settings) -> None:
        """Take over new settings of printers."""
        self._outdated.update(self._settings.printers)  # also those that are gone
        self._settings = settings
        self.poke()

    def poke(self, job: Job | None = None) -> None:
        """Something is to be rendered, perhaps; where only a job changed, this one."""
        if job is None:
            self._outdated.update(self._settings.printers)
        elif job.reason == Reason.TRANSFORMING and job.printer is not None:
            self._outdated.add(job.printer)
            if job.id in self._begun:
                self._elsewhere.setdefault(job.id, set()).add(job.printer)
        self._wake.set()

    def slow(self) -> Collection[str]:
        """Ids of jobs whose documents take so long that others should not wait for them."""
        now = self._monotonic()
        return [job_id for job_id, begun in self._begun.items() if now - begun > _SLOW_SECONDS]

    async def run(self) -> None:
        """Prepare until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                # chosen when it can be begun: one that comes now and is more urgent waits for none of those before it
                await self._free.acquire()
                self._wake.clear()
                try:
                    job = await self._next()
                except StoreUnavailable:
                    self._free.release()
                    await self._store.health.recovery()
                    continue
                if job is None:
                    self._free.release()
                    await self._wake.wait()
                    continue
                self._begun[job.id] = self._monotonic()
                if self._in_hand.suspect(job.id):
                    await self._prepare_alone(job)
                else:
                    tasks.create_task(self._prepare(job), name=f"prepare-{job.id}")

    async def _next(self) -> Job | None:
        """What is to be rendered now: the most urgent of the first labels of all printers.

        One that had two labels more than another waits for that, so that nobody's backlog starves another.
        """
        while self._outdated:
            name = self._outdated.pop()
            try:
                self._ahead[name] = await self._waiting(name)
            except StoreUnavailable:
                self._outdated.add(name)
                raise
        heads = {name: queue[0] for name, queue in self._ahead.items() if queue}
        if not heads:
            return None
        turns = {name: max(self._turns.get(name, 0), self._turn) for name in heads}
        self._turn = now = min(turns.values())
        chosen = min(heads, key=lambda name: (turns[name] > now + 1, -heads[name].priority, turns[name]))
        self._turns[chosen] = turns[chosen] + 1
        return self._ahead[chosen].pop(0)

    async def _prepare_alone(self, job: Job) -> None:
        """Prepare a job at which labeld may have died, so that no other is suspected with it."""
        others = self._settings.render.workers - 1
        for _ in range(others):
            await self._free.acquire()
        await self._prepare(job)
        for _ in range(others):
            self._free.release()

    async def _waiting(self, name: str) -> list[Job]:
        """What is to be rendered for a printer, in print order."""
        if name not in self._settings.printers or self._printers.document_format(name) is None:
            return []
        skip = list(self._begun)
        return await self._store.queue(name, reason=Reason.TRANSFORMING, skip=skip, limit=_AHEAD)

    async def _prepare(self, job: Job) -> None:
        try:
            with self._in_hand.holding(job.id):
                await self._render(job)
        except IllegalTransition:
            log.info("job %s changed while it was rendered", job.id)
        except StoreUnavailable:
            await self._store.health.recovery()  # it is rendered again then
        except Exception as error:
            log.exception("job %s: preparing failed", job.id)
            await self._put_aside(job, error)
        finally:
            del self._begun[job.id]
            # it may be still to be rendered, and others behind it
            self._outdated |= {job.printer or "", *self._elsewhere.pop(job.id, ())}
            self._free.release()
            self._wake.set()

    async def _put_aside(self, job: Job, error: Exception) -> None:
        because = f"labeld failed on this label: {type(error).__name__}: {error}"
        try:
            job = await self._store.get(job.id)
            if (job.state, job.reason) == (JobState.PENDING, Reason.TRANSFORMING):  # else nothing is left to be done
                await self._store.move(job.id, JobState.HELD, Reason.FAILED, because, self._clock(), was=job)
        except StoreUnavailable:
            await self._store.health.recovery()
        except Exception:
            log.exception("job %s cannot be put aside", job.id)
            await asyncio.sleep(RETRY_SECONDS)

    async def _render(self, job: Job) -> None:
        name = job.printer or ""
        printer = self._settings.printers.get(name)
        document_format = None if printer is None else self._printers.document_format(name)
        if printer is None or document_format is None:
            return
        paper = paper_of(printer.media, printer.printable_width, printer.resolution, document_format)
        key = made_for(printer, document_format)
        asset, media_type = await self._store.asset(job.id)
        request = RenderRequest(
            media=printer.media,
            dpi=printer.resolution,
            document_format=document_format,
            graphic_encoding=printer.graphic_encoding,
            scaling=printer.scaling,
            printable_width=printer.printable_width,
            repair=printer.symbol_repair,
            zpl_policy=printer.zpl_policy,
            design_dpi=job.design_dpi,
            copies=job.copies,
            tracking_number=job.tracking_number if job.document_type in WITH_LABEL else None,
            media_type=media_type,
            max_bytes=self._settings.intake.max_asset_bytes,
        )
        job, of_pages = await self._parting.sort(job, request, asset)
        if job.printer != name:
            return
        request = replace(request, pages=job.pages or ())
        if job.role not in (None, "label"):
            request = replace(request, tracking_number=None)
        width, height = Resolution(printer.resolution).size(paper)
        try:
            rendered = await self._pool.render(request, asset)
        except RenderFailed as error:
            state = JobState.HELD if error.kind in _HELD or error.reason == Reason.FAILED else JobState.ABORTED
            words = "; ".join((str(error), *of_pages))
            if error.faulty:
                picture = Artwork(key, error.faulty, 1, width, height, printer.resolution, (str(error),))
                await self._store.save_artwork(
                    job.id, picture, words, self._clock(), state=state, reason=error.reason, was=job
                )
            else:
                await self._store.move(job.id, state, error.reason, words, self._clock(), was=job)
            return
        artwork = Artwork(
            key,
            rendered.payload,
            rendered.labels,
            width,
            height,
            printer.resolution,
            rendered.notes,
        )
        made = f"rendered for {name} at {printer.resolution} dpi on {printer.media}"
        state, reason = JobState.PENDING, Reason.QUEUED
        if because := misfit(job.media, name, printer.media):
            state, reason = JobState.HELD, Reason.OTHER_STOCK
            made = f"{because}: load that stock, move it to another printer, or print it all the same"
        words = "; ".join((made, *of_pages, *rendered.notes))
        await self._store.save_artwork(job.id, artwork, words, self._clock(), state=state, reason=reason, was=job)
