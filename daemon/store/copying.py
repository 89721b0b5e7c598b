"""A whole copy of a database that may be in use, and its mark: who starts from it must not trust what waited in it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

#: how long another program may hold the database
_BUSY_SECONDS = 30.0


def copy_database(source: Path, target: Path, at: float) -> None:
    """Write a copy of `source` as it is at this moment to `target`, which must not exist; on disk when this returns.

    It reads like any other reader, through the write-ahead log, and keeps no writer waiting. What is deleted is not in
    it (SQLite, VACUUM INTO). The copy is marked as one of `at`, Unix seconds.

    Raises:
        sqlite3.Error: it cannot be read, or is damaged.
        OSError: `target` exists, or cannot be written.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        uri = f"file:{quote(str(source.absolute()))}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        with closing(sqlite3.connect(target)) as connection:
            (mark,) = connection.execute("PRAGMA user_version").fetchone()
            # of a copy's copy the first time counts; minutes, as 32 bits of seconds end in 2038
            connection.execute(f"PRAGMA user_version = {mark or int(at // 60)}")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        sync(target)
        sync(target.parent)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if verdict != "ok":
        target.unlink()
        raise sqlite3.DatabaseError(f"the copy is damaged: {' '.join(str(verdict).split())}")


def marked(version: int) -> float | None:
    """When a database was copied of which this is the `user_version`, Unix seconds; None: it is no copy."""
    return version * 60.0 if version else None


def sync(path: Path) -> None:
    """Have a file or folder on disk.

    Raises:
        OSError: that failed.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
