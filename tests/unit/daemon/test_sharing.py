import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.config.printers import PrinterSettings
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.printers import Printers
from labeld.daemon.sharing import Readiness, Sister, better, choose, may_move, readiness
from labeld.daemon.store import Pause
from labeld.drivers.errors import PrinterOffline
from labeld.drivers.evidence import Level, Outcome
from labeld.drivers.printer import Identity, Observation, PrinterState, PrinterStatus

READY, UNSEEN, AWAY = Readiness


def sister(name: str, readiness: Readiness = READY, waiting: int = 0, *, fits: bool = True) -> Sister:
    return Sister(name, readiness, "state", waiting, fits)


def test_the_one_with_its_stock_that_is_ready_with_least_to_print_is_chosen() -> None:
    assert choose([sister("a", waiting=3), sister("b", waiting=2), sister("c", waiting=2)]).name == "b"
    assert choose([sister("a", AWAY), sister("b", UNSEEN, 9), sister("c", READY, 99)]).name == "c"
    assert choose([sister("a", AWAY), sister("b", UNSEEN, 9)]).name == "b"
    assert choose([sister("a", READY, fits=False), sister("b", AWAY, 9)]).name == "b"


def test_a_paused_printer_is_away_however_ready_it_is() -> None:
    printers = Printers({"a": PrinterSettings(uri="socket://127.0.0.1:9101")})
    idle = Observation(Identity("S1"), PrinterStatus(PrinterState.IDLE))
    assert readiness(printers.observed("a", idle, 1.0)) is READY
    printers.paused("a", Pause(2.0, "Kim"))
    assert readiness(printers["a"]) is AWAY
    assert json.loads(printers["a"].payload())["paused_by"] == "Kim"
    assert readiness(printers.observed("a", idle, 3.0)) is AWAY
    # other settings make another printer of it, and the pause stays
    printers.apply({"a": PrinterSettings(uri="socket://127.0.0.1:9102")})
    assert printers["a"].pause == Pause(2.0, "Kim")
    printers.paused("a", None)
    assert readiness(printers.observed("a", idle, 4.0)) is READY


def test_a_label_leaves_a_printer_that_is_away_only_for_one_that_is_ready_and_has_its_stock() -> None:
    away = sister("a", AWAY, 1)
    assert better([away, sister("b", UNSEEN), sister("c", AWAY)], "a", 1) is None
    assert better([away, sister("b", fits=False)], "a", 1) is None
    moved = better([away, sister("b", waiting=50), sister("c", waiting=40)], "a", 1)
    assert moved is not None
    assert moved.name == "c"


def test_a_label_leaves_a_ready_printer_only_to_be_done_earlier() -> None:
    assert better([sister("a", waiting=1), sister("b")], "a", 1) is None
    assert better([sister("a", waiting=5), sister("b", waiting=1)], "a", 4) is None
    assert better([sister("a", waiting=6), sister("b", waiting=1)], "a", 4) is not None


names = st.sampled_from(["a", "b", "c", "d"])
sisters = st.lists(
    st.builds(Sister, names, st.sampled_from(Readiness), st.just(""), st.just(0), st.booleans()),
    min_size=1,
    unique_by=lambda one: one.name,
)


@given(sisters, st.data())
def test_sharing_comes_to_rest_and_leaves_nothing_where_it_need_not_wait(
    group: list[Sister], data: st.DataObject
) -> None:
    places = [one.name for one in group]
    jobs = data.draw(st.lists(st.tuples(st.sampled_from(places), st.integers(1, 9)), max_size=12))
    at = {number: place for number, (place, _) in enumerate(jobs)}
    size = {number: labels for number, (_, labels) in enumerate(jobs)}

    def now() -> list[Sister]:
        load = {name: sum(size[job] for job in at if at[job] == name) for name in places}
        return [replace(one, waiting=load[one.name]) for one in group]

    moves = 0
    while step := next(((job, to) for job in at if (to := better(now(), at[job], size[job]))), None):
        at[step[0]] = step[1].name
        moves += 1
        # each move of a job between ready printers lowers the sum of squares of their loads
        assert moves <= len(jobs) + sum(size.values()) ** 2
    good = {one.name for one in group if one.readiness is READY and one.fits}
    if good:
        assert set(at.values()) <= good
        loads = [one.waiting for one in now() if one.name in good]
        assert max(loads) - min(loads) <= max(size.values(), default=0)
    else:
        assert moves == 0


def view(state: PrinterState | None, *reasons: str, ask: bool = True) -> Readiness:
    printers = Printers({"a": PrinterSettings(uri="socket://127.0.0.1:9100", ask=ask)})
    if state is None:
        return readiness(printers["a"])
    seen = Observation(Identity(), PrinterStatus(state, frozenset(reasons)))
    return readiness(printers.observed("a", seen, 1.0))


def test_readiness_is_what_was_seen_last() -> None:
    assert view(None) is UNSEEN
    assert view(PrinterState.IDLE) is READY
    assert view(PrinterState.PROCESSING) is READY
    assert view(PrinterState.STOPPED, "media-empty") is AWAY
    assert view(PrinterState.UNKNOWN) is AWAY
    assert view(PrinterState.UNKNOWN, ask=False) is READY
    printers = Printers({"a": PrinterSettings(uri="socket://127.0.0.1:9100", ask=False)})
    assert readiness(printers.failed("a", PrinterOffline("gone"))) is AWAY


JOB = Job(
    id="j",
    received_at=0,
    updated_at=0,
    source="t",
    state=JobState.PENDING,
    reason=Reason.QUEUED,
    message="",
    printer="a",
)


@pytest.mark.parametrize("state", list(JobState))
def test_only_a_pending_job_of_which_no_byte_left_moves_by_itself(state: JobState) -> None:
    pending = state is JobState.PENDING
    assert may_move(replace(JOB, state=state)) is pending
    no_byte_left = replace(JOB, state=state, outcome=Outcome.NOT_PRINTED, level=Level.NONE)
    assert may_move(no_byte_left) is pending
    assert not may_move(replace(no_byte_left, level=Level.COUNTED))
    assert not may_move(replace(no_byte_left, outcome=Outcome.UNKNOWN))
