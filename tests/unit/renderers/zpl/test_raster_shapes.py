"""Frames, ellipses and diagonals dot by dot, and against reference pictures where they are at hand."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.unit.renderers.zpl.scenes import scene

from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scene import Diagonal, Ellipse, Frame, Scene, Shape
from labeld.renderers.zpl.spans import thickness

CASES = Path(__file__).parents[5] / "shared/conformance/zpl/cases"
SIDES = st.integers(1, 80)


def bits(shape: Shape, width: int = 120, height: int = 90) -> NDArray[np.bool_]:
    return rasterise(scene(shape, width=width, height=height)).bits()


@given(SIDES, SIDES, st.integers(1, 50))
def test_a_frame_grows_inwards_until_it_is_solid(width: int, height: int, line: int) -> None:
    expected = np.zeros((90, 120), np.bool_)
    expected[3 : 3 + height, 5 : 5 + width] = True
    expected[3 + line : 3 + height - line, 5 + line : 5 + width - line] = False
    assert np.array_equal(bits(Frame(5, 3, width, height, line)), expected)


@given(SIDES, SIDES, st.integers(1, 50), st.floats(0, 40))
def test_rounded_frames_are_symmetric_and_lie_in_the_square_one(
    width: int, height: int, line: int, radius: float
) -> None:
    drawn = bits(Frame(0, 0, width, height, line, radius), width, height)
    assert np.array_equal(drawn, drawn[::-1]) and np.array_equal(drawn, drawn[:, ::-1])
    middle = drawn[height // 2]
    assert middle[: min(line, width)].all() or radius > height / 2 - 1
    whole = bits(Frame(0, 0, width, height, max(width, height), radius), width, height)
    assert not (drawn & ~whole).any()


@given(SIDES, SIDES, st.integers(1, 50))
def test_an_ellipse_is_the_dots_whose_middles_lie_in_it(width: int, height: int, line: int) -> None:
    def inside(wide: int, high: int) -> NDArray[np.bool_]:
        down, across = np.ogrid[:height, :width]
        # whole numbers, for a dot's middle may lie on the edge
        off = ((2 * across + 1 - width) * high) ** 2 + ((2 * down + 1 - height) * wide) ** 2
        return np.asarray((off < (wide * high) ** 2) & (wide > 0) & (high > 0))

    expected = inside(width, height) & ~inside(max(width - 2 * line, 0), max(height - 2 * line, 0))
    assert np.count_nonzero(bits(Ellipse(0, 0, width, height, line), width, height) != expected) <= 8


@given(SIDES, SIDES, st.integers(1, 40), st.sampled_from(["L", "R"]))
def test_a_diagonal_reaches_a_line_beyond_its_box(
    width: int, height: int, line: int, leaning: Literal["L", "R"]
) -> None:
    shape = Diagonal(4, 2, width, height, line, leaning)
    drawn = bits(shape, 300, 90)
    rows = drawn[2 : 2 + height]
    assert not drawn[:2].any() and not drawn[2 + height :].any()
    assert rows.any(axis=1).all(), "no row is left out"
    assert not rows[:, :4].any() and not rows[:, 4 + width + thickness(shape) :].any()
    mirrored = bits(Diagonal(4, 2, width, height, line, "R" if leaning == "L" else "L"), 300, 90)
    assert np.array_equal(mirrored[2 : 2 + height][::-1], rows)
    runs = [np.flatnonzero(row) for row in rows]
    assert all(a[0] <= b[-1] + 1 and b[0] <= a[-1] + 1 for a, b in pairwise(runs)), "its rows touch"


@pytest.mark.parametrize(
    "shape",
    [
        Frame(-(10**6), -(10**6), 2 * 10**6, 2 * 10**6, 10**6 - 20),
        Frame(0, 0, 32000, 32000, 20, 200),
        Ellipse(-16000, -16000, 32000, 32000, 15990),
        Diagonal(-(10**6), -(10**6), 2 * 10**6, 2 * 10**6, 20, "L"),
    ],
)
def test_huge_shapes_show_what_lies_on_the_paper(shape: Shape) -> None:
    assert 0 < np.count_nonzero(bits(shape, 812, 1218)) < 812 * 1218


def _drawn(zpl: str, width: int, height: int) -> Scene | None:
    """The scene of a label that is nothing but `^GB` and `^GD`."""
    if re.search(r"\^(?!XA|XZ|FO|FS|GB|GD)", zpl):
        return None
    shapes: list[Shape] = []
    for x, y, kind, values in re.findall(r"\^FO(\d+),(\d+)\s*\^G([BD])([^^]*)", zpl):
        across, down, thick, _, last = (values.strip().split(",") + [""] * 5)[:5]
        line = int(thick or 1)
        wide, high = max(int(across or line), line), max(int(down or line), line)
        if kind == "B":
            shapes.append(Frame(int(x), int(y), wide, high, line, int(last or 0) / 8 * min(wide, high) / 2))
        else:
            shapes.append(Diagonal(int(x), int(y), int(across), int(down), line, "L" if last == "L" else "R"))
    return scene(*shapes, width=width, height=height)


@pytest.mark.skipif(not CASES.is_dir(), reason="the reference pictures are not at hand")
def test_shapes_are_those_of_the_reference_pictures() -> None:
    seen = 0
    for file in [*CASES.glob("shape_*.zpl"), *CASES.glob("unit_g[bd]_*.zpl")]:
        picture = np.asarray(Image.open(file.with_suffix(".png")).convert("L")) < 128
        label = _drawn(file.read_text("utf-8"), picture.shape[1], picture.shape[0])
        if label is None:
            continue
        seen += 1
        off = np.count_nonzero(rasterise(label).bits() != picture)
        assert off <= np.count_nonzero(picture) / 1000, f"{file.name}: {off} dots differ"
    assert seen > 8
