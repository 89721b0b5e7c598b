"""What is known of a printer as names and values, for its page and for a terminal. Pure."""

from collections.abc import Sequence

from ...drivers.profile import Profile
from ...drivers.profile_words import profile_facts
from ...renderers.asset import EPL, PDF, TSPL, ZPL
from ...renderers.media import Media
from .printer_view import CapabilitiesJson, PrinterDetailJson

#: names and values under headings
Facts = list[tuple[str, list[tuple[str, str]]]]

_SCALING = {"auto": "shrunk where they do not fit", "none": "held where they do not fit", "fit": "scaled to fit"}
_LANGUAGES = {ZPL: "ZPL", TSPL: "TSPL", EPL: "EPL2", PDF: "PDF, through CUPS"}


def printer_facts(view: PrinterDetailJson, profile: Profile | None) -> Facts:
    """What is known of a printer, under headings; what is not known is left out."""
    can = view["capabilities"]
    narrow = can["printable_width_mm"]
    identity = (
        ("Serial number", view["serial"]),
        ("Model", view["model"]),
        ("Firmware", view["firmware"]),
        ("Address", view["uri"]),
        ("Found by", view["found_by"]),
        ("Stations", ", ".join(view["stations"])),
    )
    counter = "not told" if view["odometer"] is None else str(view["odometer"])
    capabilities = (
        ("Language", _LANGUAGES.get(can["document_format"] or "", "")),
        ("Pictures as", can["graphic_encoding"]),
        ("Resolution", f"{can['resolution']} dpi{_head(can)}"),
        ("Stock", f"{Media.parse(can['media']).short}, {can['width']} x {can['height']} dots"),
        ("Head reaches", None if narrow is None else f"{narrow:g} mm"),
        ("Other sizes", _SCALING[can["scaling"]]),
        ("Bars between dots", "drawn anew on whole dots" if can["symbol_repair"] else ""),
        ("Label counter", counter),
    )
    groups: tuple[tuple[str, Sequence[tuple[str, str | None]]], ...] = (
        ("Who it is", identity),
        ("What it prints", capabilities),
        ("What was learned", _learned(profile)),
    )
    known = [(title, [(name, value) for name, value in pairs if value]) for title, pairs in groups]
    return [(title, pairs) for title, pairs in known if pairs]


def _head(can: CapabilitiesJson) -> str:
    told = can["head_resolution"]
    if told is None:
        return ""
    return ", as its head says" if told == can["resolution"] else f", its head has {told}"


def _learned(profile: Profile | None) -> list[tuple[str, str]]:
    """What the printer does, without who it says it is, which stands above."""
    if profile is None:
        return []
    told = {"model", "firmware", "serial number"}
    return [(name[:1].upper() + name[1:], words) for name, words in profile_facts(profile) if name not in told]
