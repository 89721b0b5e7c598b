"""LPrint's graphics, `~DG` with run lengths and EPL2's `GW`: dot for dot what it was given, and what ours are."""

import asyncio
import os
import pwd
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.unit.renderers.machines import EplMachine
from tests.unit.renderers.paper import dots, picture, pixels

from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.asset import EPL, PNG, ZPL, Asset
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import Target, convert
from labeld.renderers.media import Media, Resolution
from labeld.renderers.write import write
from labeld.renderers.zpl.graphic_field import decode_graphic, encode
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.picture import draw

from .harness import PATIENCE, free_port, program

pytestmark = pytest.mark.peer


class Server(NamedTuple):
    """A running LPrint: where it listens, and how its commands are run."""

    uri: str
    options: dict[str, Any]


@pytest.fixture
def lprint() -> Iterator[Server]:
    """LPrint with a state of its own, as a user that is not root, whose LPrint may be the machine's."""
    command, port = program("lprint"), free_port()
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, into which only its owner may look
        options: dict[str, Any] = {"env": {"HOME": folder, "TMPDIR": folder, "PATH": os.environ["PATH"]}, "cwd": folder}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        settings = [f"server-port={port}", "server-options=no-tls", f"spool-directory={folder}/spool", "log-file=-"]
        arguments = [argument for setting in settings for argument in ("-o", setting)]
        server = subprocess.Popen([command, "server", *arguments], stderr=subprocess.DEVNULL, **options)
        try:
            _wait_for(port, server)
            yield Server(f"ipp://localhost:{port}/ipp", options)
        finally:
            server.kill()  # asked to end, it first waits for a job that has no printer
            server.wait()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("lprint does not listen")


def _printed(lprint: Server, name: str, model: str, media: str, file: Path) -> bytes:
    """What a printer of this model gets from LPrint for a picture."""
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        printer = threading.Thread(target=_one_job, args=(listener, received), daemon=True)
        printer.start()
        _lprint(lprint, "add", "system", f"-d {name} -m {model} -v socket://127.0.0.1:{_port(listener)}")
        _lprint(lprint, "submit", f"print/{name}", f"-o print-scaling=none -o media={media} {file}")
        printer.join(PATIENCE)
    return bytes(received)


def _one_job(listener: socket.socket, received: bytearray) -> None:
    """Take the first connection that sends a label; hang up on questions, as a printer that cannot answer."""
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(PATIENCE)
            while data := connection.recv(65536):
                received += data
                if received.strip() == b"~HQES":
                    received.clear()
                    break
        if received:
            return


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_graphic_of_lprint_is_the_picture_it_was_given(lprint: Server, dpi: int) -> None:
    width, height = (4 * dpi, 6 * dpi)
    bits = dots(width, height)
    bits[100:200], bits[200:230], bits[300:340] = False, True, bits[300]
    bits[400:420, 100:], bits[500:520, 300:] = False, True
    bits[600:640] = np.arange(width) % 700 < 350
    given = Bitmap.from_bits(bits)
    file = Path(lprint.options["cwd"], "label.png")
    file.write_bytes(picture(pixels(bits), dpi=dpi))  # grey: of one bit, LPrint 1.1 takes bytes for pixels
    file.chmod(0o644)
    zpl = _printed(lprint, "zebra", f"zpl_4inch-{dpi}dpi-dt", "na_index-4x6_4x6in", file)
    assert zpl.count(b"^PQ1,") == 1, zpl[:200]
    (graphic,) = (command for command in lex(zpl) if command.name == "~DG")
    _, total, per_row, data = graphic.parameters.split(b",", 3)
    assert (int(total), int(per_row)) == (given.rows.size, given.rows.shape[1])
    assert set(b",:BHI") <= set(data), "its text has fills, repeats and runs"
    sent = decode_graphic(data, int(total), int(per_row))
    assert np.array_equal(sent.rows, given.rows)
    (label,) = draw(zpl, width, height)
    assert label.bitmap == given.rotated(180), "it prints upside down (^POI)"


@pytest.mark.parametrize("dpi", [203, 300])
def test_lprints_epl_and_ours_are_the_same_dots(lprint: Server, dpi: int) -> None:
    width, height = 4 * dpi // 8 * 8, 6 * dpi
    bits = dots(width, height)
    bits[100:400], bits[500:520, 300:] = False, True
    given = Bitmap.from_bits(bits)
    file = Path(lprint.options["cwd"], "label.png")
    file.write_bytes(picture(pixels(np.pad(bits, ((0, 0), (0, 4 * dpi - width)))), dpi=dpi))
    file.chmod(0o644)
    received = _printed(lprint, "eltron", f"epl2_4inch-{dpi}dpi-dt", "oe_4x6-label_4x6in", file)
    theirs, ours = EplMachine(height=height), EplMachine(height=height)
    theirs.feed(received)
    ours.feed(write([given], EPL, Resolution(dpi), "z64"))
    ((image, copies),), ((drawn, printed),) = theirs.labels, ours.labels
    assert (copies, theirs.strange) == (printed, []) == (1, [])
    assert np.array_equal(image[:, :width], bits)
    assert np.array_equal(drawn, bits)


_GRAPHICS = (
    b"^XA^PW812^LL1218^LH10,20^FO0,0^GB780,1150,4^FS^FO40,60%s^FS^FO30,300^GB2,300,2^FS^FO34,300^GB6,300,6^FS"
    b"^FO44,300^GB3,300,3^FS^FR^FO100,400^GB300,300,300^FS^FO250,550^FR^GB300,300,300^FS^XZ"
) % encode(Bitmap.from_bits(dots(500, 200)), "rle")
_LETTERING = (
    b"^XA^PW812^LL1218^CI28^FO40,40^GB732,1100,4^FS^FO70,80^A0N,60^FDJane Doe^FS"
    b"^FO100,400^BY3^BCN,150,Y,N,N^FDTT0123456789^FS^FO100,700^BQN,2,6^FDQA,TT0123456789^FS^XZ"
)


@pytest.mark.parametrize(
    "zpl",
    [
        pytest.param(_GRAPHICS, id="graphics"),
        pytest.param(_LETTERING, id="lettering"),
    ],
)
async def test_a_zpl_label_printed_as_png_is_dot_for_dot_the_label(lprint: Server, zpl: bytes) -> None:
    stock = Media.parse("101.5x152.25mm")  # 4x6 in as LPrint counts it: 203 dots to the inch, not 8 to the mm
    target = Target(media=stock, resolution=Resolution(203), document_format=PNG)
    given = Bitmap.from_png(convert(Asset(zpl, ZPL), target).data)
    file = Path(lprint.options["cwd"], "label.png")
    await asyncio.to_thread(file.write_bytes, picture(pixels(given.bits()), dpi=203))
    await asyncio.to_thread(file.chmod, 0o644)
    async with VirtualPrinter(port=0, dpi=203, media=stock, seconds_per_label=0.01) as printer:
        await asyncio.to_thread(_lprint, lprint, "add", "system", f"-d zebra -m zpl_4inch-203dpi-dt -v {printer.uri}")
        await asyncio.to_thread(
            _lprint, lprint, "submit", "print/zebra", f"-o print-scaling=none -o media=na_index-4x6_4x6in {file}"
        )
        (printed,) = await printer.wait_labels(1)
    assert printed.complete
    assert printed.png
    assert Bitmap.from_png(printed.png) == given.rotated(180), "it prints upside down (^POI)"


async def test_lprint_reads_the_state_of_the_simulated_zebra(lprint: Server) -> None:
    async with VirtualPrinter(port=0, seconds_per_label=0.01) as printer:
        printer.set_fault("media-empty")
        await asyncio.to_thread(_lprint, lprint, "add", "system", f"-d zebra -m zpl_4inch-203dpi-dt -v {printer.uri}")
        await asyncio.to_thread(_until_status, lprint, lambda status: "media-empty" in status)
        printer.clear_fault("media-empty")
        await asyncio.to_thread(_until_status, lprint, lambda status: "media-empty" not in status)


def _until_status(lprint: Server, wanted: Callable[[str], bool]) -> None:
    """Wait for what LPrint says of its printer, which it asks by ~HQES every now and then."""
    command = ("lprint", "status", "-u", f"{lprint.uri}/print/zebra")
    end = time.monotonic() + PATIENCE
    while not wanted(
        status := subprocess.run(command, check=True, capture_output=True, text=True, **lprint.options).stdout
    ):
        assert time.monotonic() < end, status
        time.sleep(0.2)


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _lprint(server: Server, verb: str, resource: str, arguments: str) -> None:
    command = ["lprint", verb, "-u", f"{server.uri}/{resource}", *arguments.split()]
    subprocess.run(command, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=True, **server.options)
