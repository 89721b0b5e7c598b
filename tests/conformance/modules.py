"""Whether the bars and modules of the barcodes on a picture are whole dots: their widths, measured on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

import numpy as np
import zxingcpp
from numpy.typing import NDArray

#: Elements are narrow or wide, in a ratio that need not be whole.
_TWO_WIDTHS = frozenset({"Code39", "ITF", "Codabar"})
#: Both sides of their modules are the same.
_MATRIX = frozenset({"QRCode", "MicroQRCode", "DataMatrix", "Aztec"})
#: Its modules are hexagons.
_OTHER = frozenset({"MaxiCode"})


@dataclass(frozen=True, slots=True)
class Measured:
    """A barcode: its format and text, and the widths in dots, ascending, of all its elements between its edges."""

    format: str
    text: str
    widths: tuple[int, ...]

    @property
    def module(self) -> int:
        """Dots of a module; of the narrow element, where elements have two widths."""
        return self.widths[0] if self.format in _TWO_WIDTHS else gcd(*self.widths)

    @property
    def whole(self) -> bool:
        """Whether every element is as many whole modules as it should be."""
        if self.format in _TWO_WIDTHS:
            return len(self.widths) == 2
        return self.module == self.widths[0]


def measured(bits: NDArray[np.bool_]) -> Iterator[Measured]:
    """Every barcode on a picture, upright or turned by quarters; `bits` of shape (height, width), true is black."""
    grey = np.where(bits, np.uint8(0), np.uint8(255))
    for found in zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.Plain):
        name = str(found.format).replace(" ", "").replace("-", "").replace("_", "")
        if name in _OTHER:
            continue
        corners = found.position
        points = (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
        left, right = min(point.x for point in points), max(point.x for point in points)
        top, bottom = min(point.y for point in points), max(point.y for point in points)
        part = bits[max(top, 0) : bottom + 1, max(left, 0) : right + 1]
        lying = abs(corners.top_right.y - corners.top_left.y) > abs(corners.top_right.x - corners.top_left.x)
        if lying:
            part = part.T
        widths = _widths(part, name)
        if name in _MATRIX:
            widths |= _widths(part.T, name)
        if widths:
            yield Measured(name, found.text, tuple(sorted(widths)))


def _widths(part: NDArray[np.bool_], name: str) -> set[int]:
    """The lengths of the runs along the rows, but those at both ends, which a box cuts."""
    high = part.shape[0]
    rows = part if name in _MATRIX or "PDF417" in name else part[high // 2 : high // 2 + 1]
    found: set[int] = set()
    for row in rows:
        edges = np.flatnonzero(row[1:] != row[:-1])
        found.update(np.diff(edges).tolist())
    return found
