import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers.printer import Identity, Observation, PrinterState, PrinterStatus, Question
from labeld.drivers.profile import (
    Counter,
    Habit,
    Measure,
    Profile,
    after_absence,
    after_babble,
    after_labels,
    after_look,
    encodings_in,
    slower,
    spared,
)
from labeld.drivers.profile_words import profile_facts, profile_from, profile_json

DAY = 86400.0
NEW = Profile(0.0, 0.0)
ZEBRA = Identity("D2J1", "ZD421", "V93", 203)
IDLE, OUT = PrinterStatus(PrinterState.IDLE), PrinterStatus(PrinterState.STOPPED, frozenset({"media-empty"}))
UNKNOWN = PrinterStatus(PrinterState.UNKNOWN)
YES = dict.fromkeys((Question.VARIABLES, Question.IDENTIFICATION, Question.EXTENDED), True)
NO = dict.fromkeys((Question.VARIABLES, Question.IDENTIFICATION), False)


def look(
    answers: dict[Question, bool], status: PrinterStatus = IDLE, odometer: int | None = None, who: Identity = ZEBRA
) -> Observation:
    return Observation(who, status, odometer, answers=answers)


def looked(times: int, seen: Observation, profile: Profile = NEW) -> Profile:
    for at in range(1, times + 1):
        profile = after_look(profile, seen, float(at))
    return profile


def test_each_answer_is_dated_when_it_came_first() -> None:
    profile = after_look(looked(1, look(YES, odometer=7)), look(YES | {Question.STATUS: True}, odometer=8), 5.0)
    assert profile.habits[Question.IDENTIFICATION] == Habit(answered_at=1.0)
    assert profile.habits[Question.STATUS] == Habit(answered_at=5.0)
    assert (profile.identity, profile.last_seen) == (ZEBRA, 5.0)
    assert (profile.counter, profile.counter_at) == (Counter.TOLD, 1.0)
    assert looked(1, look(YES)).counter is Counter.NONE
    assert looked(1, look(YES, UNKNOWN)).counter is None  # it may only have been blocked


def test_a_question_that_stays_unanswered_is_spared_for_a_day() -> None:
    seen = look(YES | {Question.STATUS: False})
    assert spared(looked(2, seen), ZEBRA, 3.0) == frozenset()
    profile = looked(3, seen)
    assert spared(profile, ZEBRA, 4.0) == spared(profile, Identity(), 4.0) == {Question.STATUS}
    assert spared(profile, ZEBRA, 3.0 + DAY) == frozenset()
    assert spared(after_look(profile, seen, 3.0 + DAY), ZEBRA, 4.0 + DAY) == {Question.STATUS}


@pytest.mark.parametrize("other", [Identity("D2J1", "ZD421", "V94"), Identity("OTHER", "ZD421", "V93")])
def test_another_printer_or_other_firmware_is_asked_everything(other: Identity) -> None:
    profile = looked(3, look(YES | {Question.STATUS: False}))
    assert spared(profile, other, 4.0) == frozenset()
    renewed = after_look(profile, look({Question.IDENTIFICATION: True}, who=Identity("D2J1", "ZD421", "V94")), 4.0)
    assert renewed.habits == {Question.IDENTIFICATION: Habit(4.0)}


def test_what_once_was_answered_is_always_asked() -> None:
    profile = looked(9, look(YES | {Question.STATUS: False}), looked(1, look(YES | {Question.STATUS: True})))
    assert spared(profile, ZEBRA, 10.0) == frozenset()


@pytest.mark.parametrize("status", [OUT, UNKNOWN])
def test_silence_of_a_printer_that_is_out_of_labels_is_not_its_manner(status: PrinterStatus) -> None:
    assert spared(looked(9, look(YES | {Question.STATUS: False}, status)), ZEBRA, 10.0) == frozenset()


def test_who_it_is_is_always_asked() -> None:
    answers = {Question.VARIABLES: True, Question.IDENTIFICATION: False, Question.STATUS: True}
    assert spared(looked(9, look(answers)), ZEBRA, 10.0) == frozenset()


def test_a_printer_that_never_answered_is_asked_nothing_until_it_was_away_or_a_day_is_over() -> None:
    mute = looked(1, look(NO, UNKNOWN, who=Identity()))
    assert spared(mute, Identity(), 2.0) == frozenset(Question)
    assert spared(mute, Identity(), 1.0 + DAY) == frozenset()
    assert spared(after_absence(mute), Identity(), 2.0) == frozenset()
    assert spared(after_babble(NEW, "it said HS", 1.0), Identity(), 2.0) == frozenset(Question)
    assert after_look(mute, look(YES), 2.0).mute_at is None


def test_a_printer_that_spoke_before_is_asked_again() -> None:
    known = looked(1, look(YES))
    assert after_look(known, look(NO, UNKNOWN, who=Identity()), 2.0).mute_at is None
    assert after_babble(known, "noise", 2.0) == known


def test_a_look_without_questions_teaches_nothing_but_the_time() -> None:
    assert after_look(NEW, look({}, UNKNOWN, who=Identity()), 4.0) == Profile(0.0, 4.0)


def test_confirmed_labels_prove_the_encoding_and_the_counter_once() -> None:
    profile = after_labels(looked(1, look(YES, odometer=1)), Measure(1.5, 0.5), frozenset({"z64"}), 2.0)
    profile = after_labels(profile, Measure(1.4), frozenset({"z64", "ascii"}), 3.0)
    assert (profile.counter, profile.counter_at) == (Counter.MOVED, 2.0)
    assert profile.encodings == {"z64": 2.0, "ascii": 3.0}
    assert (profile.firsts, profile.paces) == ((1.5, 1.4), (0.5,))


def test_only_the_latest_labels_are_remembered() -> None:
    profile = NEW
    for number in range(200):
        profile = after_labels(profile, Measure(float(number), float(number)), frozenset(), 1.0)
    assert len(profile.firsts) == len(profile.paces) == 64
    assert profile.firsts[-1] == 199.0


@pytest.mark.parametrize(
    ("usual", "latest", "drifted"),
    [(1.0, 1.0, False), (1.0, 1.3, False), (1.0, 1.5, True), (0.1, 0.3, False), (2.0, 1.0, False)],
)
def test_a_printer_that_got_slower_than_it_was_is_told(usual: float, latest: float, drifted: bool) -> None:
    times = (usual,) * 20 + (latest,) * 8
    assert (slower(times) is not None) is drifted
    assert slower(times[:15]) is None
    words = dict(profile_facts(Profile(0.0, 0.0, firsts=times)))["first label"]
    assert ("slower" in words) is drifted


@pytest.mark.parametrize(
    ("zpl", "found"),
    [
        (b"^XA^FO0,0^GFA,4,4,1,00FF00FF^FS^XZ", {"ascii"}),
        (b"^XA^GFA,4,4,1,!,:H0^FS^XZ", {"rle"}),
        (b"^XA^GFA,4,4,1,:Z64:eJxj:ABCD^FS^GFA,1,1,1,:B64:AA==:1234^FS^XZ", {"z64", "b64"}),
        (b"^XA^gfa,4,4,1,\r\n:z64:eJxj:ABCD^FS^XZ", {"z64"}),
        (b"^XA^GFB,2,2,1,\x00\xff^FS^XZ", {"binary"}),
        (b"^XA^FDtext^FS^XZ", set()),
    ],
)
def test_the_encoding_of_a_label_is_read_from_its_bytes(zpl: bytes, found: set[str]) -> None:
    assert encodings_in(zpl) == found


@given(st.binary(max_size=200), st.sampled_from([b"", b"^GFA,1,1,1,", b"^GFA,1,1,1,:Z64:"]))
def test_any_bytes_are_read(data: bytes, begin: bytes) -> None:
    assert encodings_in(begin + data) <= {"ascii", "rle", "b64", "z64", "binary"}


def test_the_facts_are_in_words() -> None:
    seen = look(YES | {Question.STATUS: False}, odometer=4)
    profile = after_labels(looked(3, seen), Measure(1.5, 0.5), frozenset({"z64"}), DAY)
    facts = dict(profile_facts(profile))
    assert facts["model"] == "ZD421"
    assert facts["answers ~HI"] == "yes, since 1970-01-01"
    assert facts["answers ~HS"] == "no, 3 times in a row, last asked 1970-01-01"
    assert facts["label counter"] == "was seen to move, since 1970-01-02"
    assert facts["pictures proven"] == "z64 since 1970-01-02"
    assert facts["first label"] == "1.5 s, by the median of 1"
    assert facts["seconds per label"] == "0.5 s, by the median of 1"
    assert "it answered nothing" in dict(profile_facts(looked(1, look(NO, UNKNOWN))))["language"]


_TIMES = st.floats(0, 2e9)
_HABITS = st.dictionaries(
    st.sampled_from(Question), st.builds(Habit, st.none() | _TIMES, st.integers(0, 99), st.none() | _TIMES)
)


@given(
    st.builds(
        Profile,
        _TIMES,
        _TIMES,
        identity=st.builds(Identity, st.none() | st.text(), st.none() | st.text(), st.none() | st.text()),
        habits=_HABITS,
        counter=st.none() | st.sampled_from(Counter),
        counter_at=st.none() | _TIMES,
        encodings=st.dictionaries(st.sampled_from(["ascii", "rle", "b64", "z64"]), _TIMES),
        firsts=st.lists(st.floats(0, 100), max_size=64).map(tuple),
        mute_at=st.none() | _TIMES,
    )
)
def test_every_profile_comes_back_from_its_json_and_has_words(profile: Profile) -> None:
    saved = json.loads(json.dumps(profile_json(profile)))
    assert profile_from(saved) == profile
    saved["answers"]["~HX"] = {}
    assert profile_from(saved) == profile
    assert all(name and words for name, words in profile_facts(profile))
