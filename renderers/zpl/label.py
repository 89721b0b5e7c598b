"""Labels as ZPL: write one from dots, count those in a payload."""

import re
from collections.abc import Iterable

from ..bitmap import Bitmap
from .grammar import read
from .graphic_field import Encoding, encode
from .lexer import Command, formats, lex

_GRAPHICS = frozenset({"^GB", "^GC", "^GD", "^GE", "^GF", "^GS", "^XG", "^IM", "^IL", "^XF"})
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
    """Whether a format (its commands between `^XA` and `^XZ`) has something to print; one that is stored (`^DF`, or
    `^IS` with N) prints nothing."""
    commands = tuple(commands)
    if any(command.name == "^DF" or (command.name == "^IS" and read(command)[1] == "N") for command in commands):
        return False
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


def _number(text: str) -> int:
    """The whole number that `text` begins with, as printers read it, up to nine digits; 0 without one."""
    digits = _WHOLE_NUMBER.match(text)
    return int(digits[1]) if digits else 0
