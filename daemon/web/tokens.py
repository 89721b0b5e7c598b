"""Tokens that open the page and the API: `tokens.json` in the state directory keeps their SHA-256 only.

A token is 256 random bits, so that a plain digest is as good as a slow one: there is nothing to guess.
"""

import contextlib
import hashlib
import json
import logging
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ...config.errors import ConfigError
from ...config.section import Name
from ..tiktok.vault import write_secret

log = logging.getLogger(__name__)

#: what every token begins with, so that scanners for secrets find it
PREFIX = "labeld_"
_BYTES = 32
#: of a token that somebody sends
MAX_LENGTH = 200
_MOST = 1000
_DIGEST = 64


class Role(StrEnum):
    """What a token is good for."""

    VIEWER = "viewer"
    SUBMITTER = "submitter"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept; `made_at` is Unix seconds."""

    name: Name
    role: Role
    digest: str
    made_at: float


_LIST = TypeAdapter(list[Token])


def place(state_directory: Path) -> Path:
    """The file of tokens."""
    return state_directory / "tokens.json"


def new() -> str:
    """A token that nobody has."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def read(path: Path) -> list[Token]:
    """The tokens of a file, none where there is no file.

    Raises:
        ConfigError: it cannot be read, or is no file of tokens.
    """
    try:
        found = _LIST.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError([f"{path}: cannot read who may come in: {error.strerror}"]) from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise ConfigError([f"{path}: is no file of tokens: {where}: {fault['msg']}"]) from None
    if any(len(one.digest) != _DIGEST for one in found) or len({one.name for one in found}) != len(found):
        raise ConfigError([f"{path}: is no file of tokens: a name is there twice, or a digest is not one"])
    return found


def write(path: Path, tokens: Iterable[Token]) -> None:
    """Keep tokens: the file is whole at any time, and only its owner, who has the folder too, can read it.

    Raises:
        OSError: it cannot be written.
        ValueError: there are too many.
    """
    kept = [asdict(one) for one in tokens]
    if len(kept) > _MOST:
        raise ValueError(f"there are {_MOST} tokens already: revoke some")
    write_secret(path, json.dumps(kept, indent=1) + "\n", replace=True)
    owner = path.parent.stat()
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)


class Tokens:
    """The tokens in force: the file is read again when it changed, so that a revoked one is out at once.

    Raises:
        ConfigError: at first the file cannot be used; later nobody is let in, and the log says why.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._known: Mapping[str, Token] = {}
        read(path)

    def of(self, token: str) -> Token | None:
        """The token that somebody sends."""
        return self.with_digest(digest_of(token)) if len(token) <= MAX_LENGTH else None

    def with_digest(self, digest: str) -> Token | None:
        """The token with a digest."""
        self._look()
        return self._known.get(digest)

    def __bool__(self) -> bool:
        self._look()
        return bool(self._known)

    def _look(self) -> None:
        seen: tuple[int, ...] = ()
        with contextlib.suppress(OSError):
            now = self._path.stat()
            seen = (now.st_ino, now.st_mtime_ns, now.st_size)
        if seen != self._seen:
            # one that cannot be read lets nobody in
            self._seen, self._known = seen, {}
            try:
                self._known = {one.digest: one for one in read(self._path)}
            except ConfigError as error:
                log.warning("nobody can come in: %s", error)
