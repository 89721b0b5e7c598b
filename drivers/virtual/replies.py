"""What the simulated Zebra answers: transcripts of the guides' replies, with blanks for what changes.

Written from the guides alone and apart from `drivers.zebra`, so that the parser and its twin check each
other. Beside each reply stands where it is written: Zebra's guide, and the section of PRINTERS.md, the collected
facts, that tells the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a reply can tell. Lengths in dots, `density` in dots/mm, `printed_mm` over the printer's life."""

    serial: str
    hardware_address: bytes
    name: str
    model: str
    firmware: str
    dpi: int
    density: int
    width: int
    length: int
    #: None: this printer does not tell it
    odometer: int | None
    printed_mm: int
    formats: int
    remaining: int
    buffer_full: bool
    partial: bool
    media_out: bool
    ribbon_out: bool
    head_open: bool
    over_temperature: bool
    paused: bool
    label_waiting: bool
    hex_dump: bool
    language: str

    @property
    def errors(self) -> int:
        """`~HQES`, errors group 1 (ZPL guide, ^HQ table of error flags; PRINTERS.md §1.3)."""
        return (
            0x1 * self.media_out
            + 0x2 * self.ribbon_out
            + 0x4 * self.head_open
            + 0x10 * self.over_temperature
            + 0x10000 * self.paused
        )

    @property
    def error(self) -> bool:
        """`~HQES`, the flag before the groups."""
        return self.errors != 0

    @property
    def print_mode(self) -> int:
        """`~HS`, field r: 1 peel-off, 2 tear-off."""
        return 1 if self.label_waiting else 2

    @property
    def mac(self) -> str:
        """`~HQHA`."""
        return self.hardware_address.hex(":")

    @property
    def latch(self) -> str:
        """`head.latch`."""
        return "open" if self.head_open else "ok"

    @property
    def media(self) -> str:
        """`media.status`."""
        return "out" if self.media_out else "ok"

    @property
    def count(self) -> str:
        """`odometer.total_label_count`."""
        return "?" if self.odometer is None else str(self.odometer)

    @property
    def quotable_name(self) -> str:
        """The name without quotes, which end an SGD reply."""
        return self.name.replace('"', "'")

    @property
    def inches(self) -> int:
        """What it printed, in whole inches."""
        return round(self.printed_mm / 25.4)

    @property
    def centimeters(self) -> int:
        """The same in centimetres."""
        return round(self.printed_mm / 10)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A reply as it is on the wire, with `Facts` as `f` in braces, and its source."""

    reply: str
    source: str


# aaa,b,c,dddd,eee,f,g,h,iii,j,k,l
_STRING_1 = (
    "030,{f.media_out:d},{f.paused:d},{f.length:04d},{f.formats:03d},{f.buffer_full:d},{f.hex_dump:d},{f.partial:d},"
    "000,0,0,{f.over_temperature:d}"
)
# mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www; only a thermal-transfer printer (q) is out of ribbon (p)
_STRING_2 = (
    "000,0,{f.head_open:d},{f.ribbon_out:d},{f.ribbon_out:d},{f.print_mode},4,{f.label_waiting:d},"
    "{f.remaining:08d},1,000"
)
# xxxx,y
_STRING_3 = "1234,0"

#: Questions of ZPL, by what follows the tilde.
ZPL = {
    "HS": Transcript(
        f"\x02{_STRING_1}\x03\r\n\x02{_STRING_2}\x03\r\n\x02{_STRING_3}\x03\r\n", "ZPL guide, ~HS; PRINTERS.md §1.1"
    ),
    "HI": Transcript("\x02{f.model},{f.firmware},{f.density},8192KB,X\x03\r\n", "ZPL guide, ~HI; PRINTERS.md §1.2"),
    "HQES": Transcript(
        "\x02\r\n"
        "  PRINTER STATUS                          \r\n"
        "   ERRORS:         {f.error:d} 00000000 {f.errors:08X}\r\n"
        "   WARNINGS:       0 00000000 00000000\r\n\x03",
        "ZPL guide, ~HQ ES; columns as in Oki's LE850 reference; PRINTERS.md §1.3",
    ),
    "HQSN": Transcript("\x02\r\n  SERIAL NUMBER\r\n   {f.serial}\r\n\x03", "ZPL guide, ~HQ SN; PRINTERS.md §1.3"),
    "HQHA": Transcript("\x02\r\n  MAC ADDRESS\r\n   {f.mac}\r\n\x03", "ZPL guide, ~HQ HA; PRINTERS.md §1.3"),
}

_SGD_GUIDE = "SGD command reference; PRINTERS.md §1.4"

#: SGD variables that a Link-OS printer of this kind has; names are case-sensitive.
SGD = {
    "appl.name": Transcript('"{f.firmware}"', _SGD_GUIDE),
    "device.friendly_name": Transcript('"{f.quotable_name}"', _SGD_GUIDE),
    # no STX and ETX, line ends after lines 1 and 2 only
    "device.host_status": Transcript(
        f'"{_STRING_1}\r\n{_STRING_2}\r\n{_STRING_3}"', "SGD guide, device.host_status; PRINTERS.md §1.1"
    ),
    "device.languages": Transcript('"{f.language}"', _SGD_GUIDE),
    "device.product_name": Transcript('"{f.model}"', _SGD_GUIDE),
    "device.unique_id": Transcript('"{f.serial}"', _SGD_GUIDE),
    "ezpl.print_width": Transcript('"{f.width}"', _SGD_GUIDE),
    "head.latch": Transcript('"{f.latch}"', _SGD_GUIDE),
    "head.resolution.in_dpi": Transcript('"{f.dpi}"', _SGD_GUIDE),
    "ip.port_single_conn": Transcript('"9300"', _SGD_GUIDE),
    "media.status": Transcript('"{f.media}"', _SGD_GUIDE),
    "odometer.total_label_count": Transcript('"{f.count}"', _SGD_GUIDE),
    "odometer.total_print_length": Transcript('"{f.inches} INCHES, {f.centimeters} CENTIMETERS"', _SGD_GUIDE),
    "zpl.label_length": Transcript('"{f.length}"', _SGD_GUIDE),
}
#: What is not known or not set.
_UNKNOWN_VARIABLE = Transcript('"?"', _SGD_GUIDE)


def reply(question: str, facts: Facts, *, sgd: bool) -> bytes:
    """The answer to a question of ZPL, or to an SGD getvar; nothing where a Zebra gives none."""
    transcript = SGD.get(question, _UNKNOWN_VARIABLE) if sgd else ZPL.get(question)
    return b"" if transcript is None else transcript.reply.format(f=facts).encode()
