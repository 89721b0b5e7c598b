import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labeld.renderers import tone

_SIDES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@pytest.mark.parametrize("pick", [np.minimum, np.maximum])
@given(grey=arrays.arrays(np.uint8, _SIDES))
def test_cells_are_of_eight_by_eight_and_what_is_left_at_the_edges(pick: np.ufunc, grey: np.ndarray) -> None:
    height, width = grey.shape
    expected = [
        [pick.reduce(grey[top : top + 8, left : left + 8], axis=None) for left in range(0, width, 8)]
        for top in range(0, height, 8)
    ]
    assert np.array_equal(tone._cells(grey, pick), expected)
