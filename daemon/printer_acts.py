"""What a person may do with a printer: pause and resume it, and have it print a test label."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from ..renderers import testlabel
from ..renderers.media import Media, Resolution
from ..renderers.payload import paper_of
from .errors import NoSuchPrinter, PrinterRefuses
from .events import AssetSource, LabelEvent, LabelReady
from .job import TEST, Job, JobState
from .printers import Printers, PrinterView
from .rendering.pool import RenderPool
from .routing import Route
from .store import NewJob, Pause, Roll, Store

log = logging.getLogger(__name__)

#: before all others: somebody stands at the printer
_PRIORITY = 100
_ON_THE_WAY = (JobState.PENDING, JobState.PROCESSING, JobState.STOPPED)
#: test labels are the first in their queue
_LOOKED_AT = 20


class PrinterActs:
    """The verbs for printers of the page and the API; each raises `NoSuchPrinter` for an unknown name.

    Args:
        store: keeps pauses and test labels.
        printers: the registry.
        pool: draws test labels.
        resumed: told the name of a printer that may print again.
        clock: Unix seconds.
        changed: told the name of a printer whose roll is another.
    """

    def __init__(
        self,
        store: Store,
        printers: Printers,
        pool: RenderPool,
        resumed: Callable[[str], None],
        clock: Callable[[], float],
        changed: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._store = store
        self._printers = printers
        self._pool = pool
        self._resumed = resumed
        self._clock = clock
        self._changed = changed

    async def load(self) -> None:
        """Learn which printers were paused before the start; to be called before anything prints."""
        for name, pause in (await self._store.pauses()).items():
            self._printers.paused(name, pause)

    async def pause(self, name: str, *, who: str) -> PrinterView:
        """Send a printer nothing more; a label on its way is finished. It is still asked how it is."""
        view = self._view(name)
        if view.pause is not None:
            return view
        pause = Pause(self._clock(), who)
        # before the commit: what is journaled after it would be sent after the answer
        self._printers.paused(name, pause)
        try:
            await self._store.pause(name, pause)
        except BaseException:
            self._printers.paused(name, None)
            raise
        log.info("printer %s: paused by %s", name, who)
        return self._view(name)

    async def resume(self, name: str, *, who: str) -> PrinterView:
        """Let a paused printer print again."""
        if self._view(name).pause is not None:
            await self._store.resume(name)
            log.info("printer %s: resumed by %s", name, who)
            self._printers.paused(name, None)
            self._resumed(name)
        return self._view(name)

    async def new_roll(self, name: str, labels: int, *, who: str) -> None:
        """A person put a roll of so many labels into a printer, from which it is counted down; 0: it is not known."""
        view = self._view(name)
        serial = view.identity.serial or view.settings.own_serial
        roll = Roll(labels, self._clock(), who, serial, view.odometer) if labels else None
        await self._store.keep_roll(name, roll)
        log.info("printer %s: roll of %d labels, told by %s", name, labels, who)
        self._changed(name)

    async def test_label(self, name: str, *, who: str) -> Job:
        """Queue a label that shows how a printer prints; it is verified, sent and counted as any other.

        Raises:
            PrinterRefuses: the printer is paused, has a test label to print already, or what it takes is not known.
            RenderFailed: it could not be drawn.
        """
        view = self._view(name)
        if view.pause is not None:
            raise PrinterRefuses(f"{name} is paused by {view.pause.who}: resume it first")
        if any(job.source == TEST for job in await self._store.open_jobs(name, _ON_THE_WAY, limit=_LOOKED_AT)):
            raise PrinterRefuses(f"{name} has a test label to print already")
        document_format = self._printers.document_format(name)
        if document_format is None:
            raise PrinterRefuses(f"{name}: its queue has not told what it takes yet")
        now = self._clock()
        picture = await self._draw(view, document_format, now)
        job_id = self._store.new_id(now)
        fields = LabelReady(asset=AssetSource(content=TEST), printer=name, priority=_PRIORITY)
        event = LabelEvent(f"test:{job_id}", False, fields, picture, "image/png")
        route = Route(name, f"asked for by {who}")
        return (await self._store.accept(NewJob(job_id, event, TEST, "", route, now))).job

    async def _draw(self, view: PrinterView, document_format: str, now: float) -> bytes:
        settings, resolution = view.settings, Resolution(view.settings.resolution)
        paper = paper_of(settings.media, settings.printable_width, settings.resolution, document_format)
        width, height = resolution.size(paper)
        stock = Media.parse(settings.media).short
        lines = (
            f"Test label: {view.name}",
            " ".join(text for text in (view.identity.model, view.identity.serial or settings.own_serial) if text),
            f"{settings.resolution} dpi, {stock}, {width} x {height} dots",
            f"{datetime.fromtimestamp(now, UTC):%d %B %Y %H:%M} UTC",
        )
        zpl = testlabel.write([line for line in lines if line], width, height, resolution)
        return await self._pool.preview(zpl, width=width, height=height, dpi=settings.resolution)

    def _view(self, name: str) -> PrinterView:
        if name not in self._printers:
            raise NoSuchPrinter(f"there is no printer {name!r}")
        return self._printers[name]
