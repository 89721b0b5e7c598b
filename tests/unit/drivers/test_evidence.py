import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers.evidence import Level, Outcome, Patience, Verdict, describe, judge, patience_for
from labeld.drivers.printer import Handover, Identity, Observation, PrinterState, PrinterStatus

IDLE = PrinterStatus(PrinterState.IDLE, formats_buffered=0, labels_remaining=0)
BUSY = PrinterStatus(PrinterState.PROCESSING, formats_buffered=1, labels_remaining=2)
PARTIAL = PrinterStatus(PrinterState.PROCESSING, formats_buffered=0, labels_remaining=0, partial_format=True)
EMPTY = PrinterStatus(PrinterState.STOPPED, frozenset({"media-empty"}), 0, 0)
SILENT = PrinterStatus(PrinterState.UNKNOWN)
TERSE = PrinterStatus(PrinterState.IDLE)  # ~HQES only: no word about the buffer
HEX = PrinterStatus(PrinterState.STOPPED, frozenset({"diagnostic-mode"}), 0, 0)
PEEL = PrinterStatus(PrinterState.PROCESSING, frozenset({"output-area-full"}), 0, 1)

PATIENCE = Patience(settle=3, silence=60, motion=4, printing=16)


def look(status: PrinterStatus, odometer: int | None = None, serial: str | None = "A") -> Observation:
    return Observation(Identity(serial), status, odometer)


def decide(
    before: Observation,
    after: Observation,
    labels: int = 2,
    still: float = 0,
    silent: float = 0,
    fresh: bool = True,
) -> tuple[Outcome, Level] | None:
    verdict: Verdict | None = judge(before, after, labels, still=still, silent=silent, patience=PATIENCE, fresh=fresh)
    return None if verdict is None else (verdict.outcome, verdict.level)


CONFIRMED = (Outcome.CONFIRMED, Level.COUNTED)
NOT_PRINTED = (Outcome.NOT_PRINTED, Level.COUNTED)
UNKNOWN = (Outcome.UNKNOWN, Level.NONE)


def test_a_counter_that_moved_as_it_should_confirms_at_once() -> None:
    assert decide(look(IDLE, 10), look(IDLE, 12)) == CONFIRMED


def test_the_last_label_of_the_roll_counts() -> None:
    assert decide(look(IDLE, 10), look(EMPTY, 12)) == CONFIRMED


def test_our_label_may_still_wait_while_another_senders_was_counted() -> None:
    assert decide(look(IDLE, 10), look(BUSY, 12), still=10) is None
    assert decide(look(IDLE, 10), look(BUSY, 12), still=60) == UNKNOWN


def test_labels_that_waited_before_make_the_count_ambiguous() -> None:
    assert decide(look(BUSY, 10), look(IDLE, 12)) is None
    assert decide(look(BUSY, 10), look(IDLE, 12), still=3) == UNKNOWN
    assert decide(look(PARTIAL, 10), look(IDLE, 12), still=3) == UNKNOWN


def test_a_printer_that_says_nothing_of_its_buffer_is_believed_when_its_counter_rests() -> None:
    assert decide(look(TERSE, 10), look(TERSE, 12)) is None
    assert decide(look(TERSE, 10), look(TERSE, 12), still=3) == CONFIRMED
    assert decide(look(IDLE, 10), look(SILENT, 12), still=3) == CONFIRMED


@pytest.mark.parametrize("odometer", [13, 9, 0])
def test_any_other_count_is_unknown(odometer: int) -> None:
    assert decide(look(IDLE, 10), look(IDLE, odometer)) == UNKNOWN


def test_an_empty_printer_with_a_still_counter_did_not_print() -> None:
    assert decide(look(IDLE, 10), look(IDLE, 10), still=3.9) is None
    assert decide(look(IDLE, 10), look(IDLE, 10), still=4) == NOT_PRINTED


@pytest.mark.parametrize("before", [IDLE, SILENT])
def test_a_stopped_printer_is_waited_for_without_limit(before: PrinterStatus) -> None:
    assert decide(look(before, 10), look(EMPTY, 10), still=1e6) is None
    assert decide(look(before, 10), look(PEEL, 11), still=1e6) is None


def test_a_part_of_the_batch_is_unknown_never_not_printed() -> None:
    assert decide(look(IDLE, 10), look(IDLE, 11), still=4) == UNKNOWN


def test_a_printer_that_is_busy_without_change_ends_as_unknown() -> None:
    assert decide(look(IDLE, 10), look(PARTIAL, 10), still=59) is None
    assert decide(look(IDLE, 10), look(PARTIAL, 10), still=60) == UNKNOWN


def test_silence_ends_as_unknown() -> None:
    assert decide(look(IDLE, 10), look(SILENT, None), silent=59) is None
    assert decide(look(IDLE, 10), look(SILENT, None), silent=60) == UNKNOWN


def test_a_counter_that_fell_silent_is_not_an_absent_counter() -> None:
    assert decide(look(IDLE, 10), look(IDLE, None), still=15) is None
    assert decide(look(IDLE, 10), look(IDLE, None), still=16) == UNKNOWN
    assert decide(look(IDLE, 10), look(BUSY, None), still=16) is None


def test_a_count_that_was_not_told_again_proves_that_labels_came_never_that_they_did_not() -> None:
    assert decide(look(IDLE, 10), look(IDLE, 12), fresh=False) == CONFIRMED
    assert decide(look(IDLE, 10), look(IDLE, 10), still=15, fresh=False) is None
    assert decide(look(IDLE, 10), look(IDLE, 10), still=16, fresh=False) == UNKNOWN


def test_without_a_counter_the_best_is_drained() -> None:
    assert decide(look(IDLE), look(BUSY), still=10) is None
    assert decide(look(IDLE), look(IDLE), still=3) == (Outcome.UNKNOWN, Level.DRAINED)


def test_a_dumb_printer_proves_nothing() -> None:
    assert decide(look(SILENT), look(SILENT)) == (Outcome.UNKNOWN, Level.SENT)


def test_a_terse_printer_without_counter_does_not_hold_the_job_for_ever() -> None:
    assert decide(look(TERSE), look(TERSE), still=15) is None
    assert decide(look(TERSE), look(TERSE), still=16) == (Outcome.UNKNOWN, Level.SENT)


def test_a_label_has_the_time_that_its_length_needs() -> None:
    short, long = patience_for(1, 50.8), patience_for(1, 508)
    assert (short.settle, short.silence, short.motion, short.printing) == (3, 60, 6, 12)
    assert (long.motion, long.printing) == (15, 30)
    batch = patience_for(50, 152.4)
    assert batch.printing == pytest.approx(2 * (5 + 50 * 3))
    assert batch.silence == pytest.approx(60 + 2 * 49 * 3)
    assert batch.motion == pytest.approx(3 + 5)


def test_a_printer_is_measured_by_its_own_speed() -> None:
    quick = patience_for(50, 152.4, first=1.0, each=0.5)
    assert (quick.printing, quick.silence, quick.motion) == (51, 109, 3)
    slow = patience_for(2, 152.4, first=20.0, each=15.0)
    assert (slow.printing, slow.silence, slow.motion) == (70, 90, 40)
    assert patience_for(1, 152.4, first=0.1).printing == 3


@given(st.integers(1, 500), st.floats(10, 1000), st.none() | st.floats(0, 60), st.none() | st.floats(0, 60))
def test_more_labels_never_have_less_time(labels: int, length: float, first: float | None, each: float | None) -> None:
    fewer = patience_for(labels, length, first=first, each=each)
    more = patience_for(labels + 1, length, first=first, each=each)
    assert fewer.printing <= more.printing <= more.silence
    assert more.silence >= 60
    assert fewer.motion >= fewer.settle == 3


def test_a_state_is_kept_in_words() -> None:
    assert describe(IDLE) == "idle"
    stopped = PrinterStatus(PrinterState.STOPPED, frozenset({"media-empty"}), 1, 3, partial_format=True)
    assert describe(stopped) == "stopped, media-empty, 1 waiting, 3 labels left, a part of a label"


def test_another_printer_at_the_address_is_no_witness() -> None:
    assert decide(look(IDLE, 10, "A"), look(IDLE, 12, "B")) == UNKNOWN
    assert decide(look(IDLE, 10, "A"), look(IDLE, 12, None)) == CONFIRMED


def test_a_page_of_hexadecimal_is_no_label() -> None:
    assert decide(look(IDLE, 10), look(HEX, 12)) == UNKNOWN


def test_no_labels_cannot_be_confirmed() -> None:
    with pytest.raises(ValueError, match="0 labels"):
        decide(look(IDLE, 10), look(IDLE, 10), labels=0)


@pytest.mark.parametrize(
    ("handover", "decided"),
    [
        (Handover.PENDING, None),
        (Handover.BEGUN, UNKNOWN),
        (Handover.WITHDRAWN, (Outcome.NOT_PRINTED, Level.NONE)),
        (Handover.BROKEN, UNKNOWN),
        (Handover.TAKEN, (Outcome.UNKNOWN, Level.SENT)),
        (Handover.DONE, (Outcome.UNKNOWN, Level.DRAINED)),
    ],
)
def test_a_spoolers_word_confirms_nothing(handover: Handover, decided: tuple[Outcome, Level] | None) -> None:
    after = Observation(Identity("A"), BUSY, handover=handover, report="words")
    assert decide(look(IDLE), after, still=1000) == decided


def test_a_label_on_its_way_through_a_spooler_has_time() -> None:
    assert decide(look(IDLE), Observation(Identity("A"), BUSY, handover=Handover.BEGUN), still=59) is None
    stopped = Observation(Identity("A"), EMPTY, handover=Handover.BEGUN)
    assert decide(look(IDLE), stopped, still=1000) is None
