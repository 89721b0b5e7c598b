"""Which printer of a group takes a label, and when a label that waits moves to a sister. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..drivers.evidence import Level, Outcome
from ..drivers.printer import PrinterState
from .job import Job, JobState, Reason
from .printers import PrinterView


class Readiness(IntEnum):
    """How near a printer is to taking a label; less is nearer."""

    READY = 0
    #: nobody looked at it yet
    UNSEEN = 1
    #: stopped, unreachable, silent, paused by a person, or not the printer that the configuration names
    AWAY = 2


@dataclass(frozen=True, slots=True)
class Sister:
    """A printer of a group as a label sees it; `waiting` counts the labels that it has to print before."""

    name: str
    readiness: Readiness
    #: how it is, in words
    state: str
    waiting: int
    #: whether the stock that the label asks for is in it
    fits: bool = True

    @property
    def words(self) -> str:
        """How it is and how much it has to do."""
        return f"{self.name} ({self.state}, {self.waiting} waiting)"


def readiness(view: PrinterView) -> Readiness:
    """What the latest observation of a printer says; silence is not ready, except where it is never asked."""
    if view.pause is not None:
        return Readiness.AWAY
    if view.state in (PrinterState.IDLE, PrinterState.PROCESSING):
        return Readiness.READY
    if view.state is PrinterState.UNKNOWN and view.seen_at is None:
        return Readiness.UNSEEN
    if view.state is PrinterState.UNKNOWN and not view.settings.ask and not view.reasons:
        return Readiness.READY
    return Readiness.AWAY


def choose(sisters: Sequence[Sister]) -> Sister:
    """The one for a new label: with its stock, ready, with least to print; of equal ones the first."""
    return min(sisters, key=lambda one: (not one.fits, one.readiness, one.waiting))


def better(sisters: Sequence[Sister], at: str, labels: int) -> Sister | None:
    """Where a label that waits at printer `at` should rather wait, None where it is best off there.

    It leaves a printer that is not ready or has other stock for one that is and has its stock, and a ready
    one only for a sister that is done earlier even with this job's `labels`; so that no job goes to and fro.
    """
    here = next(one for one in sisters if one.name == at)
    others = [one for one in sisters if one.name != at and one.fits and one.readiness is Readiness.READY]
    best = min(others, key=lambda one: one.waiting, default=None)
    if best is None:
        return None
    if here.readiness is Readiness.READY and here.fits and best.waiting + labels >= here.waiting:
        return None
    return best


def may_move(job: Job) -> bool:
    """Whether it is proven that no byte of a job ever left, except where a person had it printed again since."""
    untouched = job.outcome is None or (job.outcome is Outcome.NOT_PRINTED and job.level is Level.NONE)
    return job.state is JobState.PENDING and job.reason != Reason.COMPARING and untouched
