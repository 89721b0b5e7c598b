"""The symbols of `^GS`: letters A to E print the marks (R), (C), TM and those of two test houses, UL and CSA.

The first three are a face's own. The last two are put together from arcs and letters.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from .faces import LONGEST, NOTHING, Glyph, Role, Segment, face
from .style import Font, Placed

_BASELINE = 0.75
_SIGNS = {"A": ("\u00ae", 0.625, 0.625), "B": ("\u00a9", 0.625, 0.625), "C": ("\u2122", 0.79, 0.415)}  # width, height
_STEPS = 48  # corners along a full circle of an outline


@dataclass(frozen=True, slots=True)
class _Arc:
    """Part of a ring of unit height: radii, and half the angle that is left open on its right."""

    outer: float
    inner: float
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter's box in a mark of unit size, from its top left corner, y down."""

    char: str
    left: float
    top: float
    width: float
    height: float


class _Mark:
    """A mark of one ring and letters inside it; drawn like a face whose only glyph it is."""

    def __init__(self, ring: _Arc, letters: tuple[_Letter, ...]) -> None:
        self._ring = ring
        self._letters = letters

    def draw(self, _index: int, xx: float, yy: float, dx: float, dy: float) -> Glyph:
        """The mark `xx` wide and `yy` high, its bottom left corner at (dx, dy); see `Face.draw`."""
        width, height = min(round(xx), LONGEST), min(round(yy), LONGEST)
        if width <= 0 or height <= 0:
            return NOTHING
        bits = _ring_bits(self._ring, width, height, xx, yy)
        left, top = round(dx), round(-dy - yy)
        for letter in self._letters:
            part = face("condensed").draw(*_letter_fit(letter, xx, yy, 0.0, -yy))
            y, x = part.top, part.left
            room = bits[max(y, 0) : max(y, 0) + part.bits.shape[0], max(x, 0) : max(x, 0) + part.bits.shape[1]]
            room |= part.bits[: room.shape[0], : room.shape[1]]
        return Glyph(left, top, bits)

    def contours(self, _index: int, xx: float, yy: float, dx: float, dy: float) -> tuple[Segment, ...]:
        """See `Face.contours`."""
        segments = _ring_outline(self._ring, xx, yy, dx, dy)
        for letter in self._letters:
            segments += face("condensed").contours(*_letter_fit(letter, xx, yy, dx, dy))
        return segments


def _letter_fit(letter: _Letter, xx: float, yy: float, dx: float, dy: float) -> tuple[int, float, float, float, float]:
    """Glyph and fit of a letter in a mark of `xx` by `yy` dots whose bottom left corner is (dx, dy), y up."""
    drawer = face("condensed")
    index = drawer.index(letter.char)
    box = drawer.box(index)
    wide = letter.width * xx / ((box.right - box.left) or 1)
    tall = letter.height * yy / ((box.top - box.bottom) or 1)
    bottom = dy + (1 - letter.top - letter.height) * yy
    return index, wide, tall, dx + letter.left * xx - wide * box.left, bottom - tall * box.bottom


def _ring_bits(ring: _Arc, width: int, height: int, xx: float, yy: float) -> NDArray[np.bool_]:
    x = (np.arange(width) + 0.5) / xx - 0.5
    y = (np.arange(height) + 0.5)[:, None] / yy - 0.5
    distance = np.hypot(x, y)
    inside: NDArray[np.bool_] = (distance <= ring.outer) & (distance >= ring.inner)
    if ring.gap:
        inside &= np.abs(np.arctan2(y, x)) >= ring.gap
    return inside


def _ring_outline(ring: _Arc, xx: float, yy: float, dx: float, dy: float) -> tuple[Segment, ...]:
    def point(radius: float, angle: float) -> tuple[float, float]:
        return dx + (0.5 + radius * cos(angle)) * xx, -(dy + (0.5 - radius * sin(angle)) * yy)

    angles = [ring.gap + (2 * pi - 2 * ring.gap) * step / _STEPS for step in range(_STEPS + 1)]
    outer = [point(ring.outer, angle) for angle in angles]
    inner = [point(ring.inner, angle) for angle in reversed(angles)]
    contours = [outer + inner] if ring.gap else [outer, inner]
    segments: list[Segment] = []
    for contour in contours:
        segments.append(("move", (contour[0],)))
        segments.extend(("line", (corner,)) for corner in contour[1:])
    return tuple(segments)


_MARKS = {
    "D": _Mark(_Arc(0.5, 0.43), (_Letter("U", 0.22, 0.2, 0.26, 0.46), _Letter("L", 0.54, 0.31, 0.26, 0.46))),
    "E": _Mark(_Arc(0.5, 0.385, 0.75), (_Letter("S", 0.2, 0.24, 0.25, 0.52), _Letter("A", 0.48, 0.24, 0.32, 0.52))),
}


@lru_cache(maxsize=64)
def _place(char: str) -> Placed | None:
    char = char.upper()
    if char in _SIGNS:
        return _sign(*_SIGNS[char])
    if char in _MARKS:
        return Placed(_MARKS[char], 0, 1.0, 0.0, 1.0, _BASELINE - 1.0, 1.0)
    return None


def _sign(char: str, width: float, height: float) -> Placed | None:
    """A face's own sign, stretched to its box with its top at the top of the cell."""
    roles: tuple[Role, ...] = ("mono", "sans bold", "condensed", "narrow")
    for role in roles:
        drawer = face(role)
        index = drawer.index(char)
        box = drawer.box(index)
        if index and box.right > box.left and box.top > box.bottom:
            xx, yy = width / (box.right - box.left), height / (box.top - box.bottom)
            return Placed(drawer, index, xx, -xx * box.left, yy, _BASELINE - yy * box.top, 1.0)
    return None


def font() -> Font:
    """The font of `^GS`: any size, every symbol as far from the next as the font is wide."""
    return Font("GS", _place, _BASELINE, _BASELINE, None, 1.0, (24.0, 24.0))
