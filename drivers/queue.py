"""What CUPS says of a queue and of a job, in our words; without any I/O.

Sources: RFC 8011 section 5.4 (printer attributes) and 5.3 (job attributes), PWG 5101.1 (media names), CUPS 2.4.
Attributes come as pycups gives them, and may be absent or of another type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..renderers.asset import PDF, ZPL
from ..renderers.errors import MediaError
from ..renderers.media import Media
from .printer import Handover, PrinterState, PrinterStatus

PRINTER_ATTRIBUTES = (
    "device-uri",
    "media-supported",
    "print-scaling-supported",
    "printer-error-policy",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-resolution-default",
    "printer-state",
    "printer-state-message",
    "printer-state-reasons",
)
JOB_ATTRIBUTES = (
    "job-printer-state-message",
    "job-state",
    "job-state-reasons",
    "time-at-processing",
)

Attributes = Mapping[str, Any]

#: CUPS's name for a queue that passes on what it gets (scheduler/printers.c)
_RAW_MODEL = "Local Raw Printer"
_DOTS_PER_CENTIMETRE = 4
#: Names of one size differ by rounding: 1/100 mm.
_SAME_SIZE = 30
_RANGE = re.compile(r"(?:custom|roll)_(min|max)_")
_SEVERITY = re.compile(r"-(error|warning|report)$")
_ALIASES = {
    "door-open": "cover-open",
    "interlock-open": "cover-open",
    "media-needed": "media-empty",
    "toner-empty": "marker-supply-empty",
}
#: What keeps a label that is on its way from the paper until somebody comes.
_STOPPING = {"cover-open", "marker-supply-empty", "media-empty", "media-jam", "offline", "timed-out"}
#: How CUPS's backends say that they cannot reach the printer, often without any reason (backend/socket.c, ipp.c, usb.c)
_UNREACHABLE = re.compile(
    r"may not exist|unavailable at this time|not responding|unreachable|unable to (locate|find|connect)|not connected",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue's facts.

    Attributes:
        model: make and model as its driver says.
        resolution: dots per inch that it draws PDF at, None where it does not say or they differ across and along.
        media: PWG names of the stock that it offers.
        document_format: what it is to be sent: ZPL where it passes everything on, else PDF.
        error_policy: what CUPS does with a job that failed.
        device: URI of the printer behind it.
        serial: the printer's serial number, where the URI names it (USB).
        unscaled: whether it can be told not to scale a page.
    """

    name: str
    model: str
    resolution: int | None
    media: tuple[str, ...]
    document_format: str
    error_policy: str
    device: str
    serial: str | None
    unscaled: bool

    @classmethod
    def of(cls, name: str, attributes: Attributes) -> "Queue":
        """Read the attributes of the queue called `name`."""
        model = _text(attributes, "printer-make-and-model")
        device = _text(attributes, "device-uri")
        raw = model == _RAW_MODEL
        return cls(
            name,
            model,
            None if raw else _resolution(attributes.get("printer-resolution-default")),
            () if raw else _texts(attributes, "media-supported"),
            ZPL if raw else PDF,
            _text(attributes, "printer-error-policy"),
            device,
            next(iter(parse_qs(urlsplit(device).query).get("serial", [])), None),
            "none" in _texts(attributes, "print-scaling-supported"),
        )

    def stock(self, wanted: Media) -> str | None:
        """Its name for a stock: the same, another of the same size, or one made up within its limits; else None."""
        if wanted.name in self.media:
            return wanted.name
        limits: dict[str, Media] = {}
        for name in self.media:
            try:
                media = Media.parse(name)
            except MediaError:
                continue
            if limit := _RANGE.match(name):
                limits[limit[1]] = media
            elif abs(media.width - wanted.width) < _SAME_SIZE and abs(media.length - wanted.length) < _SAME_SIZE:
                return name
        low, high = limits.get("min"), limits.get("max")
        if low is None and high is None:
            return None
        if low is not None and (wanted.width < low.width or wanted.length < low.length):
            return None
        if high is None or wanted.width > high.width or wanted.length > high.length:
            return None
        size = f"{wanted.width / 100:g}x{wanted.length / 100:g}mm"
        return f"custom_{size}_{size}"


def status_of(
    queue: Queue, attributes: Attributes, *, ours: int, job: Attributes | None, stock: Media | None
) -> PrinterStatus:
    """How a queue is, in IPP's words.

    What CUPS last heard of the printer is old while nothing prints: then only the queue's own state stops it, and the
    rest is told. `queue-repeats-labels` means that CUPS itself tries again after an error, from the first dot,
    `queue-resolution-unknown` that it may draw the label's dots at another resolution.

    Args:
        queue: its facts.
        attributes: its attributes now.
        ours: how many jobs in it, of an earlier conversation, are ours and have not ended.
        job: the attributes of the job of this conversation, once it has one.
        stock: what labels it is to print on; None: it need not be told.
    """
    message = _text(attributes, "printer-state-message")
    under_way = job is not None and _number(job, "job-state") < _ENDED
    stops, notes = _told(attributes, under_way=under_way)
    if job is not None and under_way:
        said = _text(job, "job-printer-state-message") or message
        if _UNREACHABLE.search(said):
            stops.add("offline")
            message = said
        if _number(job, "job-state") in (_HELD, _STOPPED):
            stops.add("job-hold-until-specified")
    if _number(attributes, "printer-state") == _PRINTER_STOPPED:
        stops.add("queue-stopped")
    if attributes.get("printer-is-accepting-jobs") is False:
        stops.add("queue-rejects-jobs")
    if stock is not None and queue.document_format == PDF and queue.stock(stock) is None:
        stops.add("media-mismatch")
        message = f"queue {queue.name} does not offer {stock.short}: add this stock to it, or correct the configuration"
    if queue.error_policy not in ("abort-job", ""):
        notes.add("queue-repeats-labels")
    if queue.document_format == PDF and queue.resolution is None:
        notes.add("queue-resolution-unknown")
    working = under_way or _number(attributes, "printer-state") == _PRINTER_PROCESSING
    state = PrinterState.STOPPED if stops else PrinterState.PROCESSING if working else PrinterState.IDLE
    return PrinterStatus(
        state,
        frozenset(stops | notes),
        formats_buffered=ours + under_way,
        labels_remaining=0,
        partial_format=ours > 0,
        message=f"stopped: {message}" if stops and message else "",
    )


def _told(attributes: Attributes, *, under_way: bool) -> tuple[set[str], set[str]]:
    """What the printer's reasons say, in our words: what stops a label that is under way, and the rest."""
    stops: set[str] = set()
    notes: set[str] = set()
    for keyword in _texts(attributes, "printer-state-reasons"):
        word = _SEVERITY.sub("", keyword)
        word = _ALIASES.get(word, word)
        if word in ("none", "paused") or word.startswith(("cups-", "com.")):
            continue
        minor = keyword.endswith(("-warning", "-report")) and word != "offline"
        (stops if under_way and word in _STOPPING and not minor else notes).add(word)
    # without a job it is of one that ended
    return stops, notes if under_way else notes - {"offline"}


def handover_of(queue: Queue, number: int, job: Attributes | None) -> tuple[Handover, str]:
    """How far CUPS is with a job, and one sentence; `job` is None when CUPS does not know it any more.

    A job that ended in state `completed` was handed to the printer; with a printer that speaks IPP, CUPS waits until
    it says that it is done. Neither counts paper. Its job-state-reasons say nothing more: of a completed job CUPS 2.4
    tells `processing-to-stop-point`.
    """
    if job is None:
        return Handover.BROKEN, f"CUPS has forgotten job {number}: it may have printed (PreserveJobHistory is off?)"
    state = _number(job, "job-state")
    begun = bool(job.get("time-at-processing"))
    said = _text(job, "job-printer-state-message")
    because = f": {said}" if said else ""
    if state < _ENDED:
        where = Handover.BEGUN if begun else Handover.PENDING
        return where, f"CUPS has it as job {number}{because}"
    if state != _COMPLETED:
        what = "canceled" if state == _CANCELED else "given up"
        if begun:
            return Handover.BROKEN, f"CUPS job {number} was {what} while it printed{because}"
        return Handover.WITHDRAWN, f"CUPS job {number} was {what} before anything went to the printer{because}"
    answers = queue.device.startswith(("ipp:", "ipps:", "dnssd:", "implicitclass:")) and "waitjob=false" not in (
        queue.device
    )
    if answers:
        return Handover.DONE, f"the printer told CUPS that it has done job {number}; nobody counted the paper"
    return Handover.TAKEN, f"CUPS handed job {number} to the printer; nobody counted the paper"


def can_be_taken_back(queue: Queue, attributes: Attributes, job: Attributes | None) -> bool:
    """Whether a job may be canceled without cutting off a label that is being printed.

    That is one that has not begun, and one that stands still because its printer does: then nobody knows whether
    something of it came out, but nothing more will.
    """
    if job is None or _number(job, "job-state") >= _ENDED:
        return False
    if not job.get("time-at-processing"):
        return True
    return status_of(queue, attributes, ours=0, job=job, stock=None).state is PrinterState.STOPPED


#: job-state (RFC 8011 section 5.3.7) and printer-state (5.4.11)
_HELD, _STOPPED, _ENDED, _CANCELED, _COMPLETED = 4, 6, 7, 7, 9
_PRINTER_PROCESSING, _PRINTER_STOPPED = 4, 5


def _resolution(value: object) -> int | None:
    """Dots per inch out of IPP's (across, along, unit)."""
    if not (isinstance(value, tuple) and len(value) == 3 and all(isinstance(part, int) for part in value)):
        return None
    across, along, unit = map(int, value)
    if across != along:
        return None
    return round(across * 2.54) if unit == _DOTS_PER_CENTIMETRE else across


def _texts(attributes: Attributes, name: str) -> tuple[str, ...]:
    value = attributes.get(name)
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(one for one in values if isinstance(one, str))


def _text(attributes: Attributes, name: str) -> str:
    return " ".join("".join(_texts(attributes, name)[:1]).split())[:300]


def _number(attributes: Attributes, name: str) -> int:
    value = attributes.get(name)
    return value if isinstance(value, int) else 0
