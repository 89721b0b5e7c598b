"""Landlock: which files a process may still reach, and that it reaches no TCP port and no process outside.

Own code because `landlock` on PyPI is a development release that knows neither signals nor sockets. landlock(7).
"""

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_VERSION, _PATH_BENEATH = 1, 1
#: the first ABI that knows a right: files as of 1, REFER, TRUNCATE, IOCTL_DEV, TCP, abstract sockets and signals
_FILES = ((1, 0x1FFF), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_NETWORK, _SCOPES = 0x3, 0x3
NETWORK_SINCE, SCOPES_SINCE = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("directory", ctypes.c_int32))


def abi(libc: ctypes.CDLL) -> int:
    """The kernel's Landlock ABI; 0 when it has none, or it is switched off."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def ruleset(libc: ctypes.CDLL, paths: Mapping[Path, int]) -> int:
    """A descriptor of the rules: `paths` with their rights, a directory with all beneath it; all else is refused.

    Paths that do not exist are left out.

    Raises:
        OSError: the kernel refuses.
    """
    version = abi(libc)
    attributes = _Ruleset(
        sum(rights for since, rights in _FILES if version >= since),
        _NETWORK if version >= NETWORK_SINCE else 0,
        _SCOPES if version >= SCOPES_SINCE else 0,
    )
    # an older kernel accepts the longer structure because what it does not know is zero
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    rules = int(libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, ctypes.c_uint32(0)))
    if rules < 0:
        raise OSError(ctypes.get_errno(), "Landlock refuses the rules")
    for path, rights in paths.items():
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            allowed = rights if path.is_dir() else rights & ~READ_DIR
            rule = _Beneath(allowed, place)
            if libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0)):
                raise OSError(ctypes.get_errno(), "Landlock refuses a rule", str(path))
        finally:
            os.close(place)
    return rules


def restrict(libc: ctypes.CDLL, rules: int) -> None:
    """Put this thread and what it starts under the rules, for good; `no_new_privs` must be set.

    Raises:
        OSError: the kernel refuses.
    """
    if libc.syscall(_RESTRICT_SELF, rules, ctypes.c_uint32(0)):
        raise OSError(ctypes.get_errno(), "Landlock refuses to restrict this process")
