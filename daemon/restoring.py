"""A state directory is filled from a backup, unless there is newer state in it, or somebody works with it."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from . import backup
from .backup import DATABASE, BackupFailed
from .errors import DatabaseRefused
from .lock import lock
from .messages import iso
from .store.copying import marked, sync
from .store.engine import check_schema
from .tiktok.vault import OWN_KEY, write_secret

_SQLITE = b"SQLite format 3\0"
_NEWEST = "SELECT max(updated_at) FROM jobs"
_OPEN = "SELECT count(*) FROM jobs WHERE state IN ('pending', 'pending-held', 'processing', 'processing-stopped')"


@dataclass(frozen=True, slots=True)
class Put:
    """What was restored: of when it is (Unix seconds), its open jobs, and where what was there before is kept."""

    backup_at: float
    open_jobs: int
    printers: int
    replaced: Path | None


def restore(source: Path, state: Path, now: float) -> Put:
    """Fill `state` from a backup, or from a database that an upgrade kept; all is checked before anything is replaced.

    The database is put in its place last and in one step. One that was there is kept beside it. labeld holds what was
    open in it when it is started.

    Args:
        source: the file.
        state: the state directory; made where there is none.
        now: Unix seconds.

    Raises:
        BackupFailed: it is no backup, damaged or of a newer labeld, or the state there is newer.
        DaemonError: labeld runs.
    """
    with lock(state):
        try:
            with tempfile.TemporaryDirectory(prefix=".restore-", dir=state) as room:
                return _restore(source, state, Path(room), now)
        except OSError as error:
            raise BackupFailed(f"{state}: cannot be restored: {error.strerror or error}") from error


def _restore(source: Path, state: Path, room: Path, now: float) -> Put:
    draft = room / DATABASE
    printers: list[Path] = []
    key: Path | None = None
    if _is_database(source):
        shutil.copyfile(source, draft)
        sync(draft)
    else:
        with backup.opened(source) as (manifest, tar):
            (room / backup.PRINTERS).mkdir()
            for name in manifest.files:
                backup.extract(source, manifest, tar, name, room / name)
                if name.startswith(backup.PRINTERS):
                    printers.append(room / name)
                elif name == OWN_KEY:
                    key = room / name
    try:
        check_schema(draft)
    except DatabaseRefused as error:
        raise BackupFailed(str(error).replace(str(draft), str(source))) from error
    backup_at, open_jobs, newest = _look(source, draft)
    replaced = _set_aside(state, newest, now)
    for printer in printers:
        folder = state / backup.PRINTERS
        folder.mkdir(mode=0o700, exist_ok=True)
        printer.replace(folder / printer.name)
        sync(folder)
    if key is not None:
        _add_key(key.read_text(), state / OWN_KEY)
    made = state / f"{DATABASE}.made"
    made.touch(mode=0o600)
    draft.replace(state / DATABASE)
    sync(state)
    _give_to_owner(state)
    return Put(backup_at, open_jobs, len(printers), replaced)


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise BackupFailed(f"{path}: cannot be read: {error.strerror}") from error


def _look(source: Path, draft: Path) -> tuple[float, int, float]:
    """When a copy was made, how many jobs are open in it, and when one changed last."""
    with closing(sqlite3.connect(draft)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (open_jobs,) = connection.execute(_OPEN).fetchone()
        (newest,) = connection.execute(_NEWEST).fetchone()
    at = marked(version)
    if at is None:
        # without its mark what is open in it would be printed again
        raise BackupFailed(f"{source} is a database in use, and no copy that labeld made: use labeld backup")
    return at, int(open_jobs), newest or 0.0


def _set_aside(state: Path, newest: float, now: float) -> Path | None:
    """Keep the database that is there under another name, with its log; refused where it is newer than the backup."""
    there = state / DATABASE
    if not there.exists():
        # SQLite would take a log that was left for the log of the new database
        for end in ("-wal", "-shm"):
            there.with_name(DATABASE + end).unlink(missing_ok=True)
        return None
    aside = there.with_name(f"{DATABASE}.before-restore-{int(now)}")
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(there)) as connection:
        # of one that is damaged nothing is known, and it is replaced
        (last,) = connection.execute(_NEWEST).fetchone()
        if last is not None and last > newest:
            raise BackupFailed(
                f"{there} has labels of {iso(last)}, and the newest in the backup is of {iso(newest)}: nothing is "
                f"restored. To go back all the same, move {there} and its -wal away"
            )
    for end in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            there.with_name(DATABASE + end).replace(aside.with_name(aside.name + end))
    return aside


def _add_key(restored: str, own: Path) -> None:
    """Have the keys of a backup open what they sealed; those that are there stay."""
    there = own.read_text() if own.exists() else ""
    lines = dict.fromkeys(line for line in (restored + "\n" + there).splitlines() if line.strip())
    write_secret(own, "\n".join(lines) + "\n", replace=True)


def _give_to_owner(state: Path) -> None:
    """Let labeld's user have what root wrote: what is in the directory belongs to whom the directory does."""
    owner = state.stat()
    if os.geteuid() != 0:
        return
    for folder, _, files in os.walk(state):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
