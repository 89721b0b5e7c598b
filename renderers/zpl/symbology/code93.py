"""Code 93 (AIM USS-93) as `^BA` asks for it."""

import re
from dataclasses import replace

from .bars import bar_height, bars, caption, characters, quoted, scanned, yes
from .code39 import ALPHABET, FULL_ASCII
from .model import Request, Symbol, Unprintable

#: Modules of each value: those of Code 39's characters in their order, then the shifts ($) (%) (/) (+).
_MODULES = (
    "131112111213111312111411121113121212121311111114131211141111211113211212211311221112221211231111"
    "112113112212112311122112132111111123111222111321121122131121212112212211211122211221221121222111"
    "112122112221122121123111121131311112311211321111112131113121211131121221312111311121122211"
)
_PATTERNS = tuple(_MODULES[index : index + 6] for index in range(0, len(_MODULES), 6))
_START, _STOP = "111141", "1111411"
#: The shifts as ZPL writes them, and as Code 39 does.
_SHIFTS = {"&": "$", "'": "%", "(": "/", ")": "+"}
_VALUES = {character: index for index, character in enumerate(ALPHABET)}
_SHIFT_VALUES = {"$": 43, "%": 44, "/": 45, "+": 46}
#: Values of the characters of ASCII that Code 93 does not have itself.
_PAIRS = {
    character: [_SHIFT_VALUES[pair[0]], _VALUES[pair[1]]]
    for pair, character in reversed(FULL_ASCII.items())
    if character not in ALPHABET
}


def draw(request: Request) -> Symbol:
    """`^BAo,h,f,g,e`: two check characters are added, and printed if `e` is Y; `&'()` before a letter are its shifts.

    Raises:
        Unprintable: there is no data, or something that is not ASCII.
    """
    text = characters(request, "^BA")
    values, said = [], ""
    for part in re.findall(r"[&'()][A-Z]|.", text, re.DOTALL):
        if len(part) == 2:
            values += [_SHIFT_VALUES[_SHIFTS[part[0]]], _VALUES[part[1]]]
            said += FULL_ASCII[_SHIFTS[part[0]] + part[1]]
        elif part in _VALUES or part in _PAIRS:
            values += [_VALUES[part]] if part in _VALUES else _PAIRS[part]
            said += part
        else:
            raise Unprintable(f"^BA has no character {part!r}, which is in its data {quoted(text)}")
    checks = [_check(values, 20)]
    checks.append(_check(values + checks, 15))
    modules = "".join([_START, *(_PATTERNS[value] for value in values + checks), _STOP])
    symbol = bars([request.module * int(width) for width in modules], bar_height(request, 1))
    shown = text + "".join((ALPHABET + "&'()")[value] for value in checks) * yes(request, 4, False)
    line = caption(request, shown, symbol, shown=yes(request, 2, True), above=yes(request, 3, False))
    return replace(symbol, captions=line, format="Code 93", text=scanned(said))


def _check(values: list[int], weights: int) -> int:
    return sum(value * (index % weights + 1) for index, value in enumerate(reversed(values))) % 47
