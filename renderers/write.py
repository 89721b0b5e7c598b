"""Labels as files: the dots of one or more as ZPL, as a PNG, or as pages of a PDF (ISO 32000-1)."""

import io
import math
from collections.abc import Iterable, Sequence
from itertools import count

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from .asset import PDF, PNG, ZPL
from .bitmap import Bitmap
from .errors import AssetRefused
from .media import Resolution
from .packing import zlib_packed
from .zpl.graphic_field import Encoding
from .zpl.label import wrap

#: Ten-thousandths of a point. Viewers count in single precision and round outwards, and none may add a dot: pages are
#: short by the first, the image keeps the second from every edge; together under 1/100 of a dot at 600 dpi.
_SHORT, _INSET = 3, 10


def write(
    bitmaps: Sequence[Bitmap], document_format: str, resolution: Resolution, encoding: Encoding, copies: int = 1
) -> bytes:
    """Dots in `document_format`, a media type; `encoding` is for ZPL, `copies` for ZPL (`^PQ`) and PDF (pages).

    Raises:
        AssetRefused: a PNG is wanted of more than one label, or the format is not written.
        ValueError: no bitmap, or fewer than one copy.
    """
    if not bitmaps or copies < 1:
        raise ValueError(f"{len(bitmaps)} labels, {copies} copies")
    if document_format == ZPL:
        return b"".join(wrap(bitmap, encoding, copies) for bitmap in bitmaps)
    if document_format == PDF:
        return to_pdf(bitmaps, resolution, copies)
    if document_format != PNG:
        raise AssetRefused(f"labels are written as ZPL, PDF or PNG, not {document_format}")
    if len(bitmaps) != 1:
        raise AssetRefused(f"a PNG holds one label, this asset has {len(bitmaps)}: choose a page")
    return bitmaps[0].to_png(resolution)


def to_pdf(bitmaps: Sequence[Bitmap], resolution: Resolution, copies: int = 1) -> bytes:
    """A PDF with `copies` pages of each bitmap, in order; equal bitmaps give equal bytes, for it holds no date.

    A page is as large as its own dots, not as the stock whose width is no whole number of them (4x6 in at 203 dpi:
    812x1219 dots, 101.5 x 152.375 mm): so it prints 1:1, also from other programs, which are asked not to scale it.
    """
    number = count(3)  # 1 and 2 are the catalog and the page tree
    objects, kids = {}, []
    for bitmap in bitmaps:
        image, content = next(number), next(number)
        objects[image] = _image(bitmap)
        across, down = (_units(dots, resolution) for dots in (bitmap.width, bitmap.height))
        placed = *(_points(side - 2 * _INSET) for side in (across, down)), _points(_INSET), _points(_INSET)
        objects[content] = _stream(b"", b"%s 0 0 %s %s %s cm /Dots Do" % placed)
        for _ in range(copies):
            kids.append(next(number))
            objects[kids[-1]] = (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R "
                b"/Resources << /XObject << /Dots %d 0 R >> >> >>" % (_points(across), _points(down), content, image)
            )
    objects[1] = b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>"
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[2] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (listed, len(kids))
    return _file(objects[key] for key in sorted(objects))


def _units(dots: int, resolution: Resolution) -> int:
    """The side of a page in ten-thousandths of a point."""
    return math.ceil(10_000 * dots / resolution.dots_per_point) - _SHORT


def _points(units: int) -> bytes:
    """A number of ten-thousandths as PDF writes it."""
    return b"%d.%04d" % divmod(units, 10_000)


def _image(bitmap: Bitmap) -> bytes:
    """The image object, in the smaller of two codings (sections 7.4.4 and 7.4.6): 1 bit, grey, unsmoothed."""
    packed, fax = zlib_packed((~bitmap.rows).tobytes()), _group4(bitmap)
    coding = b"/FlateDecode"
    if len(fax) < len(packed):
        packed = fax
        parameters = b"<< /K -1 /Columns %d /Rows %d >>" % (bitmap.width, bitmap.height)
        coding = b"/CCITTFaxDecode /DecodeParms " + parameters
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 " % (
        bitmap.width,
        bitmap.height,
    )
    return _stream(head + b"/Interpolate false /Filter " + coding + b" ", packed)


def _group4(bitmap: Bitmap) -> bytes:
    """The dots in ITU-T T.6 (fax group 4), black runs for black dots, out of a TIFF of one strip."""
    picture = Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.rows.tobytes())  # libtiff takes 1 for black
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression="group4", tiffinfo={278: bitmap.height})  # RowsPerStrip
    buffer.seek(0)
    with TiffImageFile(buffer) as tiff:
        (start,), (length,) = tiff.tag_v2[273], tiff.tag_v2[279]  # StripOffsets, StripByteCounts
    return buffer.getvalue()[start : start + length]


def _stream(head: bytes, content: bytes) -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)


def _file(objects: Iterable[bytes]) -> bytes:
    """Objects 1, 2, ... as a file: header, body, cross-reference table, trailer (section 7.5); 1 is the catalog."""
    file = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")
    table = [b"0000000000 65535 f \n"]
    for number, content in enumerate(objects, 1):
        table.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size, start = len(table), len(file)
    file += b"xref\n0 %d\n%s" % (size, b"".join(table))
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(file)
