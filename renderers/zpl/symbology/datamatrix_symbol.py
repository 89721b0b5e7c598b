"""Data Matrix ECC 200 symbols from codewords: sizes, error correction, placement (ISO/IEC 16022)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .grid import Modules, frozen
from .reed_solomon import corrected


@dataclass(frozen=True, slots=True)
class Size:
    """A symbol size (ISO/IEC 16022 table 7): modules over all, regions, data and error codewords, blocks."""

    rows: int
    columns: int
    down: int
    across: int
    data: int
    errors: int
    blocks: int = 1

    @property
    def inner(self) -> tuple[int, int]:
        """Rows and columns of modules without the finder patterns."""
        return self.rows - 2 * self.down, self.columns - 2 * self.across


SQUARES = tuple(
    Size(side, side, regions, regions, data, errors, blocks)
    for side, regions, data, errors, blocks in (
        *((10, 1, 3, 5, 1), (12, 1, 5, 7, 1), (14, 1, 8, 10, 1), (16, 1, 12, 12, 1), (18, 1, 18, 14, 1)),
        *((20, 1, 22, 18, 1), (22, 1, 30, 20, 1), (24, 1, 36, 24, 1), (26, 1, 44, 28, 1), (32, 2, 62, 36, 1)),
        *((36, 2, 86, 42, 1), (40, 2, 114, 48, 1), (44, 2, 144, 56, 1), (48, 2, 174, 68, 1), (52, 2, 204, 84, 2)),
        *((64, 4, 280, 112, 2), (72, 4, 368, 144, 4), (80, 4, 456, 192, 4), (88, 4, 576, 224, 4)),
        *((96, 4, 696, 272, 4), (104, 4, 816, 336, 6), (120, 6, 1050, 408, 6), (132, 6, 1304, 496, 8)),
        (144, 6, 1558, 620, 10),
    )
)
RECTANGLES = (
    Size(8, 18, 1, 1, 5, 7),
    Size(8, 32, 1, 2, 10, 11),
    Size(12, 26, 1, 1, 16, 14),
    Size(12, 36, 1, 2, 22, 18),
    Size(16, 36, 1, 2, 32, 24),
    Size(16, 48, 1, 2, 49, 28),
)

#: The field of its error correction: x^8 + x^5 + x^3 + x^2 + 1.
_FIELD = 0x12D


def symbol(codewords: tuple[int, ...], size: Size) -> Modules:
    """The modules of `size.data` codewords."""
    data = list(codewords)
    blocks = [corrected(data[block :: size.blocks], size.errors // size.blocks, _FIELD) for block in range(size.blocks)]
    for place in range(size.errors // size.blocks):
        # the last two of the ten blocks of 144 x 144 are shorter: their error codewords come first
        order = (8, 9, *range(8)) if size.blocks == 10 else range(size.blocks)
        data.extend(blocks[block][place] for block in order)
    bits = np.zeros(8 * len(data) + 2, np.bool_)
    bits[:-2] = np.unpackbits(np.array(data, np.uint8))
    bits[-1] = True
    inner = bits[placement(*size.inner)]
    rows, columns = size.rows // size.down, size.columns // size.across
    regions = np.zeros((size.down, rows, size.across, columns), np.bool_)
    regions[:, 0, :, ::2] = True
    regions[:, 1::2, :, -1] = True
    regions[:, :, :, 0] = True
    regions[:, -1, :, :] = True
    regions[:, 1:-1, :, 1:-1] = inner.reshape(size.down, rows - 2, size.across, columns - 2)
    return frozen(regions.reshape(size.rows, size.columns))


#: Where the bits of a codeword lie, most significant first, from the module of the last one.
_UTAH = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
#: And in the corners, rows and columns below 0 from the end.
_CORNERS = (
    ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)),
)


@lru_cache(maxsize=32)
def placement(rows: int, columns: int) -> NDArray[np.intp]:
    """Which bit each module shows (ISO/IEC 16022 annex F): 8 * codeword + bit, the last two always light and dark."""
    bits = np.full((rows, columns), -2, np.intp)
    codeword = 0

    def put(places: list[tuple[int, int]]) -> None:
        nonlocal codeword
        for bit, place in enumerate(places):
            bits[place] = 8 * codeword + bit
        codeword += 1

    def utah(row: int, column: int) -> None:
        # codewords go diagonally over modules that may be taken, or beyond the edges
        if 0 <= row < rows and 0 <= column < columns and bits[row, column] == -2:
            put([_wrapped(row + down, column + right, rows, columns) for down, right in _UTAH])

    row, column = 4, 0
    while row < rows or column < columns:
        corners = (
            row == rows and column == 0,
            row == rows - 2 and column == 0 and columns % 4 != 0,
            row == rows - 2 and column == 0 and columns % 8 == 4,
            row == rows + 4 and column == 2 and columns % 8 == 0,
        )
        for places in (_CORNERS[number] for number, here in enumerate(corners) if here):
            put([(down % rows, right % columns) for down, right in places])
        while row >= 0 and column < columns:
            utah(row, column)
            row, column = row - 2, column + 2
        row, column = row + 1, column + 3
        while row < rows and column >= 0:
            utah(row, column)
            row, column = row + 2, column - 2
        row, column = row + 3, column + 1
    if bits[-1, -1] == -2:
        bits[-1, -1] = bits[-2, -2] = -1
    bits.setflags(write=False)
    return bits


def _wrapped(row: int, column: int, rows: int, columns: int) -> tuple[int, int]:
    """What lies beyond the upper or left edge comes in at the opposite one."""
    if row < 0:
        row, column = row + rows, column + 4 - (rows + 4) % 8
    if column < 0:
        row, column = row + 4 - (columns + 4) % 8, column + columns
    return row, column
