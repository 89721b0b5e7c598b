"""What this machine gives labeld: clock, disk, database, fonts, libraries, and how render processes are confined."""

import importlib
import importlib.metadata
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from ...renderers.zpl.fonts import missing
from ..rendering import confine
from ..wall_clock import SENSIBLE_YEAR, clock_synchronised
from .finding import Finding, Mark, fault, ok, warning

MIB = 1024 * 1024
#: free space below which labels are in danger, and below which it is time to act
_FULL, _SCARCE = 50 * MIB, 500 * MIB
#: free room in the database that is worth telling how to have it back
_UNUSED = 1024 * MIB
_ROOT = "run labeld doctor as labeld's user or as root to know more"
_QUICK_CHECK_SECONDS = 8.0
_LIBRARIES = {"pypdfium2": "PDF", "zxingcpp": "barcodes", "cups": "CUPS"}
_PACKAGES = {"zxingcpp": "zxing-cpp", "cups": "pycups"}


# --- clock


def judge_clock(now: float, synchronised: bool | None, doubt: str | None = None) -> Finding:
    """The clock: `useful_until` and all timelines rest on it; `doubt` is the daemon's."""
    shown = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC"
    advice = "systemctl enable --now systemd-timesyncd (or chrony)"
    if datetime.fromtimestamp(now, UTC).year < SENSIBLE_YEAR:
        return fault("clock", f"{shown} cannot be right", f"set it, then {advice}")
    if doubt is not None:
        return warning("clock", f"{shown}; {doubt}", advice)
    if synchronised is None:
        return warning("clock", f"{shown}; the kernel does not tell whether it is synchronised", "timedatectl tells")
    if not synchronised:
        return warning("clock", f"{shown}, not synchronised: labels may be taken for too old", advice)
    return ok("clock", f"{shown}, synchronised")


async def clock(doubt: str | None = None) -> list[Finding]:
    """Look at the clock."""
    return [judge_clock(time.time(), clock_synchronised(), doubt)]


# --- disk and database


def judge_disk(place: Path, free: int, because: str | None) -> Finding:
    """The state directory: `free` bytes, and why it cannot be written, if so."""
    where = f"{place}: {_size(free)} free"
    if because is not None:
        return fault("disk", f"{where}, but it cannot be written: {because}", "no label is accepted until it can")
    if free < _FULL:
        return fault("disk", where, "make room: a database that cannot grow accepts no label")
    if free < _SCARCE:
        return warning("disk", where, "make room soon; a label takes about 30 KB")
    return ok("disk", f"{where}, writable")


def disk(directory: Path) -> list[Finding]:
    """Try to write in the state directory; blocking."""
    try:
        free = shutil.disk_usage(directory).free
    except FileNotFoundError:
        advice = "it is made at the first start; check state_directory"
        return [warning("disk", f"{directory} does not exist", advice)]
    except OSError as error:
        return [warning("disk", f"{directory}: {error.strerror}", _ROOT)]
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except PermissionError:
        return [warning("disk", f"{directory}: {_size(free)} free; may not be written by this user", _ROOT)]
    except OSError as error:
        return [judge_disk(directory, free, error.strerror or str(error))]
    return [judge_disk(directory, free, None)]


def database(path: Path, *, running: bool | None) -> list[Finding]:
    """The ledger's size, and where no daemon has it, whether it is whole; blocking.

    Args:
        path: the SQLite file.
        running: whether a daemon has it open; None: not known, and it is left alone.
    """
    try:
        size = sum(one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists())
        if not path.exists():
            return [ok("database", f"{path} will be made at the first start")]
    except PermissionError:
        return [warning("database", f"{path} may not be read by this user", _ROOT)]
    if running is not False:
        words = f"{path}: {_size(size)}, in use by the daemon, which checked it at its start"
        return [judge_space(words, *_space(path))]
    found = _integrity(path, size)
    return [judge_space(found.found, *_space(path))] if found.mark is Mark.OK else [found]


def judge_space(words: str, free: int, shrinks: bool) -> Finding:
    """The database's room: `free` bytes of the file are used again; it may give them back while it is in use."""
    words = f"{words}; {_size(free)} of it free" if free else words
    if free >= _UNUSED and not shrinks:
        advice = "it is used again; to have the room back, see docs/operations.md (Disk)"
        return warning("database", f"{words}, and it does not shrink by itself", advice)
    return ok("database", words)


def _space(path: Path) -> tuple[int, bool]:
    """Free bytes, and whether the file shrinks; none are free where it cannot be asked."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            pages, size, mode = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("freelist_count", "page_size", "auto_vacuum")
            )
        finally:
            connection.close()
    except sqlite3.Error:
        return 0, True
    return pages * size, mode != 0


def _integrity(path: Path, size: int) -> Finding:
    advice = "restore it from a backup, or move it away to begin anew"
    deadline = time.monotonic() + _QUICK_CHECK_SECONDS
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if time.monotonic() > deadline:
            return ok("database", f"{path}: {_size(size)}, too large to be checked in {_QUICK_CHECK_SECONDS:g} s")
        return fault("database", f"{path} cannot be opened: {error}", advice)
    except sqlite3.Error as error:
        return fault("database", f"{path} is damaged: {error}", advice)
    if verdict != "ok":
        return fault("database", f"{path} is damaged: {verdict}", advice)
    return ok("database", f"{path}: {_size(size)}, whole")


def _size(size: int) -> str:
    return f"{size / 1024 / MIB:.1f} GiB" if size >= 1024 * MIB else f"{size / MIB:.1f} MiB"


# --- what rendering needs


@dataclass(frozen=True, slots=True)
class Libraries:
    """What could be loaded, with versions; why the rest could not; and programs that are not there."""

    loaded: Sequence[str]
    failed: Sequence[str]
    absent: Sequence[str]


def judge_fonts(packages: Iterable[str]) -> Finding:
    """Fonts that ZPL's text is drawn in; `packages` are those that are missing."""
    lacking = " ".join(packages)
    if lacking:
        return warning("fonts", "other faces stand in for some of ZPL's fonts", f"apt install {lacking}")
    return ok("fonts", "all faces for ZPL's fonts are installed")


def judge_libraries(found: Libraries) -> Finding:
    """The libraries without which nothing is drawn, and poppler, which helps them."""
    if found.failed:
        return fault("libraries", "; ".join(found.failed), "install labeld again: pip install -r requirements.lock")
    if found.absent:
        words = f"{', '.join(found.loaded)}; no {' and no '.join(found.absent)}"
        return warning("libraries", f"{words}: no second opinion on PDF files", "apt install poppler-utils")
    return ok("libraries", ", ".join([*found.loaded, "poppler"]))


def judge_sandbox(lacks: Sequence[str]) -> Finding:
    """How render processes are confined; `lacks` are what the kernel cannot do."""
    if lacks:
        return warning("sandbox", "; ".join(lacks), "a kernel of 6.12 or newer has all of it")
    return ok("sandbox", "Landlock and a system call filter confine render processes")


def libraries() -> Libraries:
    """Load the libraries; blocking."""
    loaded, failed = [], []
    for module, purpose in _LIBRARIES.items():
        try:
            importlib.import_module(module)
        except (ImportError, OSError) as error:
            failed.append(f"{module} ({purpose}) cannot be loaded: {error}")
        else:
            package = _PACKAGES.get(module, module)
            loaded.append(f"{package} {importlib.metadata.version(package)}")
    absent = [program for program in ("pdfinfo", "pdftoppm") if shutil.which(program) is None]
    return Libraries(loaded, failed, absent)


def rendering() -> list[Finding]:
    """Fonts, libraries and sandbox; blocking."""
    return [judge_fonts(missing()), judge_libraries(libraries()), judge_sandbox(confine.lacks())]
