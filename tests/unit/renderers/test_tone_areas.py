"""Greys on their way to dots: strokes, tints, edges, and the windows that are left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from labeld.renderers.symbols.regions import Window
from labeld.renderers.tone import THRESHOLD, halftone, to_dots

Grey = NDArray[np.uint8]


def white(width: int = 400, height: int = 300) -> Grey:
    return np.full((height, width), 255, np.uint8)


def written(value: int, text: str = "Jane Doe, 1 Main St 90210", size: int = 28) -> Grey:
    """Type in a grey, with smooth edges."""
    picture = Image.new("L", (400, 60), 255)
    ImageDraw.Draw(picture).text((10, 10), text, value, font=ImageFont.load_default(size=size))
    return np.asarray(picture)


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 50), st.integers(1, 50))))
def test_black_and_white_stay_what_they_are(dots: NDArray[np.bool_]) -> None:
    grey = np.where(dots, np.uint8(0), np.uint8(255))
    bits, area = to_dots(grey)
    assert np.array_equal(bits, dots)
    assert area.shape == dots.shape
    assert not area.any()
    assert halftone(bits, grey, area, []) is bits


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))))
def test_any_grey_of_any_size_becomes_dots_of_its_size(grey: Grey) -> None:
    before = grey.copy()
    bits, area = to_dots(grey)
    assert bits.shape == grey.shape and bits.dtype == np.bool_
    shown = halftone(bits, grey, area, [])
    assert shown.shape == grey.shape
    assert np.array_equal(grey, before), "the picture itself is as it was"


@pytest.mark.parametrize("value", [226, 235, 254])
def test_strokes_as_faint_as_jpeg_noise_vanish(value: int) -> None:
    grey = white()
    grey[100:104, 20:380] = value
    assert not to_dots(grey)[0].any()
    assert not to_dots(written(value))[0].any()


@pytest.mark.parametrize("value", [90, 127, 128, 160, 190, 220])
def test_type_in_grey_is_as_black_as_black_type(value: int) -> None:
    black, bits = to_dots(written(0))[0], to_dots(written(value))[0]
    assert (black != bits).sum() <= 0.05 * black.sum()


@pytest.mark.parametrize("value", [130, 180, 220])
@pytest.mark.parametrize("thick", [2, 3, 5])
@pytest.mark.parametrize("offset", range(0, 8, 3))
def test_lines_in_grey_are_black_from_end_to_end(value: int, thick: int, offset: int) -> None:
    grey = white()
    grey[100 + offset : 100 + offset + thick, 20:380] = value
    assert np.array_equal(to_dots(grey)[0], grey < 255)
    assert np.array_equal(to_dots(np.ascontiguousarray(grey.T))[0], grey.T < 255)


@given(
    st.integers(100, 240),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(130, 250),
    st.integers(130, 200),
)
@settings(max_examples=40)
def test_an_area_is_as_dark_as_its_grey(value: int, left: int, top: int, wide: int, high: int) -> None:
    grey = white()
    grey[top : top + high, left : left + wide] = value
    bits, area = to_dots(grey)
    shown = halftone(bits, grey, area, [])
    middle = np.s_[(top + 15) // 8 * 8 : (top + high) // 8 * 8 - 8, (left + 15) // 8 * 8 : (left + wide) // 8 * 8 - 8]
    assert shown[middle].mean() == pytest.approx(1 - value / 255, abs=0.02)
    outside = np.ones(grey.shape, np.bool_)
    outside[top : top + high, left : left + wide] = False
    assert not shown[outside].any()


@pytest.mark.parametrize("size", [(64, 64), (65, 71), (127, 90), (203, 101)])
def test_areas_reach_the_papers_edges_whatever_its_size(size: tuple[int, int]) -> None:
    grey = np.full((size[1], size[0]), 153, np.uint8)
    bits, area = to_dots(grey)
    assert area.all()
    shown = halftone(bits, grey, area, [])
    assert shown.mean() == pytest.approx(0.4, abs=0.03)
    assert shown[-8:].any() and shown[:, -8:].any()


@pytest.mark.parametrize("offset", range(8))
@pytest.mark.parametrize("edge", [128, 160, 200, 240])
def test_soft_edges_of_black_are_no_areas(edge: int, offset: int) -> None:
    grey = white()
    grey[60 + offset : 240, 60 + offset : 340] = edge
    grey[61 + offset : 239, 61 + offset : 339] = 0
    bits, area = to_dots(grey)
    assert np.array_equal(halftone(bits, grey, area, []), grey < THRESHOLD)


def test_black_type_on_a_tint_keeps_all_its_black() -> None:
    grey = np.minimum(written(0, size=40), np.uint8(190))
    bits, area = to_dots(grey)
    shown = halftone(bits, grey, area, [])
    assert shown[grey < 2].all()


windows = st.builds(
    lambda x, y, wide, high: (x, y, min(x + wide, 203), min(y + high, 150)),
    st.integers(0, 190),
    st.integers(0, 140),
    st.integers(1, 120),
    st.integers(1, 120),
)


@given(st.lists(windows, max_size=4), st.integers(100, 240))
@settings(max_examples=60)
def test_the_windows_of_barcodes_are_left_alone_and_nothing_else_is(listed: list[Window], value: int) -> None:
    grey = np.full((150, 203), value, np.uint8)
    bits, area = to_dots(grey)
    before = area.copy()
    plain, shown = halftone(bits, grey, area, []), halftone(bits, grey, area, listed)
    assert np.array_equal(area, before), "the area itself is as it was"
    inside = np.zeros(grey.shape, np.bool_)
    for left, top, right, bottom in listed:
        assert np.array_equal(shown[top:bottom, left:right], bits[top:bottom, left:right])
        inside[top:bottom, left:right] = True
    assert np.array_equal(shown[~inside], plain[~inside])


def test_the_pattern_goes_on_over_cells_and_bands() -> None:
    grey = np.full((80, 160), 128, np.uint8)
    bits, area = to_dots(grey)
    shown = halftone(bits, grey, area, [])
    assert np.array_equal(shown[:8], shown[8:16])
    assert np.array_equal(shown[:, :8], shown[:, 72:80])


def test_darker_greys_have_every_dot_of_lighter_ones() -> None:
    before = np.zeros((64, 64), np.bool_)
    for value in range(250, 95, -5):
        grey = np.full((64, 64), value, np.uint8)
        bits, area = to_dots(grey)
        shown = halftone(np.zeros_like(bits), grey, np.ones_like(area), [])
        assert (shown >= before).all()
        before = shown
