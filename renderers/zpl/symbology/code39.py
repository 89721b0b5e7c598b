"""Code 39 (ISO/IEC 16388) as `^B3` asks for it, and LOGMARS (MIL-STD-1189) as `^BL` does."""

import re
from dataclasses import replace

from .bars import allowed, bar_height, bars, caption, characters, scanned, wide, yes
from .model import Request, Symbol

#: The characters in the order of their check values.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
#: Two of the five bars and one of the four spaces are wide: first the bars of each ten characters, then, for each ten
#: of them, which space.
_BARS = ["00110", "10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "01010"]
_TENS = {"0100": "0123456789", "0010": "JABCDEFGHI", "0001": "TKLMNOPQRS", "1000": "*UVWXYZ-. "}
_SPACES_ONLY = {"$": "1110", "/": "1101", "+": "1011", "%": "0111"}


def _table() -> dict[str, str]:
    table = {}
    for spaces, ten in _TENS.items():
        for black, character in zip(_BARS, ten, strict=True):
            table[character] = "".join(bar + space for bar, space in zip(black, spaces + "0", strict=True))
    for character, spaces in _SPACES_ONLY.items():
        table[character] = "".join("0" + space for space in spaces + "0")
    return table


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PERCENT = "\x1b\x1c\x1d\x1e\x1f;<=>?[\\]^_{|}~\x7f\0@`\x7f\x7f\x7f"
#: Nine elements of each character, 1 = wide, and the gap behind it.
_PATTERNS = _table()


#: The pairs of full ASCII (ISO/IEC 16388 annex A).
FULL_ASCII = (
    {f"${letter}": chr(index) for index, letter in enumerate(_LETTERS, 1)}
    | {f"+{letter}": letter.lower() for letter in _LETTERS}
    | {f"/{letter}": chr(index) for index, letter in enumerate(_LETTERS, 33)}
    | {f"%{letter}": character for letter, character in zip(_LETTERS, _PERCENT, strict=True)}
)

_IN_PAIRS = re.compile(r"(?=.*[$%/+])(?:[^$%/+]|[$%/+][A-Z])+")


def draw(request: Request) -> Symbol:
    """`^B3o,e,h,f,g`: start and stop are added, and a mod-43 check character if `e` is Y; capitals only.

    Raises:
        Unprintable: there is no data, or a character Code 39 has not.
    """
    text = _text(request, "^B3")
    text += mod43(text) if yes(request, 1, False) else ""
    return _symbol(request, text, 2, f"*{text}*", shown=yes(request, 3, True), above=yes(request, 4, False))


def draw_logmars(request: Request) -> Symbol:
    """`^BLo,h,g`: Code 39 with check character, which is printed with the rest.

    Raises:
        Unprintable: as for `draw`.
    """
    text = _text(request, "^BL")
    text += mod43(text)
    return _symbol(request, text, 1, text, shown=True, above=yes(request, 2, False))


def mod43(text: str) -> str:
    """The check character."""
    return ALPHABET[sum(map(ALPHABET.index, text)) % 43]


def elements(text: str) -> str:
    """Bars and spaces in turn, 1 = wide, of `text` between start and stop."""
    return "".join(_PATTERNS[character] for character in f"*{text}*")[:-1]


def _text(request: Request, name: str) -> str:
    """The data without the asterisks that start and stop the symbol anyway."""
    return allowed(characters(request, name).strip("*").upper(), ALPHABET, name)


def _symbol(request: Request, text: str, height: int, line: str, *, shown: bool, above: bool) -> Symbol:
    dots = {"0": request.module, "1": wide(request)}
    symbol = bars([dots[element] for element in elements(text)], bar_height(request, height))
    captions = caption(request, line, symbol, shown=shown, above=above)
    kind, said = _scanned(text)
    return replace(symbol, captions=captions, format=kind, text=said)


def _scanned(text: str) -> tuple[str, str]:
    """What zxing-cpp makes of it: full ASCII if `$`, `%`, `/` and `+` all begin pairs and no check fits."""
    if not _IN_PAIRS.fullmatch(text) or mod43(text[:-1]) == text[-1]:
        return "Code 39", text
    return "Code 39 Extended", scanned(re.sub(r"[$%/+].", lambda pair: FULL_ASCII[pair[0]], text))
