"""A table to parcels: what each row asks for, what is wrong with it, and which rows are passed over. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import get_args

from ...config.printers import DocumentType
from . import cells
from .columns import Column, find
from .table import Line, Table

#: labels of one import: while they are committed everybody else waits
MOST_LABELS = 500
_LONGEST = {"link": 4000}
_NUMBERS = ("order", "package", "tracking")
_ONE_TO_HUNDRED = re.compile(r"[1-9]\d?|100")
#: faults that are told
_TOLD = 200
_DOCUMENTS: tuple[str, ...] = get_args(DocumentType)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row, and those of the same parcel after it, say."""

    number: int
    order_ids: tuple[str, ...] = ()
    package_id: str | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    station: str | None = None
    printer: str | None = None
    document_type: str | None = None
    copies: int | None = None
    file: str | None = None
    link: str | None = None
    shop: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What makes it the same label as another row's."""
        if self.file is not None:
            return ("file", self.file.casefold())
        if self.link is not None:
            return ("link", self.link)
        return ("package", self.shop, self.package_id, self.document_type)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, in which column, and what to do."""

    number: int
    column: str | None
    because: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A row that makes no label of its own, and why."""

    number: int
    because: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table asks for; where there are faults, nothing of it is to be taken."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    passed: tuple[Passed, ...]
    columns: Mapping[str, Column]
    notes: tuple[str, ...]
    #: names of the label files that it names, in rows with faults too
    files: tuple[str, ...]


def read(table: Table) -> Reading:
    """Understand a table.

    Raises:
        TableRefused: its columns tell of no label.
    """
    columns, unused = find(table.header)
    notes = (*table.notes, *_unused(unused))
    faults: list[Fault] = []
    passed: list[Passed] = []
    by_key: dict[tuple[str | None, ...], Row] = {}
    files: dict[str, None] = {}
    for place, line in enumerate(table.lines):
        values = {meaning: _cell(line, column) for meaning, column in columns.items()}
        if place == 0 and _explains(values):
            passed.append(Passed(line.number, "it explains the columns"))
            continue
        if file := _file(values.get("file", "")):
            files[file] = None
        if (status := values.get("status", "")).casefold().startswith("cancel"):
            passed.append(Passed(line.number, f"its order is canceled (Order Status is {status[:40]!r})"))
            continue
        if wrong := _faults(line, values, columns, len(table.header)):
            faults += wrong
            continue
        row = _row(line.number, values)
        known = by_key.get(row.key)
        if known is None:
            by_key[row.key] = row
        elif odd := _odds(known, row, columns):
            faults.append(odd)
        else:
            by_key[row.key] = replace(known, order_ids=tuple(dict.fromkeys(known.order_ids + row.order_ids)))
            passed.append(Passed(line.number, f"the same label as row {known.number}"))
    rows = tuple(by_key.values())
    faults += _lost(rows, columns)
    if len(rows) > MOST_LABELS:
        faults.insert(0, Fault(rows[MOST_LABELS].number, None, f"more than {MOST_LABELS} labels: split the table"))
    told = tuple(sorted(faults[:_TOLD], key=lambda one: one.number))
    more = (f"{len(faults) - _TOLD} more errors are not shown",) if len(faults) > _TOLD else ()
    return Reading(rows, told, tuple(passed), columns, (*notes, *more), tuple(files))


def _unused(titles: Sequence[str]) -> tuple[str, ...]:
    more = f" and {len(titles) - 12} more" if len(titles) > 12 else ""
    return (f"columns that are not used: {', '.join(titles[:12])}{more}",) if titles else ()


def _cell(line: Line, column: Column) -> str:
    return cells.plain(line.cells[column.index]) if column.index < len(line.cells) else ""


def _explains(values: Mapping[str, str]) -> bool:
    """Whether a row is what TikTok's export has below its titles: sentences, and no number of a parcel."""
    numbers = [values[name] for name in _NUMBERS if values.get(name)]
    return bool(numbers) and not any(sign.isdigit() for number in numbers for sign in number)


def _faults(line: Line, values: Mapping[str, str], columns: Mapping[str, Column], width: int) -> list[Fault]:
    """What is wrong with the cells of a row."""
    if any(cell.strip() for cell in line.cells[width:]):
        because = (
            f"it has {len(line.cells)} cells, and there are {width} titles: put cells that hold a separator into quotes"
        )
        return [Fault(line.number, None, because)]
    faults = []
    for meaning, text in values.items():
        if wrong := _wrong(meaning, text):
            faults.append(Fault(line.number, columns[meaning].shown, wrong))
    if not faults and not any(values.get(meaning) for meaning in ("file", "link", "package")):
        wanted = " or ".join(columns[one].shown for one in ("package", "file", "link") if one in columns)
        faults.append(Fault(line.number, None, f"nothing says where its label is: {wanted} must be filled"))
    return faults


def _wrong(meaning: str, text: str) -> str | None:
    """What is wrong with a cell."""
    if not text or meaning == "status":
        return None
    if meaning in (*_NUMBERS, "file") and (because := cells.damage(text)):
        return because
    limit = _LONGEST.get(meaning, 200)
    if len(text) > limit:
        return f"it has {len(text)} letters; the limit is {limit}: look whether a quote is missing"
    if not text.isprintable():
        return "it has more than one line, or signs that cannot be seen: write it anew"
    if meaning == "copies" and not _ONE_TO_HUNDRED.fullmatch(text):
        return f"{text[:40]!r} is no number of copies: write 1 to 100, or leave it empty"
    if meaning == "document_type" and _document(text) not in _DOCUMENTS:
        return f"{text[:40]!r} is no document type: write one of {', '.join(_DOCUMENTS)}, or leave it empty"
    return None


def _row(number: int, values: Mapping[str, str]) -> Row:
    def text(meaning: str) -> str | None:
        return values.get(meaning) or None

    def digits(meaning: str) -> str | None:
        return "".join(values.get(meaning, "").split()) or None

    copies, document = text("copies"), text("document_type")
    return Row(
        number=number,
        order_ids=tuple(filter(None, re.split(r"[;,|\s]+", values.get("order", ""))))[:100],
        package_id=digits("package"),
        tracking_number=digits("tracking"),
        carrier=text("carrier"),
        station=text("station"),
        printer=text("printer"),
        document_type=None if document is None else _document(document),
        copies=None if copies is None else int(copies),
        file=_file(values.get("file", "")),
        link=text("link"),
        shop=text("shop"),
    )


def _file(text: str) -> str | None:
    """The name of a label file: whoever made the table had it in a folder of their own."""
    return PurePosixPath(text.replace("\\", "/")).name or None


def _document(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip()).upper()


def _odds(known: Row, row: Row, columns: Mapping[str, Column]) -> Fault | None:
    """What a row says otherwise than an earlier one of the same label."""
    for name, meaning in _SAME.items():
        before, now = getattr(known, name), getattr(row, name)
        if before != now and meaning in columns:
            because = (
                f"its label is that of row {known.number}, which says {_said(before)} and not {_said(now)}: "
                "correct one of them"
            )
            return Fault(row.number, columns[meaning].shown, because)
    return None


_SAME = {
    "package_id": "package",
    "tracking_number": "tracking",
    "station": "station",
    "printer": "printer",
    "copies": "copies",
    "document_type": "document_type",
}


def _said(value: object) -> str:
    return "nothing" if value is None else repr(value)


def _lost(rows: Sequence[Row], columns: Mapping[str, Column]) -> list[Fault]:
    """Numbers that lost digits in a spreadsheet, which shows only beside the others."""
    faults = []
    again = "export the table again and import it without opening it"
    for meaning, numbers in {
        "order": [(row.number, order) for row in rows for order in row.order_ids],
        "package": [(row.number, row.package_id or "") for row in rows],
        "tracking": [(row.number, row.tracking_number or "") for row in rows],
    }.items():
        if meaning in columns and cells.rounded([number for _, number in numbers]):
            at, number = next((at, number) for at, number in numbers if number.isdigit() and len(number) > 15)
            because = (
                f"{number} and all long numbers of the column end in zeros after 15 digits: a spreadsheet lost them"
            )
            faults.append(Fault(at, columns[meaning].shown, f"{because}: {again}"))
    carriers = {row.carrier for row in rows}
    for carrier in carriers:
        mine = [(row.number, row.tracking_number) for row in rows if row.carrier == carrier and row.tracking_number]
        length, short = cells.shortened([number for _, number in mine])
        for at, number in mine:
            if number in short:
                because = (
                    f"{number} has {len(number)} digits, the others have {length}: a spreadsheet takes leading zeros"
                )
                faults.append(Fault(at, columns["tracking"].shown, f"{because} away: {again}"))
    return faults
