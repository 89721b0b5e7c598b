"""Open the database: one file in the state directory, brought to the newest schema first."""

import logging
import sqlite3
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import DaemonError

log = logging.getLogger(__name__)

_JOURNAL = ("jobs", "attempts", "ledger")
#: of a large journal as much is checked at the start as this takes
_CHECK_SECONDS = 4.0
#: `auto_vacuum` in which free pages are given back when that is asked for
INCREMENTAL = 2
#: databases up to this size are rewritten at the start to be able to; of larger ones that would take long
_REWRITTEN_BYTES = 64 << 20
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    # the log goes into the database each 1000 pages, and is cut to this where a long reader let it grow
    "wal_autocheckpoint=1000",
    f"journal_size_limit={16 << 20}",
    # what is deleted is overwritten
    "secure_delete=ON",
)


def migrate(path: Path) -> None:
    """Create or upgrade the database at `path`; blocking, run it before the loop serves anybody.

    Raises:
        DaemonError: the file is damaged, locked by another labeld, or cannot be written.
    """
    config = Config()
    config.set_main_option("script_location", "labeld.daemon.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = URL.create("sqlite", database=str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            _check(path)
        _let_shrink(path)
        command.upgrade(config, "head")
    except (sqlite3.Error, OSError) as error:
        raise DaemonError(f"{path}: the database cannot be opened: {error}") from error


def _let_shrink(path: Path) -> None:
    """Let a new or small database give back free pages (`auto_vacuum`); a large one is left as it is."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
        if mode != INCREMENTAL and path.stat().st_size <= _REWRITTEN_BYTES:
            connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
            connection.execute("VACUUM")
    finally:
        connection.close()


def _check(path: Path) -> None:
    """Refuse a damaged journal. Assets and artworks are left out: reading gigabytes would delay each start."""
    deadline = time.monotonic() + _CHECK_SECONDS
    connection = sqlite3.connect(path)
    try:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        for table in _JOURNAL:
            if table in known and time.monotonic() < deadline:
                _check_table(connection, path, table)
    except sqlite3.OperationalError:
        if time.monotonic() < deadline:
            raise
        log.info("%s is large: it was checked for %g s, and looked whole", path, _CHECK_SECONDS)
    finally:
        connection.close()


def _check_table(connection: sqlite3.Connection, path: Path, table: str) -> None:
    (verdict,) = connection.execute(f"PRAGMA quick_check({table})").fetchone()
    if verdict != "ok":
        raise DaemonError(f"{path} is damaged ({verdict}): restore it from a backup, or move it away")


def open_engine(path: Path) -> AsyncEngine:
    """An engine whose every commit is on disk when it returns (WAL, `synchronous=FULL`)."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), pool_size=4)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # pysqlite would begin transactions by itself, and late: BEGIN is ours
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]

    return engine
