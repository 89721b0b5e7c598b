"""Labels as files: the dots of one or more in a printer's language, as a PNG, or as pages of a PDF (ISO 32000-1)."""

from collections.abc import Sequence
from itertools import count
from typing import Final

from . import epl, pdffile, tspl
from .asset import EPL, PDF, PNG, TSPL, ZPL
from .bitmap import Bitmap
from .errors import AssetRefused
from .media import Resolution
from .pdffile import points
from .zpl.graphic_field import Encoding
from .zpl.label import wrap

#: Languages of printers that take dots alone.
LANGUAGES: Final = {TSPL: tspl.TSPL, EPL: epl.EPL}

#: Ten-thousandths of a point that the image keeps from every edge of its page; with what pages are short by, under
#: 1/100 of a dot at 600 dpi.
_INSET = 10


def write(
    bitmaps: Sequence[Bitmap], document_format: str, resolution: Resolution, encoding: Encoding, copies: int = 1
) -> bytes:
    """Dots in `document_format`, a media type; `encoding` is for ZPL, and `copies` for all but PNG.

    Raises:
        AssetRefused: a PNG is wanted of more than one label, or the format is not written.
        ValueError: no bitmap, or fewer than one copy.
    """
    if not bitmaps or copies < 1:
        raise ValueError(f"{len(bitmaps)} labels, {copies} copies")
    if document_format == ZPL:
        return b"".join(wrap(bitmap, encoding, copies) for bitmap in bitmaps)
    if document_format in LANGUAGES:
        return b"".join(LANGUAGES[document_format].encode(bitmap, resolution, copies) for bitmap in bitmaps)
    if document_format == PDF:
        return to_pdf(bitmaps, resolution, copies)
    if document_format != PNG:
        raise AssetRefused(f"labels are written as ZPL, TSPL, EPL, PDF or PNG, not {document_format}")
    if len(bitmaps) != 1:
        raise AssetRefused(f"a PNG holds one label, this asset has {len(bitmaps)}: choose a page")
    return bitmaps[0].to_png(resolution)


def to_pdf(bitmaps: Sequence[Bitmap], resolution: Resolution, copies: int = 1) -> bytes:
    """A PDF with `copies` pages of each bitmap, in order; equal bitmaps give equal bytes, for it holds no date.

    A page is as large as its own dots, not as the stock whose width is no whole number of them (4x6 in at 203 dpi:
    812x1219 dots, 101.5 x 152.375 mm): so it prints 1:1, also from other programs, which are asked not to scale it.
    """
    number = count(pdffile.FIRST)
    objects: dict[int, bytes] = {}
    kids: list[int] = []
    for bitmap in bitmaps:
        image, content = next(number), next(number)
        objects[image] = pdffile.image(bitmap)
        across, down = (pdffile.side(dots, resolution) for dots in (bitmap.width, bitmap.height))
        placed = *(points(length - 2 * _INSET) for length in (across, down)), points(_INSET), points(_INSET)
        objects[content] = pdffile.stream(b"", b"%s 0 0 %s %s %s cm /Dots Do" % placed)
        for _ in range(copies):
            kids.append(next(number))
            objects[kids[-1]] = (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R "
                b"/Resources << /XObject << /Dots %d 0 R >> >> >>" % (points(across), points(down), content, image)
            )
    return pdffile.file(objects, kids)
