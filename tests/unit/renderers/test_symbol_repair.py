from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.renderers.strips import LINEAR, Strip, draw, elements

from labeld.renderers.media import Resolution
from labeld.renderers.pdf import open_page
from labeld.renderers.placement import at_own_size
from labeld.renderers.symbols import Symbol, lost, read, read_again
from labeld.renderers.symbols.quality import measure
from labeld.renderers.symbols.repair import Repaired, resnap

CASES = Path(__file__).parents[4] / "shared/labels/cases"
KINDS = st.sampled_from([(kind, text) for kind, (_, texts) in LINEAR.items() for text in texts])
MODULES = st.one_of(st.floats(1.6, 6), st.integers(2, 5).flatmap(lambda whole: st.floats(whole + 0.05, whole + 0.95)))
TURNS = st.integers(0, 3)


def grey(bits: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(bits, np.uint8(0), np.uint8(255))


def untouched(strip: Strip, repaired: Repaired) -> bool:
    """Whether all dots are the same but those of the bars' lines, between the inks beside them."""
    left, top, right, bottom = strip.box
    changed = np.argwhere(strip.bits != repaired.bits)
    if not changed.size:
        return True
    (y0, x0), (y1, x1) = changed.min(axis=0), changed.max(axis=0) + 1
    if strip.symbol.orientation % 180:
        return bool(left <= x0 and x1 <= right and y0 > 1 and y1 < strip.bits.shape[0] - 1)
    return bool(top <= y0 and y1 <= bottom and x0 > 1 and x1 < strip.bits.shape[1] - 1)


@given(KINDS, MODULES, st.floats(2.25, 3.0), st.floats(0, 1), TURNS, st.integers(20, 90), st.integers(20, 90))
def test_bars_drawn_again_read_the_same_in_the_space_they_had(
    what: tuple[str, str], module: float, ratio: float, offset: float, turns: int, before: int, behind: int
) -> None:
    strip = draw(*what, elements(*what, module, ratio), offset=offset, turns=turns, quiet=(before, behind))
    was = measure(strip.bits, strip.symbol)
    assert was is not None
    repaired = resnap(strip.bits, strip.symbol)
    if was.whole:
        assert repaired is None
        return
    if repaired is None:
        return
    assert repaired.before == was
    assert repaired.after == measure(repaired.bits, repaired.symbol)
    assert repaired.after.whole
    assert repaired.after.unevenness <= was.unevenness + 1e-6
    for white, less in zip(repaired.after.quiet, was.quiet, strict=True):
        assert white >= min(less, 10) - 1e-6
    assert untouched(strip, repaired)
    assert not lost([strip.symbol], read(grey(repaired.bits)))
    assert resnap(repaired.bits, repaired.symbol) is None


@given(KINDS, st.floats(2.05, 5.95), st.floats(0, 1), TURNS)
def test_with_room_every_symbol_between_dots_gets_whole_ones(
    what: tuple[str, str], module: float, offset: float, turns: int
) -> None:
    assume(0.05 < module % 1 < 0.95)
    room = round(40 * module)
    strip = draw(*what, elements(*what, module, 2.5), offset=offset, turns=turns, quiet=(room, room))
    was = measure(strip.bits, strip.symbol)
    assert was is not None
    repaired = resnap(strip.bits, strip.symbol)
    assert (repaired is None) == was.whole
    if repaired is not None:
        found = read_again(repaired.bits, [strip.symbol])
        assert [symbol.text for symbol in found] == [strip.symbol.text]
        assert np.abs(np.subtract(found[0].position, repaired.symbol.position)).max() <= 15


@given(KINDS, st.floats(1.2, 1.8), st.floats(0, 1), TURNS)
def test_a_finer_picture_tells_what_the_dots_do_not(
    what: tuple[str, str], module: float, offset: float, turns: int
) -> None:
    ratio = 2.5
    coarse = draw(*what, elements(*what, module, ratio), offset=offset, turns=turns, quiet=(160, 160), framed=False)
    fine = draw(*what, elements(*what, module * 4, ratio), turns=turns, quiet=(240, 240), height=240, framed=False)
    source = np.full((coarse.bits.shape[0] * 4, coarse.bits.shape[1] * 4), 255, np.uint8)
    left, top, right, bottom = fine.box
    bars = grey(fine.bits[top:bottom, left:right])
    x, y = coarse.box[0] * 4, coarse.box[1] * 4
    source[y : y + bars.shape[0], x : x + bars.shape[1]] = bars[: source.shape[0] - y, : source.shape[1] - x]
    repaired = resnap(coarse.bits, coarse.symbol, source, 4.0)
    assert repaired is not None
    assert repaired.after.whole
    assert untouched(coarse, repaired)
    assert not lost([coarse.symbol], read(grey(repaired.bits)))


def test_noise_and_a_crossing_line_do_not_hinder() -> None:
    strip = draw("Code 128", "TT0123456789", elements("Code 128", "TT0123456789", 2.37), noise=0.004, quiet=(90, 90))
    left, top, right, _ = strip.box
    strip.bits[top + 20 : top + 22, left - 60 : right + 60] = True
    repaired = resnap(strip.bits, strip.symbol)
    assert repaired is not None
    assert repaired.bits[top + 20 : top + 22, left - 60 : right + 60].all()
    assert "2.37 dots a module became" in repaired.because


def test_writing_over_bars_is_not_torn_apart() -> None:
    strip = draw("Code 128", "TT0123456789", elements("Code 128", "TT0123456789", 2.37), quiet=(90, 90))
    left, top, right, _ = strip.box
    strip.bits[top + 20 : top + 40, left + 60 : right - 60] = True
    assert resnap(strip.bits, strip.symbol) is None


def test_an_eans_long_guards_stay_with_their_digits() -> None:
    strip = draw("EAN-13", "4006381333931", elements("EAN-13", "4006381333931", 2.6), quiet=(90, 90))
    left, _, right, bottom = strip.box
    assert resnap(strip.bits, strip.symbol) is not None
    strip.bits[bottom : bottom + 8, [left, left + 1, right - 2, right - 1]] = True
    assert resnap(strip.bits, strip.symbol) is None


def test_whole_modules_and_other_symbols_are_left_alone() -> None:
    strip = draw("Code 39", "A1", elements("Code 39", "A1", 3, 3.0), growth=1)
    assert resnap(strip.bits, strip.symbol) is None
    uneven = draw("Code 39", "A1", elements("Code 39", "A1", 2.6))
    assert resnap(uneven.bits, replace(uneven.symbol, format="QR Code")) is None
    assert resnap(uneven.bits, replace(uneven.symbol, text="A2")) is None
    assert resnap(uneven.bits, replace(uneven.symbol, orientation=15)) is None
    assert resnap(np.zeros_like(uneven.bits), uneven.symbol) is None


def test_without_room_the_module_goes_down_and_a_scanning_symbol_not_far() -> None:
    text = "TT0123456789"
    for module, room, expected in ((2.6, 200, 3.0), (2.8, 28, None), (3.8, 40, 3.0), (2.3, 24, 2.0)):
        strip = draw("Code 128", text, elements("Code 128", text, module), quiet=(room, room))
        repaired = resnap(strip.bits, strip.symbol)
        found = None if repaired is None else round(repaired.after.module, 6)
        assert found == expected, module


@pytest.mark.parametrize("kind", LINEAR)
def test_the_input_is_not_changed(kind: str) -> None:
    text = LINEAR[kind][1][0]
    strip = draw(kind, text, elements(kind, text, 3.4))
    copy = strip.bits.copy()
    assert resnap(strip.bits, strip.symbol) is not None
    assert np.array_equal(copy, strip.bits)


@given(
    st.sampled_from([*LINEAR, "QR Code", "Data Matrix", "Aztec", "PDF417", "MaxiCode"]),
    st.tuples(*[st.integers(-40, 400)] * 4),
    st.sampled_from([0, 90, 180, -90, -179, 1, 44]),
    st.integers(1, 120),
    st.integers(1, 400),
    st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    st.integers(0, 99),
)
def test_no_position_and_no_dots_are_too_strange(
    kind: str,
    position: tuple[int, int, int, int],
    orientation: int,
    height: int,
    width: int,
    ink: float,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    bits = np.repeat(rng.random((1, width)) < ink, height, axis=0) ^ (rng.random((height, width)) < 0.01)
    strange = Symbol(kind, "1234", position, orientation)
    measure(bits, strange)
    repaired = resnap(bits, strange, np.kron(grey(bits), np.ones((2, 2), np.uint8)), 2.0)
    assert repaired is None or repaired.after.whole


@pytest.mark.skipif(not CASES.is_dir(), reason="no carriers' labels beside this checkout")
@pytest.mark.parametrize("dpi", [203, 300])
def test_carriers_symbols_read_as_before_and_some_that_did_not_now_do(dpi: int) -> None:
    head, finer = Resolution(dpi), Resolution(3 * dpi)
    gained, drawn = set(), 0
    for name in ("syn_module_sweep_4x6", "dhlretoure_105x203", "dpdfr_a6", "usps_ga_4x6", "dhl_nl_109x62"):
        with open_page((CASES / f"{name}.pdf").read_bytes(), 1) as sheet:
            here, width, height = at_own_size(sheet.size, (0, 0, *sheet.size), head)
            there, *area = at_own_size(sheet.size, (0, 0, *sheet.size), finer)
            bits = sheet.draw(here, head, (0, 0, width, height)) < 128
            source = sheet.draw(there, finer, (0, 0, area[0], area[1]))
        scale = float(finer.dots_per_mm / head.dots_per_mm)
        expected = read(source)
        missing = lost(expected, read(grey(bits)))
        for symbol in expected:
            left, top, right, bottom = (round(side / scale) for side in symbol.position)
            repaired = resnap(bits, replace(symbol, position=(left, top, right, bottom)), source, scale)
            if repaired is not None:
                assert repaired.after.whole
                bits, drawn = repaired.bits, drawn + 1
        still = lost(expected, read(grey(bits)))
        assert not lost(still, missing)
        gained |= {symbol.text for symbol in lost(missing, still)}
    assert drawn >= 6
    assert gained == ({"M200TEST"} if dpi == 203 else set())
