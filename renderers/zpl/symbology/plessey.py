"""MSI (`^BM`) and Plessey (`^BP`): every bit is a bar and a space, one of which is wide."""

from dataclasses import replace

from .bars import allowed, bar_height, bars, caption, characters, digits, parameter, wide, yes
from .model import Request, Symbol

_HEX = "0123456789ABCDEF"
#: Of the remainder that checks Plessey: x^8 + x^7 + x^6 + x^5 + x^3 + 1.
_POLYNOMIAL = 0b111101001


def draw_msi(request: Request) -> Symbol:
    """`^BMo,e,h,f,g,e2`: check digits none (A), mod 10 (B), two of these (C), mod 11 and 10 (D); printed if `e2` is Y.

    Raises:
        Unprintable: there is anything but digits.
    """
    text = digits(request, "^BM")
    kind = str(parameter(request, 1) or "B")
    checked = text + (_mod11(text) if kind == "D" else _luhn(text) if kind == "C" else "")
    checked += "" if kind == "A" else _luhn(checked)
    bits = "".join(f"{int(digit):04b}" for digit in checked)
    elements = "10" + "".join("10" if bit == "1" else "01" for bit in bits) + "010"
    shown = checked if yes(request, 5, False) else text
    return _symbol(request, elements, shown)


def draw_plessey(request: Request) -> Symbol:
    """`^BPo,e,h,f,g`: hexadecimal digits and two that check them, printed if `e` is Y.

    Raises:
        Unprintable: there is anything but hexadecimal digits.
    """
    text = allowed(characters(request, "^BP").upper(), _HEX, "^BP")
    bits = "".join(f"{_HEX.index(digit):04b}"[::-1] for digit in text)
    check = _remainder(bits)
    elements = "10100110" + "".join("10" if bit == "1" else "01" for bit in bits + check) + "110100101"
    shown = text + "".join(_HEX[int(check[at : at + 4][::-1], 2)] for at in (0, 4)) * yes(request, 1, False)
    return _symbol(request, elements, shown)


def _symbol(request: Request, elements: str, text: str) -> Symbol:
    dots = {"0": request.module, "1": wide(request)}
    symbol = bars([dots[element] for element in elements], bar_height(request, 2))
    line = caption(request, text, symbol, shown=yes(request, 3, True), above=yes(request, 4, False))
    return replace(symbol, captions=line)


def _luhn(text: str) -> str:
    """The mod-10 check digit: every second digit from the right is doubled, and digits of the products are added."""
    total = sum(sum(divmod(int(digit) * (2 - index % 2), 10)) for index, digit in enumerate(reversed(text)))
    return str(-total % 10)


def _mod11(text: str) -> str:
    """The mod-11 check digit, of weights 2 to 7 from the right; ten is two digits."""
    return str(-sum(int(digit) * (index % 6 + 2) for index, digit in enumerate(reversed(text))) % 11)


def _remainder(bits: str) -> str:
    """Eight bits, those of higher powers first."""
    value = int(bits, 2) << 8
    for shift in range(value.bit_length() - 9, -1, -1):
        if value >> (shift + 8) & 1:
            value ^= _POLYNOMIAL << shift
    return f"{value:08b}"
