"""Postal codes of bars of several heights: POSTNET and PLANET (`^BZ`, `^B5`), Intelligent Mail (`^BZ` type 3)."""

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .bars import bar_height, caption, characters, digits, parameter, quoted, yes
from .model import Request, Symbol, Unprintable

#: Tall (1) and short bars of each digit of POSTNET; PLANET has them the other way round (USPS DMM 708.4).
_POSTNET = ["11000", "00011", "00101", "00110", "01001", "01010", "01100", "10001", "10010", "10100"]
#: From one bar to the next, in hundredths of a module: of POSTNET, and of Intelligent Mail.
_PITCH, _PITCH_OF_MAIL = 250, 243
#: Parts of the height at which bars begin and end, by whether they ascend (2) and descend (1) (USPS-B-3200).
_FOUR_STATES = ((0.375, 0.625), (0.375, 1.0), (0.0, 0.625), (0.0, 1.0))
#: A short bar's height.
_SHORT = 0.4


def draw(request: Request) -> Symbol:
    """`^BZo,h,f,g,t`: POSTNET, PLANET or Intelligent Mail, by the type.

    Raises:
        Unprintable: there is anything but digits, or they are no Intelligent Mail.
    """
    kind = parameter(request, 4)
    kind = int(kind) if isinstance(kind, float) and kind in (0, 1, 2, 3) else kind
    if str(kind) == "3":
        return _intelligent_mail(request)
    return _two_heights(request, "^BZ", planet=str(kind) == "1")


def draw_planet(request: Request) -> Symbol:
    """`^B5o,h,f,g`: PLANET.

    Raises:
        Unprintable: there is anything but digits.
    """
    return _two_heights(request, "^B5", planet=True)


def _two_heights(request: Request, name: str, *, planet: bool) -> Symbol:
    text = digits(request, name)
    tall = "".join(_POSTNET[int(digit)] for digit in text + str(-sum(map(int, text)) % 10))
    states = [int(state) ^ planet for state in tall]
    return _upright(request, [1, *states, 1], ((1 - _SHORT, 1.0), (0.0, 1.0)), _PITCH, text)


def _upright(
    request: Request, states: Sequence[int], extents: tuple[tuple[float, float], ...], pitch: int, text: str
) -> Symbol:
    """Bars of the same width, each from and to parts of the height."""
    height, module = bar_height(request, 1), request.module
    edges = np.empty((len(states), 4), np.int32)
    edges[:, 0] = np.arange(len(states)) * pitch * module // 100
    edges[:, 2] = edges[:, 0] + module
    rows = [(round(top * height), max(round(bottom * height), round(top * height) + 1)) for top, bottom in extents]
    edges[:, 1::2] = np.array(rows)[list(states)]
    symbol = Symbol(int(edges[-1, 2]), height, edges)
    return replace(
        symbol, captions=caption(request, text, symbol, shown=yes(request, 2, False), above=yes(request, 3, False))
    )


def _intelligent_mail(request: Request) -> Symbol:
    text = characters(request, "^BZ")
    track, _, destination = text.replace(" ", "").partition("-")
    track, destination = track[:20], track[20:] + destination.replace("-", "")
    if not (track + destination).isascii() or not (track + destination).isdigit() or len(track) != 20:
        raise Unprintable(f"^BZ of type 3 holds 20 digits and a ZIP code, its data are {quoted(text)}")
    if len(destination) not in _DESTINATIONS or track[1] > "4":
        raise Unprintable(
            f"^BZ of type 3 has no ZIP code of 5, 9 or 11 digits or no second digit below 5: {quoted(text)}"
        )
    return _upright(request, mail_states(track, destination), _FOUR_STATES, _PITCH_OF_MAIL, text)


#: What is added to ZIP codes, so that those of all lengths differ.
_DESTINATIONS = {0: 0, 5: 1, 9: 100_001, 11: 1_000_100_001}
#: Which bit of which of the ten characters A to J each bar's ascender and descender is (USPS-B-3200 appendix D).
_ASCENDERS = (
    "E3 A0 C8 G11 D1 F12 B8 J11 I10 H6 B4 C12 A2 G7 E9 I6 C7 J9 F2 D8 A4 B0 D12 H7 E10 G9 I0 J7 C10 A5 F7 B9 J6 E8 "
    "D2 I12 G1 H4 B2 C0 E1 D5 J4 F6 H12 I1 D0 A9 C4 B7 E5 A10 J2 B6 H9 A11 C2 E12 G6 D7 H5 B11 J0 F3 I2"
)
_DESCENDERS = (
    "H2 B10 J12 F5 I9 A1 C5 E4 G3 D9 F11 I5 J10 H1 D6 A3 G4 B1 H10 E0 G2 I11 J8 C6 F1 B12 H3 F8 E6 D4 I4 H11 G0 A6 "
    "C1 F9 E11 J5 D3 A7 B3 G10 I7 C11 A8 E2 F10 J3 G5 H8 F0 C3 G12 D11 I8 F4 B5 J1 I3 H0 E7 A12 C9 G8 D10"
)


def mail_states(track: str, destination: str) -> list[int]:
    """The 65 bars of an Intelligent Mail barcode: 2 ascends, 1 descends, 3 is full, 0 is neither."""
    value = int(destination or "0") + _DESTINATIONS[len(destination)]
    value = (value * 10 + int(track[0])) * 5 + int(track[1])
    value = value * 10**18 + int(track[2:])
    check = _frame_check(value)
    value, last = divmod(value, 636)
    words = [last * 2]
    for _ in range(8):
        value, word = divmod(value, 1365)
        words.append(word)
    words.append(value + 659 * (check >> 10))
    table = _characters(5) + _characters(2)
    letters = [table[word] ^ (0x1FFF if check >> index & 1 else 0) for index, word in enumerate(reversed(words))]
    up, down = (
        [letters[ord(place[0]) - ord("A")] >> int(place[1:]) & 1 for place in places.split()]
        for places in (_ASCENDERS, _DESCENDERS)
    )
    return [2 * ascends + descends for ascends, descends in zip(up, down, strict=True)]


def _frame_check(value: int) -> int:
    """The eleven bit remainder of 102 bits."""
    check = 0x7FF
    for index in reversed(range(102)):
        carry = (check >> 10 ^ value >> index) & 1
        check = (check << 1 ^ 0xF35 * carry) & 0x7FF
    return check


@functools.cache
def _characters(ones: int) -> tuple[int, ...]:
    """Characters of thirteen bits of which so many are set, each next to its mirror image, those without behind."""
    pairs, alone = [], []
    for value in range(1 << 13):
        mirrored = int(f"{value:013b}"[::-1], 2)
        if value.bit_count() != ones or mirrored < value:
            continue
        if mirrored == value:
            alone.append(value)
        else:
            pairs += [value, mirrored]
    return (*pairs, *reversed(alone))
