"""A watched folder as a source: a file that has come to rest is committed, and only then moved to `done`."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...config.sources import FolderSettings
from ..errors import EventRejected, StoreUnavailable
from ..importing import importer
from ..importing.importer import Defaults, Importer, Outcome, Report
from ..importing.table import MOST_BYTES, TableRefused
from ..intake import Intake
from ..store import Accepted
from .inbox import DONE, FAILED, Entry, FileChanged, FolderTrouble, Inbox, kind_of, printable

log = logging.getLogger(__name__)

SOURCE = "folder"
_EVENT = ".json"
_TABLES = frozenset({".csv", ".tsv"})
#: bytes of the label files of one table
_TABLE_LABEL_BYTES = 64 * 1024 * 1024
#: names of labels end so; what is in them is told by their bytes
_LABELS = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".zpl", ".txt", ".prn", ".b64", ".base64", ".epl", ".tspl"}
)


@dataclass(frozen=True, slots=True)
class _Rest:
    """How long something has been as it is: since two moments of the steady clock, that of its first look and now."""

    stamp: tuple[int, ...]
    since: float


class Folder:
    """Takes the files of a folder one after the other, oldest first.

    A file whose job is committed and that is not moved yet is known by its bytes when it is found again.
    """

    def __init__(
        self,
        settings: FolderSettings,
        path: Path,
        intake: Intake,
        importer: Importer,
        max_bytes: int,
        changed: Callable[[], None],
        wall: Callable[[], float],
        steady: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._inbox = Inbox(path)
        self._intake = intake
        self._importer = importer
        self._max_bytes = max_bytes
        self._changed = changed
        self._wall = wall
        self._steady = steady
        self._here: dict[tuple[str, str], Entry] = {}
        self._rests: dict[tuple[str, str], _Rest] = {}
        #: where files belong that are done with and could not be moved
        self._stuck: dict[tuple[str, str], tuple[tuple[int, ...], str, tuple[str, str] | None]] = {}
        self.trouble: str | None = None

    async def run(self) -> None:
        """Look and take until cancelled."""
        while True:
            troubles: list[str] = []
            try:
                look = await asyncio.to_thread(self._inbox.look)
                troubles += look.troubles
                troubles += await self._go_through(look.entries)
            except FolderTrouble as error:
                troubles.append(str(error))
            except StoreUnavailable:
                pass  # it is told by the store; the files wait
            self._tell(troubles)
            await asyncio.sleep(self._settings.poll_seconds)

    async def _go_through(self, entries: tuple[Entry, ...]) -> list[str]:
        """Take what is at rest; gives why other files stay where they are."""
        now = self._steady()
        here = self._here = {one.key: one for one in entries}
        self._rests = {key: self._rest(one, now) for key, one in here.items()}
        self._stuck = {key: stuck for key, stuck in self._stuck.items() if key in here}
        troubles = []
        sidecars = {_sidecar(one) for one in entries if _ending(one) in _LABELS} & here.keys()
        tables = {one.room for one in entries if _ending(one) in _TABLES}
        # a table first, and the labels beside it after it, for they may be its own
        for one in sorted(entries, key=lambda one: _ending(one) not in _TABLES):
            if one.key in sidecars or (one.room in tables and _ending(one) in _LABELS):
                continue
            sidecar = here.get(_sidecar(one)) if _ending(one) in _LABELS else None
            both = (one,) if sidecar is None else (one, sidecar)
            if all(self._still(each, now) >= self._settings.settle_seconds for each in both):
                try:
                    await self._take(one, sidecar, patient=self._still(one, now) < self._settings.patience_seconds)
                except FolderTrouble as error:
                    troubles.append(str(error))
                except StoreUnavailable:
                    raise
                except Exception as error:
                    # one file must not keep the others, and the daemon, from their work
                    log.exception("%s cannot be taken", one.key)
                    fault = type(error).__name__
                    troubles.append(f"{one.name}: labeld failed on it ({fault}): take it out of the folder")
        return troubles

    def _rest(self, entry: Entry, now: float) -> _Rest:
        known = self._rests.get(entry.key)
        return known if known is not None and known.stamp == entry.stamp else _Rest(entry.stamp, now)

    def _still(self, entry: Entry, now: float) -> float:
        """Seconds for which something was seen as it is now; at the first look it was never seen at rest."""
        since = self._rests[entry.key].since
        return now - since if since < now else -1.0

    async def _take(self, entry: Entry, sidecar: Entry | None, *, patient: bool) -> None:
        both = (entry,) if sidecar is None else (entry, sidecar)
        stuck = self._stuck.get(entry.key)
        if stuck is not None and stuck[0] == entry.stamp:
            await self._put_away(both, stuck[1], stuck[2])
            return
        if (because := self._unfit(entry)) is not None:
            await self._fail(both, because)
            return
        if _ending(entry) in _TABLES:
            await self._take_table(entry, patient=patient)
            return
        read = await self._bytes(both, patient=patient)
        if read is None:
            return
        try:
            accepted = await self._accept(entry, *read)
        except EventRejected as error:
            await self._fail(both, str(error))
        else:
            await self._put_away(both, DONE, _duplicate(accepted) if accepted.duplicate else None)

    async def _take_table(self, entry: Entry, *, patient: bool) -> None:
        """Take a table and the labels beside it that it names, as soon as all of them are there and at rest."""
        read = await self._bytes((entry,), patient=patient)
        if read is None:
            return
        try:
            reading = await asyncio.to_thread(importer.read, read[0])
        except TableRefused as error:
            await self._refuse_table((entry,), read[0], str(error))
            return
        wanted = {(entry.room, name.casefold()) for name in reading.files}
        beside = tuple(one for one in self._here.values() if (one.room, one.name.casefold()) in wanted)
        now = self._steady()
        rest = all(self._still(one, now) >= self._settings.settle_seconds for one in beside)
        if not rest or (patient and len(beside) < len(wanted)):
            return
        files = (entry, *beside)
        unfit = [f"{one.shown}: {because}" for one in beside if (because := self._unfit(one))]
        if sum(one.size for one in beside) > _TABLE_LABEL_BYTES:
            unfit.append(f"its label files are larger than {_TABLE_LABEL_BYTES} bytes together: split the table")
        if unfit:
            await self._refuse_table(files, read[0], unfit[0])
            return
        labels = await self._bytes(beside, patient=patient) if beside else []
        if labels is None:
            return
        room = printable(entry.room) or None
        meant = Defaults(printer=room) if self._settings.subfolders == "printer" else Defaults(station=room)
        given = {one.name: data for one, data in zip(beside, labels, strict=True)}
        topic = f"{SOURCE}/{entry.shown}"
        report = await self._importer.take(reading, given, meant, source=SOURCE, topic=topic, dry_run=False)
        if report.imported:
            await self._put_away(files, DONE, ("report", _told(report)))
        else:
            await self._refuse_table(files, read[0], _told(report))

    async def _refuse_table(self, files: tuple[Entry, ...], data: bytes, because: str) -> None:
        first = because.splitlines()[0]
        await self._intake.refuse(data, first, source=SOURCE, topic=f"{SOURCE}/{files[0].shown}")
        await self._fail(files, because)

    async def _bytes(self, files: tuple[Entry, ...], *, patient: bool) -> list[bytes] | None:
        """The bytes of a label, and of its fields; None where they are to be waited for, or refused by now."""
        entry = files[0]
        try:
            found = [await asyncio.to_thread(self._inbox.read, one) for one in files]
        except (FileChanged, FileNotFoundError):
            return None
        except OSError as error:
            if not patient:
                await self._fail(files, f"it cannot be read: {error.strerror}; let labeld's user read it")
            return None
        if patient and not _whole(found[0], entry):
            return None
        if _ending(entry) == _EVENT and not _is_event(found[0]):
            if not patient:
                label = printable(entry.name[: -len(_EVENT)])
                await self._fail(files, f"it is no event with an asset, and no label called {label} is beside it")
            return None
        return found

    async def _accept(self, entry: Entry, data: bytes, sidecar: bytes | None = None) -> Accepted:
        topic = f"{SOURCE}/{entry.shown}"
        if _ending(entry) == _EVENT:
            return await self._intake.json(data, source=SOURCE, topic=topic, redelivered=True)
        room = printable(entry.room) or None
        printer, station = (room, None) if self._settings.subfolders == "printer" else (None, room)
        return await self._intake.file(data, sidecar, source=SOURCE, topic=topic, printer=printer, station=station)

    def _unfit(self, entry: Entry) -> str | None:
        """Why something is no label by its looks."""
        if (kind := kind_of(entry.mode)) is not None:
            return f"it is a {kind}: put the file itself there"
        if _ending(entry) == _EVENT:
            return None
        if _ending(entry) in _TABLES:
            return f"it is {entry.size} bytes; the limit is {MOST_BYTES}: split it" if entry.size > MOST_BYTES else None
        if _ending(entry) not in _LABELS:
            return (
                "its name ends like no label's: .pdf, .png, .jpg, .tif, .zpl, .txt, .b64, "
                "or .json for an event, .csv for a table"
            )
        limit = self._max_bytes * 3 // 2
        if entry.size > limit:
            return f"it is {entry.size} bytes; the limit is {limit} (intake.max_asset_bytes)"
        return None

    async def _fail(self, entries: tuple[Entry, ...], because: str) -> None:
        log.warning("%s is refused: %s", entries[0].shown, because.splitlines()[0])
        await self._put_away(entries, FAILED, ("reason", because))

    async def _put_away(self, entries: tuple[Entry, ...], place: str, note: tuple[str, str] | None) -> None:
        entry, now = entries[0], self._wall()
        self._stuck[entry.key] = (entry.stamp, place, note)
        # a label that is left alone would be taken without its fields, those alone are waited for in vain
        for number, one in enumerate(entries):
            await asyncio.to_thread(self._inbox.put_away, one, place, now, None if number else note)
        del self._stuck[entry.key]

    def _tell(self, troubles: list[str]) -> None:
        trouble = troubles[0] if troubles else None
        if len(troubles) > 1:
            trouble = f"{trouble} (and {len(troubles) - 1} more)"
        if trouble != self.trouble:
            if trouble is None:
                log.info("the watched folder can be used again")
            else:
                log.error("%s", trouble)
            self.trouble = trouble
            self._changed()


def _is_event(data: bytes) -> bool:
    """Whether a JSON file tells of a label itself; what is no JSON is left to whoever says what is wrong with it."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return True
    return not isinstance(document, dict) or not document.keys().isdisjoint(("asset", "specversion"))


def _duplicate(accepted: Accepted) -> tuple[str, str]:
    """What lies beside a file that is not printed because it was there before."""
    job = accepted.job
    words = (
        f"this label came before and is not printed again: it is job {job.id}, {job.state}: {job.message}. "
        f"If it is still wanted, print it again at its job: /jobs/{job.id} on labeld's page"
    )
    return "duplicate", words


def _told(report: Report) -> str:
    """What became of a table's rows: all in one line, then those that are wrong, or each."""
    if report.imported:
        counted = ", ".join(f"{number} {result}" for result, number in report.counts.items() if number)
        return "\n".join([f"imported: {counted or 'no rows'}", *map(_line, report.outcomes)])
    lines = [_line(one) for one in report.faults]
    more = f" ({len(lines) - 1} more are wrong)" if len(lines) > 1 else ""
    return "\n".join(
        [
            f"{lines[0]}; nothing was imported{more}: correct the table, and put it here again with its labels",
            *lines[1:],
        ]
    )


def _line(one: Outcome) -> str:
    where = f", {one.column}" if one.column else ""
    return f"row {one.number}{where}: {one.result}: {one.message}"


def _ending(entry: Entry) -> str:
    with contextlib.suppress(ValueError):
        return entry.name[entry.name.rindex(".") :].lower()
    return ""


def _sidecar(entry: Entry) -> tuple[str, str]:
    """Where the fields of a label's event would be."""
    return entry.room, entry.name + _EVENT


def _whole(data: bytes, entry: Entry) -> bool:
    """Whether a file does not look cut off: a copy over a slow network may pause for longer than files rest."""
    tail = data[-1024:].rstrip()
    if not tail:
        return False
    if _ending(entry) == _EVENT:
        return tail.endswith(b"}")
    if _ending(entry) in _TABLES:
        return data.endswith((b"\n", b"\r", b"\n\0"))
    if data.startswith(b"%PDF"):
        return b"%%EOF" in tail
    if data.startswith(b"\x89PNG"):
        return b"IEND" in tail
    if b"^XA" in data[:4096]:
        return b"^XZ" in tail
    return True
