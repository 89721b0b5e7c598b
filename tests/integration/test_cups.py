"""A ZPL label printed as PDF through a CUPS queue: what arrives at an IPP Everywhere printer shows the same label."""

import os
import pwd
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageFilter
from tests.unit.renderers.paper import barcode, dots

from labeld.renderers.asset import PDF, PNG, ZPL, Asset
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import Target, convert
from labeld.renderers.media import Media, Resolution
from labeld.renderers.zpl.graphic_field import encode

from .harness import PATIENCE, free_port, program

pytestmark = pytest.mark.peer

STOCK = Media.parse("4x6in")
#: Its name for printers (PWG 5101.1).
MEDIA = "na_index-4x6_4x6in"
#: Formats that the printers take, besides their resolutions; the queue draws for those that take no PDF.
PRINTERS = {"takes-pdf": ("application/pdf", 300), "draws-300": ("image/pwg-raster", 300)} | {
    f"draws-{dpi}": ("image/pwg-raster", dpi) for dpi in (203, 600)
}
CUPS_FILES = """\
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
CUPSD = """\
Listen 127.0.0.1:{port}
LogLevel debug
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
PRINTER = """\
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


class Queues(NamedTuple):
    """A running cupsd with a queue for each of `PRINTERS`, whose documents are kept in folders of their names."""

    folder: Path
    options: dict[str, Any]

    def run(self, *command: str) -> str:
        """Run a command of CUPS; gives what it printed."""
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, **self.options)
        assert done.returncode == 0, done.stderr
        return str(done.stdout, "utf-8")

    def printed(self, queue: str, pdf: bytes) -> bytes:
        """Print a PDF; gives the document that the printer had."""
        file = self.folder / "label.pdf"
        file.write_bytes(pdf)
        file.chmod(0o644)
        kept = self.folder / queue
        before = set(kept.iterdir())
        self.run("lp", "-d", queue, "-o", f"media={MEDIA}", "-o", "print-scaling=none", str(file))
        _wait_until(lambda: not self.run("lpstat", "-W", "not-completed", "-o", queue), "the job ends")
        found = {path for path in set(kept.iterdir()) - before if path.suffix != ".prn"}  # what its command printed
        log = (self.folder / "error_log").read_text(errors="replace")
        assert len(found) == 1, "\n".join(line for line in log.splitlines() if line.startswith("E "))
        return found.pop().read_bytes()


@pytest.fixture(scope="module")
def queues() -> Iterator[Queues]:
    """CUPS with files, a port and a message bus of its own, as a user that is not root."""
    cupsd, ippeveprinter = program("cupsd"), program("ippeveprinter")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        bus = f"unix:path={folder}/bus"
        options: dict[str, Any] = {
            "cwd": folder,
            # ippeveprinter wants a bus to announce itself on, if nobody listens there
            "env": {
                "HOME": name,
                "PATH": f"{os.environ['PATH']}:/usr/sbin",
                "CUPS_SERVER": f"127.0.0.1:{port}",
                "DBUS_SYSTEM_BUS_ADDRESS": bus,
            },
        }
        for each in ("root", "cache", "state", "spool", "spool/tmp", *PRINTERS):
            (folder / each).mkdir()
        (folder / "cups-files.conf").write_text(CUPS_FILES.format(folder=folder))
        (folder / "cupsd.conf").write_text(CUPSD.format(port=port))
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for path in (folder, *folder.rglob("*")):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

        def start(*command: str) -> None:
            log = stack.enter_context((folder / f"{Path(command[0]).name}.log").open("ab"))
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)
            stack.callback(process.wait)
            stack.callback(process.kill)

        start(program("dbus-daemon"), "--session", f"--address={bus}", "--nofork", "--nopidfile")
        _wait_until((folder / "bus").exists, "there is a bus")
        start(cupsd, "-f", "-c", f"{folder}/cupsd.conf", "-s", f"{folder}/cups-files.conf")
        queues = Queues(folder, options)
        _wait_until(lambda: _listens(queues), "cupsd listens")
        for printer, (takes, dpi) in PRINTERS.items():
            about = {"media": MEDIA, "width": STOCK.width, "length": STOCK.length, "dpi": dpi, "takes": takes}
            (folder / f"{printer}.conf").write_text(PRINTER.format(**about))
            at = str(free_port())
            # a command in place of the seconds that it pretends to print for
            keep = (
                "-r",
                "off",
                "-c",
                program("true"),
                "-k",
                "-d",
                f"{folder}/{printer}",
                "-a",
                f"{folder}/{printer}.conf",
            )
            start(ippeveprinter, *keep, "-p", at, printer)
            uri = f"ipp://localhost:{at}/ipp/print"
            # cupsd asks it once, and in vain if it is too early
            _wait_until(partial(_answers, int(at)), f"{printer} listens")
            queues.run("lpadmin", "-p", printer, "-E", "-v", uri, "-m", "everywhere")
            _wait_until((folder / f"root/ppd/{printer}.ppd").exists, "the queue knows its printer")
        yield queues


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), PATIENCE).close()
    except OSError:
        return False
    return True


def _listens(queues: Queues) -> bool:
    return _done(queues, ("lpstat", "-r")) and "not" not in queues.run("lpstat", "-r")


def _done(queues: Queues, command: tuple[str, ...]) -> bool:
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, **queues.options).returncode == 0


def _wait_until(reached: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > end:
            pytest.fail(f"waited in vain until {what}")
        time.sleep(0.05)


def graphics(dpi: int) -> bytes:
    """A label of boxes and of graphics, one of them a barcode, made for a head of `dpi`."""
    width, height = Resolution(dpi).size(STOCK)
    bars = np.asarray(barcode("TT0123456789").convert("L")) < 128
    code, noise = Bitmap.from_bits(bars), Bitmap.from_bits(dots(120, 64).repeat(4, 0).repeat(4, 1))
    fields = [
        b"^FO8,8^GB%d,%d,4^FS" % (width - 16, height - 16),
        b"^FO60,100%s^FS" % encode(code, "z64"),
        b"^FO60,%d%s^FS" % (140 + code.height, encode(noise, "rle")),
        *(b"^FO%d,%d^GB%d,150,%d^FS" % (100 + 40 * line, height - 300, line, line) for line in range(1, 8)),
    ]
    return b"^XA^PW%d^LL%d%s^XZ" % (width, height, b"".join(fields))


def lettering(dpi: int) -> bytes:
    """A label of text and barcodes, made for 8 dots/mm."""
    return (
        b"^XA^PW812^LL1218^CI28^FO40,40^GB732,1100,4^FS^FO70,80^A0N,60^FDJane Doe^FS"
        b"^FO70,160^FB600,3,4^A0N,34^FD1 Long Street, Flat 9, Some Town, TT01 2AB^FS"
        b"^FO100,400^BY3^BCN,150,Y,N,N^FDTT0123456789^FS^FO100,700^BQN,2,6^FDQA,TT0123456789^FS"
        b"^FO500,700^BXN,6,200^FDTT0123456789^FS^FO70,1000^GE200,80,5^FS^XZ"
    )


@pytest.mark.parametrize("label", [graphics, lettering])
@pytest.mark.parametrize("queue", PRINTERS)
def test_a_zpl_label_printed_as_pdf_is_the_label(queues: Queues, queue: str, label: Callable[[int], bytes]) -> None:
    takes, dpi = PRINTERS[queue]
    zpl = Asset(label(dpi), ZPL)
    pdf, png = (
        convert(zpl, Target(media=STOCK, resolution=Resolution(dpi), document_format=wanted)).data
        for wanted in (PDF, PNG)
    )
    ours = Bitmap.from_png(png)
    arrived = queues.printed(queue, pdf)
    if takes == PDF:
        again = convert(Asset(arrived, PDF), Target(media=STOCK, resolution=Resolution(dpi), document_format=PNG))
        theirs = Bitmap.from_png(again.data)
    else:
        theirs = raster(arrived)
    assert abs(theirs.width - ours.width) <= 1, "4 in at 203 dpi are one dot less than at 8 dots/mm"
    assert abs(theirs.height - ours.height) <= 1
    # CUPS draws 203 dots per inch where such heads have 203.2
    assert strays(ours, theirs, 2 if dpi == 203 else 1) == (0, 0)
    assert texts(theirs) == texts(ours) != []


def raster(data: bytes) -> Bitmap:
    """The page of a PWG raster (PWG 5102.4) of 8-bit grey."""
    assert data[:4] == b"RaS2"
    width, height, _, depth, _, per_row = struct.unpack_from(">6I", data, 4 + 372)
    assert (depth, per_row) == (8, width)
    rows, at = np.full((height, width), 255, np.uint8), 4 + 1796
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
    assert at == len(data), "one page"
    return Bitmap.from_grey(rows)


def strays(one: Bitmap, other: Bitmap, slack: int) -> tuple[int, int]:
    """How many black dots of each are farther than `slack` dots from any of the other."""
    width, height = max(one.width, other.width), max(one.height, other.height)
    first, second = (each.pasted_on(width, height, 0, 0).bits() for each in (one, other))
    around = ImageFilter.MaxFilter(2 * slack + 1)
    near = [np.asarray(Image.fromarray(bits.astype(np.uint8) * 255).filter(around)) > 0 for bits in (second, first)]
    return int((first & ~near[0]).sum()), int((second & ~near[1]).sum())


def texts(bitmap: Bitmap) -> list[tuple[str, str]]:
    """What scanners read."""
    return sorted((str(found.format), found.text) for found in zxingcpp.read_barcodes(bitmap.grey()))
