"""From greys to dots: what becomes black, and what is shown by a pattern."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .symbols.regions import Window, connected, merged

_Grey = NDArray[np.uint8]
_Bits = NDArray[np.bool_]

#: Greys below this are black: what loses no bar at 300 dpi and fewest at 203.
THRESHOLD = 128
#: Dark enough to be black wherever it stands.
_BLACK = 90
#: Greys above this are paper: JPEG noise and the faintest tints.
_PAPER = 225
#: Where all is darker there is no white, so that grey is an area and not a stroke.
_NO_WHITE = 245
#: Where something is as dark, greys around it are its edges.
_DARK = 64
#: A stroke thinner than a dot is seen by so much ink in the darkest dots along it, and half a dot's across it.
_FAINT, _HALF = 60, 128
#: How many dots beside a stroke are looked at.
_BESIDE = 2
#: How many dots around one are looked at for the darkest of a stroke, and for white: the strokes of grey type of
#: 40 points are 12 dots wide at 300 dpi.
_STROKE, _AREA = 2, 6
#: A side of the cells in which a page is looked over for grey, dots; so many around are looked at closely too.
_CELL, _AROUND = 8, 3
#: Ink of a cell along which a black edge runs, and more: one row of 8 dots at two thirds.
_MORE_THAN_AN_EDGE = 1400
#: Dots around a window that its own depend on.
_RIM = 2 * _AREA

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
    darker than half way to it. So are strokes of half a dot on paper, which are grey for being thin.

    Args:
        grey: shape (height, width), 0 = black.

    Returns:
        Two arrays of that shape: True = black, and True = grey to be shown by a pattern.
    """
    grey = np.ascontiguousarray(grey)
    bits, area = grey < THRESHOLD, np.zeros(grey.shape, np.bool_)
    for window in _greyish(grey):
        left, top, right, bottom = window
        with_rim = slice(max(top - _RIM, 0), bottom + _RIM), slice(max(left - _RIM, 0), right + _RIM)
        inside = (
            slice(min(top, _RIM), min(top, _RIM) + bottom - top),
            slice(min(left, _RIM), min(left, _RIM) + right - left),
        )
        strokes, tints = _tell_apart(grey[with_rim])
        bits[top:bottom, left:right], area[top:bottom, left:right] = strokes[inside], tints[inside]
    _draw_thin(grey, bits)
    return bits, area


def _tell_apart(grey: _Grey) -> tuple[_Bits, _Bits]:
    """Strokes and areas of a part of a page, see `to_dots`."""
    darkest = _extreme(grey, np.minimum, _STROKE, 255)
    by_itself = np.where(darkest < _DARK, np.uint8(THRESHOLD), (darkest >> 1) + np.uint8(128))
    stroke = (grey < by_itself) & (darkest <= _PAPER)
    lightest = _extreme(grey, np.maximum, _AREA, 0)
    inner = (lightest < _NO_WHITE) & (lightest > _BLACK)
    if not inner.any():
        return stroke | (grey < _BLACK), inner
    area = _extreme(inner, np.logical_or, _AREA, 0) & (grey < _NO_WHITE)
    type_on_it = area & (darkest < _BLACK)
    half_way = (darkest >> 1) + (_extreme(grey, np.maximum, _STROKE, 0) >> 1)
    bits = np.where(type_on_it, grey < half_way, np.where(area, grey < THRESHOLD, stroke)) | (grey < _BLACK)
    return bits, area & ~type_on_it & (grey >= _BLACK)


def _draw_thin(grey: _Grey, bits: _Bits) -> None:
    """Make strokes thinner than a dot black where they are darkest, across and along; `bits` is contiguous."""
    height, width = grey.shape
    if min(height, width) < 2 * _BESIDE + 1:
        return
    # in flat arrays a step along a row is 1, and down a column the width
    ink, dots = 255 - grey.ravel(), bits.ravel()
    faint = np.flatnonzero(ink - np.uint8(_FAINT) < _HALF - _FAINT)
    column = faint % width
    inside = (column >= _BESIDE) & (column < width - _BESIDE)
    inside &= (faint >= _BESIDE * width) & (faint < (height - _BESIDE) * width)
    faint = faint[inside]
    dark = ink >= _HALF
    for across, along in ((width, 1), (1, width)):
        thin = faint[_on_ridge(ink, faint, across)]
        drawn = dark.copy()
        drawn[thin] = True
        # three and more in a run, for noise is no stroke
        dots[thin[drawn[thin - along] & drawn[thin + along]]] = True


def _on_ridge(ink: _Grey, places: NDArray[np.intp], step: int) -> _Bits:
    """Which places are the darkest of half a dot's ink with paper on both sides: edges of black and tints are not."""
    before, here, after = ink[places - step], ink[places], ink[places + step]
    ridge = (here >= before) & (here > after) & (here.astype(np.uint16) + before + after >= _HALF)
    beside = np.maximum(ink[places - 2 * step], ink[places + 2 * step])
    return np.asarray(ridge & (beside < 255 - _PAPER))


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


def _greyish(grey: _Grey) -> tuple[Window, ...]:
    """Windows that hold all grey but the edges of black: most pages have none, and looking closely costs time."""
    darkest, lightest = _cells(grey, np.minimum), _cells(grey, np.maximum)
    faint = (darkest >= _BLACK) & (darkest <= _PAPER)
    alone = faint & (_extreme(darkest, np.minimum, 1, 255) >= _BLACK)
    alone |= _inked(grey, faint & ~alone)
    tinted = (lightest < _NO_WHITE) & (lightest > _BLACK)
    # the rim of something black is one cell wide
    wide = ~_extreme(~tinted, np.logical_or, 1, 0)
    mask = _extreme(alone | wide, np.logical_or, _AROUND, 0)
    height, width = grey.shape
    cells = connected(mask) if mask.any() else []
    return merged(
        (left * _CELL, top * _CELL, min(right * _CELL, width), min(bottom * _CELL, height))
        for left, top, right, bottom in cells
    )


def _inked(grey: _Grey, cells: _Bits) -> _Bits:
    """Those of the cells, beside black ones, that hold more than the edge of black: type between rules."""
    lines, columns = np.nonzero(cells)
    whole = (lines < len(grey) // _CELL) & (columns < grey.shape[1] // _CELL)
    lines, columns = lines[whole], columns[whole]
    high, wide = len(grey) // _CELL, grey.shape[1] // _CELL
    blocks = grey[: high * _CELL, : wide * _CELL].reshape(high, _CELL, wide, _CELL)[lines, :, columns]
    inked = np.zeros(cells.shape, np.bool_)
    inked[lines, columns] = (255 - blocks).sum(axis=(1, 2), dtype=np.uint32) >= _MORE_THAN_AN_EDGE
    return inked


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
