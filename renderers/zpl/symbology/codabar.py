"""Codabar (EN 798) as `^BK` asks for it."""

from dataclasses import replace

from .bars import allowed, bar_height, bars, caption, characters, parameter, wide, yes
from .model import Request, Symbol

#: Seven elements of each character, bar first, 1 = wide.
_PATTERNS = {
    "0": "0000011",
    "1": "0000110",
    "2": "0001001",
    "3": "1100000",
    "4": "0010010",
    "5": "1000010",
    "6": "0100001",
    "7": "0100100",
    "8": "0110000",
    "9": "1001000",
    "-": "0001100",
    "$": "0011000",
    ":": "1000101",
    "/": "1010001",
    ".": "1010100",
    "+": "0010101",
    "A": "0011010",
    "B": "0101001",
    "C": "0001011",
    "D": "0001110",
}
#: Other names of start and stop characters.
_NAMES = str.maketrans("TN*E", "ABCD")
_ENDS, _DATA = "ABCD", "0123456789-$:/.+"


def draw(request: Request) -> Symbol:
    """`^BKo,e,h,f,g,k,l`: `k` and `l` start and stop it, unless the data begin and end with such letters.

    Raises:
        Unprintable: there is no data, or a character Codabar has not.
    """
    text = characters(request, "^BK").upper()
    if len(text) > 1 and text[0].translate(_NAMES) in _ENDS and text[-1].translate(_NAMES) in _ENDS:
        start, text, stop = text[0], text[1:-1], text[-1]
    else:
        start, stop = str(parameter(request, 5) or "A"), str(parameter(request, 6) or "A")
    start, stop = (end.translate(_NAMES) if end.translate(_NAMES) in tuple(_ENDS) else "A" for end in (start, stop))
    text = start + allowed(text, _DATA, "^BK") + stop
    dots = {"0": request.module, "1": wide(request)}
    elements = "0".join(_PATTERNS[character] for character in text)
    symbol = bars([dots[element] for element in elements], bar_height(request, 2))
    line = caption(request, text, symbol, shown=yes(request, 3, True), above=yes(request, 4, False))
    return replace(symbol, captions=line, format="Codabar", text=text)
