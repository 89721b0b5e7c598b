"""`labeld` with something done to it, for runs that need it; the product has none of this in it.

`CHAOS_CLOCK` names a file with the seconds that the wall clock is off, `CHAOS_KILL_AT` a step of `steps.STEPS` at which
the process kills itself, `CHAOS_BUG` one of `BUGS`: mistakes that a run must find.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labeld.daemon import spooler, witness
from labeld.daemon.__main__ import main
from labeld.daemon.job import JobState, Reason
from labeld.daemon.sources.mqtt import MqttSource
from labeld.daemon.store import Store
from labeld.drivers.errors import DriverError
from labeld.drivers.evidence import Level, Outcome, Verdict
from labeld.drivers.profile import Measure

from . import steps

#: a slow disk: it makes the time long in which an acknowledgement is a lie
_COMMIT_SECONDS = 0.3


def clock(file: Path) -> None:
    """Give labeld a wall clock that is off by what the file says."""
    real = time.time

    def stepped() -> float:
        return real() + (float(file.read_text() or 0) if file.exists() else 0.0)

    time.time = stepped


def ack_before_commit() -> None:
    """Acknowledge what is not on disk yet."""
    accept = Store.accept

    async def slow_accept(self: Store, new: Any) -> Any:
        await asyncio.sleep(_COMMIT_SECONDS)
        return await accept(self, new)

    async def acknowledge(self: MqttSource, client: Any, begun: Any) -> None:
        while True:
            message, taken = await begun.get()
            client.acknowledge(message)
            await taken

    Store.accept = slow_accept  # type: ignore[method-assign, assignment]
    MqttSource._acknowledge = acknowledge  # type: ignore[method-assign]


def resend_after_reset() -> None:
    """Take a broken connection for "nothing was printed", and send the label again."""
    gather, look, aftermath = witness.Witness.gather, witness.Witness._look, spooler.aftermath

    class Reset(Exception):
        pass

    async def impatient_look(self: witness.Witness, session: Any) -> Any:
        try:
            return await look(self, session)
        except DriverError:
            if session is not None:
                raise Reset from None
            raise

    async def impatient_gather(
        self: witness.Witness, job_id: str, session: Any, before: Any, labels: int, patience: Any
    ) -> Any:
        try:
            return await gather(self, job_id, session, before, labels, patience)
        except Reset:
            verdict = Verdict(Outcome.NOT_PRINTED, Level.NONE, "the connection broke")
            return witness.Testimony(verdict, before, Measure())

    def again(verdict: Verdict, *, retry: bool) -> tuple[JobState, Reason]:
        if (verdict.outcome, verdict.level) == (Outcome.NOT_PRINTED, Level.NONE):
            return JobState.PENDING, Reason.QUEUED
        return aftermath(verdict, retry=retry)

    witness.Witness._look = impatient_look  # type: ignore[method-assign]
    witness.Witness.gather = impatient_gather  # type: ignore[method-assign]
    spooler.aftermath = again


def forget_parcels() -> None:
    """Take every event for a parcel of its own."""

    async def none(*_: Any) -> list[Any]:
        return []

    Store._rivals = none  # type: ignore[method-assign, assignment]


BUGS: dict[str, Callable[[], None]] = {
    "ack-before-commit": ack_before_commit,
    "resend-after-reset": resend_after_reset,
    "forget-parcels": forget_parcels,
}

if __name__ == "__main__":
    if file := os.environ.get("CHAOS_CLOCK"):
        clock(Path(file))
    if bug := os.environ.get("CHAOS_BUG"):
        BUGS[bug]()
    if step := os.environ.get("CHAOS_KILL_AT"):
        steps.kill_at(step)
    main()
