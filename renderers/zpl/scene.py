"""What a label shows, item by item, in whole device dots: `raster` draws it as dots, `vector` as PDF.

x grows to the right and y downwards from the top left corner of the paper. Turns are clockwise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..bitmap import Bitmap, Rotation
from .fonts import Style

#: `reverse` turns black to white and white to black (`^FR`, `^LR`).
Ink = Literal["black", "white", "reverse"]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Filled rectangles (bars, modules, filled boxes): `edges` of shape (n, 4) has left, top, right, bottom of each,
    right and bottom exclusive, int32, counted from (x, y)."""

    x: int
    y: int
    edges: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Frame:
    """`^GB`: a rectangle of which `line` dots along the inside of each edge are drawn; corners rounded by `radius`."""

    x: int
    y: int
    width: int
    height: int
    line: int
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """`^GE`, `^GC`: an ellipse of which `line` dots along the inside of its edge are drawn."""

    x: int
    y: int
    width: int
    height: int
    line: int


@dataclass(frozen=True, slots=True)
class Diagonal:
    """`^GD`: a line across the box, `line` dots wide; `R` leans right (from bottom left to top right), `L` left."""

    x: int
    y: int
    width: int
    height: int
    line: int
    leaning: Literal["R", "L"] = "R"


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text: its pen begins on the baseline at (x, y) and runs to the right before it is turned about it.

    `glyphs` are characters and how far along the baseline each one's pen stands, in dots.
    """

    x: float
    y: float
    turn: Rotation
    style: Style
    glyphs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Dots:
    """A graphic (`^GF`, `^XG`), already in device dots: its black dots are drawn, the others leave the paper alone."""

    x: int
    y: int
    bitmap: Bitmap


Shape = Boxes | Frame | Ellipse | Diagonal | Text | Dots


@dataclass(frozen=True, slots=True)
class Mark:
    """One shape with its ink; `start` is the byte at which the field that made it begins in the ZPL."""

    shape: Shape
    ink: Ink
    start: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A label of `width` x `height` dots: marks in drawing order, then turned by 180 degrees and mirrored as said."""

    width: int
    height: int
    marks: tuple[Mark, ...]
    inverted: bool = False
    mirrored: bool = False
