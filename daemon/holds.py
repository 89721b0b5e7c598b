"""Labels that come too late to be printed unasked: after their time, or left over from an outage."""

import asyncio
from collections.abc import Callable, Iterable

from ..config.services import HoldsSettings
from ..config.settings import Settings
from .errors import IllegalTransition, StoreUnavailable
from .job import Job, JobState, Reason
from .messages import iso
from .printers import Printers
from .sharing import Readiness, readiness
from .store import Store
from .wall_clock import Doubt, stale

#: between two looks at all that waits
_SWEEP_SECONDS = 10.0
#: how often it is kept which printers can print; so much of an outage of labeld's own may not be counted
_KEEP_SECONDS = 60.0
#: labels that are held together
_BATCH = 64


def late_event(holds: HoldsSettings, at: float | None, station: str | None, now: float) -> str | None:
    """Why an event that was made `at` and comes `now` is too late to be printed unasked. Pure; Unix seconds."""
    limit = _limit(holds, station)
    if at is None or limit is None or now - at < limit:
        return None
    return f"its event of {iso(at)} came {_span(now - at)} later: ask before it is printed"


def late_job(holds: HoldsSettings, job: Job, now: float, out: float, doubt: Doubt | None = None) -> str | None:
    """Why a job is too late to be printed unasked. Pure.

    Args:
        holds: the settings.
        job: a pending one.
        now: Unix seconds.
        out: for how many seconds its printer could not print, or labeld did not run.
        doubt: why the clock is not believed, if so.
    """
    if because := stale(job.useful_until, now, doubt):
        return because
    limit = _limit(holds, job.station)
    since = job.received_at if job.waits_since is None else job.waits_since
    if limit is None or out < limit or now - since < limit:
        return None
    return (
        f"it waited {_span(now - since)}, and {job.printer} could not print for {_span(out)}: ask before it is printed"
    )


class StaleGuard:
    """Holds what is late, by time, and knows for how long each printer could not print.

    Args:
        settings: those in force at first.
        store: the jobs; keeps when printers were able to print, for the time that labeld is down itself.
        printers: the registry.
        wall: Unix seconds.
        elapsed: seconds that no step of the clock changes, and that go on while the host sleeps.
        doubt: why the wall clock is not believed, if so.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        printers: Printers,
        wall: Callable[[], float],
        elapsed: Callable[[], float],
        doubt: Callable[[], Doubt | None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._printers = printers
        self._wall = wall
        self._elapsed = elapsed
        self._doubt = doubt
        #: when each printer was able to print last, in elapsed seconds
        self._able: dict[str, float] = {}
        self._kept = 0.0

    async def load(self) -> None:
        """Learn what was before the start, and hold what that made late; to be called before anything prints."""
        wall, now = self._wall(), self._elapsed()
        kept = await self._store.ables()
        self._able = {name: now - max(wall - kept.get(name, wall), 0.0) for name in self._settings.printers}
        self._kept = now - _KEEP_SECONDS
        await self.sweep()

    def apply(self, settings: Settings) -> None:
        """Take over new settings of printers."""
        now = self._elapsed()
        self._settings = settings
        self._able = {name: self._able.get(name, now) for name in settings.printers}

    def late(self, job: Job) -> str | None:
        """Why a pending job is too late to be printed unasked, in words."""
        now = self._elapsed()
        out = now - self._able.get(job.printer or "", now)
        return late_job(self._settings.holds, job, self._wall(), out, self._doubt())

    async def run(self) -> None:
        """Hold what becomes late until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.sweep()
            except StoreUnavailable:
                await self._store.health.recovery()

    async def sweep(self) -> None:
        """Hold what is late by now, then note which printers can print.

        Raises:
            StoreUnavailable: the database fails; an outage goes on then.
        """
        wall, now, holds = self._wall(), self._elapsed(), self._settings.holds
        doubt = self._doubt()
        latest = wall if doubt is None else max(wall, wall - doubt.ahead)
        while await self._hold(await self._store.outdated(latest, limit=_BATCH)):
            pass
        limit, without = holds.after_outage_minutes * 60.0, holds.always_print_stations
        for name, able in list(self._able.items()):
            while limit and now - able >= limit:
                waiting = await self._store.waiting_since(name, wall - limit, without=without, limit=_BATCH)
                if not await self._hold(waiting):
                    break
        ready = [view.name for view in self._printers if readiness(view) is Readiness.READY and view.name in self._able]
        self._able |= dict.fromkeys(ready, now)
        if now - self._kept >= _KEEP_SECONDS:
            await self._store.keep_ables({name: wall - (now - able) for name, able in self._able.items()})
            self._kept = now

    async def _hold(self, jobs: Iterable[Job]) -> bool:
        """Hold jobs that are late; False where that changed none."""
        done = await asyncio.gather(*(self._hold_one(job) for job in jobs))
        return any(done)

    async def _hold_one(self, job: Job) -> bool:
        because = self.late(job)
        if because is None:
            return False
        try:
            await self._store.move(job.id, JobState.HELD, Reason.STALE, because, self._wall(), was=job)
        except IllegalTransition:
            return False  # it was just printed, rendered, moved or canceled; the next look sees it
        return True


def _limit(holds: HoldsSettings, station: str | None) -> float | None:
    if not holds.after_outage_minutes or station in holds.always_print_stations:
        return None
    return holds.after_outage_minutes * 60.0


def _span(seconds: float) -> str:
    hours, minutes = divmod(int(seconds) // 60, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "under 1 min"
