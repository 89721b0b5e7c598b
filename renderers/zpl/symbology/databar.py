"""GS1 DataBar and its relatives: `^BR` (ISO/IEC 24724; ZPL II guide, `^BR`)."""

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import zxingcpp
from zxingcpp import BarcodeFormat

from .grid import Modules, boxes, dots, number, sized, written
from .model import Request, Symbol, Unprintable

#: Heights of the rows in modules (ISO/IEC 24724), 0 for a separator.
_ROWS = {
    1: (33,),
    2: (13,),
    3: (5, 0, 7),
    4: (33, 0, 0, 0, 33),
    5: (10,),
}
#: Which line of the writer's picture shows each of those rows.
_LINES = {1: (0,), 2: (0,), 3: (0, 5, 6), 4: (0, 33, 34, 35, 36), 5: (0,)}
_GTIN = {
    1: BarcodeFormat.DataBarOmni,
    2: BarcodeFormat.DataBarOmni,
    3: BarcodeFormat.DataBarStk,
    4: BarcodeFormat.DataBarStkOmni,
    5: BarcodeFormat.DataBarLtd,
}
_NAMES = {1: "DataBar Omni", 2: "DataBar Omni", 3: "DataBar Stacked", 4: "DataBar Stacked", 5: "DataBar Limited"}
_EXPANDED, _EXPANDED_ROW, _SEPARATORS = 6, 34, 3
_MOST_SEGMENTS = 22
#: The bar codes of shops by the digits of their data without the check digit.
_RETAIL = {
    7: (BarcodeFormat.UPCA, 11, "UPC-A"),
    8: (BarcodeFormat.UPCE, 6, "UPC-E"),
    9: (BarcodeFormat.EAN13, 12, "EAN-13"),
    10: (BarcodeFormat.EAN8, 7, "EAN-8"),
}
_CODE128 = (11, 12)
#: Modules high, for reading.
_BARS = 30
#: In ZPL data, what parts an element of variable length from the next one.
_ENDS = re.compile("[\x1d#]")
_MOST = 200
#: Characters of an application identifier by its first two digits, where they are not 2 (GS1 General Specifications).
_IDENTIFIER = {
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys((*(str(each) for each in range(31, 37)), "39", "43", "70", "72", "80", "81", "82"), 4),
}
#: Elements of a fixed length, by the same digits: characters with the identifier (GS1 General Specifications 7.8.5).
_FIXED = {
    "00": 20,
    "01": 16,
    "02": 16,
    "03": 16,
    "04": 18,
    "20": 4,
    "41": 16,
    **dict.fromkeys((str(each) for each in range(11, 20)), 8),
    **dict.fromkeys((str(each) for each in range(31, 37)), 10),
}


def draw(request: Request) -> Symbol:
    """A GS1 DataBar; values are orientation, kind, magnification, separator height, height of bars, segments in a row.

    Kinds 1 to 5 hold a GTIN (omnidirectional, truncated, stacked, stacked omnidirectional, limited), 6 is expanded;
    7 to 10 are UPC-A, UPC-E, EAN-13 and EAN-8, 11 and 12 GS1-128. The parts of two dimensions, after `|`, are none.

    Raises:
        Unprintable: data of another kind, or with a part of two dimensions.
    """
    kind = int(number(request, 1) or 1)
    module = sized(request, "^BR", 2)
    separator = (2 if number(request, 3) == 2 else 1) * module
    data = request.text.strip()
    if "|" in data:
        raise Unprintable("the part of a composite symbol after | cannot be drawn; write the data without it")
    if not data or len(data) > _MOST:
        raise Unprintable(f"a GS1 DataBar holds 1 to {_MOST} characters, not {len(data)}")
    if kind in _GTIN:
        rows, heights = _gtin(kind, data)
    elif kind == _EXPANDED:
        rows, heights = _expanded(data, int(min(max(number(request, 5) or _MOST_SEGMENTS, 2), _MOST_SEGMENTS)))
    elif kind in _RETAIL or kind in _CODE128:
        return _linear(request, kind, data, module)
    else:
        raise Unprintable(f"^BR has no symbol of kind {kind}; write 1 to 12")
    downs = np.array([height * module if height else separator for height in heights], np.int32)
    # stacked ones of some sizes zxing-cpp takes for those of one row
    expanded = kind == _EXPANDED
    name, text = _read(rows.tobytes(), heights) if expanded else (_NAMES[kind], _said(data))
    return Symbol(rows.shape[1] * module, int(downs.sum()), boxes(rows, module, downs), format=name, text=text)


def _said(data: str) -> str:
    digits = _digits(data)
    weights = [3 if place % 2 == 0 else 1 for place in range(len(digits))]
    check = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 10
    return f"(01){digits}{check}"


def _digits(data: str) -> str:
    """A GTIN's thirteen digits without its check digit, whether or not the data has it, or its identifier."""
    digits = re.sub(r"[() ]", "", data)
    if len(digits) == 16 and digits.startswith("01"):
        digits = digits[2:]
    digits = digits[:13].rjust(13, "0") if len(digits) <= 14 else digits
    if not (digits.isascii() and digits.isdigit() and len(digits) == 13):
        raise Unprintable(f"a GS1 DataBar of this kind holds 13 digits, not {data[:40]!r}")
    return digits


def _gtin(kind: int, data: str) -> tuple[Modules, tuple[int, ...]]:
    picture = written(_digits(data), _GTIN[kind])
    return picture[list(_LINES[kind])], _ROWS[kind]


def _expanded(data: str, segments: int) -> tuple[Modules, tuple[int, ...]]:
    """The rows of a DataBar Expanded, stacked where it has more segments than a row takes."""
    columns = max(segments // 2, 1)
    picture = written(elements(data), BarcodeFormat.DataBarExpStk, (("columns", columns),))
    pitch = _EXPANDED_ROW + _SEPARATORS
    stack = (len(picture) + _SEPARATORS) // pitch
    lines: list[int] = []
    heights: list[int] = []
    for row in range(stack):
        if row:
            lines += range(row * pitch - _SEPARATORS, row * pitch)
            heights += [0] * _SEPARATORS
        lines.append(row * pitch)
        heights.append(_EXPANDED_ROW)
    return picture[lines], tuple(heights)


def elements(data: str) -> str:
    """GS1 data with each application identifier in square brackets.

    Raises:
        Unprintable: no application identifier where one must be.
    """
    if data.startswith("("):
        return re.sub(r"\((\d{2,4})\)", r"[\1]", data)
    if data.startswith("["):
        return data
    parts: list[str] = []
    rest = data.lstrip("\x1d#")
    while rest:
        start = rest[:2]
        length = _IDENTIFIER.get(start, 2)
        if len(rest) <= length or not rest[:length].isdigit():
            raise Unprintable(f"no GS1 application identifier begins with {rest[:4]!r}")
        ends = _ENDS.search(rest)
        whole = _FIXED.get(start, ends.start() if ends else len(rest))
        parts.append(f"[{rest[:length]}]{rest[length:whole]}")
        rest = _ENDS.sub("", rest[whole:], count=1) if _ENDS.match(rest[whole:]) else rest[whole:]
    return "".join(parts)


def _linear(request: Request, kind: int, data: str, module: int) -> Symbol:
    height = dots(number(request, 4) or 25, request.scale)
    if kind in _CODE128:
        bars = written(elements(data), BarcodeFormat.Code128, (("gs1", "true"),))[:1]
    else:
        symbology, length, name = _RETAIL[kind]
        digits = data[:length].rjust(length, "0")
        if not (digits.isascii() and digits.isdigit()):
            raise Unprintable(f"{name} holds {length} digits, not {data[:40]!r}")
        bars = written(digits, symbology)[:1]
    name, text = _read(bars.tobytes(), (_BARS,))
    downs = np.array([height], np.int32)
    return Symbol(bars.shape[1] * module, height, boxes(bars, module, downs), format=name, text=text)


@lru_cache(maxsize=64)
def _read(rows: bytes, heights: tuple[int, ...]) -> tuple[str, str]:
    """Format and text of these rows of modules; UPC reads as the EAN that it is a part of."""
    modules = np.frombuffer(rows, np.bool_).reshape(len(heights), -1)
    dark = np.pad(np.repeat(modules, [height or 1 for height in heights], axis=0), 20)
    found = zxingcpp.read_barcode(np.where(dark, np.uint8(0), np.uint8(255)).repeat(2, axis=0).repeat(2, axis=1))
    return (str(found.format), found.text) if found else ("", "")


DRAWERS: dict[str, Callable[[Request], Symbol]] = {"^BR": draw}
