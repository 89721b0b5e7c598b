"""TLC39, a Code 39 with a MicroPDF417 above it: `^BT` (TCIF TLC39; ZPL II guide, `^BT`)."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .grid import boxes, number, sized
from .model import Request, Symbol, Unprintable
from .pdf417 import micro

#: Wide (1) and narrow (0) of the five bars and the spaces between them (ISO/IEC 16388 table 1), space after included.
_DIGITS = {
    "0": "0001101000",
    "1": "1001000010",
    "2": "0011000010",
    "3": "1011000000",
    "4": "0001100010",
    "5": "1001100000",
    "6": "0011100000",
    "7": "0001001010",
    "8": "1001001000",
    "9": "0011001000",
    "*": "0100101000",
    "T": "0000101100",
}
_COLUMNS = 4
_MOST_SERIAL, _MOST_DATA = 25, 150
#: Narrow bars of white around a Code 39.
_QUIET = 10
_FIELD = re.compile(r"([0-9]{6})(?:,(.*))?", re.DOTALL)


def draw(request: Request) -> Symbol:
    """A TLC39; values are orientation, narrow bar, ratio and height of Code 39, module and row height of MicroPDF417.

    The data is six digits (the ECI number), and after a comma a serial number and more data, which go into the
    MicroPDF417, a row below which the Code 39 begins. A T of Code 39, right of its quiet zone, links both.

    Raises:
        Unprintable: not six digits, or more data than there is room for.
    """
    narrow = sized(request, "^BT", 1)
    ratio = min(max(number(request, 2) or 2.0, 2.0), 3.0)
    height = sized(request, "^BT", 3)
    field = _FIELD.match(request.text)
    if field is None:
        raise Unprintable(f"TLC39 begins with the six digits of its ECI number, not {request.text[:12]!r}")
    digits, serial = field.group(1), field.group(2) or ""
    if len(serial) > _MOST_DATA or any(len(part) > _MOST_SERIAL for part in serial.split(",")):
        raise Unprintable(f"TLC39 holds fields of {_MOST_SERIAL} characters and {_MOST_DATA} in all, not {len(serial)}")
    bars, width = _code39(f"*{digits}*", narrow, max(narrow + 1, round(narrow * ratio)))
    if not serial:
        bars[:, 3] = height
        return Symbol(width, height, bars, format="Code 39", text=digits)
    module = sized(request, "^BT", 4)
    row = sized(request, "^BT", 5)
    modules = micro(serial, _COLUMNS)
    top = (len(modules) + 1) * row
    link, link_width = _code39("T", narrow, max(narrow + 1, round(narrow * ratio)))
    link[:, [0, 2]] += width + _QUIET * narrow
    bars = np.concatenate((bars, link))
    bars[:, 1], bars[:, 3] = top, top + height
    return Symbol(
        max(width + _QUIET * narrow + link_width, modules.shape[1] * module),
        top + height,
        np.concatenate((boxes(modules, module, row), bars)),
        format="Code 39",
        text=digits,
    )


def _code39(text: str, narrow: int, wide: int) -> tuple[NDArray[np.int32], int]:
    """The bars of `text`, which has its start and stop, from the left; top and bottom are 0; and the width."""
    pattern = "".join(_DIGITS[character] for character in text)[:-1]
    widths = np.where(np.frombuffer(pattern.encode(), np.uint8) == ord("1"), wide, narrow)
    edges = np.concatenate(([0], np.cumsum(widths)))
    bars = np.zeros(((len(edges)) // 2, 4), np.int32)
    bars[:, 0], bars[:, 2] = edges[:-1:2], edges[1::2]
    return bars, int(edges[-1])


DRAWERS: dict[str, Callable[[Request], Symbol]] = {"^BT": draw}
