"""What a Zebra is asked and what it answers: queries, replies and their meaning, without any I/O.

Sources: ZPL II Programming Guide, `~HS`, `~HI`, `~HQ` and "SGD Printer Commands". Emulations leave out
fields at the end of a reply, so that parsers here ask only for the fields that are used.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .printer import PrinterState, PrinterStatus

#: The questions. None of them prints, moves media or changes a setting on a printer that speaks ZPL.
HOST_STATUS_QUERY = b"~HS\r\n"
HOST_IDENTIFICATION_QUERY = b"~HI\r\n"
EXTENDED_STATUS_QUERY = b"~HQES\r\n"
HARDWARE_ADDRESS_QUERY = b"~HQHA\r\n"

#: Forget the format that is arriving (`~JX`); what arrived whole, prints or waits is not touched.
CANCEL_PARTIAL = b"~JX\r\n"

SERIAL = "device.unique_id"
LABEL_COUNT = "odometer.total_label_count"
LANGUAGES = "device.languages"
HOST_STATUS = "device.host_status"
HEAD_LATCH = "head.latch"
MEDIA_STATUS = "media.status"

_STX, _ETX = 0x02, 0x03
_FRAMES = re.compile(rb'[\x02"]')
_FILLER = b"\r\n\t \x00"
#: Longest reply that is waited for; the longest documented one (~HQES) has about 100 bytes.
_LONGEST = 4096
_VARIABLE = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_DPI = {6: 152, 8: 203, 12: 300, 24: 600}
_STRING_1, _STRING_2 = 8, 9  # fewest fields that carry what is used: a..h and m..u
_HARDWARE = re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])")
_FLAGS = re.compile(r"(ERRORS|WARNINGS):\s*([0-9])\s+([0-9A-Fa-f]{1,8})\s+([0-9A-Fa-f]{1,8})")


@dataclass(frozen=True, slots=True)
class HostStatus:
    """`~HS`: the three strings as facts (ZPL II Programming Guide, ~HS). `label_length` is in dots."""

    paper_out: bool = False
    paused: bool = False
    label_length: int = 0
    formats_buffered: int = 0
    buffer_full: bool = False
    diagnostic: bool = False
    partial_format: bool = False
    memory_corrupt: bool = False
    under_temperature: bool = False
    over_temperature: bool = False
    head_up: bool = False
    ribbon_out: bool = False
    label_waiting: bool = False
    labels_remaining: int = 0


@dataclass(frozen=True, slots=True)
class HostIdentification:
    """`~HI`: model, firmware and resolution; `dpi` is nominal (203, 300, 600), None for an unknown head."""

    model: str
    firmware: str
    dpi: int | None


@dataclass(frozen=True, slots=True)
class ExtendedStatus:
    """`~HQES`: flags and bit fields of errors and warnings; `errors_2`, `warnings_2` are the groups called 2."""

    error: bool = False
    errors: int = 0
    errors_2: int = 0
    warning: bool = False
    warnings: int = 0
    warnings_2: int = 0


@dataclass(frozen=True, slots=True)
class HardwareAddress:
    """`~HQHA`: the hardware address (MAC) of the print server, 12 hexadecimal digits."""

    digits: str


@dataclass(frozen=True, slots=True)
class Value:
    """The reply to an SGD `getvar`; `text` is None where the printer says `"?"` (unknown or not set)."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no reply of this language: another language's printer, or noise."""

    data: bytes


Reply = HostStatus | HostIdentification | ExtendedStatus | HardwareAddress | Value | Garbage


def getvar(name: str) -> bytes:
    """The SGD question for one variable.

    Raises:
        ValueError: `name` is not an SGD variable name (a quote or a line end in it would be another command).
    """
    if not _VARIABLE.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of an SGD variable")
    return f'! U1 getvar "{name}"\r\n'.encode("ascii")


@dataclass(slots=True)
class ReplyReader:
    """Cuts what a printer sends into replies, however the network cut it.

    Framing is by shape, since replies carry no number: STX ... ETX for ZPL, quotes for SGD, whose only
    dependable end is the closing quote (CR LF or NUL may follow or not).
    """

    _buffer: bytearray = field(default_factory=bytearray)
    _strings: list[list[str]] = field(default_factory=list)

    @property
    def incomplete(self) -> bool:
        """Whether a reply has begun and has not ended."""
        return bool(self._buffer or self._strings)

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes of any length; give the replies that are now complete, in order."""
        self._buffer += data
        replies: list[Reply] = []
        while self._buffer:
            match = _FRAMES.search(self._buffer)
            start = match.start() if match else len(self._buffer)
            if stray := self._buffer[:start].strip(_FILLER):
                replies.append(Garbage(bytes(stray)))
            del self._buffer[:start]
            if not self._buffer:
                break
            end = self._end()
            if end is None:
                if len(self._buffer) <= _LONGEST:
                    break
                replies.append(Garbage(bytes(self._buffer)))
                self._buffer.clear()
                break
            replies.extend(self._frame(bytes(self._buffer[:end])))
            del self._buffer[:end]
        return replies

    def _end(self) -> int | None:
        """Where the frame at the head of the buffer ends, also when the next one cut it short."""
        begin = self._buffer[0]
        close = self._buffer.find(b"\x03" if begin == _STX else b'"', 1)
        again = self._buffer.find(b"\x02", 1)
        if again > 0 and (close < 0 or again < close):
            return again
        return close + 1 if close > 0 else None

    def _frame(self, frame: bytes) -> Iterable[Reply]:
        if frame[0] == _STX and frame[-1] == _ETX:
            return self._block(frame[1:-1].decode("latin-1"), frame)
        if len(frame) > 1 and frame[0] == frame[-1] == 0x22:
            text = frame[1:-1].decode("utf-8", "replace")
            return [Value(None if text == "?" else text)]
        return [Garbage(frame)]

    def _block(self, text: str, frame: bytes) -> Iterable[Reply]:
        if "PRINTER STATUS" in text and (extended := parse_extended_status(text)):
            return [extended]
        if "MAC ADDRESS" in text and (address := parse_hardware_address(text)):
            return [address]
        if identification := parse_host_identification(text):
            return [identification]
        fields = [part.strip() for part in text.split(",")]
        position = len(self._strings)
        numeric = _numeric(fields)
        if position == 0 and (not numeric or len(fields) < _STRING_1):
            return [Garbage(frame)]
        if position == 1 and (not numeric or len(fields) < _STRING_2):
            self._strings.clear()
            return [Garbage(frame)]
        self._strings.append(fields)
        if position < 2:
            return []
        first, second = self._strings[:2]
        self._strings.clear()
        return [_host_status(first, second)]


def _numeric(fields: list[str]) -> bool:
    return all(part.isdecimal() and part.isascii() and len(part) <= 10 for part in fields)


def _host_status(first: list[str], second: list[str]) -> HostStatus:
    one, two = ([int(part) for part in fields] + [0] * 12 for fields in (first, second))
    return HostStatus(
        paper_out=one[1] != 0,
        paused=one[2] != 0,
        label_length=one[3],
        formats_buffered=one[4],
        buffer_full=one[5] != 0,
        diagnostic=one[6] != 0,
        partial_format=one[7] != 0,
        memory_corrupt=one[9] != 0,
        under_temperature=one[10] != 0,
        over_temperature=one[11] != 0,
        head_up=two[2] != 0,
        ribbon_out=two[3] != 0,
        label_waiting=two[7] != 0,
        labels_remaining=two[8],
    )


def parse_host_identification(text: str) -> HostIdentification | None:
    """Read `MODEL,VERSION,DPM,MEMORY,OPTIONS`; None when it is something else (guide: ~HI)."""
    fields = [part.strip() for part in text.split(",")]
    if len(fields) < 3 or not re.search("[A-Za-z]", fields[0]):
        return None
    match = re.match(r"([0-9]{1,4})", fields[2])
    return HostIdentification(fields[0], fields[1], _DPI.get(int(match[1])) if match else None)


def parse_extended_status(text: str) -> ExtendedStatus | None:
    """Read the ERRORS and WARNINGS lines of `~HQES`; None when the errors are not told (guide: ~HQ)."""
    lines = {name: (flag != "0", int(first, 16), int(second, 16)) for name, flag, second, first in _FLAGS.findall(text)}
    if "ERRORS" not in lines:
        return None
    return ExtendedStatus(*lines["ERRORS"], *lines.get("WARNINGS", (False, 0, 0)))


def parse_hardware_address(text: str) -> HardwareAddress | None:
    """Read `MAC ADDRESS` and `00:07:4d:2c:e0:7a` below it; None where there is no address, or several (guide: ~HQ)."""
    found = {match.lower().replace(":", "") for match in _HARDWARE.findall(text)}
    return HardwareAddress(found.pop()) if len(found) == 1 else None


#: What stops a printer, by bit of ~HQES errors group 1. Not every keyword is IPP's own: RFC 8011 has none for
#: a thermal head's faults, and a technician must tell them apart.
_ERRORS = {
    0x1: "media-empty",
    0x2: "marker-supply-empty",
    0x4: "cover-open",
    0x8: "cutter-fault",
    0x10: "over-temperature",
    0x20: "over-temperature",
    0x40: "printhead-fault",
    0x80: "printhead-fault",
    0x100: "firmware-fault",
    0x200: "printhead-fault",
    0x1000: "media-jam",
    0x2000: "media-jam",
    0x4000: "media-jam",
    0x8000: "media-jam",
    0x10000: "paused",
    0x20000: "media-jam",
    0x40000: "calibration-needed",
    0x80000: "calibration-needed",
}
_WARNINGS = {0x1: "calibration-needed", 0x2: "printhead-dirty", 0x4: "printhead-worn", 0x8: "media-low"}


#: Reasons that keep no label from being printed; only `~HQES` tells them.
WARNINGS = frozenset(_WARNINGS.values())


def speaks_zpl(languages: str) -> bool:
    """Whether a printer with this `device.languages` takes ZPL: `zpl`, `epl_zpl`, `hybrid_xml_zpl` (SGD guide)."""
    return "zpl" in languages.casefold()


def parse_host_status(text: str) -> HostStatus | None:
    """Read `device.host_status`: the strings of `~HS` without STX and ETX (SGD guide); None for anything else."""
    lines = [[part.strip() for part in line.split(",")] for line in text.split("\n")]
    if len(lines) < 2 or len(lines[0]) < _STRING_1 or len(lines[1]) < _STRING_2:
        return None
    return _host_status(*lines[:2]) if all(map(_numeric, lines[:2])) else None


def status_from_variables(latch: str | None, media: str | None) -> PrinterStatus:
    """What `head.latch` and `media.status` tell (SGD guide). Without fault it is still unknown: it may be paused."""
    stops = _words((latch == "open", "cover-open"), (media == "out", "media-empty"))
    return PrinterStatus(PrinterState.STOPPED if stops else PrinterState.UNKNOWN, frozenset(stops))


def status_from(host_status: HostStatus | None, extended: ExtendedStatus | None) -> PrinterStatus:
    """Both replies as IPP words; without any reply the state is unknown, never idle.

    A paused printer is `stopped` with reason `paused` (RFC 8011 section 5.4.11). `diagnostic-mode` means that
    the printer would put the payload on paper as hexadecimal.
    """
    if host_status is None and extended is None:
        return PrinterStatus(PrinterState.UNKNOWN)
    stops: set[str] = set()
    notes: set[str] = set()
    if extended is not None:
        stops |= {word for bit, word in _ERRORS.items() if extended.errors & bit}
        notes |= {word for bit, word in _WARNINGS.items() if extended.warnings & bit}
        if (extended.error and not stops) or extended.errors & ~sum(_ERRORS) or extended.errors_2:
            stops.add("other")
    if host_status is None:
        return PrinterStatus(PrinterState.STOPPED if stops else PrinterState.IDLE, frozenset(stops | notes))
    stops |= _words(
        (host_status.paper_out, "media-empty"),
        (host_status.ribbon_out, "marker-supply-empty"),
        (host_status.head_up, "cover-open"),
        (host_status.paused, "paused"),
        (host_status.diagnostic, "diagnostic-mode"),
        (host_status.over_temperature, "over-temperature"),
    )
    notes |= _words(
        (host_status.under_temperature, "under-temperature"),  # prints, but paler
        (host_status.buffer_full, "buffer-full"),
        (host_status.memory_corrupt, "configuration-lost"),
        (host_status.label_waiting, "output-area-full"),  # the peeler waits for a hand
    )
    busy = host_status.formats_buffered or host_status.labels_remaining or host_status.partial_format
    state = PrinterState.STOPPED if stops else PrinterState.PROCESSING if busy else PrinterState.IDLE
    return PrinterStatus(
        state,
        frozenset(stops | notes),
        formats_buffered=host_status.formats_buffered,
        labels_remaining=host_status.labels_remaining,
        partial_format=host_status.partial_format,
    )


def _words(*pairs: tuple[bool, str]) -> set[str]:
    return {word for flag, word in pairs if flag}
