"""Aztec symbols from bits: words, error correction, layers (ISO/IEC 24778)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .grid import Modules, frozen
from .reed_solomon import corrected

#: The fields of the word sizes, by their polynomials.
_POLYNOMIALS = {4: 0x13, 6: 0x43, 8: 0x12D, 10: 0x409, 12: 0x1069}


@dataclass(frozen=True, slots=True)
class Shape:
    """A symbol of so many layers, compact or full-range."""

    layers: int
    compact: bool

    @property
    def bits(self) -> int:
        """What its layers hold, data and error correction."""
        return ((88 if self.compact else 112) + 16 * self.layers) * self.layers

    @property
    def word(self) -> int:
        """Bits of a codeword."""
        return 6 if self.layers <= 2 else 8 if self.layers <= 8 else 10 if self.layers <= 22 else 12

    @property
    def most(self) -> int:
        """The most data words that the mode message can count."""
        return min(64 if self.compact else 2048, self.bits // self.word)


#: From the smallest to the largest, compact ones first.
COMPACT = tuple(Shape(layers, compact=True) for layers in range(1, 5))
FULL = tuple(Shape(layers, compact=False) for layers in range(1, 33))


def words(bits: str, size: int) -> list[int]:
    """Bits as words of `size` bits, none of them all zeros or all ones."""
    found: list[int] = []
    at = 0
    while at < len(bits):
        head = bits[at : at + size - 1].ljust(size - 1, "1")
        if "1" not in head or "0" not in head:
            found.append(int(head + ("0" if "1" in head else "1"), 2))
            at += size - 1
        else:
            found.append(int(bits[at : at + size].ljust(size, "1"), 2))
            at += size
    return found


def symbol(data: tuple[int, ...], shape: Shape, *, menu: bool = False) -> Modules:
    """The modules of data words; `menu` is a symbol that sets up the reader."""
    total = shape.bits // shape.word
    all_words = [*data, *corrected(data, total - len(data), _POLYNOMIALS[shape.word])]
    bits = "0" * (shape.bits % shape.word) + "".join(f"{word:0{shape.word}b}" for word in all_words)
    fixed, places = _layout(shape)
    modules = fixed.copy()
    modules[tuple(places)] = np.frombuffer(bits.encode(), np.uint8) == ord("1")
    if shape.compact:
        counted = (shape.layers - 1) << 6 | (len(data) - 1) | (1 << 5 if menu else 0)
        message = _message(counted, 2, 5)
    else:
        counted = (shape.layers - 1) << 11 | (len(data) - 1) | (1 << 10 if menu else 0)
        message = _message(counted, 4, 6)
    _mark(modules, message)
    return frozen(modules)


def rune(value: int) -> Modules:
    """The eleven modules square that say one byte (ISO/IEC 24778 annex A)."""
    modules = _target(11, compact=True)
    message = _message(value, 2, 5)
    _mark(modules, "".join(str(int(bit) ^ (place % 2 == 0)) for place, bit in enumerate(message)))
    return frozen(modules)


def _message(value: int, data: int, errors: int) -> str:
    """The mode message: words of four bits and their error correction."""
    nibbles = tuple(value >> 4 * place & 15 for place in range(data - 1, -1, -1))
    return "".join(f"{nibble:04b}" for nibble in (*nibbles, *corrected(nibbles, errors, _POLYNOMIALS[4])))


def _mark(modules: Modules, message: str) -> None:
    """Write the mode message around the target, clockwise from the top left."""
    middle = len(modules) // 2
    compact = len(message) == 28
    reach, side = (5, 7) if compact else (7, 10)
    bits = [bit == "1" for bit in message]
    along = [offset for offset in range(-(reach - 2), reach - 1) if compact or offset]
    top, right, bottom, left = (bits[side * place : side * (place + 1)] for place in range(4))
    for place, offset in enumerate(along):
        modules[middle - reach, middle + offset] = top[place]
        modules[middle + offset, middle + reach] = right[place]
        modules[middle + reach, middle - offset] = bottom[place]
        modules[middle - offset, middle - reach] = left[place]


def _target(side: int, *, compact: bool) -> Modules:
    """The bullseye and the marks of orientation in the middle of `side` modules."""
    modules = np.zeros((side, side), np.bool_)
    middle = side // 2
    down, across = np.abs(np.mgrid[-middle : middle + 1, -middle : middle + 1])
    ring = np.maximum(down, across)
    reach = 5 if compact else 7
    modules[(ring < reach) & (ring % 2 == 0)] = True
    near, far = middle - reach, middle + reach
    for row, column in ((near, near), (near, near + 1), (near + 1, near), (near, far), (near + 1, far), (far - 1, far)):
        modules[row, column] = True
    return modules


@lru_cache(maxsize=16)
def _layout(shape: Shape) -> tuple[Modules, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """What is always dark, and row and column of each bit of the layers."""
    base = (11 if shape.compact else 14) + 4 * shape.layers
    if shape.compact:
        side = base
        lines = np.arange(base)
    else:
        side = base + 1 + 2 * ((base // 2 - 1) // 15)
        half = np.arange(base // 2)
        offset = half + half // 15
        lines = np.concatenate((side // 2 - 1 - offset[::-1], side // 2 + 1 + offset))
    rows, columns = [], []
    for layer in range(shape.layers):
        low, high = 2 * layer, base - 1 - 2 * layer
        length = (9 if shape.compact else 12) + 4 * (shape.layers - layer)
        along = np.repeat(np.arange(length), 2)
        inward = np.tile([0, 1], length)
        for row, column in (
            (low + along, low + inward),
            (high - inward, low + along),
            (high - along, high - inward),
            (low + inward, high - along),
        ):
            rows.append(row)
            columns.append(column)
    fixed = _target(side, compact=shape.compact)
    if not shape.compact:
        middle = side // 2
        dots = np.arange(middle % 2, side, 2)
        for line in range(middle % 16, side, 16):
            fixed[line, dots] = True
            fixed[dots, line] = True
        reach = slice(middle - 7, middle + 8)
        fixed[reach, reach] = _target(15, compact=False)
    return fixed, (lines[np.concatenate(rows)], lines[np.concatenate(columns)])
