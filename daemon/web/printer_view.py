"""One printer with everything that is known of it, for the API and its page."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from ...config.printers import PrinterSettings
from ...drivers import cups
from ...drivers.dialogue import questions
from ...drivers.printer import PrinterState, Question
from ...drivers.profile import Profile, spared
from ...drivers.profile_words import profile_json
from ...renderers import surroundings
from ...renderers.asset import PDF, ZPL
from ...renderers.media import Resolution
from ...renderers.payload import paper_of
from ..acquaintance import place_of
from ..errors import NoSuchPrinter
from ..job import Job, JobState
from ..printers import PrinterView
from . import views
from .drawing import told
from .figures import Counting, Figures, RollJson

if TYPE_CHECKING:
    from ..app import App

#: how many of its labels are shown: those that wait, and those that it was sent
_WAITING, _LAST = 12, 12


class CapabilitiesJson(TypedDict):
    """What a printer prints, and how it is spoken to."""

    document_format: str | None
    graphic_encoding: str | None
    resolution: int
    head_resolution: int | None
    media: str
    width: int
    height: int
    printable_width_mm: float | None
    scaling: str
    symbol_repair: bool
    answers: bool


class SayingsJson(TypedDict):
    """What labeld adds to each label, in order; what it asks before; what it leaves as it is."""

    label: list[str]
    options: list[str]
    questions: list[str]
    left_alone: list[str]


class PrinterDetailJson(views.PrinterJson):
    """A printer with all that is known of it."""

    firmware: str | None
    found_by: str
    capabilities: CapabilitiesJson
    says: SayingsJson
    profile: dict[str, Any] | None
    waiting: list[views.JobJson]
    last: list[views.JobJson]
    roll: RollJson | None
    labels_per_hour: list[int]


@dataclass(frozen=True, slots=True)
class Detail:
    """A printer, what was learned of it, the jobs that wait, and those that it was sent, latest first."""

    view: PrinterDetailJson
    profile: Profile | None
    waiting: list[Job]
    last: list[Job]
    figures: Figures


async def detail(app: "App", counting: Counting, name: str, now: float) -> Detail:
    """Everything about one printer; `now` is Unix seconds.

    Raises:
        NoSuchPrinter: there is none of this name.
    """
    if name not in app.printers:
        raise NoSuchPrinter(f"there is no printer {name!r}")
    printer = app.printers[name]
    # before anything else is waited for: the printer may be forgotten meanwhile
    figures = (await counting.get(now))[name]
    counts = await app.store.counts(views.OPEN_STATES)
    under_way = await app.store.open_jobs(name, (JobState.PROCESSING, JobState.STOPPED), limit=_WAITING)
    waiting = await app.store.open_jobs(name, (JobState.HELD, JobState.PENDING), limit=_WAITING)
    waiting = (under_way + waiting)[:_WAITING]
    shown = {job.id for job in waiting}
    last = [job for job in await app.store.sent_by(name, limit=_LAST + _WAITING) if job.id not in shown][:_LAST]
    document_format = app.printers.document_format(name)
    profile = await learned(app, printer)
    view = PrinterDetailJson(
        **views.printer_json(printer, counts, app.adoption.names),
        firmware=printer.identity.firmware,
        found_by=_found_by(printer),
        capabilities=_capabilities(printer, document_format),
        says=sayings(
            printer.settings, document_format, () if profile is None else spared(profile, printer.identity, now)
        ),
        profile=None if profile is None else profile_json(profile),
        waiting=[told(app, job) for job in waiting],
        last=[told(app, job) for job in last],
        roll=figures.roll,
        labels_per_hour=list(figures.per_hour),
    )
    return Detail(view, profile, waiting, last, figures)


async def learned(app: "App", printer: PrinterView) -> Profile | None:
    """What was learned of a printer: as its writer knows it now, else as it is kept by serial number or by place."""
    if (now := app.fleet.learned(printer.name)) is not None:
        return now
    serial = printer.identity.serial or printer.settings.own_serial
    if serial is not None:
        return await app.store.profile(serial)
    return await app.store.profile_at(place_of(printer.name, printer.settings))


def sayings(settings: PrinterSettings, document_format: str | None, unasked: Collection[Question] = ()) -> SayingsJson:
    """What labeld says to a printer beside the dots, from the encoder itself; empty while its language is not known.

    Questions that are `unasked` are spared, as it does not answer them.
    """
    if document_format is None:
        return SayingsJson(label=[], options=[], questions=[], left_alone=[])
    resolution = Resolution(settings.resolution)
    paper = paper_of(settings.media, settings.printable_width, settings.resolution, document_format)
    label = surroundings.said(document_format, *resolution.size(paper), resolution, settings.graphic_encoding)
    options = cups.ONCE | {"print-scaling": "none", "media": settings.media} if document_format == PDF else {}
    asks = settings.ask and not settings.queued
    by_address = settings.wanted is not None and settings.wanted.kind == "mac"
    asked = questions(frozenset(unasked), hardware_address=by_address) if asks else ()
    return SayingsJson(
        label=list(label),
        options=[f"{key}={value}" for key, value in options.items()],
        questions=[question.decode().strip() for question in asked],
        left_alone=list(surroundings.LEFT_ALONE[document_format]),
    )


def _capabilities(printer: PrinterView, document_format: str | None) -> CapabilitiesJson:
    settings = printer.settings
    width, height = settings.size
    return CapabilitiesJson(
        document_format=document_format,
        graphic_encoding=settings.graphic_encoding if document_format == ZPL else None,
        resolution=settings.resolution,
        head_resolution=printer.identity.dpi,
        media=settings.media,
        width=width,
        height=height,
        printable_width_mm=settings.printable_width_mm,
        scaling=settings.scaling,
        symbol_repair=settings.symbol_repair,
        answers=settings.ask and printer.seen_at is not None and printer.state is not PrinterState.UNKNOWN,
    )


def _found_by(printer: PrinterView) -> str:
    if printer.settings.identity is None:
        return "its address in the configuration"
    if printer.uri is None:
        return f"{printer.settings.identity}, which has not announced itself yet"
    return f"{printer.settings.identity}, as it announces itself"
