"""A ZPL label printed as PDF through a CUPS queue: what arrives at an IPP Everywhere printer shows the same label."""

from collections.abc import Callable, Iterator

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

from .cups_floor import Cups, raster_page, wait_until

pytestmark = pytest.mark.peer

STOCK = Media.parse("4x6in")
#: Its name for printers (PWG 5101.1).
MEDIA = "na_index-4x6_4x6in"
#: Formats that the printers take, besides their resolutions; the queue draws for those that take no PDF.
PRINTERS = {"takes-pdf": ("application/pdf", 300), "draws-300": ("image/pwg-raster", 300)} | {
    f"draws-{dpi}": ("image/pwg-raster", dpi) for dpi in (203, 600)
}


@pytest.fixture(scope="module")
def cups() -> Iterator[Cups]:
    """A queue for each of `PRINTERS`, whose documents are kept in folders of their names."""
    with Cups() as running:
        for queue, (takes, dpi) in PRINTERS.items():
            running.add_ipp_printer(queue, takes, dpi, MEDIA)
        yield running


def printed(cups: Cups, queue: str, pdf: bytes) -> bytes:
    """Print a PDF; gives the document that the printer had."""
    file = cups.folder / "label.pdf"
    file.write_bytes(pdf)
    file.chmod(0o644)
    before = len(cups.documents(queue))
    cups.run("lp", "-d", queue, "-o", f"media={MEDIA}", "-o", "print-scaling=none", str(file))
    wait_until(lambda: not cups.unfinished(queue), "the job ends")
    found = cups.documents(queue)
    assert len(found) == before + 1, cups.errors
    return found[-1]


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
def test_a_zpl_label_printed_as_pdf_is_the_label(cups: Cups, queue: str, label: Callable[[int], bytes]) -> None:
    takes, dpi = PRINTERS[queue]
    zpl = Asset(label(dpi), ZPL)
    pdf, png = (
        convert(zpl, Target(media=STOCK, resolution=Resolution(dpi), document_format=wanted)).data
        for wanted in (PDF, PNG)
    )
    ours = Bitmap.from_png(png)
    arrived = printed(cups, queue, pdf)
    if takes == PDF:
        again = convert(Asset(arrived, PDF), Target(media=STOCK, resolution=Resolution(dpi), document_format=PNG))
        theirs = Bitmap.from_png(again.data)
    else:
        theirs = raster_page(arrived)
    assert abs(theirs.width - ours.width) <= 1, "4 in at 203 dpi are one dot less than at 8 dots/mm"
    assert abs(theirs.height - ours.height) <= 1
    # CUPS draws 203 dots per inch where such heads have 203.2
    assert strays(ours, theirs, 2 if dpi == 203 else 1) == (0, 0)
    assert texts(theirs) == texts(ours) != []


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
