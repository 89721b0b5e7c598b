"""MaxiCode: `^BD` (ISO/IEC 16023; ZPL II guide, `^BD`)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...bitmap import Bitmap
from .grid import Modules, number, spoken
from .maxicode_message import carrier, message, modules
from .model import Request, Symbol, Unprintable

#: Everything below is in units of 2.72 / 8 mm: 200 x 193 dots at 8 dots/mm.
_UNIT = 2.72
_USUAL_HEAD = 8.0
_ACROSS, _DOWN = 2.46, 2.135
_FIRST = (1.23, 1.43)
#: Half the width and height of a hexagon, with white between it and the next one.
_HALF_WIDTH, _HALF_HEIGHT = 1.075, 1.25
#: The target: its middle, and where it changes from light to dark, outside first.
_TARGET = (35.76, 35.60)
_RADII = (10.85, 8.97, 7.10, 5.22, 3.31, 1.43)
_LINES, _COLUMNS = 33, 30
#: In the map of dots: always light, always dark.
_LIGHT, _DARK = -2, -1
#: Far more device dots per 1/8 mm than any head has.
_LARGEST_SCALE = 12.0
_STRUCTURED = 8
_GS, _HEADER = "\x1d", "[)>\x1e01\x1d"


def draw(request: Request) -> Symbol:
    """A MaxiCode, of one size in millimetres on every head; values are mode, number and total of a structured append.

    Modes are 2 to 6. In mode 2 and 3 the data begins with three digits of service class, three of country, and the
    postal code: nine digits in mode 2, six characters in mode 3.

    Raises:
        Unprintable: no data, too much of it, or no such beginning.
    """
    mode = int(number(request, 0) or 2)
    if mode not in (2, 3, 4, 5, 6):
        raise Unprintable(f"MaxiCode has no mode {mode}; write ^BD with 2 to 6")
    data = request.data if "\ufffd" in request.text else request.text.encode("latin-1", "replace")
    if not data:
        raise Unprintable("the MaxiCode has no data; write ^FD and the data")
    number_, total = (int(min(max(number(request, place) or 1, 1), _STRUCTURED)) for place in (1, 2))
    part = (_structured(number_, total),) if total > 1 else ()
    hexagons, text = encoded(data, mode, part)
    bits = np.append(hexagons, (False, True))[
        _map(min(request.scale * request.dots_per_mm / _USUAL_HEAD, _LARGEST_SCALE))
    ]
    height, width = bits.shape
    return Symbol(width, height, bitmap=Bitmap.from_bits(bits), format="MaxiCode", text=text)


def _structured(place: int, total: int) -> int:
    return (min(place, total) - 1) << 3 | (total - 1)


@lru_cache(maxsize=64)
def encoded(data: bytes, mode: int, part: tuple[int, ...] = ()) -> tuple[Modules, str]:
    """The hexagons, shape (33, 30), and what a scanner says; `part` is the codeword of a structured append."""
    opening = [33, *part] if part else []
    if mode in (2, 3):
        service, country, postal, rest = _carrier(data, mode)
        primary = carrier(mode, postal, country, service)
        secondary = opening + message(rest, 84 - len(opening))
        text = rest.decode("latin-1")
        codes = f"{postal.decode()}{_GS}{country:03}{_GS}{service:03}{_GS}"
        # a reader puts the carrier's codes after the header and its year
        place = len(_HEADER) + 2 if text.startswith(_HEADER) else 0
        return modules(tuple(primary), tuple(secondary)), spoken(text[:place] + codes + text[place:])
    room = 9 + (68 if mode == 5 else 84)
    codewords = opening + message(data, room - len(opening))
    return modules((mode, *codewords[:9]), tuple(codewords[9:])), spoken(data.decode("latin-1"))


def _carrier(data: bytes, mode: int) -> tuple[int, int, bytes, bytes]:
    """Service class, country, postal code and the rest of the data."""
    service, country = data[:3], data[3:6]
    length = 9 if mode == 2 else 6
    postal, rest = data[6 : 6 + length].upper(), data[6 + length :]
    if not (len(service + country) == 6 and (service + country).isdigit()):
        raise Unprintable(
            f"a MaxiCode of mode {mode} begins with three digits of service class and three of country, not "
            f"{(service + country).decode('latin-1')!r}"
        )
    allowed = bytes(range(48, 58)) if mode == 2 else b" " + bytes(range(34, 59)) + bytes(range(65, 91))
    if len(postal) < length or any(byte not in allowed for byte in postal):
        kind = "nine digits" if mode == 2 else "six capitals, digits or spaces"
        raise Unprintable(f"the postal code of a MaxiCode of mode {mode} is {kind}, not {postal.decode('latin-1')!r}")
    return int(service), int(country), postal, rest


@lru_cache(maxsize=4)
def _map(scale: float) -> NDArray[np.int16]:
    """Which hexagon each dot belongs to, shape (height, width)."""
    unit = _UNIT * scale
    line, column = (each.ravel() for each in np.mgrid[0:_LINES, 0:_COLUMNS])
    x = _FIRST[0] + _ACROSS * column + _ACROSS / 2 * (line & 1)
    y = _FIRST[1] + _DOWN * line
    # corners in whole dots, as a printer has them
    left, middle, right = (np.trunc((x + part * _HALF_WIDTH) * unit) for part in (-1, 0, 1))
    top, upper, lower, bottom = (np.trunc((y + part * _HALF_HEIGHT) * unit) for part in (-1, -0.5, 0.5, 1))
    width = int(right[line % 2 == 0].max())
    height = int(bottom.max())
    found = np.full((height, width), _LIGHT, np.int16)
    across, down = np.arange(int((right - left).max()) + 1), np.arange(int((bottom - top).max()) + 1)
    px = left[:, None, None] + across[None, None, :]
    py = top[:, None, None] + down[None, :, None]
    # how far each dot's line is from the upper and lower corner towards the sides, 1 where these are upright
    with np.errstate(divide="ignore"):
        slope = np.minimum(
            (py + 0.5 - _wide(top)) / _wide(upper - top), (_wide(bottom) - py - 0.5) / _wide(bottom - lower)
        )
    slope = np.clip(slope, 0, 1)
    inside = (py >= _wide(top)) & (py < _wide(bottom)) & (px < width)
    inside &= px + 0.5 >= _wide(middle) - slope * _wide(middle - left)
    inside &= px + 0.5 < _wide(middle) + slope * _wide(right - middle)
    # the last hexagon of every second line is none
    inside &= ~((line % 2 == 1) & (column == _COLUMNS - 1))[:, None, None]
    which, row, place = np.nonzero(inside)
    found[py[which, row, 0].astype(np.intp), px[which, 0, place].astype(np.intp)] = which
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    distance = np.hypot(columns - _TARGET[0] * unit, rows - _TARGET[1] * unit)
    for ring, radius in enumerate(_RADII):
        found[distance <= radius * unit] = _LIGHT if ring % 2 else _DARK
    return found


def _wide(each: NDArray[np.float64]) -> NDArray[np.float64]:
    return each[:, None, None]


DRAWERS = {"^BD": draw}
