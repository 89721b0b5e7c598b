"""Rows of bars on top of each other, as Codablock and Code 49 have them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .bars import boxes, parameter, spans
from .model import Request, Symbol

#: Lengths in dots end where those of the ZPL II guide do.
_MAX_HEIGHT = 32000


def row_height(request: Request, index: int, rows: int, least: int) -> int:
    """Dots of a row: the parameter at `index` in modules, or that part of `^BY`'s height but `least` modules."""
    value = parameter(request, index)
    if isinstance(value, float) and math.isfinite(value):
        return max(round(min(value, _MAX_HEIGHT / request.module)), 2) * request.module
    return max(request.height // rows, least * request.module)


def stacked(
    request: Request, rows: Sequence[Sequence[int]], pitch: int, inner: tuple[int, int], outer: tuple[int, int]
) -> Symbol:
    """Rows of bars under each other, with a bar one module high above, between and below them.

    Args:
        rows: bars and spaces in turn, in dots, from `-outer[0]` on.
        pitch: dots from one row to the next, its separator included.
        inner: dots by which separators between rows are shorter at the left and at the right.
        outer: dots by which those above and below are longer.
    """
    module = request.module
    across = [spans(row) + outer[0] for row in rows]
    width = max(int(row[-1, 1]) for row in across) + outer[1]
    parts: list[NDArray[np.int32]] = [
        boxes(row, index * pitch + module, (index + 1) * pitch) for index, row in enumerate(across)
    ]
    for index in range(len(rows) + 1):
        between = 0 < index < len(rows)
        left, right = (outer[0] + inner[0], width - outer[1] - inner[1]) if between else (0, width)
        parts.append(np.array([[left, index * pitch, right, index * pitch + module]], np.int32))
    if inner[0]:  # bars at both ends go through separators between rows
        parts += [
            _through(row, index * pitch, module, inner, width - outer[1]) for index, row in enumerate(across) if index
        ]
    return Symbol(width, len(rows) * pitch + module, np.concatenate(parts))


def _through(across: NDArray[np.int32], top: int, module: int, inner: tuple[int, int], right: int) -> NDArray[np.int32]:
    ends = across[(across[:, 1] <= inner[0]) | (across[:, 0] >= right - inner[1])]
    return boxes(ends, top, top + module)
