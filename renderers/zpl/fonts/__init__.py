"""The fonts of a ZPL printer, fitted to its metrics."""

from functools import lru_cache

from . import cells, scalable
from .faces import Glyph, missing
from .metrics import BASELINE, CAP_HEIGHT
from .style import Font, Style

__all__ = ["Font", "Glyph", "Style", "font", "missing", "style"]


@lru_cache(maxsize=1)
def _fonts() -> dict[str, Font]:
    return {"0": Font("0", scalable.place, BASELINE, CAP_HEIGHT), **cells.fonts()}


def font(name: str) -> Font:
    """The font that a label names: one letter or digit of `^A`, or a file of `^A@` and `^CW`."""
    return _fonts().get(name.upper()) or _fonts()["0"]


@lru_cache(maxsize=64)
def style(name: str, height: float, width: float, scale: float) -> Style:
    """A font at a fitted size (see `Font.fit`) in design dots; `scale` makes device dots of them."""
    return Style(font(name), height, width, scale)
