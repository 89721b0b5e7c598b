"""Bars that fell between the dots, drawn again on whole ones (promise 3).

A head cannot split a dot: a module of 2.37 dots comes out as 2 here and 3 there. The same elements drawn
with 2 or 3 throughout read better, in the space that the symbol already had.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormats, Binarizer

from .bars import Bars, Bits, Box, alike, find_bars, majority, torn, upright
from .quality import Quality, judge, measure
from .reading import CARRIER_FORMATS, Symbol, lost

#: White that a symbol needs on each side, in modules (ISO/IEC 15417, 16388, 16390).
_QUIET = 10.0
#: A module this little over whole dots goes down to them, not up to the next.
_OVER = 0.1
#: A symbol that scans is not made smaller than this part of its size.
_LEAST = 0.75
#: Wide elements in narrow ones: what every two-width standard allows at every size.
_RATIOS = (2.25, 3.0)
#: Part of a line's dots that follow the bars: of one that is all bars, of one that is bars with something on it.
_CLEAN, _OVERPRINTED = 0.97, 0.75
#: Lines that may interrupt the bars outside the box in which they were read.
_GAP = 3
#: Part of the lines in that box that must be nothing but bars: writing across moved bars becomes illegible.
_WORTH = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    """Dots with one symbol drawn again.

    bits: a copy, shape (height, width), True = black.
    symbol: the symbol at its new place.
    before: None when the dots were no symbol that could be measured.
    because: what was done, in a sentence.
    """

    bits: Bits
    symbol: Symbol
    before: Quality | None
    after: Quality
    because: str


def resnap(bits: Bits, symbol: Symbol, source: NDArray[np.uint8] | None = None, scale: float = 1.0) -> Repaired | None:
    """Draw a linear symbol of `bits` (shape (height, width), True = black) on whole dots, where it stands.

    The elements are read from `source`, a grey picture (0 = black) of the same window with `scale` pixels
    to a dot, or else from the dots; `symbol.position` is in dots. The largest whole module is taken that
    leaves the quiet zone the symbol had, or 10 modules. Lines that are not bars stay as they are.

    None when the modules are whole already, and when it cannot be done: no linear symbol, bars that slant, or
    that an EAN's digits stand between, no room, or the result would not decode to the same text or be no better.
    """
    view, box = upright(bits, symbol)
    found = find_bars(view, box, symbol)
    elements = _from_source(source, symbol, scale) or found
    if elements is None:
        return None
    if found is not None and not np.array_equal(found.design, elements.design):
        found = None  # dots that a finer picture shows to be something else
    before = None if found is None else judge(view, box, found)
    if before is not None and before.whole:
        return None
    unit = 1.0 if elements is found else scale
    left, right = (box[0], box[2]) if found is None else (found.left, found.right)
    place = _Place.find(view, (left, box[1], right, box[3]))
    if place is None:
        return None
    if (found is None and not place.follows(elements, unit)) or (symbol.format == "EAN-13" and place.hangs(view)):
        return None
    module = float(elements.widths[0]) / unit
    scans = _decodes(view, place, symbol, left, right)
    for size, widths in _choices(elements, module):
        if size < _LEAST * module and scans:
            break
        start = place.fit(int(widths.sum()), size, module)
        if start is None:
            continue
        result = bits.copy()
        drawn, _ = upright(result, symbol)
        place.draw(drawn, start, widths)
        end = start + int(widths.sum())
        moved = replace(symbol, position=_downright((start, place.top, end, place.bottom), symbol, bits))
        after = measure(result, moved)
        if after is None or not _better(before, after) or not _decodes(drawn, place, symbol, start, end):
            continue
        because = (
            f"{symbol.format} {symbol.text!r}: {module:.2f} dots a module became {size}, its bars were drawn again"
        )
        return Repaired(result, moved, before, after, because)
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a symbol stands in the upright view, and the white beside it.

    left, right: its columns, the last exclusive; line: their majority.
    low, high: the columns free of other ink.
    top, bottom: its lines; clean, overprinted: which of them are nothing but bars, and bars with something
        on them.
    """

    left: int
    right: int
    low: int
    high: int
    top: int
    bottom: int
    line: Bits
    clean: NDArray[np.int64]
    overprinted: NDArray[np.int64]

    @classmethod
    def find(cls, view: Bits, box: Box) -> "_Place | None":
        """The place of the bars in `box`; None when too few of its lines are the same bars."""
        left, top, right, bottom = box
        if right - left < 2 or bottom - top < 2:
            return None
        line = _agreed(view[top:bottom, left:right])
        first, last = max(2 * top - bottom, 0), min(2 * bottom - top, len(view))
        share = (view[first:last, left:right] == line).mean(axis=1)
        follows = share >= _OVERPRINTED
        if np.count_nonzero(share[top - first : bottom - first] >= _CLEAN) < _WORTH * (bottom - top):
            return None
        while top > first and follows[max(top - first - _GAP, 0) : top - first].any():
            top -= 1
        while bottom < last and follows[bottom - first : bottom - first + _GAP].any():
            bottom += 1
        lines = np.arange(first, last)
        inside = (lines >= top) & (lines < bottom)
        clean = np.flatnonzero((share >= _CLEAN) & inside) + first
        overprinted = np.flatnonzero(follows & (share < _CLEAN) & inside) + first
        rows = np.flatnonzero(follows & inside) + first
        inked = np.count_nonzero(view[rows], axis=0) > max(1, len(rows) // 25)
        before, behind = np.flatnonzero(inked[:left]), np.flatnonzero(inked[right:])
        low = int(before[-1]) + 1 if before.size else 0
        high = right + int(behind[0]) if behind.size else view.shape[1]
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        return cls(left, right, low, high, top, bottom, line, clean, overprinted)

    def follows(self, elements: Bars, unit: float) -> bool:
        """Whether the dots are these elements at all, drawn `unit` times smaller, from some part of a dot on."""
        places = (elements.edges - elements.left) / unit
        for phase in (0.0, 0.25, 0.5, 0.75):
            edges = np.floor(places + phase).astype(np.int64)
            drawn = _line(edges[1:] - edges[:-1])
            width = min(drawn.size, self.line.size)
            if (drawn[:width] == self.line[:width]).mean() >= _OVERPRINTED:
                return True
        return False

    def hangs(self, view: Bits) -> bool:
        """Whether the outer bars reach down further than the others, among digits that are set between them."""
        below = view[self.bottom : self.bottom + 2]
        return bool(below[:, [self.left, self.right - 1]].all()) and len(below) > 0

    def fit(self, width: int, size: int, module: float) -> int | None:
        """The first column of a symbol of `width` dots and modules of `size`; None when there is no room."""
        before, behind = ((self.left - self.low) / module, (self.high - self.right) / module)
        lowest = self.low + math.ceil(min(_QUIET, before) * size)
        highest = self.high - math.ceil(min(_QUIET, behind) * size) - width
        if lowest > highest:
            return None
        return min(max((self.left + self.right - width) // 2, lowest), highest)

    def draw(self, view: Bits, start: int, widths: NDArray[np.int64]) -> None:
        """Put bars and spaces of `widths` from column `start` on over the old ones; what lies on these stays."""
        end = start + int(widths.sum())
        first, last = min(start, self.left), max(end, self.right)
        old, new = np.zeros(last - first, np.bool_), np.zeros(last - first, np.bool_)
        old[self.left - first : self.right - first] = self.line
        new[start - first : end - first] = _line(widths)
        view[self.clean, first:last] = new
        strip = view[self.overprinted, first:last]
        view[self.overprinted, first:last] = np.where(strip == old, new, strip)


def _agreed(rows: Bits) -> Bits:
    """The line that most of `rows` are; those with something on the bars do not vote."""
    sample = rows[:: max(len(rows) // 32, 1)]
    return majority(alike(sample, slice(None)) if torn(sample) else sample)


def _line(widths: NDArray[np.int64]) -> Bits:
    """Bars and spaces in turn, black first."""
    return np.repeat(np.arange(widths.size) % 2 == 0, widths)


def _from_source(source: NDArray[np.uint8] | None, symbol: Symbol, scale: float) -> Bars | None:
    """The elements as the finer picture shows them, in its pixels from the symbol's box on."""
    if source is None:
        return None
    left, top, right, bottom = (round(side * scale) for side in symbol.position)
    spare = math.ceil(4 * scale)
    first, upper = max(left - spare, 0), max(top - spare, 0)
    part = source[upper : bottom + spare, first : right + spare]
    if not part.size:
        return None
    middle = (int(part.min()) + int(part.max()) + 1) // 2
    finer = replace(symbol, position=(left - first, top - upper, right - first, bottom - upper))
    view, box = upright(part < middle, finer)
    return find_bars(view, box, finer)


def _choices(elements: Bars, module: float) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Whole modules, the largest first, each with the dots of every element."""
    for size in range(math.ceil(module - _OVER), 0, -1):
        if elements.design.shape[1] == 1:
            yield size, elements.design[:, 0] * size
            continue
        narrow, wide, *gap = (float(width) for width in elements.widths)
        least, most = math.ceil(_RATIOS[0] * size), math.floor(_RATIOS[1] * size)
        for dots in sorted(range(least, most + 1), key=lambda dots: abs(dots / size - wide / narrow)):
            classes = [size, dots, *(max(size, round(width / narrow * size)) for width in gap)]
            yield size, elements.design @ np.array(classes, np.int64)


def _downright(box: Box, symbol: Symbol, bits: Bits) -> tuple[int, int, int, int]:
    """A box of the upright view as a position in `bits`, `right` and `bottom` inclusive: `upright` undone."""
    left, top, right, bottom = box
    turn = round(symbol.orientation / 90) % 4
    if turn in (2, 3):
        width = bits.shape[0] if turn % 2 else bits.shape[1]
        left, right = width - right, width - left
    if turn % 2:
        left, top, right, bottom = top, left, bottom, right
    return left, top, right - 1, bottom - 1


def _better(before: Quality | None, after: Quality) -> bool:
    """No less even, and no less white than there was or than is needed."""
    if before is None:
        return True
    white = all(now >= min(was, _QUIET) - 1e-6 for was, now in zip(before.quiet, after.quiet, strict=True))
    return after.unevenness <= before.unevenness + 1e-6 and white


def _decodes(view: Bits, place: _Place, symbol: Symbol, left: int, right: int) -> bool:
    """Whether the dots from column `left` to `right`, with the white beside them, read as `symbol`."""
    first, last = max(min(left, place.low) - 8, 0), max(right, place.high) + 8
    grey = np.where(view[place.top : place.bottom, first:last], np.uint8(0), np.uint8(255))
    formats = tuple(entry for entry in CARRIER_FORMATS if str(entry) == symbol.format)
    read = zxingcpp.read_barcodes(
        np.ascontiguousarray(grey),
        formats=BarcodeFormats(formats),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        binarizer=Binarizer.BoolCast,
    )
    return not lost([symbol], [Symbol(str(code.format), code.text, (0, 0, 0, 0)) for code in read])
