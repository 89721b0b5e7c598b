"""Lines and marks on a page that are there to be cut or folded along: found, and erased from the ink.

A cut line is long, thin and stands free. A dashed or dotted one may lie anywhere; a solid one counts only where
pages are divided and from edge to edge, because tables and labels have solid lines too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

from .blocks import Bits, Cells, Paper
from .placement import Box

#: A cut line has this much ink on its way, is interrupted by at most so much, and is at least so long (mm).
_DASHES, _PAUSE, _STROKE = 0.2, 7.0, 20.0
#: A dashed line has at least so many strokes, none longer than this share of it.
_STROKES, _LONGEST = 6, 0.3
#: A line of dots looks solid on the grid: this much of it is ink in pixels.
_DOTTED = 0.92
#: Words in a cut line ("cut here") are no longer than this; they and scissors are no higher than that (mm).
_WORDS, _GLYPH = 70.0, 7.0
#: A dashed frame around a label has no shorter side (mm).
_FRAME = 60.0
#: An arm of a cut cross is no longer than this (mm).
_ARM = 10.0
#: Where pages are divided.
_PARTS = (1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4)
#: How nearly (1/100 mm).
_NEARLY = 300.0

_Manner = Literal["solid", "dashed", "pieces"]


@dataclass(frozen=True, slots=True)
class Line:
    """A thin line across the page (`axis` 0) or down it (1), at cells `at` to `at` + 1."""

    axis: int
    at: int
    start: int
    end: int
    dashed: bool
    #: unbroken, and nothing ends on it from one side only, as at the corners of a frame or in a table
    free: bool

    @property
    def cells(self) -> Cells:
        """The part of the grid that it covers."""
        if self.axis == 0:
            return self.start, self.at, self.end, self.at + 2
        return self.at, self.start, self.at + 2, self.end


@dataclass(frozen=True, slots=True)
class Cell:
    """What lies between cut lines: the boxes of its blocks, and whether a line bounds it."""

    blocks: tuple[Box, ...]
    bounded: bool


def divide(paper: Paper, fits: Callable[[Box], bool], longest: float) -> tuple[list[Cell], list[Box]]:
    """The page between its cut lines, and the ink of these; the lines are erased from `paper`.

    A part whose ink `fits` is not divided. No line of a label is longer than `longest` (1/100 mm).
    """
    parts = _Parts(paper)
    bounds = parts.unframe()
    height, width = paper.grid.shape
    todo: list[tuple[Cells, list[Line]]] = [((0, 0, width, height), bounds)]
    while todo:
        part, bounds = todo.pop()
        box = paper.box(part)
        if box is None:
            continue
        line = None if fits(box) else _cut(paper, part, longest)
        if line is None:
            parts.fill(part, bounds)
            continue
        parts.erase(line)
        left, top, right, bottom = part
        middle = line.at + 1
        halves = ((left, top, right, middle), (left, middle, right, bottom))
        if line.axis == 1:
            halves = ((left, top, middle, bottom), (middle, top, right, bottom))
        todo += [(half, [*bounds, line]) for half in halves]
    return parts.cells, parts.dropped


class _Parts:
    """The parts of a page that are known so far, and the ink of what divides them."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.cells: list[Cell] = []
        self.dropped: list[Box] = []

    def unframe(self) -> list[Line]:
        """Fill the inside of dashed frames, and take it off the grid; gives their lines."""
        lines: list[Line] = []
        for frame in list(_frames(self._paper)):
            for line in frame:
                self.erase(line)
            top, bottom, left, right = (line.at + 1 for line in frame)
            self.fill((left, top, right, bottom), frame)
            self._paper.grid[top:bottom, left:right] = False
            lines += frame
        return lines

    def fill(self, part: Cells, bounds: Sequence[Line]) -> None:
        """Read the blocks of a part; what stands on the lines around it is none of them."""
        blocks: list[Box] = []
        for block in self._paper.blocks(part):
            box = self._paper.box(block)
            if box is not None:
                (self.dropped if _glyph(self._paper, block, bounds) else blocks).append(box)
        self.cells.append(Cell(tuple(blocks), bool(bounds)))

    def erase(self, line: Line) -> None:
        """Make a line white."""
        box = self._paper.box(line.cells)
        if box is not None:
            self.dropped.append(box)
        self._paper.erase(line.cells)


def _frames(paper: Paper) -> Iterator[tuple[Line, Line, Line, Line]]:
    """Dashed frames to cut along: the lines at the top, the bottom, the left and the right."""
    height, width = paper.grid.shape
    least = paper.cells(_FRAME)
    lines = [line for line in _lines(paper, (0, 0, width, height), (least, least)) if line.dashed]
    lines.sort(key=lambda line: line.at)
    across, down = ([line for line in lines if line.axis == axis] for axis in (0, 1))
    near = paper.cells(_PAUSE)

    def meet(one: Line, two: Line) -> bool:
        return abs(one.start - two.start) <= near and abs(one.end - two.end) <= near

    for top, bottom in combinations(across, 2):
        for left, right in combinations(down, 2):
            corners = (left.start - top.at, left.end - bottom.at, top.start - left.at, top.end - right.at)
            square = bottom.at - top.at >= least and right.at - left.at >= least
            if square and meet(top, bottom) and meet(left, right) and max(map(abs, corners)) <= near:
                yield top, bottom, left, right


def divides(place: float, side: float) -> bool:
    """Whether a place on a side is where pages are divided into halves, thirds and quarters."""
    return any(abs(place - side * part) < _NEARLY for part in _PARTS)


def erase_crosses(paper: Paper) -> list[Box]:
    """Make white the cut crosses where pages are divided, whole or cut off by the page's edge; gives their boxes."""
    across, down = paper.size
    places = [(across * part, down * other) for part in (0, *_PARTS, 1) for other in (0, *_PARTS, 1)]
    return [cross for place in places if (cross := _erase_cross(paper, *place))]


def _cut(paper: Paper, part: Cells, longest: float) -> Line | None:
    """The longest line in a part of the page that is there to be cut or folded along."""
    best, length = None, 0
    lengths = (part[2] - part[0], part[3] - part[1])
    label = paper.cells((longest + 100) / 100)
    for line in _lines(paper, part, (min(0.8 * lengths[0], label), min(0.8 * lengths[1], label))):
        start, end = part[line.axis], part[line.axis + 2]
        if line.dashed:
            middle = abs(paper.hmm(line.at + 1) - paper.size[1 - line.axis] / 2) < _NEARLY
            good = middle or line.end - line.start > label or _sticks_out(paper, part, line)
        else:
            to_the_edges = line.start - start <= paper.cells(4) and end - line.end <= paper.cells(4)
            good = line.free and to_the_edges and divides(paper.hmm(line.at + 1), paper.size[1 - line.axis])
        if good and line.end - line.start > length:
            best, length = line, line.end - line.start
    return best


def _sticks_out(paper: Paper, part: Cells, line: Line) -> bool:
    """Whether no other ink in a part reaches as far as the line: a line of a label or a table ends with the rest."""
    left, top, right, bottom = part
    ink = paper.grid[top:bottom, left:right].copy()
    ink = ink if line.axis == 0 else ink.T
    at, along = line.at - (top, left)[line.axis], (left, top)[line.axis]
    ink[max(at - 1, 0) : at + 3] = False
    where = np.flatnonzero(ink.any(axis=0)) + along
    return not where.size or bool(line.start + 2 <= where[0] and where[-1] <= line.end - 3)


def _lines(paper: Paper, part: Cells, least: tuple[float, float]) -> Iterator[Line]:
    """Thin lines that stand free, solid or dashed, at least so many cells long across and down a part."""
    left, top, right, bottom = part
    whole = paper.grid[top:bottom, left:right]
    for axis, grid in enumerate((whole, whole.T)):
        shift, along = ((top, left), (left, top))[axis]
        for at, start, end, manner in _strokes(paper, grid, max(least[axis], paper.cells(_STROKE))):
            free = manner == "solid" and _stands_free(grid, at, start, end)
            line = Line(axis, at + shift, start + along, end + along, manner == "dashed", free)
            if not _slender(paper, line):
                continue
            if manner == "solid" and paper.window(line.cells).any(axis=axis).mean() < _DOTTED:
                line = Line(axis, line.at, line.start, line.end, dashed=True, free=free)
            yield line


def _strokes(paper: Paper, grid: Bits, least: float) -> Iterator[tuple[int, int, int, _Manner]]:
    """Lines along the rows of a grid: row, start, end and manner."""
    height, width = grid.shape
    if height < 8 or width < least:
        return
    tall = np.pad(grid, ((4, 5), (0, 0)))
    thin = grid & ~tall[2 : height + 2] & ~tall[6 : height + 6]
    pair = thin.copy()
    pair[:-1] |= thin[1:]  # a line may lie on two rows of cells
    crowded = tall[1 : height + 1] | tall[2 : height + 2] | tall[7 : height + 7] | tall[8 : height + 8]
    counts = np.count_nonzero(pair & ~crowded, axis=1)
    near, far = paper.cells(_GLYPH / 2), paper.cells(_GLYPH)
    done = np.zeros(height + 2, np.bool_)
    rows = np.flatnonzero(counts > 0.8 * _DASHES * least)
    both = np.count_nonzero(thin[:-1] & thin[1:], axis=1)
    order = np.argsort(-(counts[rows] + np.r_[both, 0][rows]), kind="stable")  # all of the line, where it is two rows
    for row in (int(row) for row in rows[order]):
        if done[max(row - 2, 0) : row + 3].any():
            continue
        words = np.asarray(grid[max(row - 6, 0) : row + 8].any(axis=0))
        # words are a line high: where ink goes on above and below, it is something else
        above, below = grid[max(row - far, 0) : max(row - near, 0)], grid[row + near : row + far]
        words &= ~(above.any(axis=0) & below.any(axis=0))
        ink = np.asarray(grid[row] | grid[min(row + 1, height - 1)])
        for start, end, manner in _trains(paper, pair[row], ink, words, least):
            if crowded[row, start:end][_widened(_widened(pair[row, start:end]))].mean() <= 0.2:
                done[row] = True
                yield row, start, end, manner


def _trains(paper: Paper, row: Bits, ink: Bits, words: Bits, least: float) -> Iterator[tuple[int, int, _Manner]]:
    """Stretches of one unbroken stroke or of like strokes at like intervals; wider ones only where words stand."""
    edges = np.flatnonzero(np.diff(np.pad(row, 1).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not starts.size:
        return
    # where another line crosses, it is not thin and yet goes on
    inked = np.r_[0, np.cumsum(ink)]
    parted = inked[starts[1:]] - inked[ends[:-1]] < starts[1:] - ends[:-1]
    starts, ends = starts[np.r_[True, parted]], ends[np.r_[parted, True]]
    pauses = starts[1:] - ends[:-1]
    usual = max(float(np.median(pauses)) * 2.5, 3.0) if pauses.size > 3 else 3.0
    breaks = [
        int(index) + 1
        for index in np.flatnonzero(pauses > min(usual, paper.cells(_PAUSE)))
        if pauses[index] > paper.cells(_WORDS) or words[ends[index] : starts[index + 1]].mean() < 0.35
    ]
    for first, last in pairwise([0, *breaks, starts.size]):
        start, end = int(starts[first]), int(ends[last - 1])
        lengths = (ends - starts)[first:last]
        if end - start < least or lengths.sum() < _DASHES * (end - start):
            continue
        usual = float(np.median(lengths))
        if len(lengths) == 1:
            yield start, end, "solid"
        elif (np.abs(lengths - usual) <= max(1.0, usual * 0.5)).mean() >= 0.6:
            dashed = len(lengths) >= _STROKES and lengths.max() <= _LONGEST * (end - start)
            yield start, end, "dashed" if dashed else "pieces"


def _stands_free(grid: Bits, at: int, start: int, end: int) -> bool:
    """Whether what touches the line goes on beyond it, to a cell."""
    before, after = (
        grid[row, start:end] if 0 <= row < len(grid) else np.zeros(end - start, np.bool_) for row in (at - 2, at + 3)
    )
    return not ((before & ~_widened(after)).any() or (after & ~_widened(before)).any())


def _widened(row: Bits) -> Bits:
    padded = np.pad(row, 1)
    return np.asarray(padded[:-2] | row | padded[2:])


def _slender(paper: Paper, line: Line) -> bool:
    """Whether its ink is less than a millimetre high: small print is not a line."""
    left, top, right, bottom = line.cells
    beside = (
        (left, max(top - 1, 0), right, bottom + 1) if line.axis == 0 else (max(left - 1, 0), top, right + 1, bottom)
    )
    strokes = paper.window(beside).sum(axis=1 - line.axis)
    high = np.count_nonzero(strokes > 0.4 * strokes.max(initial=0))
    return int(high) <= max(3, round(0.7 * paper.per_mm))


def _glyph(paper: Paper, block: Cells, lines: Sequence[Line]) -> bool:
    """Whether a block stands on a cut line: scissors, or words that interrupt it."""
    for line in lines:
        first, last = block[1 - line.axis], block[3 - line.axis]
        start, end = block[line.axis], block[line.axis + 2]
        beside = first <= line.at + 3 and last >= line.at - 1 and start < line.end and end > line.start - paper.cells(5)
        if beside and last - first <= paper.cells(_GLYPH) and end - start <= paper.cells(_WORDS):
            return True
    return False


def _erase_cross(paper: Paper, across: float, down: float) -> Box | None:
    """Make white the cut cross at a place in 1/100 mm, where there is one and nothing else near it; gives its box."""
    half, rim, longest = (round(mm * paper.per_mm) for mm in (0.5, 1.0, _ARM))
    unit = paper.per_mm / 100
    x, y = round(across * unit), round(down * unit)
    left, top = max(x - longest - rim, 0), max(y - longest - rim, 0)
    window = paper.ink[top : y + longest + rim, left : x + longest + rim]
    x, y = x - left, y - top
    spans = []
    for picture, at, middle in ((window, y, x), (window.T, x, y)):
        band = np.asarray(picture[max(at - half, 0) : at + half].any(axis=0))
        beside = np.asarray(picture[max(at - half - rim, 0) : max(at - half, 0)].any(axis=0))
        beside |= picture[at + half : at + half + rim].any(axis=0)
        near = np.flatnonzero(band[max(middle - half, 0) : middle + half + 1])
        if not near.size:
            return None
        centre = max(middle - half, 0) + int(near[0])
        first = centre - int(np.argmin(np.r_[band[centre::-1], False])) + 1
        last = centre + int(np.argmin(np.r_[band[centre:], False]))
        beside[max(middle - half - 1, 0) : middle + half + 1] = False  # there the other arm crosses
        if not rim <= max(middle - first, last - middle) <= longest or beside[first:last].any():
            return None
        spans.append((first, last))
    (x1, x2), (y1, y2) = spans
    paper.erase_pixels(left + x1, top + max(y - half, 0), left + x2, top + y + half)
    paper.erase_pixels(left + max(x - half, 0), top + y1, left + x + half, top + y2)
    sides = (left + min(x1, x), top + min(y1, y), left + max(x2, x), top + max(y2, y))
    return sides[0] / unit, sides[1] / unit, sides[2] / unit, sides[3] / unit
