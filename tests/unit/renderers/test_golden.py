"""Pages of known millimetres on known stock: every dot is where the millimetres say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.marks import Mark, page
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX, Draw, dots, pdf

from labeld.renderers import symbols
from labeld.renderers.artwork import PageArtwork, Target
from labeld.renderers.asset import unwrap
from labeld.renderers.bitmap import Rotation
from labeld.renderers.convert import convert_page
from labeld.renderers.errors import DoesNotFit
from labeld.renderers.image import RasterSheet
from labeld.renderers.media import Media, Resolution
from labeld.renderers.placement import Box, Scaling, place, place_part, shown_window

A6, INCHES, METRIC = (105.0, 148.0), (101.6, 152.4), (100.0, 150.0)
DPI = [203, 300, 600]


def frame(size: tuple[float, float], inset: float, x: float = 20.0, y: float = 60.0) -> Draw:
    """Four small blocks in the corners `inset` mm from a page's edges, and a barcode at (x, y)."""

    def draw(canvas: Canvas) -> None:
        width, height = size
        for across in (inset, width - inset - 2):
            for down in (inset, height - inset - 2):
                canvas.rect(across * mm, down * mm, 2 * mm, 2 * mm, stroke=0, fill=1)
        Mark("Code 128", x, y).draw(canvas, size)

    return draw


def label(data: bytes, media: str, dpi: int, **more: object) -> PageArtwork:
    target = Target(media=Media.parse(media), resolution=Resolution(dpi), **more)  # type: ignore[arg-type]
    (one,) = convert_page(unwrap(data), 1, target)
    assert [symbol.text for symbol in one.symbols] == ["TT0123456789"]
    assert one.bitmap is not None
    assert [symbol.text for symbol in symbols.read(one.bitmap)] == ["TT0123456789"]
    return one


def inked(one: PageArtwork) -> tuple[int, int, int, int]:
    assert one.bitmap is not None
    box = one.bitmap.ink_box()
    assert box is not None
    return box


@pytest.mark.parametrize("dpi", DPI)
@pytest.mark.parametrize(
    ("size", "media", "stock"),
    [
        (A6, "4x6in", INCHES),
        (INCHES, "100x150mm", METRIC),
        (METRIC, "4x6in", INCHES),
        (INCHES, "4x6in", INCHES),
        (INCHES, "a6", A6),
        (INCHES, "4x8in", (101.6, 203.2)),
        (A6, "4x8in", (101.6, 203.2)),
    ],
)
def test_ink_that_fits_is_printed_at_its_own_size_in_the_middle(
    size: tuple[float, float], media: str, stock: tuple[float, float], dpi: int
) -> None:
    inset = 7.0
    one = label(pdf([frame(size, inset)], size), media, dpi)
    assert one.placement is not None
    assert (one.placement.scale, one.placement.rotation) == (1.0, 0)
    unit = 8.0 if dpi == 203 else dpi / 25.4
    left, top = ((stock[axis] - size[axis]) / 2 + inset for axis in (0, 1))
    expected = (left, top, stock[0] - left, stock[1] - top)
    # the page and the stock are whole dots each, and an edge may lie between two
    assert np.allclose(inked(one), [side * unit for side in expected], atol=1.51)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_rectangles_on_the_dots_grid_are_drawn_dot_for_dot(rotate: int) -> None:
    rng = np.random.default_rng(5)
    sheet = np.zeros((1200, 800), np.bool_)

    def draw(canvas: Canvas) -> None:
        for _ in range(40):
            x, y = int(rng.integers(0, 760)), int(rng.integers(0, 700))
            wide, high = (int(side) for side in rng.integers(1, 40, 2))
            sheet[y : y + high, x : x + wide] = True
            canvas.rect(x / 8 * mm, (1200 - y - high) / 8 * mm, wide / 8 * mm, high / 8 * mm, stroke=0, fill=1)

    data = pdf([draw], METRIC, rotate)
    media = Media.parse("100x150mm" if rotate % 180 == 0 else "150x100mm")
    (one,) = convert_page(unwrap(data), 1, Target(media=media, resolution=DPI_203, verify=False))
    assert one.bitmap is not None
    expected = np.rot90(sheet, -(rotate // 90))
    printed = one.bitmap.bits()
    assert printed[expected].all()
    # PDFium rounds sides outwards where its own numbers are a hair beyond the grid: by a dot, and of a few
    padded = np.pad(expected, 1)
    around = np.logical_or.reduce(
        [padded[y : y + len(expected), x : x + expected.shape[1]] for y in range(3) for x in range(3)]
    )
    assert not printed[~around].any()
    assert (printed != expected).mean() < 1e-3


@pytest.mark.parametrize("dpi", DPI)
def test_ink_of_a_4x6_page_that_a6_cannot_hold_is_scaled_or_refused(dpi: int) -> None:
    data = pdf([frame(INCHES, 0.5)], INCHES)
    target = Target(media=Media.parse("a6"), resolution=Resolution(dpi), scaling="none")
    with pytest.raises(DoesNotFit, match=r"100\.\d x 151\.\d mm .* 105"):
        convert_page(unwrap(data), 1, target)
    one = label(data, "a6", dpi)
    assert one.placement is not None
    assert 0.8 < one.placement.scale < 1.0
    assert one.placement.because in one.notes
    left, top, right, bottom = inked(one)
    width, height = Resolution(dpi).size(Media.parse("a6"))
    assert left >= 0 and top >= 0 and right <= width and bottom <= height
    unit = (8.0 if dpi == 203 else dpi / 25.4) * one.placement.scale
    assert right - left == pytest.approx(100.6 * unit, abs=2)
    assert bottom - top == pytest.approx(151.4 * unit, abs=2)


@pytest.mark.parametrize("dpi", DPI)
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_landscape_page_is_turned_and_landscape_stock_is_not(dpi: int, rotate: int) -> None:
    upright = rotate % 180 == 0
    size = (150.0, 100.0) if upright else (100.0, 150.0)  # 150 x 100 once it is turned by /Rotate
    data = pdf([frame(size, 6)], size, rotate)
    unit = 8.0 if dpi == 203 else dpi / 25.4
    for media, rotation, box in (
        ("100x150mm", 90, (6, 6, 94, 144)),
        ("150x100mm", 0, (6, 6, 144, 94)),
    ):
        one = label(data, media, dpi)
        assert one.placement is not None
        assert (one.placement.scale, one.placement.rotation) == (1.0, rotation)
        assert np.allclose(inked(one), [side * unit for side in box], atol=1.51)


@pytest.mark.parametrize("dpi", DPI)
@pytest.mark.parametrize("width", [10160, 10400, 9000, 8000, 5400])
def test_no_ink_lies_beyond_what_the_head_reaches(dpi: int, width: int) -> None:
    one = label(pdf([frame(INCHES, 7, 24)], INCHES), "4x6in", dpi, printable_width=width)
    assert one.bitmap is not None and one.placement is not None
    reach = Resolution(dpi).dots(min(width, 10160))
    assert one.bitmap.width == reach
    left, _, right, _ = inked(one)
    assert 0 <= left < right <= reach
    unit = 8.0 if dpi == 203 else dpi / 25.4
    if width >= 8760:
        assert one.placement.scale == 1.0
        assert right - left == pytest.approx(87.6 * unit, abs=2)
    else:
        assert one.placement.scale < 1.0
        assert one.placement.because in one.notes
        with pytest.raises(DoesNotFit):
            label(pdf([frame(INCHES, 7, 24)], INCHES), "4x6in", dpi, printable_width=width, scaling="none", rotation=0)


turns = st.sampled_from([0, 90, 180, 270])


def drawn(sheet: RasterSheet, media: Media, rotation: Rotation, resolution: Resolution) -> NDArray[np.uint8]:
    placed = place(sheet.size, (0, 0, *sheet.size), media, resolution, "none", rotation)
    return sheet.draw(placed, resolution, (0, 0, *resolution.size(media)))


@given(turns, st.integers(0, 99), st.integers(40, 90), st.integers(40, 130))
@settings(max_examples=50)
def test_a_page_turned_with_its_stock_is_the_turned_label(turn: Rotation, seed: int, wide: int, high: int) -> None:
    # stock and page that differ by even numbers of dots have one middle
    stock = np.asarray((wide + 2 * (seed % 5), high + 2 * (seed % 7)))
    sheet = RasterSheet(np.where(dots(wide, high, seed), 0, 255).astype(np.uint8), (8.0, 8.0))
    upright = Media("custom_a_1x1mm", *(stock * 100 // 8 + 1).tolist())
    lying = upright if turn in (0, 180) else Media("custom_b_1x1mm", upright.length, upright.width)
    before, after = drawn(sheet, upright, 0, DPI_203), drawn(sheet, lying, turn, DPI_203)
    assert np.array_equal(after, np.rot90(before, -(turn // 90)))


pages = st.tuples(st.floats(2000, 30_000), st.floats(2000, 30_000))
shares = st.tuples(*[st.floats(0, 0.45)] * 4)
heads = st.sampled_from([DPI_203, DPI_300, Resolution(600)])
asked = st.sampled_from(["auto", 0, 90, 180, 270])
scalings = st.sampled_from(["auto", "none", "fit"])


def ink_of(size: tuple[float, float], shares: tuple[float, float, float, float]) -> Box:
    left, top, right, bottom = shares
    return size[0] * left, size[1] * top, size[0] * (1 - right), size[1] * (1 - bottom)


@given(pages, shares, heads, asked)
def test_what_is_said_to_be_its_own_size_is_and_shows_its_ink(
    size: tuple[float, float], shares: tuple[float, float, float, float], head: Resolution, rotation: object
) -> None:
    ink = ink_of(size, shares)
    try:
        placed = place(size, ink, FOUR_BY_SIX, head, "none", rotation)  # type: ignore[arg-type]
    except DoesNotFit as error:
        assert "at its own size: load larger stock or allow scaling" in str(error)
        scaled = place(size, ink, FOUR_BY_SIX, head, "auto", rotation)  # type: ignore[arg-type]
        assert scaled.scale <= 1.0
        assert "scaled to" in scaled.because
        return
    assert placed.scale == 1.0
    assert placed.because.removeprefix(f"turned by {placed.rotation} degrees, ").startswith("1:1: ")
    assert place(size, ink, FOUR_BY_SIX, head, "auto", rotation) == placed  # type: ignore[arg-type]
    slack = 15 + 2 * 100 / float(head.dots_per_mm)
    assert placed.clip[0] <= ink[0] + slack and placed.clip[1] <= ink[1] + slack
    assert placed.clip[2] >= ink[2] - slack and placed.clip[3] >= ink[3] - slack
    left, top, right, bottom = shown_window(placed, size, head)
    width, height = head.size(FOUR_BY_SIX)
    assert left >= -1 and top >= -1 and right <= width + 1 and bottom <= height + 1


@given(pages, heads, asked, scalings)
def test_a_part_that_is_the_whole_page_is_placed_like_it(
    size: tuple[float, float], head: Resolution, rotation: object, scaling: Scaling
) -> None:
    whole = (0.0, 0.0, *size)
    try:
        expected = place(size, whole, FOUR_BY_SIX, head, scaling, rotation)  # type: ignore[arg-type]
    except DoesNotFit:
        with pytest.raises(DoesNotFit):
            place_part(size, whole, FOUR_BY_SIX, head, scaling, rotation)  # type: ignore[arg-type]
        return
    placed = place_part(size, whole, FOUR_BY_SIX, head, scaling, rotation)  # type: ignore[arg-type]
    assert (placed.rotation, placed.scale, placed.x, placed.y) == (
        expected.rotation,
        expected.scale,
        expected.x,
        expected.y,
    )
    assert placed.clip == pytest.approx(expected.clip)
    assert placed.because == expected.because.replace("the page (", "the label (")


@given(pages, st.tuples(st.floats(0, 20_000), st.floats(0, 20_000)), heads, asked)
def test_a_part_lies_where_a_page_of_its_own_would(
    size: tuple[float, float], corner: tuple[float, float], head: Resolution, rotation: object
) -> None:
    part = (*corner, corner[0] + size[0], corner[1] + size[1])
    page_size = (part[2] + 1234, part[3] + 567)
    alone = place(size, (0.0, 0.0, *size), FOUR_BY_SIX, head, "auto", rotation)  # type: ignore[arg-type]
    placed = place_part(page_size, part, FOUR_BY_SIX, head, "auto", rotation)  # type: ignore[arg-type]
    assert placed.rotation == alone.rotation
    assert placed.scale == pytest.approx(alone.scale)
    one, other = shown_window(alone, size, head), shown_window(placed, page_size, head)
    assert max(abs(here - there) for here, there in zip(one, other, strict=True)) <= 1
    assert all(not math.isnan(side) for side in placed.clip)


def test_a_page_with_one_barcode_is_the_same_label_by_whatever_way_it_is_turned() -> None:
    upright = label(page([Mark("Code 128", 20, 60)], METRIC), "100x150mm", 203)
    assert upright.bitmap is not None
    rotations: tuple[Rotation, ...] = (90, 180, 270)
    for rotate in rotations:
        turned = label(
            page([Mark("Code 128", 20, 60)], METRIC, rotate), "150x100mm" if rotate % 180 else "100x150mm", 203
        )
        assert turned.bitmap == upright.bitmap.rotated(rotate)
