"""A process that has loaded the libraries and forks render processes from itself: much faster than starting Python.

It never reads a document. It is asked over a Unix socket on its stdin, one numbered packet per question: `fork` with
the socket that the new process is to serve, answered with its process id, or 0 when the system refuses; `end` with the
id of a process that must go, answered when it is gone. It ends when the daemon does, and takes every process group that
it made with it.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
import traceback
from typing import NoReturn

from . import confine

FORK, END = 1, 2
QUESTION = struct.Struct("=BII")  # kind, number of the question, process
ANSWER = struct.Struct("=II")  # number of the question, process

_PR_SET_PDEATHSIG = 1
#: all that `renderers.convert` needs, but `pypdfium2`: importing it starts PDFium, which every process does for itself
_PRELOADED = (
    "argparse",
    "numpy",
    "pdf2image",
    "PIL.Image",
    "pypdfium2_raw",
    "zxingcpp",
    "labeld.daemon.rendering.frames",
    "labeld.renderers.artwork",
    "labeld.renderers.image",
    "labeld.renderers.tone",
    "labeld.renderers.symbols.maxicode",
    "labeld.renderers.zpl.conversion",
)


class _Server:
    def __init__(self, control: socket.socket, sandbox: confine.Sandbox) -> None:
        self._control = control
        self._sandbox = sandbox
        self._children: set[int] = set()
        # a child that ends writes a byte to wake the loop
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    def run(self) -> None:
        """Serve until the daemon is gone."""
        try:
            while True:
                ready, _, _ = select.select([self._control.fileno(), self._woken], [], [])
                if self._woken in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                    self._reap()
                if self._control.fileno() in ready and not self._answer():
                    return
        finally:
            for child in list(self._children):
                self._end(child)

    def _answer(self) -> bool:
        try:
            question, descriptors, _, _ = socket.recv_fds(self._control, QUESTION.size, 1)
        except ConnectionResetError:  # the daemon ended with an answer of ours unread
            return False
        if len(question) < QUESTION.size:
            return False
        kind, number, child = QUESTION.unpack(question)
        if kind == FORK:
            (descriptor,) = descriptors
            try:
                child = self._fork(descriptor)
                self._children.add(child)
            except OSError:
                child = 0
            os.close(descriptor)
        elif child in self._children:
            self._end(child)
        try:
            self._control.send(ANSWER.pack(number, child))
        except OSError:
            return False
        return True

    def _fork(self, descriptor: int) -> int:
        server = os.getpid()
        child = os.fork()
        if child:
            return child
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # a taken-over process must hold nothing but its own socket
            self._control.close()
            for inner in (self._woken, self._waker):
                os.close(inner)
            os.setsid()
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() == server:
                _work(descriptor, self._sandbox)
        except ConnectionError:
            pass  # the daemon is gone, or does not want the answer any more
        except BaseException:  # noqa: BLE001 - whatever it is, the child must not become a second server
            traceback.print_exc()
        finally:
            os._exit(0)

    def _reap(self) -> None:
        for child in list(self._children):
            # a zombie keeps its id, so that what is left of its group can be ended before another has it
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._end(child)

    def _end(self, child: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self._children.discard(child)


def _work(descriptor: int, sandbox: confine.Sandbox) -> None:
    from . import worker  # starts PDFium

    os.nice(5)
    confine.enter(sandbox)
    worker.serve(descriptor)


def main() -> NoReturn:
    """Serve the daemon whose socket is stdin; the argument is the memory limit of a render process."""
    # stopping is the daemon's decision: Ctrl-C and systemd reach the whole group
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for name in _PRELOADED:
        importlib.import_module(name)
    sys.modules["PIL.Image"].init()
    sandbox = confine.prepare(int(sys.argv[1]))
    gc.collect()
    gc.freeze()
    # what a library prints must not end up anywhere but in the log
    sys.stdout = sys.stderr
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _Server(control, sandbox).run()
    os._exit(0)


if __name__ == "__main__":
    main()
