"""The fonts of a ZPL printer, fitted to its metrics."""

from functools import lru_cache

from ..symbology.heads import HEADS, nearest
from . import cells, scalable, symbols
from .faces import Glyph, missing
from .metrics import BASELINE, CAP_HEIGHT
from .style import Font, Style

__all__ = ["Font", "Glyph", "Style", "font", "missing", "style"]


_UNKNOWN = "A"  # what a letter or digit prints as that names no font


@lru_cache(maxsize=1)
def _fonts() -> dict[str, Font]:
    return {"0": Font("0", scalable.place, BASELINE, CAP_HEIGHT), "GS": symbols.font(), **cells.fonts()}


@lru_cache(maxsize=1)
def _of_heads() -> tuple[dict[str, Font], ...]:
    return tuple(_fonts() | cells.fonts_of(head) for head in HEADS)


def font(name: str, dots_per_mm: float = 8.0) -> Font:
    """The font that a label names, as printers with so many dots per millimetre have it.

    One letter or digit as of `^A` (unknown ones are font A), "GS" for `^GS`, or a file as of `^A@` and `^CW`, for which
    font 0 stands in.
    """
    known = _of_heads()[nearest(dots_per_mm)]
    return known.get(name.upper()) or known[_UNKNOWN if len(name) <= 1 else "0"]


@lru_cache(maxsize=512)
def style(name: str, height: float, width: float, scale: float, dots_per_mm: float = 8.0) -> Style:
    """A font (see `font`) at a fitted size (see `Font.fit`) in design dots; `scale` makes device dots of them."""
    return Style(font(name, dots_per_mm), height, width, scale)
