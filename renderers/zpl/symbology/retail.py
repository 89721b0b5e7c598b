"""EAN-13, EAN-8, UPC-A, UPC-E and their supplements (ISO/IEC 15420): `^BE`, `^B8`, `^BU`, `^B9`, `^BS`."""

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .bars import bar_height, bars, boxes, caption, digits, mod10, over, quoted, spans, under, yes
from .model import Caption, Request, Symbol, Unprintable

#: Modules of the four elements of each digit, space first, in number set A; set B is the reverse of C, C as wide as A.
_A = ["3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112"]
_B = [pattern[::-1] for pattern in _A]
#: Which digits of the left half are in set B (1), by the first digit.
_PARITY = ["000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010"]
#: Which digits of UPC-E are in set A (1), by the check digit, for number system 0; in set B for 1.
_SHORT_PARITY = ["000111", *_PARITY[1:]]
#: Which of the five digits of a supplement are in set B (1), by their weighted sum.
_FIVE = ["11000", "10100", "10010", "10001", "01100", "00110", "00011", "01010", "01001", "00101"]
#: Design dots by which guards are longer than other bars, and that digits are below those.
_GUARD, _GAP = 13, 4
#: Modules between the symbol and a digit beside it.
_ASIDE = 5


def draw_ean13(request: Request) -> Symbol:
    """`^BEo,h,f,g`: the last twelve digits, zeros before fewer, and the check digit.

    Raises:
        Unprintable: there is anything but digits.
    """
    text = _checked(digits(request, "^BE"), 12)
    modules = "111" + _left(text[1:7], _PARITY[int(text[0])]) + "11111" + _right(text[7:]) + "111"
    parts = ((text[0], None, -_ASIDE), (text[1:7], 5, 44), (text[7:], 51, 90))
    return replace(_symbol(request, modules, (3, 46, 3), text, parts), format="EAN-13", text=text)


def draw_ean8(request: Request) -> Symbol:
    """`^B8o,h,f,g`: the last seven digits, zeros before fewer, and the check digit.

    Raises:
        Unprintable: there is anything but digits.
    """
    text = _checked(digits(request, "^B8"), 7)
    modules = "111" + _left(text[:4], "0000") + "11111" + _right(text[4:]) + "111"
    parts = ((text[:4], 5, 30), (text[4:], 37, 62))
    return replace(_symbol(request, modules, (3, 32, 3), text, parts), format="EAN-8", text=text)


def draw_upca(request: Request) -> Symbol:
    """`^BUo,h,f,g,e`: the last eleven digits, zeros before fewer, and the check digit, printed if `e` is Y.

    Raises:
        Unprintable: there is anything but digits.
    """
    text = _checked(digits(request, "^BU"), 11)
    modules = "111" + _left(text[:6], "000000") + "11111" + _right(text[6:]) + "111"
    check = text[11] * yes(request, 4, True)
    parts = ((text[0], None, -_ASIDE), (text[1:6], 12, 44), (text[6:11], 51, 83), (check, 95 + _ASIDE, None))
    return replace(_symbol(request, modules, (10, 46, 10), text[:11] + check, parts), format="EAN-13", text="0" + text)


def draw_upce(request: Request) -> Symbol:
    """`^B9o,h,f,g,e`: ten digits (maker and article) that become six, or these six; check digit printed if `e` is Y.

    Raises:
        Unprintable: there is anything but digits, or too few zeros among them.
    """
    text, short = _zero_suppressed(digits(request, "^B9"))
    parity = _SHORT_PARITY[int(text[-1])].translate(_OTHER if text[0] == "0" else {})
    modules = "111" + _left(short, parity) + "111111"
    check = text[11] * yes(request, 4, True)
    parts = ((text[0], None, -_ASIDE), (short, 5, 44), (check, 51 + _ASIDE, None))
    drawn = _symbol(request, modules, (3, 46, 6), text[0] + short + check, parts)
    return replace(drawn, format="UPC-E", text="0" + text)


_OTHER = {ord("0"): "1", ord("1"): "0"}


def draw_supplement(request: Request) -> Symbol:
    """`^BSo,h,f,g`: up to two digits are one of two, more are one of five; zeros before fewer.

    Raises:
        Unprintable: there is anything but digits.
    """
    text = digits(request, "^BS")
    if len(text) <= 2:
        text = text.zfill(2)
        parity = f"{int(text) % 4:02b}"
    else:
        text = text.zfill(5)[-5:]
        weighted = 3 * sum(map(int, text[::2])) + 9 * sum(map(int, text[1::2]))
        parity = _FIVE[weighted % 10]
    modules = "112" + "11".join(_left(digit, own) for digit, own in zip(text, parity, strict=True))
    symbol = bars([request.module * int(width) for width in modules], bar_height(request, 1))
    line = caption(request, text, symbol, shown=yes(request, 2, True), above=yes(request, 3, True))
    return replace(symbol, captions=line)


def _checked(text: str, length: int) -> str:
    """`text` of `length` digits, zeros before it or what is too long cut there, and its check digit.

    One digit more is taken for that check digit.
    """
    text = text[:-1] if len(text) == length + 1 else text.zfill(length)[-length:]
    return text + mod10(text)


def _left(text: str, parity: str) -> str:
    return "".join((_A, _B)[int(own)][int(digit)] for digit, own in zip(text, parity, strict=True))


def _right(text: str) -> str:
    return "".join(_A[int(digit)] for digit in text)


#: Ten digits that can become six, and which ones: GS1 General Specifications 5.2.2.4.2.
_SUPPRESSED = (
    (re.compile(r"(\d\d)([012])0000(\d\d\d)"), r"\1\3\2"),
    (re.compile(r"(\d\d\d)00000(\d\d)"), r"\1\g<2>3"),
    (re.compile(r"(\d\d\d\d)00000(\d)"), r"\1\g<2>4"),
    (re.compile(r"(\d\d\d\d\d)0000([5-9])"), r"\1\2"),
)


def _zero_suppressed(text: str) -> tuple[str, str]:
    """The twelve digits of the UPC-A, and the six of the UPC-E."""
    system, body = "0", text
    if len(text) in (7, 8, 11, 12):
        system, body = text[0], text[1 : 7 if len(text) < 9 else 11]
    elif len(text) < 6:
        body = text.zfill(6)
    elif len(text) == 9 or len(text) > 12:
        body = text.zfill(10)[-10:]
    full = body if len(body) == 10 else _restored(body)
    short = next((match.expand(to) for pattern, to in _SUPPRESSED if (match := pattern.fullmatch(full))), None)
    if short is None or system not in "01":
        raise Unprintable(f"^B9 cannot shorten {quoted(text)} to UPC-E; it has too few zeros: use ^BU")
    short = body if len(body) == 6 else short
    return system + full + mod10(system + full), short


def _restored(short: str) -> str:
    """Maker and article of the six digits of a UPC-E."""
    last = short[5]
    if last in "012":
        return f"{short[:2]}{last}0000{short[2:5]}"
    if last == "3":
        return f"{short[:3]}00000{short[3:5]}"
    return f"{short[:4]}00000{short[4]}" if last == "4" else f"{short[:5]}0000{last}"


def _symbol(
    request: Request,
    modules: str,
    guards: tuple[int, int, int],
    text: str,
    parts: Iterable[tuple[str, int | None, int | None]],
) -> Symbol:
    """Bars with longer guards; `parts` of the text with the modules between which they stand.

    Args:
        guards: modules from the left that are guard, that follow to the middle one's (five or none), and at the right.
    """
    module, height = request.module, bar_height(request, 1)
    across = spans([module * int(width) for width in modules])
    edges, width = boxes(across, 0, height), int(across[-1, 1])
    left, middle = guards[0] * module, (guards[1] * module - module, guards[1] * module + 4 * module)
    begin = across[:, 0]
    long = (begin < left) | (begin >= width - guards[2] * module) | ((begin >= middle[0]) & (begin < middle[1]))
    edges[long, 3] += round(_GUARD * request.scale)
    shown, above = yes(request, 2, True), yes(request, 3, False)
    captions: tuple[Caption, ...] = ()
    if shown and above:
        captions = (Caption(text, 0, width, over(request)),)
    elif shown:
        baseline = under(request, height, _GAP)
        captions = tuple(_part(request, *part, baseline) for part in parts if part[0])
    return Symbol(width, height, np.ascontiguousarray(edges), captions)


def _part(request: Request, text: str, left: int | None, right: int | None, baseline: float) -> Caption:
    """Digits between two modules; a single one beside the symbol where one of them is None."""
    module = request.module
    one = request.cap_height * 6 / 7
    begin = right * module - one if left is None and right is not None else (left or 0) * module
    end = begin + one if left is None or right is None else right * module
    return Caption(text, begin, end, baseline, stretched=len(text) > 1)
