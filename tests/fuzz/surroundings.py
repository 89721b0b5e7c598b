"""What documents must leave alone: files, processes, and the memory of the process that serves them."""

import contextlib
import ctypes
import os
import stat
from pathlib import Path

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_MIB = 1 << 20
#: What the serving process may grow by: replies in flight, and what the fuzzer itself holds.
_MOST_GROWTH = 300 * _MIB


class Surroundings:
    """A private folder with a working directory, a TMPDIR and a state directory in it, watched from the start."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "stderr"
        for name in ("work", "tmp", "state", "home"):
            (root / name).mkdir(mode=0o700)
            (root / name / "label.txt").write_text("leave me alone")
        os.environ |= {"TMPDIR": str(root / "tmp"), "HOME": str(root / "home"), "STATE_DIRECTORY": str(root / "state")}
        os.chdir(root / "work")
        # all that the render processes print, so that it can be looked at
        self.log.touch()
        self._stderr = os.dup(2)
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        os.dup2(log, 2)
        os.close(log)
        # whoever loses his parent becomes a child of this process, and is seen
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._before = self._listing()
        self._outside = _temporary()
        self._begun = self._most = 0

    def close(self) -> None:
        """Give this process its stderr back."""
        os.dup2(self._stderr, 2)
        os.close(self._stderr)

    def weigh(self) -> None:
        """Look at this process's memory; the first look is what it is compared with."""
        now = psutil.Process().memory_info().rss
        self._begun = self._begun or now
        self._most = max(self._most, now)

    @property
    def memory(self) -> str:
        """This process's resident memory, in words."""
        now = psutil.Process().memory_info().rss
        return f"{self._begun // _MIB} MiB at first, {self._most // _MIB} MiB at most, {now // _MIB} MiB at last"

    @property
    def new_in_tmp(self) -> list[str]:
        """What this user has in /tmp since then; others of the same user may have put it there."""
        return sorted(_temporary() - self._outside)

    def faults(self) -> list[str]:
        """What is not as it was; for when the pool is closed."""
        # of what was killed with its parent nothing is left but its exit status, which comes to this process
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = psutil.Process().children(recursive=True)
        found = [f"a process is left: {child.pid} {child.name()}, {child.status()}" for child in left]
        now = self._listing()
        found += [
            f"{name} was changed" for name in sorted(self._before.keys() | now.keys()) if self._differs(name, now)
        ]
        if self._most - self._begun > _MOST_GROWTH:
            found.append(f"the memory of the serving process grew: {self.memory}")
        return found

    def _differs(self, name: str, now: dict[str, tuple[int, ...]]) -> bool:
        return self._before.get(name) != now.get(name)

    def _listing(self) -> dict[str, tuple[int, ...]]:
        """Every entry but the log, with what a change shows in."""
        listed: dict[str, tuple[int, ...]] = {}
        for path in self.root.rglob("*"):
            entry = path.lstat()
            size = entry.st_size if stat.S_ISREG(entry.st_mode) else 0
            if path != self.log:
                listed[str(path.relative_to(self.root))] = (entry.st_mode, size, entry.st_mtime_ns, entry.st_ino)
        return listed


def _temporary() -> set[str]:
    found = set()
    for entry in os.scandir("/tmp"):
        try:
            if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                found.add(entry.name)
        except OSError:
            continue
    return found
