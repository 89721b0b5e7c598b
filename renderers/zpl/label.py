"""Labels as ZPL: write one from dots, count those in a payload, tell the resolution one was made for."""

import re
from collections.abc import Iterable

from ..bitmap import Bitmap
from ..media import Media, Resolution
from .graphic_field import Encoding, encode
from .lexer import Command, formats, lex

_HEADS = (Resolution(203), Resolution(300), Resolution(600))
_GRAPHICS = frozenset({"^GB", "^GC", "^GD", "^GE", "^GF", "^XG", "^IM"})
_FIELD_DATA = frozenset({"^FD", "^FV", "^SN"})
_MAX_LABELS = 99_999_999  # ^PQ's own limit
_WHOLE_NUMBER = re.compile(r"\+?0*([0-9]{1,9})")


def wrap(bitmap: Bitmap, encoding: Encoding, copies: int = 1) -> bytes:
    """A label of nothing but dots.

    Sets what the printer would keep from the label before and what moves a graphic: width, home, and the
    justification. A Zebra takes the justification of the last `^FW` for a field that names none, and one justified
    to the right of 0,0 lies off the label, so both `^FW` and `^FO` say left; `^FW` also stands upright, for the label
    of others that comes next. `^LL` is left out: it matters in continuous mode only, where the stock decides.
    """
    field = encode(bitmap, encoding)
    return b"^XA^PW%d^LH0,0^FWN,0^FO0,0,0%s^FS^PQ%d^XZ" % (bitmap.width, field, copies)


def labels_in(zpl: bytes) -> int:
    """How many labels come out of the printer: per format with content its `^PQ`, formats that only set: none.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    return sum(quantities(zpl))


def quantities(zpl: bytes) -> list[int]:
    """How many labels each format prints, for those that print.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    return [wanted for commands in formats(lex(zpl)) if (wanted := quantity(commands))]


def prints(commands: Iterable[Command]) -> bool:
    """Whether a format (its commands between `^XA` and `^XZ`) has something to print."""
    return any(
        command.name in _GRAPHICS or (command.name in _FIELD_DATA and command.parameters.strip())
        for command in commands
    )


def quantity(commands: tuple[Command, ...]) -> int:
    """The number of labels that one format prints."""
    if not prints(commands):
        return 0
    wanted = 1
    for command in commands:
        if command.name == "^PQ":
            wanted = _number(command.fields()[0]) or 1
    return min(wanted, _MAX_LABELS)


def design_resolution(zpl: bytes, media: Media) -> tuple[Resolution | None, str]:
    """The resolution for which `zpl` was made, guessed from its width, and the reason in words.

    The print width (`^PW`) tells where it is the stock's at a known head; else how far the fields reach.
    None where both leave it open.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    width = right = bottom = 0
    for commands in formats(lex(zpl)):
        if any(command.name in ("^MU", "^JM") and command.fields()[0].upper() not in "DA" for command in commands):
            return None, "it changes its units (^MU or ^JM)"
        widths = [_number(command.fields()[0]) for command in commands if command.name == "^PW"]
        width = widths[-1] if widths else width
        reach = _reach(commands)
        right, bottom = max(right, reach[0]), max(bottom, reach[1])
    for head in _HEADS:
        if width and abs(width / head.size(media)[0] - 1) <= 0.05:
            return head, f"its print width of {width} dots is {media.short} at {head.dpi} dpi"
    for head in _HEADS:
        across, down = head.size(media)
        if right <= across * 1.05 and bottom <= down * 1.05:
            if right > across * 0.7 or bottom > down * 0.7:
                return head, f"its fields reach {right} x {bottom} dots: {media.short} at {head.dpi} dpi"
            break
    return None, f"its fields reach {right} x {bottom} dots, which says nothing on {media.short}"


def _reach(commands: Iterable[Command]) -> tuple[int, int]:
    """How far to the right and down the fields of one format begin and its graphics end, in dots."""
    right = bottom = 0
    home = at = (0, 0)
    for command in commands:
        size = (0, 0)
        if command.name == "^LH":
            home = _pair(command.fields())
        elif command.name in ("^FO", "^FT"):
            at = _pair(command.fields())
        elif command.name == "^GB":
            size = _pair(command.fields())
        elif command.name == "^GF":
            size = _pair(_graphic_fields(command))
        else:
            continue
        right, bottom = max(right, home[0] + at[0] + size[0]), max(bottom, home[1] + at[1] + size[1])
    return right, bottom


def _graphic_fields(command: Command) -> list[str]:
    """Width and height in dots of a `^GF`."""
    head = command.parameters[:60].decode("latin-1").split(",")
    total, per_row = (_number(head[index]) if len(head) > index else 0 for index in (2, 3))
    return [str(per_row * 8), str(total // per_row if per_row else 0)]


def _pair(fields: list[str]) -> tuple[int, int]:
    return _number(fields[0]), _number(fields[1]) if len(fields) > 1 else 0


def _number(text: str) -> int:
    """The whole number that `text` begins with, as printers read it, up to nine digits; 0 without one."""
    digits = _WHOLE_NUMBER.match(text)
    return int(digits[1]) if digits else 0
