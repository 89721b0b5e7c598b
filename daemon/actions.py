"""What a person may do with a job; each act is a move in the state table and a line in the ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from ..drivers.evidence import Level, Outcome
from .dispatcher import Dispatcher
from .errors import IllegalTransition, TooLate
from .job import RELEASABLE, TEST, WITHDRAWALS, Job, JobState, Reason, allowed_acts
from .notices import void_words
from .routing import wish_of
from .store import Accepted, NewReprint, Store

#: held jobs that are released together
_TOGETHER = 64
#: how often a job that changes meanwhile is tried to be moved
_TRIES = 3
#: letters of a person's reason
_REASON = 200
#: held before it was known whether their parcel has a label already
_NOT_COMPARED = (Reason.OTHER_PARCEL, Reason.PARTLY_CANCELED, Reason.RULE, Reason.ORDER_ON_HOLD)


class Actions:
    """The verbs of the page and the API; `recall` keeps a job that is under way from its printer (`Spooler.recall`)."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        recall: Callable[[Job, str], Awaitable[Job]],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._recall = recall
        self._clock = clock

    async def cancel(self, job_id: str, *, who: str) -> Job:
        """Take a job that has not begun to print out of the queue, or back from a spooler that holds it.

        With an event's job the other pages of its document are canceled, as far as they may be.
        Such a job is still processing when this returns. It is canceled when nothing of it was printed for sure; else
        its outcome is asked about.

        Raises:
            NoSuchJob, IllegalTransition: the printer has it, or it ended.
        """
        because = f"canceled by {who}"
        job = await self._store.get(job_id)
        late: IllegalTransition | None = None
        try:
            job = await self._cancel(job_id, because)
        except IllegalTransition as error:
            late = error
        # from here on it is parted no more
        for part in await self._store.parts(job):
            if part.part_of == job_id and "cancel" in allowed_acts(part):
                with suppress(IllegalTransition):
                    await self._cancel(part.id, because)
                    late = None
        if late is not None:
            raise late
        return job

    async def supersede(self, job: Job, by: str) -> Job:
        """Stop a job in whose place another one of its parcel comes; see `cancel`.

        Raises:
            NoSuchJob, IllegalTransition: the printer has it, or it ended.
        """
        return await self._cancel(job.id, f"another label of its parcel came as job {by}", Reason.SUPERSEDED)

    async def withdraw(self, job: Job) -> Job:
        """Take a job back that an event withdrew while it was under way; see `cancel`.

        Raises:
            NoSuchJob, IllegalTransition: the printer has it, or it ended.
        """
        for _ in range(_TRIES):
            job = await self._store.get(job.id)
            if job.being_canceled or not job.state.under_way:
                return job
            try:
                return await self._recall(job, job.message)
            except TooLate:
                raise
            except IllegalTransition as error:
                # its printer may just have stopped, or gone on
                last = error
        raise last

    async def take_out(self, job_id: str, *, who: str) -> Job:
        """Say that a void label is out of the pile.

        Raises:
            NoSuchJob, IllegalTransition: it is not void, or not on paper.
        """
        job = await self._store.get(job_id)
        return await self._store.take_out(job, f"{who} took it out of the pile", self._clock())

    async def reprint(self, job_id: str, reason: str, *, who: str, key: str | None = None) -> Accepted:
        """Print the stored bytes of an ended job again, as a job of its own with a number.

        Args:
            job_id: what is to be printed again.
            reason: why, for the ledger of both.
            who: who wants it.
            key: the same key is the same reprint.

        Raises:
            NoSuchJob, IllegalTransition: it cannot be printed again now.
        """
        reason = " ".join(reason.split())[:_REASON]
        if not reason:
            raise IllegalTransition(f"job {job_id} is printed again only for a reason: say why")
        job = await self._store.get(job_id)
        if job.source == TEST:
            raise IllegalTransition(f"job {job_id} is a test label: print a new one")
        now = self._clock()
        new_id = self._store.new_id(now)
        wish = wish_of(job)
        route = self._dispatcher.route(replace(wish, printer=job.printer or wish.printer), job_id=new_id)
        if route.printer is None:
            raise IllegalTransition(f"job {job.id} cannot be printed again: {route.because}")
        try:
            new = NewReprint(new_id, job_id, key or new_id, route.printer, reason, who, now)
            done = await self._store.reprint(new)
        except BaseException:
            self._dispatcher.forget(new_id)
            raise
        if done.duplicate:
            self._dispatcher.forget(new_id)
        return done

    async def _cancel(self, job_id: str, because: str, reason: Reason = Reason.CANCELED_BY_USER) -> Job:
        for _ in range(_TRIES):
            job = await self._store.get(job_id)
            if job.being_canceled:
                return job
            try:
                if job.state.under_way:
                    return await self._recall(job, because)
                return await self._store.move(job_id, JobState.CANCELED, reason, because, self._clock(), was=job)
            except TooLate:
                raise
            except IllegalTransition as error:
                # its turn may just have come
                last = error
        raise last

    async def release(self, job_id: str, *, who: str) -> Job:
        """Print a held job after all; one without a destination is routed again.

        Raises:
            NoSuchJob, IllegalTransition: it is not held, or held for a fault that printing does not mend.
        """
        job = await self._store.get(job_id)
        if "release" not in allowed_acts(job):
            raise IllegalTransition(f"job {job_id} is {job.state} ({job.reason}) and cannot be released")
        if job.reason == Reason.OTHER_STOCK:
            # on this stock after all: the question is answered, and only for this printer
            because = f"released by {who}, for the stock that {job.printer} has"
            return await self._requeue(job, because, media=None, requested_printer=job.printer)
        if job.reason in _NOT_COMPARED:
            return await self._requeue(job, f"released by {who}", Reason.COMPARING)
        return await self._requeue(job, f"released by {who}")

    async def hold(self, job_id: str, *, who: str, why: str = "") -> Job:
        """Keep a job that waits from its printer until somebody releases it, for the reason that a person gives.

        Raises:
            NoSuchJob, IllegalTransition: it does not wait, or its turn has come.
        """
        why = " ".join(why.split())[:_REASON]
        words = f"held by {who}{f': {why}' if why else ''}"
        for tries in range(_TRIES, 0, -1):
            job = await self._store.get(job_id)
            if "hold" not in allowed_acts(job):
                break
            try:
                return await self._store.move(job_id, JobState.HELD, Reason.HELD_BY_USER, words, self._clock(), was=job)
            except IllegalTransition:
                # it may just have been rendered, or moved by itself
                if tries == 1:
                    raise
        raise IllegalTransition(f"job {job_id} is {job.state} ({job.reason}) and cannot be held")

    async def release_all(self, station: str | None, reason: str, *, who: str) -> tuple[int, int]:
        """Print all jobs of a station that are held for a reason; gives how many, and how many could not be.

        Raises:
            IllegalTransition: what is held for this reason is not mended by printing.
        """
        if reason not in RELEASABLE:
            raise IllegalTransition(f"labels that are held for {reason!r} cannot be released together")
        left = 0
        held = await self._store.held(station, reason)
        for place in range(0, len(held), _TOGETHER):
            done = await asyncio.gather(
                *(self.release(job_id, who=who) for job_id in held[place : place + _TOGETHER]), return_exceptions=True
            )
            for error in done:
                if isinstance(error, IllegalTransition):
                    left += 1
                elif isinstance(error, BaseException):
                    raise error
        return len(held) - left, left

    async def move(self, job_id: str, to: str, *, who: str) -> Job:
        """Give a job of which nothing was sent, or that is held for its printer's sake, to another printer or group.

        Raises:
            NoSuchJob, IllegalTransition: it may have been sent, another question is open, or there is no such printer.
        """
        for tries in range(_TRIES, 0, -1):
            job = await self._store.get(job_id)
            if "move" not in allowed_acts(job):
                break
            try:
                return await self._dispatcher.move(job, to, who)
            except IllegalTransition:
                # it may just have been rendered, or moved by itself
                if tries == 1:
                    raise
        raise IllegalTransition(f"job {job_id} is {job.state} ({job.reason}) and cannot be moved")

    async def settle(self, job_id: str, *, printed: bool, who: str) -> Job:
        """Answer "is this label in your hand?" for a job whose outcome is unknown.

        Raises:
            NoSuchJob, IllegalTransition: its outcome is not in question.
        """
        job = await self._store.get(job_id)
        if "settle" not in allowed_acts(job):
            raise IllegalTransition(f"job {job_id} is {job.state} ({job.reason}): nobody asked whether it printed")
        if not printed and job.void:
            because = f"{who} says that it did not print; {void_words(job, JobState.CANCELED)}"
            reason = WITHDRAWALS[job.withdrawn]
            return await self._store.move(job.id, JobState.CANCELED, reason, because, self._clock(), was=job)
        if not printed:
            return await self._requeue(job, f"{who} says that it did not print")
        return await self._store.move(
            job_id,
            JobState.COMPLETED,
            Reason.SETTLED,
            f"{who} has it in the hand" + (f"; {void_words(job, JobState.COMPLETED)}" if job.void else ""),
            self._clock(),
            was=job,
            outcome=Outcome.CONFIRMED,
            level=Level.NONE,
        )

    async def _requeue(self, job: Job, because: str, reason: Reason = Reason.TRANSFORMING, **columns: object) -> Job:
        wish = wish_of(job)
        destination = self._dispatcher.route(replace(wish, printer=job.printer or wish.printer))
        if destination.printer is None:
            raise IllegalTransition(f"job {job.id} cannot be printed: {destination.because}")
        now = self._clock()
        return await self._store.move(
            job.id,
            JobState.PENDING,
            reason,
            because,
            now,
            was=job,
            printer=destination.printer,
            outcome=None,
            level=None,
            useful_until=None,
            waits_since=now,
            **columns,
        )
