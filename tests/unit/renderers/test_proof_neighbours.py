"""What lies beside barcodes: other barcodes, grey type, rare kinds of them; and what becomes too fine by scaling."""

import numpy as np
import pytest
from reportlab.graphics.barcode.code39 import Standard39
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX, barcode, pdf
from zxingcpp import BarcodeFormat

from labeld.renderers.asset import unwrap
from labeld.renderers.convert import PageArtwork, Target, convert
from labeld.renderers.media import Resolution


def bars(canvas: Canvas, text: str, y: float, module: float = 0.33, height: float = 20) -> None:
    """A Code 128 whose left bottom corner is 10 mm from the left."""
    Code128(text, barWidth=module * mm, barHeight=height * mm, quiet=False).drawOn(canvas, 10 * mm, y * mm)


def printed(data: bytes, dpi: Resolution, *, verify: bool = True) -> PageArtwork:
    (page,) = convert(unwrap(data), Target(media=FOUR_BY_SIX, resolution=dpi, verify=verify)).pages
    return page


@pytest.mark.parametrize("dpi", [DPI_203, DPI_300])
@pytest.mark.parametrize(("height", "gap"), [(8, 1), (8, 2), (10, 1), (13, 3)])
def test_a_strip_of_a_neighbour_is_not_expected_twice(dpi: Resolution, height: float, gap: float) -> None:
    def draw(canvas: Canvas) -> None:
        bars(canvas, "4209021094001000", 110, height=height)
        bars(canvas, "94001000000000", 110 - gap - 25, height=25)

    page = printed(pdf([draw]), dpi)
    assert {symbol.text for symbol in page.symbols} == {"4209021094001000", "94001000000000"}
    assert not page.lost


@pytest.mark.parametrize("dpi", [DPI_203, DPI_300])
@pytest.mark.parametrize("height", [8, 12, 20])
def test_grey_type_under_bars_that_are_sampled_anew_stays(dpi: Resolution, height: float) -> None:
    def draw(shade: float) -> bytes:
        def inner(canvas: Canvas) -> None:
            bars(canvas, "9400100000000000000000", 80, 0.30, height)
            canvas.setFillGray(shade)
            canvas.setFont("Helvetica", 8)
            canvas.drawString(12 * mm, 77.2 * mm, "9400 1000 0000 0000 0000 00")

        return pdf([inner])

    below = int((152.4 - 79.8) * float(dpi.dots_per_mm))
    ink = []
    for shade in (0.6, 0.0):
        bitmap = printed(draw(shade), dpi).bitmap
        assert bitmap is not None
        ink.append(np.count_nonzero(bitmap.bits()[below:]))
    assert ink[0] >= 0.8 * ink[1]


@pytest.mark.parametrize("text", ["000000", "123456"])
def test_barcodes_that_readers_know_by_another_name_scan_where_dots_are_changed(text: str) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillGray(0.8)
        canvas.rect(10 * mm, 5 * mm, 60 * mm, 30 * mm, stroke=0, fill=1)
        canvas.setFillGray(0)
        bars(canvas, "9400100000000000000000", 100, 0.3)
        Standard39(text, barWidth=0.375 * mm, barHeight=12 * mm, quiet=False, checksum=0, ratio=3).drawOn(
            canvas, 15 * mm, 60 * mm
        )

    page = printed(pdf([draw]), DPI_203)
    assert len(page.symbols) == 2
    assert page.engine == "pdfium"


def test_a_maxicode_that_scaling_makes_too_fine_is_lost() -> None:
    picture = ImageReader(barcode("hello world 12345", 8, BarcodeFormat.MaxiCode).convert("L"))

    def draw(canvas: Canvas) -> None:
        canvas.rect(5 * mm, 5 * mm, 200 * mm, 287 * mm)
        canvas.drawImage(picture, 20 * mm, 180 * mm, 28 * mm, 27 * mm)
        bars(canvas, "9400100000000000000000", 40, 0.6, 40)
        canvas.setFont("Helvetica", 20)
        for line in range(8):
            canvas.drawString(15 * mm, (277 - 9 * line) * mm, "SHIP TO SOMEBODY SOMEWHERE 12345")

    page = printed(pdf([draw], (210, 297)), DPI_203, verify=False)
    assert page.placement is not None
    assert page.placement.scale < 0.6
    assert [symbol.format for symbol in page.lost] == ["MaxiCode"]


def test_the_lines_of_a_list_are_no_labels() -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(5):
            for column in range(2):
                canvas.rect((8 + 98 * column) * mm, (12 + 55 * row) * mm, 94 * mm, 49 * mm)
                canvas.drawString((12 + 98 * column) * mm, (50 + 55 * row) * mm, f"2 x article {row}{column}")
                code = Code128(f"SKU{row}{column}", barWidth=0.5 * mm, barHeight=12 * mm, quiet=False)
                code.drawOn(canvas, (20 + 98 * column) * mm, (25 + 55 * row) * mm)

    target = Target(media=FOUR_BY_SIX, resolution=DPI_300, verify=False)
    assert convert(unwrap(pdf([draw], (210, 297))), target).labels == 1
