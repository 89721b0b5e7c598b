"""Small type, greys and photos on paper: strokes stay, greys are shown by dots, barcodes are left alone."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import FOUR_BY_SIX
from tests.unit.renderers.pdfmaker import MODULE, TEXT, Document, PointBox, bars, flate, label
from tests.unit.renderers.press import Ink, assert_prints, bits_of, difference, dots, grown, poppler_prints, printed

from labeld.renderers.media import Resolution
from labeld.renderers.pdf import open_page
from labeld.renderers.tone import to_dots

_DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_FONTS = b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >>"
_SMALL: PointBox = (60, 296, 228, 306)


def _text(size: float, words: bytes, paint: bytes = b"0 g", at: bytes = b"60 300") -> bytes:
    return b"%s BT /F %.2f Tf %s Td (%s) Tj ET" % (paint, size, at, words)


def _finer(data: bytes, dpi: int, fineness: int = 4) -> NDArray[np.float64]:
    """Share of ink in each dot of the stock, from a drawing so much finer."""
    page = printed(data, dpi)
    assert page.placement is not None
    resolution = Resolution(dpi)
    width, height = resolution.size(FOUR_BY_SIX)
    with open_page(data, 1) as sheet:
        grey = sheet.draw(page.placement, resolution, (0, 0, width, height), fineness)
    ink = (grey < 128).reshape(height, fineness, width, fineness)
    return np.asarray(ink.mean(axis=(1, 3)), np.float64)


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("paint", [b"0 g", b".4 g", b".6 g"])
@pytest.mark.parametrize("size", [5, 6, 8])
def test_no_stroke_of_small_type_is_lost(size: int, paint: bytes, dpi: int) -> None:
    """What a finer drawing fills of a dot is black there or beside it, since PDFium sets letters on whole dots."""
    share = _finer(label(_text(size, b"EHFLTEHFLT"), _FONTS), dpi)
    bits = assert_prints(label(_text(size, b"EHFLTEHFLT", paint), _FONTS), dpi, Ink(0.02, 0.5, _SMALL))
    here = dots(_SMALL, dpi, 2)
    due, got = share[here] > 0.75, bits[here]
    assert due.sum() > 20
    assert grown(got)[due].mean() > 0.99
    assert not got[~grown(share[here] > 0)].any()
    assert 0.6 < got.sum() / share[here].sum() < 1.6


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(
    ("font", "paint"),
    [
        (b"Helvetica", b"0 g"),
        (b"Helvetica", b".6 g"),
        (b"Courier-Bold", b"0 g"),
        (b"Courier-Bold", b".6 g"),
        (b"Times-Roman", b"0 g"),
    ],
)
@pytest.mark.parametrize("size", [5.0, 5.5, 6.0])
def test_each_small_e_has_its_three_bars(size: float, font: bytes, paint: bytes, dpi: int) -> None:
    """The thin ones of Times are half a dot at 203 dpi."""
    fonts = _FONTS.replace(b"/Helvetica", b"/" + font)
    bits = bits_of(printed(label(_text(size, b"E E E E E E", paint), fonts), dpi))[dots(_SMALL, dpi, 2)]
    letters = np.flatnonzero(np.diff(bits.any(axis=0), prepend=False, append=False)).reshape(-1, 2)
    assert len(letters) == 6
    for left, right in letters.tolist():
        column = bits[:, left + round((right - left) * 0.45)]
        assert np.flatnonzero(np.diff(column, prepend=False, append=False)).size == 6


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("paint", [b".6 g", b".75 g", b".6 .6 .9 rg", b"0 0 0 .4 k", b"1 0 0 rg", b"0 .6 0 rg"])
def test_type_in_grey_or_colour_prints_black(paint: bytes, dpi: int) -> None:
    box: PointBox = (58, 290, 230, 330)
    black = bits_of(printed(label(_text(24, b"EHE 123"), _FONTS), dpi))
    bits = assert_prints(label(_text(24, b"EHE 123", paint), _FONTS), dpi, Ink(0.05, 0.6, box))
    assert difference(bits, black) < 0.01
    assert bits.sum() / black.sum() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("dpi", [203, 300])
def test_white_type_on_black_stays_white(dpi: int) -> None:
    """The band over the address, as of many carriers; its type is knocked out, with overprint asked for or not."""
    band: PointBox = (60, 290, 228, 320)
    content = b"/G gs 60 290 168 30 re f " + _text(20, b"EXPRESS 24", b"1 g", b"64 298")
    for states in (b"/G << /OP false /op false >>", b"/G << /OP true /op true /OPM 1 >>"):
        bits = assert_prints(label(content, _FONTS + b" /ExtGState << %s >>" % states), dpi, Ink(0.5, 0.95, band))
        black = bits_of(printed(label(_text(20, b"EXPRESS 24", at=b"64 298"), _FONTS), dpi))
        here = dots(band, dpi, -2)
        assert difference(~bits[here], black[here]) < 0.01


@pytest.mark.skipif(not _DEJAVU.exists(), reason="DejaVu Sans is not on this machine")
@pytest.mark.parametrize("dpi", [203, 300])
def test_an_embedded_subset_of_a_truetype_font_prints(dpi: int) -> None:
    pdfmetrics.registerFont(TTFont("DejaVu", str(_DEJAVU)))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(288, 432), invariant=1)
    canvas.setFont("DejaVu", 30)
    canvas.drawString(60, 300, "Straße Łódź")
    canvas.setFont("DejaVu", 6)
    canvas.drawString(60, 280, "Москва Ελλάδα")
    canvas.addLiteral(bars().decode())
    canvas.showPage()
    canvas.save()
    data = buffer.getvalue()
    assert b"/FontFile2" in data
    bits = assert_prints(data, dpi, Ink(0.05, 0.5, (58, 290, 260, 332)), Ink(0.05, 0.5, (60, 278, 112, 286)))
    assert difference(bits, poppler_prints(data, dpi)) < 0.02


def _photo(values: NDArray[np.uint8], kind: bytes = b"") -> bytes:
    document = Document()
    head = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace /DeviceGray "
        % (values.shape[::-1])
    )
    image = document.add(flate(values.tobytes(), head + kind))
    return label(b"q 168 0 0 180 60 200 cm /Im Do Q", b"/XObject << /Im %s >>" % image, document=document)


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_photo_is_shown_by_dots(dpi: int) -> None:
    """The share of black follows the grey value, down to the greys that are black for the sake of type."""
    wedge = np.tile(np.linspace(0, 255, 256).astype(np.uint8), (64, 1))
    bits = assert_prints(_photo(wedge), dpi, Ink(0.4, 0.6))
    for step in range(6, 15):
        left = 60 + 168 * step / 16
        share = bits[dots((left, 210, left + 10.5, 370), dpi, 0)].mean()
        assert share == pytest.approx(1 - (step + 0.5) / 16, abs=0.1), f"at {step}/16"


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("grey", [100, 128, 160, 192, 220])
def test_an_even_grey_has_its_share_of_dots(grey: int, dpi: int) -> None:
    bits = assert_prints(_photo(np.full((8, 8), grey, np.uint8)), dpi, Ink(0.0, 1.0))
    share = bits[dots((70, 210, 218, 370), dpi, 0)].mean()
    assert share == pytest.approx(1 - grey / 255, abs=0.03)


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("grey", [b".6", b".7", b".8", b".87"])
def test_no_dot_of_a_grey_ground_touches_a_barcode(grey: bytes, dpi: int) -> None:
    """Bars of 0.25 mm on a grey ground: neither they nor their quiet zone of 10 modules get a dot of the pattern."""
    module = MODULE * 2 / 3
    drawn = bars(module=module)
    page = printed(label(b"", barcode=grey + b" g 0 0 288 432 re f 0 g " + drawn), dpi)
    assert [symbol.text for symbol in page.symbols] == [TEXT]
    bits = bits_of(page)
    here = dots((60 - 10 * module, 43, 60 + 111 * module, 97), dpi, 0)
    assert difference(bits[here], bits_of(printed(label(b"", barcode=drawn), dpi))[here]) == 0
    assert not bits[dots((60 - 10 * module, 40, 60, 100), dpi, -1)].any()
    assert not bits[dots((60 + 101 * module, 40, 60 + 111 * module, 100), dpi, -1)].any()
    share = bits[dots((60, 200, 228, 380), dpi, 0)].mean()
    assert share == pytest.approx(1 - float(grey), abs=0.04)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("line", [5, 255, 256, 257, 511, 512])
def test_a_stroke_of_half_a_dot_is_drawn_once(line: int, turned: bool) -> None:
    """Whether it lies in one row of dots or in two, and wherever the page is cut for looking."""
    paper = np.full((600, 40), 255, np.uint8)
    paper[:, 4:8] = 0  # the stem it begins at
    for ink in ((0, 120, 20), (0, 80, 60), (60, 80, 0), (30, 90, 30)):
        grey = paper.copy()
        grey[line - 1 : line + 2, 8:16] = 255 - np.asarray(ink, np.uint8)[:, None]
        bits, _ = to_dots(grey.T if turned else grey)
        bits = bits.T if turned else bits
        assert np.flatnonzero(bits[:, 8:].any(axis=1)).tolist() == [line]
        assert bits[line, 8:15].all()
        assert bits[:, 4:8].all() and not bits[:, :4].any()


def test_what_is_no_stroke_stays_paper() -> None:
    """Beside black: specks of a dot or two, soft edges, and lines of less ink than half a dot."""
    grey = np.full((48, 48), 255, np.uint8)
    grey[10:30, 10:30] = 0
    grey[9, 10:30] = grey[10:30, 30] = 140
    grey[33, 12] = grey[33, 16:18] = grey[33:35, 24] = 130
    grey[36, 10:30] = 170
    bits, _ = to_dots(grey)
    expected = np.zeros_like(bits)
    expected[10:30, 10:30] = True
    assert (bits == expected).all()
