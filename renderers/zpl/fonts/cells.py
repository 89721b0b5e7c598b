"""The bitmap fonts A to H, a face fitted to each font's cell, every character on the same pitch, and P to V."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from . import scalable
from .faces import Face, Role, face
from .metrics import BASELINE, CAP_HEIGHT
from .style import Font, Placed, is_mark

_CHAIN: tuple[Role, ...] = ("mono", "sans bold", "thai", "cjk")
_WIDEST = 0.9  # of the pitch, for the ink of a character


@dataclass(frozen=True, slots=True)
class _Cell:
    """A bitmap font in dots at its smallest: cell, pitch, baseline below the cell's top, cap height, `room` in which
    a character's ink is centred; `capitals` prints small letters as capitals."""

    role: Role
    height: int
    width: int
    pitch: int
    baseline: float
    capital: int
    room: int
    capitals: bool = False


_CELLS = {
    "A": _Cell("mono", 9, 5, 6, 7, 7, 5),
    "B": _Cell("mono bold", 11, 7, 9, 11, 11, 7, capitals=True),
    "C": _Cell("mono", 18, 10, 12, 14, 14, 10),
    "D": _Cell("mono", 18, 10, 12, 14, 14, 10),
    "E": _Cell("ocr b", 28, 15, 20, 23, 20, 14),
    "F": _Cell("mono", 26, 13, 16, 21, 21, 13),
    "G": _Cell("mono", 60, 40, 48, 48, 48, 40),
    "H": _Cell("ocr a", 21, 13, 19, 21, 21, 13),
}


#: The fonts for reading by machines have about the same size on every head, so their cells differ (ZPL II guide,
#: "font matrices"); a baseline that it does not give is where it is on 8 dots/mm. By dots per millimetre.
_CELLS_OF: dict[int, dict[str, _Cell]] = {
    6: {"E": _Cell("ocr b", 21, 10, 13, 17, 15, 10), "H": _Cell("ocr a", 17, 11, 15, 17, 17, 11)},
    12: {"E": _Cell("ocr b", 42, 20, 26, 34.5, 30, 19), "H": _Cell("ocr a", 34, 22, 30, 34, 34, 22)},
}
_CELLS_OF[24] = _CELLS_OF[12]


# The proportional bitmap fonts: font 0 in fixed steps.
_STEPPED = {"P": (20, 18), "Q": (28, 24), "R": (35, 31), "S": (40, 35), "T": (48, 42), "U": (59, 53), "V": (80, 71)}


def fonts() -> dict[str, Font]:
    """The bitmap fonts by their letter."""
    found = {name: _font(name, cell) for name, cell in _CELLS.items()}
    for name, cell in _STEPPED.items():
        found[name] = Font(name, scalable.place, BASELINE, CAP_HEIGHT, cell)
    return found


def fonts_of(head: int) -> dict[str, Font]:
    """Those that a head of so many dots per millimetre has in another cell."""
    return {name: _font(name, cell) for name, cell in _CELLS_OF.get(head, {}).items()}


def _font(name: str, cell: _Cell) -> Font:
    return Font(
        name,
        _placer(cell),
        cell.baseline / cell.height,
        cell.capital / cell.height,
        (cell.height, cell.width),
        cell.pitch / cell.width,
    )


def _placer(cell: _Cell) -> Callable[[str], Placed | None]:
    @lru_cache(maxsize=2048)
    def place(char: str) -> Placed | None:
        if cell.capitals and len(char.upper()) == 1:
            char = char.upper()
        for role in (cell.role, *_CHAIN):
            index = face(role).index(char)
            if index:
                return _in_cell(cell, face(role), index, is_mark(char))
        return None

    return place


def _in_cell(cell: _Cell, drawer: Face, index: int, mark: bool) -> Placed:
    """A glyph with capitals as high as the cell's, centred in it, or over the cell before when it is a mark."""
    box = drawer.box(index)
    em = cell.capital / (drawer.box(drawer.index("H")).top or 1.0)
    ink = (box.right - box.left) * em
    squeeze = min(1.0, _WIDEST * cell.pitch / ink) if ink > 0 else 1.0
    left = max(0.0, (cell.room - ink * squeeze) / 2) - (cell.pitch if mark else 0)
    xx = em * squeeze / cell.width
    advance = 0.0 if mark else cell.pitch / cell.width
    return Placed(drawer, index, xx, left / cell.width - xx * box.left, em / cell.height, 0.0, advance)
