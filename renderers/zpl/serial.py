"""Fields that count from label to label (`^SN`, `^SF`; ZPL II guide)."""

import re

from .state import Serial

_LAST_NUMBER = re.compile(r"\d{1,12}(?=\D*$)")
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
    if index == 0:
        return text
    if serial.mask is None:
        return _counted(text, serial.increment, index)
    return _masked(text, serial.mask, serial.increment, index)


def _counted(text: str, increment: str, index: int) -> str:
    """`^SN`: the last number of the text, of at most 12 digits, counts and keeps its length; leading zeros stay."""
    number = _LAST_NUMBER.search(text)
    if number is None:
        return text
    by = re.fullmatch(r"\s*([+-]?\d{1,12})\s*", increment)
    value = int(number[0]) + (int(by[1]) if by else 1) * index
    length = len(number[0])
    return text[: number.start()] + f"{value % 10**length:0{length}d}" + text[number.end() :]


def _masked(text: str, mask: str, increment: str, index: int) -> str:
    """`^SF`: the mask's last letters stand for the text's last ones; `%` and others leave a character alone."""
    places: list[tuple[int, str]] = []  # from the right: where, and what it counts in
    for position, letter in zip(range(len(text) - 1, -1, -1), reversed(mask), strict=False):
        alphabet = _ALPHABETS.get(letter.upper())
        if alphabet and text[position].upper() in alphabet:
            places.append((position, alphabet))
    letters = list(text)
    wanted = [character for character in increment.strip().upper() if character != "%"]
    steps = [alphabet.find(step) for (_, alphabet), step in zip(places, reversed(wanted), strict=False)]
    for _ in range(index):
        carry = 0
        for rank, (position, alphabet) in enumerate(places):
            step = max(steps[rank], 0) if rank < len(steps) else 0
            was = letters[position]
            value = alphabet.index(was.upper()) + step + carry
            carry, value = divmod(value, len(alphabet))
            now = alphabet[value]
            letters[position] = now.lower() if was.islower() else now
    return "".join(letters)
