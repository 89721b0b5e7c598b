"""The tables of printers, groups and routes: what there is, and which label goes where."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ..drivers.devices import Wanted
from ..drivers.opening import open_driver
from ..renderers.asset import EPL, PDF, TSPL, ZPL
from ..renderers.media import Media, Resolution
from ..renderers.placement import large_as_sheet
from .section import MediaName, Name, Section, Word, Words, several

_LANGUAGES = {"zpl": ZPL, "tspl": TSPL, "epl": EPL, "pdf": PDF}
#: those in which printers can be asked how they are, or whose printers CUPS speaks for
_ASKED = ("auto", "zpl", "pdf")
#: names of this machine's CUPS server
_OWN_CUPS = re.compile(r"^cups://(localhost|127\.0\.0\.1|\[::1\])(:631)?/")
#: TikTok's document_type
DocumentType = Literal[
    "SHIPPING_LABEL",
    "PACKING_SLIP",
    "SHIPPING_LABEL_AND_PACKING_SLIP",
    "SHIPPING_LABEL_PICTURE",
    "HAZMAT_LABEL",
    "INVOICE_LABEL",
]


class PrinterSettings(Section):
    """One printer, `[printers.<name>]`."""

    uri: str | None = None
    """Where it is: `socket://host:port`, port 9100 when absent, or a CUPS queue: `cups://queue`,
    `cups://host:port/queue`. Either this or `identity`."""
    identity: str | None = None
    """Which one it is, wherever it is: `serial:D4J204501234`, `uuid:…`, `mac:00:07:4d:…` or `name:…` as it announces
    itself."""
    language: Literal["auto", "zpl", "tspl", "epl", "pdf"] = "auto"
    """What it speaks: `zpl`, `tspl` (TSC and most printers sold for shipping labels) or `epl` (EPL2); `pdf` is for
    CUPS queues, which draw it. `auto` is `pdf` for those but raw ones, and else `zpl`."""
    resolution: Literal[203, 300, 600] = 203
    """Resolution of its head in dpi by nominal name: 203, 300 or 600."""
    media: MediaName = "4x6in"
    """Label stock loaded: a PWG name or a short form such as `4x6in`, `a6`, `100x150mm`."""
    stations: tuple[Name, ...] = ()
    """Packing stations whose labels it prints; of two printers of a station the one with A4 or Letter stock prints its
    document pages."""
    serial: str | None = None
    """Serial number; when given, nothing is sent to a printer that answers with another one."""
    ask: bool = True
    """Whether it is asked how it is. A printer that cannot answer needs `false`, and its labels are never confirmed;
    questions are in ZPL, so it is `false` for other languages."""
    graphic_encoding: Literal["ascii", "rle", "b64", "z64"] = "z64"
    """Encoding of `^GF` pictures: `z64` for Zebra's own firmware, `ascii` for printers that emulate ZPL."""
    scaling: Literal["auto", "none", "fit"] = "auto"
    """`none` holds labels whose ink does not fit at 1:1, `auto` shrinks only those, `fit` always fits."""
    printable_width_mm: float | None = Field(default=None, ge=5, le=2000)
    """Width that its head reaches, where that is less than the stock's."""
    symbol_repair: bool = False
    """Draw bars of linear barcodes anew on whole dots where they fall between dots; the label is then not quite as
    issued, and its job says so."""

    zpl_policy: Literal["refuse", "strip"] = "refuse"
    """What becomes of ZPL with commands that labels may not use: `refuse` it, or `strip` them, and its job says so."""

    @model_validator(mode="before")
    @classmethod
    def _asked_in_zpl(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("language", "auto") in _ASKED:
            return values
        return {"ask": False, **values}

    @field_validator("uri")
    @classmethod
    def _uri(cls, uri: str | None) -> str | None:
        if uri is not None:
            open_driver(uri)
        return uri

    @field_validator("identity")
    @classmethod
    def _identity(cls, identity: str | None) -> str | None:
        return None if identity is None else str(Wanted.parse(identity))

    @property
    def wanted(self) -> Wanted | None:
        """What it is found by, None where its place is configured."""
        return None if self.identity is None else Wanted.parse(self.identity)

    @property
    def own_serial(self) -> str | None:
        """The serial number that it must answer with, if one is configured."""
        if self.wanted is not None and self.wanted.kind == "serial":
            return self.wanted.value
        return self.serial

    @property
    def claims(self) -> tuple[str, ...]:
        """What no other printer may have too: where or which one it is, and its serial number."""
        place = open_driver(self.uri).uri.lower() if self.uri else str(self.identity).casefold()
        place = _OWN_CUPS.sub("cups:///", place)
        serial = () if self.own_serial is None else (f"serial:{self.own_serial.casefold()}",)
        return tuple(dict.fromkeys((place, *serial)))

    @property
    def queued(self) -> bool:
        """Whether it is behind a CUPS queue."""
        return self.uri is not None and self.uri.startswith("cups:")

    @property
    def document_format(self) -> str | None:
        """Media type of its language, None where its queue tells."""
        if self.language == "auto":
            return None if self.queued else ZPL
        return _LANGUAGES[self.language]

    @property
    def printable_width(self) -> int | None:
        """Width that the head reaches in 1/100 mm, None where it is the stock's."""
        return None if self.printable_width_mm is None else round(self.printable_width_mm * 100)

    @property
    def takes_documents(self) -> bool:
        """Whether its stock is as large as A4 and Letter."""
        stock = Media.parse(self.media)
        return large_as_sheet((stock.width, stock.length))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in dots of what it prints on."""
        paper = Media.parse(self.media).narrowed(self.printable_width)
        return Resolution(self.resolution).size(paper)

    @model_validator(mode="after")
    def _found(self) -> "PrinterSettings":
        if (self.uri is None) == (self.identity is None):
            raise ValueError("give either uri, where it is, or identity, which one it is")
        if self.identity is not None and not self.ask:
            raise ValueError("whether it is the right one can only be found out by asking: give uri, or ask = true")
        if self.serial not in (None, self.own_serial):
            raise ValueError(f"identity says {self.identity!r}, and serial another one: remove serial")
        return self

    @model_validator(mode="after")
    def _asked(self) -> "PrinterSettings":
        if self.language == "pdf" and not self.queued:
            raise ValueError(
                "pdf is for CUPS queues, whose uri begins with cups://; this printer needs its own language"
            )
        if self.ask and self.language not in _ASKED:
            raise ValueError(f"questions are in ZPL: remove ask = true for a printer that speaks {self.language}")
        if self.serial is not None and not self.ask:
            raise ValueError("a serial number can only be checked by asking, in ZPL: remove serial, or ask = false")
        return self


class Claims:
    """What printers have for themselves alone, taken one printer after another."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        #: each by its name, and whether for documents
        self._stations: dict[tuple[str, bool], str] = {}

    def take(self, name: str, printer: PrinterSettings) -> str | None:
        """Note what is this printer's; nothing of it, but the reason in words, where another one has it already."""
        for station in printer.stations:
            if other := self._stations.get((station, printer.takes_documents)):
                return f"station {station!r} belongs to both {other!r} and {name!r}"
        for claim in printer.claims:
            if other := self._owners.get(claim):
                return f"printers {other!r} and {name!r} share {claim}: one writer per printer"
        self._stations |= {(station, printer.takes_documents): name for station in printer.stations}
        self._owners |= dict.fromkeys(printer.claims, name)
        return None


class GroupSettings(Section):
    """Printers that share the labels of a destination, `[groups.<name>]`."""

    printers: tuple[Name, ...] = Field(min_length=1)
    """Its printers; a label goes to one that is ready and has least to print."""


class RouteSettings(Section):
    """A rule matches an event that has one of the values of each key it gives, in capitals or not."""

    to: Name | None = None
    """Printer or group that prints it. Either this or `hold`."""
    hold: Word | None = None
    """Why a person has to look first: the label is held for this reason, also where its event names a printer."""
    pages: Literal["document"] | None = None
    """`document`: the rule is for those pages of events' files that are A4 or Letter and hold no label, not for the
    rest."""
    station: Words | None = None
    """Packing stations, one or a list."""
    shop: Words | None = None
    """TikTok shop ids (the event's `shop_id`), one or a list."""
    market: Words | None = None
    """Countries of the shops in `tiktok.shops` such as `US`, one or a list; an event of no such shop has none."""
    carrier: Words | None = None
    """Carriers by any of their [names](integrations.md#carriers), one or a list: `UPS` is all of UPS, `UPS Ground` that
    service alone."""
    document_type: Annotated[tuple[DocumentType, ...], Field(min_length=1), BeforeValidator(several)] | None = None
    """TikTok's document types, one or a list."""
    media: Annotated[tuple[MediaName, ...], Field(min_length=1), BeforeValidator(several)] | None = None
    """Stocks that events ask for, one or a list; those within 1 mm are the same."""
    tags: Words | None = None
    """Tags, one or a list of which an event has one."""

    @model_validator(mode="after")
    def _one_end(self) -> "RouteSettings":
        if (self.to is None) == (self.hold is None):
            raise ValueError("give either to, where it prints, or hold, why it does not yet")
        if self.pages is not None and self.hold is not None:
            raise ValueError("a document is held as a whole: a rule for document pages has no hold")
        return self

    @model_validator(mode="after")
    def _of_documents(self) -> "RouteSettings":
        if self.pages is not None and self.media is not None:
            raise ValueError("the stock that an event asks for is its label's: a rule for document pages has no media")
        return self

    @property
    def conditions(self) -> dict[str, tuple[str, ...]]:
        """What it asks of an event: the values of each key it gives."""
        keys = ("station", "shop", "market", "carrier", "document_type", "media", "tags")
        return {key: wanted for key in keys if (wanted := getattr(self, key)) is not None}
