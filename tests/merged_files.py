"""Merged files as Seller Center exports them: USPS labels, some of them pictures, packing slips between."""

import io
from collections.abc import Callable

import zxingcpp
from PIL import Image, ImageDraw
from reportlab.lib.units import inch, mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.papers import A4

Page = Callable[[Canvas], None]


def pic(number: int) -> str:
    """A USPS number of 22 digits with its check digit (Publication 199)."""
    body = f"9400111899{number:011d}"
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-weighed % 10)


def bars(number: str, wide: int = 640, high: int = 200) -> Image.Image:
    """A GS1-128 symbol of 420, ZIP and number, with both FNC1."""
    text = f"(420)90210({number[:2]}){number[2:]}"
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128, gs1=True)
    return Image.fromarray(made.to_image(scale=2, add_hrt=False)).resize((wide, high), Image.Resampling.NEAREST)


def label(number: str, order: str = "", *, raster: bool = False, readable: bool = True) -> Page:
    """A 4x6 inch label; as a `raster` it is a picture alone, one that is not `readable` has smeared bars."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((4 * inch, 6 * inch))
        if raster:
            paper = Image.new("L", (1200, 1800), 255)
            pen = ImageDraw.Draw(paper)
            pen.rectangle((20, 20, 1179, 1779), outline=0, width=6)
            pen.text((60, 500), "RASTER RECIPIENT 500 EXAMPLE STREET", 0)
            symbol = bars(number, 999, 320)
            if not readable:
                symbol = symbol.resize((40, 320)).resize((999, 320))
            paper.paste(symbol, (100, 1100))
            canvas.drawImage(ImageReader(paper), 0, 0, 4 * inch, 6 * inch)
            return
        canvas.rect(8, 8, 4 * inch - 16, 6 * inch - 16)
        canvas.setFont("Helvetica", 12)
        canvas.drawString(20, 380, "USPS GROUND ADVANTAGE")
        canvas.drawString(20, 300, f"Sample Person {number[-5:]}, 500 Example Street")
        canvas.drawImage(ImageReader(bars(number)), 24, 130, 240, 75)
        canvas.drawString(40, 110, " ".join(number[place : place + 4] for place in range(0, len(number), 4)))
        if order:
            canvas.drawString(20, 30, f"Order {order}")

    return draw


def slip(order: str, part: int = 1, of: int = 1, size: tuple[float, float] = A4) -> Page:
    """A page of a packing slip; those after the first hold the rest of the table alone."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((size[0] * mm, size[1] * mm))
        canvas.setFont("Helvetica", 10)
        top = size[1] - 20
        if part == 1:
            canvas.drawString(10 * mm, top * mm, f"Packing slip   Order {order}")
        for line in range(8):
            canvas.drawString(10 * mm, (top - 10 - 8 * line) * mm, f"SKU-{part}-{line}   1 x Sample item")
        canvas.drawString(10 * mm, 10 * mm, f"{part} / {of}")

    return draw


def merged(*pages: Page) -> bytes:
    """A file of these pages."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=True)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def labels(count: int, first: int = 1, raster_every: int = 7) -> bytes:
    """A file of so many labels, some of them pictures alone."""
    return merged(*(label(pic(number), raster=number % raster_every == 0) for number in range(first, first + count)))
