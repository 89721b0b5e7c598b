"""A list of the system calls that rendering needs, as a seccomp-bpf filter; all others fail with EPERM.

Own code because `pyseccomp` (last release 2021) needs libseccomp.so.2 on the host: what depends on an optional library
may be silently absent. seccomp(2), linux/filter.h, linux/seccomp.h.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

#: name, number on x86_64, number on aarch64 (`-`: there is none)
_ALLOWED = """
read 0 63           write 1 64          readv 19 65         writev 20 66        pread64 17 67       lseek 8 62
close 3 57          close_range 436 436 dup 32 23           dup2 33 -           dup3 292 24         pipe 22 -
pipe2 293 59        poll 7 -            ppoll 271 73        select 23 -         pselect6 270 72
fstat 5 80          stat 4 -            lstat 6 -           newfstatat 262 79   statx 332 291       access 21 -
faccessat 269 48    faccessat2 439 439  readlink 89 -       readlinkat 267 78   getdents 78 -       getdents64 217 61
getcwd 79 17        statfs 137 43       fstatfs 138 44      fadvise64 221 223   ftruncate 77 46     umask 95 166
brk 12 214          mmap 9 222          munmap 11 215       mremap 25 216       mprotect 10 226     madvise 28 233
mincore 27 232      membarrier 324 283  fork 57 -           vfork 58 -          execve 59 221       exit 60 93
exit_group 231 94   wait4 61 260        waitid 247 95       futex 202 98        sched_yield 24 124  rseq 334 293
set_robust_list 273 99  get_robust_list 274 100  set_tid_address 218 96  arch_prctl 158 -  sched_getaffinity 204 123
sched_getparam 143 121  sched_getscheduler 145 120  getpriority 140 141  getcpu 309 168  getpid 39 172
getppid 110 173     gettid 186 178      getuid 102 174      geteuid 107 175     getgid 104 176      getegid 108 177
getresuid 118 148   getresgid 120 150   getgroups 115 158   getpgrp 111 -       getpgid 121 155     getsid 124 156
capget 125 90       uname 63 160        sysinfo 99 179      times 100 153       getrlimit 97 163    setrlimit 160 164
getrusage 98 165    time 201 -          gettimeofday 96 169 clock_gettime 228 113  clock_getres 229 114
nanosleep 35 101    clock_nanosleep 230 115  getrandom 318 278  rt_sigaction 13 134  rt_sigprocmask 14 135
rt_sigreturn 15 139 rt_sigpending 127 136  rt_sigsuspend 130 133  rt_sigtimedwait 128 137  sigaltstack 131 132
restart_syscall 219 128  pause 34 -
"""
#: those that are allowed with some arguments only
_CHECKED = """
open 2 -            openat 257 56       clone 56 220        clone3 435 435      ioctl 16 29         prctl 157 167
fcntl 72 25         prlimit64 302 261   memfd_create 319 279  kill 62 129       tkill 200 130       tgkill 234 131
"""
#: calls from this number on are younger than the lists: ENOSYS, so that libraries fall back on older ones
_YOUNGER = 451

_COLUMNS = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # AUDIT_ARCH_*, linux/audit.h
_X32 = 0x40000000

# writing in any way: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_WRITING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; and PARENT, whose children nobody here waits for
_NAMESPACES = 0x7E020000 | 0x8000
# F_DUPFD to F_SETLKW, F_OFD_*LK, F_DUPFD_CLOEXEC, F_*PIPE_SZ, F_*_SEALS; not F_SETOWN and F_SETSIG, which send signals
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032, 1033, 1034)
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONCLEX, FIOCLEX
_PRCTLS = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA
_MEMFD_FLAGS = 0x1 | 0x2 | 0x8  # CLOEXEC, ALLOW_SEALING, NOEXEC_SEAL

_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_PR_SET_SECCOMP, _FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def supported(libc: ctypes.CDLL) -> bool:
    """Whether the kernel filters system calls, and there is a filter for this machine."""
    if platform.machine() not in _COLUMNS or sys.maxsize < 2**32:
        return False
    # a kernel that can filter looks for the program, and finds none
    return libc.prctl(_PR_SET_SECCOMP, _FILTER, None, 0, 0) == -1 and ctypes.get_errno() == errno.EFAULT


def numbers(machine: str) -> dict[str, int]:
    """System call numbers by name on `machine`, of all calls that are allowed or checked."""
    column, _ = _COLUMNS[machine]
    words = (_ALLOWED + _CHECKED).split()
    rows = zip(words[::3], zip(words[1::3], words[2::3], strict=True), strict=True)
    return {name: int(row[column]) for name, row in rows if row[column] != "-"}


def program(machine: str, *, signals: bool) -> bytes:
    """The filter as BPF instructions; `signals`: something else bounds whom a signal reaches."""
    number, (_, architecture) = numbers(machine), _COLUMNS[machine]
    code = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, architecture), _end(_KILL), (_LOAD, 0, 0, 0)]
    if machine == "x86_64":
        code += [(_JUMP_FROM, 0, 1, _X32), _end(_KILL)]
    code += [(_JUMP_FROM, 0, 1, _YOUNGER), _end(_ERRNO | errno.ENOSYS)]
    for name in _ALLOWED.split()[::3]:
        if name in number:
            code += _when(number[name], [_end(_ALLOW)])
    themselves: list[tuple[int, int, int, int]] = [_end(_ALLOW)] if signals else _among(0, (os.getpid(),))
    checked = {
        "open": _without(1, _WRITING),
        "openat": _without(2, _WRITING),
        "clone": _without(0, _NAMESPACES),
        "clone3": [_end(_ERRNO | errno.ENOSYS)],  # its flags are behind a pointer; libraries fall back on clone
        "fcntl": _among(1, _FCNTLS),
        "ioctl": _among(1, _IOCTLS),
        "prctl": _among(0, _PRCTLS),
        "prlimit64": _among(0, (0,)),
        "memfd_create": _without(1, 0xFFFFFFFF & ~_MEMFD_FLAGS),
        "kill": [_end(_ALLOW)] if signals else [_end(_ERRNO | errno.EPERM)],
        "tkill": [_end(_ALLOW)] if signals else [_end(_ERRNO | errno.EPERM)],
        "tgkill": themselves,
    }
    for name in _CHECKED.split()[::3]:
        if name in number:
            code += _when(number[name], checked[name])
    code.append(_end(_ERRNO | errno.EPERM))
    return b"".join(struct.pack("=HBBI", operation, yes, no, value) for operation, yes, no, value in code)


def install(libc: ctypes.CDLL, *, signals: bool) -> None:
    """Filter this thread and what it starts, for good; `no_new_privs` must be set.

    Raises:
        OSError: the kernel refuses.
    """
    code = program(platform.machine(), signals=signals)
    filter_program = _Program(len(code) // 8, code)
    if libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(filter_program), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp refuses the filter")


def _end(result: int) -> tuple[int, int, int, int]:
    return _RETURN, 0, 0, result


def _when(number: int, then: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    return [(_JUMP_EQUAL, 0, len(then), number), *then]


def _among(argument: int, values: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Allow when the low half of the argument is one of `values`."""
    tests = [step for value in values for step in _when(value, [_end(_ALLOW)])]
    return [(_LOAD, 0, 0, 16 + 8 * argument), *tests, _end(_ERRNO | errno.EPERM)]


def _without(argument: int, bits: int) -> list[tuple[int, int, int, int]]:
    """Allow when the low half of the argument has none of `bits`."""
    return [
        (_LOAD, 0, 0, 16 + 8 * argument),
        (_JUMP_ANY_BIT, 0, 1, bits),
        _end(_ERRNO | errno.EPERM),
        _end(_ALLOW),
    ]
