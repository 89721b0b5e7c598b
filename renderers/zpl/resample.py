"""A graphic made for one resolution at another (`^GF`, `^XG`): barcodes in it keep modules of whole dots.

Strokes are averaged over an area and cut at half. That moves the edges of bars by parts of a dot, so symbols that
decode are drawn again with the nearest whole modules, where they stood and only as they decode to the same text.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import symbols
from ..bitmap import MAX_DOTS, Bitmap
from ..symbols import Symbol
from ..symbols.bars import Box, find_bars, upright
from ..symbols.quality import matrix_box
from ..symbols.regions import Window, dense, grown, merged

_Bits = NDArray[np.bool_]

#: Graphics of so few dots are read whole.
_SMALL = 100_000
#: Dots around a symbol that belong to it, in the graphic: for its quiet zone, and for room.
_ROOM = 64
#: A symbol that scans is not made smaller than this part of its size.
_LEAST = 0.7
#: White that a symbol needs beside or around it, in modules (ISO/IEC 15417; 18004, 16022, 24778, 15438).
_QUIET_BARS = 10
_QUIET = {"QR Code": 4, "Data Matrix": 1, "Aztec": 0, "PDF417": 2}
_WHITE_LEFT = 0.85
#: Rows at the ends of bars that may be ragged.
_RAGGED = 2
#: Wide elements in narrow ones (ISO/IEC 16388, 16390).
_RATIOS = (2.0, 3.0)
#: Bars may become longer by this part of their length.
_LONGER = 0.02
#: Weights of two neighbours are so many parts together, so that products of two fit a byte.
_PARTS = 15
#: A stroke is as long as so many dots that it becomes; what is shorter is a pattern.
_STROKE = 3


def resample(bitmap: Bitmap, factor: Fraction | float) -> Bitmap:
    """The graphic with `factor` times as many dots each way.

    Raises:
        ValueError: the factor is not positive, or the result would have more than `MAX_DOTS`.
    """
    scale = float(factor)
    if not (scale > 0 and math.isfinite(scale)):
        raise ValueError(f"a graphic cannot be made {factor} times as large")
    width, height = (max(1, round(side * scale)) for side in (bitmap.width, bitmap.height))
    if width * height > MAX_DOTS:
        raise ValueError(f"the graphic would have {width}x{height} dots: too many")
    if (width, height) == (bitmap.width, bitmap.height):
        return bitmap
    bits = bitmap.bits()
    if scale == round(scale):
        return Bitmap.from_bits(bits.repeat(round(scale), axis=0).repeat(round(scale), axis=1))
    drawn = np.zeros((height, width), np.bool_)
    ink = bitmap.ink_box()
    if ink is None:
        return Bitmap.from_bits(drawn)
    if scale > 1:
        _enlarge(bits, drawn, ink)
    else:
        drawn[:] = _shrunk(bits, width, height)
        _keep_thin(bitmap.rows, drawn, scale)
    for symbol in _found(bitmap, bits, ink):
        _redraw(bits, drawn, symbol, scale)
    return Bitmap.from_bits(drawn)


def _enlarge(bits: _Bits, drawn: _Bits, ink: Window) -> None:
    """Each dot is the average over a dot's size of the graphic, about its middle: diagonals keep their course."""
    left, top, right, bottom = ink
    down, across = (new / old for new, old in zip(drawn.shape, bits.shape, strict=True))
    first_row, above, below, of_below = _between(top, bottom, down, len(bits), len(drawn))
    first_column, before, behind, of_behind = _between(left, right, across, bits.shape[1], drawn.shape[1])
    values = bits.view(np.uint8)[above[0] : below[-1] + 1]
    lines = values.take(before, axis=1) * (_PARTS - of_behind) + values.take(behind, axis=1) * of_behind
    above, below = above - above[0], below - above[0]
    sums = lines.take(above, axis=0)
    sums *= (_PARTS - of_below)[:, None]
    more = lines.take(below, axis=0)
    more *= of_below[:, None]
    sums += more
    part = drawn[first_row : first_row + len(sums), first_column : first_column + sums.shape[1]]
    np.greater_equal(sums, (_PARTS * _PARTS + 1) // 2, out=part)


def _between(
    begin: int, end: int, scale: float, old: int, new: int
) -> tuple[int, NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
    """For new dots that show old ones from `begin` to `end`: the first, the neighbours of each, the second's weight."""
    first, last = max(math.floor((begin - 0.5) * scale), 0), min(math.ceil((end + 0.5) * scale), new)
    places = (np.arange(first, last) + 0.5) / scale - 0.5
    before = np.floor(places).astype(np.intp)
    weight = np.rint((places - before) * _PARTS).astype(np.uint8)
    return first, np.clip(before, 0, old - 1), np.clip(before + 1, 0, old - 1), weight


def _shrunk(bits: _Bits, width: int, height: int) -> _Bits:
    picture = Image.fromarray(bits.view(np.uint8) * np.uint8(255))
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX)) >= 128


def _keep_thin(rows: NDArray[np.uint8], drawn: _Bits, scale: float) -> None:
    """Draw strokes that are thinner than a dot and so may have vanished, one dot wide."""
    thick, length = math.ceil(1 / scale), math.ceil(_STROKE / scale)
    height, width = drawn.shape
    for axis in (0, 1):
        thin = rows & ~_opened(rows, thick, axis)
        if not thin.any():
            continue
        strokes = np.unpackbits(_opened(thin, length, 1 - axis), axis=1)
        lines, columns = np.divmod(np.flatnonzero(strokes.view(np.bool_)), strokes.shape[1])
        lines = np.minimum(((lines + 0.5) * scale).astype(np.intp), height - 1)
        columns = np.minimum(((columns + 0.5) * scale).astype(np.intp), width - 1)
        near = np.pad(drawn, 1)
        if axis == 0:
            there = near[lines, columns + 1] | near[lines + 1, columns + 1] | near[lines + 2, columns + 1]
        else:
            there = near[lines + 1, columns] | near[lines + 1, columns + 1] | near[lines + 1, columns + 2]
        drawn[lines[~there], columns[~there]] = True


def _opened(rows: NDArray[np.uint8], length: int, axis: int) -> NDArray[np.uint8]:
    """The black dots of packed rows that lie in runs of `length` and more, down (axis 0) or along the rows (1)."""
    kept, done = rows, 1
    while done < length:
        step = min(done, length - done, 7)
        kept, done = kept & _moved(kept, -step, axis), done + step
    done = 1
    while done < length:
        step = min(done, length - done, 7)
        kept, done = kept | _moved(kept, step, axis), done + step
    return kept


def _moved(rows: NDArray[np.uint8], step: int, axis: int) -> NDArray[np.uint8]:
    """Packed rows with all dots moved down, or to the right, by `step` of less than 8; back where it is below 0."""
    moved = np.zeros_like(rows)
    if axis == 0:
        if abs(step) < len(rows):
            moved[max(step, 0) : len(rows) + min(step, 0)] = rows[max(-step, 0) : len(rows) - max(step, 0)]
    elif step > 0:
        np.right_shift(rows, step, out=moved)
        moved[:, 1:] |= rows[:, :-1] << (8 - step)
    else:
        np.left_shift(rows, -step, out=moved)
        moved[:, :-1] |= rows[:, 1:] >> (8 + step)
    return moved


def _found(bitmap: Bitmap, bits: _Bits, ink: Window) -> Iterator[Symbol]:
    """The symbols in a graphic: read only where it looks as if there may be some.

    Those of large modules are seen at half the size, and those of small ones are dense.
    """
    width, height = bitmap.width, bitmap.height
    if (ink[2] - ink[0]) * (ink[3] - ink[1]) <= _SMALL:
        windows: tuple[Window, ...] = (grown(ink, _ROOM, width, height),)
    else:
        seen = [symbol.moved(0, 0, 2).position for symbol in symbols.read_dots(bits[::2, ::2])]
        windows = merged((*(grown(box, _ROOM, width, height) for box in seen), *dense(bitmap.rows, width)))
    for left, top, right, bottom in windows:
        for symbol in symbols.read_dots(bits[top:bottom, left:right]):
            yield symbol.moved(left, top)


def _redraw(bits: _Bits, drawn: _Bits, symbol: Symbol, scale: float) -> None:
    """Draw one symbol of `bits` again in `drawn`, if that can be done and decodes."""
    left, top, right, bottom = grown(symbol.position, _ROOM, bits.shape[1], bits.shape[0])
    source = np.ascontiguousarray(bits[top:bottom, left:right])
    here = symbol.moved(-left, -top)
    new_left, new_top, new_right, new_bottom = (round(side * scale) for side in (left, top, right, bottom))
    target = drawn[new_top:new_bottom, new_left:new_right]
    scans = _reads(target, here)
    cells = _linear(source, here, scale) if symbol.format in symbols.LINEAR else _matrix(source, here, scale)
    for one in cells:
        if scans and one.size < _LEAST * one.module:
            continue
        redrawn = _put(target, here, one, scale)
        if redrawn is not None and _reads(redrawn, here):
            target[:] = redrawn
            return
    if not scans:
        down, across = (_middles(0, old, new) for old, new in zip(source.shape, target.shape, strict=True))
        nearest = source[down][:, across]
        if _reads(nearest, here):
            target[:] = nearest


def _reads(bits: _Bits, symbol: Symbol) -> bool:
    grey = np.where(bits, np.uint8(0), np.uint8(255))
    return not symbols.lost([symbol], symbols.read_part(grey, [symbol.format]))


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """A symbol with whole modules of `size` dots, in the upright view.

    module: what its modules would be if they were not whole, in dots.
    box: what it takes up in the source.
    white: what there is beside it, in dots.
    across, down: white that it needs beside, and above and below, in dots; None where bars may touch type.
    """

    bits: _Bits
    size: int
    module: float
    box: Box
    white: float
    across: int
    down: int | None


def _room(needed: int, white: float) -> int:
    """White that must be left, in dots: what there was may shrink by what rounding makes a symbol larger."""
    return min(needed, max(math.floor(_WHITE_LEFT * white) - 1, 0))


def _sizes(module: float) -> list[int]:
    """Whole modules, the nearest first."""
    sizes = {max(math.floor(module), 1), max(math.ceil(module), 1)}
    return sorted(sizes, key=lambda size: abs(math.log(size / module)))


def _linear(source: _Bits, symbol: Symbol, scale: float) -> Iterator[_Cells]:
    """Every element as wide as its class is, and whatever is printed on the bars or among hanging ones with them."""
    view, box = upright(source, symbol)
    bars = find_bars(view, box, symbol)
    if bars is None:
        return
    bar = np.asarray(view[:, bars.left : int(bars.edges[1])].all(axis=1))
    top, bottom = _rows_of(bar, (box[1] + box[3]) // 2)
    inked = np.flatnonzero(view[top:bottom].any(axis=0))
    before, behind = inked[inked < bars.left], inked[inked >= bars.right]
    white = min(
        bars.left - int(before[-1]) - 1 if before.size else _ROOM,
        int(behind[0]) - bars.right if behind.size else _ROOM,
    )
    rows = _middles(top, bottom, max(round(bottom * scale) - round(top * scale), 1))
    module = float(bars.widths[0]) * scale
    length = (bars.right - bars.left) * scale
    for size, widths in _lengths(bars.design, bars.widths * scale, length):
        begins = np.repeat(np.cumsum(widths) - widths, widths)
        share = (np.arange(widths.sum()) - begins + 0.5) / np.repeat(widths, widths)
        columns = np.repeat(bars.edges[:-1], widths) + share * np.repeat(np.diff(bars.edges), widths)
        room = _room(_QUIET_BARS * size, white * scale)
        drawn = view[rows][:, columns.astype(np.intp)]
        yield _Cells(drawn, size, module, (bars.left, top, bars.right, bottom), white * scale, room, None)


def _lengths(
    design: NDArray[np.int64], widths: NDArray[np.float64], length: float
) -> list[tuple[int, NDArray[np.int64]]]:
    """Each whole module with the elements' widths in dots, the nearest first unless the bars become longer than their
    `length` by that, and the other keeps it better."""
    found = [(size, design @ np.array(_classes(design, widths, size, length), np.int64)) for size in _sizes(widths[0])]
    longer = [int(each.sum()) / length - 1 for _, each in found]
    return found[::-1] if longer[0] > _LONGER and abs(longer[-1]) < longer[0] else found


def _classes(design: NDArray[np.int64], widths: NDArray[np.float64], size: int, length: float) -> list[int]:
    """Whole dots of each class of elements when the module has `size`: wide elements as the `length` wants them."""
    if len(widths) == 1:
        return [size]
    gaps = [max(round(size * width / widths[0]), size) for width in widths[2:]]
    narrow, wide, *others = design.sum(axis=0).tolist()
    rest = length - narrow * size - sum(count * gap for count, gap in zip(others, gaps, strict=True))
    low, high = math.ceil(_RATIOS[0] * size), math.floor(_RATIOS[1] * size)
    return [size, min(max(round(rest / max(wide, 1)), low), high), *gaps]


def _rows_of(inked: _Bits, middle: int) -> tuple[int, int]:
    """The run of rows about `middle` that the first bar fills."""
    white = np.flatnonzero(~inked)
    after = int(np.searchsorted(white, middle))
    top = int(white[after - 1]) + 1 if after else 0
    return top, max(int(white[after]) if after < white.size else inked.size, top + 1)


def _matrix(source: _Bits, symbol: Symbol, scale: float) -> Iterator[_Cells]:
    quality = symbols.measure(source, symbol)
    if quality is None:
        return
    stacked = symbol.format == "PDF417"
    view, near = upright(source, symbol)
    box = left, top, right, bottom = matrix_box(view, near, stacked=stacked)
    columns = _middles(left, right, round((right - left) / quality.module))
    # the height of a stacked symbol's rows is no number of modules
    high = max(round(bottom * scale) - round(top * scale), 1) if stacked else round((bottom - top) / quality.module)
    cells = view[_middles(top, bottom, high)][:, columns]
    module = quality.module * scale
    white = min(quality.quiet) * module
    for size in _sizes(module):
        room = _room(_QUIET[symbol.format] * size, white)
        drawn = cells.repeat(size, axis=1).repeat(1 if stacked else size, axis=0)
        yield _Cells(drawn, size, module, box, white, room, room)


def _middles(begin: int, end: int, count: int) -> NDArray[np.intp]:
    """The dots that lie at the middles of `count` equal parts."""
    return (begin + (np.arange(count) + 0.5) * ((end - begin) / count)).astype(np.intp)


def _put(target: _Bits, symbol: Symbol, cells: _Cells, scale: float) -> _Bits | None:
    """The window with the symbol drawn about the middle of its old place; None where there is no room for it."""
    result = target.copy()
    view, _ = upright(result, symbol)
    # what stood there may reach a dot further, for windows begin at whole dots
    spare = 1 if cells.white > 1 else 0
    left, top, right, bottom = (round(side * scale) for side in cells.box)
    below = spare if cells.down is not None else 0
    view[max(top - below, 0) : bottom + below, max(left - spare, 0) : right + spare] = False
    high, wide = cells.bits.shape
    x, y = (left + right - wide + 1) // 2, (top + bottom - high + 1) // 2
    if x < 0 or y < 0 or x + wide > view.shape[1] or y + high > view.shape[0]:
        return None
    down = -min(_RAGGED, high // 2) if cells.down is None else cells.down
    around = view[max(y - down, 0) : y + high + down, max(x - cells.across, 0) : x + wide + cells.across]
    if around.any():
        return None
    view[y : y + high, x : x + wide] = cells.bits
    return result
