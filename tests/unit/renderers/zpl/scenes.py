"""Display lists for tests: lines of text, and shapes anywhere on and off the paper."""

from typing import get_args

import numpy as np
from hypothesis import strategies as st

from labeld.renderers.bitmap import Bitmap, Rotation
from labeld.renderers.zpl.fonts import Style, style
from labeld.renderers.zpl.scene import Boxes, Diagonal, Dots, Ellipse, Frame, Ink, Mark, Scene, Shape, Text

FONT = style("0", 30, 30, 1.0)


def line(text: str, x: float, y: float, turn: Rotation = 0, font: Style = FONT) -> Text:
    """A line of text set with its font's own advances."""
    glyphs, along = [], 0.0
    for char in text:
        glyphs.append((char, along))
        along += font.advance(char)
    return Text(x, y, turn, font, tuple(glyphs))


def boxes(x: int, y: int, *edges: tuple[int, int, int, int]) -> Boxes:
    return Boxes(x, y, np.array(edges, np.int32).reshape(-1, 4))


def scene(*shapes: Shape | tuple[Shape, Ink], width: int = 120, height: int = 90) -> Scene:
    """Shapes on paper, black unless an ink is given."""
    marks = (shape if isinstance(shape, tuple) else (shape, "black") for shape in shapes)
    return Scene(width, height, tuple(Mark(shape, ink, 0) for shape, ink in marks))


_PLACES = st.integers(-150, 200)
_SIDES = st.integers(1, 250)
_LINES = st.integers(1, 60)


@st.composite
def _boxes(draw: st.DrawFn) -> Boxes:
    corner = st.tuples(st.integers(-100, 200), st.integers(-100, 200))
    size = st.tuples(st.integers(1, 40), st.integers(1, 40))
    edges = [(x, y, x + w, y + h) for (x, y), (w, h) in draw(st.lists(st.tuples(corner, size), max_size=60))]
    return boxes(draw(_PLACES), draw(_PLACES), *edges)


@st.composite
def _dots(draw: st.DrawFn) -> Dots:
    width, height = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    noise = np.random.default_rng(draw(st.integers(0, 99))).random((height, width)) < 0.5
    return Dots(draw(_PLACES), draw(_PLACES), Bitmap.from_bits(noise))


TEXTS = st.builds(
    line,
    st.text("AbgW(i0. \u00e4", min_size=1, max_size=6),
    st.floats(-60, 180),
    st.floats(-60, 150),
    st.sampled_from(get_args(Rotation)),
)
SHAPES: st.SearchStrategy[Shape] = st.one_of(
    _boxes(),
    st.builds(Frame, _PLACES, _PLACES, _SIDES, _SIDES, _LINES, st.floats(0, 80)),
    st.builds(Ellipse, _PLACES, _PLACES, _SIDES, _SIDES, _LINES),
    st.builds(Diagonal, _PLACES, _PLACES, _SIDES, _SIDES, _LINES, st.sampled_from("LR")),
    _dots(),
    TEXTS,
)
INKS: st.SearchStrategy[Ink] = st.sampled_from(get_args(Ink))
MARKS = st.lists(st.builds(Mark, SHAPES, INKS, st.just(0)), max_size=5).map(tuple)
