"""A closer look at a window shows what the whole picture shows there, whoever draws."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import DPI_203, DPI_300, dots, pdf, pixels

from labeld.renderers.bitmap import Rotation
from labeld.renderers.easel import Easel
from labeld.renderers.image import RasterSheet
from labeld.renderers.pdf import PopplerSheet, open_page
from labeld.renderers.placement import Placement, shown_window
from labeld.renderers.sheet import Sheet
from labeld.renderers.symbols.regions import Window

#: of a size at which no pixel falls between two dots by halves, when it is drawn smaller
NOISE: NDArray[np.uint8] = np.random.default_rng(1).integers(0, 256, (148, 100), dtype=np.uint8)
#: around the stock, to all sides of what the windows below can reach
AROUND = (-70, -70, 490, 490)

placements = st.builds(
    Placement,
    st.sampled_from([0, 90, 180, 270]),
    st.sampled_from([1.0, 0.5, 1.5]),
    st.integers(-40, 40),
    st.integers(-40, 40),
    st.just((0.0, 0.0, 1e5, 1e5)),
    st.just(""),
)
windows = st.builds(
    lambda left, top, width, height: (left, top, left + width, top + height),
    st.integers(-70, 320),
    st.integers(-70, 320),
    st.integers(1, 130),
    st.integers(1, 130),
)
finenesses = st.integers(1, 4)


def shapes(canvas: Canvas) -> None:
    canvas.rect(1.3 * mm, 2.2 * mm, 11.1 * mm, 7.7 * mm, stroke=0, fill=1)
    canvas.drawString(5 * mm, 15 * mm, "Hello")
    canvas.circle(10 * mm, 22 * mm, 3.3 * mm)
    canvas.setFillGray(0.6)
    canvas.rect(3.3 * mm, 24.3 * mm, 9.1 * mm, 5.6 * mm, stroke=0, fill=1)
    canvas.line(0, 0, 20 * mm, 30 * mm)


def photo(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(Image.fromarray(NOISE)), 2 * mm, 3 * mm, 15 * mm, 21 * mm)


@functools.cache
def document(draw: Callable[[Canvas], None]) -> bytes:
    return pdf([draw], (20, 30))


@contextmanager
def pdfium(draw: Callable[[Canvas], None]) -> Iterator[Sheet]:
    with open_page(document(draw), 1) as sheet:
        yield sheet


@functools.cache
def poppler(draw: Callable[[Canvas], None]) -> PopplerSheet:
    return PopplerSheet(document(draw), 1, (2000.0, 3000.0), 1.0, ())


def differences(sheet: Sheet, placed: Placement, window: Window, fineness: int) -> NDArray[np.int64]:
    """By how much a window's greys differ from those of the whole there."""
    whole = sheet.draw(placed, DPI_203, AROUND, fineness)
    part = sheet.draw(placed, DPI_203, window, fineness)
    left, top, right, bottom = ((side + 70) * fineness for side in window)
    crop = whole[top:bottom, left:right]
    assert part.shape == crop.shape == ((window[3] - window[1]) * fineness, (window[2] - window[0]) * fineness)
    by: NDArray[np.int64] = np.abs(part.astype(np.int64) - crop)
    return by


@pytest.mark.parametrize("density", [(8.0, 8.0), (6.3, 7.1), (15.1, 15.3), (4.0, 4.0), (16.0, 16.0)])
@given(placements, windows, finenesses)
@settings(max_examples=60)
def test_of_pixels(density: tuple[float, float], placed: Placement, window: Window, fineness: int) -> None:
    resampled = density not in ((8.0, 8.0), (4.0, 4.0)) or placed.scale != 1.0
    most = 2 if resampled else 0  # Pillow rounds where a window begins
    assert differences(RasterSheet(NOISE, density), placed, window, fineness).max() <= most


@given(placements, windows, finenesses)
@settings(max_examples=60)
def test_of_vectors_by_pdfium(placed: Placement, window: Window, fineness: int) -> None:
    with pdfium(shapes) as sheet:
        assert differences(sheet, placed, window, fineness).max() <= 2  # edges are rounded from the window's corner


@given(windows, finenesses, st.sampled_from([1.0, 1.5]))
@settings(max_examples=40)
def test_of_a_picture_in_a_pdf_by_pdfium(window: Window, fineness: int, scale: float) -> None:
    left, top, right, bottom = window
    window = left, top, right + 30, bottom + 30
    with pdfium(photo) as sheet:
        placed = Placement(0, scale, 7, -9, (0.0, 0.0, *sheet.size), "")
        # between pixels it knows no neighbour beyond the window: a line at the edge may differ
        assert differences(sheet, placed, window, fineness).mean() <= 1


@pytest.mark.parametrize("draw", [shapes, photo])
@given(placements, windows, finenesses)
@settings(max_examples=30)
def test_by_poppler(draw: Callable[[Canvas], None], placed: Placement, window: Window, fineness: int) -> None:
    assert not differences(poppler(draw), placed, window, fineness).any()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("fineness", [1, 2, 3])
def test_popplers_pixels_are_taken_as_they_are(rotation: Rotation, fineness: int) -> None:
    # 20.1 x 29.9 mm have no whole number of dots, and another remainder at each fineness
    sheet = PopplerSheet(pdf([shapes], (20.1, 29.9)), 1, (2010.0, 2990.0), 1.0, ())
    placed = Placement(rotation, 1.0, 0, 0, (0.0, 0.0, 2010.0, 2990.0), "")
    grey = sheet.draw(placed, DPI_203, (0, 0, 300, 300), fineness)
    (raster,) = sheet.drawn.values()
    page = np.rot90(raster.grey, -(rotation // 90))
    assert np.array_equal(grey[: page.shape[0], : page.shape[1]], page)
    assert grey[page.shape[0] :].min() == grey[:, page.shape[1] :].min() == 255


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pixels_twice_as_fine_as_the_dots_are_seen_one_by_one_at_fineness_two(rotation: Rotation) -> None:
    array = dots(101, 151)
    sheet = RasterSheet(np.asarray(pixels(array)), (16.0, 16.0))
    grey = sheet.draw(Placement(rotation, 1.0, 0, 0, (0, 0, *sheet.size), ""), DPI_203, (0, 0, 80, 80), 2.0)
    page = np.rot90(array, -(rotation // 90))
    assert np.array_equal(grey[: page.shape[0], : page.shape[1]] < 128, page)


@given(placements, windows, st.sampled_from([1.0, 1.5, 2.0, 2.5, 3.0]))
@settings(max_examples=60)
def test_a_window_has_its_size_times_the_fineness_and_white_beyond_the_page(
    placed: Placement, window: Window, fineness: float
) -> None:
    sheet = RasterSheet(np.zeros((150, 100), np.uint8), (8.0, 8.0))
    left, top, right, bottom = window
    grey = sheet.draw(placed, DPI_203, window, fineness)
    assert abs(grey.shape[0] - (bottom - top) * fineness) <= 1
    assert abs(grey.shape[1] - (right - left) * fineness) <= 1
    width, height = (100, 150) if placed.rotation in (0, 180) else (150, 100)
    inside = [
        max(min(end, start + length * placed.scale) - max(begin, start), 0)
        for begin, end, start, length in ((left, right, placed.x, width), (top, bottom, placed.y, height))
    ]
    edge = fineness * (sum(grey.shape) + 2)  # half a pixel or so along the page's edges
    assert abs(int((grey < 128).sum()) - inside[0] * inside[1] * fineness**2) <= edge


clips = st.tuples(st.floats(0, 900), st.floats(0, 1400), st.floats(950, 2000), st.floats(1450, 3000))


@given(placements, clips, finenesses, st.sampled_from([DPI_203, DPI_300]))
@settings(max_examples=60)
def test_the_easel_shows_the_clip_and_nothing_else(
    placed: Placement, clip: tuple[float, float, float, float], fineness: int, dpi: object
) -> None:
    assert dpi in (DPI_203, DPI_300)
    resolution = DPI_203 if dpi == DPI_203 else DPI_300
    sheet = RasterSheet(np.zeros((300, 200), np.uint8), (10.0, 10.0))  # 20 x 30 mm, all black
    placed = Placement(placed.rotation, placed.scale, placed.x, placed.y, clip, "")
    easel = Easel(sheet, placed, resolution, 200, 260)
    ink = easel.draw(fineness=fineness) < 255
    left, top, right, bottom = (side * fineness for side in shown_window(placed, sheet.size, resolution))
    inside = np.zeros(ink.shape, np.bool_)
    inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    assert not (ink & ~inside).any()
    rim = fineness * 2
    deep = np.zeros(ink.shape, np.bool_)
    deep[max(top + rim, 0) : max(bottom - rim, 0), max(left + rim, 0) : max(right - rim, 0)] = True
    assert ink[deep].all()
    # a window of it is a crop of it
    window = (20, 30, 150, 170)
    crop = easel.draw(fineness=fineness)[30 * fineness : 170 * fineness, 20 * fineness : 150 * fineness]
    assert np.array_equal(easel.draw(window, fineness), crop)


def test_the_easel_counts_dots_up_and_keeps_margins_on_the_stock() -> None:
    sheet = RasterSheet(np.zeros((300, 200), np.uint8), (10.0, 10.0))
    easel = Easel(sheet, Placement(0, 1.0, 0, 0, (0, 0, 2000, 3000), ""), DPI_300, 200, 260)
    assert (easel.dots(3), easel.dots(25.4), easel.dots(25.41)) == (36, 300, 301)
    assert easel.grown((50, 60, 70, 80), 3) == (14, 24, 106, 116)
    assert easel.grown((10, 10, 190, 250), 3) == (0, 0, 200, 260)
