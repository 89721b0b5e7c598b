"""Compares a parcel's second label with its first, and takes back what events withdrew."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from . import parcels
from .actions import Actions
from .errors import IllegalTransition, NoSuchJob, StoreUnavailable
from .job import Job, JobState, Reason
from .parcels import Another, Duplicate, Looks, Rest
from .rendering.pool import RenderFailed, RenderPool
from .store import Store

log = logging.getLogger(__name__)

#: labels that are compared at the same time
_AT_ONCE = 2
#: rivals of one job that are drawn
_MOST = 8
#: before the next try when a job changed meanwhile
_PAUSE_SECONDS = 1.0
_NO_NUMBERS = {("package", None), ("tracking", None)}


class ParcelKeeper:
    """Finds out of each job that waits to be compared whether it is a label of its own."""

    def __init__(
        self, store: Store, pool: RenderPool, actions: Actions, max_bytes: int, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._pool = pool
        self._actions = actions
        self._max_bytes = max_bytes
        self._clock = clock
        self._comparing: dict[str, Job] = {}
        self._withdrawn: dict[str, Job] = {}
        self._taken_back: set[str] = set()
        #: what is not to be begun again yet, and how many are compared now
        self._begun: set[str] = set()
        self._at_work = 0
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Learn what waited to be compared when labeld stopped."""
        self._comparing = {job.id: job for job in await self._store.comparing()}

    def job_changed(self, job: Job) -> None:
        """A change of a job is committed."""
        if job.state is JobState.PENDING and job.reason == Reason.COMPARING:
            behind = job.id not in self._comparing and job.id < next(reversed(self._comparing), "")
            self._comparing[job.id] = job
            if behind:  # a person released it
                self._comparing = dict(sorted(self._comparing.items()))
        else:
            self._comparing.pop(job.id, None)
        if job.void and job.state.under_way:
            # once: where that comes too late it is marked already
            if job.id not in self._taken_back:
                self._taken_back.add(job.id)
                self._withdrawn[job.id] = job
        elif job.void:
            self._taken_back.discard(job.id)
        if self._comparing or self._withdrawn:
            self._wake.set()

    async def run(self) -> None:
        """Compare and take back until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                # what is under way is taken back at once, however much waits to be compared
                for job in [job for job in self._withdrawn.values() if job.id not in self._begun]:
                    self._begin(tasks, job, self._take_back(job))
                for job in self._next(_AT_ONCE - self._at_work):
                    self._at_work += 1
                    self._begin(tasks, job, self._look_at(job))
                await self._wake.wait()

    def _next(self, count: int) -> list[Job]:
        """Those to be compared now: of a parcel's the oldest only, so that each is compared with what stays."""
        found: list[Job] = []
        earlier: set[tuple[str, str | None]] = set()
        for job in self._comparing.values():
            if len(found) >= count:
                break
            numbers = {("package", job.package_id), ("tracking", job.tracking_number)} - _NO_NUMBERS
            if job.id not in self._begun and not numbers & earlier:
                found.append(job)
            earlier |= numbers
        return found

    def _begin(self, tasks: asyncio.TaskGroup, job: Job, work: Coroutine[None, None, bool]) -> None:
        self._begun.add(job.id)
        tasks.create_task(self._do(job, work), name=f"parcel-{job.id}")

    async def _do(self, job: Job, work: Coroutine[None, None, bool]) -> None:
        if not await work:
            await asyncio.sleep(_PAUSE_SECONDS)
        self._begun.discard(job.id)
        self._wake.set()

    async def _take_back(self, job: Job) -> bool:
        try:
            await self._actions.withdraw(job)
        except StoreUnavailable:
            await self._store.health.recovery()
            return True  # it is still to be taken back
        except (IllegalTransition, NoSuchJob) as error:
            log.info("job %s: %s", job.id, error)
        except Exception:
            # it is marked as void; what is under way is its printer's writer's
            log.exception("job %s could not be taken back", job.id)
        del self._withdrawn[job.id]
        return True

    async def _look_at(self, job: Job) -> bool:
        try:
            await self._compare(job)
        except (IllegalTransition, NoSuchJob) as error:
            log.info("job %s: %s", job.id, error)
            return False
        except StoreUnavailable:
            await self._store.health.recovery()
        except Exception as error:
            log.exception("job %s could not be compared", job.id)
            return await self._put_aside(job, f"labeld failed on this label: {type(error).__name__}: {error}")
        finally:
            self._at_work -= 1
            self._wake.set()
        return True

    async def _compare(self, job: Job) -> None:
        others = await self._store.rivals(job)
        if not others:
            message = "no other label of its parcel is left: it is printed"
            await self._store.set_compared(job, message, self._clock(), beside=())
            return
        if len(others) > _MOST:
            await self._hold(job, others, f"its parcel has {len(others)} labels already: is this one to be printed?")
            return
        try:
            looks = await self._looks(job)
        except RenderFailed as error:
            because = f"its parcel has a label already, and this one cannot be compared: {error} (job {others[0].id})"
            await self._hold(job, others, because)
            return
        match parcels.compare(job, looks, [(other, await self._looks_if_any(other)) for other in others]):
            case Duplicate(first):
                await self._store.set_duplicate(job, first, self._clock())
            case Rest(first, pages, role):
                message = (
                    f"its other pages are the same as job {first.id}'s: only page {', '.join(map(str, pages))} is new"
                )
                await self._store.set_compared(
                    job,
                    message,
                    self._clock(),
                    beside={other.id for other in others},
                    pages=pages,
                    role=role,
                    rival=first.id,
                )
            case Another(stop, printed):
                await self._supersede(job, list(stop), list(printed))

    async def _supersede(self, job: Job, stop: list[Job], printed: list[Job]) -> None:
        for other in stop:
            try:
                stopped = await self._actions.supersede(other, job.id)
            except IllegalTransition:
                stopped = await self._store.get(other.id)
            if stopped.being_canceled:
                # told again when it is known whether it came back
                raise IllegalTransition(f"job {stopped.id} is being taken back")
            if parcels.live(stopped):
                printed.append(stopped)
        if printed:
            one = printed[0]
            state = "is printed" if one.state is JobState.COMPLETED else "may be printed"
            because = (
                f"another label of its parcel {state}: take that one out of the pile, then print this one, "
                f"or cancel it (job {one.id})"
            )
            await self._hold(job, printed, because)
            return
        message = f"it takes the place of job {stop[0].id}, another label of its parcel"
        await self._store.set_compared(job, message, self._clock(), beside=(), rival=stop[0].id)

    async def _hold(self, job: Job, others: list[Job], because: str) -> None:
        beside = {other.id for other in others}
        await self._store.set_compared(
            job, because, self._clock(), beside=beside, hold=Reason.OTHER_LABEL, rival=others[0].id
        )

    async def _looks(self, job: Job) -> Looks:
        asset, media_type = await self._store.asset(job.id)
        return await self._pool.looks(
            asset,
            media_type=media_type,
            design_dpi=job.design_dpi,
            pages=job.pages or (),
            max_bytes=self._max_bytes,
        )

    async def _looks_if_any(self, job: Job) -> Looks:
        """Of one that cannot be drawn, or whose bytes are gone, nothing is known."""
        try:
            return await self._looks(job)
        except (RenderFailed, NoSuchJob):
            return {}

    async def _put_aside(self, job: Job, because: str) -> bool:
        try:
            await self._store.move(job.id, JobState.HELD, Reason.OTHER_LABEL, because, self._clock(), was=job)
        except Exception:
            log.exception("job %s cannot be put aside", job.id)
            return False
        return True
