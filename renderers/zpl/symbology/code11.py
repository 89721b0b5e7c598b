"""Code 11 (USD-8) as `^B1` asks for it."""

from dataclasses import replace

from .bars import allowed, bar_height, bars, caption, characters, wide, yes
from .model import Request, Symbol

_ALPHABET = "0123456789-"
#: Five elements of each character, bar first, 1 = wide.
_PATTERNS = ["00001", "10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "10000", "00100"]
_ENDS = "00110"


def draw(request: Request) -> Symbol:
    """`^B1o,e,h,f,g`: one check digit if `e` is Y, else two.

    Raises:
        Unprintable: there is anything but digits and hyphens.
    """
    text = allowed(characters(request, "^B1"), _ALPHABET, "^B1")
    values = [_ALPHABET.index(character) for character in text]
    values.append(_check(values, 10))
    if not yes(request, 1, False):
        values.append(_check(values, 9))
    dots = {"0": request.module, "1": wide(request)}
    elements = "0".join([_ENDS, *(_PATTERNS[value] for value in values), _ENDS])
    symbol = bars([dots[element] for element in elements], bar_height(request, 2))
    line = caption(request, text, symbol, shown=yes(request, 3, True), above=yes(request, 4, False))
    return replace(symbol, captions=line)


def _check(values: list[int], weights: int) -> int:
    """The check digit; weights 1, 2, ... to `weights`, and again, from the right."""
    return sum(value * (index % weights + 1) for index, value in enumerate(reversed(values))) % 11
