"""Where fine symbols may hide: a cheap look at the dots for what no reader found.

A symbol whose modules are three dots or less can be lost on the way to the dots. Its place stays as dense as no
other part of a label but the smallest type, so what is found here is more than the symbols. Those of few modules,
under 50 dots a side, cannot be told from type with certainty.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: left, top, right, bottom in dots, the last two exclusive
Window = tuple[int, int, int, int]
_Grid = NDArray[np.int32]
_Mask = NDArray[np.bool_]

#: Dots on a side of a cell: one byte of a packed row.
_CELL = 8
#: Modules of three dots change colour 10 times in a cell of 64 dots, each way; busy type does so here and there.
_MATRIX_EDGES, _MATRIX_SHARE, _MATRIX_CELLS = 8, 0.8, 3
#: Black dots in such a cell: half of it, more or less; type is thinner.
_MATRIX_BLACK = (13, 52)
#: Bars change colour often one way and hardly the other, over so many cells along and across them.
_BARS_EDGES, _BARS_RATIO, _BARS_ALONG, _BARS_ACROSS = 8, 4, 8, 3
#: Edges that every line across a linear symbol has at least: ITF of six digits has 38, a Code 39 of one letter 30.
_FEWEST_EDGES = 20
#: A picture's black, and how much of a long edge is there at least: stray pixels break it.
_BLACK, _UNBROKEN = 128, 0.95
#: Around what is dense, dots: the quiet zone, and the broad bars at the ends of a PDF417.
_MARGIN = 40


def dense(rows: NDArray[np.uint8], width: int, known: Iterable[Window] = ()) -> tuple[Window, ...]:
    """Windows of a packed picture in which symbols of fine modules may be, with their quiet zones.

    Args:
        rows: shape (height, ceil(width / 8)), MSB first, 1 = black.
        width: of the picture in dots.
        known: windows that are not looked at.
    """
    across, down = _edges(rows)
    for left, top, right, bottom in known:
        here = slice(top // _CELL, -(-bottom // _CELL)), slice(left // _CELL, -(-right // _CELL))
        across[here] = down[here] = 0
    shape = across.shape
    if min(shape) < _BARS_ALONG:
        return ()
    black = _cells(np.bitwise_count(rows))
    least, most = _MATRIX_BLACK
    busy = (across >= _MATRIX_EDGES) & (down >= _MATRIX_EDGES) & (black >= least) & (black <= most)
    side = _MATRIX_CELLS
    blocks = _sums(busy, side, side) >= _MATRIX_SHARE * side * side
    mask = _spread(blocks, side, side, shape)
    # lines of type have white between them, and white around a symbol is not within it
    matrix = _spread(blocks & ~_parted(rows, side), side, side, shape) if blocks.any() else blocks
    bars = []
    for edges, others, high, wide in (
        (across, down, _BARS_ACROSS, _BARS_ALONG),
        (down, across, _BARS_ALONG, _BARS_ACROSS),
    ):
        many, few = _sums(edges, high, wide), _sums(others, high, wide)
        bars.append(_spread((many >= _BARS_EDGES * high * wide) & (few * _BARS_RATIO <= many), high, wide, shape))
        mask |= bars[-1]
    windows, likely = [], []
    for left, top, right, bottom in connected(mask):
        box = left * _CELL, top * _CELL, right * _CELL, bottom * _CELL
        windows.append(grown(box, _MARGIN, width, len(rows)))
        here = slice(top, bottom), slice(left, right)
        if matrix[here].any() or any(
            part[here].any() and _most_edges(rows, windows[-1], lying=lying) >= _FEWEST_EDGES
            for part, lying in zip(bars, (False, True), strict=True)
        ):
            likely.append(windows[-1])
    # parts of one symbol, some of which would not do alone
    return tuple(window for window in merged(windows) if any(meet(window, other) for other in likely))


def has_bars(grey: NDArray[np.uint8], high: int, wide: int, known: Iterable[Window] = ()) -> bool:
    """Whether bars stand or lie side by side as in a linear symbol, whether anything can be read from them or not.

    Args:
        grey: 0 = black.
        high: pixels that each is long, at least.
        wide: pixels across, among which are as many edges as a linear symbol has.
        known: windows that are not looked at.
    """
    black = grey < _BLACK
    edges = black[:, 1:] ^ black[:, :-1], (black[1:] ^ black[:-1]).T
    for left, top, right, bottom in known:
        edges[0][top:bottom, left:right] = False
        edges[1][left:right, top:bottom] = False
    return any(_side_by_side(one, high, wide) for one in edges)


def _side_by_side(edges: _Mask, high: int, wide: int) -> bool:
    """Whether there are enough edges, each `high` long and hardly broken, within `wide` columns."""
    if edges.shape[0] <= high or edges.shape[1] <= wide:
        return False
    down = np.cumsum(edges, axis=0, dtype=np.int32)
    long = (down[high:] - down[:-high]) >= _UNBROKEN * high
    across = np.cumsum(long, axis=1, dtype=np.int32)
    return bool((across[:, wide:] - across[:, :-wide]).max() >= _FEWEST_EDGES)


def _parted(rows: NDArray[np.uint8], side: int) -> _Mask:
    """Which blocks of cells, at the place of their top left corners, have ink above and below a row that is white."""
    high, wide = -(-len(rows) // _CELL), rows.shape[1] - side + 1
    ink = np.zeros((high * _CELL, rows.shape[1]), np.bool_)
    np.not_equal(rows, 0, out=ink[: len(rows)])
    across = ink[:, :wide].copy()
    for step in range(1, side):
        across |= ink[:, step : step + wide]
    begins = across.copy()
    begins[1:] &= ~across[:-1]
    strips = np.add.reduce(begins.reshape(high, _CELL, wide).view(np.uint8), axis=1, dtype=np.uint8)
    tall = high - side + 1
    parts = strips[:tall].copy()
    for step in range(1, side):
        parts += strips[step : step + tall]
    # what began above a block begins with it
    parts += across[: tall * _CELL : _CELL] & ~begins[: tall * _CELL : _CELL]
    parted: _Mask = parts > 1
    return parted


def _most_edges(rows: NDArray[np.uint8], window: Window, *, lying: bool) -> int:
    """The most changes of colour along any row of a window, or any column of it if the bars are `lying`."""
    left, top, right, bottom = window
    part = rows[top:bottom, left // _CELL : -(-right // _CELL)]
    if lying:
        changes = np.unpackbits(part[1:] ^ part[:-1], axis=1).sum(axis=0, dtype=np.int32)
    else:
        changes = np.bitwise_count(part ^ _before(part)).sum(axis=1, dtype=np.int32)
    return int(changes.max(initial=0))


def most_edges(rows: NDArray[np.uint8], blank: _Mask) -> int:
    """The most changes of colour along any row or column of a packed picture, but for `blank` cells of 8x8 dots."""
    seen = np.repeat(np.where(blank, np.uint8(0), np.uint8(255)), _CELL, axis=0)[: len(rows)]
    across, down = (rows ^ _before(rows)) & seen, (rows[1:] ^ rows[:-1]) & seen[1:]
    along = np.bitwise_count(across).sum(axis=1, dtype=np.int32)
    return int(max(along.max(initial=0), np.unpackbits(down, axis=1).sum(axis=0, dtype=np.int32).max(initial=0)))


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The windows, with those that overlap united."""
    left = list(windows)
    done: list[Window] = []
    while left:
        window = left.pop()
        for other in (*left, *done):
            if meet(window, other):
                (left if other in left else done).remove(other)
                left.append(_union(window, other))
                break
        else:
            done.append(window)
    return tuple(sorted(done, key=lambda window: (window[1], window[0])))


def grown(window: Window, margin: int, width: int, height: int) -> Window:
    """The window with a margin around it, within a picture of `width` x `height`."""
    left, top, right, bottom = window
    return max(left - margin, 0), max(top - margin, 0), min(right + margin, width), min(bottom + margin, height)


def meet(one: Window, other: Window) -> bool:
    """Whether two windows overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _edges(rows: NDArray[np.uint8]) -> tuple[_Grid, _Grid]:
    """Changes of colour along the rows and down the columns, counted in cells."""
    above = np.zeros_like(rows)
    np.bitwise_xor(rows[1:], rows[:-1], out=above[1:])
    return _cells(np.bitwise_count(rows ^ _before(rows))), _cells(np.bitwise_count(above))


def _before(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of each dot the one before it in its row; the first ones themselves, for the paper's edge is no change."""
    before: NDArray[np.uint8] = np.right_shift(rows, 1)
    before[:, 1:] |= rows[:, :-1] << 7
    before[:, 0] |= rows[:, 0] & 0x80
    return before


def _cells(counts: NDArray[np.uint8]) -> _Grid:
    """Sums over cells of what is counted in bytes, at most 8 in each."""
    whole = counts.shape[0] // _CELL * _CELL
    cells = np.add.reduce(counts[:whole].reshape(-1, _CELL, counts.shape[1]), axis=1, dtype=np.uint8)
    if whole < counts.shape[0]:
        cells = np.concatenate([cells, np.add.reduce(counts[whole:], axis=0, dtype=np.uint8)[None]])
    sums: _Grid = cells.astype(np.int32)
    return sums


def _sums(cells: _Grid | _Mask, high: int, wide: int) -> _Grid:
    """Sums over `high` x `wide` cells, at the place of each one's top left corner."""
    tall = cells.shape[0] - high + 1
    lines = cells[:tall].astype(np.int32)
    for down in range(1, high):
        lines += cells[down : down + tall]
    broad = cells.shape[1] - wide + 1
    sums = lines[:, :broad].copy()
    for across in range(1, wide):
        sums += lines[:, across : across + broad]
    return sums


def _spread(corners: _Mask, high: int, wide: int, shape: tuple[int, ...]) -> _Mask:
    """All cells of the `high` x `wide` blocks whose top left corners are given."""
    if not corners.any():
        return np.zeros(shape, np.bool_)
    steps = np.zeros((shape[0] + 1, shape[1] + 1), np.int32)
    down, across = corners.shape
    steps[:down, :across] += corners
    steps[high : high + down, :across] -= corners
    steps[:down, wide : wide + across] -= corners
    steps[high : high + down, wide : wide + across] += corners
    return np.cumsum(np.cumsum(steps, axis=0), axis=1)[:-1, :-1] > 0


def connected(mask: _Mask) -> list[Window]:
    """The boxes around the connected parts of a mask, in cells."""
    boxes: dict[int, Window] = {}
    part: dict[int, int] = {}  # a run's part, or the part that it was joined to

    def found(run: int) -> int:
        while part[run] != run:
            run = part[run]
        return run

    # where each row's runs begin and end: column by column in pairs
    lines, columns = np.nonzero(np.diff(mask.view(np.int8), axis=1, prepend=0, append=0))
    above: list[tuple[int, int, int]] = []
    runs: list[tuple[int, int, int]] = []
    row = -1
    for line, start, end in zip(lines[::2].tolist(), columns[::2].tolist(), columns[1::2].tolist(), strict=True):
        if line != row:
            above, runs, row = (runs if line == row + 1 else []), [], line
        run = len(part)
        part[run], boxes[run] = run, (start, line, end, line + 1)
        for other_start, other_end, other in above:
            if start <= other_end and other_start <= end and (joined := found(other)) != run:
                part[joined] = run
                boxes[run] = _union(boxes[run], boxes.pop(joined))
        runs.append((start, end, run))
    return list(boxes.values())


def _union(one: Window, other: Window) -> Window:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
