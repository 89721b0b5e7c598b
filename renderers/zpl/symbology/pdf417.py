"""PDF417 and MicroPDF417: `^B7`, `^BF` (ISO/IEC 15438, ISO/IEC 24728; ZPL II guide)."""

from functools import lru_cache

from zxingcpp import BarcodeFormat

from .grid import Modules, boxes, dots, latin, letter, number, spoken, written
from .model import Request, Symbol, Unprintable
from .pdf417_compaction import codewords

#: The most codewords, rows and columns of a symbol, and the fewest rows.
_MOST_CODEWORDS, _MOST_ROWS, _MOST_COLUMNS, _FEWEST_ROWS = 928, 90, 30, 3
#: Modules of a row beside its columns of 17: start, stop, and two row indicators.
_COLUMN, _FRAME = 17, 69
#: How many lines of its picture the writer gives each row.
_LINES, _MICRO_LINES = 3, 2
_MOST_BYTES = 2710
#: How high a MicroPDF417 must be, in dots, for zxing-cpp to find it.
_FINDABLE = 36
#: Columns and rows of a MicroPDF417 by the mode of `^BF` (ZPL II guide, `^BF`).
_MICRO = tuple(
    (columns, rows)
    for columns, all_rows in (
        (1, (11, 14, 17, 20, 24, 28)),
        (2, (8, 11, 14, 17, 20, 23, 26)),
        (3, (6, 8, 10, 12, 15, 20, 26, 32, 38, 44)),
        (4, (4, 6, 8, 10, 12, 15, 20, 26, 32, 38, 44)),
    )
    for rows in all_rows
)


def draw(request: Request) -> Symbol:
    """A PDF417; values are orientation, row height, security level, columns, rows, truncated.

    Where neither columns nor rows are given, the symbol is about twice as wide as high. Where the row height is not
    given, the symbol is as high as `^BY` says.

    Raises:
        Unprintable: no data, or more than the columns and rows hold.
    """
    level = int(min(max(number(request, 2) or 0, 0), 8))
    columns = int(min(max(number(request, 3) or 0, 0), _MOST_COLUMNS))
    rows = int(min(max(number(request, 4) or 0, 0), _MOST_ROWS))
    height = number(request, 1)
    truncated = letter(request, 5, "N").upper() == "Y"
    modules = encoded(
        latin(request), level, columns, rows, truncated, dots(height, request.scale) / request.module if height else 0
    )
    down = dots(height, request.scale) if height else max(1, round(request.height / len(modules)))
    return Symbol(
        modules.shape[1] * request.module,
        modules.shape[0] * down,
        boxes(modules, request.module, down),
        format="PDF417",
        text=spoken(request.text),
    )


@lru_cache(maxsize=256)
def encoded(data: str | bytes, level: int, columns: int, rows: int, truncated: bool, row_height: float = 0) -> Modules:
    """The modules, each row once.

    `columns` and `rows` of 0 are free; `row_height`, in modules, decides between them. With columns given the rows
    follow from the data.
    """
    raw = data if isinstance(data, bytes) else _bytes(data)
    if len(raw) > _MOST_BYTES:
        raise Unprintable(f"a PDF417 holds no {len(raw)} characters; at most {_MOST_BYTES} digits fit")
    total = codewords(raw) + 1 + 2 ** (level + 1)
    columns, rows = _shape(total, columns, rows, row_height)
    options: list[tuple[str, str | int]] = [("ec_level", level), ("columns", columns)]
    if isinstance(data, bytes):
        options.append(("eci", "0"))
    if not truncated:
        try:
            return written(data, BarcodeFormat.PDF417, (*options, ("rows", rows)), _LINES)
        except Unprintable:
            # the writer packs nearly all data as tightly as was counted, or more so
            return written(data, BarcodeFormat.PDF417, tuple(options), _LINES)
    return written(data, BarcodeFormat.CompactPDF417, tuple(options), _LINES)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _shape(total: int, columns: int, rows: int, row_height: float) -> tuple[int, int]:
    """Columns and rows for `total` codewords."""

    def needed(wide: int) -> int:
        return max(-(-total // wide), _FEWEST_ROWS)

    if columns:
        # rows that are asked for beside columns only stand where the data needs no more
        rows = max(rows, needed(columns))
    elif rows:
        rows = max(rows, _FEWEST_ROWS)
        columns = max(1, -(-total // rows))
    else:
        fitting = [wide for wide in range(1, _MOST_COLUMNS + 1) if needed(wide) <= _MOST_ROWS] or [_MOST_COLUMNS]
        columns = min(
            fitting,
            key=lambda wide: abs((_COLUMN * wide + _FRAME) / (needed(wide) * (row_height or _LINES)) - 2),
        )
        rows = needed(columns)
    if columns > _MOST_COLUMNS or rows > _MOST_ROWS or columns * rows > _MOST_CODEWORDS:
        raise Unprintable(
            f"{total} codewords of data and security do not fit a PDF417 of {columns} columns and {rows} rows; "
            "write more columns or a lower security level"
        )
    return columns, rows


def draw_micro(request: Request) -> Symbol:
    """A MicroPDF417; values are orientation, row height, mode (0 to 33, which stands for columns and rows).

    Raises:
        Unprintable: no data, or more than the mode holds.
    """
    mode = int(min(max(number(request, 2) or 0, 0), len(_MICRO) - 1))
    columns, rows = _MICRO[mode]
    modules = micro(latin(request), columns)
    if len(modules) > rows:
        raise Unprintable(f"the data does not fit the {columns} columns and {rows} rows of ^BF mode {mode}")
    height = number(request, 1)
    down = dots(height, request.scale) if height else max(1, round(request.height / len(modules)))
    return Symbol(
        modules.shape[1] * request.module,
        modules.shape[0] * down,
        boxes(modules, request.module, down),
        format="MicroPDF417" if modules.shape[0] * down >= _FINDABLE else "",
        text=spoken(request.text),
    )


@lru_cache(maxsize=64)
def micro(data: str | bytes, columns: int) -> Modules:
    """The modules, each row once, in these columns and as many rows as the data needs."""
    options: list[tuple[str, str | int]] = [("columns", columns)]
    if isinstance(data, bytes):
        options.append(("eci", "0"))
    return written(data, BarcodeFormat.MicroPDF417, tuple(options), _MICRO_LINES)


DRAWERS = {"^B7": draw, "^BF": draw_micro}
