"""CUPS's attributes, as pycups gives them, in our words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.drivers.printer import Handover, PrinterState
from labeld.drivers.queue import JOB_ATTRIBUTES, PRINTER_ATTRIBUTES, Queue, can_be_taken_back, handover_of, status_of
from labeld.renderers.asset import PDF, ZPL
from labeld.renderers.media import Media

DRAWS: dict[str, Any] = {
    "device-uri": "usb://Zebra/ZD421?serial=D4J204501234",
    "media-supported": ["na_index-4x6_4x6in", "oe_4x4-label_4x4in", "custom_min_1x1in", "custom_max_4x39.6in"],
    "print-scaling-supported": ["auto", "none"],
    "printer-error-policy": "abort-job",
    "printer-is-accepting-jobs": True,
    "printer-make-and-model": "Zebra ZPL Label Printer",
    "printer-resolution-default": (203, 203, 3),
    "printer-state": 3,
    "printer-state-message": "",
    "printer-state-reasons": ["none"],
}
PRINTING = {"job-state": 5, "time-at-processing": 17}
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text()), st.tuples(st.integers()))


def status(job: dict[str, Any] | None = None, media: str | None = "4x6in", **attributes: Any) -> Any:
    about = DRAWS | {name.replace("_", "-"): value for name, value in attributes.items()}
    stock = None if media is None else Media.parse(media)
    return status_of(Queue.of("q", about), about, ours=0, job=job, stock=stock)


def test_a_queue_tells_what_it_draws_for() -> None:
    queue = Queue.of("q", DRAWS)
    assert (queue.resolution, queue.document_format, queue.serial, queue.unscaled) == (203, PDF, "D4J204501234", True)
    raw = Queue.of("q", {"printer-make-and-model": "Local Raw Printer", "printer-resolution-default": (300, 300, 3)})
    assert (raw.resolution, raw.document_format, raw.serial) == (None, ZPL, None)


@pytest.mark.parametrize(
    ("value", "dpi"), [((300, 300, 3), 300), ((80, 80, 4), 203), ((300, 600, 3), None), ("300dpi", None), (None, None)]
)
def test_a_resolution_is_dots_per_inch_or_not_known(value: object, dpi: int | None) -> None:
    assert Queue.of("q", DRAWS | {"printer-resolution-default": value}).resolution == dpi


def test_a_queue_that_may_draw_other_dots_or_repeat_them_says_so() -> None:
    seen = status(printer_resolution_default=None, printer_error_policy="retry-current-job")
    assert (seen.state, seen.reasons) == (
        PrinterState.IDLE,
        frozenset({"queue-resolution-unknown", "queue-repeats-labels"}),
    )


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ("4x6in", "na_index-4x6_4x6in"),
        ("101.6x152.4mm", "na_index-4x6_4x6in"),
        ("4x4in", "oe_4x4-label_4x4in"),
        ("100x150mm", "custom_100x150mm_100x150mm"),
        ("a4", None),
        ("20x20mm", None),
    ],
)
def test_a_stock_has_the_queues_own_name(media: str, name: str | None) -> None:
    assert Queue.of("q", DRAWS).stock(Media.parse(media)) == name


def test_what_cups_last_heard_does_not_stop_an_idle_queue() -> None:
    seen = status(printer_state_reasons=["media-empty-error", "offline-report", "cups-waiting-for-job-completed"])
    assert (seen.state, seen.reasons, seen.drained) == (PrinterState.IDLE, frozenset({"media-empty"}), True)


@pytest.mark.parametrize(
    ("keyword", "word"),
    [
        ("media-empty-error", "media-empty"),
        ("media-needed", "media-empty"),
        ("door-open-error", "cover-open"),
        ("toner-empty", "marker-supply-empty"),
        ("offline-report", "offline"),
    ],
)
def test_a_fault_stops_a_label_under_way(keyword: str, word: str) -> None:
    seen = status(PRINTING, printer_state=4, printer_state_reasons=[keyword])
    assert (seen.state, seen.reasons) == (PrinterState.STOPPED, frozenset({word}))
    assert not seen.drained


def test_a_warning_stops_nothing() -> None:
    seen = status(PRINTING, printer_state=4, printer_state_reasons=["media-empty-warning", "connecting-to-device"])
    told = frozenset({"media-empty", "connecting-to-device"})  # it connects for each label
    assert (seen.state, seen.reasons) == (PrinterState.PROCESSING, told)


def test_a_printer_that_cannot_be_reached_is_told_by_text_alone() -> None:
    words = "The printer may not exist or is unavailable at this time."
    seen = status(PRINTING | {"job-printer-state-message": words}, printer_state=4)
    assert (seen.state, seen.reasons, seen.message) == (
        PrinterState.STOPPED,
        frozenset({"offline"}),
        f"stopped: {words}",
    )


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"printer_state": 5, "printer_state_reasons": ["paused"]}, "queue-stopped"),
        ({"printer_is_accepting_jobs": False}, "queue-rejects-jobs"),
        ({"media": "a4"}, "media-mismatch"),
        ({"job": {"job-state": 4}}, "job-hold-until-specified"),
    ],
)
def test_a_queue_that_would_not_print_is_stopped(attributes: dict[str, Any], word: str) -> None:
    seen = status(**attributes)
    assert (seen.state, seen.reasons) == (PrinterState.STOPPED, frozenset({word}))


@pytest.mark.parametrize(
    ("job", "device", "handover"),
    [
        ({"job-state": 3}, "socket://h", Handover.PENDING),
        ({"job-state": 4, "time-at-processing": None}, "socket://h", Handover.PENDING),
        ({"job-state": 3, "time-at-processing": 5}, "socket://h", Handover.BEGUN),
        (PRINTING, "socket://h", Handover.BEGUN),
        ({"job-state": 7, "time-at-processing": None}, "socket://h", Handover.WITHDRAWN),
        ({"job-state": 7, "time-at-processing": 5}, "socket://h", Handover.BROKEN),
        ({"job-state": 8, "time-at-processing": 5}, "socket://h", Handover.BROKEN),
        ({"job-state": 9, "job-state-reasons": "processing-to-stop-point"}, "socket://h", Handover.TAKEN),
        ({"job-state": 9}, "usb://h", Handover.TAKEN),
        ({"job-state": 9}, "ipp://h/ipp/print", Handover.DONE),
        ({"job-state": 9}, "ipp://h/ipp/print?waitjob=false", Handover.TAKEN),
        (None, "ipp://h/ipp/print", Handover.BROKEN),
    ],
)
def test_a_job_is_believed_as_far_as_its_printer_answers(
    job: dict[str, Any] | None, device: str, handover: Handover
) -> None:
    found, words = handover_of(Queue.of("q", DRAWS | {"device-uri": device}), 7, job)
    assert found is handover
    assert "job 7" in words


@pytest.mark.parametrize(
    ("job", "reasons", "can"),
    [
        ({"job-state": 3}, ["none"], True),
        ({"job-state": 4, "time-at-processing": None}, ["none"], True),
        (PRINTING, ["none"], False),
        (PRINTING, ["media-empty-error"], True),
        (PRINTING | {"job-printer-state-message": "The printer is not responding."}, ["none"], True),
        ({"job-state": 7}, ["none"], False),
        ({"job-state": 9, "time-at-processing": 5}, ["media-empty-error"], False),
        (None, ["none"], False),
    ],
)
def test_a_job_is_taken_back_unless_it_is_being_printed(
    job: dict[str, Any] | None, reasons: list[str], can: bool
) -> None:
    attributes = DRAWS | {"printer-state": 4, "printer-state-reasons": reasons}
    assert can_be_taken_back(Queue.of("q", attributes), attributes, job) is can


@given(
    st.dictionaries(st.sampled_from(PRINTER_ATTRIBUTES), ANYTHING),
    st.none() | st.dictionaries(st.sampled_from(JOB_ATTRIBUTES), ANYTHING),
)
def test_attributes_of_any_type_are_understood_or_passed_over(
    attributes: dict[str, Any], job: dict[str, Any] | None
) -> None:
    queue = Queue.of("q", attributes)
    seen = status_of(queue, attributes, ours=0, job=job, stock=Media.parse("4x6in"))
    assert "\n" not in seen.message
    handover_of(queue, 1, job)
    can_be_taken_back(queue, attributes, job)
