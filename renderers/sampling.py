"""Ways to choose the dots of a barcode that the usual one loses."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from . import symbols, tone
from .easel import Easel
from .source import QUIET_MM
from .symbols import Symbol
from .symbols.regions import Window

_Bits = NDArray[np.bool_]
_Grey = NDArray[np.uint8]


def resample(easel: Easel, symbol: Symbol) -> tuple[Window, _Bits, str] | None:
    """Dots for the window of a barcode, by the first way of sampling from which it scans; and its name."""
    window = easel.grown(symbol.position, QUIET_MM)
    moved = replace(symbol, position=symbol.moved(-window[0], -window[1]).position)
    for name, (fineness, sample) in _SAMPLERS.items():
        bits = sample(easel.draw(window, fineness))
        if not symbols.lost([moved], symbols.read_again(bits, [moved])):
            return window, bits, name
    return None


def _centres(grey: _Grey) -> _Bits:
    return grey[1::3, 1::3] < tone.THRESHOLD


def _boxes(side: int) -> Callable[[_Grey], _Bits]:
    def average(grey: _Grey) -> _Bits:
        high, wide = (length // side for length in grey.shape)
        means = grey[: high * side, : wide * side].reshape(high, side, wide, side).mean(axis=(1, 3))
        return np.asarray(means < tone.THRESHOLD)

    return average


#: Ways to choose dots, the one that saves most barcodes first: pixels per dot, and what is made of them.
_SAMPLERS: dict[str, tuple[int, Callable[[_Grey], _Bits]]] = {
    "centres of 3x3": (3, _centres),
    "averages of 4x4": (4, _boxes(4)),
    "averages of 2x2": (2, _boxes(2)),
    "averages of 3x3": (3, _boxes(3)),
    "darker": (1, lambda grey: grey < 160),
    "lighter": (1, lambda grey: grey < 96),
}
