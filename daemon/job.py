"""A job, its states and the moves between them, in IPP's words (RFC 8011 section 5.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ..drivers.evidence import Level, Outcome
from ..renderers.errors import RenderError
from .errors import IllegalTransition

#: What pages of a document are: the parcel's label, or paper that goes with it.
Role = Literal["label", "slip", "hazmat", "invoice"]
#: What an event said of a label that was on paper, or may have been: it is void, until a person has it out of the pile.
Withdrawal = Literal["canceled", "superseded", "taken-out"]


class Removed(StrEnum):
    """What of an ended job is gone by its age; each includes those before it."""

    #: its file and its dots
    LABEL = "label"
    #: whatever may name a parcel or a person
    PERSONAL = "personal-data"


class JobState(StrEnum):
    """IPP job-state."""

    PENDING = "pending"
    HELD = "pending-held"
    PROCESSING = "processing"
    STOPPED = "processing-stopped"
    CANCELED = "canceled"
    ABORTED = "aborted"
    COMPLETED = "completed"

    @property
    def under_way(self) -> bool:
        """Whether something of it may have left for the printer."""
        return self in (JobState.PROCESSING, JobState.STOPPED)

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen by itself or by a person."""
        return not TRANSITIONS[self]


#: Where each state may go. `processing` begins with the committed intent to send the first byte.
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.PENDING: frozenset({JobState.PROCESSING, JobState.HELD, JobState.CANCELED, JobState.ABORTED}),
    # completed: a person has the label in the hand
    JobState.HELD: frozenset({JobState.PENDING, JobState.CANCELED, JobState.COMPLETED}),
    # pending: it is proven that no byte left, or that the printer printed nothing and holds nothing
    # canceled: the same, and a person had asked for it meanwhile
    JobState.PROCESSING: frozenset(
        {JobState.STOPPED, JobState.COMPLETED, JobState.HELD, JobState.PENDING, JobState.CANCELED}
    ),
    JobState.STOPPED: frozenset(
        {JobState.PROCESSING, JobState.COMPLETED, JobState.HELD, JobState.PENDING, JobState.CANCELED}
    ),
    JobState.CANCELED: frozenset(),
    JobState.ABORTED: frozenset(),
    JobState.COMPLETED: frozenset(),
}


#: states in which a job ends
ENDED = tuple(state for state in JobState if state.terminal)


def check_move(job_id: str, old: JobState, new: JobState) -> None:
    """Allow a move that the table has, and staying in place.

    Raises:
        IllegalTransition: any other move.
    """
    if new is not old and new not in TRANSITIONS[old]:
        raise IllegalTransition(f"job {job_id} is {old} and cannot become {new}")


class Reason(StrEnum):
    """Why a job is where it is: IPP job-state-reasons (RFC 8011 section 5.3.8) where IPP has the word."""

    #: pending: its label is still to be fetched
    FETCHING = "job-incoming"
    #: pending: its artwork for its printer is still to be made
    TRANSFORMING = "job-transforming"
    #: pending: another job of its parcel was there before, and it is not known yet whether it is the same label
    COMPARING = "job-comparing"
    #: pending: rendered, and next in line when its turn comes
    QUEUED = "job-queued"
    PRINTING = "job-printing"
    PRINTER_STOPPED = "printer-stopped"
    #: processing: a person canceled it, and it is being kept from the printer
    BEING_CANCELED = "processing-to-stop-point"
    COMPLETED = "job-completed-successfully"
    #: labeld itself failed on it, or a render process did
    FAILED = "aborted-by-system"
    #: the printer has no counter: sent, drained, and nobody counted the paper
    COMPLETED_UNCOUNTED = "job-completed-with-warnings"
    CANCELED_BY_USER = "job-canceled-by-user"
    #: canceled: the same label as another job's
    DUPLICATE = "duplicate-label"
    #: canceled: another label of its parcel took its place, or its package was split or combined
    SUPERSEDED = "superseded"
    #: canceled: its order was
    ORDER_CANCELED = "order-canceled"
    #: held: some of its orders were canceled
    PARTLY_CANCELED = "order-partly-canceled"
    #: held: another label of its parcel is on paper, or may be
    OTHER_LABEL = "other-label-of-parcel"
    NO_DESTINATION = "destination-uri-failed"
    #: older than its event wanted it printed, or left over from an outage
    STALE = "job-hold-until-specified"
    HELD_BY_USER = "job-held-by-user"
    #: a rule of the configuration holds what is like it
    RULE = "job-held-by-rule"
    #: another stock is in its printer than its event asks for
    OTHER_STOCK = "resources-are-not-ready"
    #: its event has the id of another parcel's
    OTHER_PARCEL = "event-id-reused"
    #: held: a page of an uploaded file on which no tracking number can be read
    NO_NUMBER = "no-tracking-number"
    #: held: TikTok has its order on hold, or the buyer asked for a cancellation
    ORDER_ON_HOLD = "order-on-hold"
    #: held: its label cannot be fetched
    NOT_FETCHED = "document-access-error"
    OUTCOME_UNKNOWN = "outcome-unknown"
    NOT_PRINTED = "not-printed"
    SETTLED = "settled-by-user"


#: the source of labels that labeld makes itself, to show how a printer prints
TEST = "test label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One parcel's document on its way to paper; times are Unix seconds."""

    id: str
    received_at: float
    updated_at: float
    source: str
    state: JobState
    reason: str
    #: the reason in one plain sentence
    message: str
    #: name of the printer it is routed to; None while no destination resolves
    printer: str | None
    outcome: Outcome | None = None
    level: Level | None = None
    #: labels that its artwork makes; None until rendered
    labels: int | None = None
    event_id: str | None = None
    shop_id: str | None = None
    package_id: str | None = None
    order_ids: tuple[str, ...] = ()
    tracking_number: str | None = None
    carrier: str | None = None
    document_type: str | None = None
    station: str | None = None
    requested_printer: str | None = None
    media: str | None = None
    design_dpi: int | None = None
    copies: int = 1
    priority: int = 50
    useful_until: float | None = None
    #: since when it waits for its printer, where that is not since it was received
    waits_since: float | None = None
    tags: tuple[str, ...] = ()
    #: the job of the event whose document this is a part of; that one is a part too, once `role` says so
    part_of: str | None = None
    #: pages of the document that it prints, from 1; None: all of them
    pages: tuple[int, ...] | None = None
    #: what those pages are; None while nobody had to tell them apart
    role: Role | None = None
    #: the job of the same parcel that it was compared with: whose duplicate it is, or whose place it takes
    rival: str | None = None
    #: an event came too late to stop it
    withdrawn: Withdrawal | None = None
    #: the job whose bytes a person had printed again, and the how manieth time this is
    reprint_of: str | None = None
    reprint: int | None = None
    #: what of it is gone by its age
    removed: Removed | None = None
    #: times the same event came again, or the same label with another one
    duplicates: int = 0
    #: position in the order of changes, rises with each one
    revision: int = 0

    @property
    def being_canceled(self) -> bool:
        """Whether a person canceled it while it was under way."""
        return self.state.under_way and self.reason == Reason.BEING_CANCELED

    @property
    def void(self) -> bool:
        """Whether an event came too late to stop it, and nobody has taken it out of the pile yet."""
        return self.withdrawn is not None and self.withdrawn != "taken-out"


#: held reasons that printing again answers; a label that does not scan or fit would only be held again
RELEASABLE = frozenset(
    {
        Reason.NOT_PRINTED,
        Reason.NO_DESTINATION,
        Reason.STALE,
        Reason.HELD_BY_USER,
        Reason.RULE,
        Reason.FAILED,
        Reason.OTHER_PARCEL,
        Reason.OTHER_STOCK,
        Reason.OTHER_LABEL,
        Reason.PARTLY_CANCELED,
        Reason.NO_NUMBER,
        Reason.NOT_FETCHED,
        Reason.ORDER_ON_HOLD,
    }
)
#: pending for nothing but its label, its artwork or its turn
WAITING = (Reason.FETCHING, Reason.TRANSFORMING, Reason.QUEUED)
#: pending and in no printer's queue yet
NOT_QUEUED = (Reason.FETCHING, Reason.COMPARING)
#: held reasons that another printer may answer: those but the questions about its parcel, and what would not scan or
#: fit at this one
_MOVABLE = RELEASABLE - {
    Reason.OTHER_PARCEL,
    Reason.OTHER_LABEL,
    Reason.PARTLY_CANCELED,
    Reason.ORDER_ON_HOLD,
} | {RenderError.reason}
#: why an event withdraws a job
WITHDRAWALS: Mapping[str | None, Reason] = {
    "canceled": Reason.ORDER_CANCELED,
    "superseded": Reason.SUPERSEDED,
}


def after_attempt(job: Job, outcome: Outcome, state: JobState, reason: str) -> tuple[JobState, str]:
    """Where the end of an attempt puts a job: into `state`, or, if it was canceled meanwhile, never back in line.

    Whoever canceled it, a person or an event.
    """
    if (job.being_canceled or job.void) and outcome is Outcome.NOT_PRINTED:
        return JobState.CANCELED, WITHDRAWALS.get(job.withdrawn, Reason.CANCELED_BY_USER)
    return state, reason


def allowed_acts(job: Job) -> tuple[str, ...]:
    """What a person may do with a job now: of `settle`, `release`, `move`, `hold`, `cancel`, `take-out` and `reprint`.

    `cancel` of one that is under way may come too late.
    """
    held = job.state is JobState.HELD
    acts = {
        "settle": held and job.reason == Reason.OUTCOME_UNKNOWN,
        "release": held and job.reason in RELEASABLE,
        "move": (job.state is JobState.PENDING and job.reason != Reason.COMPARING) or (held and job.reason in _MOVABLE),
        "hold": job.state is JobState.PENDING and job.reason in WAITING,
        "cancel": JobState.CANCELED in TRANSITIONS[job.state] and not job.being_canceled,
        "take-out": job.void and job.state is JobState.COMPLETED,
        "reprint": job.state in (JobState.COMPLETED, JobState.CANCELED) and job.source != TEST and job.removed is None,
    }
    return tuple(act for act, allowed in acts.items() if allowed)


def new_job_id(now: float, random_bits: int) -> str:
    """A UUID version 7 (RFC 9562 section 5.7, method 3): unique, and sorted by time of acceptance.

    Args:
        now: Unix seconds; 12 bits below the millisecond count too, so that jobs of one burst keep their order.
        random_bits: at least 62 bits from a strong source.
    """
    return _job_id(_ticks(now), random_bits)


class JobIds:
    """Ids of new jobs, each above all before it, also where the clock is set back: queues and lists go by them."""

    def __init__(self) -> None:
        self._last = 0

    def seen(self, job_id: str) -> None:
        """There is a job with this id."""
        number = int(job_id.replace("-", ""), 16)
        self._last = max(self._last, number >> 80 << 12 | number >> 64 & 0xFFF)

    def new(self, now: float, random_bits: int) -> str:
        """The next id; see `new_job_id`."""
        self._last = max(self._last + 1, _ticks(now))
        return _job_id(self._last, random_bits)


def _ticks(now: float) -> int:
    return int(now * 1000 * 4096)


def _job_id(ticks: int, random_bits: int) -> str:
    value = (ticks >> 12 & (1 << 48) - 1) << 80 | 7 << 76 | (ticks & 0xFFF) << 64
    value |= 0b10 << 62 | random_bits & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
