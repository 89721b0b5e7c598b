"""The printers in force: each with its settings, its driver and its one writer, which come and go while labeld runs."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..config.printers import PrinterSettings
from ..config.settings import Settings
from ..drivers.profile import Profile
from .errors import StoreUnavailable, TooLate
from .job import Job, JobState
from .orphans import hold_orphans
from .printers import Printers
from .spooler import Spooler
from .store import Store


@dataclass(slots=True)
class _Writer:
    """Who serves a printer now, and the task in which it and those after it do."""

    spooler: Spooler
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """Let it finish the label on its way, and begin no other."""
        self.stop.set()
        self.spooler.poke()


class Fleet:
    """Owns what there is to print on, and puts new settings of printers into force.

    Args:
        settings: those in force at first.
        build: makes the writer of a printer.
        store: holds the jobs of printers that are gone.
        printers: the registry.
        followers: told new settings before writers begin and end.
        gone: told the name of a printer that nobody serves any more.
        clock: Unix seconds.
    """

    def __init__(
        self,
        settings: Settings,
        build: Callable[[str, PrinterSettings], Spooler],
        store: Store,
        printers: Printers,
        followers: Iterable[Callable[[Settings], None]],
        gone: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._build = build
        self._store = store
        self.printers = printers
        self._followers = tuple(followers)
        self._gone = gone
        self._clock = clock
        self._writers: dict[str, _Writer] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._stray = asyncio.Event()
        self._holding = asyncio.Lock()

    # --- what others tell it

    def job_changed(self, job: Job) -> None:
        """A change of a job is committed: its printer's writer looks at it."""
        if job.printer in self._writers:
            self._writers[job.printer].spooler.poke()
        elif job.printer is not None and job.state is JobState.PENDING:
            # it was routed before its printer went
            self._stray.set()

    def found(self, name: str) -> None:
        """A printer that is found by its identity may be somewhere else now."""
        if name in self._writers:
            self._writers[name].spooler.found()

    def busy(self, name: str) -> bool:
        """Whether a label is on its way to this printer's paper, or may be."""
        return name in self._writers and self._writers[name].spooler.busy

    def learned(self, name: str) -> Profile | None:
        """What was learned of a printer until now; None: nothing, or nobody serves it."""
        return self._writers[name].spooler.learned if name in self._writers else None

    async def recall(self, job: Job, because: str) -> Job:
        """Keep a job that is under way from its printer (`Spooler.recall`)."""
        if job.printer not in self._writers:
            raise TooLate(f"job {job.id} is under way, and {job.printer} is served no more")
        return await self._writers[job.printer].spooler.recall(job, because)

    # --- life

    async def run(self, stop: asyncio.Event) -> None:
        """Serve every printer until `stop` is set; then labels on their way are followed to their evidence."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for name in self.settings.printers:
                self._begin(name)
            strays = tasks.create_task(self._hold_strays(), name="stray-jobs")
            await stop.wait()
            self._tasks = None
            strays.cancel()
            for writer in self._writers.values():
                writer.end()

    async def apply(self, settings: Settings) -> None:
        """Put new settings of printers into force.

        New printers are served from now on. One that changed or went gets no further label from its former writer,
        which finishes the one on its way; then the next one begins. Jobs that wait for one that went are held.
        """
        before, self.settings = self.settings.printers, settings
        self.printers.apply(settings.printers)
        for follow in self._followers:
            follow(settings)
        for name, writer in self._writers.items():
            if before.get(name) != settings.printers.get(name):
                writer.end()
        for name in before.keys() - settings.printers.keys() - self._writers.keys():
            self._leave(name)
        for name in settings.printers:
            if name not in self._writers:
                self._begin(name)
        try:
            await self.hold_orphans()
        except StoreUnavailable:
            self._stray.set()

    async def ended(self, name: str) -> None:
        """Wait until nobody serves this printer any more."""
        if name in self._writers:
            await self._writers[name].done.wait()

    def _begin(self, name: str) -> None:
        if self._tasks is not None:
            self._writers[name] = _Writer(self._build(name, self.settings.printers[name]))
            self._tasks.create_task(self._serve(name), name=f"printer-{name}")

    async def _serve(self, name: str) -> None:
        """One writer after the other, so that no two ever speak to one printer."""
        while True:
            writer = self._writers[name]
            await writer.spooler.run(writer.stop)
            if self._tasks is None or name not in self.settings.printers:
                break
            # those who wait for its end wait for the end of the last one
            self._writers[name] = _Writer(self._build(name, self.settings.printers[name]), done=writer.done)
        del self._writers[name]
        writer.done.set()
        if name not in self.settings.printers:
            self._leave(name)
            self._stray.set()

    def _leave(self, name: str) -> None:
        self.printers.remove(name)
        self._gone(name)

    # --- jobs of printers that are gone

    async def hold_orphans(self) -> None:
        """Hold the jobs of printers that are gone; where that cannot be now, soon.

        Raises:
            StoreUnavailable: the database cannot be written.
        """
        async with self._holding:
            if not await hold_orphans(self._store, self._there, self._writers.__contains__, self._clock()):
                self._stray.set()

    def _there(self, name: str) -> bool:
        return name in self.settings.printers

    async def _hold_strays(self) -> None:
        while True:
            await self._stray.wait()
            self._stray.clear()
            try:
                await self.hold_orphans()
            except StoreUnavailable:
                self._stray.set()
                await self._store.health.recovery()
