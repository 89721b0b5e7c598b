"""Font 0 and what stands in for downloaded fonts: each character fitted to the printer's measures."""

import unicodedata
from functools import lru_cache

from .faces import Role, face
from .metrics import BLANKS, CAP_HEIGHT, Measure, measures
from .style import Placed

#: The faces asked in turn for a character that is not measured.
_CHAIN: tuple[Role, ...] = ("condensed", "sans bold", "narrow", "thai", "cjk")
_NARROWING = 0.9  # of x against y, for faces that are not as condensed as the printer's font
_CAPITAL = "H"


@lru_cache(maxsize=8192)
def place(char: str) -> Placed | None:
    """How a character of the scalable font is drawn, None if no face has it.

    A measured character is fitted to its own box, one that adds marks to a measured letter is fitted as that letter.
    """
    if char in BLANKS:
        return Placed(face("condensed"), 0, 0.0, 0.0, 0.0, 0.0, BLANKS[char])
    measured = measures().get(char)
    if measured is not None:
        return _fitted(measured, measured.drawn_as)
    base = measures().get(unicodedata.normalize("NFD", char)[0])
    if base is not None and face(base.role).index(char):
        return _fitted(base, base.drawn_as, char)
    return _by_face(char)


def _fitted(measure: Measure, model: str, char: str | None = None) -> Placed | None:
    """`char` (the model itself by default) moved and stretched so that the model fills the measured box."""
    drawer = face(measure.role)
    box = drawer.box(drawer.index(model))
    index = drawer.index(char or model)
    if not index or box.right <= box.left or box.top <= box.bottom:
        return _by_face(char or model)
    xx = measure.width / (box.right - box.left)
    yy = (measure.top - measure.bottom) / (box.top - box.bottom)
    return Placed(drawer, index, xx, measure.left - xx * box.left, yy, measure.top - yy * box.top, measure.advance)


def _by_face(char: str) -> Placed | None:
    """A character that is not measured: as the face that has it draws it, with capitals as high as the printer's."""
    for role in _CHAIN:
        drawer = face(role)
        index = drawer.index(char)
        if not index:
            continue
        capital = drawer.box(drawer.index(_CAPITAL)).top or CAP_HEIGHT
        yy = CAP_HEIGHT / capital
        xx = 1.0 if role == "cjk" else yy * _NARROWING
        advance = 0.0 if unicodedata.combining(char) else drawer.box(index).advance * xx
        return Placed(drawer, index, xx, 0.0, yy if role != "cjk" else 1.0, 0.0, advance)
    return None
