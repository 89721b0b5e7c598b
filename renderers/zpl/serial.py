"""Fields that count from label to label (`^SN`, `^SF`; ZPL II guide)."""

import re

from .state import Serial

_MOST_DIGITS = 12
_LAST_NUMBER = re.compile(r"[0-9]{1,12}(?=[^0-9]*\Z)")
#: What a letter of the mask counts in: decimal, hexadecimal, octal, letters, letters and digits.
_ALPHABETS = {
    "D": "0123456789",
    "H": "0123456789ABCDEF",
    "O": "01234567",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "N": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}


def advanced(text: str, serial: Serial, index: int) -> str:
    """`text` as it is on label `index` (from 0)."""
    if serial.mask is not None:
        return _masked(text, serial.mask, serial.increment, index) if index else text
    return _counted(text, serial, index)


def _counted(text: str, serial: Serial, index: int) -> str:
    """`^SN`: the last number, of at most 12 digits, counts and keeps its length.

    Unless leading zeros are wanted they print as spaces, and spaces before the number belong to it.
    """
    number = _LAST_NUMBER.search(text)
    if number is None:
        return text
    head, tail = text[: number.start()], text[number.end() :]
    if not serial.zeros:
        head = head.rstrip(" ")
    by = re.fullmatch(r"\s*([+-]?[0-9]{1,12})\s*", serial.increment)
    value = int(number[0]) + (int(by[1]) if by else 1) * index
    length = len(text) - len(head) - len(tail)
    digits = str(value % 10 ** min(length, _MOST_DIGITS))
    return head + digits.rjust(length, "0" if serial.zeros else " ") + tail


def _masked(text: str, mask: str, increment: str, index: int) -> str:
    """`^SF`: the mask's last letters stand for the text's last ones; `%` and others leave a character alone.

    What is added is aligned alike; there a letter counts from A as nothing.
    """
    letters = list(text)
    steps = reversed(increment.strip().upper().replace("%", ""))
    carry = 0
    last = True
    for position, letter in zip(range(len(text) - 1, -1, -1), reversed(mask), strict=False):
        alphabet = _ALPHABETS.get(letter.upper())
        was = text[position]
        if alphabet is None or not was.isascii() or was.upper() not in alphabet:
            continue
        step = 1 if last and not increment else max(alphabet.find(next(steps, alphabet[0])), 0)
        last = False
        carry, place = divmod(alphabet.index(was.upper()) + step * index + carry, len(alphabet))
        letters[position] = alphabet[place].lower() if was.islower() else alphabet[place]
    return "".join(letters)
