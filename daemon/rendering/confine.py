"""What keeps a render process that a document has taken over from doing anything but answer.

Limits, no privileges, Landlock (files, TCP, signals) and seccomp (system calls), in this order, after the libraries
are loaded and before the first byte of a document. Programs that it starts (poppler) inherit all of it. No
namespaces: the systemd unit forbids them, and a container may.
"""

import ctypes
import math
import os
import resource
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from . import landlock, seccomp

_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES_VERSION_3 = 0x20080522
_FILES_OPEN = 32
#: processes above those that the user has already: poppler needs one at a time
_PROCESSES = 256
#: of the memory limit, what one file in memory may have: a document on its way to poppler
_FILE_SHARE = 16

_PROGRAMS = ("pdfinfo", "pdftoppm")
_READABLE = (
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/usr/share/fontconfig",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/poppler",
    "/var/cache/fontconfig",
)

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Made once, entered by each process: its limits, and a descriptor of its Landlock rules (None: no Landlock)."""

    memory_bytes: int
    processes: int
    rules: int | None


def lacks() -> tuple[str, ...]:
    """What this kernel or machine cannot do to confine a render process, one line each."""
    version, missing = landlock.abi(_libc), []
    if version == 0:
        missing.append("no Landlock: a taken-over render process could read the files of labeld's user")
    if not seccomp.supported(_libc):
        missing.append("no system call filter: Landlock and limits alone confine render processes")
        if version < landlock.NETWORK_SINCE:
            missing.append("Landlock is too old for networks: a taken-over render process could reach them")
        if version < landlock.SCOPES_SINCE:
            missing.append("Landlock is too old for signals: a taken-over render process could stop labeld")
    return tuple(missing)


def prepare(memory_bytes: int) -> Sandbox:
    """Look up what there is to allow. Starts `ldd`, so this is for a process that has read no document.

    Raises:
        OSError: the kernel has Landlock and refuses the rules.
    """
    rules = landlock.ruleset(_libc, _allowed()) if landlock.abi(_libc) else None
    return Sandbox(memory_bytes, _tasks() + _PROCESSES, rules)


def enter(sandbox: Sandbox) -> None:
    """Confine this process for good.

    Raises:
        OSError: a part that the kernel has cannot be had; the process must not go on.
    """
    for limit, value in (
        (resource.RLIMIT_AS, sandbox.memory_bytes),
        (resource.RLIMIT_FSIZE, sandbox.memory_bytes // _FILE_SHARE),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES_OPEN),
        (resource.RLIMIT_NPROC, sandbox.processes),
    ):
        _, most = resource.getrlimit(limit)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (value, value))
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    # root's processes lose root's powers, so that limits hold for them too
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    signals = False
    if sandbox.rules is not None:
        signals = landlock.abi(_libc) >= landlock.SCOPES_SINCE
        landlock.restrict(_libc, sandbox.rules)
        os.close(sandbox.rules)
    if seccomp.supported(_libc):
        seccomp.install(_libc, signals=signals)


def allow_processor(seconds: float) -> None:
    """From now on this process may use the processor for `seconds`, rounded up, and one more; then it is killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime + seconds) + 1, most))


def _allowed() -> dict[Path, int]:
    """Paths and their rights: poppler with its libraries, fonts, and Python's own modules; nothing can be written."""
    reading = landlock.READ_FILE | landlock.READ_DIR
    allowed = {Path(path): reading for path in _READABLE}
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        allowed[Path(sysconfig.get_path(name))] = reading
    allowed[Path(__file__).resolve().parents[2] / "renderers"] = reading
    programs = [Path(found) for name in _PROGRAMS if (found := shutil.which(name))]
    for path, loader in _libraries(programs):
        allowed[path] = reading | (landlock.EXECUTE if loader else 0)
    for path in programs:
        allowed[path] = landlock.READ_FILE | landlock.EXECUTE
    return allowed


def _libraries(programs: list[Path]) -> list[tuple[Path, bool]]:
    """The shared libraries of `programs`, and whether one is the loader that the kernel starts."""
    if not programs:
        return []
    try:
        # the same PATH that these programs were found in
        command = ["ldd", *map(str, programs)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return [(Path(place), True) for place in ("/lib", "/lib64", "/usr/lib", "/usr/local/lib")]
    found = []
    for line in listed.splitlines():
        name, arrow, place = line.strip().rpartition(" (")[0].partition(" => ")
        if (path := place if arrow else name).startswith("/"):
            found.append((Path(path), not arrow))
    return found


def _tasks() -> int:
    """How many processes and threads this user has, as RLIMIT_NPROC counts them."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == os.getuid():
                count += len(list((process / "task").iterdir()))
        except OSError:
            continue
    return count


def _check(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what} is refused")
