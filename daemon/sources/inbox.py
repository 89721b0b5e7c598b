"""The files of a watched folder: what is there, its bytes, where it goes afterwards. All of it waits for the disk."""

import contextlib
import heapq
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import DaemonError

DONE, FAILED = "done", "failed"
#: files and subfolders that are looked at, each time
MOST_FILES, MOST_FOLDERS = 2000, 200
#: bytes of a file's name, with room for a time and an ending
_NAME_BYTES = 200
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".swp", "~")
_NO_LABELS = frozenset({"desktop.ini", "thumbs.db"})
_NO_STATIONS = frozenset({"system volume information", "lost+found"})
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class FolderTrouble(DaemonError):
    """The folder, or one in it, cannot be used; the message says what to do."""


class FileChanged(DaemonError):
    """A file is not any more what it was a moment ago."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the folder, or in the subfolder `room`; `stamp` changes whenever its bytes may have."""

    room: str
    name: str
    mode: int
    size: int
    modified: int
    stamp: tuple[int, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Where it is."""
        return self.room, self.name

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return printable(f"{self.room}/{self.name}" if self.room else self.name)


@dataclass(frozen=True, slots=True)
class Look:
    """What is in the folder now, oldest first, and what keeps the rest from being looked at."""

    entries: tuple[Entry, ...]
    troubles: tuple[str, ...] = ()


def printable(name: str) -> str:
    """A name without what a terminal would obey; bytes that are no UTF-8 are shown as such."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def kind_of(mode: int) -> str | None:
    """What something is in place of a file; None where it is one."""
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "symbolic link"), (stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"))
    return next((word for test, word in kinds if test(mode)), "device or socket")


class Inbox:
    """A folder, its subfolders, and `done` and `failed` in it. Links in it are never followed.

    It is looked at in turns: inotify(7) tells nothing of what other hosts write to a network share, nor of what came
    while nobody listened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def look(self) -> Look:
        """What is there now.

        Raises:
            FolderTrouble: the folder cannot be read, or files cannot be moved out of it.
        """
        with self._root() as root:
            for name in (DONE, FAILED):
                self._check(root, name)
            here = [one for one in self._list(root, "") if one.name not in (DONE, FAILED)]
            rooms = [one.name for one in here if stat.S_ISDIR(one.mode) and _may_be_station(one.name)]
            found = [one for one in here if not stat.S_ISDIR(one.mode)]
            troubles: list[str] = []
            for name in sorted(rooms)[:MOST_FOLDERS]:
                try:
                    with self._room(root, name) as room:
                        found += self._list(room, name)
                except FolderTrouble as error:
                    troubles.append(str(error))
        return Look(tuple(heapq.nsmallest(MOST_FILES, found, lambda one: (one.modified, one.key))), tuple(troubles))

    def read(self, entry: Entry) -> bytes:
        """The bytes of a file.

        Raises:
            FileChanged: somebody writes it, or it is another one by now.
            OSError: it cannot be read.
        """
        with self._root() as root, self._room(root, entry.room) as room:
            # a pipe that took its place would keep us waiting
            file = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=room)
            with os.fdopen(file, "rb") as opened:
                if _stamp(os.fstat(file)) != entry.stamp:
                    raise FileChanged(entry.shown)
                data = opened.read(entry.size + 1)
                if len(data) != entry.size or _stamp(os.fstat(file)) != entry.stamp:
                    raise FileChanged(entry.shown)
                return data

    def put_away(self, entry: Entry, place: str, now: float, note: tuple[str, str] | None = None) -> None:
        """Move a file to `done` or `failed`, beside others of its name; `note` is the ending and text of one with it.

        A file that is gone is none of ours any more. A note that cannot be written is left out.

        Raises:
            FolderTrouble: it cannot be moved.
        """
        with self._root() as root, self._room(root, entry.room) as room:
            try:
                with self._made(root, place) as top, self._made(top, entry.room) as target:
                    name = _free_name(target, entry.name, now)
                    if note is not None:
                        with contextlib.suppress(OSError):
                            _write(target, f"{name}.{note[0]}.txt", note[1])
                    with contextlib.suppress(FileNotFoundError):
                        os.rename(entry.name, name, src_dir_fd=room, dst_dir_fd=target)
            except OSError as error:
                where = self.path / place / entry.room
                because = (
                    f"{printable(str(where))}: {entry.shown} cannot be moved there: {error.strerror}; "
                    "labeld's user must own it, or be able to write it"
                )
                raise FolderTrouble(because) from error

    @contextlib.contextmanager
    def _root(self) -> Iterator[int]:
        try:
            root = os.open(self.path, _OPEN_FOLDER)
        except OSError as error:
            advice = "make it, or mount it" if isinstance(error, FileNotFoundError) else "let labeld's user read it"
            raise FolderTrouble(f"folder.path {self.path}: {error.strerror}; {advice}") from error
        try:
            yield root
        finally:
            os.close(root)

    @contextlib.contextmanager
    def _room(self, root: int, name: str) -> Iterator[int]:
        try:
            room = os.open(name or ".", _OPEN_FOLDER | (os.O_NOFOLLOW if name else 0), dir_fd=root)
        except OSError as error:
            raise FolderTrouble(f"{self._say(name)}: {error.strerror}; let labeld's user read and write it") from error
        try:
            yield room
        finally:
            os.close(room)

    @contextlib.contextmanager
    def _made(self, above: int, name: str) -> Iterator[int]:
        made = False
        if name:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=above)
                made = True
        opened = os.open(name or ".", _OPEN_FOLDER | (os.O_NOFOLLOW if name else 0), dir_fd=above)
        try:
            if made:
                _share(opened, above, 0o777)
            yield opened
        finally:
            os.close(opened)

    def _check(self, root: int, name: str) -> None:
        """That files can be moved there."""
        try:
            with self._made(root, name) as place:
                if os.access(".", os.W_OK | os.X_OK, dir_fd=place):
                    return
                because = "labeld's user may not write it"
        except OSError as error:
            because = error.strerror or str(error)
        advice = "nothing is taken before it can be moved there: give it to labeld's user, and name the folder in"
        raise FolderTrouble(f"{self.path / name}: {because}; {advice} ReadWritePaths= of its unit")

    def _list(self, room: int, name: str) -> list[Entry]:
        """What may be a label, or a subfolder, in one folder; it must be possible to move it out."""
        if not os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=room):
            raise FolderTrouble(
                f"{self._say(name)}: labeld's user may not write it: files could not be moved out of it"
            )
        found = []
        try:
            with os.scandir(room) as names:
                for one in names:
                    if _passed_over(one.name):
                        continue
                    # a file may be gone by now
                    with contextlib.suppress(FileNotFoundError):
                        about = os.stat(one.name, dir_fd=room, follow_symlinks=False)
                        stamp = _stamp(about)
                        found.append(Entry(name, one.name, about.st_mode, about.st_size, about.st_mtime_ns, stamp))
        except OSError as error:
            raise FolderTrouble(f"{self._say(name)}: {error.strerror}") from error
        return found

    def _say(self, name: str) -> str:
        return printable(str(self.path / name))


def _stamp(about: os.stat_result) -> tuple[int, ...]:
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, stat.S_IFMT(about.st_mode)


def _passed_over(name: str) -> bool:
    """Whether a name is one of what programs make for themselves, or of what is not whole yet."""
    low = name.lower()
    return low.startswith((".", "~")) or low.endswith(_UNFINISHED) or low in _NO_LABELS


def _may_be_station(name: str) -> bool:
    return not name.startswith(("$", "@", "#")) and name.lower() not in _NO_STATIONS


def _free_name(folder: int, name: str, now: float) -> str:
    """`name`, or with the time before its ending where there is one already."""
    stem, ending = Path(name).stem, Path(name).suffix
    if len(os.fsencode(ending)) > _NAME_BYTES // 4:
        stem, ending = name, ""
    stem = os.fsdecode(os.fsencode(stem)[: _NAME_BYTES - len(os.fsencode(ending))])
    name = stem + ending
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return name
    return f"{stem}.{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S.%fZ}{ending}"


def _write(folder: int, name: str, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "w", encoding="utf-8") as file:
        _share(file.fileno(), folder, 0o666)
        file.write(text + "\n")


def _share(made: int, like: int, mask: int) -> None:
    """Let who may use a folder use what is made in it, whatever the umask is."""
    about = os.fstat(like)
    with contextlib.suppress(OSError):  # a share that knows no owners
        os.fchown(made, -1, about.st_gid)
        os.fchmod(made, about.st_mode & mask)
