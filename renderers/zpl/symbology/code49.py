"""Code 49 (AIM USS-49) as `^B4` asks for it."""

import functools
import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .bars import characters, over, parameter, quoted, under
from .code39 import ALPHABET
from .model import Caption, Request, Symbol, Unprintable
from .stacked import row_height, stacked

#: Characters behind the 43 that Code 39 has too: two shifts, and the shift to digits, which also fills rows up.
_SHIFTS, _NUMERIC = {"<": 43, ">": 44}, 48
_LETTERS = ALPHABET[10:36]
#: What the characters after a shift stand for.
_SHIFTED = {
    "<": dict(zip(f" {_LETTERS}1234567890-.$/+", [*map(chr, range(32)), *"!\"#&'()*,:"], strict=True)),
    ">": dict(zip(f"{_LETTERS}1234567890-. $/+%", f"{_LETTERS.lower()};<=>?@[\\]^_`\x7f{{|}}~", strict=True)),
}
_PAIRS = {
    meant: [_SHIFTS[shift], ALPHABET.index(own)] for shift, table in _SHIFTED.items() for own, meant in table.items()
}
#: Quiet zones of ten modules and one belong to the symbol (ZPL II guide, ^B4).
_QUIET = (10, 1)
_MOST_ROWS, _MOST_CODES = 8, 49
#: Of the characters two by two, for the checks Z, Y and X of the whole symbol; each begins one later than the next.
_WEIGHTS = (
    *(1, 9, 31, 26, 2, 12, 17, 23, 37, 18, 22, 6, 27, 44, 15, 43, 39),
    *(11, 13, 5, 41, 33, 36, 8, 4, 32, 3, 19, 40, 25, 29, 10, 24, 30),
)
_MODE_WEIGHTS = (38, 16, 20)
#: Whether each word of a row is odd (1), which tells the rows apart; those of the last row are even.
_PARITIES = ("1001", "0101", "1100", "0011", "1010", "0110", "1111", "0000")


def draw(request: Request) -> Symbol:
    """`^B4o,h,f,m`: `h` is a row's height in modules, `f` the line of text above (A) or below (B), `m` the mode.

    Modes 0 to 5 begin the symbol with that mode and pack no digits.

    Raises:
        Unprintable: there is no data, more than eight rows hold, or a character that is not ASCII.
    """
    text = characters(request, "^B4")
    mode = parameter(request, 3)
    rows = _rows(text, int(mode) if isinstance(mode, float) and 0 <= mode <= 5 else None)
    module = request.module
    dots = [[module * width for width in row] for row in rows]
    pitch = row_height(request, 1, 1, 2) + module
    symbol = stacked(request, dots, pitch, (0, 0), (_QUIET[0] * module, _QUIET[1] * module))
    place = parameter(request, 2)
    shown = "".join(character for character in text if character.isprintable())
    baselines = {"A": over(request), "B": under(request, symbol.height)}
    line = (Caption(shown, 0, symbol.width, baselines[place]),) if shown and place in ("A", "B") else ()
    return replace(symbol, captions=line)


def _rows(text: str, mode: int | None) -> list[list[int]]:
    """Modules of bars and spaces of each row."""
    codes = _codes(text, packed=mode in (None, 2))
    begins = {_NUMERIC: 2, _SHIFTS["<"]: 4, _SHIFTS[">"]: 5}.get(codes[0], 0)
    if mode in (2, 4, 5) and begins != mode:
        raise Unprintable(f"^B4 cannot begin {quoted(text)} in mode {mode}; use mode A")
    if mode in (None, 2, 4, 5):
        mode, codes = begins, codes[begins > 0 :]
    if len(codes) > _MOST_CODES:
        raise Unprintable(f"^B4 holds {_MOST_CODES} characters of Code 49, its data are {len(codes)}: {quoted(text)}")
    grid = _grid(codes, mode or 0)
    return [_row(row, "0000" if at == len(grid) - 1 else _PARITIES[at]) for at, row in enumerate(grid)]


def _codes(text: str, *, packed: bool) -> list[int]:
    """Characters of Code 49; runs of five digits and more are packed if asked for."""
    codes: list[int] = []
    for part in re.findall(r"[0-9]{5,}|.", text, re.DOTALL):
        if len(part) > 1 and packed:
            codes += [_NUMERIC, *_digits(part), _NUMERIC]
            continue
        for character in part:
            codes += _code(character, text)
    return codes[:-1] if packed and re.search(r"[0-9]{5}$", text) else codes


def _code(character: str, text: str) -> list[int]:
    if character in ALPHABET:
        return [ALPHABET.index(character)]
    if character in _PAIRS:
        return _PAIRS[character]
    raise Unprintable(f"^B4 has no character {character!r}, which is in its data {quoted(text)}")


def _digits(text: str) -> list[int]:
    """Five digits as three characters to the base of 48, and what is left so that two are never left."""
    codes: list[int] = []
    while text:
        length = 4 if len(text) in (4, 7) else 3 if len(text) == 3 else 1 if len(text) == 1 else 5
        number = int(text[:length]) + (100_000 if length == 4 else 0)
        size = {5: 3, 4: 3, 3: 2, 1: 1}[length]
        codes += [number // 48**power % 48 if power < 2 else number // 2304 for power in reversed(range(size))]
        text = text[length:]
    return codes


def _grid(codes: list[int], mode: int) -> list[list[int]]:
    """The eight characters of each row, checks and all."""
    count = -(-len(codes) // 7)
    if count == 1 or count > 6 or 7 * count - len(codes) < 5:
        count += 1
    filled = codes + [_NUMERIC] * (7 * count - len(codes))
    grid = [filled[7 * row : 7 * row + 7] for row in range(count)]
    for row in grid[:-1]:
        row.append(sum(row) % 49)
    last = grid[-1]
    last[6] = 7 * (count - 2) + mode
    words = [49 * first + second for row in grid[:-1] for first, second in zip(row[::2], row[1::2], strict=True)]
    for check in range(3):  # Z, where there are more than six rows, Y and X, which weighs those before too
        if check or count > 6:
            weights = _WEIGHTS[2 - check :]
            total = last[6] * _MODE_WEIGHTS[check] + sum(map(int.__mul__, weights, words))
            last[2 * check : 2 * check + 2] = divmod(total % 2401, 49)
        words.append(49 * last[2 * check] + last[2 * check + 1])
    last.append(sum(last) % 49)
    return grid


def _row(codes: list[int], parity: str) -> list[int]:
    modules = [1, 1]
    for odd, first, second in zip(parity, codes[::2], codes[1::2], strict=True):
        modules += _patterns(odd == "1")[49 * first + second].tolist()
    return [*modules, 4]


@functools.cache
def _patterns(odd: bool) -> NDArray[np.int64]:
    """Modules of the eight elements of each word, bar first, shape (2401, 8), in the order of USS-49 appendix F.

    A word is known by its distances from one edge to the next but one: of words with the same distances only
    that with the narrowest first bar is used, and they are listed in the order of the distances.
    """
    inner = np.indices((6,) * 7).reshape(7, -1) + 1
    last = 16 - inner.sum(axis=0)
    words = np.vstack((inner, last))[:, (last >= 1) & (last <= 6)]
    distances = words[:-1] + words[1:]
    apart = distances.astype(np.int64)
    wanted = words[::2].sum(axis=0) % 2 == odd
    wanted &= (apart[:6] <= 7).all(axis=0)
    wanted &= (words[::2].min(axis=0) == 1) | (words[1::2].max(axis=0) == 6)
    wanted &= ~((apart[2:5] == 2).all(axis=0) | ((apart[4] == 2) & (apart[6] > 8)))
    wanted &= 36 * apart[5] + 6 * apart[3] + apart[1] >= 36 * 2 + 6 * 3 + 3
    words, apart = words[:, wanted], apart[:, wanted]
    order = np.lexsort(apart[[0, 2, 4, 1, 3, 5]])[:2401]
    return words[:, np.roll(order, 0 if odd else -1200)].T
