"""The ink of a page as blocks with white between, and which of them lie together."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .image import INK
from .placement import Box, Size

Bits = NDArray[np.bool_]
#: left, top, right, bottom in cells of the grid
Cells = tuple[int, int, int, int]

#: The grid on which white is looked for: half millimetres are finer than any gap that separates.
_CELL_MM = 0.5
#: White narrower than this separates nothing (cells).
_GAP = 3
#: Ink on this much of a side runs along it.
_ALONG = 0.93
#: A stroke of at least this length is a rule (mm).
_RULE = 40.0
#: Cut crosses and corner marks are no larger than this (1/100 mm), their strokes no thicker than that.
_MARK, _THIN = 1700.0, 80.0


@dataclass(slots=True)
class Paper:
    """The ink of a page: `ink` in pixels and `grid` in cells of `step` pixels; `drawn` keeps what is erased."""

    grey: NDArray[np.uint8]
    per_mm: float
    ink: Bits = field(init=False)
    drawn: Bits = field(init=False)
    grid: Bits = field(init=False)
    step: int = field(init=False)

    def __post_init__(self) -> None:
        self.step = max(1, round(self.per_mm * _CELL_MM))
        self.ink = self.grey < min(INK, _white(self.grey) - 5)
        self.drawn = self.ink.copy()
        self.grid = _grid(self.ink, self.step)

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm."""
        return self.ink.shape[1] * 100 / self.per_mm, self.ink.shape[0] * 100 / self.per_mm

    def cells(self, mm: float) -> int:
        """A length in cells."""
        return round(mm * self.per_mm / self.step)

    def hmm(self, cells: float) -> float:
        """A length in cells as 1/100 mm."""
        return cells * self.step * 100 / self.per_mm

    def window(self, part: Cells) -> Bits:
        """The pixels of a part of the grid."""
        left, top, right, bottom = (side * self.step for side in part)
        return self.ink[top:bottom, left:right]

    def box(self, part: Cells) -> Box | None:
        """The box around the ink in a part of the grid in 1/100 mm, to a fraction of a pixel; None without ink."""
        window = self.window(part)
        lines, columns = np.flatnonzero(window.any(axis=1)), np.flatnonzero(window.any(axis=0))
        if not lines.size:
            return None
        left, top = part[0] * self.step, part[1] * self.step
        box = (left + columns[0], top + lines[0], left + columns[-1] + 1, top + lines[-1] + 1)
        return self._sharpened(tuple(int(side) for side in box))

    def _sharpened(self, box: tuple[int, ...]) -> Box:
        """The outer pixels count by the share that is covered: smoothed edges reach into them only so far."""
        left, top, right, bottom = box
        picture = self.grey[top:bottom, left:right]
        unit = 100 / self.per_mm
        if min(picture.shape) < 3:
            return left * unit, top * unit, right * unit, bottom * unit
        shares = [_share(picture[:, 0], picture[:, 1]), _share(picture[0], picture[1])]
        shares += [_share(picture[:, -1], picture[:, -2]), _share(picture[-1], picture[-2])]
        return (
            (left + 1 - shares[0]) * unit,
            (top + 1 - shares[1]) * unit,
            (right - 1 + shares[2]) * unit,
            (bottom - 1 + shares[3]) * unit,
        )

    def pixels(self, box: Box) -> Bits:
        """The pixels in a box of 1/100 mm."""
        unit = self.per_mm / 100
        left, top = (int(side * unit + 1e-6) for side in box[:2])
        right, bottom = (int(np.ceil(side * unit - 1e-6)) for side in box[2:])
        return self.ink[top:bottom, left:right]

    def clear(self, box: Box) -> bool:
        """Whether all was white just outside the box when the page was drawn, to a pixel."""
        unit = self.per_mm / 100
        left, top = (math.floor(side * unit + 0.01) for side in box[:2])
        right, bottom = (math.ceil(side * unit - 0.01) for side in box[2:])
        rows, columns = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
        rims = []
        if left:
            rims.append(self.drawn[rows, left - 1])
        if top:
            rims.append(self.drawn[top - 1, columns])
        if right < self.drawn.shape[1]:
            rims.append(self.drawn[rows, right])
        if bottom < self.drawn.shape[0]:
            rims.append(self.drawn[bottom, columns])
        return not any(rim.any() for rim in rims)

    def sides(self, box: Box) -> tuple[bool, bool]:
        """Whether ink runs along both left and right, both top and bottom: a frame, a tinted panel, or rules."""
        window = self.pixels(box)
        rim = max(2, round(1.5 * self.per_mm))
        if min(window.shape) < 4 * rim:
            return False, False
        left, right = window[:, :rim].any(axis=1).mean(), window[:, -rim:].any(axis=1).mean()
        top, bottom = window[:rim].any(axis=0).mean(), window[-rim:].any(axis=0).mean()
        return bool(min(left, right) > _ALONG), bool(min(top, bottom) > _ALONG)

    def ruled(self, box: Box) -> tuple[bool, bool]:
        """Whether a straight stroke goes through all its width, through all its height."""
        window = self.pixels(box)
        least = _RULE * self.per_mm
        across, down = _strokes_through(window)
        return window.shape[1] >= least and bool(across.any()), window.shape[0] >= least and bool(down.any())

    def rules(self, box: Box) -> int:
        """How many straight strokes go through all its width, or through all its height."""
        window = self.pixels(box)
        if min(window.shape) < _RULE * self.per_mm:
            return 0
        strokes = (np.diff(np.pad(lines, 1).astype(np.int8)) > 0 for lines in _strokes_through(window))
        return max(int(np.count_nonzero(starts)) for starts in strokes)

    def mark(self, box: Box) -> bool:
        """Whether it is a cut cross or a corner mark: nothing but one thin stroke across and one down."""
        if max(box[2] - box[0], box[3] - box[1]) > _MARK:
            return False
        window = self.pixels(box).copy()
        thick = max(2, round(_THIN / 100 * self.per_mm))
        for axis in (0, 1):
            strokes = window.sum(axis=1 - axis)
            peak = int(np.argmax(np.convolve(strokes, np.ones(thick, int), "same"))) - thick // 2
            band = slice(max(peak, 0), max(peak, 0) + thick)
            if axis == 0:
                window[band] = False
            else:
                window[:, band] = False
        return not window.any()

    def erase(self, part: Cells) -> None:
        """Make a part of the grid white."""
        left, top, right, bottom = part
        self.grid[top:bottom, left:right] = False
        self.window(part)[:] = False

    def erase_pixels(self, left: int, top: int, right: int, bottom: int) -> None:
        """Make pixels white."""
        self.ink[top:bottom, left:right] = False
        step = self.step
        part = (left // step, top // step, -(-right // step), -(-bottom // step))
        redrawn = _grid(self.window(part), step)
        self.grid[part[1] : part[3], part[0] : part[2]] = redrawn

    def blocks(self, part: Cells) -> Iterator[Cells]:
        """The parts of the grid that hold ink and that no straight white gap divides (recursive XY cut)."""
        left, top, right, bottom = part
        grid = self.grid[top:bottom, left:right]
        rows, columns = _runs(np.asarray(grid.any(axis=1))), _runs(np.asarray(grid.any(axis=0)))
        if not rows:
            return
        if len(rows) == 1 and len(columns) == 1:
            yield left + columns[0][0], top + rows[0][0], left + columns[0][1], top + rows[0][1]
        elif len(columns) == 1 or (len(rows) > 1 and _widest(rows) >= _widest(columns)):
            for start, end in rows:
                yield from self.blocks((left + columns[0][0], top + start, left + columns[-1][1], top + end))
        else:
            for start, end in columns:
                yield from self.blocks((left + start, top + rows[0][0], left + end, top + rows[-1][1]))


@dataclass(frozen=True, slots=True)
class Cluster:
    """Blocks that lie together: no gap inside is wider than `loose`, and the next block is `apart` (1/100 mm)."""

    box: Box
    members: frozenset[int]
    loose: float
    apart: float
    parent: int | None


def clusters(boxes: Sequence[Box]) -> list[Cluster]:
    """All clusters of `boxes`, built by joining what lies nearest until one box holds all; the last is the whole."""
    count = len(boxes)
    if not count:
        return []
    sides = np.array(boxes, np.float64)
    gaps = np.array([_gaps(side, sides) for side in sides])
    np.fill_diagonal(gaps, np.inf)
    slots = list(range(count))  # the cluster that each row of `sides` and `gaps` stands for
    everything: list[Cluster] = [
        Cluster(box, frozenset((index,)), 0.0, np.inf, None) for index, box in enumerate(boxes)
    ]
    for _ in range(count - 1):
        one, two = (int(index) for index in np.unravel_index(int(np.argmin(gaps)), gaps.shape))
        first, second = slots[one], slots[two]
        loose = max(float(gaps[one, two]), everything[first].loose, everything[second].loose)
        for index in (first, second):
            everything[index] = replace(everything[index], apart=loose, parent=len(everything))
        box = around([everything[first].box, everything[second].box])
        slots[one] = len(everything)
        everything.append(Cluster(box, everything[first].members | everything[second].members, loose, np.inf, None))
        sides[one], sides[two] = box, np.nan
        gaps[one] = gaps[:, one] = np.nan_to_num(_gaps(sides[one], sides), nan=np.inf)
        gaps[two] = gaps[:, two] = gaps[one, one] = np.inf
    return everything


def gap(one: Box, two: Box) -> float:
    """The white between two boxes, across or down, whichever is wider; 0 when they overlap."""
    return max(one[0] - two[2], two[0] - one[2], one[1] - two[3], two[1] - one[3], 0.0)


def around(boxes: Sequence[Box]) -> Box:
    """The box around boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def inside(box: Box, outer: Box, slack: float = 50.0) -> bool:
    """Whether a box lies in another, to within `slack`."""
    return (
        box[0] >= outer[0] - slack
        and box[1] >= outer[1] - slack
        and box[2] <= outer[2] + slack
        and box[3] <= outer[3] + slack
    )


def overlap(one: Box, two: Box) -> bool:
    """Whether two boxes share more than their rim."""
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def joined(blocks: Sequence[Box], box: Box) -> list[Box]:
    """The blocks with those that `box` touches made one."""
    while hit := [block for block in blocks if overlap(block, box) and not inside(block, box, 0)]:
        box = around([box, *hit])
    return [*(block for block in blocks if not overlap(block, box)), box]


def of_one_width(one: Box, two: Box) -> bool:
    """Whether two boxes begin and end alike, across or down."""
    return any(abs(one[side] - two[side]) < 150 and abs(one[side + 2] - two[side + 2]) < 150 for side in (0, 1))


def stacked(one: Box, two: Box) -> bool:
    """Whether the narrower of two boxes lies within the column, or the row, of the other."""
    for low, high in ((0, 2), (1, 3)):
        narrow, wide = sorted((one, two), key=lambda box: box[high] - box[low])
        if narrow[low] >= wide[low] - 300 and narrow[high] <= wide[high] + 300:
            return True
    return False


def area(box: Box) -> float:
    """The area of a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _white(grey: NDArray[np.uint8]) -> int:
    """The grey of the paper: what most of the page's rim has, if that is light."""
    rim = np.concatenate((grey[0], grey[-1], grey[:, 0], grey[:, -1]))
    tint = int(np.median(rim))
    return tint if tint >= 200 else 255


def _grid(ink: Bits, step: int) -> Bits:
    height, width = ink.shape
    padded = np.pad(ink, ((0, -height % step), (0, -width % step)))
    rows = padded[::step].copy()
    for offset in range(1, step):
        rows |= padded[offset::step]
    cells = rows[:, ::step].copy()
    for offset in range(1, step):
        cells |= rows[:, offset::step]
    return np.asarray(cells, np.bool_)


def _strokes_through(window: Bits) -> tuple[Bits, Bits]:
    """The rows, and the columns, that are ink from side to side."""
    height, width = window.shape
    rows, columns = np.count_nonzero(window, axis=1), np.count_nonzero(window, axis=0)
    return np.asarray(rows > _ALONG * width), np.asarray(columns > _ALONG * height)


def _share(outer: NDArray[np.uint8], inner: NDArray[np.uint8]) -> float:
    """How far ink that is as dark as the next row of pixels reaches into the outer one."""
    dark = 255 - outer.astype(np.float32)
    return float((dark / np.maximum(np.maximum(dark, 255 - inner.astype(np.float32)), 1)).max())


def _runs(ink: Bits) -> list[tuple[int, int]]:
    """Stretches of ink, joined over gaps too narrow to separate."""
    where = np.flatnonzero(ink)
    if not where.size:
        return []
    breaks = np.flatnonzero(np.diff(where) > _GAP)
    starts, ends = where[np.r_[0, breaks + 1]], where[np.r_[breaks, where.size - 1]] + 1
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _widest(runs: list[tuple[int, int]]) -> int:
    return max(after[0] - before[1] for before, after in pairwise(runs))


def _gaps(one: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    across = np.maximum(one[0] - others[:, 2], others[:, 0] - one[2])
    down = np.maximum(one[1] - others[:, 3], others[:, 1] - one[3])
    return np.asarray(np.maximum(np.maximum(across, down), 0))
