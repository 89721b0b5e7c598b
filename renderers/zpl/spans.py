"""`^GB`, `^GE`, `^GC` and `^GD` as rectangles of whole dots, row by row, of no more rows than the paper shows.

A dot is drawn where its middle lies inside the shape: along an edge that is straight over one dot, that is where more
than half of it is covered. The borders of frames and ellipses grow inwards (ZPL II guide).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scene import Boxes, Diagonal, Ellipse, Frame

#: left, top, right, bottom of each rectangle in dots of the paper, the last two exclusive: shape (n, 4).
Edges = NDArray[np.int64]
_Ints = NDArray[np.int64]
_Floats = NDArray[np.floating[Any]]

_NOTHING: Edges = np.zeros((0, 4), np.int64)


def edges(shape: Frame | Ellipse | Diagonal, paper: int) -> Edges:
    """The rectangles, which do not overlap, that make up `shape` on paper of `paper` rows."""
    first, last = max(-shape.y, 0), min(paper - shape.y, shape.height)
    if shape.width < 1 or first >= last:
        return _NOTHING
    if isinstance(shape, Frame):
        drawn = _square(shape) if shape.radius <= 0 else _rounded(shape, first, last)
    elif isinstance(shape, Ellipse):
        drawn = _ellipse(shape, first, last)
    else:
        drawn = _diagonal(shape, first, last)
    return drawn + np.array((shape.x, shape.y, shape.x, shape.y), np.int64)


def moved(boxes: Boxes) -> Edges:
    """The rectangles of `boxes` where they lie on the paper; they may overlap."""
    places: Edges = boxes.edges.astype(np.int64) + np.array((boxes.x, boxes.y, boxes.x, boxes.y), np.int64)
    return places


def solid(shape: Frame | Ellipse) -> bool:
    """Whether the border leaves nothing of the inside."""
    return 2 * shape.line >= min(shape.width, shape.height)


def radii(frame: Frame) -> tuple[float, float]:
    """The rounding of a frame's outer and inner edge, the same part of each one's shorter side, in halves of a dot."""
    least = min(frame.width, frame.height)
    inner = max(least - 2 * frame.line, 0)
    outer = min(frame.radius, least / 2)
    return math.floor(2 * outer) / 2, math.floor(2 * outer * inner / least) / 2


def thickness(diagonal: Diagonal) -> int:
    """How far the line reaches along each row: a flat one further, so that its rows touch."""
    slope = diagonal.width // diagonal.height
    return max(diagonal.line, slope + 1 if slope else 1)


def _square(frame: Frame) -> Edges:
    width, height, line = frame.width, frame.height, max(frame.line, 1)
    if solid(frame):
        return np.array([(0, 0, width, height)], np.int64)
    sides = [
        (0, 0, width, line),
        (0, height - line, width, height),
        (0, line, line, height - line),
        (width - line, line, width, height - line),
    ]
    return np.array(sides, np.int64)


def _rounded(frame: Frame, first: int, last: int) -> Edges:
    width, height, line = frame.width, frame.height, max(frame.line, 1)
    middles = np.arange(first, last) + 0.5
    radius, inner_radius = radii(frame)
    outer = _indent(middles, height, radius)
    if solid(frame):
        return _stacked(first, outer, width - outer)
    inner = _indent(middles - line, height - 2 * line, inner_radius) + line
    open_ = (middles > line) & (middles < height - line)
    return _stacked(first, outer, width - outer, np.where(open_, inner, width), np.where(open_, width - inner, width))


def _indent(middles: _Floats, height: int, radius: float) -> _Ints:
    """Dots that round corners leave free at the beginning of rows with these `middles`."""
    above = np.clip(np.maximum(radius - middles, middles - (height - radius)), 0, radius)
    return _rounded_up(radius - np.sqrt(radius * radius - above * above))


def _ellipse(ellipse: Ellipse, first: int, last: int) -> Edges:
    width, height, line = ellipse.width, ellipse.height, max(ellipse.line, 1)
    middles = np.arange(first, last) + 0.5
    outer = _bow(middles, width, height)
    if solid(ellipse):
        return _stacked(first, outer, width - outer)
    inner = _bow(middles - line, width - 2 * line, height - 2 * line) + line
    open_ = 2 * inner < width
    return _stacked(first, outer, width - outer, np.where(open_, inner, width), np.where(open_, width - inner, width))


def _bow(middles: _Floats, width: int, height: int) -> _Ints:
    """Dots that an ellipse leaves free at the beginning of rows with these `middles`; all, above and below it."""
    off = 2 * middles / height - 1
    half = width / 2 * np.sqrt(np.clip(1 - off * off, 0, 1))
    return np.where(abs(off) < 1, _rounded_up(width / 2 - half), width)


def _rounded_up(places: _Floats) -> _Ints:
    """The first dots whose middles do not lie before `places`."""
    rounded: _Ints = np.ceil(places - 0.5).astype(np.int64)
    return rounded


def _diagonal(diagonal: Diagonal, first: int, last: int) -> Edges:
    """A parallelogram whose upper and lower sides lie on the box's; it ends `line` dots beyond the box."""
    width, height, reach = diagonal.width, diagonal.height, thickness(diagonal)
    rows = np.arange(first, last)
    below = rows if diagonal.leaning == "L" else height - 1 - rows
    # in halves of a dot's `height`th, so that a dot that is half covered is known to be
    begin = width * (2 * below + 1) - height
    left = begin // (2 * height) + 1
    right = -(-(begin + 2 * height * reach) // (2 * height))
    return _stacked(first, left, np.maximum(right, left + 1))


def _stacked(
    first: int, left: _Ints, right: _Ints, hole_left: _Ints | None = None, hole_right: _Ints | None = None
) -> Edges:
    """Rows from `first` on, each from `left` to `right` but for its hole; equal rows on each other become one."""
    columns = [left, right] if hole_left is None or hole_right is None else [left, hole_left, hole_right, right]
    rows = np.stack(columns)
    changes = np.flatnonzero((rows[:, 1:] != rows[:, :-1]).any(axis=0)) + 1
    starts = np.concatenate(([0], changes))
    tops, bottoms = starts + first, np.concatenate((changes, [left.size])) + first
    rows = rows[:, starts]
    if len(columns) == 2:
        drawn = np.stack((rows[0], tops, rows[1], bottoms), axis=1)
    else:
        before = np.stack((rows[0], tops, np.minimum(rows[1], rows[3]), bottoms), axis=1)
        behind = np.stack((np.maximum(rows[2], rows[0]), tops, rows[3], bottoms), axis=1)
        drawn = np.concatenate((before, behind))
    return drawn[drawn[:, 0] < drawn[:, 2]]
