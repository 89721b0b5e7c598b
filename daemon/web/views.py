"""Jobs, printers and rejections as JSON for the API, the event stream and the page. Pure."""

from collections.abc import Collection, Mapping

from typing_extensions import TypedDict

from ...config.printers import PrinterSettings
from ...drivers.evidence import Outcome
from ...drivers.printer import PrinterState
from ..job import RELEASABLE, TEST, Job, JobState, Removed, Role, Withdrawal, allowed_acts
from ..messages import iso
from ..printers import PrinterView
from ..store.rows import Attempt, HeldGroup, LedgerEntry, Pause, Rejection

#: states of jobs that are not ended: what the page counts
OPEN_STATES = tuple(state for state in JobState if not state.terminal)


class JobJson(TypedDict):
    """A job."""

    id: str
    state: JobState
    reason: str
    message: str
    printer: str | None
    station: str | None
    outcome: Outcome | None
    evidence: str | None
    labels: int | None
    copies: int
    tracking_number: str | None
    carrier: str | None
    document_type: str | None
    package_id: str | None
    event_id: str | None
    part_of: str | None
    pages: tuple[int, ...] | None
    role: Role | None
    rival: str | None
    withdrawn: Withdrawal | None
    reprint_of: str | None
    reprint: int | None
    received_at: str | None
    updated_at: str | None
    duplicates: int
    has_preview: bool
    removed: Removed | None
    test: bool
    actions: list[str]


class EntryJson(TypedDict):
    """A line of a job's timeline."""

    at: str | None
    state: JobState
    reason: str
    words: str


class AttemptJson(TypedDict):
    """A time that a job was sent: counters and states of the printer before and after, and what they prove."""

    printer: str
    serial: str | None
    labels: int
    started_at: str | None
    sent_at: str | None
    ended_at: str | None
    odometer_before: int | None
    odometer_after: int | None
    state_before: str | None
    state_after: str | None
    outcome: Outcome | None
    evidence: str | None
    because: str | None


class PauseJson(TypedDict):
    """By whom, since when and why a printer is sent nothing; a person needs no reason."""

    by: str
    at: str | None
    because: str | None


class PrinterJson(TypedDict):
    """A printer."""

    name: str
    state: PrinterState
    reasons: list[str]
    advice: str | None
    message: str
    paused: PauseJson | None
    uri: str | None
    identity: str | None
    resolution: int
    media: str
    serial: str | None
    model: str | None
    odometer: int | None
    stations: list[str]
    queued: int
    held: int
    seen_at: str | None
    adopted: bool


class HeldGroupJson(TypedDict):
    """Jobs of one station, or of none, that are held for one reason."""

    station: str | None
    reason: str
    count: int
    oldest_at: str | None
    releasable: bool


class RejectionJson(TypedDict):
    """An event that could not become a job."""

    id: int
    reason: str
    topic: str
    source: str
    size: int
    times: int
    first_at: str | None
    last_at: str | None


def job_json(job: Job, printer: PrinterSettings | None) -> JobJson:
    """A job for JSON; `printer` is the one it is routed to."""
    # no label is taken back from a raw port
    acts = () if job.state.under_way and not (printer and printer.queued) else allowed_acts(job)
    return JobJson(
        id=job.id,
        state=job.state,
        reason=job.reason,
        message=job.message,
        printer=job.printer,
        station=job.station,
        outcome=job.outcome,
        evidence=job.level,
        labels=job.labels,
        copies=job.copies,
        tracking_number=job.tracking_number,
        carrier=job.carrier,
        document_type=job.document_type,
        package_id=job.package_id,
        event_id=job.event_id,
        part_of=job.part_of,
        pages=job.pages,
        role=job.role,
        rival=job.rival,
        withdrawn=job.withdrawn,
        reprint_of=job.reprint_of,
        reprint=job.reprint,
        received_at=iso(job.received_at),
        updated_at=iso(job.updated_at),
        duplicates=job.duplicates,
        # the labels are counted when the artwork is kept
        has_preview=job.labels is not None and job.removed is None,
        removed=job.removed,
        test=job.source == TEST,
        actions=list(acts),
    )


def entry_json(entry: LedgerEntry) -> EntryJson:
    """A line of a timeline for JSON."""
    # retention empties the words
    words = entry.words or f"{entry.state}: {entry.reason}"
    return EntryJson(at=iso(entry.at), state=entry.state, reason=entry.reason, words=words)


def attempt_json(attempt: Attempt) -> AttemptJson:
    """An attempt for JSON."""
    return AttemptJson(
        printer=attempt.printer,
        serial=attempt.serial,
        labels=attempt.labels,
        started_at=iso(attempt.started_at),
        sent_at=iso(attempt.sent_at),
        ended_at=iso(attempt.ended_at),
        odometer_before=attempt.odometer_before,
        odometer_after=attempt.odometer_after,
        state_before=attempt.state_before,
        state_after=attempt.state_after,
        outcome=attempt.outcome,
        evidence=attempt.level,
        because=attempt.because,
    )


def printer_json(
    view: PrinterView, counts: Mapping[str, Mapping[str, int]], adopted: Collection[str] = ()
) -> PrinterJson:
    """A printer for JSON; `counts` are the store's, by printer and state, `adopted` the names of adopted printers."""
    mine = counts.get(view.name, {})
    held = mine.get(JobState.HELD, 0)
    return PrinterJson(
        name=view.name,
        state=view.state,
        reasons=list(view.reasons),
        advice=view.advice,
        message=view.message,
        paused=None if view.pause is None else _pause_json(view.pause),
        uri=view.uri,
        identity=view.settings.identity,
        resolution=view.settings.resolution,
        media=view.settings.media,
        serial=view.identity.serial or view.settings.own_serial,
        model=view.identity.model,
        odometer=view.odometer,
        stations=list(view.settings.stations),
        queued=sum(mine.get(state, 0) for state in OPEN_STATES) - held,
        held=held,
        seen_at=iso(view.seen_at),
        adopted=view.name in adopted,
    )


def _pause_json(pause: Pause) -> PauseJson:
    return PauseJson(by=pause.who, at=iso(pause.at), because=pause.because)


def group_json(group: HeldGroup) -> HeldGroupJson:
    """Held jobs of one station and reason for JSON."""
    return HeldGroupJson(
        station=group.station,
        reason=group.reason,
        count=group.count,
        oldest_at=iso(group.oldest),
        releasable=group.reason in RELEASABLE,
    )


def rejection_json(rejection: Rejection) -> RejectionJson:
    """A rejection for JSON."""
    return RejectionJson(
        id=rejection.id,
        reason=rejection.because,
        topic=rejection.topic,
        source=rejection.source,
        size=rejection.size,
        times=rejection.times,
        first_at=iso(rejection.first_at),
        last_at=iso(rejection.last_at),
    )
