"""Labels larger than the stock: alone, and at a scale that keeps bars on whole dots."""

import pytest
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import DPI_203, DPI_300, code128, pdf

from labeld.renderers.asset import unwrap
from labeld.renderers.convert import PageArtwork, Target, convert
from labeld.renderers.errors import DoesNotFit
from labeld.renderers.media import Media, Resolution
from labeld.renderers.symbols import measure


def _label(width: float, height: float, module: float = 0.375) -> bytes:
    """A framed label that fills its page, with a barcode in the middle."""

    def draw(canvas: Canvas) -> None:
        canvas.rect(2 * mm, 2 * mm, (width - 4) * mm, (height - 4) * mm)
        code128(canvas, "TT0123456789", 8, height / 2, module)

    return pdf([draw], (width, height))


def _printed(data: bytes, media: str, dpi: Resolution, **more: object) -> PageArtwork:
    target = Target(media=Media.parse(media), resolution=dpi, **more)  # type: ignore[arg-type]
    (page,) = convert(unwrap(data), target).pages
    return page


@pytest.mark.parametrize(
    ("dpi", "stock"), [(DPI_203, "4x6in"), (DPI_300, "4x6in"), (DPI_300, "a6"), (DPI_203, "90x140mm")]
)
def test_a_label_that_is_scaled_down_keeps_its_bars_on_whole_dots(dpi: Resolution, stock: str) -> None:
    page = _printed(_label(101.6, 203.2), stock, dpi)
    assert page.placement is not None
    assert page.placement.scale < 1
    assert page.bitmap is not None
    quality = measure(page.bitmap.bits(), page.symbols[0])
    assert quality is not None
    assert quality.module == pytest.approx(round(quality.module), abs=0.02)
    assert f"{round(quality.module)} dots a module" in page.placement.because
    box = page.bitmap.ink_box()
    assert box is not None
    assert min(box[0], box[1]) >= 0


def test_scaling_is_refused_where_the_printer_says_so() -> None:
    with pytest.raises(DoesNotFit, match="does not fit 4x6in"):
        _printed(_label(101.6, 203.2), "4x6in", DPI_203, scaling="none")


def test_a_label_of_the_size_of_a_label_is_never_cut_up() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(3 * mm, 3 * mm, 93 * mm, 95 * mm)
        code128(canvas, "TT0123456789", 10, 40)
        canvas.rect(3 * mm, 103 * mm, 93 * mm, 94 * mm)
        canvas.drawString(10 * mm, 150 * mm, "TO: Jane Doe, 1 Main St")

    page = _printed(pdf([draw], (99, 200)), "4x6in", DPI_203)
    assert page.placement is not None
    assert page.placement.scale < 1
    assert page.placement.clip == pytest.approx((300, 300, 9600, 19700), abs=40)


def test_of_a_sheet_the_label_alone_is_scaled() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(20 * mm, 130 * mm, 101.6 * mm, 152.4 * mm)
        code128(canvas, "TT0123456789", 30, 200)
        canvas.drawString(30 * mm, 250 * mm, "TO: Jane Doe, 1 Main St")
        for line in range(8):
            canvas.drawString(20 * mm, (70 - 6 * line) * mm, "Fold here and put the label into a pouch. " * 2)

    page = _printed(pdf([draw], (210, 297)), "100x150mm", DPI_203)
    assert page.placement is not None
    assert 0.9 < page.placement.scale < 1
    assert page.placement.clip == pytest.approx((2000, 1460, 12160, 16700), abs=60)
