"""Every setting of the daemon with its type, default and meaning; `docs/configuration.md` is made from here."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..drivers.devices import Wanted
from ..drivers.opening import open_driver
from ..renderers.asset import EPL, PDF, TSPL, ZPL
from ..renderers.media import Media, Resolution

MIB = 1024 * 1024

_LANGUAGES = {"zpl": ZPL, "tspl": TSPL, "epl": EPL, "pdf": PDF}
#: those in which printers can be asked how they are, or whose printers CUPS speaks for
_ASKED = ("auto", "zpl", "pdf")


def _topic(text: str) -> str:
    if not text or re.search(r"[+#\x00]", text) or text.startswith("/") or text.endswith("/"):
        raise ValueError("is a topic without wildcards, and without a slash at either end")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise ValueError("takes letters, digits, dot, dash and underscore, at most 63")
    return text


def _media(text: str) -> str:
    Media.parse(text)
    return text


def _several(value: object) -> object:
    """One text stands for a list of it."""
    return (value,) if isinstance(value, str) else value


def nearest(word: str, known: Iterable[str]) -> str:
    """What a mistyped `word` may have meant, as the end of a sentence."""
    valid = sorted(known)
    close = get_close_matches(word, valid, n=1, cutoff=0.4)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; valid names are {', '.join(valid)}" if valid else "; none is configured"


Topic = Annotated[str, AfterValidator(_topic)]
Name = Annotated[str, AfterValidator(_name)]
MediaName = Annotated[str, AfterValidator(_media)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], Field(min_length=1), BeforeValidator(_several)]
#: TikTok's document_type
DocumentType = Literal[
    "SHIPPING_LABEL",
    "PACKING_SLIP",
    "SHIPPING_LABEL_AND_PACKING_SLIP",
    "SHIPPING_LABEL_PICTURE",
    "HAZMAT_LABEL",
    "INVOICE_LABEL",
]


class Section(BaseModel):
    """A table of the configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TlsSettings(Section):
    """TLS towards the broker; the table's presence turns TLS on."""

    ca_file: Path | None = None
    """Certificates of the authorities to trust, PEM; the system's own when absent."""
    certificate_file: Path | None = None
    """Client certificate, PEM."""
    key_file: Path | None = None
    """Key of the client certificate, PEM, not readable by others."""

    @model_validator(mode="after")
    def _pair(self) -> "TlsSettings":
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        return self


class MqttSettings(Section):
    """The broker that label events come from."""

    host: str = "127.0.0.1"
    """Host name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """TCP port; 8883 is usual with TLS."""
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    """MQTT version to speak."""
    client_id: Name | None = None
    """Client identifier of the persistent session; `labeld-<site>` when absent. One per running daemon."""
    username: str | None = None
    """User name; the password comes from `password_file` or the systemd credential `mqtt-password`."""
    password_file: Path | None = None
    """File that holds the password and nothing else, not readable by others."""
    topic_prefix: Topic | None = None
    """Topic above which everything happens; `labeld/<site>` when absent."""
    keepalive_seconds: int = Field(default=30, ge=5, le=3600)
    """Seconds without traffic after which the broker is asked whether it is still there."""
    session_expiry_seconds: int = Field(default=7 * 86400, ge=3600)
    """How long the broker keeps messages for an absent daemon (MQTT 5; a 3.1.1 broker has its own limit)."""
    max_inflight: int = Field(default=100, ge=1, le=10_000)
    """Messages accepted ahead of their commit (MQTT 5 receive maximum; a 3.1.1 broker has its own limit)."""
    tls: TlsSettings | None = None
    """TLS towards the broker."""


class WebSettings(Section):
    """The status page and the HTTP API."""

    enabled: bool = True
    """Whether to serve them."""
    host: str = "127.0.0.1"
    """Loopback address to listen on; the page has no login yet, so no other address is accepted."""
    port: int = Field(default=8631, ge=0, le=65535)
    """TCP port."""

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        if host != "localhost" and not ip_address(host).is_loopback:
            raise ValueError("must be a loopback address, as the page has no login; put a proxy with one in front")
        return host


class IntakeSettings(Section):
    """What is accepted as a label event."""

    max_asset_bytes: int = Field(default=16 * MIB, ge=64 * 1024, le=256 * MIB)
    """Largest label file, decoded."""
    duplicate_window_seconds: int = Field(default=600, ge=0)
    """An event without `event_id` that is byte for byte the same within this time is a duplicate."""
    commit_batch: int = Field(default=64, ge=1, le=1000)
    """Events committed together at most, when they come faster than the disk."""


class RenderSettings(Section):
    """The worker processes that turn assets into dots."""

    workers: int = Field(default=2, ge=1, le=64)
    """Number of processes."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=600)
    """A label whose page takes longer to draw is put aside, and the process killed."""
    memory_bytes: int = Field(default=1024 * MIB, ge=256 * MIB)
    """Address space of one process."""
    documents_per_process: int = Field(default=200, ge=1)
    """A process is replaced after so many documents, so that what libraries leak does not grow."""


class SpoolerSettings(Section):
    """How printers are served."""

    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    """Time to connect to a printer."""
    progress_timeout_seconds: float = Field(default=30.0, gt=0)
    """A printer that takes no byte for so long has stalled; its label is held, never sent again."""
    reply_timeout_seconds: float = Field(default=2.0, gt=0)
    """Time for a printer to answer one question."""
    settle_seconds: float = Field(default=3.0, ge=0)
    """An idle printer's counter is final after standing still for so long."""
    silence_seconds: float = Field(default=60.0, gt=0)
    """A printer that gives no sign for so long after a label leaves the outcome unknown."""
    poll_seconds: float = Field(default=0.25, gt=0)
    """Pause between two looks at a printer that is printing."""
    retry_max_seconds: float = Field(default=30.0, gt=0)
    """Longest pause before a printer that is off or not ready is tried again."""


class DiscoverySettings(Section):
    """Printers that announce themselves by mDNS (DNS-SD, Bonjour)."""

    enabled: bool = True
    """Whether to listen for them. A found printer gets no label before a `[printers.<name>]` names it."""
    interfaces: tuple[str, ...] = ()
    """Addresses of this host from which to listen; all interfaces when empty. Announced addresses of this host itself
    (127.0.0.1) are passed over unless one of these is such an address."""

    @field_validator("interfaces")
    @classmethod
    def _addresses(cls, interfaces: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_address(one)) for one in interfaces)


class PrinterSettings(Section):
    """One printer, `[printers.<name>]`."""

    uri: str | None = None
    """Where it is: `socket://host:port`, port 9100 when absent, or a CUPS queue: `cups://queue`,
    `cups://host:port/queue`. Either this or `identity`."""
    identity: str | None = None
    """Which one it is, wherever it is: `serial:D4J204501234`, `uuid:…` or `name:…` as it announces itself by mDNS."""
    language: Literal["auto", "zpl", "tspl", "epl", "pdf"] = "auto"
    """What it speaks: `zpl`, `tspl` (TSC and most printers sold for shipping labels) or `epl` (EPL2); `pdf` is for
    CUPS queues, which draw it. `auto` is `pdf` for those but raw ones, and else `zpl`."""
    resolution: Literal[203, 300, 600] = 203
    """Resolution of its head in dpi by nominal name: 203, 300 or 600."""
    media: MediaName = "4x6in"
    """Label stock loaded: a PWG name or a short form such as `4x6in`, `a6`, `100x150mm`."""
    stations: tuple[Name, ...] = ()
    """Packing stations whose labels it prints."""
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


class GroupSettings(Section):
    """Printers that share the labels of a destination, `[groups.<name>]`."""

    printers: tuple[Name, ...] = Field(min_length=1)
    """Its printers; a label goes to one that is ready and has least to print."""


class RouteSettings(Section):
    """A rule matches an event that has one of the values of each key it gives, in capitals or not."""

    to: Name
    """Printer or group that prints it."""
    station: Words | None = None
    """Packing stations, one or a list."""
    shop: Words | None = None
    """TikTok shop ids (the event's `shop_id`), one or a list."""
    carrier: Words | None = None
    """Carriers' names as events give them, one or a list."""
    document_type: Annotated[tuple[DocumentType, ...], Field(min_length=1), BeforeValidator(_several)] | None = None
    """TikTok's document types, one or a list."""
    media: Annotated[tuple[MediaName, ...], Field(min_length=1), BeforeValidator(_several)] | None = None
    """Stocks that events ask for, one or a list; those within 1 mm are the same."""
    tags: Words | None = None
    """Tags, one or a list of which an event has one."""

    @property
    def conditions(self) -> dict[str, tuple[str, ...]]:
        """What it asks of an event: the values of each key it gives."""
        keys = ("station", "shop", "carrier", "document_type", "media", "tags")
        return {key: wanted for key in keys if (wanted := getattr(self, key)) is not None}


class Settings(Section):
    """The whole configuration."""

    site: Name = "main"
    """Name of the warehouse; part of the topics."""
    state_directory: Path = Path("/var/lib/labeld")
    """Where the database lives; `$STATE_DIRECTORY` when started by systemd."""
    default_printer: Name | None = None
    """Printer or group for events that name neither printer nor station and match no rule; the only printer when there
    is just one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""
    mqtt: MqttSettings = MqttSettings()
    """The broker that label events come from."""
    web: WebSettings = WebSettings()
    """The status page and the HTTP API."""
    intake: IntakeSettings = IntakeSettings()
    """What is accepted as a label event."""
    render: RenderSettings = RenderSettings()
    """The worker processes that turn assets into dots."""
    spooler: SpoolerSettings = SpoolerSettings()
    """How printers are served."""
    discovery: DiscoverySettings = DiscoverySettings()
    """Printers that announce themselves by mDNS (DNS-SD, Bonjour)."""
    printers: dict[Name, PrinterSettings] = Field(default_factory=dict)
    """The printers by name."""
    groups: dict[Name, GroupSettings] = Field(default_factory=dict)
    """Groups of printers by name."""
    routes: tuple[RouteSettings, ...] = ()
    """Rules for events that name no printer; the first that matches decides."""

    @field_validator("default_printer")
    @classmethod
    def _optional(cls, name: str | None, _info: ValidationInfo) -> str | None:
        return name or None

    @model_validator(mode="after")
    def _references(self) -> "Settings":
        if self.default_printer is not None and self.default_printer not in {*self.printers, *self.groups}:
            raise ValueError(f"default_printer {self.default_printer!r} is not one of the printers or groups")
        owner: dict[str, str] = {}
        for name, printer in self.printers.items():
            for station in printer.stations:
                if station in owner:
                    raise ValueError(f"station {station!r} belongs to both {owner[station]!r} and {name!r}")
                owner[station] = name
        addresses = {
            name: open_driver(printer.uri).uri.lower() if printer.uri else str(printer.identity).casefold()
            for name, printer in self.printers.items()
        }
        for name, address in addresses.items():
            other = next(n for n, a in addresses.items() if a == address)
            if other != name:
                raise ValueError(f"printers {other!r} and {name!r} share {address}: one writer per printer")
            if self.printers[name].identity is not None and not self.discovery.enabled:
                raise ValueError(f"printer {name!r} is to be found by its identity: set discovery.enabled = true")
        return self

    @model_validator(mode="after")
    def _destinations(self) -> "Settings":
        for name, group in self.groups.items():
            if name in self.printers:
                raise ValueError(f"groups.{name}: a printer has this name too")
            for number, printer in enumerate(group.printers, 1):
                if printer not in self.printers:
                    hint = nearest(printer, self.printers)
                    raise ValueError(f"groups.{name}.printers.{number}: there is no printer {printer!r}{hint}")
            if len(set(group.printers)) < len(group.printers):
                raise ValueError(f"groups.{name}.printers: a printer is there twice")
        places = {*self.printers, *self.groups}
        for number, rule in enumerate(self.routes, 1):
            if rule.to not in places:
                hint = nearest(rule.to, places)
                raise ValueError(f"routes.{number}.to: there is no printer or group {rule.to!r}{hint}")
            if not rule.conditions and number < len(self.routes):
                raise ValueError(f"routes.{number}: it matches every event, so those below it never would: put it last")
        return self

    @property
    def topic_prefix(self) -> str:
        """Topic above which everything happens."""
        return self.mqtt.topic_prefix or f"labeld/{self.site}"

    @property
    def client_id(self) -> str:
        """Client identifier of the persistent MQTT session."""
        return self.mqtt.client_id or f"labeld-{self.site}"
