"""Aztec: `^B0` and `^BO` (ISO/IEC 24778; ZPL II guide, `^B0`)."""

from functools import lru_cache

from .aztec_encodation import channel, encoded
from .aztec_symbol import COMPACT, FULL, Shape, rune, symbol, words
from .grid import Modules, boxes, letter, number, sized, spoken
from .model import Request, Symbol, Unprintable

#: Error correction in percent of the symbol where none is asked for, and the words that the standard adds to it.
_PERCENT, _WORDS = 23, 3
_MOST = 3832
_RUNE = 300


def draw(request: Request) -> Symbol:
    """An Aztec; values are orientation, magnification, extended channels, size, menu, parts, identifier.

    The size is 0 or nothing for the smallest with 23 % error correction, 1 to 99 for so many percent, 101 to 104 for
    a compact symbol of so many layers, 201 to 232 for a full-range one, 300 for a rune: a number from 0 to 255.
    Structured append and escapes to extended channels are drawn as plain data.

    Raises:
        Unprintable: no data, or more than the symbol asked for holds.
    """
    size = int(min(max(number(request, 3) or 0, 0), _RUNE))
    menu = letter(request, 4, "N").upper() == "Y"
    data, bits = request.data, ""
    if "\ufffd" not in request.text:
        try:
            data = request.text.encode("latin-1")
        except UnicodeEncodeError:
            data, bits = request.text.encode("utf-8"), channel(26)
    if not data:
        raise Unprintable("the Aztec symbol has no data; write ^FD and the data")
    modules = _rune(data) if size == _RUNE else drawn(data, bits, size, menu=menu)
    module = sized(request, "^B0", 1)
    side = len(modules) * module
    text = f"{int(data):03}" if size == _RUNE else request.text
    return Symbol(side, side, boxes(modules, module, module), format="Aztec", text=spoken(text))


def _rune(data: bytes) -> Modules:
    if not data.isdigit() or len(data) > 3 or int(data) > 255:
        raise Unprintable(f"an Aztec rune is a number from 0 to 255, not {data.decode('latin-1')[:20]!r}")
    return rune(int(data))


@lru_cache(maxsize=128)
def drawn(data: bytes, opening: str, size: int, *, menu: bool = False) -> Modules:
    """The modules of `data` after the bits of `opening`; sizes as in `^B0`."""
    if len(data) > _MOST:
        raise Unprintable(f"an Aztec symbol holds no {len(data)} characters; at most {_MOST} digits fit")
    bits = opening + encoded(data)
    shapes: tuple[Shape, ...] = (*COMPACT, *FULL[3:])
    percent = size if 1 <= size <= 99 else _PERCENT
    if 101 <= size <= 100 + len(COMPACT):
        shapes, percent = COMPACT[size - 101 : size - 100], 0
    elif 201 <= size <= 200 + len(FULL):
        shapes, percent = FULL[size - 201 : size - 200], 0
    if menu:
        # only these can say that they are one
        able = tuple(shape for shape in shapes if shape.layers <= (1 if shape.compact else 22))
        shapes = able or FULL[3:22]
    # the default is the standard's: so many percent and three words
    spare = 0 if size else _WORDS
    for shape in shapes:
        total = shape.bits // shape.word
        found = words(bits, shape.word)
        if len(found) <= min(shape.most, total - _WORDS, total - spare - total * percent // 100):
            return symbol(tuple(found), shape, menu=menu)
    raise Unprintable(
        f"{len(data)} characters do not fit the Aztec symbol that ^B0 asks for; write fewer, or a lower error control"
    )


DRAWERS = {"^B0": draw, "^BO": draw}
