"""QR Code symbols from segments: codewords, modules, mask (ISO/IEC 18004)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .grid import Modules, frozen
from .reed_solomon import corrected

LEVELS = "LMQH"
#: How they are written in the format information, and the field of the error correction.
_FORMAT = {"L": 1, "M": 0, "Q": 3, "H": 2}
_FIELD = 0x11D
#: Error codewords of a block, and blocks, of the versions 1 to 40 (ISO/IEC 18004 table 9).
_ERRORS = {
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26),
    "Q": (13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28),
    "H": (17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24),
}
#: And of all larger versions.
_MORE = {"L": 30, "M": 28, "Q": 30, "H": 30}
_BLOCKS = {
    "L": (
        *(1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8),
        *(8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25),
    ),
    "M": (
        *(1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16),
        *(17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49),
    ),
    "Q": (
        *(1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20),
        *(23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68),
    ),
    "H": (
        *(1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25),
        *(25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81),
    ),
}


def _errors(version: int, level: str) -> int:
    table = _ERRORS[level]
    return table[version - 1] if version <= len(table) else _MORE[level]


def _raw_modules(version: int) -> int:
    """Modules for data and error correction."""
    count = (16 * version + 128) * version + 64
    if version >= 2:
        align = version // 7 + 2
        count -= (25 * align - 10) * align - 55
        if version >= 7:
            count -= 36
    return count


def capacity(version: int, level: str) -> int:
    """Data codewords."""
    return _raw_modules(version) // 8 - _errors(version, level) * _BLOCKS[level][version - 1]


def symbol(bits: str, version: int, level: str) -> Modules:
    """The modules of a stream of bits that has room in this version and level, in the mask of the least penalty."""
    words = _interleaved(_padded(bits, capacity(version, level)), version, level)
    fixed, function, order = _layout(version)
    plain = fixed.copy()
    plain.ravel()[order[: 8 * len(words)]] = np.unpackbits(np.array(words, np.uint8)).astype(np.bool_)
    masked = plain ^ (_masks(len(plain)) & ~function)
    for number, modules in enumerate(masked):
        _write_format(modules, level, number)
    return frozen(min(masked, key=_penalty).copy())


def _padded(bits: str, room: int) -> list[int]:
    """A stream of bits as `room` codewords, terminated and filled up."""
    bits += "0" * min(4, 8 * room - len(bits))
    bits += "0" * (-len(bits) % 8)
    data = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    return data + [(0xEC, 0x11)[place % 2] for place in range(room - len(data))]


def _interleaved(data: list[int], version: int, level: str) -> list[int]:
    """The codewords of all blocks in turn, then their error codewords; the last blocks are one longer."""
    errors, count = _errors(version, level), _BLOCKS[level][version - 1]
    short, longer = divmod(len(data), count)
    blocks: list[list[int]] = []
    at = 0
    for block in range(count):
        length = short + (block >= count - longer)
        blocks.append(data[at : at + length])
        at += length
    checks = [corrected(block, errors, _FIELD, 0) for block in blocks]
    words = [block[place] for place in range(short + 1) for block in blocks if place < len(block)]
    return words + [check[place] for place in range(errors) for check in checks]


@lru_cache(maxsize=40)
def _masks(side: int) -> NDArray[np.bool_]:
    row, column = np.mgrid[0:side, 0:side]
    return np.stack(
        (
            (row + column) % 2 == 0,
            row % 2 == 0,
            column % 3 == 0,
            (row + column) % 3 == 0,
            (row // 2 + column // 3) % 2 == 0,
            row * column % 2 + row * column % 3 == 0,
            (row * column % 2 + row * column % 3) % 2 == 0,
            ((row + column) % 2 + row * column % 3) % 2 == 0,
        )
    )


@lru_cache(maxsize=40)
def _layout(version: int) -> tuple[Modules, Modules, NDArray[np.intp]]:
    """What is always dark, what is no data, and where the bits of the data go in turn."""
    side = 17 + 4 * version
    dark = np.zeros((side, side), np.bool_)
    function = np.zeros((side, side), np.bool_)
    dark[6, ::2] = dark[::2, 6] = True
    function[6] = function[:, 6] = True
    ring = np.maximum(*np.abs(np.mgrid[-4:5, -4:5]))
    for row, column in ((3, 3), (3, side - 4), (side - 4, 3)):
        top, left, bottom, right = max(row - 4, 0), max(column - 4, 0), min(row + 5, side), min(column + 5, side)
        part = ring[top - row + 4 : bottom - row + 4, left - column + 4 : right - column + 4]
        dark[top:bottom, left:right] = (part != 2) & (part != 4)
        function[top:bottom, left:right] = True
    small = np.maximum(*np.abs(np.mgrid[-2:3, -2:3])) != 1
    for row, column in _alignments(version):
        dark[row - 2 : row + 3, column - 2 : column + 3] = small
        function[row - 2 : row + 3, column - 2 : column + 3] = True
    # the format information
    function[8, :9] = function[:9, 8] = function[8, -8:] = function[-8:, 8] = True
    if version >= 7:
        rest = version
        for _ in range(12):
            rest = rest << 1 ^ (rest >> 11) * 0x1F25
        bits = (np.array([[version << 12 | rest]]) >> np.arange(18) & 1).reshape(6, 3) == 1
        dark[:6, side - 11 : side - 8], dark[side - 11 : side - 8, :6] = bits, bits.T
        function[:6, side - 11 : side - 8] = function[side - 11 : side - 8, :6] = True
    return dark, function, _zigzag(function)


def _alignments(version: int) -> list[tuple[int, int]]:
    """Row and column of the middle of each alignment pattern (ISO/IEC 18004 annex E)."""
    if version == 1:
        return []
    side, count = 17 + 4 * version, version // 7 + 2
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    places = [6, *(side - 7 - step * each for each in range(count - 1))]
    corners = ((6, 6), (6, side - 7), (side - 7, 6))
    return [(row, column) for row in places for column in places if (row, column) not in corners]


def _zigzag(function: Modules) -> NDArray[np.intp]:
    """Flat places of the data, in columns of two from the right, up and down in turn, without the timing column."""
    side = len(function)
    columns = [column for column in range(side - 1, -1, -1) if column != 6]
    places = np.arange(side * side).reshape(side, side)[:, columns].reshape(side, -1, 2)
    places[:, ::2] = places[::-1, ::2]
    order = places.transpose(1, 0, 2).ravel()
    return order[~function.ravel()[order]]


def _write_format(modules: Modules, level: str, mask: int) -> None:
    """The format information, twice, and the module that is always dark."""
    value = _FORMAT[level] << 3 | mask
    rest = value
    for _ in range(10):
        rest = rest << 1 ^ (rest >> 9) * 0x537
    bits = [bool(((value << 10 | rest) ^ 0x5412) >> bit & 1) for bit in range(15)]
    modules[[0, 1, 2, 3, 4, 5, 7, 8], 8] = bits[:8]
    modules[8, [7, 5, 4, 3, 2, 1, 0]] = bits[8:]
    modules[8, [-1, -2, -3, -4, -5, -6, -7, -8]] = bits[:8]
    modules[[-7, -6, -5, -4, -3, -2, -1], 8] = bits[8:]
    modules[-8, 8] = True


def _penalty(modules: Modules) -> int:
    """How hard a symbol is to read (ISO/IEC 18004 section 7.8.3)."""
    side = len(modules)
    lines = np.concatenate((modules, modules.T))
    total = 0
    change = np.ones((len(lines), side + 1), np.bool_)
    change[:, 1:-1] = lines[:, 1:] != lines[:, :-1]
    at = np.flatnonzero(change.ravel())
    runs = np.diff(at)
    runs = runs[(at[:-1] + 1) % (side + 1) != 0]
    total += int((runs[runs >= 5] - 2).sum())
    same = (modules[1:, 1:] == modules[:-1, 1:]) & (modules[1:, 1:] == modules[1:, :-1])
    total += 3 * int((same & (modules[1:, 1:] == modules[:-1, :-1])).sum())
    wide = np.pad(lines, ((0, 0), (4, 4)))
    # what looks like a finder: at each place its seven modules, and the four before and after
    near = [wide[:, place : place + side - 6] for place in range(15)]
    match = near[4] & ~near[5] & near[6] & near[7] & near[8] & ~near[9] & near[10]
    before = ~(near[0] | near[1] | near[2] | near[3])
    after = ~(near[11] | near[12] | near[13] | near[14])
    total += 40 * int((match & (before | after)).sum())
    share = 100 * int(modules.sum()) / side**2
    total += 10 * int(abs(share - 50) / 5)
    return total
