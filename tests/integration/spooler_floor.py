"""One printer and its spooler with a real database, in this process."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from labeld.config.printers import PrinterSettings
from labeld.config.services import SpoolerSettings
from labeld.config.settings import Settings
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.events import from_json
from labeld.daemon.holds import StaleGuard
from labeld.daemon.in_hand import InHand
from labeld.daemon.job import Job, JobState, new_job_id
from labeld.daemon.parting import Parting
from labeld.daemon.preparer import Preparer, made_for
from labeld.daemon.printers import Printers
from labeld.daemon.rendering.pool import RenderPool
from labeld.daemon.routing import Route
from labeld.daemon.spooler import Spooler
from labeld.daemon.store import Artwork, NewJob, Store
from labeld.daemon.witness import Clocks
from labeld.drivers.opening import open_driver
from labeld.drivers.virtual.server import VirtualPrinter

from .harness import PATIENCE

CLOCKS = Clocks(time.time, time.monotonic)
LIMITS = SpoolerSettings(poll_seconds=0.01, settle_seconds=0.2, reply_timeout_seconds=0.2, retry_max_seconds=0.1)
ZPL = b"^XA^FO10,10^GB100,100,4^FS^XZ"


class Floor:
    """A store, a printer, and the spooler between them."""

    def __init__(
        self,
        store: Store,
        zebra: VirtualPrinter,
        name: str = "zebra",
        limits: SpoolerSettings = LIMITS,
        /,
        **settings: object,
    ) -> None:
        self.store = store
        self.zebra = zebra
        self.name = name
        self.limits = limits
        self.clocks = CLOCKS
        self.settings = PrinterSettings.model_validate({"uri": zebra.uri} | settings)
        self._poke: Callable[[], None] = lambda: None
        self.printers = Printers({name: self.settings})
        self.driver = open_driver(
            zebra.uri,
            progress_timeout=limits.progress_timeout_seconds,
            reply_timeout=limits.reply_timeout_seconds,
            close_timeout=limits.reply_timeout_seconds,
            ask=self.settings.ask,
        )

    async def job(self, number: int = 1, zpl: bytes = ZPL, labels: int = 1, **fields: object) -> Job:
        """A rendered job that waits for its turn."""
        extra = "".join(f', "{name}": "{value}"' for name, value in fields.items())
        payload = f'{{"event_id": "e{number}", "asset": {{"content": "x"}}{extra}}}'.encode()
        event = from_json("t", payload, max_bytes=1000)
        new = NewJob(new_job_id(number, number), event, "test", "t", Route(self.name, "only"), float(number))
        job = (await self.store.accept(new)).job
        artwork = Artwork(made_for(self.settings, self.settings.document_format), zpl, labels, 812, 1219, 203, ())
        job = await self.store.save_artwork(job.id, artwork, "rendered", float(number))
        self._poke()
        return job

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Spooler]:
        """The spooler at work."""
        chosen = Settings()
        pool = RenderPool(chosen.render)
        parting = Parting(self.store, pool, Dispatcher(chosen, self.store, self.printers, time.time), time.time)
        with tempfile.TemporaryDirectory() as folder:
            in_hand = InHand(Path(folder) / "in-hand.json")
            preparer = Preparer(chosen, self.store, pool, self.printers, time.time, time.monotonic, parting, in_hand)
            spooler = Spooler(
                self.name,
                self.settings,
                self.limits,
                self.driver,
                self.store,
                self.printers,
                preparer,
                self.clocks,
                StaleGuard(chosen, self.store, self.printers, time.time, time.monotonic).late,
                in_hand,
            )
            self._poke = spooler.poke
            work = asyncio.create_task(spooler.run(asyncio.Event()))
            try:
                yield spooler
            finally:
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await work

    async def until(self, job: Job, *states: JobState) -> Job:
        """The job, once it is in one of the states."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.store.get(job.id)
                if found.state in states:
                    return found
                await asyncio.sleep(0.01)

    async def said(self, words: str) -> None:
        """Wait until the printer's message has these words."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.printers[self.name].message:  # noqa: ASYNC110 - no signal
                await asyncio.sleep(0.01)

    async def stopped_for(self, reason: str) -> None:
        """Wait until the printer is known to be stopped for a reason."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if reason in self.printers[self.name].reasons:
                    return
                await asyncio.sleep(0.01)
