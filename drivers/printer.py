"""What a printer is and how it is: identity, state and counters as seen at one moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PrinterState(StrEnum):
    """IPP printer-state (RFC 8011 section 5.4.11), and `unknown` for a printer that does not answer."""

    IDLE = "idle"
    PROCESSING = "processing"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a printer says it is; a printer is its serial number, not its address."""

    serial: str | None = None
    model: str | None = None
    firmware: str | None = None
    dpi: int | None = None
    #: the media type it is to be sent, where the way to it tells
    document_format: str | None = None
    #: its hardware address (MAC), 12 hexadecimal digits, where it is asked for it
    hardware_address: str | None = None


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """State with IPP printer-state-reasons (RFC 8011 section 5.4.12), e.g. `media-empty`, `cover-open`, `paused`."""

    state: PrinterState
    reasons: frozenset[str] = field(default_factory=frozenset)
    #: formats waiting in the printer's receive buffer, labels left of the current batch; None: not told
    formats_buffered: int | None = None
    labels_remaining: int | None = None
    #: a format has begun to arrive and has not ended
    partial_format: bool = False
    #: IPP printer-state-message (RFC 8011 section 5.4.13), where more is told than the reasons say
    message: str = ""

    @property
    def drained(self) -> bool:
        """Whether the printer says that nothing of what it received is still to be printed."""
        return self.formats_buffered == 0 and self.labels_remaining == 0 and not self.partial_format

    @property
    def ready(self) -> bool:
        """Whether a label may be sent now: the printer answered, and nothing stops it."""
        return self.state in (PrinterState.IDLE, PrinterState.PROCESSING)


class Question(StrEnum):
    """What a printer may be asked: the three questions of ZPL, and SGD variables as one."""

    IDENTIFICATION = "~HI"
    STATUS = "~HS"
    EXTENDED = "~HQES"
    VARIABLES = "SGD"


#: Questions that the printer with this identity, as far as it has told it, need not be asked.
Spare = Callable[[Identity], frozenset[Question]]


def ask_all(_identity: Identity) -> frozenset[Question]:
    """Nothing is known of the printer: every question is asked."""
    return frozenset()


class Handover(StrEnum):
    """How far a spooler between us and the printer is with the labels that it was sent."""

    #: it has them, and nothing went to the printer yet
    PENDING = "pending"
    #: they are on their way to the printer
    BEGUN = "begun"
    #: it ended without giving the printer anything
    WITHDRAWN = "withdrawn"
    #: it ended in the middle
    BROKEN = "broken"
    #: the printer took them
    TAKEN = "taken"
    #: the printer took them, and says that it is done
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a printer: who it is, how it is, and its life count of labels (None: it has no counter).

    `handover` is what a spooler in between says of the labels sent in this conversation, and `report` its words.
    `answers` says which questions were asked in this conversation so far, and whether they were answered.
    """

    identity: Identity
    status: PrinterStatus
    odometer: int | None = None
    handover: Handover | None = None
    report: str = ""
    answers: Mapping[Question, bool] = field(default_factory=dict, compare=False)
