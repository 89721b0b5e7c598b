"""Font 0 and what stands in for downloaded fonts: each character fitted to the printer's measures."""

import unicodedata
from functools import lru_cache

from .faces import Role, face
from .metrics import BLANKS, CAP_HEIGHT, Measure, measures
from .style import Placed, is_mark

#: The faces asked in turn for a character that is not measured.
_CHAIN: tuple[Role, ...] = ("condensed", "sans bold", "narrow", "thai", "cjk")
_DIGIT = 0.48  # the advance of a digit
_SQUARE = -0.08  # how far an ideograph is lowered, so that its square lies in the cell


@lru_cache(maxsize=8192)
def place(char: str) -> Placed | None:
    """How a character of the scalable font is drawn, None if no face has it.

    A measured character is fitted to its own box, one that adds marks to a measured letter is fitted as that letter.
    """
    if char in BLANKS:
        return Placed(face("condensed"), 0, 0.0, 0.0, 0.0, 0.0, BLANKS[char])
    measured = measures().get(char)
    if measured is not None:
        return _fitted(measured, measured.drawn_as) or _by_face(char)
    base = measures().get(unicodedata.normalize("NFD", char)[0])
    return (base and _fitted(base, char)) or _by_face(char)


def _fitted(measure: Measure, char: str) -> Placed | None:
    """`char` moved and stretched as the measured character must be to fill its box; None if no face has both."""
    for role in (measure.role, *_CHAIN):
        drawer = face(role)
        index, model = drawer.index(char), drawer.index(measure.drawn_as)
        box = drawer.box(model)
        if index and model and box.right > box.left and box.top > box.bottom:
            xx = measure.width / (box.right - box.left)
            yy = (measure.top - measure.bottom) / (box.top - box.bottom)
            return Placed(
                drawer, index, xx, measure.left - xx * box.left, yy, measure.top - yy * box.top, measure.advance
            )
    return None


def _by_face(char: str) -> Placed | None:
    """A character that is not measured, as the first face that has it draws it.

    Its capitals are made as high and its digits as wide as the printer's; an ideograph fills its square.
    """
    for role in _CHAIN:
        drawer = face(role)
        index = drawer.index(char)
        if not index:
            continue
        dy = 0.0
        if role == "cjk":
            xx = yy = 1.0
            dy = _SQUARE
        else:
            yy = CAP_HEIGHT / (drawer.box(drawer.index("H")).top or CAP_HEIGHT)
            xx = _DIGIT / (drawer.box(drawer.index("0")).advance or _DIGIT)
        advance = 0.0 if is_mark(char) else drawer.box(index).advance * xx
        return Placed(drawer, index, xx, 0.0, yy, dy, advance)
    return None
