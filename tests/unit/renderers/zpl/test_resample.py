"""Graphics made for one resolution at another, with the barcodes in them."""

from fractions import Fraction

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.renderers.zpl.scenes import boxes, line, scene
from zxingcpp import BarcodeFormat

from labeld.renderers import symbols
from labeld.renderers.bitmap import MAX_DOTS, Bitmap, Rotation
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.resample import resample
from labeld.renderers.zpl.scene import Dots, Frame

TO_300, TO_600 = Fraction(3000, 2032), Fraction(6000, 2032)
CODES = {
    "Code 128": (BarcodeFormat.Code128, "1Z999AA10123456784"),
    "Code 39": (BarcodeFormat.Code39, "LABEL-39"),
    "ITF": (BarcodeFormat.ITF, "00123456789012"),
    "EAN-13": (BarcodeFormat.EAN13, "4006381333931"),
    "QR Code": (BarcodeFormat.QRCode, "https://example.com/4711"),
    "Data Matrix": (BarcodeFormat.DataMatrix, "DATA MATRIX 4711"),
    "Aztec": (BarcodeFormat.Aztec, "AZTEC 4711"),
    "PDF417": (BarcodeFormat.PDF417, "PDF417 of a label, 4711"),
}


def code(kind: str, module: int) -> Bitmap:
    """The modules of a symbol, so many dots each, without white around it."""
    made, text = CODES[kind]
    black = np.asarray(zxingcpp.create_barcode(text, made).to_image(scale=1, add_quiet_zones=False)) < 128
    if kind in symbols.LINEAR:
        black = np.repeat(black[:1], 60 // module, axis=0)
    return Bitmap.from_bits(black.repeat(module, axis=0).repeat(module, axis=1))


def graphic(kind: str, module: int, turn: Rotation = 0) -> Bitmap:
    """A label's graphic: a symbol, type above and below it, and a frame around."""
    symbol = code(kind, module).rotated(turn)
    width, height = symbol.width + 180, symbol.height + 220
    return rasterise(
        scene(
            Frame(3, 3, width - 6, height - 6, 2),
            line("Above 12345", 20, 50),
            Dots(91, 107, symbol),
            line("below", 20, height - 20),
            width=width,
            height=height,
        )
    )


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("factor", [TO_300, TO_600])
@pytest.mark.parametrize("module", [2, 3, 4])
def test_barcodes_keep_whole_modules(kind: str, factor: Fraction, module: int) -> None:
    before = graphic(kind, module)
    after = resample(before, factor)
    assert (after.width, after.height) == (round(before.width * factor), round(before.height * factor))
    [symbol] = symbols.read(after)
    assert (symbol.format, symbol.text) == (kind, CODES[kind][1])
    quality = symbols.measure(after.bits(), symbol)
    assert quality is not None and quality.whole
    assert abs(quality.module - module * factor) < 0.51
    middle = (symbol.position[0] + symbol.position[2]) / 2 / after.width
    assert abs(middle - 0.5) < 0.02, "it stands where it stood"


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("kind", ["Code 128", "EAN-13", "PDF417", "QR Code"])
def test_turned_barcodes_keep_whole_modules(kind: str, turn: Rotation) -> None:
    after = resample(graphic(kind, 3, turn), TO_300)
    [symbol] = symbols.read(after)
    assert symbol.text == CODES[kind][1]
    quality = symbols.measure(after.bits(), symbol)
    assert quality is not None and quality.whole


@pytest.mark.parametrize("kind", CODES)
def test_barcodes_of_a_finer_head_fit_a_coarser_one(kind: str) -> None:
    after = resample(graphic(kind, 6), 1 / TO_600)
    [symbol] = symbols.read(after)
    assert symbol.text == CODES[kind][1]
    quality = symbols.measure(after.bits(), symbol)
    assert quality is not None and quality.whole and round(quality.module) == 2


def test_a_barcode_without_room_keeps_to_its_place() -> None:
    symbol = code("QR Code", 1)  # two dots a module would be a third too large
    tight = rasterise(scene(Dots(4, 4, symbol), width=symbol.width + 8, height=symbol.height + 8))
    after = resample(tight, TO_300)
    assert (after.width, after.height) == (round(tight.width * TO_300), round(tight.height * TO_300))
    assert [found.text for found in symbols.read(after)] == [CODES["QR Code"][1]]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 4), st.integers(0, 99))
def test_a_whole_factor_repeats_every_dot(width: int, height: int, factor: int, seed: int) -> None:
    bits = np.random.default_rng(seed).random((height, width)) < 0.5
    expected = bits.repeat(factor, axis=0).repeat(factor, axis=1)
    assert resample(Bitmap.from_bits(bits), factor) == Bitmap.from_bits(expected)
    assert resample(Bitmap.from_bits(bits), 1) == Bitmap.from_bits(bits)


@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.05, 5), st.booleans())
def test_white_stays_white_and_black_black(width: int, height: int, factor: float, black: bool) -> None:
    plain = Bitmap.from_bits(np.full((height, width), black))
    after = resample(plain, factor)
    assert (after.width, after.height) == (max(1, round(width * factor)), max(1, round(height * factor)))
    assert after.bits().all() if black else not after.bits().any()


@given(
    st.integers(5, 60), st.integers(5, 60), st.integers(20, 90), st.integers(20, 90), st.floats(1.05, 4), st.booleans()
)
def test_edges_stand_where_the_factor_puts_them(
    x: int,
    y: int,
    width: int,
    height: int,
    factor: float,
    white: bool,
) -> None:
    edges = np.zeros((200, 200), np.bool_)
    edges[y : y + height, x : x + width] = True
    after = resample(Bitmap.from_bits(edges ^ white), factor).bits() ^ white
    box = Bitmap.from_bits(after).ink_box()
    assert box is not None
    scale = len(after) / 200
    wanted = (x * scale, y * scale, (x + width) * scale, (y + height) * scale)
    assert np.abs(np.subtract(box, wanted)).max() <= 0.5 + factor / 30


@given(st.integers(1, 120), st.floats(0.2, 0.95), st.integers(1, 2), st.booleans())
def test_thin_lines_do_not_vanish(place: int, factor: float, thick: int, across: bool) -> None:
    bits = np.zeros((130, 140), np.bool_)
    bits[place : place + thick, 10:100] = True
    after = resample(Bitmap.from_bits(bits if across else bits.T), factor).bits()
    drawn = after if across else after.T
    scale = len(drawn) / 130
    inked = np.flatnonzero(drawn.any(axis=1))
    assert 1 <= len(inked) <= max(2, round(thick * factor) + 1)
    middle = drawn[:, round(10 * scale) + 1 : round(100 * scale) - 1]
    assert middle.any(axis=0).all(), "it has no gap"


def test_a_screen_of_lone_dots_does_not_turn_black() -> None:
    screen = np.indices((200, 200)).sum(axis=0) % 3 == 0
    screen[::2] = False
    after = resample(Bitmap.from_bits(screen), Fraction(2, 3)).bits()
    assert np.count_nonzero(after) < after.size / 3


def test_small_type_is_not_taken_for_a_barcode() -> None:
    rows = [line("Lorem ipsum dolor sit amet 0123456789", 10, 30 + 30 * n) for n in range(25)]
    page = rasterise(scene(*rows, width=600, height=800))
    after = resample(page, TO_300)
    assert _share(after.bits()) == pytest.approx(_share(page.bits()), rel=0.05)


def _share(bits: NDArray[np.bool_]) -> float:
    return np.count_nonzero(bits) / bits.size


@pytest.mark.parametrize("factor", [0, -1.5, float("nan"), float("inf")])
def test_factors_are_positive(factor: float) -> None:
    with pytest.raises(ValueError, match="times as large"):
        resample(Bitmap.blank(5, 5), factor)


def test_no_more_dots_than_a_bitmap_may_have() -> None:
    wide = rasterise(scene(boxes(0, 0, (0, 0, 9, 9)), width=5000, height=100))
    with pytest.raises(ValueError, match="too many"):
        resample(wide, (MAX_DOTS / 5000 / 100) ** 0.5 + 1)


@pytest.mark.parametrize("factor", [TO_300, TO_600])
@pytest.mark.parametrize("module", [3.23, 3.4])
def test_bars_of_uneven_modules_stay_in_their_place(factor: Fraction, module: float) -> None:
    symbol = code("Code 39", 1).bits()
    columns = np.arange(int(symbol.shape[1] * module)) / module
    stretched = symbol.repeat(80, axis=0)[:80][:, columns.astype(np.intp)]
    before = Bitmap.from_bits(np.pad(stretched, 100))
    after = resample(before, factor)
    [found] = symbols.read(after)
    quality = symbols.measure(after.bits(), found)
    assert quality is not None and quality.whole
    left, _, right, _ = before.ink_box() or (0, 0, 0, 0)
    new_left, _, new_right, _ = after.ink_box() or (0, 0, 0, 0)
    assert 0.9 < (new_right - new_left) / (right - left) / factor < 1.03
