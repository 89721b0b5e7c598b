"""The display list as dots."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.zpl.scenes import FONT, INKS, MARKS, SHAPES, TEXTS, boxes, line, scene

from labeld.renderers.bitmap import MAX_DOTS, Bitmap, Rotation
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scene import Boxes, Dots, Frame, Ink, Mark, Scene, Shape, Text

FAR = 10**6


def moved(mark: Mark, x: int, y: int) -> Mark:
    shape = mark.shape
    if isinstance(shape, Text):
        return replace(mark, shape=replace(shape, x=shape.x + x, y=shape.y + y))
    return replace(mark, shape=replace(shape, x=shape.x + x, y=shape.y + y))


@given(MARKS, st.integers(1, 90), st.integers(1, 90), st.integers(0, 60), st.integers(0, 60))
def test_what_is_off_the_paper_is_cut_off(marks: tuple[Mark, ...], width: int, height: int, x: int, y: int) -> None:
    larger = Scene(x + width + 50, y + height + 50, tuple(moved(mark, x, y) for mark in marks))
    drawn = rasterise(Scene(width, height, marks))
    assert drawn == rasterise(larger).crop(x, y, x + width, y + height)


@given(MARKS, SHAPES)
def test_reversing_twice_changes_nothing(marks: tuple[Mark, ...], shape: Shape) -> None:
    once = Mark(shape, "reverse", 0)
    below = rasterise(Scene(90, 80, marks))
    assert rasterise(Scene(90, 80, (*marks, once, once))) == below


@given(MARKS, SHAPES, INKS)
def test_inks_add_take_away_and_turn_the_dots_of_a_shape(marks: tuple[Mark, ...], shape: Shape, ink: Ink) -> None:
    paper = rasterise(Scene(101, 83, marks)).bits()
    alone = rasterise(Scene(101, 83, (Mark(shape, "black", 0),))).bits()
    drawn = rasterise(Scene(101, 83, (*marks, Mark(shape, ink, 0)))).bits()
    expected = {"black": paper | alone, "white": paper & ~alone, "reverse": paper ^ alone}
    assert np.array_equal(drawn, expected[ink])


@given(MARKS, st.integers(1, 70), st.integers(1, 40))
def test_inverted_is_turned_and_mirrored_is_seen_from_behind(marks: tuple[Mark, ...], width: int, height: int) -> None:
    label = Scene(width, height, marks)
    bits = rasterise(label).bits()
    assert rasterise(replace(label, inverted=True)) == Bitmap.from_bits(bits[::-1, ::-1])
    assert rasterise(replace(label, mirrored=True)) == Bitmap.from_bits(bits[:, ::-1])
    assert rasterise(replace(label, inverted=True, mirrored=True)) == Bitmap.from_bits(bits[::-1])


@given(TEXTS, st.sampled_from([90, 180, 270]))
def test_text_turned_is_the_same_dots_turned(text: Text, turn: Rotation) -> None:
    # whole places, for halves are rounded on the paper
    glyphs = tuple((char, float(round(along))) for char, along in text.glyphs)
    upright = replace(text, x=300.0, y=300.0, turn=0, glyphs=glyphs)
    drawn = rasterise(scene(upright, width=600, height=600))
    turned = rasterise(scene(replace(upright, turn=turn), width=600, height=600))
    assert turned == drawn.rotated(turn)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(1, 9)), min_size=33, max_size=200))
def test_many_bars_are_the_same_as_each_for_itself(bars: list[tuple[int, int, int]]) -> None:
    edges = [(x, 8 * row, x + wide, 8 * row + 8) for x, row, wide in bars]
    together = rasterise(scene(boxes(2, 3, *edges)))
    assert together == rasterise(scene(*(boxes(2, 3, edge) for edge in edges)))


def test_boxes_far_off_do_not_overflow() -> None:
    shape = Boxes(2**31 - 5, -FAR, np.array([(-(2**31) + 5, FAR, -(2**31) + 15, FAR + 2)], np.int32))
    assert rasterise(scene(shape)).ink_box() == (0, 0, 10, 2)


def test_glyphs_that_overlap_are_reversed_as_one_shape() -> None:
    text = replace(line("HH", 10, 40), glyphs=(("H", 0.0), ("H", 2.0)))
    assert rasterise(scene((text, "reverse"))) == rasterise(scene(text))


def test_text_stands_on_its_pen_rounded_to_whole_dots() -> None:
    glyph = FONT.glyph("H")
    high, wide = glyph.bits.shape
    for x, along, pen in ((10.4, 0.0, 10), (10.5, 0.0, 11), (10.0, 3.5, 14)):
        drawn = rasterise(scene(Text(x, 50.0, 0, FONT, (("H", along),))))
        left, top = pen + glyph.left, 50 + glyph.top
        assert np.array_equal(drawn.crop(left, top, left + wide, top + high).bits(), glyph.bits)


def test_a_graphic_leaves_the_paper_alone_where_it_is_white() -> None:
    chequers = Bitmap.from_bits(np.indices((40, 40)).sum(axis=0) % 2 == 0)
    drawn = rasterise(scene(Frame(0, 0, 20, 20, 20), Dots(10, 10, chequers))).bits()
    assert drawn[:20, :20].all()
    assert not drawn[20, 11] and drawn[20, 12]


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (MAX_DOTS, 2)])
def test_a_label_needs_dots_and_not_too_many(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        rasterise(Scene(*size, ()))
