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
from .document import Document, FetchFailed, OrderCanceled, OrderOnHold, TryLater
from .wanted import Wanted, from_text

log = logging.getLogger(__name__)

#: labels of one shop or host that are fetched at once, and of all together
_PER_LANE, _TOGETHER = 4, 32
#: seconds before the first, and at most before any, new try
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: the longest that a start waits with a try
_LONGEST_DELAY = 3600.0
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
        clock: Unix seconds, for what is kept.
        steady: seconds that no step of the clock changes, for what is planned.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        store: Store,
        unseal: Callable[[bytes], str],
        obtain: Obtain,
        clock: Callable[[], float],
        steady: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._unseal = unseal
        self._obtain = obtain
        self._clock = clock
        self._steady = steady
        self._chance = chance
        #: when each label is tried next, in steady seconds; infinity where somebody has to have it tried
        self._at: dict[str, float] = {}
        self._lane_of: dict[str, str] = {}
        self._lanes: dict[str, list[tuple[float, str]]] = {}
        self._running: dict[str, int] = {}
        self._begun: set[str] = set()
        #: those that are to be tried again although they are being tried
        self._again: set[str] = set()
        #: those whose jobs are held: they are tried when that ends
        self._held: set[str] = set()
        self._ended = False
        #: lanes of shops that may be asked again
        self._ready: set[str] = set()
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Learn what was still to be fetched when labeld stopped."""
        await self._store.forget_fetches()
        now = self._clock()
        for one in await self._store.waiting():
            # a clock that was ahead must not keep a label waiting
            self._plan(one.job_id, one.lane, inf if one.next_at is None else min(one.next_at - now, _LONGEST_DELAY))
            if one.held:
                self._held.add(one.job_id)

    def wanted(self, job: Job, lane: str) -> None:
        """A label is to be fetched, or another link to it was told; that is committed."""
        (self._held.discard if job.reason == Reason.FETCHING else self._held.add)(job.id)
        self._plan_now(job.id, lane)

    def job_changed(self, job: Job) -> None:
        """A change of a job is committed."""
        if job.id not in self._at:
            return
        if job.state.terminal:
            del self._at[job.id]
            self._lane_of.pop(job.id, None)
            self._held.discard(job.id)
            self._ended = True
            self._wake.set()
        elif job.reason != Reason.FETCHING:
            self._held.add(job.id)
        elif job.id in self._held:
            self._held.discard(job.id)
            self._plan_now(job.id, self._lane_of[job.id])

    def shops_ready(self, shops: Collection[str]) -> None:
        """These shops can be asked now: what is held for those that could not is fetched."""
        self._ready |= {f"shop {shop}" for shop in shops}
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
                    ready, self._ready = self._ready, set()
                    await self._resume(ready)
                now = self._steady()
                while (found := self._next(now)) is not None:
                    tasks.create_task(self._do(*found), name=f"fetch-{found[0]}")
                soonest = min(
                    (heap[0][0] for lane, heap in self._lanes.items() if heap and self._free(lane)), default=None
                )
                try:
                    async with asyncio.timeout(None if soonest is None else max(soonest - self._steady(), 0.05)):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    def _plan_now(self, job_id: str, lane: str) -> None:
        if job_id in self._begun:
            self._again.add(job_id)
        self._plan(job_id, lane, 0.0)

    def _plan(self, job_id: str, lane: str, delay: float) -> None:
        at = self._at[job_id] = self._steady() + max(delay, 0.0)
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
        delay: float | None = None
        try:
            delay = await self._try(job_id)
        except StoreUnavailable:
            await self._store.health.recovery()
            delay = 0.0
        except Exception:
            log.exception("job %s: fetching its label failed", job_id)
            delay = _LONGEST_PAUSE
        finally:
            self._begun.discard(job_id)
            self._running[lane] -= 1
            again = job_id in self._again
            self._again.discard(job_id)
        if again or delay is not None:
            if job_id in self._at:
                self._plan(job_id, self._lane_of[job_id], 0.0 if again else float(delay or 0.0))
        else:
            self._at.pop(job_id, None)
            self._lane_of.pop(job_id, None)
            self._held.discard(job_id)
        self._wake.set()

    async def _try(self, job_id: str) -> float | None:
        """Try once; gives seconds before the next try, infinity for when somebody says so, None where it is done."""
        found = await self._store.fetch(job_id)
        if found is None:
            return None
        job, fetch = found
        try:
            wanted = from_text(self._unseal(fetch.wanted))
        except CannotOpen as error:
            because = f"what it is fetched by cannot be read: {error}; or send its event again"
            await self._store.not_arrived(
                job_id, fetch, because, self._clock(), next_at=None, hold=Reason.NOT_FETCHED, unreadable=True
            )
            return inf
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
        delay, because, hold = inf, str(error), Reason.NOT_FETCHED
        if isinstance(error, OrderOnHold):
            delay, hold = _LOOK_PAUSE, Reason.ORDER_ON_HOLD
            because = f"{because}: it prints when that is over, or when it is released"
        elif isinstance(error, TryLater):
            delay = max(pause(fetch.tries, self._chance()), error.after or 0.0)
            if now + delay > fetch.until:
                delay = inf
                because = f"{because}; it was tried {fetch.tries + 1} times: release it to try again"
            else:
                because = f"{because}: it is tried again"
        log.info("job %s: its label is not there: %s", job.id, because)
        held = hold if delay == inf or hold is Reason.ORDER_ON_HOLD else None
        next_at = None if delay == inf else now + delay
        await self._store.not_arrived(job.id, fetch, because, now, next_at=next_at, hold=held)
        return delay

    async def _canceled(self, job: Job, error: OrderCanceled) -> float | None:
        try:
            reason = Reason.ORDER_CANCELED
            await self._store.move(job.id, JobState.CANCELED, reason, str(error), self._clock(), was=job)
        except IllegalTransition:
            return _FIRST_PAUSE  # it was just held, or released
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
