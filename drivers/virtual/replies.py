"""What the simulated Zebra answers, as the guides print it.

Written from the guides alone and apart from `drivers.zebra`, so that the parser and its twin check each
other. Source of each form is named beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a reply can tell. Lengths in dots, `density` in dots/mm, `printed_mm` over the printer's life."""

    serial: str
    name: str
    model: str
    firmware: str
    dpi: int
    density: int
    width: int
    length: int
    odometer: int
    printed_mm: int
    formats: int
    remaining: int
    buffer_full: bool
    partial: bool
    media_out: bool
    head_open: bool
    paused: bool
    hex_dump: bool
    language: str


def host_status(facts: Facts) -> bytes:
    """ZPL II Programming Guide, ~HS: three strings, each `<STX>...<ETX><CR><LF>`."""
    # aaa,b,c,dddd,eee,f,g,h,iii,j,k,l
    string_1 = (
        f"030,{facts.media_out:d},{facts.paused:d},{facts.length:04d},{min(facts.formats, 999):03d},"
        f"{facts.buffer_full:d},{facts.hex_dump:d},{facts.partial:d},000,0,0,0"
    )
    # mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www: direct thermal, tear-off
    string_2 = f"000,0,{facts.head_open:d},0,0,2,4,0,{facts.remaining:08d},1,000"
    # xxxx,y
    string_3 = "1234,0"
    return "".join(f"\x02{string}\x03\r\n" for string in (string_1, string_2, string_3)).encode("ascii")


def host_identification(facts: Facts) -> bytes:
    """ZPL II Programming Guide, ~HI: model, version, dots/mm, memory, recognisable options."""
    return f"\x02{facts.model},{facts.firmware},{facts.density},8192KB,X\x03\r\n".encode("ascii", "replace")


def extended_status(facts: Facts) -> bytes:
    """ZPL II Programming Guide, ~HQ with ES: flag, group 2, group 1; layout as in Oki's LE850 reference."""
    errors = 0x1 * facts.media_out + 0x4 * facts.head_open + 0x10000 * facts.paused
    return (
        "\x02\r\n  PRINTER STATUS                          \r\n"
        f"   ERRORS:         {errors != 0:d} 00000000 {errors:08X}\r\n"
        "   WARNINGS:       0 00000000 00000000\r\n\x03"
    ).encode("ascii")


def serial_number(facts: Facts) -> bytes:
    """ZPL II Programming Guide, ~HQ with SN."""
    return f"\x02\r\n  SERIAL NUMBER\r\n   {facts.serial}\r\n\x03".encode("ascii", "replace")


#: Zebra SGD command reference; the names a Link-OS printer of this kind has.
_VARIABLES: dict[str, Callable[[Facts], str]] = {
    "appl.name": lambda facts: facts.firmware,
    "device.friendly_name": lambda facts: facts.name,
    "device.host_status": lambda facts: _plain(host_status(facts)),
    "device.languages": lambda facts: facts.language,
    "device.product_name": lambda facts: facts.model,
    "device.unique_id": lambda facts: facts.serial,
    "ezpl.print_width": lambda facts: str(facts.width),
    "head.latch": lambda facts: "open" if facts.head_open else "ok",
    "head.resolution.in_dpi": lambda facts: str(facts.dpi),
    "ip.port_single_conn": lambda _: "9300",
    "media.status": lambda facts: "out" if facts.media_out else "ok",
    "odometer.total_label_count": lambda facts: str(facts.odometer),
    "odometer.total_print_length": lambda facts: (
        f"{round(facts.printed_mm / 25.4)} INCHES, {round(facts.printed_mm / 10)} CENTIMETERS"
    ),
    "zpl.label_length": lambda facts: str(facts.length),
}


def variable(name: str, facts: Facts) -> bytes:
    """SGD getvar: the value in double quotes; `"?"` for what the printer does not know. Names are case-sensitive."""
    answer = _VARIABLES.get(name)
    value = "?" if answer is None else answer(facts).replace('"', "'")
    return f'"{value}"'.encode()


def _plain(strings: bytes) -> str:
    # SGD guide, device.host_status: no STX and ETX, line ends after lines 1 and 2 only
    return strings.decode("ascii").replace("\x02", "").replace("\x03", "").rstrip("\r\n")
