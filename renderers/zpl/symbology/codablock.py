"""Codablock A of Code 39 rows, E and F of Code 128 rows (AIM USS Codablock), as `^BB` asks for them."""

import math
from dataclasses import replace

from . import code39, code128
from .bars import allowed, characters, parameter, quoted, scanned, wide, yes
from .model import Request, Symbol, Unprintable
from .stacked import row_height, stacked

#: Rows a symbol has at most, and columns of data a row has.
_MOST_ROWS, _MOST_ROWS_A = 44, 22
_FEWEST_COLUMNS, _MOST_COLUMNS = 4, 62
#: Modules of a row of Codablock E and F: those of a start, and of a stop.
_START, _STOP = 11, 13
#: Characters that say which subset follows the start A of a row.
_SELECTORS = {"A": 98, "B": 100, "C": 99}
_LATCHES = {"A": 101, "B": 100, "C": 99}
_FNC1 = 102
#: Modules of a row, unless ^BY or the command make it higher.
_ROW_HEIGHT = 8


def draw(request: Request) -> Symbol:
    """`^BBo,h,s,c,r,m`: mode A, E (with FNC1) or F; `c` columns of data and `r` rows.

    Raises:
        Unprintable: there is no data, a character the code has not, or more than fits into the rows.
    """
    return _codablock_a(request) if parameter(request, 5) == "A" else _codablock_f(request)


def _number(request: Request, index: int, most: int) -> int:
    """A whole number of the command up to `most`; 0 where it is left out."""
    value = parameter(request, index)
    return max(min(int(value), most), 0) if isinstance(value, float) and math.isfinite(value) else 0


def _codablock_a(request: Request) -> Symbol:
    text = allowed(characters(request, "^BB").upper(), code39.ALPHABET, "^BB")
    rows = code39_rows(
        text, _number(request, 3, _MOST_COLUMNS), _number(request, 4, 1000), checked=yes(request, 2, True)
    )
    dots = {"0": request.module, "1": wide(request)}
    widths = [[dots[element] for element in code39.elements(row)] for row in rows]
    character = 7 * request.module + 3 * dots["1"]
    pitch = row_height(request, 1, len(rows), _ROW_HEIGHT)
    return stacked(request, widths, pitch, (character, character), (0, 0))


def code39_rows(text: str, columns: int, count: int, *, checked: bool) -> list[str]:
    """What each row says between its asterisks; `columns` and `count` of rows are 0 where they are free.

    Raises:
        Unprintable: the text is longer than these allow.
    """
    checks = 2 * checked
    if not columns:
        columns = min(max(-(-(len(text) + checks * (count > 1)) // max(count, 1)), 2), _MOST_COLUMNS)
    columns = max(columns, 2)
    if not count:
        count = 1 if len(text) <= columns else -(-(len(text) + checks) // columns)
    room = count * columns - checks * (count > 1)
    if count > _MOST_ROWS_A or len(text) > room:
        raise Unprintable(
            f"^BB of mode A holds {room} of {len(text)} characters; make more rows or columns, at most 22"
        )
    if count == 1:
        return [f"L{text}"]
    text = text.ljust(room)
    if checked:
        values = [code39.ALPHABET.index(character) for character in text]
        first = sum((index + 1) * value for index, value in enumerate(values))
        second = first - sum(values)
        text += code39.ALPHABET[first % 43] + code39.ALPHABET[second % 43]
    names = [code39.ALPHABET[20 + count], *code39.ALPHABET[: count - 1]]
    return [f"{name}{text[at * columns : (at + 1) * columns]}{name}" for at, name in enumerate(names)]


def _codablock_f(request: Request) -> Symbol:
    text = characters(request, "^BB")
    if not text.isascii():
        raise Unprintable(f"^BB has the characters of ASCII only, its data are {quoted(text)}")
    gs1 = parameter(request, 5) == "E"
    columns, count = _number(request, 3, _MOST_COLUMNS), _number(request, 4, _MOST_ROWS)
    if not columns and count < 2:  # a single row is a Code 128 without checks of the whole
        rows = [code128.modules(code128.pack(code128.FNC1 * gs1 + text))]
        said = "" if gs1 else scanned(text)
        return replace(_drawn(request, rows), format="Code 128", text=said or text)
    if not columns:
        columns = -(-(len(text) + 2) // count)
    columns = min(max(columns, _FEWEST_COLUMNS), _MOST_COLUMNS)
    return _drawn(request, [code128.modules(row) for row in code128_rows(text, columns, count, gs1=gs1)])


def _drawn(request: Request, rows: list[list[int]]) -> Symbol:
    module = request.module
    widths = [[module * width for width in row] for row in rows]
    pitch = row_height(request, 1, len(rows), _ROW_HEIGHT)
    return stacked(request, widths, pitch, (_START * module, _STOP * module), (0, 0))


def code128_rows(text: str, columns: int, count: int, *, gs1: bool) -> list[list[int]]:
    """Values of each row of Codablock F or, with FNC1 before all, E; check and stop of a row are left out.

    Raises:
        Unprintable: there is more than 44 rows hold.
    """
    waiting = code128.FNC1 * gs1 + text
    rows: list[tuple[str, list[int]]] = []
    while True:
        selector, values, taken, subset = _row(waiting, columns)
        waiting = waiting[taken:]
        last = not waiting and len(values) + 2 <= columns and len(rows) + 1 >= max(count, 2)
        while len(values) < columns - 2 * last:  # changes of the subset say nothing
            subset = "B" if subset == "C" else "C"
            values.append(_LATCHES[subset])
        rows.append((selector, values))
        if last:
            break
        if len(rows) == _MOST_ROWS:
            raise Unprintable(
                f"^BB holds {_MOST_ROWS} rows of {columns} characters, its data are {len(text)} characters"
            )
    weighed = [128] * gs1 + [ord(character) for character in text]
    first = sum((index + 1) * code for index, code in enumerate(weighed)) % 86
    second = sum(index * code for index, code in enumerate(weighed)) % 86
    rows[-1][1].extend((_numeral(first, subset), _numeral(second, subset)))
    names = [len(rows) - 2, *range(43, 42 + len(rows))]
    return [
        [103, _SELECTORS[selector], _numeral(name, selector), *values]
        for name, (selector, values) in zip(names, rows, strict=True)
    ]


def _row(text: str, columns: int) -> tuple[str, list[int], int, str]:
    """The subset a row begins in, its values, how many characters these are, and the subset it ends in."""
    selector = subset = code128.choose(text, 0, "") if text else "B"
    values: list[int] = []
    position = 0
    while position < len(text):
        wanted = code128.choose(text, position, subset)
        change = [] if wanted == subset else [_LATCHES[wanted]]
        one, length = code128.step(text, position, wanted)
        if len(values) + len(change) + len(one) > columns:
            break
        values += change + one
        subset, position = wanted, position + length
    return selector, values, position, subset


def _numeral(number: int, subset: str) -> int:
    """The value that stands for a number up to 85."""
    if subset == "C":
        return number
    return number - 22 if number > 47 else (number + 64) % 96
