"""From greys to dots: what becomes black, and what is shown by a pattern."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hairlines import hairlines
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
#: How many dots around one are looked at for the darkest of a stroke, and for white: the strokes of grey type of
#: 40 points are 12 dots wide at 300 dpi.
_STROKE, _AREA = 2, 6
#: A side of the cells in which a page is looked over for grey, dots; so many around are looked at closely too.
_CELL, _AROUND = 8, 3
#: Ink of a cell along which a black edge runs, and more: one row of 8 dots at two thirds.
_MORE_THAN_AN_EDGE = 1400
#: Windows of no more dots a side are looked at together, so many of them.
_SMALL, _TOGETHER = 200, 50
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
    height, width = grey.shape
    page = _on_whole_cells(grey)
    dark = page < THRESHOLD
    bits, area = dark[:height, :width], np.zeros(grey.shape, np.bool_)
    dark_rows, inked_rows = np.packbits(dark), np.packbits(page <= _PAPER)
    for (left, top, right, bottom), strokes, tints in _looked_at(grey, _greyish(page, height, width)):
        bits[top:bottom, left:right], area[top:bottom, left:right] = strokes, tints
    for line, column in hairlines(page, dark_rows, inked_rows, (height, width)):
        bits[line, column] = True
    return bits, area


def _looked_at(grey: _Grey, windows: Sequence[Window]) -> Iterator[tuple[Window, _Bits, _Bits]]:
    """Windows with their strokes and areas; small ones, of which one costs nearly as much as many, all at once."""
    height, width = grey.shape
    few: list[Window] = []
    small: list[Window] = []
    for window in windows:
        left, top, right, bottom = window
        alone = min(left, top, width - right, height - bottom) < _RIM or max(right - left, bottom - top) > _SMALL
        (few if alone else small).append(window)
    for window in few:
        left, top, right, bottom = window
        with_rim = slice(max(top - _RIM, 0), bottom + _RIM), slice(max(left - _RIM, 0), right + _RIM)
        inside = (
            slice(min(top, _RIM), min(top, _RIM) + bottom - top),
            slice(min(left, _RIM), min(left, _RIM) + right - left),
        )
        strokes, tints = _tell_apart(grey[with_rim])
        yield window, strokes[inside], tints[inside]
    for first in range(0, len(small), _TOGETHER):
        yield from _together(grey, small[first : first + _TOGETHER])


def _together(grey: _Grey, windows: Sequence[Window]) -> Iterator[tuple[Window, _Bits, _Bits]]:
    """Windows that have their rims on the page, one below the other in one picture."""
    sizes = [(bottom - top + 2 * _RIM, right - left + 2 * _RIM) for left, top, right, bottom in windows]
    picture = np.full((sum(high for high, _ in sizes), max(wide for _, wide in sizes)), 255, np.uint8)
    line, places = 0, []
    for (left, top, right, bottom), (high, wide) in zip(windows, sizes, strict=True):
        picture[line : line + high, :wide] = grey[top - _RIM : bottom + _RIM, left - _RIM : right + _RIM]
        places.append((slice(line + _RIM, line + high - _RIM), slice(_RIM, wide - _RIM)))
        line += high
    strokes, tints = _tell_apart(picture)
    for window, place in zip(windows, places, strict=True):
        yield window, strokes[place], tints[place]


def _tell_apart(grey: _Grey) -> tuple[_Bits, _Bits]:
    """Strokes and areas of a part of a page, see `to_dots`."""
    darkest, black, dark = _extreme(grey, np.minimum, _STROKE, 255), grey < _BLACK, grey < THRESHOLD
    # half way from the darkest to white, but where that is nearly black: of greys above half, twice what they are
    # above it, which is what remains of doubling them
    by_itself = (grey + grey < darkest & np.uint8(0xFE)) & (darkest >= _DARK)
    stroke = (dark | by_itself) & (darkest <= _PAPER)
    lightest = _extreme(grey, np.maximum, _AREA, 0)
    inner = (lightest < _NO_WHITE) & (lightest > _BLACK)
    if not inner.any():
        return stroke | black, inner
    area = _extreme(inner, np.logical_or, _AREA, 0) & (grey < _NO_WHITE)
    type_on_it = area & (darkest < _BLACK)
    bits = (stroke & ~area) | (dark & area & ~type_on_it) | black
    if type_on_it.any():
        half_way = (darkest >> 1) + (_extreme(grey, np.maximum, _STROKE, 0) >> 1)
        bits |= type_on_it & (grey < half_way)
    return bits, area & ~type_on_it & ~black


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


def beside_black(grey: _Grey) -> _Bits:
    """Which cells of 8x8 dots hold black, or are next to such."""
    darkest, _ = _extremes(_on_whole_cells(grey), *grey.shape)
    return _extreme(_any_of_cell(darkest < _BLACK), np.logical_or, 1, 0)


def _on_whole_cells(grey: _Grey) -> _Grey:
    """The page with white beyond its right and lower edge: all cells are whole, and every eight dots a byte."""
    height, width = grey.shape
    page = np.full((-(-height // _CELL) * _CELL, -(-width // _CELL) * _CELL), 255, np.uint8)
    page[:height, :width] = grey
    return page


def _greyish(page: _Grey, height: int, width: int) -> tuple[Window, ...]:
    """Windows that hold all grey but the edges of black: most pages have none, and looking closely costs time.

    `page` is `height` x `width` on whole cells, white beyond.
    """
    darkest, lightest = _extremes(page, height, width)
    black = _any_of_cell(darkest < _BLACK)
    faint = _any_of_cell(darkest <= _PAPER) & ~black
    alone = faint & ~_extreme(black, np.logical_or, 1, 0)
    alone |= _inked(page, faint & ~alone, (height // _CELL, width // _CELL))
    mask, tinted = alone, _any_of_cell(lightest > _BLACK) & ~_any_of_cell(lightest >= _NO_WHITE)
    if tinted.any():
        # the rim of something black is one cell wide
        mask = alone | ~_extreme(~tinted, np.logical_or, 1, 0)
    if not mask.any():
        return ()
    cells = connected(_extreme(mask, np.logical_or, _AROUND, 0))
    return merged(
        (left * _CELL, top * _CELL, min(right * _CELL, width), min(bottom * _CELL, height))
        for left, top, right, bottom in cells
    )


def _extremes(page: _Grey, height: int, width: int) -> tuple[_Grey, _Grey]:
    """The darkest and the lightest of each column of a cell; beyond the page's edge 255 and 0."""
    strips = page.reshape(-1, _CELL, page.shape[1])
    darkest, lightest = np.minimum.reduce(strips, axis=1), np.maximum.reduce(strips, axis=1)
    if height % _CELL:
        lightest[-1] = page[height // _CELL * _CELL : height].max(axis=0)
    lightest[:, width:] = 0
    return darkest, lightest


def _any_of_cell(columns: _Bits) -> _Bits:
    """Whether any of each eight columns is true."""
    inked: _Bits = (np.packbits(columns) != 0).reshape(len(columns), -1)
    return inked


def _inked(page: _Grey, cells: _Bits, whole: tuple[int, int]) -> _Bits:
    """Those of the cells, beside black ones, that hold more than the edge of black: type between rules.

    Cells beyond the first `whole` ones, downwards and across, are cut by the page's edge and not looked at.
    """
    inked = np.zeros(cells.shape, np.bool_)
    inside = cells.copy()
    inside[whole[0] :], inside[:, whole[1] :] = False, False
    places = np.flatnonzero(inside)
    lines, columns = np.divmod(places, cells.shape[1])
    # a row of a cell is eight bytes, taken as one number
    rows = page.view(np.uint64).reshape(-1, _CELL, cells.shape[1])[lines, :, columns]
    ink = (255 - rows.view(np.uint8).reshape(-1, _CELL * _CELL)).sum(axis=1, dtype=np.uint16)
    inked.ravel()[places] = ink >= _MORE_THAN_AN_EDGE
    return inked


def _extreme(values: NDArray[Any], pick: np.ufunc, reach: int, beyond: int) -> NDArray[Any]:
    """`pick` (minimum, maximum, or) over the square that reaches so far around each value."""
    side = 2 * reach + 1
    height, width = values.shape
    out = np.full((height + 2 * reach, width + 2 * reach), beyond, values.dtype)
    out[reach : reach + height, reach : reach + width] = values
    for axis in (0, 1):
        done = 1
        while done < side:
            step = min(done, side - done)
            first, second = [slice(None)] * 2, [slice(None)] * 2
            first[axis], second[axis] = slice(None, -step), slice(step, None)
            out = pick(out[tuple(first)], out[tuple(second)])
            done += step
    return out
