"""A printer's font at one size: what is asked of it to set a text and to draw it."""

import unicodedata
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .faces import NOTHING, Glyph, Segment

_HIGHEST = 32000.0  # `^A` names no larger height or width
_MOST_GLYPHS = 1024  # kept per style
_LARGEST = 1 << 21  # dots of a glyph that is kept; a larger one is drawn anew each time
_MOST_KEPT = 1 << 25  # bytes of all kept glyphs of all styles together, one for each dot
_GLYPH = 512  # bytes of a glyph besides

#: A box: left, top, right, bottom in dots, the last two exclusive.
Ink = tuple[int, int, int, int]


class Drawer(Protocol):
    """What draws a glyph by its number, see `Face.draw` and `Face.contours`."""

    def draw(self, index: int, xx: float, yy: float, dx: float, dy: float, /) -> Glyph:
        """A glyph as dots."""

    def contours(self, index: int, xx: float, yy: float, dx: float, dy: float, /) -> tuple[Segment, ...]:
        """A glyph's outline."""


@dataclass(frozen=True, slots=True)
class Placed:
    """How one character is drawn, per unit of the style's height (y, up) and width (x): em times `xx` plus `dx`."""

    face: Drawer
    index: int
    xx: float
    dx: float
    yy: float
    dy: float
    advance: float


@dataclass(frozen=True, slots=True, eq=False)
class Font:
    """A font of the printer. `place` gives None for a character that it cannot draw.

    Per unit of height: `baseline` below the top of the cell and `cap_height`; per unit of width: `blank`, the advance
    of a character that no face has. `cell` is (height, width) in dots of a bitmap font, which comes in whole multiples
    of it only; `usual` is the size of one that is asked for without any.
    """

    name: str
    place: Callable[[str], Placed | None]
    baseline: float
    cap_height: float
    cell: tuple[int, int] | None = None
    blank: float = 0.29
    usual: tuple[float, float] = (15.0, 12.0)

    def fit(self, height: float | None, width: float | None) -> tuple[float, float]:
        """The size that a request gets, in design dots (`^A` h and w; None or 0 where it names none)."""
        height, width = _positive(height), _positive(width)
        if self.cell is None:
            if height is None and width is None:
                return self.usual
            return height or width or 0.0, width or height or 0.0
        tall, wide = self.cell
        down = None if height is None else _multiple(height / tall)
        across = None if width is None else _multiple(width / wide)
        return float(tall * (down or across or 1)), float(wide * (across or down or 1))


class _Kept:
    """The bytes of all glyphs that styles keep, for a document may ask for thousands of sizes at once."""

    def __init__(self) -> None:
        self._bytes = 0
        self._styles: weakref.WeakSet[Style] = weakref.WeakSet()

    def add(self, style: "Style", dots: int) -> None:
        """Count a glyph that `style` is to keep; when there are too many, all styles forget theirs."""
        if self._bytes + dots > _MOST_KEPT:
            for each in self._styles:
                each.forget()
            self._styles.clear()
            self._bytes = 0
        self._bytes += dots + _GLYPH
        self._styles.add(style)


_KEPT = _Kept()


class Style:
    """A font at one size. Everything it gives is in device dots, y down, seen from the pen on the baseline."""

    __slots__ = (
        "__weakref__", "_glyphs", "_inks", "baseline", "cap_height", "font", "height", "line_height", "scale",
        "width_dots",
    )  # fmt: skip

    def __init__(self, font: Font, height: float, width: float, scale: float) -> None:
        self.font = font
        self.scale = scale
        self.height = height * scale
        self.width_dots = width * scale
        self.baseline = font.baseline * self.height
        self.cap_height = font.cap_height * self.height
        self.line_height = self.height
        self._glyphs: dict[str, Glyph] = {}
        self._inks: dict[str, Ink | None] = {}

    def has(self, char: str) -> bool:
        """Whether some face draws this character."""
        return self.font.place(char) is not None

    def advance(self, char: str) -> float:
        """How far the pen moves."""
        placed = self.font.place(char)
        return (self.font.blank if placed is None else placed.advance) * self.width_dots

    def width(self, text: str) -> float:
        """How far the pen moves over a text."""
        return sum(map(self.advance, text))

    def glyph(self, char: str) -> Glyph:
        """The ink of a character: none for a space or for a character that no face has."""
        found = self._glyphs.get(char)
        return self._draw(char) if found is None else found

    def ink(self, char: str) -> Ink | None:
        """Left, top, right and bottom of a character's black dots, seen from the pen; None where there are none."""
        if char not in self._inks:
            if len(self._inks) >= _MOST_GLYPHS:
                self._inks.clear()
            glyph = self.glyph(char)
            columns, rows = (np.flatnonzero(glyph.bits.any(axis=axis)) for axis in (0, 1))
            self._inks[char] = (
                (glyph.left + int(columns[0]), glyph.top + int(rows[0]),
                 glyph.left + int(columns[-1]) + 1, glyph.top + int(rows[-1]) + 1) if len(columns) else None
            )  # fmt: skip
        return self._inks[char]

    def outline(self, char: str) -> tuple[Segment, ...]:
        """The outline of a character, see `Face.contours`."""
        placed = self.font.place(char)
        if placed is None:
            return ()
        return placed.face.contours(placed.index, *self._fit(placed))

    def _fit(self, placed: Placed) -> tuple[float, float, float, float]:
        wide, tall = self.width_dots, self.height
        return placed.xx * wide, placed.yy * tall, placed.dx * wide, placed.dy * tall

    def _draw(self, char: str) -> Glyph:
        placed = self.font.place(char)
        glyph = NOTHING if placed is None else placed.face.draw(placed.index, *self._fit(placed))
        if len(self._glyphs) >= _MOST_GLYPHS:
            self.forget()
        if glyph.bits.size <= _LARGEST:
            _KEPT.add(self, glyph.bits.size)
            self._glyphs[char] = glyph
        return glyph

    def forget(self) -> None:
        """Keep no drawn glyph."""
        self._glyphs.clear()
        self._inks.clear()


def is_mark(char: str) -> bool:
    """Whether a character stands on the one before it (an accent, a Thai vowel) or is not seen at all."""
    return unicodedata.category(char) in ("Mn", "Me", "Cf")


def _positive(value: float | None) -> float | None:
    return min(value, _HIGHEST) if value and value > 0 else None


def _multiple(times: float) -> int:
    """Bitmap fonts grow in whole steps, of which the printer knows ten."""
    return max(1, min(10, int(times + 0.5)))
