"""Takes tables of labels: each row becomes a label event, and all of them are committed together or none is."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ...config.section import nearest
from ...config.settings import Settings
from ..errors import EventRejected
from ..events import LabelEvent, digest, from_file, from_json
from ..intake import Intake
from ..store import Accepted
from . import rows, table
from .columns import Column, is_known
from .rows import Fault, Reading, Row

#: which column a field of a label event comes from
_FIELDS = {
    "asset.url": "link",
    "asset.tiktok.shop": "shop",
    "asset.tiktok.package_id": "package",
    "package_id": "package",
    "shop_id": "shop",
    "order_ids": "order",
    "tracking_number": "tracking",
    "asset.content": "file",
}


class Result(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is meant where a row does not say it."""

    shop: str | None = None
    station: str | None = None
    printer: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row: in words, and with its job where that is there."""

    number: int
    result: Result
    message: str
    row: Row | None = None
    column: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of a table; `imported` where it is on disk."""

    imported: bool
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows become what."""
        counted = Counter(str(one.result) for one in self.outcomes)
        return {result: counted[result] for result in Result}

    @property
    def faults(self) -> list[Outcome]:
        """The rows with errors."""
        return [one for one in self.outcomes if one.result is Result.ERROR]


def read(data: bytes) -> Reading:
    """What a table asks for.

    Raises:
        TableRefused: it is none.
    """
    return rows.read(table.read(data, is_known))


class Importer:
    """Takes tables.

    Args:
        settings: those in force now.
        intake: where events go.
    """

    def __init__(self, settings: Callable[[], Settings], intake: Intake) -> None:
        self._settings = settings
        self._intake = intake

    async def take(
        self,
        reading: Reading,
        labels: Mapping[str, bytes],
        defaults: Defaults,
        *,
        source: str,
        topic: str,
        dry_run: bool,
    ) -> Report:
        """Commit what a table asks for as a whole; with `dry_run`, or where a row is wrong, only say what would be.

        Args:
            reading: the table.
            labels: label files by name.
            defaults: for rows that do not say it.
            source: which way it came.
            topic: where it came from, for whoever looks for it.
            dry_run: nothing is to be kept.

        Raises:
            StoreUnavailable: nothing was committed.
        """
        made, faults = await asyncio.to_thread(self._events, reading, labels, defaults)
        faults += reading.faults
        events = [event for _, event in made]
        answers = await self._intake.several(events, source=source, topic=topic, dry_run=dry_run or bool(faults))
        refused = [_refused(row, answer, reading.columns) for (row, _), answer in zip(made, answers, strict=True)]
        imported = not dry_run and not faults and not any(refused)
        outcomes = [Outcome(one.number, Result.SKIPPED, one.because) for one in reading.passed]
        by_number = {row.number: row for row in reading.rows}
        for fault in faults:
            row = by_number.get(fault.number)
            outcomes.append(Outcome(fault.number, Result.ERROR, fault.because, row, fault.column))
        for (row, _), answer, wrong in zip(made, answers, refused, strict=True):
            if wrong is not None:
                outcomes.append(wrong)
            elif isinstance(answer, Accepted):
                outcomes.append(_accepted(row, answer, imported=imported))
        unused = sorted(labels.keys() - _named(reading.files, labels))
        notes = (*reading.notes, *([f"files that no row names: {', '.join(unused[:12])}"] if unused else []))
        return Report(imported, tuple(sorted(outcomes, key=lambda one: one.number)), notes)

    def _events(
        self, reading: Reading, labels: Mapping[str, bytes], defaults: Defaults
    ) -> tuple[list[tuple[Row, LabelEvent]], list[Fault]]:
        made, faults = [], []
        wrong = {fault.number for fault in reading.faults}
        settings = self._settings()
        names = {name.casefold(): name for name in labels}
        for row in reading.rows:
            if row.number in wrong:
                continue
            try:
                made.append((row, _event(_completed(row, defaults, settings), labels, names, settings)))
            except _Wrong as error:
                column = reading.columns.get(error.meaning)
                faults.append(Fault(row.number, column.shown if column else None, str(error)))
            except EventRejected as error:
                faults.append(Fault(row.number, _column(str(error), reading.columns), str(error)))
        return made, faults


class _Wrong(Exception):
    """A row that cannot become an event, for the sake of one of its cells."""

    def __init__(self, meaning: str, because: str) -> None:
        super().__init__(because)
        self.meaning = meaning


def _completed(row: Row, defaults: Defaults, settings: Settings) -> Row:
    """A row with what is meant where it does not say it."""
    printer, station = row.printer or None, row.station
    if printer is None and station is None:
        printer, station = defaults.printer, defaults.station
    if printer is not None and printer not in settings.names:
        raise _Wrong("printer", f"there is no printer or group {printer!r}{nearest(printer, settings.names)}")
    shop = row.shop or defaults.shop
    if shop is None and len(settings.tiktok.shops) == 1:
        shop = next(iter(settings.tiktok.shops))
    return replace(row, printer=printer, station=station, shop=shop)


def _event(row: Row, labels: Mapping[str, bytes], names: Mapping[str, str], settings: Settings) -> LabelEvent:
    """The label event of a completed row."""
    limit = settings.intake.max_asset_bytes
    said: dict[str, Any] = {
        "order_ids": list(row.order_ids),
        "package_id": row.package_id,
        "tracking_number": row.tracking_number,
        "carrier": row.carrier,
        "station": row.station,
        "printer": row.printer,
        "document_type": row.document_type,
        "copies": row.copies,
    }
    said = {name: value for name, value in said.items() if value is not None}
    if row.file is not None:
        name = names.get(row.file.casefold())
        if name is None:
            raise _Wrong("file", f"the file {row.file!r} did not come with the table: add it, or correct its name")
        return from_file(labels[name], json.dumps(said).encode(), printer=None, station=None, max_bytes=limit)
    if row.link is not None:
        said["asset"] = {"url": row.link}
        key = ["link", row.link, row.tracking_number, row.package_id]
    else:
        if row.shop is None:
            known = nearest("", settings.tiktok.shops)
            raise _Wrong(
                "shop", f"nothing says of which shop the package is: add a column 'shop', or choose one{known}"
            )
        said["asset"] = {"tiktok": {"shop": row.shop, "package_id": row.package_id}}
        key = ["package", row.shop, row.package_id, row.document_type]
    event = from_json("import", json.dumps(said).encode(), max_bytes=limit)
    return replace(event, identity=digest("import", json.dumps(key).encode()), bare=True)


def _refused(row: Row, answer: Accepted | EventRejected, columns: Mapping[str, Column]) -> Outcome | None:
    if isinstance(answer, Accepted):
        return None
    return Outcome(row.number, Result.ERROR, str(answer), row, _column(str(answer), columns))


def _column(because: str, columns: Mapping[str, Column]) -> str | None:
    """The column that a refused event's field came from."""
    field = because.split(":")[0].split(" ")[0]
    column = columns.get(_FIELDS.get(field, field))
    return column.shown if column else None


def _accepted(row: Row, accepted: Accepted, *, imported: bool) -> Outcome:
    job = accepted.job
    if accepted.duplicate:
        words = f"it came before as job {job.id}: nothing more is printed"
        return Outcome(row.number, Result.DUPLICATE, words, row, job=job.id)
    message = job.message if job.printer is None else f"for {job.printer}: {job.message}"
    return Outcome(row.number, Result.NEW, message, row, job=job.id if imported else None)


def _named(files: Iterable[str], labels: Sequence[str] | Mapping[str, bytes]) -> set[str]:
    """Those of the label files that are named."""
    wanted = {name.casefold() for name in files}
    return {name for name in labels if name.casefold() in wanted}
