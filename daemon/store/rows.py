"""Values that the store takes and gives, and the one reader of each kind of row."""

from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import RowMapping

from ...drivers.evidence import Level, Outcome
from ..events import LabelEvent, unix_time
from ..job import Job, JobState, Reason, Removed, Role
from ..notices import Notice
from ..routing import Route

_JOB_FIELDS = tuple(field.name for field in fields(Job))


@dataclass(frozen=True, slots=True)
class NewFetch:
    """What a job's label is fetched by, sealed, and until when that makes sense."""

    lane: str
    sealed: bytes
    digest: str
    now: float
    until: float


@dataclass(frozen=True, slots=True)
class Fetch:
    """What is wanted for a job: sealed, how often it was tried, until when it is (Unix seconds), with a look or not."""

    lane: str
    wanted: bytes
    tries: int
    until: float
    look: bool


@dataclass(frozen=True, slots=True)
class NewJob:
    """A label event with where it came from and where it goes, ready to be committed."""

    id: str
    event: LabelEvent
    source: str
    topic: str
    route: Route
    received_at: float
    #: the broker says that it sends this message again; a bare event is then never a new one
    redelivered: bool = False
    #: why it comes too late to be printed unasked
    late: str | None = None
    #: what its label is fetched by, where the event did not bring it
    fetch: NewFetch | None = None
    #: what a person is asked before it is printed, where no number says whose label it is
    unnumbered: str | None = None
    #: a person sends it: what was canceled before does not stand in its way
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A merged file that a person uploaded.

    Attributes:
        state: `reading`; `ready`: its jobs can be made, and are once it is confirmed; `done`; `failed`.
        message: where it failed, why, in one line; or what to know before it is confirmed.
        pages: how many it has, once that is known.
        content: what its pages are, and at the end which jobs they became, as its keeper writes it.
        choices: what is to become of slips and labels without a number, once a person confirmed it.
    """

    id: str
    received_at: float
    digest: str
    state: str
    message: str
    station: str | None
    printer: str | None
    pages: int | None
    content: dict[str, Any] | None
    choices: dict[str, Any] | None

    @property
    def confirmed(self) -> bool:
        """Whether a person said that it is to be printed."""
        return self.choices is not None


@dataclass(frozen=True, slots=True)
class NewPart:
    """Pages of a job's document that are to be a job of their own, and where that goes."""

    id: str
    pages: tuple[int, ...]
    role: Role
    route: Route


@dataclass(frozen=True, slots=True)
class NewReprint:
    """A person's wish to have the bytes of a job printed again; `key` tells it from other wishes for the same job."""

    id: str
    of: str
    key: str
    printer: str
    reason: str
    who: str
    now: float


@dataclass(frozen=True, slots=True)
class NoticeTaken:
    """The jobs that a notice changed; `duplicate` when one that says the same had come before."""

    jobs: tuple[Job, ...]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job of an event; `duplicate` when the event had come before, `fetch` when its label is now to be fetched."""

    job: Job
    duplicate: bool
    fetch: bool = False


@dataclass(frozen=True, slots=True)
class Artwork:
    """The bytes for a printer and the size of their labels in dots; `made_for` names printer and settings."""

    made_for: str
    payload: bytes
    labels: int
    width: int
    height: int
    dpi: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An intent to send, and what became of it: both counters, how the printer was, when, and what that proves."""

    id: int
    job_id: str
    printer: str
    serial: str | None
    payload_sha256: str
    labels: int
    odometer_before: int | None
    started_at: float
    odometer_after: int | None
    ended_at: float | None
    outcome: Outcome | None
    level: Level | None
    because: str | None
    state_before: str | None
    state_after: str | None
    sent_at: float | None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of a job's timeline."""

    at: float
    state: JobState
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that could not become a job; equal ones are counted, not listed again."""

    id: int
    first_at: float
    last_at: float
    times: int
    source: str
    topic: str
    because: str
    size: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, by whom and why a printer is sent nothing; a person needs no reason."""

    at: float
    who: str
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll of labels that was put into a printer: how many it has, when, by whom, and the printer's counter then."""

    labels: int
    at: float
    who: str
    serial: str | None
    odometer: int | None


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """Held jobs of one station that are held for one reason; `oldest` is when the first was received."""

    station: str | None
    reason: str
    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that is committed and not yet at the broker."""

    id: int
    topic: str
    payload: bytes
    retain: bool


def new_job(new: NewJob, revision: int, *, reused: bool = False) -> Job:
    """The job of an event that is no duplicate; `reused`: another parcel's event had the same id."""
    ready = new.event.fields
    if reused and not new.event.bare:
        state, reason = JobState.HELD, Reason.OTHER_PARCEL
        message = "its event_id was used before, for another parcel: is this a label of its own?"
    elif new.route.printer is None:
        state, reason, message = JobState.HELD, Reason.NO_DESTINATION, new.route.because
    elif new.route.hold is not None:
        state, reason, message = JobState.HELD, Reason.RULE, new.route.hold
    elif new.late is not None:
        state, reason, message = JobState.HELD, Reason.STALE, new.late
    elif new.unnumbered is not None:
        state, reason, message = JobState.HELD, Reason.NO_NUMBER, new.unnumbered
    else:
        reason = Reason.TRANSFORMING if new.fetch is None else Reason.FETCHING
        state, message = JobState.PENDING, new.route.because
    useful_until = unix_time(ready.useful_until)
    if new.late is not None:
        # where it is compared with another label of its parcel first, it is asked about after that
        useful_until = new.received_at if useful_until is None else min(useful_until, new.received_at)
    return Job(
        id=new.id,
        received_at=new.received_at,
        updated_at=new.received_at,
        revision=revision,
        source=new.source,
        state=state,
        reason=reason,
        message=message,
        printer=new.route.printer,
        event_id=ready.event_id,
        shop_id=ready.shop_id,
        package_id=ready.package_id,
        order_ids=ready.order_ids,
        tracking_number=ready.tracking_number,
        carrier=ready.carrier,
        document_type=ready.document_type,
        station=ready.station,
        requested_printer=ready.printer,
        media=ready.media,
        design_dpi=ready.asset.design_dpi,
        copies=ready.copies,
        priority=ready.priority,
        useful_until=useful_until,
        tags=ready.tags,
    )


def part_job(job: Job, part: NewPart, now: float, revision: int) -> Job:
    """The job of some pages of `job`'s document, for another printer."""
    return replace(
        job,
        id=part.id,
        updated_at=now,
        revision=revision,
        state=JobState.PENDING,
        reason=Reason.TRANSFORMING,
        message=part.route.because,
        printer=part.route.printer,
        # the stock that its event asks for is the label's
        media=None,
        part_of=job.id,
        pages=part.pages,
        role=part.role,
        rival=None,
        duplicates=0,
    )


def job_row(job: Job) -> dict[str, Any]:
    """A job's columns."""
    return {name: getattr(job, name) for name in _JOB_FIELDS}


def job_from(row: RowMapping) -> Job:
    """Read a job."""
    values = {name: row[name] for name in _JOB_FIELDS}
    values |= {
        "state": JobState(values["state"]),
        "outcome": None if values["outcome"] is None else Outcome(values["outcome"]),
        "level": None if values["level"] is None else Level(values["level"]),
        "order_ids": tuple(values["order_ids"]),
        "tags": tuple(values["tags"]),
        "pages": None if values["pages"] is None else tuple(values["pages"]),
        "removed": None if values["removed"] is None else Removed(values["removed"]),
    }
    return Job(**values)


def notice_from(row: RowMapping) -> Notice:
    """Read a notice."""
    values = {name: row[name] for name in Notice.__slots__}
    return Notice(**values | {name: tuple(values[name]) for name in ("package_ids", "order_ids", "replaced_by")})


def attempt_from(row: RowMapping) -> Attempt:
    """Read an attempt."""
    values = dict(row)
    values["outcome"] = None if values["outcome"] is None else Outcome(values["outcome"])
    values["level"] = None if values["level"] is None else Level(values["level"])
    return Attempt(**values)


def upload_from(row: RowMapping) -> Upload:
    """Read an upload."""
    return Upload(**{name: row[name] for name in Upload.__slots__})
