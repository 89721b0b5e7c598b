"""Gives each label to a printer that its route allows, and shares a group's work while nothing of it was sent."""

import asyncio
import functools
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ..config.printers import PrinterSettings
from ..config.settings import Settings
from .errors import IllegalTransition, StoreUnavailable
from .job import Job, JobState, Reason
from .preparer import made_for
from .printers import Printers, PrinterView
from .routing import Plan, Route, Wish, documents_of, misfit, plan, wish_of
from .sharing import Readiness, Sister, better, choose, may_move, readiness
from .store import Store

log = logging.getLogger(__name__)

#: between two rounds, so that a burst of changes is one round
_PAUSE_SECONDS = 0.1
#: different wishes whose plans are remembered
_WISHES = 1024
#: jobs that a printer has to print or is printing
_UNDONE = frozenset({JobState.PENDING, JobState.PROCESSING, JobState.STOPPED})


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where jobs wait that may wait at the same other printers as well."""

    at: str
    printers: tuple[str, ...]
    media: str | None


class Dispatcher:
    """Knows what every printer has to do, and so which printer of a group is next."""

    def __init__(self, settings: Settings, store: Store, printers: Printers, clock: Callable[[], float]) -> None:
        self._take(settings)
        self._store = store
        self._printers = printers
        self._clock = clock
        self._wake = asyncio.Event()
        #: printer and labels of each job that is not done
        self._undone: dict[str, tuple[str, int]] = {}
        self._waiting: dict[str, int] = {}
        #: those that are routed and not committed yet
        self._routed: set[str] = set()
        #: jobs of which nothing was sent
        self._movable: dict[str, Job] = {}
        #: those of them that another printer may take over
        self._shared: dict[_Shelf, dict[str, Job]] = {}
        self._shelves: dict[str, _Shelf] = {}

    def _take(self, settings: Settings) -> None:
        self._settings = settings
        # most events of a site wish the same
        self._plan = functools.lru_cache(_WISHES)(functools.partial(plan, settings))

    def apply(self, settings: Settings) -> None:
        """Take over new settings of printers, groups and rules; what waits stays until a sister is better."""
        self._take(settings)
        self._shared.clear()
        self._shelves.clear()
        for job in self._movable.values():
            self._shelve(job)
        self._wake.set()

    async def load(self) -> None:
        """Learn what waits since before the start; to be called before anything is routed."""
        for job in await self._store.undone(_UNDONE):
            self.changed(job)

    def poke(self) -> None:
        """A printer's state changed."""
        self._wake.set()

    def changed(self, job: Job) -> None:
        """A change of a job is committed."""
        self._drop(job.id)
        if job.printer is None or job.state not in _UNDONE:
            self._wake.set()
            return
        self._expect(job.id, job.printer, _labels(job))
        if may_move(job):
            self._movable[job.id] = job
            self._shelve(job)

    def route(self, wish: Wish, *, job_id: str = "", copies: int = 1) -> Route:
        """Choose a printer now; its `copies` are counted as its work until `job_id` is committed or forgotten."""
        found = self._plan(wish)
        if not found.printers:
            return Route(None, found.because)
        chosen, because = self._choose(found, wish)
        if job_id:
            self._expect(job_id, chosen, copies)
            self._routed.add(job_id)
        return Route(chosen, because, found.hold)

    def documents(self, job: Job) -> Plan | None:
        """The way of those pages of a job that are documents; None where all its pages stay together."""
        if job.requested_printer is not None or job.role is not None or job.reprint_of is not None:
            return None
        found = self._plan(documents_of(wish_of(job)))
        return None if job.printer in found.printers else found

    def forget(self, job_id: str) -> None:
        """A job did not come about; of one that did, although nobody waited for that, nothing is forgotten."""
        if job_id in self._routed:
            self._drop(job_id)

    def _drop(self, job_id: str) -> None:
        self._routed.discard(job_id)
        if job_id in self._undone:
            printer, labels = self._undone.pop(job_id)
            self._waiting[printer] -= labels
        self._movable.pop(job_id, None)
        if shelf := self._shelves.pop(job_id, None):
            del self._shared[shelf][job_id]
            if not self._shared[shelf]:
                del self._shared[shelf]

    async def move(self, job: Job, to: str, who: str) -> Job:
        """Give a job to another printer or group because a person says so; it then stays there.

        Raises:
            IllegalTransition: it changed meanwhile, or there is no such printer.
        """
        route = self.route(replace(wish_of(job), printer=to))
        if route.printer is None:
            raise IllegalTransition(f"job {job.id} cannot be moved: {route.because}")
        before = f" from {job.printer}" if job.printer not in (None, route.printer) else ""
        choice = "" if route.printer == to else f" of group {to}"
        columns: dict[str, object] = {"printer": route.printer, "requested_printer": to}
        # one that a rule held was not compared with others of its parcel yet
        reason: str = Reason.COMPARING if job.reason == Reason.RULE else Reason.TRANSFORMING
        if job.state is JobState.PENDING:
            reason = self._reason(job, route.printer)
        else:
            # a person decided about what it was held for
            columns |= {"outcome": None, "level": None, "useful_until": None, "waits_since": self._clock()}
        words = f"moved{before} to {route.printer}{choice} by {who}"
        return await self._store.move(job.id, JobState.PENDING, reason, words, self._clock(), was=job, **columns)

    async def run(self) -> None:
        """Share the groups' work until cancelled."""
        while True:
            self._wake.clear()
            try:
                for shelf in list(self._shared):
                    await self._relieve(shelf)
            except StoreUnavailable:
                await self._store.health.recovery()
                continue
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._wake.wait()

    async def _relieve(self, shelf: _Shelf) -> None:
        """Move what is better off at a sister."""
        if shelf not in self._shared or shelf.at not in self._printers:
            return  # what waited there was given out anew, or is about to be held
        if better(self._sisters(shelf.printers, shelf.media), shelf.at, 1) is None:
            return
        jobs = sorted(self._shared.get(shelf, {}).values(), key=lambda job: (-job.priority, job.id))
        ready = readiness(self._printers[shelf.at]) is Readiness.READY
        # of what waits for a printer at work every second one may go, so that the oldest are the first everywhere
        for job in jobs[::-2] if ready else jobs:
            if self._shared.get(shelf, {}).get(job.id) is not job:
                continue
            sisters = self._sisters(shelf.printers, shelf.media)
            target = better(sisters, shelf.at, _labels(job))
            if target is None:
                continue
            here = next(one for one in sisters if one.name == shelf.at)
            words = f"moved from {here.words} to {target.words}; nothing of it had been sent"
            reason = self._reason(job, target.name)
            try:
                await self._store.move(
                    job.id, JobState.PENDING, reason, words, self._clock(), was=job, printer=target.name
                )
            except IllegalTransition:
                log.info("job %s changed before it could be moved", job.id)

    def _choose(self, found: Plan, wish: Wish) -> tuple[str, str]:
        if found.group is None:
            return found.printers[0], found.because
        sisters = self._sisters(found.printers, wish.media)
        chosen = choose(sisters)
        rest = ", ".join(one.words for one in sisters if one is not chosen)
        against = f", before {rest}" if rest else ""
        return chosen.name, f"{found.because}: {chosen.words}{against}"

    def _sisters(self, names: Collection[str], media: str | None) -> list[Sister]:
        return [self._sister(name, media) for name in names]

    def _sister(self, name: str, media: str | None) -> Sister:
        view = self._printers[name]
        return Sister(
            name,
            readiness(view),
            _state(view),
            self._waiting.get(name, 0),
            misfit(media, name, view.settings.media) is None,
        )

    def _reason(self, job: Job, target: str) -> str:
        """Whether a waiting job's artwork serves another printer too, or has to be made anew."""
        old, new = self._settings.printers.get(job.printer or ""), self._settings.printers[target]
        same = old is not None and self._made_for(job.printer or "", old) == self._made_for(target, new)
        return job.reason if same else Reason.TRANSFORMING

    def _made_for(self, name: str, printer: PrinterSettings) -> str:
        return made_for(printer, self._printers.document_format(name))

    def _shelve(self, job: Job) -> None:
        printers = self._plan(wish_of(job)).printers
        if len(printers) > 1 and job.printer in printers:
            shelf = self._shelves[job.id] = _Shelf(job.printer, printers, job.media)
            self._shared.setdefault(shelf, {})[job.id] = job
            self._wake.set()

    def _expect(self, job_id: str, printer: str, labels: int) -> None:
        self._drop(job_id)
        self._undone[job_id] = printer, labels
        self._waiting[printer] = self._waiting.get(printer, 0) + labels


def _labels(job: Job) -> int:
    return job.labels or job.copies


def _state(view: PrinterView) -> str:
    if readiness(view) is Readiness.READY:
        return "ready"
    if view.pause is not None:
        return f"paused by {view.pause.who}"
    return ", ".join(reason.replace("-", " ") for reason in view.reasons) or view.message
