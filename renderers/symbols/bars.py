"""The elements of a linear symbol: its bars and spaces, found in a picture and told apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .reading import Symbol

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]
#: left, top, right, bottom in dots, the last two exclusive
Box = tuple[int, int, int, int]
#: Makes multiples of classes, shape (N, classes), of the widths of N elements.
Designer = Callable[[Floats], NDArray[np.int64]]

#: Lines across a symbol that are looked at; the columns' majority is taken over them.
_LINES = 24
#: Degrees off upright or lying at which columns no longer follow the bars.
_SKEW = 3
#: Part of the dots that may differ from the columns' majority before only lines that are alike count.
_TORN = 0.02
#: Modules by which a symbol may begin or end beside the box in which it was read.
_OFF = 2.5
#: Modules by which edges may miss before other ends, and other lines, are looked at.
_DOUBT = 0.75

#: Every Code 128 character has six elements, eleven modules and an even number of black ones (ISO/IEC 15417).
_CODE_128 = np.array([p for p in product(range(1, 5), repeat=6) if sum(p) == 11 and (p[0] + p[2] + p[4]) % 2 == 0])
#: Every EAN digit has four elements and seven modules (ISO/IEC 15420); guards of 3, 5 and 3 elements are about six.
_EAN = np.array([p for p in product(range(1, 5), repeat=4) if sum(p) == 7])
_EAN_PLACES = np.concatenate((3 + 7 * np.arange(6), 50 + 7 * np.arange(6)))
_EAN_DIGITS = np.r_[3:27, 32:56]
#: Bar growths in modules that are thought possible.
_GROWTHS = np.linspace(-0.6, 0.9, 11)


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A linear symbol's elements, black first, in the upright view of the picture they were found in.

    edges: N + 1 columns between N elements.
    design: shape (N, classes), which class an element's width is a multiple of: the module, or else
        narrow, wide and, where there are any, gap between characters.
    widths: dots of each class, fitted over all edges.
    growth, unevenness: as in `Quality`.
    line: the columns' majority over the symbol's height, from column `first` on, and `rows`, its lines.
    """

    edges: NDArray[np.int64]
    design: NDArray[np.int64]
    widths: Floats
    growth: float
    unevenness: float
    first: int
    line: Bits
    rows: Bits

    @property
    def left(self) -> int:
        """First black column."""
        return int(self.edges[0])

    @property
    def right(self) -> int:
        """Column behind the last black one."""
        return int(self.edges[-1])


def upright(picture: Bits, symbol: Symbol) -> tuple[Bits, Box]:
    """A view of `picture` in which the symbol reads from left to right, and its box there."""
    left, top, right, bottom = symbol.position
    right, bottom = right + 1, bottom + 1
    turn = round(symbol.orientation / 90) % 4
    if turn % 2:
        picture = picture.T
        left, top, right, bottom = top, left, bottom, right
    if turn in (2, 3):
        picture = picture[:, ::-1]
        left, right = picture.shape[1] - right, picture.shape[1] - left
    return picture, (max(left, 0), max(top, 0), min(right, picture.shape[1]), min(bottom, picture.shape[0]))


def find_bars(view: Bits, box: Box, symbol: Symbol) -> Bars | None:
    """The elements of a linear symbol that lies near `box` of the upright `view`; None if there is no such."""
    left, top, right, bottom = box
    skew = abs(symbol.orientation - 90 * round(symbol.orientation / 90))
    if symbol.format not in _LINEAR or skew > _SKEW or right - left < 20 or bottom <= top:
        return None
    first = max(left - (right - left) // 2 - 16, 0)
    stop = right + (right - left) // 2 + 16
    rows = np.ascontiguousarray(view[top : bottom : max((bottom - top) // _LINES, 1), first:stop])
    inner = slice(left - first, right - first)
    bars = None if torn(rows[:, inner]) else _elements(rows, inner, first, symbol.format)
    if bars is None or bars.unevenness > _DOUBT * bars.widths[0]:
        bars = _elements(alike(rows, inner), inner, first, symbol.format)
    return bars if bars is not None and bars.unevenness < _DOUBT * bars.widths[0] else None


def majority(rows: Bits) -> Bits:
    """The columns' majority over `rows`."""
    line: Bits = np.count_nonzero(rows, axis=0) * 2 > len(rows)
    return line


def torn(rows: Bits) -> bool:
    """Whether something is printed over the bars, or they slant, so that the majority may be no line of theirs."""
    return int(np.count_nonzero(rows != majority(rows))) > _TORN * rows.size


def alike(rows: Bits, inner: slice) -> Bits:
    """The largest group of lines that are nearly the same: what is printed over bars differs from line to line."""
    signs = rows[:, inner].astype(np.float32) * 2 - 1
    same = np.einsum("ij,kj->ik", signs, signs)  # a product of matrices would wait for BLAS's threads
    near = same > (1 - 2 * _TORN) * signs.shape[1]
    group: Bits = rows[near[np.count_nonzero(near, axis=1).argmax()]]
    return group


def _elements(rows: Bits, inner: slice, first: int, kind: str) -> Bars | None:
    """The symbol about the columns `inner` of `rows`, column 0 of which is column `first` of the picture."""
    line = majority(rows)
    turns = np.flatnonzero(line[1:] != line[:-1]) + 1
    if line[0]:
        turns = np.concatenate(([0], turns))
    if line[-1]:
        turns = np.append(turns, line.size)
    best: Bars | None = None
    for start, end in _ends(turns, inner.start, inner.stop, kind):
        edges = turns[start : end + 1]
        design = _LINEAR[kind](np.diff(edges).astype(np.float64))
        widths, growth, unevenness = _fit(edges, design)
        off = max(abs(int(edges[0]) - inner.start), abs(int(edges[-1]) - inner.stop))
        if off > _OFF * widths[0] + 2:
            continue
        if best is None or unevenness < best.unevenness:
            best = Bars(edges + first, design, widths, growth, unevenness, first, line, rows)
        if unevenness < _DOUBT * widths[0]:
            break
    return best


def _ends(turns: NDArray[np.int64], left: int, right: int, kind: str) -> Iterator[tuple[int, int]]:
    """Pairs of first and last edge that leave a possible number of elements, those nearest the box first."""
    per, rest = {"Code 128": (6, 1), "Code 39": (10, 9), "Codabar": (8, 7), "ITF": (10, 7), "EAN-13": (60, 59)}[kind]
    near, far = int(np.searchsorted(turns, left)), int(np.searchsorted(turns, right))
    pairs = [
        (abs(int(turns[start]) - left) + abs(int(turns[end]) - right), start, end)
        for start in range(max(near - 4, 0), min(near + 5, turns.size))
        for end in range(max(far - 4, 0), min(far + 5, turns.size))
        if (end - start) % per == rest and end - start > 6
    ]
    return ((start, end) for _, start, end in sorted(pairs)[:4])


def _fit(edges: NDArray[np.int64], design: NDArray[np.int64]) -> tuple[Floats, float, float]:
    """Widths of the classes, growth and largest miss, by least squares over all edges."""
    table = np.empty((edges.size, design.shape[1] + 2))
    table[:, 0] = 1.0
    table[0, 1:-1] = 0.0
    np.cumsum(design, axis=0, out=table[1:, 1:-1])
    table[::2, -1], table[1::2, -1] = -0.5, 0.5
    places = (edges - edges[0]).astype(np.float64)
    square = table.T @ table
    try:
        answer = np.linalg.solve(square, table.T @ places)
    except np.linalg.LinAlgError:
        return np.ones(design.shape[1]), 0.0, float("inf")
    return answer[1:-1], float(answer[-1]), float(np.abs(table @ answer - places).max())


def _nearest(ends: Floats, black: Bits, patterns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of `patterns` (P, E), the one with its elements' ends nearest each of `ends` (N, E); shape (N, E).

    `ends` are in modules from each character's beginning, those where `black` end bars. Bars may have grown:
    several growths are tried, and the one under which all characters come out best is believed. Then what
    all ends of a colour miss by is taken off: the symbol's own beginning is rounded to a dot too.
    """
    table = np.cumsum(patterns, axis=1).astype(np.float64)
    black = np.broadcast_to(black, ends.shape)
    size, grown = (table * table).sum(axis=1), black.astype(np.float64)
    rest = -2 * _GROWTHS * (ends * grown).sum() + _GROWTHS**2 * grown.sum()
    distance = size - 2 * (ends @ table.T) + 2 * _GROWTHS[:, None, None] * (grown @ table.T)
    best = (distance.min(axis=2).sum(axis=1) + rest).argmin()
    miss = ends - table[distance[best].argmin(axis=1)]
    settled = ends - np.where(black, np.median(miss[black]), np.median(miss[~black]))
    found: NDArray[np.int64] = patterns[(size - 2 * (settled @ table.T)).argmin(axis=1)]
    return found


def _code_128(widths: Floats) -> NDArray[np.int64]:
    """Modules of each element."""
    characters = (widths.size - 1) // 6
    ends = np.cumsum(widths[:-1]) * ((characters * 11 + 2) / widths.sum())
    inside = ends.reshape(-1, 6) - 11 * np.arange(characters)[:, None]
    return np.append(_nearest(inside, np.arange(6) % 2 == 0, _CODE_128), 2)[:, None]


def _ean(widths: Floats) -> NDArray[np.int64]:
    """Modules of each element: six digits that begin white and six that begin black, between guards."""
    ends = np.cumsum(widths) * (95 / widths.sum())
    inside = ends[_EAN_DIGITS].reshape(-1, 4) - _EAN_PLACES[:, None]
    black = np.arange(4) % 2 == (np.arange(12) < 6)[:, None]
    design = np.ones(59, np.int64)
    design[_EAN_DIGITS] = _nearest(inside, black, _EAN).ravel()
    return design[:, None]


def _two_widths(period: int) -> Designer:
    """A designer for a code of narrow and wide elements, with a gap after each `period` of them, or without (0)."""

    def design(widths: Floats) -> NDArray[np.int64]:
        table = np.zeros((widths.size, 3 if period else 2), np.int64)
        index = np.arange(widths.size)
        gap = index % (period + 1) == period if period else np.zeros(widths.size, np.bool_)
        for colour in (0, 1):
            mine = (index % 2 == colour) & ~gap
            middle = (widths[mine].min() + widths[mine].max()) / 2
            table[mine & (widths <= middle), 0] = 1
            table[mine & (widths > middle), 1] = 1
        table[gap, -1] = 1
        return table

    return design


#: How the widths of a linear symbol's elements become multiples of its classes.
_LINEAR: dict[str, Designer] = {
    "Code 128": _code_128,
    "Code 39": _two_widths(9),
    "Codabar": _two_widths(7),
    "ITF": _two_widths(0),
    "EAN-13": _ean,
}
