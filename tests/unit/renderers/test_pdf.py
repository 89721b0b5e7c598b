import io
from contextlib import closing

import numpy as np
import pytest
from PIL import Image
from pypdfium2 import PdfDocument, PdfiumError
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.unit.daemon import hostile
from tests.unit.renderers.paper import DPI_203, DPI_300, Draw, dots, pdf, pixels, shipping

from labeld.renderers import pdf as pdf_module
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import AssetRefused, DocumentEncrypted
from labeld.renderers.media import Media
from labeld.renderers.pdf import PopplerSheet, open_page, page_count
from labeld.renderers.placement import place


def _block(x: float, y: float, width: float, height: float) -> Draw:
    """A black block, in mm from the top left of a 100 x 150 mm page."""

    def draw(canvas: Canvas) -> None:
        canvas.rect(x * mm, (150 - y - height) * mm, width * mm, height * mm, stroke=0, fill=1)

    return draw


def _drawn(data: bytes, media: str = "100x150mm", number: int = 1) -> Bitmap:
    stock = Media.parse(media)
    with open_page(data, number) as sheet:
        placed = place(sheet.size, (0, 0, *sheet.size), stock, DPI_203)
        return Bitmap.from_grey(sheet.draw(placed, DPI_203, (0, 0, *DPI_203.size(stock))))


def test_dots_lie_where_the_millimetres_are() -> None:
    assert _drawn(pdf([_block(10, 20, 5, 7)], (100, 150))).ink_box() == (80, 160, 120, 216)
    assert _drawn(pdf([_block(94, 142, 5, 7)], (100, 150))).ink_box() == (752, 1136, 792, 1192)


@pytest.mark.parametrize(("turn", "box"), [(90, (984, 80, 1040, 120)), (270, (160, 680, 216, 720))])
def test_page_rotation_is_honoured(turn: int, box: tuple[int, int, int, int]) -> None:
    assert _drawn(pdf([_block(10, 20, 5, 7)], (100, 150), turn), "150x100mm").ink_box() == box


def test_a_turned_placement_turns_the_same_dots() -> None:
    data = pdf([_block(10, 20, 5, 7)], (100, 150))
    stock = Media.parse("150x100mm")
    with open_page(data, 1) as sheet:
        for rotation in (90, 270):
            placed = place(sheet.size, (0, 0, *sheet.size), stock, DPI_203, rotation=rotation)
            bitmap = Bitmap.from_grey(sheet.draw(placed, DPI_203, (0, 0, *DPI_203.size(stock))))
            assert bitmap == _drawn(data).rotated(rotation)
        upside_down = place(sheet.size, (0, 0, *sheet.size), Media.parse("100x150mm"), DPI_203, rotation=180)
        grey = sheet.draw(upside_down, DPI_203, (0, 0, 800, 1200))
    assert Bitmap.from_grey(grey) == _drawn(data).rotated(180)


def test_a_picture_at_the_heads_resolution_keeps_its_dots() -> None:
    array = dots(800, 1200)
    image = ImageReader(pixels(array))

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(image, 0, 0, 100 * mm, 150 * mm)

    same = (_drawn(pdf([draw], (100, 150))).bits() == array).mean()
    assert same == 1.0


@pytest.mark.parametrize("mode", ["Normal", "Multiply", "Screen", "Difference", "Luminosity"])
def test_colours_become_grey_after_they_are_blended(mode: str) -> None:
    def draw(canvas: Canvas) -> None:
        for line, colour in enumerate([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0.2, 0.4, 0.6)]):
            canvas.setFillColorRGB(*colour)
            canvas.rect(10 * mm, (10 + 25 * line) * mm, 80 * mm, 20 * mm, stroke=0, fill=1)
        canvas.setFillColorRGB(0.9, 0.3, 0.2)
        canvas._extgstate.set(canvas, "BM", mode)
        canvas.rect(40 * mm, 0, 20 * mm, 150 * mm, stroke=0, fill=1)

    data = pdf([draw], (100, 150))
    stock = Media.parse("100x150mm")
    with open_page(data, 1) as sheet:
        placed = place(sheet.size, (0, 0, *sheet.size), stock, DPI_203)
        grey = sheet.draw(placed, DPI_203, (0, 0, 800, 1200))
    with closing(PdfDocument(data)) as document:
        colours = document[0].render(scale=1200 / document[0].get_height()).to_numpy()[:1200, :800]
    luma = colours.astype(int) @ (11, 59, 30) // 100  # blue, green, red
    assert np.abs(grey - luma).max() <= 1


def test_crop_box_is_the_page() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(100 * mm, 150 * mm), cropBox=(10 * mm, 30 * mm, 60 * mm, 130 * mm))
    _block(10, 20, 5, 7)(canvas)
    canvas.showPage()
    canvas.save()
    with open_page(buffer.getvalue(), 1) as sheet:
        assert sheet.size == pytest.approx((5000, 10000), abs=1)
    assert _drawn(buffer.getvalue(), "50x100mm").ink_box() == pytest.approx((0, 0, 40, 56), abs=1)


def test_user_unit_scales_the_page() -> None:
    data = pdf([_block(5, 10, 5, 5)], (50, 150)).replace(b"/Type /Page\n", b"/Type /Page /UserUnit 2\n")
    with open_page(data, 1) as sheet:
        assert sheet.size == pytest.approx((10000, 30000), abs=1)
        assert sheet.ink_box() == pytest.approx((1000, 2000, 2000, 3000), abs=15)


def test_mixed_user_units_are_refused() -> None:
    data = pdf([_block(5, 10, 5, 5)] * 2).replace(b"/Type /Page\n", b"/Type /Page /UserUnit 2\n", 1)
    with pytest.raises(AssetRefused, match="UserUnit"), open_page(data, 1):
        pass


def test_ink_box_in_hundredths_of_a_millimetre() -> None:
    with open_page(pdf([_block(10, 20, 50, 70)], (100, 150)), 1) as sheet:
        assert sheet.ink_box() == pytest.approx((1000, 2000, 6000, 9000), abs=15)
    with open_page(pdf([lambda canvas: None]), 1) as sheet:
        assert sheet.ink_box() is None


def test_filled_form_fields_print() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.acroForm.textfield(value="HELLO", x=100, y=100, width=100, height=30, borderWidth=0)

    with open_page(pdf([draw]), 1) as sheet:
        assert sheet.ink_box() is not None


def test_pages_are_counted_and_chosen() -> None:
    data = pdf([_block(10, 20, 5, 5), _block(50, 60, 5, 5)], (100, 150))
    assert page_count(data) == 2
    assert _drawn(data, number=2).ink_box() == pytest.approx((400, 480, 440, 520), abs=1)
    with pytest.raises(AssetRefused, match="there is no page 3"), open_page(data, 3):
        pass


def test_a_password_is_asked_for_in_words() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption("secret"))
    canvas.drawString(100, 100, "hidden")
    canvas.save()
    with pytest.raises(DocumentEncrypted, match="the PDF needs a password"):
        page_count(buffer.getvalue())
    with pytest.raises(DocumentEncrypted, match="the PDF needs a password"), open_page(buffer.getvalue(), 1):
        pass


def test_a_pdf_cut_short_is_refused_though_pdfium_would_repair_it() -> None:
    data = shipping()
    with pytest.raises(AssetRefused, match="cut off"):
        page_count(data[:-40])


def test_damage_is_refused_in_one_line() -> None:
    for data in (b"%PDF-1.4\n%%EOF", b"%PDF-1.7 garbage" + bytes(500) + b"%%EOF"):
        with pytest.raises(AssetRefused, match="the PDF is damaged") as caught:
            page_count(data)
        assert "\n" not in str(caught.value)


def test_huge_pages_are_refused_before_any_memory_is_taken() -> None:
    with pytest.raises(AssetRefused, match="5080 x 5080 mm"), open_page(pdf([_block(0, 0, 1, 1)], (5080, 5080)), 1):
        pass


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(AssetRefused, match="101 pages"):
        page_count(pdf([lambda canvas: None] * 101))


def test_poppler_draws_what_pdfium_cannot_load(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pdf([_block(10, 20, 5, 7), _block(10, 20, 50, 70)], (100, 150))

    def fail(_: bytes) -> object:
        raise PdfiumError("Failed to load document")

    monkeypatch.setattr(pdf_module, "_load", fail)
    assert page_count(data) == 2
    with open_page(data, 2) as sheet:
        assert isinstance(sheet, PopplerSheet)
        assert sheet.engine == "poppler"
        assert sheet.size == pytest.approx((10000, 15000), abs=5)
        assert sheet.ink_box() == pytest.approx((1000, 2000, 6000, 9000), abs=30)
        placed = place(sheet.size, (0, 0, *sheet.size), Media.parse("100x150mm"), DPI_300)
        grey = sheet.draw(placed, DPI_300, (0, 0, 1181, 1771))
    ink = Bitmap.from_grey(grey).ink_box()
    assert ink is not None
    assert np.allclose(ink, [value * 300 / 25.4 for value in (10, 20, 60, 90)], atol=2)
    assert "poppler" in sheet.notes[0]


def test_grey_pictures_stay_grey() -> None:
    image = ImageReader(Image.new("L", (10, 10), 180))

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(image, 0, 0, 100 * mm, 150 * mm)

    with open_page(pdf([draw], (100, 150)), 1) as sheet:
        placed = place(sheet.size, (0, 0, *sheet.size), Media.parse("100x150mm"), DPI_203)
        grey = sheet.draw(placed, DPI_203, (0, 0, 800, 1200))
    assert abs(int(grey[600, 400]) - 180) <= 2


def test_what_poppler_draws_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_page(hostile.slow(), 1) as sheet:
        second = sheet.second_opinion()
        assert isinstance(second, PopplerSheet)
        monkeypatch.setattr(pdf_module, "_POPPLER_SECONDS", 0.5)
        with pytest.raises(AssetRefused, match="poppler did not draw it within"):
            second.ink_box()
