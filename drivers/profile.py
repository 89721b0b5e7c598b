"""What was learned of one printer: a value that grows with each conversation and each label.

Pure; times are Unix seconds. Kept by serial number, so that it follows a printer to another address; a printer that
tells none is known by its place. Every fact has the date at which it was learned.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median

from .printer import Identity, Observation, PrinterStatus, Question

#: conversations in a row in which a question stays unanswered before it is spared
_SILENCES = 3
#: a spared question is asked again after this: somebody may have changed the printer
_AGAIN_SECONDS = 86400.0
#: measured labels that are remembered, and how many of them are "now"
_REMEMBERED, _NOW = 64, 8
#: how much slower than usual is worth a word: by this factor, and by more than a look at a printer is apart
_DRIFT, _LEAST_DRIFT = 1.4, 0.4
#: bytes of a payload that are searched for pictures
_SEARCHED = 1 << 16
_FIELD = re.compile(rb"\^GF([ABC]),\d*,\d*,\d*,[\r\n ]*(:B64:|:Z64:)?([^\^~]*)", re.IGNORECASE)
_RUNS = re.compile(rb"[G-Zg-z,!:]")


class Counter(StrEnum):
    """What is known of a printer's label counter: it has none, it tells one, it was seen to count our labels."""

    NONE = "none"
    TOLD = "told"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Habit:
    """How a printer takes one question: since when it is known to answer, or how often in a row it did not."""

    answered_at: float | None = None
    silences: int = 0
    silent_at: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How long the labels of one job took, in seconds: to the first, and from one to the next (None: not seen)."""

    first: float | None = None
    each: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One printer as it was learned.

    Attributes:
        first_seen: when the first conversation with it was.
        last_seen: when the last one was.
        identity: who it said it is; no serial number for one that is known by its place.
        habits: how it takes the questions; forgotten when its firmware changes.
        counter: what is known of its label counter, since `counter_at`.
        encodings: `^GF` encodings that its counter proved, and since when.
        firsts: seconds from the last byte to the first label, of the latest jobs, oldest first.
        paces: seconds from label to label, of the latest jobs with several.
        mute_at: when it was asked and answered nothing, as ever; None: it speaks.
        mute_words: what it did instead.
    """

    first_seen: float
    last_seen: float
    identity: Identity = field(default_factory=Identity)
    habits: Mapping[Question, Habit] = field(default_factory=dict)
    counter: Counter | None = None
    counter_at: float | None = None
    encodings: Mapping[str, float] = field(default_factory=dict)
    firsts: tuple[float, ...] = ()
    paces: tuple[float, ...] = ()
    mute_at: float | None = None
    mute_words: str = ""

    @property
    def speaks(self) -> bool:
        """Whether it ever answered a question."""
        return any(habit.answered_at is not None for habit in self.habits.values())


# --- learning


def after_look(old: Profile, seen: Observation, now: float) -> Profile:
    """The profile after one look at the printer, the first one of a conversation."""
    told = seen.identity
    known = old.identity
    habits = dict(old.habits)
    if told.firmware is not None and known.firmware not in (None, told.firmware):
        habits = {}  # other firmware, other manners
    for question, answered in seen.answers.items():
        habits[question] = _heard(habits.get(question, Habit()), seen.status, now, answered=answered)
    if seen.answers.get(Question.IDENTIFICATION) is False:
        # perhaps it is set to another language by now: that is asked for before the next `~HI`
        habits = {question: habit for question, habit in habits.items() if habit.answered_at is not None}
    identity = Identity(
        told.serial or known.serial,
        told.model or known.model,
        told.firmware or known.firmware,
        told.dpi or known.dpi,
        hardware_address=told.hardware_address or known.hardware_address,
    )
    new = replace(old, last_seen=now, identity=identity, habits=habits)
    if seen.odometer is not None and old.counter in (None, Counter.NONE):
        new = replace(new, counter=Counter.TOLD, counter_at=now)
    elif seen.status.ready and old.counter is None and seen.answers.get(Question.VARIABLES):
        new = replace(new, counter=Counter.NONE, counter_at=now)
    if any(seen.answers.values()):
        return replace(new, mute_at=None, mute_words="")
    if seen.answers and not new.speaks:
        return replace(new, mute_at=now, mute_words="it answered nothing")
    return new


def _heard(old: Habit, status: PrinterStatus, now: float, *, answered: bool) -> Habit:
    if answered:
        return Habit(answered_at=now if old.answered_at is None else old.answered_at)
    # a printer that is out of labels may be silent for that alone: only in good health silence is its manner
    if old.answered_at is not None or not status.ready:
        return old
    return Habit(None, old.silences + 1, now)


def after_babble(old: Profile, words: str, now: float) -> Profile:
    """The profile after it answered in another language than it was asked in; `words` say what."""
    return old if old.speaks else replace(old, last_seen=now, mute_at=now, mute_words=words)


def after_absence(old: Profile) -> Profile:
    """The profile when the printer could not be reached: it may be switched off to be set up anew."""
    return replace(old, mute_at=None, mute_words="")


def after_labels(old: Profile, took: Measure, encodings: frozenset[str], now: float) -> Profile:
    """The profile after a job that the counter confirmed."""
    return replace(
        old,
        last_seen=now,
        counter=Counter.MOVED,
        counter_at=old.counter_at if old.counter is Counter.MOVED else now,
        encodings=dict.fromkeys(sorted(encodings), now) | dict(old.encodings),
        firsts=_with(old.firsts, took.first),
        paces=_with(old.paces, took.each),
    )


def _with(old: tuple[float, ...], more: float | None) -> tuple[float, ...]:
    return old if more is None else (*old, round(more, 3))[-_REMEMBERED:]


def encodings_in(payload: bytes) -> frozenset[str]:
    """Which encodings the `^GF` pictures of a ZPL payload have: `ascii`, `rle`, `b64`, `z64`, `binary`."""
    found = set()
    for picture in _FIELD.finditer(payload, 0, _SEARCHED):
        letter, prefix, data = picture.groups()
        if prefix is not None:
            found.add("z64" if prefix.upper() == b":Z64:" else "b64")
        elif letter.upper() == b"A":
            found.add("rle" if _RUNS.search(data) else "ascii")
        else:
            found.add("binary")
    return frozenset(found)


# --- use


def spared(profile: Profile, identity: Identity, now: float) -> frozenset[Question]:
    """Questions that the printer with this identity need not be asked now.

    A printer that never answered anything is asked nothing: it may put questions on paper. Else `~HI` is always asked,
    since it tells one printer from another.
    """
    if profile.mute_at is not None and 0 <= now - profile.mute_at < _AGAIN_SECONDS:
        return frozenset(Question)
    if identity.firmware not in (None, profile.identity.firmware):
        return frozenset()
    if identity.serial not in (None, profile.identity.serial):
        return frozenset()
    return frozenset(
        question
        for question, habit in profile.habits.items()
        if question is not Question.IDENTIFICATION
        and habit.answered_at is None
        and habit.silences >= _SILENCES
        and habit.silent_at is not None
        and 0 <= now - habit.silent_at < _AGAIN_SECONDS
    )


def seconds_to_first(profile: Profile) -> float | None:
    """Seconds from the last byte to the first label, as usual; None: never measured."""
    return median(profile.firsts) if profile.firsts else None


def seconds_per_label(profile: Profile) -> float | None:
    """Seconds from one label to the next, as usual; None: never measured."""
    return median(profile.paces) if profile.paces else None


def slower(times: tuple[float, ...]) -> tuple[float, float] | None:
    """The latest median and the one before, where the printer got slower than it was; None where it did not."""
    if len(times) < 2 * _NOW:
        return None
    now, usual = median(times[-_NOW:]), median(times[:-_NOW])
    return (now, usual) if now > usual * _DRIFT and now - usual > _LEAST_DRIFT else None
