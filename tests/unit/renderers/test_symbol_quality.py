from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.strips import LINEAR, TWO_WIDTHS, draw, elements
from zxingcpp import BarcodeFormat

from labeld.renderers.symbols import Symbol, read
from labeld.renderers.symbols.quality import measure

KINDS = st.sampled_from([(kind, text) for kind, (_, texts) in LINEAR.items() for text in texts])
TURNS = st.integers(0, 3)


@given(
    KINDS,
    st.floats(1.5, 6),
    st.floats(2.0, 3.0),
    st.floats(1.0, 2.0),
    st.floats(0, 1),
    TURNS,
    st.integers(-1, 1),
    st.sampled_from([0.0, 0.005]),
)
def test_the_module_is_found_within_two_percent(
    what: tuple[str, str],
    module: float,
    ratio: float,
    gap: float,
    offset: float,
    turns: int,
    misplaced: int,
    noise: float,
) -> None:
    if module < 2:
        ratio = max(ratio, 2.25)  # the standards' own limit for modules this small
    widths = elements(*what, module, ratio, gap)
    strip = draw(*what, widths, offset=offset, turns=turns, misplaced=round(misplaced * module), noise=noise)
    found = measure(strip.bits, strip.symbol)
    assert found is not None
    # two widths may be rounded alike throughout, which no dot betrays
    assert found.module == pytest.approx(module, rel=0.02, abs=0.3 if what[0] in TWO_WIDTHS else 0.0)
    assert not found.clipped


@given(KINDS, st.integers(2, 6), st.integers(0, 2), st.integers(0, 1), TURNS)
def test_whole_modules_are_whole_also_when_bars_grow_by_a_dot(
    what: tuple[str, str], module: int, wider: int, growth: int, turns: int
) -> None:
    wide = 2 * module + wider
    strip = draw(*what, elements(*what, module, wide / module), growth=growth, turns=turns)
    found = measure(strip.bits, strip.symbol)
    assert found is not None
    assert found.whole
    assert found.module == pytest.approx(module)
    assert found.growth == pytest.approx(growth)
    assert found.unevenness < 0.01


@given(KINDS, st.integers(2, 5), st.floats(0.1, 0.9), st.floats(0, 1), TURNS)
def test_modules_between_dots_are_not_whole_and_miss_by_up_to_a_dot(
    what: tuple[str, str], module: int, part: float, offset: float, turns: int
) -> None:
    strip = draw(*what, elements(*what, module + part), offset=offset, turns=turns)
    found = measure(strip.bits, strip.symbol)
    assert found is not None
    assert found.unevenness < 1
    if what[0] not in TWO_WIDTHS:  # these may be rounded alike throughout
        assert not found.whole
        assert found.unevenness > 0.15


@given(KINDS, st.integers(2, 4), st.integers(0, 15), st.integers(0, 30), TURNS)
def test_quiet_zones_reach_to_the_next_ink(
    what: tuple[str, str], module: int, before: int, behind: int, turns: int
) -> None:
    quiet = (before * module + module, behind * module + module)
    strip = draw(*what, elements(*what, module, 2.5 if module % 2 == 0 else 3.0), quiet=quiet, turns=turns)
    found = measure(strip.bits, strip.symbol)
    assert found is not None
    assert found.quiet == pytest.approx((before + 1, min(behind + 1, 20)))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("side", range(4))
def test_bars_at_the_papers_edge_are_clipped(turns: int, side: int) -> None:
    strip = draw("Code 128", "AB", elements("Code 128", "AB", 3), turns=turns, framed=False)
    uncut = measure(strip.bits, strip.symbol)
    assert uncut is not None
    assert not uncut.clipped
    left, top, right, bottom = strip.box
    x, y = (left if side == 0 else 0), (top if side == 1 else 0)
    cut = strip.bits[y : bottom if side == 3 else None, x : right if side == 2 else None]
    x0, y0, x1, y1 = strip.symbol.position
    found = measure(cut, replace(strip.symbol, position=(x0 - x, y0 - y, x1 - x, y1 - y)))
    assert found is not None
    assert found.clipped
    assert found.whole


def test_a_line_of_writing_across_the_bars_does_not_count() -> None:
    strip = draw("Code 128", "TT0123456789", elements("Code 128", "TT0123456789", 3), height=80)
    left, top, right, _ = strip.box
    strip.bits[top + 30 : top + 50, left + 40 : right - 40] = True
    strip.bits[top + 33 : top + 36, left + 45 : right - 90] = False
    found = measure(strip.bits, strip.symbol)
    assert found is not None
    assert found.whole


@pytest.mark.parametrize("kind", TWO_WIDTHS)
def test_wide_elements_need_not_be_whole_multiples_of_narrow_ones(kind: str) -> None:
    text = LINEAR[kind][1][0]
    strip = draw(kind, text, elements(kind, text, 2, 2.5))
    found = measure(strip.bits, strip.symbol)
    assert found is not None
    assert (found.whole, round(found.module, 3)) == (True, 2.0)


@pytest.mark.parametrize(
    "kind", [BarcodeFormat.QRCode, BarcodeFormat.DataMatrix, BarcodeFormat.Aztec, BarcodeFormat.PDF417]
)
@pytest.mark.parametrize("module", [2.0, 2.6, 3.0, 4.37, 5.0, 5.5])
@pytest.mark.parametrize("turns", range(4))
def test_matrix_symbols_are_measured(kind: BarcodeFormat, module: float, turns: int) -> None:
    code = (
        np.asarray(zxingcpp.create_barcode("HELLO LABEL 0123456789", kind).to_image(scale=1, add_quiet_zones=False))
        < 128
    )
    code = code[~np.all(~code, axis=1)]

    def spread(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.repeat(np.arange(count), np.diff(np.rint(np.arange(count + 1) * module).astype(int)))

    drawn = code[np.ix_(spread(code.shape[0]), spread(code.shape[1]))]
    quiet = round(4 * module)
    framed = np.pad(np.pad(drawn, quiet), 2, constant_values=True)
    bits = np.ascontiguousarray(np.rot90(np.pad(framed, 30), -turns))
    symbols = read(np.where(bits, 0, 255).astype(np.uint8))
    assert len(symbols) == 1
    found = measure(bits, symbols[0])
    assert found is not None
    assert found.module == pytest.approx(module, rel=0.02)
    assert found.whole == (module == round(module))
    assert min(found.quiet) == pytest.approx(quiet / module, rel=0.05)
    assert not found.clipped


def test_what_is_no_such_symbol_is_not_measured() -> None:
    white = np.zeros((100, 300), np.bool_)
    noise = np.random.default_rng(7).random((100, 300)) < 0.5
    for kind in (*LINEAR, "QR Code", "Data Matrix", "Aztec", "PDF417"):
        for bits in (white, ~white, noise):
            assert measure(bits, Symbol(kind, "1234", (40, 20, 240, 80))) is None
    strip = draw("Code 128", "AB", elements("Code 128", "AB", 3))
    assert measure(strip.bits, Symbol("MaxiCode", "AB", strip.symbol.position)) is None
    assert measure(strip.bits, Symbol("Code 128", "AB", strip.symbol.position, 20)) is None
    assert measure(strip.bits, Symbol("Code 128", "AB", (-50, -50, -10, -10))) is None
