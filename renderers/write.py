"""Labels as files: the dots of one or more in a printer's language, as a PNG, or as pages of a PDF (ISO 32000-1)."""

from collections.abc import Sequence
from typing import Final

from . import epl, pages, pdffile, tspl
from .asset import EPL, PDF, PNG, TSPL, ZPL
from .bitmap import Bitmap
from .errors import AssetRefused
from .media import Resolution
from .zpl.graphic_field import Encoding
from .zpl.label import wrap

#: Languages of printers that take dots alone.
LANGUAGES: Final = {TSPL: tspl.TSPL, EPL: epl.EPL}


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
    images = [pages.Image(bitmap.width, bitmap.height, pdffile.image(bitmap)) for bitmap in bitmaps]
    return pages.document(images, resolution.dots_per_point, copies)
