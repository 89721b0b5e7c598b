"""A CUPS server of its own on loopback, with queues to printers that keep what they get; everything here blocks."""

import os
import pwd
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Media

from .harness import PATIENCE, free_port, program

_CUPS_FILES = """\
ServerRoot {folder}/root
CacheDir {folder}/cache
StateDir {folder}/state
RequestRoot {folder}/spool
TempDir {folder}/spool/tmp
DocumentRoot {folder}/root
AccessLog {folder}/access_log
ErrorLog {folder}/error_log
PageLog {folder}/page_log
Sandboxing relaxed
"""
_CUPSD = """\
Listen 127.0.0.1:{port}
LogLevel {level}
Browsing No
DefaultAuthType None
WebInterface No
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
_PRINTER = """\
ATTR keyword media-supported {media}
ATTR keyword media-default {media}
ATTR keyword media-ready {media}
ATTR collection media-size-supported {{ MEMBER integer x-dimension {width} MEMBER integer y-dimension {length} }}
ATTR collection media-col-default {{
  MEMBER collection media-size {{ MEMBER integer x-dimension {width} MEMBER integer y-dimension {length} }}
}}
ATTR integer media-top-margin-supported 0
ATTR integer media-bottom-margin-supported 0
ATTR integer media-left-margin-supported 0
ATTR integer media-right-margin-supported 0
ATTR resolution printer-resolution-supported {dpi}dpi
ATTR resolution printer-resolution-default {dpi}dpi
ATTR resolution pwg-raster-document-resolution-supported {dpi}dpi
ATTR keyword pwg-raster-document-type-supported sgray_8
ATTR keyword print-color-mode-supported monochrome
ATTR keyword print-color-mode-default monochrome
ATTR keyword sides-supported one-sided
ATTR mimeMediaType document-format-supported application/octet-stream,{takes}
"""


class Cups:
    """A running cupsd with files, a port and a message bus of its own, as a user that is not root."""

    def __init__(self, log_level: str = "debug") -> None:
        self._stack = ExitStack()
        self._log_level = log_level
        self.port = free_port()
        self.folder = Path()
        self.options: dict[str, Any] = {}
        self._lprint = 0
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        cupsd, bus_daemon = program("cupsd"), program("dbus-daemon")
        # not tmp_path, into which only its owner may look
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        bus = f"unix:path={self.folder}/bus"
        self.options = {
            "cwd": self.folder,
            # ippeveprinter wants a bus to announce itself on, if nobody listens there
            "env": {
                "HOME": str(self.folder),
                "TMPDIR": str(self.folder),
                "PATH": f"{os.environ['PATH']}:/usr/sbin",
                "CUPS_SERVER": self.server,
                "DBUS_SYSTEM_BUS_ADDRESS": bus,
            },
        }
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.make_folders("root", "cache", "state", "spool", "spool/tmp")
        (self.folder / "cups-files.conf").write_text(_CUPS_FILES.format(folder=self.folder))
        (self.folder / "cupsd.conf").write_text(_CUPSD.format(port=self.port, level=self._log_level))
        try:
            self.start(bus_daemon, "--session", f"--address={bus}", "--nofork", "--nopidfile")
            wait_until((self.folder / "bus").exists, "there is a bus")
            self._server = self.start(
                cupsd, "-f", "-c", f"{self.folder}/cupsd.conf", "-s", f"{self.folder}/cups-files.conf"
            )
            wait_until(self._listens, "cupsd listens")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def make_folders(self, *names: str) -> None:
        """Make folders that its user owns."""
        for name in names:
            (self.folder / name).mkdir(exist_ok=True)
            if "user" in self.options:
                os.chown(self.folder / name, self.options["user"], self.options["group"])

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start a program that ends with it."""
        log = self._stack.enter_context((self.folder / f"{Path(command[0]).name}.log").open("ab"))
        process = subprocess.Popen(command, stdout=log, stderr=log, **self.options)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Keep it from answering anybody."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send_signal(signal.SIGCONT)

    def run(self, *command: str) -> str:
        """Run a command of CUPS; gives what it printed."""
        done = self._done(command)
        assert done.returncode == 0, done.stderr
        return str(done.stdout, "utf-8")

    def add(self, queue: str, uri: str, model: str, *options: str) -> None:
        """Add a queue that gives up on errors."""
        extra = (argument for option in ("printer-error-policy=abort-job", *options) for argument in ("-o", option))
        self.run("lpadmin", "-p", queue, "-E", "-v", uri, "-m", model, *extra)

    def add_ipp_printer(self, queue: str, takes: str, dpi: int, media: str = "na_index-4x6_4x6in") -> str:
        """Start an IPP Everywhere printer, which keeps its documents in a folder called `queue`; gives its URI."""
        stock = Media.parse(media)
        about = {"media": media, "width": stock.width, "length": stock.length, "dpi": dpi, "takes": takes}
        configuration = self.folder / f"{queue}.conf"
        configuration.write_text(_PRINTER.format(**about))
        self.make_folders(queue)
        at = free_port()
        # a command in place of the seconds that it pretends to print for
        keep = ("-r", "off", "-c", program("true"), "-k", "-d", f"{self.folder}/{queue}", "-a", str(configuration))
        self.start(program("ippeveprinter"), *keep, "-p", str(at), queue)
        uri = f"ipp://localhost:{at}/ipp/print"
        self.add_everywhere(queue, uri, at)
        return uri

    def add_lprint_printer(self, queue: str, behind: str, dpi: int) -> None:
        """Add a queue to a printer of LPrint's, a Zebra with 4x6 in stock at the URI `behind`; LPrint starts with the
        first."""
        if not self._lprint:
            at = free_port()
            options = f"server-port={at} server-options=no-tls spool-directory={self.folder}/lprint log-file=-"
            settings = (argument for option in options.split() for argument in ("-o", option))
            self.start(program("lprint"), "server", *settings)
            wait_until(partial(answers, at), "lprint listens")
            self._lprint = at
        model, stock = f"zpl_4inch-{dpi}dpi-dt", "na_index-4x6_4x6in"
        ready = ("-o", f"media-ready={stock}", "-o", f"media-default={stock}")
        system = f"ipp://localhost:{self._lprint}/ipp/system"
        self.run("lprint", "add", "-u", system, "-d", queue, "-m", model, "-v", behind, *ready)
        self.add_everywhere(queue, f"ipp://localhost:{self._lprint}/ipp/print/{queue}", self._lprint)

    def add_everywhere(self, queue: str, uri: str, port: int) -> None:
        """Add a queue that learns from its printer how to draw."""
        # cupsd asks it once, and in vain if it is too early
        wait_until(partial(answers, port), f"{queue} listens")
        self.add(queue, uri, "everywhere")
        wait_until((self.folder / f"root/ppd/{queue}.ppd").exists, "the queue knows its printer")

    def documents(self, queue: str) -> list[bytes]:
        """What the printer of `add_ipp_printer` has kept, oldest first."""
        paths = [path for path in (self.folder / queue).iterdir() if path.suffix != ".prn"]  # what its command printed
        return [path.read_bytes() for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]

    def unfinished(self, queue: str) -> str:
        """The jobs of a queue that have not ended, as lpstat says."""
        return self.run("lpstat", "-W", "not-completed", "-o", queue)

    @property
    def errors(self) -> str:
        """What cupsd found wrong."""
        lines = (self.folder / "error_log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if line.startswith("E "))

    def _listens(self) -> bool:
        done = self._done(("lpstat", "-r"))
        return done.returncode == 0 and b"not" not in done.stdout

    def _done(self, command: Iterable[str]) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run([*command], capture_output=True, timeout=PATIENCE, check=False, **self.options)


class Catcher:
    """A raw port 9100 that keeps what each connection brought."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.caught: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                data = bytearray()
                while chunk := connection.recv(65536):
                    data += chunk
            self.caught.append(bytes(data))


def answers(port: int) -> bool:
    """Whether something listens at a port of localhost."""
    try:
        socket.create_connection(("localhost", port), PATIENCE).close()
    except OSError:
        return False
    return True


def wait_until(reached: Callable[[], object], what: str) -> None:
    """Wait, or fail the test."""
    end = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > end:
            pytest.fail(f"waited in vain until {what}")
        time.sleep(0.05)


def raster_page(data: bytes) -> Bitmap:
    """The page of a PWG raster (PWG 5102.4) of 8-bit grey."""
    (page,) = raster_pages(data)
    return page


def raster_pages(data: bytes) -> list[Bitmap]:
    """The pages of a PWG raster (PWG 5102.4) of 8-bit grey."""
    assert data[:4] == b"RaS2"
    pages = []
    at = 4
    while at < len(data):
        width, height, _, depth, _, per_row = struct.unpack_from(">6I", data, at + 372)
        assert (depth, per_row) == (8, width)
        rows, at = np.full((height, width), 255, np.uint8), at + 1796
        row = 0
        while row < height:
            times, x, at = data[at] + 1, 0, at + 1
            while x < width:
                count, at = data[at], at + 1
                if count > 128:
                    count = 257 - count
                    rows[row, x : x + count] = np.frombuffer(data, np.uint8, count, at)
                    at += count
                elif count < 128:
                    count += 1
                    rows[row, x : x + count] = data[at]
                    at += 1
                else:
                    count = width - x
                x += count
            rows[row + 1 : row + times] = rows[row]
            row += times
        pages.append(Bitmap.from_grey(rows))
    return pages
