"""The 2 of 5 codes: interleaved (ISO/IEC 16390, `^B2`), industrial (`^BI`) and standard (`^BJ`)."""

from dataclasses import replace

from .bars import bar_height, bars, caption, digits, mod10, wide, yes
from .model import Request, Symbol

#: Two of each digit's five elements are wide (1).
_DIGITS = ["00110", "10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "01010"]


def draw_interleaved(request: Request) -> Symbol:
    """`^B2o,h,f,g,e`: a mod-10 check digit if `e` is Y, and a zero before an odd number of digits.

    Raises:
        Unprintable: there is anything but digits.
    """
    text = digits(request, "^B2")
    text += mod10(text) if yes(request, 4, False) else ""
    text = "0" * (len(text) % 2) + text
    elements = "0000"
    for first, second in zip(text[::2], text[1::2], strict=True):
        elements += "".join(bar + space for bar, space in zip(_DIGITS[int(first)], _DIGITS[int(second)], strict=True))
    return replace(_symbol(request, elements + "100", text), format="ITF", text=text)


def draw_industrial(request: Request) -> Symbol:
    """`^BIo,h,f,g`: all spaces are narrow, start and stop have three bars.

    Raises:
        Unprintable: there is anything but digits.
    """
    return _bars_only(request, "^BI", "110", "101")


def draw_standard(request: Request) -> Symbol:
    """`^BJo,h,f,g`: all spaces are narrow, start and stop have two bars.

    Raises:
        Unprintable: there is anything but digits.
    """
    return _bars_only(request, "^BJ", "00", "10")


def _bars_only(request: Request, name: str, start: str, stop: str) -> Symbol:
    text = digits(request, name)
    black = start + "".join(_DIGITS[int(digit)] for digit in text) + stop
    return _symbol(request, "0".join(black), text)


def _symbol(request: Request, elements: str, text: str) -> Symbol:
    dots = {"0": request.module, "1": wide(request)}
    symbol = bars([dots[element] for element in elements], bar_height(request, 1))
    line = caption(request, text, symbol, shown=yes(request, 2, True), above=yes(request, 3, False))
    return replace(symbol, captions=line)
