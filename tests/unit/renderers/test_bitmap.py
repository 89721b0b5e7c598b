import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image
from tests.unit.renderers.paper import dots, picture, pixels

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution

bits = arrays.arrays(np.bool_, st.tuples(st.integers(1, 20), st.integers(1, 40)))


@given(bits)
def test_bits_survive_packing(array: NDArray[np.bool_]) -> None:
    bitmap = Bitmap.from_bits(array)
    assert np.array_equal(bitmap.bits(), array)
    assert (bitmap.height, bitmap.width) == array.shape


@given(bits)
def test_png_gives_the_same_dots_and_states_the_size(array: NDArray[np.bool_]) -> None:
    bitmap = Bitmap.from_bits(array)
    data = bitmap.to_png(Resolution(203))
    assert Bitmap.from_png(data) == bitmap
    assert b"pHYs\x00\x00\x1f\x40\x00\x00\x1f\x40\x01" in data  # 8000 dots per metre: 8 dots/mm


@given(bits)
def test_rotation_is_clockwise_and_four_quarters_are_none(array: NDArray[np.bool_]) -> None:
    bitmap = Bitmap.from_bits(array)
    quarter = bitmap.rotated(90)
    assert quarter.bits()[0, -1] == array[0, 0]  # the top left corner comes to the top right
    assert quarter.rotated(90) == bitmap.rotated(180)
    assert quarter.rotated(270) == bitmap


def test_padding_bits_never_count() -> None:
    dirty = np.full((2, 2), 0xFF, np.uint8)
    bitmap = Bitmap(9, 2, dirty)
    assert bitmap == Bitmap.from_bits(np.ones((2, 9), np.bool_))
    assert bitmap.digest() == Bitmap.from_bits(np.ones((2, 9), np.bool_)).digest()
    assert dirty[0, 1] == 0xFF, "the caller's array is left alone"


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Bitmap.blank(8, 1).rows[0, 0] = 1


@pytest.mark.parametrize(("x", "y"), [(0, 0), (-3, -2), (5, 7), (-50, 0), (30, 30)])
def test_pasting_clips_at_every_edge(x: int, y: int) -> None:
    array = dots(20, 10)
    canvas = np.zeros((84, 110), np.bool_)
    canvas[30 + y : 40 + y, 50 + x : 70 + x] = array
    assert np.array_equal(Bitmap.from_bits(array).pasted_on(30, 24, x, y).bits(), canvas[30:54, 50:80])


def test_ink_box_is_exclusive_at_right_and_bottom() -> None:
    array = np.zeros((9, 21), np.bool_)
    array[2, 3] = array[5, 17] = True
    bitmap = Bitmap.from_bits(array)
    assert bitmap.ink_box() == (3, 2, 18, 6)
    assert bitmap.crop(3, 2, 18, 6).ink_box() == (0, 0, 15, 4)
    assert Bitmap.blank(9, 9).ink_box() is None


def test_threshold_splits_below_from_at() -> None:
    grey = np.array([[0, 127, 128, 255]], np.uint8)
    assert Bitmap.from_grey(grey).bits().tolist() == [[True, True, False, False]]
    assert Bitmap.from_grey(grey, 200).bits().tolist() == [[True, True, True, False]]


def test_transparent_png_is_white_paper() -> None:
    assert Bitmap.from_png(picture(Image.new("RGBA", (8, 8), (0, 0, 0, 0)))).ink_box() is None


def test_size_is_part_of_equality_and_digest() -> None:
    assert Bitmap.blank(8, 2) != Bitmap.blank(2, 8)
    assert Bitmap.blank(7, 1).digest() != Bitmap.blank(8, 1).digest()
    assert hash(Bitmap.blank(8, 2)) == hash(Bitmap.blank(8, 2))


def test_no_bitmap_of_nothing_or_of_everything() -> None:
    for width, height in ((0, 5), (5, 0), (20_000, 20_000)):
        with pytest.raises(ValueError, match="cannot be made"):
            Bitmap.blank(width, height)
    with pytest.raises(ValueError, match="do not hold"):
        Bitmap(9, 1, np.zeros((1, 1), np.uint8))


def test_damaged_png_is_refused() -> None:
    whole = picture(pixels(dots(50, 50)))
    for data in (b"", whole[:100], b"GIF89a"):
        with pytest.raises(AssetRefused, match="cannot be read"):
            Bitmap.from_png(data)
