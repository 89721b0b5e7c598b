"""Fetches the labels that events did not bring: at once, again with pauses, each shop and host on its own."""

import asyncio
import heapq
import logging
from collections.abc import Callable, Collection
from math import inf
from typing import Protocol

from ..errors import IllegalTransition, NoSuchJob, StoreUnavailable
from ..job import Job, JobState, Reason
from ..store import Fetch, Store
from ..tiktok.vault import CannotOpen
from .document import Document, FetchFailed, NeedsPerson, OrderCanceled, OrderOnHold, TryLater
from .wanted import Wanted, from_text

log = logging.getLogger(__name__)

#: labels of one shop or host that are fetched at once, and of all together
_PER_LANE, _TOGETHER = 4, 32
#: seconds before the first, and at most before any, new try
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: seconds before an order that is on hold is looked at again
_LOOK_PAUSE = 300.0


class Obtain(Protocol):
    """How a label is obtained."""

    async def __call__(self, job: Job, wanted: Wanted, *, look: bool) -> Document | None:
        """The label of a job; None where it is there already. With `look` its orders are looked at first.

        Raises:
            FetchFailed: why there is none yet, or none at all.
        """
        ...


def pause(tries: int, chance: float) -> float:
    """Seconds before the next try after `tries` that failed; `chance`, from 0 to 1, spreads them. Pure."""
    return float(min(_FIRST_PAUSE * 2 ** min(tries, 10), _LONGEST_PAUSE) * (0.75 + chance / 2))


class Fetcher:
    """Keeps trying until each label is there or a person has to do something.

    Args:
        store: the jobs, and what is wanted for them.
        unseal: opens what is kept of a link.
        obtain: fetches it.
        clock: Unix seconds.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        store: Store,
        unseal: Callable[[bytes], str],
        obtain: Obtain,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._unseal = unseal
        self._obtain = obtain
        self._clock = clock
        self._chance = chance
        #: when each label is tried next; infinity where somebody has to have it tried
        self._at: dict[str, float] = {}
        self._lane_of: dict[str, str] = {}
        self._lanes: dict[str, list[tuple[float, str]]] = {}
        self._running: dict[str, int] = {}
        self._begun: set[str] = set()
        #: those that are to be tried again although they are being tried
        self._again: set[str] = set()
        #: those whose orders are on hold
        self._on_hold: set[str] = set()
        self._ended = False
        #: lanes of shops that may be asked again
        self._ready: Collection[str] = set()
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Learn what was still to be fetched when labeld stopped."""
        await self._store.forget_fetches()
        for one in await self._store.waiting():
            self._plan(one.job_id, one.lane, inf if one.next_at is None else one.next_at)

    def wanted(self, job_id: str, lane: str) -> None:
        """A label is to be fetched, or another link to it was told."""
        if job_id in self._begun:
            self._again.add(job_id)
        self._plan(job_id, lane, 0.0)

    def job_changed(self, job: Job) -> None:
        """A change of a job is committed."""
        if job.id not in self._at:
            return
        if job.state.terminal:
            del self._at[job.id]
            self._lane_of.pop(job.id, None)
            self._on_hold.discard(job.id)
            self._ended = True
            self._wake.set()
        elif job.reason == Reason.ORDER_ON_HOLD:
            self._on_hold.add(job.id)
        elif job.reason == Reason.FETCHING and (self._at[job.id] == inf or job.id in self._on_hold):
            # a person released it
            self._on_hold.discard(job.id)
            self.wanted(job.id, self._lane_of[job.id])

    def shops_ready(self, shops: Collection[str]) -> None:
        """These shops can be asked now: what is held for those that could not is fetched."""
        self._ready = {f"shop {shop}" for shop in shops}
        if any(at == inf and self._lane_of[job_id] in self._ready for job_id, at in self._at.items()):
            self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                if self._ended:
                    self._ended = False
                    await self._forget()
                if self._ready:
                    await self._resume(self._ready)
                    self._ready = set()
                now = self._clock()
                while (found := self._next(now)) is not None:
                    tasks.create_task(self._do(*found), name=f"fetch-{found[0]}")
                soonest = min(
                    (heap[0][0] for lane, heap in self._lanes.items() if heap and self._free(lane)), default=None
                )
                try:
                    async with asyncio.timeout(None if soonest is None else max(soonest - self._clock(), 0.05)):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    def _plan(self, job_id: str, lane: str, at: float) -> None:
        self._at[job_id] = at
        self._lane_of[job_id] = lane
        if at != inf:
            heapq.heappush(self._lanes.setdefault(lane, []), (at, job_id))
            self._wake.set()

    def _free(self, lane: str) -> bool:
        return self._running.get(lane, 0) < _PER_LANE and len(self._begun) < _TOGETHER

    def _next(self, now: float) -> tuple[str, str] | None:
        """A label whose time has come, and its lane, which has room."""
        for lane, heap in list(self._lanes.items()):
            while heap and (self._at.get(heap[0][1]) != heap[0][0] or heap[0][1] in self._begun):
                heapq.heappop(heap)  # planned otherwise since
            if not heap:
                del self._lanes[lane]
            elif heap[0][0] <= now and self._free(lane):
                _, job_id = heapq.heappop(heap)
                self._begun.add(job_id)
                self._running[lane] = self._running.get(lane, 0) + 1
                # the next label is another lane's
                self._lanes[lane] = self._lanes.pop(lane)
                return job_id, lane
        return None

    async def _do(self, job_id: str, lane: str) -> None:
        at: float | None = None
        try:
            at = await self._try(job_id)
        except StoreUnavailable:
            await self._store.health.recovery()
            at = 0.0
        except Exception:
            log.exception("job %s: fetching its label failed", job_id)
            at = self._clock() + _LONGEST_PAUSE
        finally:
            self._begun.discard(job_id)
            self._running[lane] -= 1
            again = job_id in self._again
            self._again.discard(job_id)
        if again or at is not None:
            if job_id in self._at:
                self._plan(job_id, self._lane_of[job_id], 0.0 if again else float(at or 0.0))
        else:
            self._at.pop(job_id, None)
            self._lane_of.pop(job_id, None)
            self._on_hold.discard(job_id)
        self._wake.set()

    async def _try(self, job_id: str) -> float | None:
        """Try once; gives when to try again, infinity for not before somebody says so, None where it is done."""
        found = await self._store.fetch(job_id)
        if found is None:
            return None
        job, fetch = found
        try:
            wanted = from_text(self._unseal(fetch.wanted))
        except CannotOpen as error:
            return await self._failed(job, fetch, NeedsPerson(f"what it is fetched by cannot be read: {error}"))
        try:
            document = await self._obtain(job, wanted, look=fetch.look)
        except OrderCanceled as error:
            return await self._canceled(job, error)
        except FetchFailed as error:
            return await self._failed(job, fetch, error)
        await self._store.arrived(job_id, document, self._clock())
        return None

    async def _failed(self, job: Job, fetch: Fetch, error: FetchFailed) -> float:
        now = self._clock()
        next_at, because, hold = None, str(error), Reason.NOT_FETCHED
        if isinstance(error, OrderOnHold):
            next_at, hold = now + _LOOK_PAUSE, Reason.ORDER_ON_HOLD
            because = f"{because}: it prints when that is over, or when it is released"
        elif isinstance(error, TryLater):
            next_at = now + max(pause(fetch.tries, self._chance()), error.after or 0.0)
            if next_at > fetch.until:
                next_at = None
                because = f"{because}; it was tried {fetch.tries + 1} times: release it to try again"
            else:
                because = f"{because}: it is tried again"
        log.info("job %s: its label is not there: %s", job.id, because)
        held = hold if next_at is None or hold is Reason.ORDER_ON_HOLD else None
        await self._store.not_arrived(job.id, because, now, next_at=next_at, hold=held)
        return inf if next_at is None else next_at

    async def _canceled(self, job: Job, error: OrderCanceled) -> float | None:
        try:
            reason = Reason.ORDER_CANCELED
            await self._store.move(job.id, JobState.CANCELED, reason, str(error), self._clock(), was=job)
        except IllegalTransition:
            return self._clock() + _FIRST_PAUSE  # it was just held, or released
        return None

    async def _resume(self, lanes: Collection[str]) -> None:
        for job_id in [one for one, at in self._at.items() if at == inf and self._lane_of[one] in lanes]:
            words = f"{self._lane_of[job_id]} can be asked again"
            try:
                await self._store.fetch_again(job_id, words, self._clock())
            except (IllegalTransition, NoSuchJob, StoreUnavailable) as error:
                log.info("job %s: %s", job_id, error)

    async def _forget(self) -> None:
        try:
            await self._store.forget_fetches()
        except StoreUnavailable:
            self._ended = True  # at the next wake, or the next start
