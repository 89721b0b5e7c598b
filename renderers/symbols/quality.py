"""What a symbol's dots are worth before they are printed: module, evenness, quiet zones.

It judges a picture, never a print: darkness, speed and paper have their say afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bars import Bars, Bits, Box, find_bars, upright
from .reading import Symbol

#: A white zone is measured up to this many modules.
_QUIET = 20.0
#: Dots by which an element may miss a whole multiple of the module and still count as whole.
_HAIR = 0.1
#: Modules by which edges miss a grid over the mean; dots without one would miss it by a quarter.
_CHANCE = 0.2
#: Modules a side of QR (ISO/IEC 18004).
_QR_SIZES = np.arange(21, 178, 4)
#: Modules a side of Aztec, compact and full, with the reference grid's lines (ISO/IEC 24778).
_AZTEC_SIZES = np.array(sorted({15, 19, 23, 27, *(15 + 4 * n + 2 * ((2 * n + 6) // 15) for n in range(1, 33))}))
#: Modules of a PDF417 row: start, one to 30 codewords, their indicators, stop (ISO/IEC 15438); compact lacks two.
_PDF417_SIZES = 17 * np.arange(3, 35) + 1


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a symbol sits on the dots.

    module: width of the narrowest element in dots, over the whole symbol.
    whole: every element is a whole multiple of whole dots, bar growth apart.
    unevenness: most dots by which an edge misses its place in an ideal symbol of that module and growth.
    growth: dots by which black elements are wider than white ones of the same size, over the mean.
    quiet: white before and behind a linear symbol in reading direction, beside and above or below a
        matrix symbol (the lesser of each two), in modules, at most 20.
    clipped: black within one module of the picture's edge.
    """

    module: float
    whole: bool
    unevenness: float
    growth: float
    quiet: tuple[float, float]
    clipped: bool


def measure(bits: Bits, symbol: Symbol) -> Quality | None:
    """Judge `symbol`, found at its `position` in `bits` (shape (height, width), True = black).

    None where it cannot be: a format that is not measured, bars that slant, dots that are no such symbol.
    """
    if symbol.format in _MODULES_ACROSS:
        return _measure_matrix(bits, symbol)
    view, box = upright(bits, symbol)
    bars = find_bars(view, box, symbol)
    return None if bars is None else judge(view, box, bars)


def judge(view: Bits, box: Box, bars: Bars) -> Quality:
    """The quality of `bars`, which were found near `box` in the upright `view`."""
    module = float(bars.widths[0])
    height, width = view.shape
    inked = np.count_nonzero(bars.rows, axis=0) > max(1, len(bars.rows) // 12)
    before = np.flatnonzero(inked[: bars.left - bars.first])
    behind = np.flatnonzero(inked[bars.right - bars.first :])
    free = (
        bars.left - bars.first - 1 - int(before[-1]) if before.size else bars.left - bars.first,
        int(behind[0]) if behind.size else inked.size + bars.first - bars.right,
    )
    _, top, _, bottom = box
    clipped = bars.left < module or width - bars.right < module
    for at_edge, row in ((top < module, 0), (height - bottom < module, height - 1)):
        if at_edge and not clipped:
            line = bars.line[bars.left - bars.first : bars.right - bars.first]
            clipped = bool(np.mean(view[row, bars.left : bars.right] == line) > 0.9)
    return Quality(
        module=module,
        whole=bars.unevenness < _HAIR and bool(np.all(abs(bars.widths - np.rint(bars.widths)) < _HAIR)),
        unevenness=bars.unevenness,
        growth=bars.growth,
        quiet=(min(free[0] / module, _QUIET), min(free[1] / module, _QUIET)),
        clipped=clipped,
    )


def _measure_matrix(bits: Bits, symbol: Symbol) -> Quality | None:
    """Module, evenness and white of a matrix symbol whose sides lie along the dots' rows and columns."""
    view, (left, top, right, bottom) = upright(bits, symbol)
    if right - left < 10 or bottom - top < 10:
        return None
    stacked = symbol.format == "PDF417"
    left, top, right, bottom = matrix_box(view, (left, top, right, bottom), stacked=stacked)
    ink = np.ascontiguousarray(view[top:bottom, left:right])
    if min(ink.shape) < 10:
        return None
    modules = _MODULES_ACROSS[symbol.format](ink)
    if modules is None:
        return None
    sides = [_grid(ink, modules[0])]
    if not stacked:
        sides.append(_grid(ink.T, modules[1]))
    if any(side is None for side in sides):
        return None
    fits = [side for side in sides if side is not None]
    module = sum(width for width, _, _ in fits) / len(fits)
    unevenness = max(miss for _, _, miss in fits)
    reach = int(_QUIET * module) + 2
    free = [
        _white(view[top:bottom, max(left - reach, 0) : left][:, ::-1]),
        _white(view[top:bottom, right : right + reach]),
        _white(view[max(top - reach, 0) : top, left:right][::-1].T),
        _white(view[bottom : bottom + reach, left:right].T),
    ]
    room = min(left, top, view.shape[1] - right, view.shape[0] - bottom)
    return Quality(
        module=module,
        whole=unevenness < _HAIR and all(abs(width - round(width)) < _HAIR / 2 for width, _, _ in fits),
        unevenness=unevenness,
        growth=sum(growth for _, growth, _ in fits) / len(fits),
        quiet=(min(min(free[:2]) / module, _QUIET), min(min(free[2:]) / module, _QUIET)),
        clipped=room < module,
    )


def matrix_box(view: Bits, box: Box, *, stacked: bool) -> Box:
    """The exact box of a matrix symbol, or a stacked one, that was found about `box` of the upright `view`."""
    left, top, right, bottom = box
    left, right = _extent(view[top:bottom], left, right, stacked=stacked)
    top, bottom = _extent(view[:, left:right].T, top, bottom, stacked=False)
    return left, top, right, bottom


def _extent(view: Bits, left: int, right: int, *, stacked: bool) -> tuple[int, int]:
    """First black column and the one behind the last of what lies about `left` to `right`.

    Every column of a matrix symbol has ink somewhere; a stacked one begins and ends with bars that run
    through all rows, and has white columns between them.
    """
    slack = max((right - left) // 10, 3)
    first, stop = max(left - slack, 0), min(right + slack, view.shape[1])
    count = np.count_nonzero(view[:, first:stop], axis=0)
    black = np.zeros(stop - first + 2, np.bool_)
    black[1:-1] = count > (len(view) * 0.9 if stacked else max(1, len(view) // 50))
    starts = np.flatnonzero(black[1:] & ~black[:-1]) + first
    ends = np.flatnonzero(black[:-1] & ~black[1:]) + first
    if not starts.size:
        return left, right
    return int(starts[abs(starts - left).argmin()]), int(ends[abs(ends - right).argmin()])


def _qr_modules(ink: Bits) -> tuple[int, int] | None:
    """Three of the corners begin with seven black modules."""
    runs = sorted(_first_run(line) for line in (ink[1], ink[1, ::-1], ink[-2], ink[-2, ::-1]))
    if runs[1] < 7:
        return None
    wide = _of(_QR_SIZES, 7 * ink.shape[1] / ((runs[1] + runs[2]) / 2))
    return wide, wide


def _data_matrix_modules(ink: Bits) -> tuple[int, int] | None:
    """Black and white alternate on two sides, from end to end, and number even."""

    def along(one: Bits, other: Bits) -> int:
        return 2 * max(int(np.count_nonzero(line[1:] & ~line[:-1])) + int(line[0]) for line in (one, other))

    return along(ink[1], ink[-2]), along(ink[:, 1], ink[:, -2])


def _aztec_modules(ink: Bits) -> tuple[int, int] | None:
    """Seven modules about the centre alternate, more in the full format."""
    line = ink[ink.shape[0] // 2]
    turns = np.flatnonzero(line[1:] != line[:-1]) + 1
    middle = int(np.searchsorted(turns, ink.shape[1] / 2))
    if middle < 4 or middle + 4 > turns.size:
        return None
    side = _of(_AZTEC_SIZES, 7 * ink.shape[1] / int(turns[middle + 3] - turns[middle - 4]))
    return side, side


def _pdf417_modules(ink: Bits) -> tuple[int, int] | None:
    """The start pattern's first eight elements have 14 modules of the 17 (8, 1, 1, 1, 1, 1, 1, 3)."""
    line = np.count_nonzero(ink, axis=0) > len(ink) * 0.9
    turns = np.flatnonzero(line[1:] != line[:-1]) + 1
    if turns.size < 7:
        return None
    return _of(_PDF417_SIZES, 14 * ink.shape[1] / int(turns[6])), 0


_MODULES_ACROSS: dict[str, Callable[[Bits], tuple[int, int] | None]] = {
    "QR Code": _qr_modules,
    "Data Matrix": _data_matrix_modules,
    "Aztec": _aztec_modules,
    "PDF417": _pdf417_modules,
}


def _first_run(line: Bits) -> int:
    start = int(np.argmax(line))
    return int(np.argmin(line[start:])) if start < line.size // 20 else 0


def _of(sizes: NDArray[np.int64], size: float) -> int:
    return int(sizes[abs(sizes - size).argmin()])


def _grid(ink: Bits, modules: int) -> tuple[float, float, float] | None:
    """Module, growth and largest miss along the rows of `ink`, which is `modules` wide."""
    lines = ink[:: max(len(ink) // 64, 1)]
    change = lines[:, 1:] != lines[:, :-1]
    rising = np.count_nonzero(change & lines[:, 1:], axis=0)
    falling = np.count_nonzero(change & lines[:, :-1], axis=0)
    least = max(1, len(lines) // 8)  # a picture within the symbol has its own edges
    up, down = np.flatnonzero(rising >= least) + 1, np.flatnonzero(falling >= least) + 1
    places = np.concatenate(([0], up, down, [ink.shape[1]])).astype(np.float64)
    if places.size < 6:
        return None
    table = np.ones((places.size, 3))
    table[:, 1] = np.rint(places * modules / ink.shape[1])
    table[:, 2] = np.concatenate((np.full(1 + up.size, -0.5), np.full(down.size + 1, 0.5)))
    answer, *_ = np.linalg.lstsq(table, places)
    misses = np.abs(table @ answer - places)
    if misses.mean() > _CHANCE * answer[1]:
        return None
    return float(answer[1]), float(answer[2]), float(misses.max())


def _white(strip: Bits) -> int:
    """White columns from the first on; a speck in one line does not count."""
    inked = np.flatnonzero(np.count_nonzero(strip, axis=0) > max(1, len(strip) // 25))
    return int(inked[0]) if inked.size else strip.shape[1]
