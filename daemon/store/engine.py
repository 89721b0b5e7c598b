"""Open the database: one file in the state directory, brought to the newest schema first."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import DaemonError

_JOURNAL = {"jobs", "attempts", "ledger"}


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
        command.upgrade(config, "head")
    except (sqlite3.Error, OSError) as error:
        raise DaemonError(f"{path}: the database cannot be opened: {error}") from error


def _check(path: Path) -> None:
    """Refuse a damaged journal. Assets and artworks are left out: reading gigabytes would delay each start."""
    connection = sqlite3.connect(path)
    try:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in _JOURNAL & known:
            (verdict,) = connection.execute(f"PRAGMA quick_check({table})").fetchone()
            if verdict != "ok":
                raise DaemonError(f"{path} is damaged ({verdict}): restore it from a backup, or move it away")
    finally:
        connection.close()


def open_engine(path: Path) -> AsyncEngine:
    """An engine whose every commit is on disk when it returns (WAL, `synchronous=FULL`)."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), pool_size=4)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # pysqlite would begin transactions by itself, and late: BEGIN is ours
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]

    return engine
