"""Labels as pages of a PDF that hold nothing but their dots: for people, and for queues that draw PDF (ISO 32000-1)."""

import re
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count
from typing import NamedTuple

import numpy as np

from . import pdffile
from .bands import Printed
from .bitmap import Bitmap
from .errors import AssetRefused
from .packing import zlib_packed
from .pdffile import points

#: Ten-thousandths of a point that the image keeps from every edge of its page; with what pages are short by, under
#: 1/100 of a dot at 600 dpi.
_INSET = 10
_POINTS_PER_INCH = 72
#: More labels of one document than the renderers make, and more pages than anybody prints.
_MOST_LABELS = 1000
_MOST_PAGES = 10_000
#: Header, catalog and a page tree of as many pages.
_LONGEST_START = 120_000
_COUNT = re.compile(rb"/Count ([1-9][0-9]{0,4}) >>\nendobj\n")
_IMAGE = re.compile(
    rb"\n[1-9][0-9]{0,4} 0 obj\n<< /Type /XObject /Subtype /Image /Width ([1-9][0-9]{0,5}) /Height ([1-9][0-9]{0,5}) "
    rb"[ -~]{1,120}? /Length ([1-9][0-9]{0,8}) >>\nstream\n"
)


class Image(NamedTuple):
    """Dots as an image object of `pdffile.image`, with their size."""

    width: int
    height: int
    content: bytes


def document(images: Sequence[Image], dots_per_point: Fraction, copies: int = 1) -> bytes:
    """A PDF with `copies` pages of each image, each page as large as its dots."""
    number = count(pdffile.FIRST)
    objects: dict[int, bytes] = {}
    kids: list[int] = []
    for each in images:
        image, content = next(number), next(number)
        objects[image] = each.content
        across, down = (pdffile.side(dots, dots_per_point) for dots in (each.width, each.height))
        placed = *(points(length - 2 * _INSET) for length in (across, down)), points(_INSET), points(_INSET)
        objects[content] = pdffile.stream(b"", b"%s 0 0 %s %s %s cm /Dots Do" % placed)
        for _ in range(copies):
            kids.append(next(number))
            objects[kids[-1]] = (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R "
                b"/Resources << /XObject << /Dots %d 0 R >> >> >>" % (points(across), points(down), content, image)
            )
    return pdffile.file(objects, kids)


def for_queue(bitmaps: Sequence[Bitmap], dpi: int, copies: int = 1) -> bytes:
    """Pages for a program that draws `dpi` dots to the inch, so that it draws these very dots.

    Not `to_pdf`: a head called 203 dpi has 203.2, and CUPS takes the name at its word. Packed by deflate alone, which
    `read` can check without a library for pictures.
    """
    packed = [zlib_packed((~bitmap.rows).tobytes()) for bitmap in bitmaps]
    images = [_flate(bitmap.width, bitmap.height, data) for bitmap, data in zip(bitmaps, packed, strict=True)]
    return document(images, Fraction(dpi, _POINTS_PER_INCH), copies)


def read(data: bytes, width: int, height: int, dpi: int) -> Iterator[Printed]:
    """The labels of a file that `for_queue` wrote, all of `width` x `height` dots, one at a time.

    The file is written once more from what was found and must be the same, so nothing else can be in it.

    Raises:
        AssetRefused: there is any byte in it that `for_queue` would not have written, or a label has another size.
    """
    counted = _COUNT.search(data, 0, _LONGEST_START)
    pages = int(counted[1]) if counted else 0
    packed: list[bytes] = []
    at = 0
    while (found := _IMAGE.search(data, at)) and len(packed) < _MOST_LABELS:
        if (int(found[1]), int(found[2])) != (width, height):
            raise AssetRefused(f"a page has {int(found[1])}x{int(found[2])} dots, not {width}x{height}")
        at = found.end() + int(found[3])
        packed.append(data[found.end() : at])
    if not packed or not pages or pages % len(packed) or pages > _MOST_PAGES:
        raise _strange()
    copies = pages // len(packed)
    again = document([_flate(width, height, one) for one in packed], Fraction(dpi, _POINTS_PER_INCH), copies)
    if again != data:
        raise _strange()
    return (Printed(_unpacked(width, height, one), copies) for one in packed)


def _flate(width: int, height: int, packed: bytes) -> Image:
    return Image(width, height, pdffile.coded_image(width, height, packed))


def _unpacked(width: int, height: int, packed: bytes) -> Bitmap:
    shape = height, -(-width // 8)
    size = shape[0] * shape[1]
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(packed, size + 1)
    except zlib.error as exc:
        raise _strange() from exc
    if len(rows) != size or not unpacker.eof or unpacker.unused_data:
        raise _strange()
    return Bitmap(width, height, ~np.frombuffer(rows, np.uint8).reshape(shape))


def _strange() -> AssetRefused:
    return AssetRefused("this PDF is not as labeld writes labels for queues")
