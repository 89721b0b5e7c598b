import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labeld.renderers import tone
from labeld.renderers.hairlines import hairlines

#: Paper, a faint tint, and inks about the limits of what is a stroke.
_GREYS = st.sampled_from([255, 230, 226, 225, 200, 196, 195, 180, 150, 128, 127, 90, 0])
_PAGES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=_GREYS, fill=st.just(255))


def found(grey: np.ndarray) -> np.ndarray:
    page = tone._on_whole_cells(grey)
    dots = np.zeros(grey.shape, np.bool_)
    for rows, columns in hairlines(page, np.packbits(page < 128), np.packbits(page <= 225), grey.shape):
        dots[rows, columns] = True
    return dots


def lying(grey: np.ndarray) -> np.ndarray:
    """By definition, dot by dot: half a dot's ink with paper above and below, three and more in a row."""
    ink = 255 - grey.astype(int)
    height, width = ink.shape
    thin = np.zeros(ink.shape, np.bool_)
    for row in range(2, height - 2):
        for column in range(2, width - 2):
            above, here, below = ink[row - 1 : row + 2, column]
            thin[row, column] = (
                60 <= here < 128
                and here >= above
                and here > below
                and above + here + below >= 128
                and max(ink[row - 2, column], ink[row + 2, column]) < 30
            )
    drawn = thin | (ink >= 128)
    strokes = np.zeros(ink.shape, np.bool_)
    strokes[:, 1:-1] = thin[:, 1:-1] & drawn[:, :-2] & drawn[:, 2:]
    return strokes


@given(_PAGES)
@settings(max_examples=200)
def test_strokes_are_found_as_they_are_defined_across_and_down(grey: np.ndarray) -> None:
    assert np.array_equal(found(grey), lying(grey) | lying(grey.T).T)


@pytest.mark.parametrize("turned", [False, True])
def test_a_stroke_of_half_a_dot_is_drawn_along_its_darkest_dots(turned: bool) -> None:
    page = np.full((40, 60), 255, np.uint8)
    page[20, 10:50] = 150
    page[21, 10:50] = 210
    page = page.T.copy() if turned else page
    expected = np.zeros((40, 60), np.bool_)
    expected[20, 11:49] = True
    assert np.array_equal(found(page), expected.T if turned else expected)
