"""What the page says about jobs and printers: state in words, colour and shape. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...config.printers import PrinterSettings
from ...config.services import RetentionSettings
from ...config.settings import Settings
from ...drivers.printer import PrinterState
from ...renderers.errors import RenderError
from ...renderers.media import Media, Resolution
from ..job import Job, JobState, Reason, Removed, Role, allowed_acts
from ..store.rows import HeldGroup
from . import roll_words, views
from .figures import Figures


@dataclass(frozen=True, slots=True)
class Sign:
    """A state for people: `tone` names its colour and its icon, `words` say it."""

    tone: str
    words: str


_PRINTERS = {
    PrinterState.IDLE: Sign("ok", "Ready"),
    PrinterState.PROCESSING: Sign("busy", "Printing"),
    PrinterState.STOPPED: Sign("bad", "Stopped"),
    PrinterState.UNKNOWN: Sign("wait", "No answer"),
}
_JOBS = {
    JobState.PENDING: Sign("wait", "Waiting"),
    JobState.HELD: Sign("ask", "On hold"),
    JobState.PROCESSING: Sign("busy", "Printing"),
    JobState.STOPPED: Sign("bad", "Stopped while printing"),
    JobState.CANCELED: Sign("off", "Canceled"),
    JobState.ABORTED: Sign("bad", "Cannot be printed"),
    JobState.COMPLETED: Sign("ok", "Printed"),
}
_REASONS: dict[str, Sign] = {
    Reason.FETCHING: Sign("wait", "Being fetched"),
    Reason.ORDER_ON_HOLD: Sign("ask", "Its order is on hold: print it all the same?"),
    Reason.NOT_FETCHED: Sign("ask", "Its label is not here: try again?"),
    Reason.TRANSFORMING: Sign("wait", "Being prepared"),
    Reason.COMPARING: Sign("wait", "Being compared"),
    Reason.OTHER_LABEL: Sign("ask", "Its parcel has a label already: print it?"),
    Reason.PARTLY_CANCELED: Sign("ask", "Part of it was canceled: print it?"),
    Reason.DUPLICATE: Sign("off", "The same label, not printed again"),
    Reason.SUPERSEDED: Sign("off", "Replaced, not printed"),
    Reason.ORDER_CANCELED: Sign("off", "Order canceled, not printed"),
    Reason.OUTCOME_UNKNOWN: Sign("ask", "Is this label in your hand?"),
    Reason.NOT_PRINTED: Sign("ask", "It did not print"),
    Reason.NO_DESTINATION: Sign("ask", "Which printer?"),
    Reason.STALE: Sign("ask", "Is it still needed?"),
    Reason.HELD_BY_USER: Sign("ask", "Held: print it?"),
    Reason.RULE: Sign("ask", "A rule holds it: print it?"),
    Reason.OTHER_STOCK: Sign("ask", "It is for other labels: print it?"),
    Reason.OTHER_PARCEL: Sign("ask", "Is it a parcel of its own?"),
    Reason.NO_NUMBER: Sign("ask", "It has no number: print it?"),
    Reason.FAILED: Sign("ask", "Something went wrong: print it?"),
    RenderError.reason: Sign("ask", "It would not scan or fit"),
    Reason.COMPLETED_UNCOUNTED: Sign("sent", "Sent, not counted"),
}
_WHY: dict[str, Callable[[views.JobJson], str]] = {
    Reason.QUEUED: lambda view: f"waits for its turn on {view['printer']}",
    Reason.PRINTING: lambda view: f"on its way to {view['printer']}",
    Reason.COMPARING: lambda _view: "its parcel has a label already: it is looked at whether they are the same",
    Reason.DUPLICATE: lambda _view: "its parcel had this very label before",
    Reason.SETTLED: lambda _view: "somebody has it in the hand",
}
#: paper without a known printer
_SIZE = Resolution(203).size(Media.parse("4x6in"))


#: why a label is printed again, most of the time
REPRINT_REASONS = ("Torn", "Smudged", "Lost", "Jammed", "Wrong parcel")

_ROLES: dict[Role | None, str] = {
    "label": "label",
    "slip": "packing slip",
    "hazmat": "dangerous goods sheet",
    "invoice": "invoice",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A job on the page."""

    view: views.JobJson
    sign: Sign
    #: dots across and along, so that the picture's place has its size before it loads
    width: int
    height: int
    #: different labels in the artwork
    pages: int
    #: its printer is paused by a person
    paused: bool = False

    @property
    def why(self) -> str:
        """The reason for whoever stands at the printer; the timeline has the exact one."""
        if self.paused and self.view["state"] == JobState.PENDING:
            return f"waits until somebody resumes {self.view['printer']}"
        if self.view["removed"] == Removed.PERSONAL:
            return "its label, its numbers and what was said of it are removed by their age"
        return _WHY[self.view["reason"]](self.view) if self.view["reason"] in _WHY else self.view["message"]

    @property
    def part(self) -> str:
        """Which pages of its document it is; empty where they were not told apart."""
        role, pages = _ROLES.get(self.view["role"], ""), self.view["pages"]
        if not role or not pages:
            return role
        return f"{role}, page{'s' * (len(pages) > 1)} {', '.join(map(str, pages))}"

    @property
    def number(self) -> str:
        """What a person knows the parcel by; empty for a label without a number."""
        view = self.view
        return view["tracking_number"] or view["package_id"] or view["event_id"] or ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A printer on the page, with the last label that it was given."""

    view: views.PrinterJson
    sign: Sign
    stock: str
    last: Card | None
    figures: Figures | None = None

    @property
    def left(self) -> str:
        """About how many labels are left on its roll; empty where nobody entered one."""
        roll = None if self.figures is None else self.figures.roll
        return "" if roll is None else roll_words.left_words(roll["left"])

    @property
    def few(self) -> bool:
        """Whether its next roll should be at hand."""
        roll = None if self.figures is None else self.figures.roll
        return roll is not None and roll_words.few(roll["labels"], roll["left"])


@dataclass(frozen=True, slots=True)
class Headline:
    """The state of everything in one line that can be read from a few steps away."""

    tone: str
    words: str


def job_card(job: Job, printer: PrinterSettings | None, *, paused: bool = False) -> Card:
    """A job as a card; `printer` is the one it is routed to, which may be paused."""
    width, height = size(printer)
    sign = _JOBS[job.state]
    view = views.job_json(job, printer)
    if job.being_canceled:
        sign = Sign("wait", "Being taken back")
    # a running job says what it is; a waiting one says what it waits for
    if not job.state.under_way:
        sign = _REASONS.get(job.reason, sign)
    if job.void and job.state is JobState.COMPLETED:
        sign = Sign("bad", "Void: take it out of the pile")
    elif job.void and job.reason == Reason.OUTCOME_UNKNOWN:
        sign = Sign("ask", "Void, but is it on paper?")
    return Card(view, sign, width, height, max((job.labels or 0) // job.copies, 1), paused)


def printer_tile(view: views.PrinterJson, last: Card | None, figures: Figures | None = None) -> Tile:
    """A printer as a tile."""
    sign = _PRINTERS[view["state"]]
    if "offline" in view["reasons"]:
        sign = Sign("bad", "Offline")
    elif view["reasons"] == ["paused"]:
        sign = Sign("bad", "Paused")
    elif view["state"] == PrinterState.UNKNOWN and view["reasons"] and view["queued"]:
        sign = Sign("bad", "No answer")
    elif view["paused"] and sign.tone != "bad":
        sign = Sign("ask", "Paused here")
    return Tile(view, sign, Media.parse(view["media"]).short, last, figures)


def gone(removed: Removed | None, kept: RetentionSettings) -> str:
    """What of an ended job is removed, and by which rule; empty where nothing is."""
    if removed is None:
        return ""
    words = f"file and picture were removed {_days(kept.label_days)} after its end"
    if removed is Removed.PERSONAL:
        words = f"{words}, its numbers {_days(kept.personal_days)} after it"
    return f"{words}: it cannot be printed again"


def places(settings: Settings, job: Job) -> list[tuple[str, str]]:
    """Where a person may move a job: names, and what stands there; none where it may not be moved."""
    if "move" not in allowed_acts(job):
        return []
    printers = [
        (name, f"{name}: {Media.parse(one.media).short}, {one.resolution} dpi")
        for name, one in settings.printers.items()
        if name != job.printer
    ]
    return printers + [(name, f"{name}: {', '.join(one.printers)}") for name, one in settings.groups.items()]


@dataclass(frozen=True, slots=True)
class Group:
    """Several held labels that one answer is enough for."""

    station: str | None
    reason: str
    words: str
    count: int


_GROUPS: dict[str, str] = {
    Reason.STALE: "too late to print unasked",
    Reason.HELD_BY_USER: "held by somebody",
    Reason.RULE: "held by a rule",
    Reason.NOT_PRINTED: "did not print",
    Reason.NO_DESTINATION: "without a printer",
    Reason.FAILED: "something went wrong",
    Reason.NO_NUMBER: "without a number",
    Reason.OTHER_STOCK: "for other labels",
}


def groups(held: Sequence[HeldGroup]) -> list[Group]:
    """The groups of held labels that may be released together."""
    return [
        Group(one.station, one.reason, _GROUPS[one.reason], one.count)
        for one in held
        if one.reason in _GROUPS and one.count > 1
    ]


def size(printer: PrinterSettings | None) -> tuple[int, int]:
    """Dots across and along a printer's label."""
    if printer is None:
        return _SIZE
    return printer.size


def headline(tiles: Sequence[Tile], *, held: int, queued: int, connected: bool) -> Headline:
    """The most urgent things first; when there are none, how much is on its way."""
    stopped = sum(tile.sign.tone == "bad" for tile in tiles)
    kept = sum(tile.view["paused"] is not None and tile.view["queued"] > 0 for tile in tiles)
    troubles = [
        _count(stopped, "printer needs you", "printers need you") if stopped else "",
        _count(held, "label waits for an answer", "labels wait for an answer") if held else "",
        _count(kept, "paused printer keeps labels waiting", "paused printers keep labels waiting") if kept else "",
        "" if connected else "no connection to the broker",
    ]
    words = ", ".join(trouble for trouble in troubles if trouble)
    if words:
        return Headline("bad" if stopped or not connected else "ask", words[:1].upper() + words[1:])
    if queued:
        return Headline("busy", _count(queued, "label on its way", "labels on their way"))
    return Headline("ok", "All is well, nothing waits")


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
