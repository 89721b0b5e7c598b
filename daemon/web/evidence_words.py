"""What is known about the paper of a job, attempt by attempt, for whoever asks whether it printed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...drivers.evidence import Level, Outcome
from ..messages import iso
from ..store.rows import Attempt

_OUTCOMES = {
    Outcome.CONFIRMED: "It printed",
    Outcome.NOT_PRINTED: "It did not print",
    Outcome.UNKNOWN: "Nobody knows whether it printed",
}
_LEVELS = {
    Level.COUNTED: "the printer's own counter says so",
    Level.DRAINED: "the printer emptied its memory",
    Level.SENT: "all bytes were handed over, the printer tells no more",
    Level.NONE: "there is no proof from the printer",
}
_TONES = {Outcome.CONFIRMED: "ok", Outcome.NOT_PRINTED: "bad", Outcome.UNKNOWN: "ask"}


@dataclass(frozen=True, slots=True)
class Proof:
    """One time that a job was sent: what came of it in a line, and names and values that prove it."""

    tone: str
    words: str
    because: str
    at: str | None
    facts: tuple[tuple[str, str], ...]


def evidence(attempts: Sequence[Attempt]) -> list[Proof]:
    """What each attempt proves, the oldest first."""
    return [_proof(one) for one in attempts]


def _proof(one: Attempt) -> Proof:
    if one.outcome is None:
        tone, words = "busy", "On its way"
    else:
        level = _LEVELS.get(one.level or Level.NONE, "")
        # what a person answered needs no proof from the printer
        tone, words = _TONES[one.outcome], f"{_OUTCOMES[one.outcome]}: {level}"
    known = (
        ("Printer", f"{one.printer}{f', serial number {one.serial}' if one.serial else ''}"),
        ("Labels sent", str(one.labels)),
        ("Label counter", _counter(one.odometer_before, one.odometer_after)),
        ("Printer before", one.state_before or ""),
        ("Printer after", one.state_after or ""),
    )
    return Proof(tone, words, one.because or "", iso(one.started_at), tuple(pair for pair in known if pair[1]))


def _counter(before: int | None, after: int | None) -> str:
    if before is None and after is None:
        return "not told"
    told = ["not told" if count is None else str(count) for count in (before, after)]
    moved = f" ({after - before:+})" if before is not None and after is not None else ""
    return f"{told[0]} before, {told[1]} after{moved}"
