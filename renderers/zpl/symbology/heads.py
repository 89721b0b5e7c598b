"""Sizes in dots that barcode commands leave to the printer, where those of its heads differ (ZPL II guide)."""

import math
from types import MappingProxyType
from typing import Final

#: Dots per millimetre of the heads that there are.
HEADS: Final = (6, 8, 12, 24)
#: By command: a parameter's place among `grammar.read`'s, and its size on each of those heads.
SIZES: Final = MappingProxyType[str, dict[int, tuple[int, int, int, int]]](
    {
        "^B0": {1: (1, 2, 3, 6)},
        "^BO": {1: (1, 2, 3, 6)},
        "^BQ": {2: (1, 2, 3, 6)},
        "^BR": {2: (2, 2, 3, 6)},
        "^BT": {1: (2, 2, 2, 4), 3: (40, 40, 60, 120), 4: (2, 2, 2, 4), 5: (4, 4, 4, 8)},
    }
)


def nearest(dots_per_mm: float) -> int:
    """The place in `HEADS` of the one that is most like a head of so many dots per millimetre."""
    return min(range(len(HEADS)), key=lambda place: abs(math.log(HEADS[place] / dots_per_mm)))


def usual(name: str, place: int, dots_per_mm: float) -> int:
    """What a printer takes for the parameter of command `name` at `place`."""
    return SIZES[name][place][nearest(dots_per_mm)]
