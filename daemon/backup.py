"""A backup is one tar file: the database as it was at a moment, the adopted printers, and a manifest with checksums."""

import hashlib
import importlib.metadata
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..config import adopted
from ..config.settings import Settings
from .errors import DaemonError
from .messages import iso
from .store.copying import copy_database, sync
from .tiktok.vault import OWN_KEY

DATABASE = "labeld.sqlite3"
MANIFEST = "manifest.json"
PRINTERS = "printers.d"
_CHUNK = 1 << 20
#: a manifest, or a printer's file, that is larger is none of labeld's
_SMALL = 1 << 20
_FORMAT = 1


class BackupFailed(DaemonError):
    """A backup cannot be made, read or restored; the message says why, and what to do."""


class Member(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True)

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(frozen=True)

    format: int
    labeld: str
    made_at: str
    site: str
    #: the newest step of the database's schema
    database_schema: str
    files: dict[str, Member]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made; `key` says in words what of the key for sealing is in it."""

    path: Path
    manifest: Manifest
    key: str


def name_of(site: str, at: float) -> str:
    """The file's name of a backup into a folder: those of a site sort by their times."""
    return f"labeld-{site}-{(iso(at) or '')[:19].replace(':', '')}Z.tar"


def make(settings: Settings, target: Path, at: float, *, with_key: bool) -> Made:
    """Write a backup of a state directory that may be in use; on disk, and there as a whole or not at all.

    Args:
        settings: where the state directory is, and whose site it is.
        target: a file that is not there yet, or a folder.
        at: now, Unix seconds.
        with_key: put labeld's own key in: who has the backup can then read the links and tokens that it sealed.

    Raises:
        BackupFailed: it cannot be made.
    """
    state = settings.state_directory
    target = target / name_of(settings.site, at) if target.is_dir() else target
    if target.exists():
        raise BackupFailed(f"{target} is there already: choose another name")
    if not (state / DATABASE).exists():
        raise BackupFailed(f"{state / DATABASE}: there is no database: correct state_directory, or run this as root")
    try:
        with tempfile.TemporaryDirectory(prefix=".labeld-backup-", dir=target.parent) as room:
            copy = Path(room, DATABASE)
            copy_database(state / DATABASE, copy, at)
            files = {DATABASE: copy, **{f"{PRINTERS}/{one.name}": one for one in adopted.files(adopted.folder(state))}}
            own = state / OWN_KEY
            if with_key and own.exists():
                files[OWN_KEY] = own
            manifest = Manifest(
                format=_FORMAT,
                labeld=importlib.metadata.version("labeld"),
                made_at=iso(at) or "",
                site=settings.site,
                database_schema=schema_of(copy),
                files={name: _member(path) for name, path in files.items()},
            )
            draft = Path(room, "draft")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                _write(out, manifest, files, at)
            sync(draft)
            _place(draft, target)
        sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{target}: the backup cannot be made: {error}") from error
    return Made(target, manifest, _of_key(own.exists(), with_key))


def _place(draft: Path, target: Path) -> None:
    """Give a file its name; refuses where somebody was quicker."""
    try:
        target.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:
        # FAT and some network shares have no links; a rename would replace
        if target.exists():
            raise
        draft.rename(target)


def _of_key(own: bool, with_key: bool) -> str:
    if not own:
        return "labeld has no key of its own: keep a copy of the one that is configured"
    if with_key:
        return f"{OWN_KEY} is in it: keep it as a secret"
    return f"{OWN_KEY} is not in it: links and tokens in it cannot be read without that file; --with-key puts it in"


def _member(path: Path) -> Member:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Member(bytes=size, sha256=digest.hexdigest())


def _write(out: IO[bytes], manifest: Manifest, files: dict[str, Path], at: float) -> None:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        told = (manifest.model_dump_json(indent=2) + "\n").encode()
        tar.addfile(_entry(MANIFEST, len(told), at), io.BytesIO(told))
        for name, path in files.items():
            with path.open("rb") as file:
                tar.addfile(_entry(name, manifest.files[name].bytes, at), file)


def _entry(name: str, size: int, at: float) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, int(at), 0o600
    return entry


def schema_of(database: Path) -> str:
    """The newest step of a database's schema.

    Raises:
        BackupFailed: it is no database of labeld's.
    """
    try:
        with closing(sqlite3.connect(database)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise BackupFailed(f"{database} is no database of labeld's: {error}") from error
    if row is None:
        raise BackupFailed(f"{database} is no database of labeld's: it has no schema")
    return str(row[0])


@contextmanager
def opened(path: Path) -> Iterator[tuple[Manifest, tarfile.TarFile]]:
    """A backup for reading, and its manifest.

    Raises:
        BackupFailed: it is none, of a newer labeld, or cannot be read.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            yield _manifest(path, tar), tar
    except (tarfile.TarError, EOFError) as error:
        raise BackupFailed(f"{path} is no backup of labeld's, or is damaged: {error}") from error
    except OSError as error:
        raise BackupFailed(f"{path}: {error.strerror or error}") from error


def _manifest(path: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    file = tar.extractfile(first) if first is not None and first.name == MANIFEST and first.size < _SMALL else None
    try:
        found = Manifest.model_validate_json(file.read() if file else b"")
    except ValidationError:
        raise BackupFailed(f"{path} is no backup of labeld's: it does not begin with a manifest") from None
    if found.format != _FORMAT:
        raise BackupFailed(f"{path} was made by a newer labeld ({found.labeld}): install that version")
    for name, member in found.files.items():
        folder, file_name = str(PurePosixPath(name).parent), PurePosixPath(name).name
        known = name in (DATABASE, OWN_KEY) or (folder == PRINTERS and file_name.endswith(".toml"))
        if not known or (name != DATABASE and member.bytes > _SMALL) or name != str(PurePosixPath(name)):
            raise BackupFailed(f"{path} is no backup of labeld's: {name!a} does not belong in one")
    if DATABASE not in found.files:
        raise BackupFailed(f"{path} is no backup of labeld's: it has no database")
    return found


def extract(path: Path, manifest: Manifest, tar: tarfile.TarFile, name: str, target: Path) -> None:
    """Write a file of a backup to `target`, which must not exist, and see that it is whole; only its owner may read it.

    Raises:
        BackupFailed: it is not whole.
        OSError: it cannot be written.
    """
    member, digest, size = manifest.files[name], hashlib.sha256(), 0
    try:
        entry = tar.getmember(name)
        source = tar.extractfile(entry) if entry.isreg() and entry.size == member.bytes else None
    except KeyError:
        source = None
    if source is None:
        raise BackupFailed(f"{path} is damaged: {name} is not in it as its manifest says")
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    if (size, digest.hexdigest()) != (member.bytes, member.sha256):
        raise BackupFailed(f"{path} is damaged: the checksum of {name} is another than its manifest says")
    sync(target)
