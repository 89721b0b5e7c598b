"""Whether a barcode's own dots are on the paper as they were drawn, and how much white there is about it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .. import symbols
from ..symbols.regions import Window, grown
from .raster import rasterise
from .scene import Boxes, Dots, Mark, Scene

_Bits = NDArray[np.bool_]

#: White beside a symbol in modules, by its kind (ISO/IEC 15417 and its kin for bars, 18004, 16022, 15438, 16023).
_QUIET = {"QR Code": 4, "Micro QR Code": 2, "PDF417": 2, "Data Matrix": 1, "MaxiCode": 1, "Aztec": 1}
_QUIET_OF_BARS = {"EAN-13": 7, "EAN-8": 7, "UPC-A": 9, "UPC-E": 7}
_USUAL, _OF_DATABAR = 10, 1
#: With ink nearer than this, in modules, no scanner tells where a symbol of bars begins, or of squares.
_TOUCHING_BARS, _TOUCHING = 2.0, 0.5
#: Lines of a symbol that are looked at for its narrowest element, and the share of lines in which a speck may be.
_LINES, _SPECKS = 16, 12


def leaves(box: Window, width: int, height: int) -> bool:
    """Whether a symbol runs off paper of so many dots, by more than the dot that rounding may cost."""
    left, top, right, bottom = box
    return left < -1 or top < -1 or right > width + 1 or bottom > height + 1


def own_dots(shape: Boxes | Dots, box: Window, scene: Scene) -> _Bits:
    """A symbol as it is alone, in its `box` (before the label is turned), True = black."""
    left, top, right, bottom = box
    alone = Mark(replace(shape, x=shape.x - left, y=shape.y - top), "black", 0)
    return rasterise(Scene(right - left, bottom - top, (alone,), scene.inverted, scene.mirrored)).bits()


def share_kept(own: _Bits, here: _Bits) -> float:
    """How much of a symbol is as it was drawn: of its black or of its white dots, whichever is less; white on black
    counts too."""
    black, shown, both = (int(np.count_nonzero(dots)) for dots in (own, here, own & here))
    as_black = both / max(black, 1)
    as_white = 1 - (shown - both) / max(own.size - black, 1)
    return max(min(as_black, as_white), min(1 - as_black, 1 - as_white))


class QuietZone:
    """The white that a symbol of this kind needs beside it on the paper.

    `wanted` and `touching` are in modules, `box` and `module` in dots.
    """

    def __init__(self, name: str, box: Window, own: _Bits) -> None:
        self.bars = name in symbols.LINEAR or name not in _QUIET
        lying = np.count_nonzero(own[1:] != own[:-1]) > np.count_nonzero(own[:, 1:] != own[:, :-1])
        self._sides = (False, True) if not self.bars else (lying,)
        self._box = box
        self.module = _narrowest(own.T if lying else own)
        own_guard = name.startswith("DataBar")  # it begins and ends with guards of its own (ISO/IEC 24724)
        usual = _OF_DATABAR if own_guard else _USUAL
        self.wanted = _QUIET_OF_BARS.get(name, usual) if self.bars else _QUIET[name]
        self.touching = _TOUCHING_BARS if self.bars and not own_guard else _TOUCHING

    def around(self, width: int, height: int) -> Window:
        """The symbol with its quiet zone, as far as there is paper."""
        left, top, right, bottom = self._box
        broad = grown(self._box, self.wanted * self.module, width, height)
        if not self.bars:
            return broad
        return (max(left, 0), broad[1], min(right, width), broad[3]) if self._sides[0] else (
            broad[0], max(top, 0), broad[2], min(bottom, height))  # fmt: skip

    def free(self, bits: _Bits) -> list[float]:
        """White on each side that needs it, in modules; as much as is wanted where there is paper's edge or more."""
        found = []
        for lying in self._sides:
            view = bits.T if lying else bits
            left, top, right, bottom = self._box
            if lying:
                left, top, right, bottom = top, left, bottom, right
            reach = self.wanted * self.module
            rows = view[max(top, 0) : bottom]
            found += [
                _white(rows[:, max(left - reach, 0) : max(left, 0)][:, ::-1], reach) / self.module,
                _white(rows[:, right : right + reach], reach) / self.module,
            ]
        return found


def _white(strip: _Bits, reach: int) -> int:
    """White columns from the first on; a speck in few lines does not count."""
    inked = np.flatnonzero(np.count_nonzero(strip, axis=0) > len(strip) // _SPECKS)
    return int(inked[0]) if inked.size else reach


def _narrowest(lines: _Bits) -> int:
    """The narrowest element along some of the lines, in dots."""
    least: int = lines.shape[1]
    for line in lines[:: max(len(lines) // _LINES, 1)]:
        runs = np.diff(np.flatnonzero(line[1:] != line[:-1]))
        least = min(least, int(runs.min(initial=least)))
    return max(least, 1)
