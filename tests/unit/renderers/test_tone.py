import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labeld.renderers import tone

_SIDES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(grey=arrays.arrays(np.uint8, _SIDES), threshold=st.integers(0, 255))
def test_cells_are_of_eight_by_eight_and_what_is_left_at_the_edges(grey: np.ndarray, threshold: int) -> None:
    height, width = grey.shape
    cells = [[grey[top : top + 8, left : left + 8] for left in range(0, width, 8)] for top in range(0, height, 8)]
    darkest, lightest = tone._extremes(tone._on_whole_cells(grey), height, width)
    for extreme, pick in ((darkest, np.min), (lightest, np.max)):
        expected = [[pick(cell) < threshold for cell in line] for line in cells]
        if pick is np.min:
            assert np.array_equal(tone._any_of_cell(extreme < threshold), expected)
        else:
            assert np.array_equal(~tone._any_of_cell(extreme >= threshold), expected)
