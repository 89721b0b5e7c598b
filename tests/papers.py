"""Documents of a parcel as marketplaces make them: label pages, and A4 or Letter pages that go with them."""

import io
from collections.abc import Callable

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

TRACKING, ORDER = "TT0123456789", "576653688135258178"
Page = Callable[[Canvas], None]
A6, A4, LETTER = (105.0, 148.0), (210.0, 297.0), (215.9, 279.4)


def pdf(*pages: Page) -> bytes:
    """A file of these pages."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def label(text: str = TRACKING, size: tuple[float, float] = A6, high: float = 25) -> Page:
    """A framed label in the lower left of a page, A6 unless another `size` leaves it alone there."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((size[0] * mm, size[1] * mm))
        canvas.rect(4 * mm, 4 * mm, 97 * mm, 140 * mm)
        canvas.setFont("Helvetica", 16)
        canvas.drawString(10 * mm, 125 * mm, "Jane Doe")
        canvas.drawString(10 * mm, 115 * mm, "1 Main Street, Springfield")
        canvas.line(4 * mm, 90 * mm, 101 * mm, 90 * mm)
        if text:
            Code128(text, barWidth=0.4 * mm, barHeight=high * mm).drawOn(canvas, 8 * mm, 50 * mm)
            canvas.drawString(10 * mm, 42 * mm, text)
        if size != A6:
            canvas.setFont("Helvetica", 10)
            for line in range(12):
                canvas.drawString(15 * mm, (size[1] - 20 - 6 * line) * mm, "Fold here and keep this part. " * 4)

    return draw


def slip(text: str = "", size: tuple[float, float] = A4, high: float = 8, lines: int = 20) -> Page:
    """A packing slip with a table, and a barcode at its top right where it has a `text`."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((size[0] * mm, size[1] * mm))
        top = size[1] - 25
        canvas.setFont("Helvetica", 20)
        canvas.drawString(15 * mm, top * mm, "Packing slip")
        if text:
            Code128(text, barWidth=0.3 * mm, barHeight=high * mm).drawOn(canvas, 110 * mm, (top - 5) * mm)
        canvas.setFont("Helvetica", 10)
        for line in range(lines):
            below = top - 25 - 8 * line
            canvas.line(15 * mm, (below - 2) * mm, (size[0] - 15) * mm, (below - 2) * mm)
            canvas.drawString(16 * mm, below * mm, f"SKU-{line:04}   blue mug, 300 ml, with handle")
            canvas.drawString((size[0] - 25) * mm, below * mm, "1 pc")

    return draw


def blank(canvas: Canvas) -> None:
    """An A4 page without ink."""
    canvas.setPageSize((210 * mm, 297 * mm))
