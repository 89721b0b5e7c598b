"""Open the database: one file in the state directory, brought to the newest schema first."""

import contextlib
import logging
import sqlite3
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import DatabaseRefused, StoreUnavailable
from .copying import copy_database
from .health import with_advice

log = logging.getLogger(__name__)

_JOURNAL = ("jobs", "attempts", "ledger")
#: of a large journal as much is checked at the start as this takes
_CHECK_SECONDS = 4.0
#: how long another program may hold the database before the start is given up
_BUSY_SECONDS = 5.0
_ANEW = "restore it from a backup; to begin anew instead, move it and {} away"
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

    A file beside it says that there is a database, so that one that is gone is not replaced in silence: without it
    nobody would know what is printed already.

    Raises:
        DatabaseRefused: it is damaged, gone, another program's or of a newer labeld.
        StoreUnavailable: it is locked by another program, or the disk is full or cannot be written.
    """
    made = path.with_name(f"{path.name}.made")
    config = alembic(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            _check(path, made, ScriptDirectory.from_config(config))
        else:
            _check_absence(path, made)
        _keep_former(path, ScriptDirectory.from_config(config))
        _let_shrink(path)
        command.upgrade(config, "head")
        made.touch(mode=0o600)
    except (sqlite3.OperationalError, OperationalError, OSError) as error:
        because = with_advice(str(getattr(error, "orig", None) or error))
        raise StoreUnavailable(f"{path}: the database cannot be opened: {because}") from error
    except (sqlite3.DatabaseError, DatabaseError) as error:
        because = str(getattr(error, "orig", None) or error)
        raise DatabaseRefused(f"{path} is damaged ({because}): {_ANEW.format(made)}") from error


def alembic(path: Path) -> Config:
    """What Alembic has to know to work on the database at `path`."""
    config = Config()
    config.set_main_option("script_location", "labeld.daemon.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = URL.create("sqlite", database=str(path))
    return config


def check_schema(path: Path) -> None:
    """See that a database is one that this labeld can use.

    Raises:
        DatabaseRefused: it is another program's, of a newer labeld, or damaged.
    """
    _check(path, path.with_name(f"{path.name}.made"), ScriptDirectory.from_config(alembic(path)))


def _keep_former(path: Path, known: ScriptDirectory) -> None:
    """Copy a database that is about to be upgraded to `<path>.schema-<its schema>`; of these the last."""
    if not path.exists() or not path.stat().st_size:
        return
    with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall() if tables else []
    if not versions or versions == [(known.get_current_head(),)]:
        return
    copy = path.with_name(f"{path.name}.schema-{versions[0][0]}")
    copy.unlink(missing_ok=True)
    copy_database(path, copy, time.time())
    for former in path.parent.glob(f"{path.name}.schema-*"):
        if former != copy:
            former.unlink()
    log.info("%s is upgraded; as it was it is kept in %s", path, copy)


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


def _check_absence(path: Path, made: Path) -> None:
    """Refuse to make a database where one was. SQLite would delete the log of one that is gone."""
    unwritten = path.with_name(f"{path.name}-wal")
    for trace in (made, unwritten):
        if trace.exists() and (trace is made or trace.stat().st_size):
            what = "is empty" if path.exists() else "is gone"
            raise DatabaseRefused(
                f"{path} {what}, but {trace} says that there was a database: restore it from a backup; "
                f"to begin anew instead, remove {trace}; labels that come again are then printed again"
            )


def _check(path: Path, made: Path, known: ScriptDirectory) -> None:
    """Refuse what is no database of labeld's, of a newer one, or has a damaged journal.

    Assets and artworks are not looked through: reading gigabytes would delay each start.
    """
    deadline = time.monotonic() + _CHECK_SECONDS
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "alembic_version" not in tables:
            raise DatabaseRefused(f"{path} is the database of another program: correct state_directory")
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall() if tables else []
        for (version,) in versions:
            if version not in {script.revision for script in known.walk_revisions()}:
                raise DatabaseRefused(
                    f"{path} was written by a newer labeld (schema {version}; this one knows "
                    f"{known.get_current_head()}): install that version again"
                )
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        for table in tables.intersection(_JOURNAL):
            (verdict,) = connection.execute(f"PRAGMA quick_check({table})").fetchone()
            if verdict != "ok":
                words = " ".join(str(verdict).split())
                raise DatabaseRefused(f"{path} is damaged ({words}): {_ANEW.format(made)}")
    except sqlite3.OperationalError:
        if time.monotonic() <= deadline:
            raise
        log.info("%s is large: it was checked for %g s, and looked whole", path, _CHECK_SECONDS)
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
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]

    return engine
