"""Ways to choose the dots of a barcode where the usual one loses it or leaves its bars uneven."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import symbols, tone
from .easel import Easel
from .errors import AssetRefused
from .source import QUIET_MM
from .symbols import Quality, Symbol
from .symbols.regions import Window

_Bits = NDArray[np.bool_]
_Grey = NDArray[np.uint8]

#: Bars of fewer dots a module decode from some dots by chance, and from no paper.
_LEAST_MODULE = 1.5
#: Edges half a dot off their places are the best that a module of no whole dots can have; growth costs contrast.
_EVEN, _GROWN = 0.6, 0.25
#: What another way must gain on both together to be worth it, in dots.
_GAIN = 0.15


class Sampled(NamedTuple):
    """Dots for a window of the stock, and how they were chosen."""

    window: Window
    bits: _Bits
    sampler: str


def rescue(easel: Easel, symbol: Symbol) -> Sampled | None:
    """Dots from which a lost barcode scans, by the first way that has them.

    None where no way has, or its bars are too fine for paper.
    """
    for sampled, here in _ways(easel, symbol, _SAMPLERS):
        if _scans(sampled.bits, here):
            quality = symbols.measure(sampled.bits, here)
            if quality is None or quality.module >= _LEAST_MODULE:
                return sampled
    return None


def smooth(easel: Easel, symbol: Symbol, quality: Quality | None) -> Sampled | None:
    """Dots in which the bars of a barcode are more even; None where they are even, or no way is better.

    `quality` is theirs as they are, None where it could not be measured.
    """
    if quality is None or _is_even(quality):
        return None
    best, least = None, quality.unevenness + abs(quality.growth) - _GAIN
    for sampled, here in _ways(easel, symbol, _SMOOTH):
        after = symbols.measure(sampled.bits, here)
        if after is None or not _scans(sampled.bits, here):
            continue
        if after.unevenness + abs(after.growth) < least:
            best, least = sampled, after.unevenness + abs(after.growth)
            if _is_even(after):
                break
    return best


def _is_even(quality: Quality) -> bool:
    return quality.whole or (quality.unevenness <= _EVEN and abs(quality.growth) <= _GROWN)


def _ways(easel: Easel, symbol: Symbol, names: tuple[str, ...]) -> Iterator[tuple[Sampled, Symbol]]:
    """The barcode's window sampled in each way, and the barcode as it lies in it."""
    window = easel.grown(symbol.position, QUIET_MM)
    here = replace(symbol, position=symbol.moved(-window[0], -window[1]).position)
    for name in names:
        fineness, sample = _WAYS[name]
        try:
            grey = easel.draw(window, fineness)
        except AssetRefused:  # a page that can only be drawn whole may be too large to be drawn so finely
            continue
        yield Sampled(window, sample(grey), name), here


def _scans(bits: _Bits, symbol: Symbol) -> bool:
    return not symbols.lost([symbol], symbols.read_again(bits, [symbol]))


def _centres(grey: _Grey) -> _Bits:
    return grey[1::3, 1::3] < tone.THRESHOLD


def _boxes(side: int) -> Callable[[_Grey], _Bits]:
    def average(grey: _Grey) -> _Bits:
        high, wide = (length // side for length in grey.shape)
        lines = grey[: high * side, : wide * side].reshape(high, side, -1).sum(axis=1, dtype=np.uint16)
        sums = lines.reshape(high, wide, side).sum(axis=2, dtype=np.uint16)
        return np.asarray(sums < tone.THRESHOLD * side * side)

    return average


#: Pixels per dot, and what is made of them.
_WAYS: dict[str, tuple[int, Callable[[_Grey], _Bits]]] = {
    "centres of 3x3": (3, _centres),
    "averages of 4x4": (4, _boxes(4)),
    "averages of 2x2": (2, _boxes(2)),
    "averages of 3x3": (3, _boxes(3)),
    "darker": (1, lambda grey: grey < 160),
    "lighter": (1, lambda grey: grey < 96),
}
#: In this order: what saves most barcodes comes first.
_SAMPLERS = tuple(_WAYS)
_SMOOTH = ("centres of 3x3", "averages of 4x4")
