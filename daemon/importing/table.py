"""A file of rows to cells: encodings, separators and quotes as shops and spreadsheets write them. Pure."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import DaemonError

#: bytes of a table, rows below its header, and columns
MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 4 * 1024 * 1024, 5000, 300
_SEPARATORS = (",", ";", "\t", "|")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class TableRefused(DaemonError):
    """A file is no table that can be imported; the message says what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of a row, whose number is that which a spreadsheet shows."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header, the rows below it that are not empty, and what a person should know of how it was read."""

    header: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def read(data: bytes, known: Callable[[str], bool]) -> Table:
    """Take a file apart.

    Args:
        data: UTF-8, UTF-16 or Windows-1252; separated by comma, semicolon, tab or bar (RFC 4180, and what Excel makes
            of it in other countries).
        known: whether a column's title is one that is looked for; it decides which separator is meant.

    Raises:
        TableRefused: it is no table.
    """
    if len(data) > MOST_BYTES:
        raise TableRefused(f"the table is {len(data)} bytes; the limit is {MOST_BYTES}: split it")
    text, notes = _decoded(data)
    stated = None
    if text[:4].lower() == "sep=":  # Excel's own way to say it; the line is no row
        first, _, text = text.partition("\n")
        stated = first.rstrip("\r")[4:5] or None
    records = _best(text, known, stated)
    lines = [Line(number, cells) for number, cells in enumerate(records, 1) if any(cell.strip() for cell in cells)]
    if not lines:
        raise TableRefused("the table is empty: it needs a row of titles, and a row for each parcel")
    header, *rest = lines
    if len(header.cells) > MOST_COLUMNS:
        raise TableRefused(f"the table has {len(header.cells)} columns; the limit is {MOST_COLUMNS}")
    if len(rest) > MOST_ROWS:
        raise TableRefused(f"the table has {len(rest)} rows; the limit is {MOST_ROWS}: split it")
    return Table(tuple(cell.strip() for cell in header.cells), tuple(rest), tuple(notes))


def _decoded(data: bytes) -> tuple[str, list[str]]:
    if data.startswith(_WORKBOOKS):
        raise TableRefused("this is an Excel workbook: save it as CSV UTF-8 (comma delimited), and import that")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data[1:200:2].count(0) > len(data[1:200:2]) // 2:
        encoding = "utf-16-le"
    else:
        encoding = "utf-8-sig"
    notes = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            raise TableRefused("the table is not text: export it again as CSV UTF-8") from error
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            raise TableRefused(f"the table is not text: byte {error.start} is no UTF-8: export it again") from error
        notes.append("read as Windows-1252, for it is no UTF-8: look whether names are as they should be")
    if "\0" in text:
        raise TableRefused("the table is not text: export it again as CSV UTF-8")
    return text, notes


def _best(text: str, known: Callable[[str], bool], stated: str | None) -> list[tuple[str, ...]]:
    """The rows by the separator that finds most of the titles that are looked for."""
    ways = []
    for separator in [stated] if stated in _SEPARATORS else _SEPARATORS:
        first = _titles(text, separator)
        ways.append((sum(map(known, first)), len(first), separator))
    _, _, separator = max(ways, key=lambda way: way[:2])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            rows.append(tuple(row))
            if len(rows) > 2 * MOST_ROWS:
                break
    except csv.Error as error:
        raise TableRefused(
            f"row {len(rows) + 1} (line {reader.line_num}) cannot be read: {error}; close its quotes, and double those "
            "inside of a cell"
        ) from error
    return rows


def _titles(text: str, separator: str) -> list[str]:
    """The first row that is not empty, as well as it can be read."""
    try:
        return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)), [])
    except csv.Error:
        return []
