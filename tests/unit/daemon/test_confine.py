"""What a process that a document has taken over tries: every attempt is made for real, and fails."""

import errno
import os
import platform
import re
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from labeld.daemon.rendering import confine, seccomp

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(bool(confine.lacks()), reason="; ".join(confine.lacks()))

#: forks as the fork server does, and runs an attempt in the child; the program's output is the attempt's outcome
HARNESS = """
import ctypes, mmap, os, resource, signal, socket, subprocess, sys
from dataclasses import replace
from pathlib import Path
from labeld.daemon.rendering import confine

secret, port, attempt, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getpid()

def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

if how.startswith("ABI "):
    confine.landlock.abi = lambda libc: int(how[4:])
sandbox = confine.prepare(1 << 30)
child = os.fork()
if not child:
    os.setsid()
    if how == "confined" or how.startswith("ABI "):
        confine.enter(sandbox)
    elif how == "old kernel":
        confine.enter(replace(sandbox, rules=None))
    try:
        exec(attempt)
        print("done", flush=True)
    except (MemoryError, OSError, ValueError) as error:
        print(type(error).__name__, flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
try:
    # what is left of it holds the output open, and the test would wait for ever
    os.killpg(child, signal.SIGKILL)
except ProcessLookupError:
    pass
if os.WIFSIGNALED(status):
    print("killed by", signal.Signals(os.WTERMSIG(status)).name)
"""

ATTEMPTS = {
    "the state directory is read": "secret.read_bytes()",
    "the state directory is listed": "os.listdir(secret.parent)",
    "accounts are read": "Path('/etc/passwd').read_bytes()",
    "its own environment is read": "Path('/proc/self/environ').read_bytes()",
    "its own memory is opened": "os.open('/proc/self/mem', os.O_RDONLY)",
    "the daemon's environment is read": "Path(f'/proc/{parent}/environ').read_bytes()",
    "the root directory is listed": "os.listdir('/')",
    "a file is written": "(secret.parent / 'new').write_bytes(b'x')",
    "a file is changed": "secret.open('r+b')",
    "a file is emptied": "os.truncate(secret, 0)",
    "a file is removed": "secret.unlink()",
    "a file is renamed": "secret.rename(secret.parent / 'other')",
    "a file gets another mode": "secret.chmod(0o777)",
    "a directory is made": "(secret.parent / 'folder').mkdir()",
    "a link is made": "(secret.parent / 'link').symlink_to(secret)",
    "a module is planted": "(Path(confine.__file__).parents[2] / 'renderers' / 'planted').write_bytes(b'')",
    "a TCP port is reached": "socket.create_connection(('127.0.0.1', port))",
    "a TCP port is opened": "socket.create_server(('127.0.0.1', 0))",
    "a UDP packet leaves": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "a Unix socket is made": "socket.socket(socket.AF_UNIX)",
    "a shell is started": "subprocess.run(['/bin/sh', '-c', 'exit 0'])",
    "Python is started": "subprocess.run([sys.executable, '-c', ''])",
    "the loader starts a shell": "subprocess.run([next(p for p, l in confine._libraries([Path('/bin/sh')]) if l),"
    " '/bin/sh', '-c', 'exit 0'], stderr=2).check_returncode()",
    "the daemon is signalled": "os.kill(parent, 0)",
    "the process group is left": "if os.fork():\n os.wait()\n os._exit(0)\nos.setsid()",
    "another process group is joined": "if os.fork():\n os.wait()\n os._exit(0)\nos.setpgid(0, 0)",
    "a limit is raised elsewhere": "resource.prlimit(parent, resource.RLIMIT_CORE)",
}
#: what only Landlock keeps from happening; all else fails on a kernel without it, too
LANDLOCK_ALONE = {
    "the state directory is read",
    "the state directory is listed",
    "accounts are read",
    "its own environment is read",
    "its own memory is opened",
    "the daemon's environment is read",
    "the root directory is listed",
    "a shell is started",
    "Python is started",
    "the loader starts a shell",
}
#: of x86_64 and aarch64, with arguments that do no harm: ENOSYS, EINVAL or EFAULT would be the answer without a filter
CALLS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "open_by_handle_at": (304, 265),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "shmget": (29, 194),
    "execveat": (322, 281),
    "personality": (135, 92),
}


def outcome(attempt: str, directory: Path, how: str = "confined") -> str:
    """What became of an attempt, in one word or two."""
    secret = directory / "labeld.sqlite3"
    secret.write_bytes(b"a buyer's address")
    command = [sys.executable, "-W", "ignore", "-c", HARNESS, str(secret), "9", attempt, how]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / ".src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("attempt", [pytest.param(code, id=name) for name, code in ATTEMPTS.items()])
def test_a_confined_process_cannot(attempt: str, tmp_path: Path) -> None:
    assert outcome(attempt, tmp_path) in {"PermissionError", "CalledProcessError"}
    assert (tmp_path / "labeld.sqlite3").read_bytes() == b"a buyer's address"
    assert list(tmp_path.iterdir()) == [tmp_path / "labeld.sqlite3"]


@pytest.mark.parametrize("name", sorted(ATTEMPTS.keys() - LANDLOCK_ALONE))
def test_a_kernel_without_landlock_prevents(name: str, tmp_path: Path) -> None:
    assert outcome(ATTEMPTS[name], tmp_path, "old kernel") == "PermissionError"


@pytest.mark.parametrize("abi", [1, 2, 3, 4, 5, 6])
def test_an_older_landlock_prevents_the_same(abi: int, tmp_path: Path) -> None:
    for name in (
        "the state directory is read",
        "a file is emptied",
        "a TCP port is reached",
        "the daemon is signalled",
    ):
        assert outcome(ATTEMPTS[name], tmp_path, f"ABI {abi}") == "PermissionError", name


@pytest.mark.parametrize("name", ["the state directory is read", "a shell is started", "the daemon is signalled"])
def test_the_same_succeeds_without_the_sandbox(name: str, tmp_path: Path) -> None:
    assert outcome(ATTEMPTS[name], tmp_path, "free") == "done"


@pytest.mark.parametrize("name", CALLS)
def test_a_confined_process_may_not_call(name: str, tmp_path: Path) -> None:
    number = CALLS[name][("x86_64", "aarch64").index(platform.machine())]
    assert outcome(f"call({number}, 0, 0, 0, 0, 0)", tmp_path) == "PermissionError"


def test_what_rendering_needs_is_allowed(tmp_path: Path) -> None:
    needs = """
import colorsys, threading  # modules that are not loaded yet
with open(os.memfd_create("document"), "wb") as memory:
    memory.write(bytes(1 << 20))
    memory.flush()
    assert Path(f"/proc/{os.getpid()}/fd/{memory.fileno()}").read_bytes() == bytes(1 << 20)
thread = threading.Thread(target=os.getpid)
thread.start()
thread.join()
for program in ("pdfinfo", "pdftoppm"):
    done = subprocess.run([program, "-v"], capture_output=True)
    assert b"version" in done.stderr, done.stderr
"""
    if not shutil.which("pdfinfo"):
        pytest.skip("poppler is not on this machine")
    assert outcome(needs, tmp_path) == "done"


LIMITS = {
    "memory": ("bytearray(2 << 30)", "MemoryError"),
    "descriptors": ("[os.dup(1) for _ in range(100)]", "OSError"),
    "files in memory": ("memory = os.memfd_create('x')\nwhile True: os.write(memory, bytes(1 << 20))", "OSError"),
    "limits": ("resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))", "ValueError"),
    "processor": ("confine.allow_processor(0.1)\nwhile True: pass", f"killed by {signal.SIGXCPU.name}"),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_there_is_a_limit_on(limit: str, tmp_path: Path) -> None:
    attempt, end = LIMITS[limit]
    assert outcome(attempt, tmp_path) == end


def test_a_fork_bomb_is_bounded_and_ends_with_its_group(tmp_path: Path) -> None:
    bomb = """
# the limit does not hold for root, so root tries as somebody else
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
confine.enter(replace(sandbox, processes=confine._tasks() + 20))
for _ in range(1000):
    if not os.fork():
        while True:
            signal.pause()
"""
    assert outcome(bomb, tmp_path, "free") == "BlockingIOError"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86_64 only")
@pytest.mark.parametrize(
    "call",
    [
        pytest.param("call(0x40000000 + 39)", id="x32"),
        pytest.param(
            "code = mmap.mmap(-1, 4096, prot=7); code.write(bytes.fromhex('b814000000cd80c3'));"
            "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()",
            id="i386",
        ),
    ],
)
def test_a_call_of_another_architecture_kills(call: str, tmp_path: Path) -> None:
    assert outcome(call, tmp_path) == f"killed by {signal.SIGSYS.name}"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_decides(machine: str) -> None:
    number = seccomp.numbers(machine)
    own, other = (0xC000003E, 0xC00000B7) if machine == "x86_64" else (0xC00000B7, 0xC000003E)
    allow, kill, refuse, missing = 0x7FFF0000, 0x80000000, 0x50000 + errno.EPERM, 0x50000 + errno.ENOSYS
    for signals in (True, False):
        code = seccomp.program(machine, signals=signals)
        assert len(code) // 8 < 4096
        assert _decide(code, other, number["read"]) == kill
        assert _decide(code, own, number["read"]) == allow
        assert _decide(code, own, CALLS["ptrace"][machine == "aarch64"]) == refuse
        assert _decide(code, own, 462) == missing
        assert _decide(code, own, number["clone3"]) == missing
        assert _decide(code, own, number["clone"], 0x01200011) == allow
        assert _decide(code, own, number["clone"], 0x10000011) == refuse
        assert _decide(code, own, number["clone"], 0x00008011) == refuse
        assert _decide(code, own, number["fcntl"], 3, 4) == allow
        for send_signals in (8, 10, 15):  # F_SETOWN, F_SETSIG, F_SETOWN_EX
            assert _decide(code, own, number["fcntl"], 3, send_signals) == refuse
        assert _decide(code, own, number["openat"], 0, 0, os.O_RDONLY | os.O_CLOEXEC) == allow
        for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC):
            assert _decide(code, own, number["openat"], 0, 0, flags) == refuse
        assert _decide(code, own, number["ioctl"], 2, 0x5401) == allow
        assert _decide(code, own, number["ioctl"], 2, 0x5412) == refuse  # TIOCSTI types into a terminal
        assert _decide(code, own, number["prlimit64"], 0) == allow
        assert _decide(code, own, number["prlimit64"], 1) == refuse
        assert _decide(code, own, number["kill"], 1) == (allow if signals else refuse)
        assert _decide(code, own, number["tgkill"], os.getpid()) == allow
        assert _decide(code, own, number["tgkill"], 1) == (allow if signals else refuse)
        if machine == "x86_64":
            assert _decide(code, own, 0x40000000 + number["read"]) == kill


def _decide(code: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel's BPF machine makes of a call (linux/filter.h), as far as the filter uses it."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    steps = list(struct.iter_unpack("=HBBI", code))
    place = accumulator = 0
    while True:
        operation, yes, no, value = steps[place]
        place += 1
        if operation == 0x06:  # return
            return int(value)
        if operation == 0x20:  # load
            (accumulator,) = struct.unpack_from("=I", data, value)
        else:
            tests = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}
            place += yes if tests[operation] else no


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_numbers_of_system_calls_are_the_kernels(machine: str) -> None:
    headers = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}
    header = Path("/usr/include") / headers[machine]
    if not header.exists():
        pytest.skip("the kernel's headers are not on this machine")
    official = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", header.read_text()))
    # asm-generic names two by their 32-bit history
    official |= {"newfstatat": official.get("fstatat", official.get("newfstatat", ""))}
    assert {name: str(number) for name, number in seccomp.numbers(machine).items()} == {
        name: official[name] for name in seccomp.numbers(machine)
    }
