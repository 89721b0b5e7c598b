"""Label documents made on the spot: PDFs by reportlab, pictures by Pillow, barcodes by zxing-cpp."""

import io
from collections.abc import Callable, Iterable

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from labeld.renderers.media import Media, Resolution

FOUR_BY_SIX = Media.parse("4x6in")
DPI_203, DPI_300 = Resolution(203), Resolution(300)
Draw = Callable[[Canvas], None]


def barcode(text: str, scale: int = 3, kind: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.Code128) -> Image.Image:
    """A barcode picture, `scale` pixels to a module, with its quiet zone."""
    pixels = np.array(zxingcpp.create_barcode(text, kind).to_image(scale=scale))
    return Image.fromarray(pixels)


def code128(
    canvas: Canvas, text: str, x_mm: float, y_mm: float, module_mm: float = 0.375, height_mm: float = 20
) -> None:
    """Draw vector bars with their left bottom corner at (x, y)."""
    row = np.asarray(barcode(text, 1))
    line = row[row.shape[0] // 2] < 128
    for module in np.flatnonzero(line):
        canvas.rect((x_mm + module * module_mm) * mm, y_mm * mm, module_mm * mm, 20 * mm, stroke=0, fill=1)


def pdf(pages: Iterable[Draw], size_mm: tuple[float, float] = (101.6, 152.4), rotate: int = 0) -> bytes:
    """A PDF with one page for each drawing."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(size_mm[0] * mm, size_mm[1] * mm), invariant=1)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue().replace(b"/Rotate 0", b"/Rotate %d" % rotate)


def shipping(text: str = "TT0123456789", size_mm: tuple[float, float] = (101.6, 152.4), inset_mm: float = 10) -> bytes:
    """A one-page label: a frame, an address and a barcode, all at least `inset_mm` from the edge."""

    def draw(canvas: Canvas) -> None:
        width, height = size_mm
        canvas.rect(inset_mm * mm, inset_mm * mm, (width - 2 * inset_mm) * mm, (height - 2 * inset_mm) * mm)
        canvas.drawString((inset_mm + 5) * mm, (height - inset_mm - 10) * mm, "Jane Doe, 1 Main St")
        code128(canvas, text, inset_mm + 5, height / 2)

    return pdf([draw], size_mm)


def picture(image: Image.Image, kind: str = "PNG", dpi: float | None = None) -> bytes:
    """An image file, with its resolution if one is given."""
    buffer = io.BytesIO()
    if dpi is None:
        image.save(buffer, kind)
    else:
        image.save(buffer, kind, dpi=(dpi, dpi))
    return buffer.getvalue()


def dots(width: int, height: int, seed: int = 1) -> NDArray[np.bool_]:
    """Random dots: no resampling leaves them alone."""
    return np.random.default_rng(seed).random((height, width)) < 0.5


def pixels(bits: NDArray[np.bool_]) -> Image.Image:
    """Dots as a grey image."""
    return Image.fromarray(np.where(bits, 0, 255).astype(np.uint8))
