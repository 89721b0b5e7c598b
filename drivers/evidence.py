"""Did the labels come out? A pure judgement over two looks at a printer."""

from dataclasses import dataclass
from enum import StrEnum

from .printer import Handover, Observation, PrinterState, PrinterStatus


class Outcome(StrEnum):
    """What is known about the paper."""

    CONFIRMED = "confirmed"
    NOT_PRINTED = "not-printed"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """How strong the proof is: the printer's own counter, its empty buffer, or only that all bytes were taken."""

    COUNTED = "counted"
    DRAINED = "drained"
    SENT = "sent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its proof and one sentence for the timeline."""

    outcome: Outcome
    level: Level
    because: str


#: 2 in/s, the slowest that label printers are usually set to, in mm/s
_SLOW_MM_PER_SECOND = 50.8
#: seconds until a printer that slept moves its first label
_WARM_UP_SECONDS = 5.0
#: a batch may take so many times what it should
_MARGIN = 2.0
#: no printer is hurried more than this, in seconds
_LEAST_PRINTING = 3.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of the wait for evidence, in seconds.

    `settle`: how long a printer must be drained before that is final.
    `motion`: how long a label may be on its way out that the printer says nothing of: a counter that stands still
    proves nothing before.
    `silence`: how long a printer may give no answer, or answers that say nothing new while it has work.
    `printing`: how long all labels may take where the printer tells nothing of them.
    """

    settle: float = 3.0
    silence: float = 60.0
    motion: float = 3.0
    printing: float = 16.0


def patience_for(
    labels: int,
    length_mm: float,
    *,
    settle: float = 3.0,
    silence: float = 60.0,
    first: float | None = None,
    each: float | None = None,
) -> Patience:
    """How long to wait for so many labels, from their length and the printer's speed.

    Args:
        labels: how many there are.
        length_mm: of one label.
        settle: least time for a drained printer's word to be final.
        silence: time without answer that makes the outcome of one label unknown.
        first: seconds that its first label takes, None where that was never measured.
        each: seconds from label to label, None where that was never measured.
    """
    slow = length_mm / _SLOW_MM_PER_SECOND
    pace = slow if each is None else each
    start = slow + _WARM_UP_SECONDS if first is None else first
    others = _MARGIN * (labels - 1) * pace
    printing = max(_LEAST_PRINTING, _MARGIN * start + others)
    motion = start if first is None else _MARGIN * first
    return Patience(settle, silence + others, max(settle, motion), min(printing, silence + others))


def describe(status: PrinterStatus) -> str:
    """A printer's state in words, for the record: `stopped, media-empty, 3 labels left`."""
    words = [str(status.state), *sorted(status.reasons)]
    if status.formats_buffered:
        words.append(f"{status.formats_buffered} waiting")
    if status.labels_remaining:
        words.append(f"{status.labels_remaining} labels left")
    if status.partial_format:
        words.append("a part of a label")
    return ", ".join(words)


def judge(
    before: Observation,
    after: Observation,
    labels: int,
    *,
    still: float,
    silent: float,
    patience: Patience,
    fresh: bool = True,
) -> Verdict | None:
    """Judge `labels` sent between two observations; None means keep looking.

    Args:
        before: the observation made before the first byte.
        after: the latest one.
        labels: how many labels the payload makes, at least 1.
        still: seconds since the counter or the status last changed.
        silent: seconds since the printer last answered.
        patience: the limits for both.
        fresh: False where the counter of `after` is an older one, which was not told again: it may have moved since.

    Raises:
        ValueError: `labels` is less than 1: a counter that stands still would confirm it.
    """
    if labels < 1:
        raise ValueError(f"{labels} labels cannot be judged")
    status = after.status
    if flaw := _no_witness(before, after):
        return _unknown(flaw)
    counted = before.odometer is not None and after.odometer is not None
    delta = (after.odometer or 0) - (before.odometer or 0) if counted else 0
    if not 0 <= delta <= labels:
        return _unknown(
            f"the printer's counter moved by {delta} instead of {labels}: somebody else printed, or it was reset"
        )
    if delta == labels and (verdict := _all_counted(before.status, status, delta, still, patience)):
        return verdict
    if silent >= patience.silence:
        return _unknown(f"the printer has not answered for {silent:.0f} s")
    if after.handover is not None and (verdict := _handed_over(after)):
        return verdict
    if (
        after.handover is Handover.PENDING
        or _waits_for_a_hand(status)
        or (status.state is PrinterState.UNKNOWN and before.status.state is not PrinterState.UNKNOWN)
    ):
        return None
    if status.drained and still >= patience.motion and counted and fresh and delta < labels:
        return _too_few(delta, labels)
    verdict = None if counted else _without_counter(before, after, still, patience)
    limit = max(patience.settle, patience.printing) if status.drained else patience.silence
    if verdict is None and still >= limit:
        flaw = "does not tell its label counter any more" if status.drained else "does not say that it is empty"
        return _unknown(f"nothing has changed for {still:.0f} s, and the printer {flaw}")
    return verdict


def _no_witness(before: Observation, after: Observation) -> str | None:
    """Why the counter says nothing about our labels, whatever it shows."""
    then, now = before.identity.serial, after.identity.serial
    if then is not None and now is not None and then != now:
        return f"another printer answers now: {now} instead of {then}"
    if "diagnostic-mode" in after.status.reasons:
        return "the printer is in diagnostic mode: what it counted may be a page of hexadecimal"
    return None


def _all_counted(
    before: PrinterStatus, after: PrinterStatus, delta: int, still: float, patience: Patience
) -> Verdict | None:
    """The counter moved as it should; whether by our labels is seen from what waited before and waits now."""
    if before.formats_buffered or before.labels_remaining or before.partial_format:
        if after.drained and still >= patience.settle:
            return _unknown("other labels were waiting in the printer: it cannot be told which of them were counted")
        return None
    tells = after.formats_buffered is not None
    if after.drained or (not tells and still >= patience.settle):
        return Verdict(Outcome.CONFIRMED, Level.COUNTED, f"the printer's counter moved by {delta}, as it should")
    return None


def _too_few(delta: int, labels: int) -> Verdict:
    if delta == 0:
        return Verdict(
            Outcome.NOT_PRINTED, Level.COUNTED, "the printer is idle and empty, and its counter did not move"
        )
    return _unknown(f"only {delta} of {labels} labels were counted, and the printer is idle")


def _without_counter(before: Observation, after: Observation, still: float, patience: Patience) -> Verdict | None:
    if before.odometer is not None:
        return None  # its counter is silent for now, not absent
    state, quiet = after.status, still >= max(patience.settle, patience.printing)
    if before.status.state is PrinterState.UNKNOWN and state.state is PrinterState.UNKNOWN:
        return Verdict(Outcome.UNKNOWN, Level.SENT, "all bytes were sent; this printer answers no questions")
    if state.drained and still >= patience.settle:
        return Verdict(Outcome.UNKNOWN, Level.DRAINED, "the printer took all bytes and is empty; it has no counter")
    if quiet and state.state is PrinterState.IDLE and state.formats_buffered is None and after.handover is None:
        because = f"all bytes were sent, and no fault was told for {still:.0f} s; this printer has no counter"
        return Verdict(Outcome.UNKNOWN, Level.SENT, because)
    return None


def _handed_over(after: Observation) -> Verdict | None:
    """What a spooler's word is worth: it counts no paper, so nothing is confirmed by it."""
    match after.handover:
        case Handover.WITHDRAWN:
            return Verdict(Outcome.NOT_PRINTED, Level.NONE, after.report)
        case Handover.BROKEN:
            return _unknown(after.report)
        case Handover.TAKEN:
            return Verdict(Outcome.UNKNOWN, Level.SENT, after.report)
        case Handover.DONE:
            return Verdict(Outcome.UNKNOWN, Level.DRAINED, after.report)
    return None


def _waits_for_a_hand(status: PrinterStatus) -> bool:
    """Stopped, or a label waits in the peeler: only a person ends that, and no time limit runs."""
    return status.state is PrinterState.STOPPED or "output-area-full" in status.reasons


def _unknown(because: str) -> Verdict:
    return Verdict(Outcome.UNKNOWN, Level.NONE, because)
