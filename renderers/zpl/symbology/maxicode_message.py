"""MaxiCode messages as codewords and modules (ISO/IEC 16023)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .grid import Modules, frozen
from .model import Unprintable
from .reed_solomon import corrected

_A, _B, _C, _D, _E = _ALL = range(5)
_PAD, _NUMBER = 33, 31
#: Codewords that the primary message holds after the mode, and the secondary one with standard and with extended error
#: correction; error codewords of the primary and of each half of the secondary.
_PRIMARY, _STANDARD, _EXTENDED = 9, 84, 68
_PRIMARY_ERRORS, _STANDARD_ERRORS, _EXTENDED_ERRORS = 10, 20, 28
_NINE = 9
#: The field of the error correction: x^6 + x + 1.
_FIELD = 0x43


def _sets() -> tuple[dict[int, int], ...]:
    """The value of each byte in the code sets A to E (ISO/IEC 16023 annex A)."""

    def numbered(*parts: tuple[int, bytes]) -> dict[int, int]:
        return {byte: first + place for first, each in parts for place, byte in enumerate(each)}

    def run(first: int, last: int) -> bytes:
        return bytes(range(first, last + 1))

    separators = (28, run(28, 30))
    return (
        numbered((0, b"\r" + run(65, 90)), separators, (32, b" "), (34, run(34, 58))),
        numbered(
            *((0, run(96, 122)), separators, (32, b"{"), (34, b"}~\x7f;<=>?[\\]^_ ,./:@!|")),
        ),
        numbered(
            *(
                (0, run(192, 218)),
                separators,
                (32, run(219, 223)),
                (37, b"\xaa\xac\xb1\xb2\xb3\xb5\xb9\xba\xbc\xbd\xbe"),
            ),
            *((48, run(128, 137)), (59, b" ")),
        ),
        numbered(
            *((0, run(224, 250)), separators, (32, run(251, 255)), (37, b"\xa1\xa8\xab\xaf\xb0\xb4\xb7\xb8\xbb\xbf")),
            *((47, run(138, 148)), (59, b" ")),
        ),
        numbered(
            *((0, run(0, 26)), (30, run(27, 27)), (32, run(28, 31)), (36, b"\x9f\xa0" + run(162, 167))),
            *((44, b"\xa9\xad\xae\xb6"), (48, run(149, 158)), (59, b" ")),
        ),
    )


_SETS = _sets()
#: Shift from a set to another for one character; the set's own latch or lock. A set is locked by its shift, twice.
_SHIFT = (59, 59, 60, 61, 62)
_LATCH_A_FROM, _LATCH_B = {_B: 63, _C: 58, _D: 58, _E: 58}, 63
_SHIFT_TWO, _SHIFT_THREE = 56, 57


def message(data: bytes, room: int) -> list[int]:
    """Codewords of `data`, padded to `room`.

    Raises:
        Unprintable: it takes more.
    """
    values: list[int] = []
    sets = _assigned(data)
    now, at = _A, 0
    while at < len(data) and len(values) <= room:
        digits = data[at : at + _NINE]
        if len(digits) == _NINE and digits.isdigit():
            number = int(digits)
            values += [_NUMBER, *(number >> shift & 63 for shift in (24, 18, 12, 6, 0))]
            at += _NINE
            continue
        wanted = now if data[at] in _SETS[now] and sets[at] is None else sets[at]
        wanted = now if wanted is None else wanted
        length = 1
        if wanted != now:
            change, length, now = _change(now, wanted, _run(sets, at, wanted))
            values += change
        values += [_SETS[wanted][byte] for byte in data[at : at + length]]
        at += length
    if len(values) > room:
        raise Unprintable(f"a MaxiCode has no room for this message of {len(data)} characters; at most 93 fit")
    pad = 28 if now == _E else _PAD
    if now in (_C, _D) and len(values) < room:
        values.append(_LATCH_A_FROM[now])
    return values + [pad] * (room - len(values))


def _assigned(data: bytes) -> list[int | None]:
    """The code set of each byte; None where its neighbours decide."""
    sets: list[int | None] = []
    for byte in data:
        those = [each for each in _ALL if byte in _SETS[each]]
        sets.append(those[0] if len(those) == 1 else None)
    for at, byte in enumerate(data):
        # a character of several sets goes with its neighbours, with the first set where they differ
        if sets[at] is None:
            beside = [each for each in (sets[at - 1 : at] + sets[at + 1 : at + 2]) if each is not None]
            having = [each for each in sorted(beside) + list(_ALL) if byte in _SETS[each]]
            sets[at] = having[0]
    return sets


def _run(sets: list[int | None], at: int, wanted: int) -> int:
    length = 0
    while at + length < len(sets) and length < 4 and sets[at + length] == wanted:
        length += 1
    return length


def _change(now: int, wanted: int, run: int) -> tuple[list[int], int, int]:
    """Codewords that change to `wanted`, for how many characters, and the set after them."""
    if wanted == _A and now == _B and run < 4:
        return [(_SHIFT[_A], _SHIFT_TWO, _SHIFT_THREE)[run - 1]], run, now
    if wanted == _A:
        return [_LATCH_A_FROM[now]], 1, wanted
    if wanted == _B:
        return ([_LATCH_B], 1, wanted) if run > 1 or now != _A else ([_SHIFT[_B]], 1, now)
    return ([_SHIFT[wanted]] * 2, 1, wanted) if run == 4 else ([_SHIFT[wanted]], 1, now)


def carrier(mode: int, postal: bytes, country: int, service: int) -> list[int]:
    """The ten codewords of the primary message of mode 2 (postal code of digits) and 3 (six characters of set A)."""
    if mode == 2:
        bits = int(postal or b"0") | len(postal) << 30
    else:
        bits = 0
        for byte in postal:
            bits = bits << 6 | _SETS[_A][byte]
    bits = mode | bits << 4 | country << 40 | service << 50
    return [bits >> 6 * place & 63 for place in range(10)]


@lru_cache(maxsize=64)
def modules(primary: tuple[int, ...], secondary: tuple[int, ...]) -> Modules:
    """The hexagons, shape (33, 30), of ten codewords and 84 or 68 codewords; errors are added here."""
    extended = len(secondary) == _EXTENDED
    errors = _EXTENDED_ERRORS if extended else _STANDARD_ERRORS
    halves = [corrected(secondary[half::2], errors, _FIELD) for half in (0, 1)]
    codewords = [*primary, *corrected(primary, _PRIMARY_ERRORS, _FIELD), *secondary]
    codewords += [halves[place % 2][place // 2] for place in range(2 * errors)]
    bits = np.zeros(6 * 144 + 2, np.bool_)
    bits[:-2] = (np.array(codewords)[:, None] >> np.arange(5, -1, -1) & 1).ravel()
    bits[-1] = True
    return frozen(bits[_PLACES])


def _places() -> NDArray[np.intp]:
    """Which bit each hexagon shows: 6 * codeword + bit, shape (33, 30), the last two always light and dark."""
    places = np.full((33, 30), -2, np.intp)
    codeword = 20
    for band in range(11):
        # in each band of three lines codewords of two by three hexagons, the bands to and fro around the target
        columns = [column for column in range(0, 28, 2) if not _BESIDE[band][0] < column < _BESIDE[band][1]]
        for column in columns[:: -1 if band % 2 else 1]:
            _place(places, codeword, 3 * band, column)
            codeword += 1
    for codeword, (line, column) in enumerate(_OF_PRIMARY, 9):
        _place(places, codeword, line, column)
    for codeword, hexagons in enumerate(_AROUND_TARGET):
        for bit, place in enumerate(hexagons):
            places[place] = 6 * codeword + bit
    bit = 6 * 136
    for line in range(1, 33):
        for column in (28,) if line % 2 else (29, 28):
            places[line, column] = bit
            bit += 1
    for place in _DARK:
        places[place] = -1
    return places


def _place(places: NDArray[np.intp], codeword: int, line: int, column: int) -> None:
    places[line : line + 3, column : column + 2] = 6 * codeword + np.array([[1, 0], [3, 2], [5, 4]])


#: Between which columns each band of three lines has no codewords of the secondary message.
_BESIDE = (*((28, 0),) * 3, (6, 22), (4, 22), (4, 22), (4, 22), (6, 22), *((28, 0),) * 3)
#: Line and column of the codewords 9 to 19, which are two by three hexagons as well.
_OF_PRIMARY = (
    *((12, 8), (18, 8), (21, 18), (21, 8), (9, 8), (12, 20)),
    *((18, 20), (18, 6), (12, 6), (9, 20), (21, 20)),
)
#: Line and column of the bits of the codewords 0 to 8 (ISO/IEC 16023 figure 5).
_AROUND_TARGET = (
    ((15, 19), (17, 19), (9, 16), (10, 16), (11, 17), (11, 16)),
    ((22, 13), (22, 12), (23, 13), (23, 12), (21, 17), (22, 16)),
    ((9, 13), (9, 12), (10, 13), (10, 12), (12, 10), (20, 10)),
    ((20, 18), (12, 19), (12, 18), (13, 19), (13, 18), (14, 19)),
    ((23, 15), (23, 14), (18, 19), (19, 19), (19, 18), (20, 19)),
    ((15, 8), (17, 8), (21, 10), (23, 11), (22, 15), (22, 14)),
    ((9, 15), (9, 14), (10, 15), (10, 14), (10, 10), (11, 10)),
    ((17, 21), (9, 19), (9, 18), (10, 19), (11, 19), (11, 18)),
    ((15, 6), (16, 6), (17, 7), (17, 6), (15, 21), (15, 20)),
)
#: Always dark: where the symbol's upper right corner is, and which way is up.
_DARK = (
    *((0, 28), (0, 29), (9, 10), (9, 11), (10, 11), (15, 7), (16, 8)),
    *((16, 20), (17, 20), (22, 10), (22, 17), (23, 10), (23, 17)),
)
_PLACES = _places()
