import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.daemon.errors import IllegalTransition
from labeld.daemon.job import (
    TRANSITIONS,
    Job,
    JobIds,
    JobState,
    Reason,
    after_attempt,
    allowed_acts,
    check_move,
    new_job_id,
)
from labeld.drivers.evidence import Outcome


def test_every_state_is_in_the_table_and_ended_jobs_stay_ended() -> None:
    assert set(TRANSITIONS) == set(JobState)
    assert {state for state in JobState if state.terminal} == {
        JobState.CANCELED,
        JobState.ABORTED,
        JobState.COMPLETED,
    }


def test_a_job_prints_only_from_pending() -> None:
    into = {state for state, targets in TRANSITIONS.items() if JobState.PROCESSING in targets}
    assert into == {JobState.PENDING, JobState.STOPPED}


def test_a_move_that_the_table_lacks_raises() -> None:
    check_move("j", JobState.PENDING, JobState.PROCESSING)
    check_move("j", JobState.HELD, JobState.HELD)
    with pytest.raises(IllegalTransition, match="job j is completed and cannot become canceled"):
        check_move("j", JobState.COMPLETED, JobState.CANCELED)


@pytest.mark.parametrize("state", [JobState.PROCESSING, JobState.STOPPED])
def test_a_job_canceled_under_way_is_not_printed_again_unasked(state: JobState) -> None:
    job = Job(id="j", received_at=0, updated_at=0, source="t", state=state, reason="", message="", printer="p")
    again = (JobState.PENDING, Reason.QUEUED)
    assert after_attempt(job, Outcome.NOT_PRINTED, *again) == again
    canceled = replace(job, reason=Reason.BEING_CANCELED)
    assert after_attempt(canceled, Outcome.NOT_PRINTED, *again) == (JobState.CANCELED, Reason.CANCELED_BY_USER)
    asked = (JobState.HELD, Reason.OUTCOME_UNKNOWN)
    assert after_attempt(canceled, Outcome.UNKNOWN, *asked) == asked
    assert "cancel" in allowed_acts(job)
    assert "cancel" not in allowed_acts(canceled)


@given(st.floats(0, 4e9), st.integers(0, 2**62 - 1))
def test_job_ids_are_uuids_of_version_7(now: float, bits: int) -> None:
    value = uuid.UUID(new_job_id(now, bits))
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == int(now * 1000)


def test_job_ids_sort_by_time_and_differ() -> None:
    assert new_job_id(1.0, 2**62 - 1) < new_job_id(1.000001, 0)
    assert len({new_job_id(1.0, 1 << shift) for shift in range(62)}) == 62


@given(st.lists(st.floats(0, 4e9), min_size=2), st.integers(0, 2**62 - 1))
def test_ids_rise_whatever_the_clock_does(clock: list[float], bits: int) -> None:
    ids, after = JobIds(), JobIds()
    made = [ids.new(now, bits) for now in clock]
    assert made == sorted(set(made))
    assert all(uuid.UUID(one).version == 7 for one in made)
    after.seen(made[-1])
    assert after.new(0.0, 0) > made[-1]
    assert after.new(5e9, 3) == new_job_id(5e9, 3)
