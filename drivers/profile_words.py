"""A learned profile for people and programs: facts in words, and JSON that can be read back. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .printer import Identity, Question
from .profile import Counter, Habit, Profile, seconds_per_label, seconds_to_first, slower

_COUNTERS = {
    Counter.NONE: "none: its labels are never confirmed",
    Counter.TOLD: "told, not yet seen to move",
    Counter.MOVED: "was seen to move",
}


def profile_facts(profile: Profile) -> list[tuple[str, str]]:
    """What was learned, as pairs of a short name and words, for a page or a terminal."""
    who = profile.identity
    facts = [("model", who.model), ("firmware", who.firmware), ("serial number", who.serial)]
    facts.append(("hardware address", who.hardware_address))
    known = [(name, words) for name, words in facts if words]
    known.append(("known", f"since {_day(profile.first_seen)}, last seen {_day(profile.last_seen)}"))
    if profile.mute_at is not None:
        known.append(("language", f"{profile.mute_words}, {_day(profile.mute_at)}"))
    known += [(f"answers {question}", words) for question in Question if (words := _habit(profile, question))]
    if profile.counter is not None and profile.counter_at is not None:
        known.append(("label counter", f"{_COUNTERS[profile.counter]}, since {_day(profile.counter_at)}"))
    if profile.encodings:
        proven = (f"{name} since {_day(at)}" for name, at in sorted(profile.encodings.items()))
        known.append(("pictures proven", ", ".join(proven)))
    known += _times("first label", profile.firsts, seconds_to_first(profile))
    known += _times("seconds per label", profile.paces, seconds_per_label(profile))
    return known


def _habit(profile: Profile, question: Question) -> str:
    habit = profile.habits.get(question)
    if habit is None:
        return ""
    if habit.answered_at is not None:
        return f"yes, since {_day(habit.answered_at)}"
    if habit.silent_at is None:
        return ""
    return f"no, {habit.silences} times in a row, last asked {_day(habit.silent_at)}"


def _times(name: str, times: tuple[float, ...], usual: float | None) -> list[tuple[str, str]]:
    if usual is None:
        return []
    if drift := slower(times):
        now, before = drift
        return [(name, f"{now:.1f} s, {now / before - 1:.0%} slower than its usual {before:.1f} s")]
    return [(name, f"{usual:.1f} s, by the median of {len(times)}")]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def profile_json(profile: Profile) -> dict[str, Any]:
    """The profile as JSON; times are Unix seconds, `firsts` and `paces` seconds, oldest first."""
    who = profile.identity
    return {
        "serial": who.serial,
        "model": who.model,
        "firmware": who.firmware,
        "resolution": who.dpi,
        "hardware_address": who.hardware_address,
        "first_seen": profile.first_seen,
        "last_seen": profile.last_seen,
        "answers": {
            question: {"answered_at": one.answered_at, "silences": one.silences, "silent_at": one.silent_at}
            for question, one in profile.habits.items()
        },
        "counter": profile.counter,
        "counter_at": profile.counter_at,
        "encodings": dict(profile.encodings),
        "firsts": list(profile.firsts),
        "paces": list(profile.paces),
        "mute_at": profile.mute_at,
        "mute_words": profile.mute_words,
    }


def profile_from(saved: Mapping[str, Any]) -> Profile:
    """Read back what `profile_json` wrote; what a newer labeld added is passed over."""
    habits = {}
    for question, one in saved["answers"].items():
        if question in {known.value for known in Question}:
            habits[Question(question)] = Habit(one["answered_at"], one["silences"], one["silent_at"])
    return Profile(
        first_seen=saved["first_seen"],
        last_seen=saved["last_seen"],
        identity=Identity(
            saved["serial"],
            saved["model"],
            saved["firmware"],
            saved["resolution"],
            hardware_address=saved["hardware_address"],
        ),
        habits=habits,
        counter=None if saved["counter"] is None else Counter(saved["counter"]),
        counter_at=saved["counter_at"],
        encodings=dict(saved["encodings"]),
        firsts=tuple(saved["firsts"]),
        paces=tuple(saved["paces"]),
        mute_at=saved["mute_at"],
        mute_words=saved["mute_words"],
    )
