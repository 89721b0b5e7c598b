"""The parts of a PDF file (ISO 32000-1) that every writer of labels needs: numbers, pictures, pages and the file."""

import io
import math
from collections.abc import Sequence
from fractions import Fraction

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from .bitmap import Bitmap
from .packing import zlib_packed

#: Objects 1 and 2 are the catalog and the page tree; a writer's own begin here.
FIRST = 3
FLATE = b"/FlateDecode"
#: Ten-thousandths of a point by which pages are short: viewers count in single precision and round outwards, and none
#: may add a dot.
_SHORT = 3


def side(dots: int, dots_per_point: Fraction) -> int:
    """The side of a page of so many dots, in ten-thousandths of a point."""
    return math.ceil(10_000 * dots / dots_per_point) - _SHORT


def points(units: int) -> bytes:
    """A number of ten-thousandths as PDF writes it."""
    return b"%d.%04d" % divmod(units, 10_000)


def image(bitmap: Bitmap, *, stencil: bool = False) -> bytes:
    """An image object, in the smaller of two codings (sections 7.4.4 and 7.4.6): 1 bit, unsmoothed.

    It is grey; or a stencil, whose black dots are painted in the colour of the moment and the others not at all.
    """
    packed, fax = zlib_packed((~bitmap.rows).tobytes()), _group4(bitmap)
    coding = FLATE
    if len(fax) < len(packed):
        packed = fax
        parameters = b"<< /K -1 /Columns %d /Rows %d >>" % (bitmap.width, bitmap.height)
        coding = b"/CCITTFaxDecode /DecodeParms " + parameters
    return coded_image(bitmap.width, bitmap.height, packed, coding, stencil=stencil)


def coded_image(width: int, height: int, packed: bytes, coding: bytes = FLATE, *, stencil: bool = False) -> bytes:
    """An image object of dots that are packed already; see `image`."""
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d %s /BitsPerComponent 1 " % (
        width,
        height,
        b"/ImageMask true" if stencil else b"/ColorSpace /DeviceGray",
    )
    return stream(head + b"/Interpolate false /Filter " + coding + b" ", packed)


def _group4(bitmap: Bitmap) -> bytes:
    """The dots in ITU-T T.6 (fax group 4), black runs for black dots, out of a TIFF of one strip."""
    picture = Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.rows.tobytes())  # libtiff takes 1 for black
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression="group4", tiffinfo={278: bitmap.height})  # RowsPerStrip
    buffer.seek(0)
    with TiffImageFile(buffer) as tiff:
        (start,), (length,) = tiff.tag_v2[273], tiff.tag_v2[279]  # StripOffsets, StripByteCounts
    return buffer.getvalue()[start : start + length]


def stream(head: bytes, content: bytes) -> bytes:
    """A stream object with more entries in its dictionary."""
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)


def packed(head: bytes, content: bytes) -> bytes:
    """A stream object whose content is packed."""
    return stream(head + b"/Filter /FlateDecode ", zlib_packed(content))


def number(value: float, digits: int = 3) -> bytes:
    """A number as PDF writes it, without an exponent and no longer than it must be."""
    written = f"{value:.{digits}f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return b"0" if written == "-0" else written.encode("ascii")


def file(objects: dict[int, bytes], pages: Sequence[int]) -> bytes:
    """A file of the objects from `FIRST` on, of which `pages` are shown in this order.

    Header, body, cross-reference table, trailer (section 7.5). Programs are asked not to scale it for printing.
    """
    kids = b" ".join(b"%d 0 R" % page for page in pages)
    fixed = {
        1: b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
    }
    written = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")
    table = [b"0000000000 65535 f \n"]
    for number, content in sorted((fixed | objects).items()):
        table.append(b"%010d 00000 n \n" % len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size, start = len(table), len(written)
    written += b"xref\n0 %d\n%s" % (size, b"".join(table))
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(written)
