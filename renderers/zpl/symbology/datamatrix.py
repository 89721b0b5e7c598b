"""Data Matrix: `^BX` (ISO/IEC 16022; ZPL II guide, `^BX`)."""

import re
from functools import lru_cache

from .datamatrix_encodation import FNC1, codewords
from .datamatrix_symbol import RECTANGLES, SQUARES, Size, symbol
from .grid import Modules, boxes, dots, letter, number, spoken
from .model import Request, Symbol, Unprintable

#: More than the largest symbol takes, digits as pairs.
_MOST = 3116


def draw(request: Request) -> Symbol:
    """A Data Matrix; values are orientation, module height, quality, columns, rows, format, escape, aspect.

    Every quality is drawn as ECC 200: nothing reads the older ones (0 to 140) any more. Without a module height the
    symbol is about as high as `^BY` says. In the data the escape character and `1` is FNC1, `_d065` a byte by its
    number, `_X` a control character, `__` the escape character.

    Raises:
        Unprintable: no data, more than a symbol holds, or rows and columns that no symbol has.
    """
    data, gs1 = content(request)
    if not data:
        raise Unprintable("the Data Matrix has no data; write ^FD and the data")
    columns, rows = (int(min(max(number(request, place) or 0, 0), 1000)) for place in (3, 4))
    modules = encoded(data, rows, columns, letter(request, 7, "1") == "2")
    height = number(request, 1)
    module = dots(height, request.scale) if height else max(1, request.height // len(modules))
    return Symbol(
        modules.shape[1] * module,
        modules.shape[0] * module,
        boxes(modules, module, module),
        format="Data Matrix",
        text=_said(data, gs1=gs1),
    )


def content(request: Request) -> tuple[tuple[int, ...], bool]:
    """The bytes and FNC1 of the field, and whether FNC1 comes first, which makes it GS1 data."""
    text = request.text
    escape = letter(request, 6, "~" if request.values else "")[:1]
    raw = request.data if "\ufffd" in text else _bytes(text)
    if not escape or escape.encode("latin-1", "replace") not in raw:
        return tuple(raw), False
    data: list[int] = []
    mark = re.escape(escape.encode("latin-1", "replace"))
    escapes = rb"%b(?:d(\d{3})|(%b)|([@-_])|(1)|[03]|2\d{9}|5\d{3})|(.)" % (mark, mark)
    for piece in re.finditer(escapes, raw, re.DOTALL):
        byte, same, control, fnc1, other = piece.groups()
        if byte:
            data.append(int(byte) & 255)
        elif fnc1:
            data.append(FNC1)
        elif control:
            data.append(control[0] - 64)
        else:
            # pads, code pages and parts of a whole (FNC2) are left out
            data += same or other or b""
    return tuple(data), data[:1] == [FNC1]


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


@lru_cache(maxsize=256)
def encoded(data: tuple[int, ...], rows: int, columns: int, rectangular: bool) -> Modules:
    """The modules of the smallest symbol that has the rows and columns asked for, where 0 is free."""
    if len(data) > _MOST:
        raise Unprintable(f"a Data Matrix holds no {len(data)} characters; at most {_MOST} digits fit")
    sizes = _sizes(rows, columns, rectangular)
    found = codewords(data, tuple(size.data for size in sizes))
    if found is None:
        largest = sizes[-1]
        raise Unprintable(
            f"{len(data)} characters do not fit a Data Matrix of {largest.columns} x {largest.rows} modules; "
            "write fewer, or leave columns and rows out"
        )
    return symbol(found, next(size for size in sizes if size.data == len(found)))


def _sizes(rows: int, columns: int, rectangular: bool) -> tuple[Size, ...]:
    if rows or columns:
        wanted = tuple(
            size for size in (*SQUARES, *RECTANGLES) if rows in (0, size.rows) and columns in (0, size.columns)
        )
        squares = tuple(size for size in wanted if size.rows == size.columns)
        if squares or wanted:
            return squares or wanted
        side = max(rows, columns)
        return tuple(size for size in SQUARES if size.rows >= side) or SQUARES[-1:]
    return RECTANGLES if rectangular else SQUARES


def _said(data: tuple[int, ...], *, gs1: bool) -> str:
    """What a scanner says: FNC1 at the beginning says that it is GS1, later it is GS."""
    raw = bytes(29 if value == FNC1 else value for value in data[1 if gs1 else 0 :])
    try:
        said = raw.decode("utf-8")
    except UnicodeDecodeError:
        said = raw.decode("latin-1")
    return said if gs1 else spoken(said)


DRAWERS = {"^BX": draw}
