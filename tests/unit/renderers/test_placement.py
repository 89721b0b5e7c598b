import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX

from labeld.renderers.errors import DoesNotFit
from labeld.renderers.media import Media
from labeld.renderers.placement import Box, Placement, at_own_size, page_fits, place

A6 = (10500.0, 14800.0)


def _inset(size: tuple[float, float], margin: float) -> Box:
    return margin, margin, size[0] - margin, size[1] - margin


def test_a_page_of_the_stocks_size_is_left_alone() -> None:
    placed = place((10160, 15240), (0, 0, 10160, 15240), FOUR_BY_SIX, DPI_203)
    assert (placed.rotation, placed.scale, placed.x, placed.y) == (0, 1.0, 0, 0)
    assert placed.because == "1:1: the page (101.6 x 152.4 mm) fits 4x6in"


def test_a_smaller_page_is_centred() -> None:
    placed = place((10000, 15000), (0, 0, 10000, 15000), FOUR_BY_SIX, DPI_203)
    assert (placed.scale, placed.x, placed.y) == (1.0, 6, 10)


def test_a6_on_4x6_loses_only_white_margin() -> None:
    placed = place(A6, _inset(A6, 600), FOUR_BY_SIX, DPI_203)
    assert (placed.rotation, placed.scale, placed.x, placed.y) == (0, 1.0, -14, 18)
    assert placed.clip == pytest.approx((175, 0, 10325, 14800))
    assert "only white margin is cut off" in placed.because


def test_ink_near_one_edge_moves_the_page_just_enough() -> None:
    placed = place(A6, (10.0, 600, 9900, 14000), FOUR_BY_SIX, DPI_203)
    assert placed.scale == 1.0
    assert 0 <= 10 * 0.08 + placed.x <= 9  # inside, by the 1 mm that heads leave white


def test_landscape_turns_when_that_keeps_its_size() -> None:
    placed = place((15240, 10160), (0, 0, 15240, 10160), FOUR_BY_SIX, DPI_300)
    assert (placed.rotation, placed.scale, placed.x, placed.y) == (90, 1.0, 0, 0)
    assert placed.clip == pytest.approx((0, 0, 15240, 10160), abs=5)


def test_none_refuses_with_both_sizes() -> None:
    with pytest.raises(DoesNotFit, match=r"98\.0 x 200\.0 mm .* 4x6in \(101\.6 x 152\.4 mm\)"):
        place((21000, 29700), (1000, 1000, 10800, 21000), FOUR_BY_SIX, DPI_203, "none")


def test_auto_scales_down_what_cannot_fit_and_says_so() -> None:
    placed = place((21000, 29700), (1000, 1000, 10800, 21000), FOUR_BY_SIX, DPI_203)
    assert placed.rotation == 0
    assert placed.scale == pytest.approx(150.4 / 200)
    assert placed.because == "scaled to 75.2%: the ink (98.0 x 200.0 mm) is larger than 4x6in"


def test_fit_enlarges_a_small_page_and_auto_never_does() -> None:
    small = (5080.0, 7620.0)
    assert place(small, (0, 0, *small), FOUR_BY_SIX, DPI_203, "fit").scale == pytest.approx(2)
    assert place(small, (0, 0, *small), FOUR_BY_SIX, DPI_203, "auto").scale == 1.0
    assert place((10160, 15240), (0, 0, 10160, 15240), FOUR_BY_SIX, DPI_203, "fit").scale == 1.0


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_an_asked_turn_is_kept(turn: int) -> None:
    placed = place(A6, _inset(A6, 600), FOUR_BY_SIX, DPI_203, rotation=turn)  # type: ignore[arg-type]
    assert placed.rotation == turn


def _ink_on_stock(placed: Placement, page: tuple[float, float], ink: Box, unit: float) -> Box:
    """The ink's box on the stock in dots, worked out point by point."""
    corners = []
    for x, y in ((ink[0], ink[1]), (ink[2], ink[3])):
        turned = {0: (x, y), 90: (page[1] - y, x), 180: (page[0] - x, page[1] - y), 270: (y, page[0] - x)}
        across, down = turned[placed.rotation]
        corners.append((across * unit * placed.scale + placed.x, down * unit * placed.scale + placed.y))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


sizes = st.floats(1000, 60_000)
shares = st.floats(0, 0.49)


@given(sizes, sizes, shares, shares, shares, shares, st.sampled_from(["auto", "fit"]), st.sampled_from([203, 300]))
def test_ink_is_never_cut_off(
    width: float, height: float, left: float, top: float, right: float, bottom: float, scaling: str, dpi: int
) -> None:
    page = (width, height)
    ink = (width * left, height * top, width * (1 - right), height * (1 - bottom))
    resolution = {203: DPI_203, 300: DPI_300}[dpi]
    placed = place(page, ink, FOUR_BY_SIX, resolution, scaling)  # type: ignore[arg-type]
    across, down = resolution.size(FOUR_BY_SIX)
    box = _ink_on_stock(placed, page, ink, float(resolution.dots_per_mm) / 100)
    rounding = 2.8  # the slack of 0.15 mm at 300 dpi, and whole dots
    assert box[0] >= -rounding
    assert box[1] >= -rounding
    assert box[2] <= across + rounding
    assert box[3] <= down + rounding
    assert placed.clip[0] <= ink[0] + 35
    assert placed.clip[3] >= ink[3] - 35


def test_page_fits_forgives_only_rounding() -> None:
    assert page_fits((10160.4, 15240.2), FOUR_BY_SIX)
    assert not page_fits((10190, 15240), FOUR_BY_SIX)
    assert not page_fits((15240, 10160), FOUR_BY_SIX)


def test_own_size_covers_the_region_on_whole_dots() -> None:
    placed, width, height = at_own_size((21000, 29700), (1003, 2006, 11003, 12006), DPI_203)
    assert (placed.x, placed.y, placed.scale) == (-80, -160, 1.0)
    assert (width, height) == (801, 801)


def test_odd_stock_is_served_too() -> None:
    placed = place((9900, 20000), (0, 0, 9900, 20000), Media.parse("99x200mm"), DPI_203)
    assert (placed.x, placed.y, placed.scale) == (0, 0, 1.0)
