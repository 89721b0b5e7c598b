"""One program at a time works in a state directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from .errors import DaemonError


@contextlib.contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Hold the state directory: two daemons on one database would print each label twice.

    Raises:
        DaemonError: another one has it, or it cannot be written.
    """
    path = directory / "labeld.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # for reading: one that is held on a disk that becomes read-only must not keep that from being mounted anew
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DaemonError(
            f"{path}: cannot be written: {error.strerror}; make room, or give the directory to labeld's user"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DaemonError(f"{directory} is in use by another labeld") from None
        yield
