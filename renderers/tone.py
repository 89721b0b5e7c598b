"""From greys to dots: what becomes black, and what is shown by a pattern."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .symbols.regions import Window

#: Greys below this are black: what loses no bar at 300 dpi and fewest at 203.
THRESHOLD = 128
_CELL = 8
#: Greys above this are paper: JPEG noise and the faintest tints.
_PAPER = 225
#: A cell with nothing lighter holds no white, so its grey is an area and not a stroke.
_NO_WHITE = 245
#: A cell with something as dark holds black: its greys are the edges of that.
_BLACK = 90

#: So many of the 9 cells around are an area too, in the middle of one.
_MOST = 7

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


def to_dots(grey: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Strokes as dots, and which cells of 8x8 are areas of grey.

    Dark is black. Type and lines in grey are black too, for a head has no grey to show them in.

    Args:
        grey: shape (height, width), 0 = black.

    Returns:
        Dots of the same shape, True = black; and shape (ceil(height / 8), ceil(width / 8)), True = an area of grey.
    """
    bits = grey < THRESHOLD
    darkest, lightest = _cells(grey, np.minimum), _cells(grey, np.maximum)
    area = _wide((lightest < _NO_WHITE) & (lightest > _BLACK))
    grey_ink = (darkest >= _BLACK) & (darkest <= _PAPER)
    if grey_ink.any():
        grey_ink &= _around(darkest, np.minimum) >= _BLACK
        grey_ink &= ~_around(area, np.logical_or)
    for line, column in np.argwhere(grey_ink).tolist():
        here = slice(line * _CELL, (line + 1) * _CELL), slice(column * _CELL, (column + 1) * _CELL)
        bits[here] = grey[here] < (int(darkest[line, column]) + 255) // 2
    return bits, area


def halftone(
    bits: NDArray[np.bool_], grey: NDArray[np.uint8], area: NDArray[np.bool_], symbols: Iterable[Window]
) -> NDArray[np.bool_]:
    """The dots with areas of grey shown by a pattern, but for the windows of barcodes: a pattern can change them.

    Shapes as in `to_dots`; `bits` itself where there is no such area.
    """
    if not area.any():
        return bits
    area = area.copy()
    for left, top, right, bottom in symbols:
        area[top // _CELL : -(-bottom // _CELL), left // _CELL : -(-right // _CELL)] = False
    shown = bits.copy()
    for line in np.flatnonzero(area.any(axis=1)).tolist():
        rows = slice(line * _CELL, min((line + 1) * _CELL, len(grey)))
        here = np.repeat(area[line], _CELL)[: grey.shape[1]]
        band = grey[rows]
        screen = np.tile(_SCREEN, (1, area.shape[1]))[: len(band), : grey.shape[1]]
        shown[rows] = np.where(here, band < screen * 4 + 2, bits[rows])
    return shown


def _cells(values: NDArray[np.uint8], pick: np.ufunc) -> NDArray[np.uint8]:
    """`pick` (minimum or maximum) over cells of 8x8."""
    whole, width = len(values) // _CELL * _CELL, values.shape[1]
    down = pick.reduce(values[:whole].reshape(-1, _CELL, width), axis=1)
    if whole < len(values):
        down = np.concatenate([down, pick.reduce(values[whole:], axis=0)[None]])
    across = np.ascontiguousarray(down.T)  # whole lines at once: four times as fast as along them
    whole = width // _CELL * _CELL
    cells: NDArray[np.uint8] = pick.reduce(across[:whole].reshape(-1, _CELL, len(down)), axis=1)
    if whole < width:
        cells = np.concatenate([cells, pick.reduce(across[whole:], axis=0)[None]])
    return np.ascontiguousarray(cells.T)


def _wide(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those that belong to an area some cells wide: the rim of something black is one cell wide."""
    if not cells.any():
        return cells
    among = _around(cells.view(np.uint8), np.add)
    wide: NDArray[np.bool_] = cells & _around(cells & (among >= _MOST), np.logical_or)
    return wide


def _around(cells: NDArray[Any], pick: np.ufunc) -> NDArray[Any]:
    padded = np.pad(cells, 1, mode="edge")
    lines = pick(pick(padded[:-2], padded[1:-1]), padded[2:])
    around: NDArray[Any] = pick(pick(lines[:, :-2], lines[:, 1:-1]), lines[:, 2:])
    return around
