"""From greys to dots: what becomes black, and what is shown by a pattern."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .symbols.regions import Window

_Grey = NDArray[np.uint8]
_Bits = NDArray[np.bool_]

#: Greys below this are black: what loses no bar at 300 dpi and fewest at 203.
THRESHOLD = 128
#: Dark enough to be black wherever it stands.
BLACK = 90
#: Greys above this are paper: JPEG noise and the faintest tints.
_PAPER = 225
#: Where all is darker there is no white, so that grey is an area and not a stroke.
_NO_WHITE = 245
#: Where something is as dark, greys around it are its edges.
_DARK = 64
#: How many dots around one are looked at for the darkest of a stroke, and for white.
_STROKE, _AREA = 2, 3
#: A side of the cells in which a page is looked over for grey, dots; most pages have none.
_CELL = 8

#: A screen of clustered dots at 45 degrees: heads print clusters evenly, and lone dots not at all or too large.
_SCREEN = np.asarray(
    (
        (24, 10, 12, 26, 35, 47, 49, 37),
        (8, 0, 2, 14, 45, 59, 61, 51),
        (22, 6, 4, 16, 43, 57, 63, 53),
        (30, 20, 18, 28, 33, 41, 55, 39),
        (34, 46, 48, 36, 25, 11, 13, 27),
        (44, 58, 60, 50, 9, 1, 3, 15),
        (42, 56, 62, 52, 23, 7, 5, 17),
        (32, 40, 54, 38, 31, 21, 19, 29),
    ),
    np.uint8,
)


def to_dots(grey: _Grey) -> tuple[_Bits, _Bits]:
    """Strokes as dots, and which dots belong to areas of grey.

    Dark is black. Type and lines in grey are black too, for a head has no grey to show them in; on a tint, what is
    darker than half way to it.

    Args:
        grey: shape (height, width), 0 = black.

    Returns:
        Two arrays of that shape: True = black, and True = grey to be shown by a pattern.
    """
    bits = grey < THRESHOLD
    if not _has_grey(grey):
        return bits, np.zeros_like(bits)
    darkest = _extreme(grey, np.minimum, _STROKE, 255)
    by_itself = np.where(darkest < _DARK, np.uint8(THRESHOLD), (darkest >> 1) + np.uint8(128))
    stroke = (grey < by_itself) & (darkest <= _PAPER)
    lightest = _extreme(grey, np.maximum, _AREA, 0)
    inner = (lightest < _NO_WHITE) & (lightest > BLACK)
    area = _extreme(inner, np.logical_or, _AREA, 0) & (grey < _NO_WHITE)
    type_on_it = area & (darkest < BLACK)
    half_way = (darkest >> 1) + (_extreme(grey, np.maximum, _STROKE, 0) >> 1)
    bits = np.where(type_on_it, grey < half_way, np.where(area, bits, stroke)) | (grey < BLACK)
    return bits, area & ~type_on_it & (grey >= BLACK)


def halftone(bits: _Bits, grey: _Grey, area: _Bits, symbols: Iterable[Window]) -> _Bits:
    """The dots with areas of grey shown by a pattern, but for the windows of barcodes: a pattern can change them.

    Shapes as in `to_dots`; `bits` itself where there is no such area.
    """
    if not area.any():
        return bits
    area = area.copy()
    for left, top, right, bottom in symbols:
        area[top:bottom, left:right] = False
    height, width = grey.shape
    screen = np.tile(_SCREEN * 4 + 2, (-(-height // _CELL), -(-width // _CELL)))[:height, :width]
    return np.where(area, grey < screen, bits)


def _has_grey(grey: _Grey) -> bool:
    """Whether there is more grey than the edges of black: a quick look in cells."""
    darkest, lightest = _cells(grey, np.minimum), _cells(grey, np.maximum)
    alone = (darkest >= BLACK) & (darkest <= _PAPER) & (_extreme(darkest, np.minimum, 1, 255) >= BLACK)
    tinted = (lightest < _NO_WHITE) & (lightest > BLACK)
    # the rim of something black is one cell wide
    return bool(alone.any() or (tinted[1:, 1:] & tinted[:-1, :-1] & tinted[1:, :-1] & tinted[:-1, 1:]).any())


def _cells(values: _Grey, pick: np.ufunc) -> _Grey:
    """`pick` (minimum or maximum) over cells of 8x8."""
    whole, width = len(values) // _CELL * _CELL, values.shape[1]
    down = pick.reduce(values[:whole].reshape(-1, _CELL, width), axis=1)
    if whole < len(values):
        down = np.concatenate([down, pick.reduce(values[whole:], axis=0)[None]])
    across = np.ascontiguousarray(down.T)  # whole lines at once: four times as fast as along them
    whole = width // _CELL * _CELL
    cells: _Grey = pick.reduce(across[:whole].reshape(-1, _CELL, len(down)), axis=1)
    if whole < width:
        cells = np.concatenate([cells, pick.reduce(across[whole:], axis=0)[None]])
    return np.ascontiguousarray(cells.T)


def _extreme(values: NDArray[Any], pick: np.ufunc, reach: int, beyond: int) -> NDArray[Any]:
    """`pick` (minimum, maximum, or) over the square that reaches so far around each value."""
    side = 2 * reach + 1
    out = np.pad(values, reach, constant_values=beyond)
    for axis in (0, 1):
        done = 1
        while done < side:
            step = min(done, side - done)
            first, second = [slice(None)] * 2, [slice(None)] * 2
            first[axis], second[axis] = slice(None, -step), slice(step, None)
            out = pick(out[tuple(first)], out[tuple(second)])
            done += step
    return out
