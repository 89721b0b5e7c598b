"""Code 128 (ISO/IEC 15417) as `^BC` asks for it."""

import re
from dataclasses import replace

from .bars import bar_height, bars, caption, characters, digits, mod10, parameter, quoted, scanned, yes
from .model import Request, Symbol, Unprintable

#: Modules of the bars and spaces of each value; 103 to 105 are the starts.
_MODULES = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221"
    "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321"
    "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131"
    "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114"
    "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"
)
_PATTERNS = tuple(_MODULES[index : index + 6] for index in range(0, len(_MODULES), 6))
_STOP = "2331112"
_FNC3, _FNC2, _SHIFT, _CODE_C, _CODE_B, _CODE_A, _FNC1 = range(96, 103)
_START = {"A": 103, "B": 104, "C": 105}
_LATCH = {"A": _CODE_A, "B": _CODE_B, "C": _CODE_C}
#: FNC4 is the latch that would change nothing.
_FNC4 = {"A": _CODE_A, "B": _CODE_B}
#: Stands for FNC1 among characters.
FNC1 = "\uf8f1"

_DIGITS = re.compile(r"[0-9]+")
#: Invocation codes of mode N (ZPL II guide, "Code 128 subsets"): characters, and values in subsets A and B.
_CHARACTERS = {"<": 62, "0": 30, "=": 94, "1": 95}
_FUNCTIONS = {"2": _FNC3, "3": _FNC2, "4": _SHIFT, "8": _FNC1}
_SUBSETS = {"5": "C", "6": "B", "7": "A", "9": "A", ":": "B", ";": "C"}
_CODES = frozenset((*_CHARACTERS, *_FUNCTIONS, *_SUBSETS))
_DECIMAL = frozenset("0123456789")


def draw(request: Request) -> Symbol:
    """`^BCo,h,f,g,e,m`: mode N obeys invocation codes, A packs itself, D is GS1-128, U a case code of 20 digits.

    The text of a GS1 symbol is its data with GS between elements; zxing-cpp writes identifiers in brackets instead.

    Raises:
        Unprintable: there is no data, or a character Code 128 has not.
    """
    mode = parameter(request, 5)
    encode = {"U": _case, "A": _automatic, "D": _gs1}.get(str(mode), _manual)
    values, shown, said = encode(request)
    height = bar_height(request, 1)
    symbol = bars([request.module * width for width in modules(values)], height)
    line = caption(request, shown, symbol, shown=yes(request, 2, True), above=yes(request, 3, False))
    gs1 = values[1] == _FNC1
    return replace(symbol, captions=line, format="Code 128", text=said if gs1 else scanned(said))


def modules(values: list[int]) -> list[int]:
    """Modules of the bars and spaces of a symbol: `values` begin with the start, check and stop are added."""
    check = (values[0] + sum(index * value for index, value in enumerate(values))) % 103
    pattern = "".join(_PATTERNS[value] for value in (*values, check)) + _STOP
    return [int(width) for width in pattern]


def pack(text: str) -> list[int]:
    """Values of a symbol that says `text`, from the start on, by the rules of ISO/IEC 15417 annex E.

    Raises:
        Unprintable: a character is not in Latin-1.
    """
    values: list[int] = []
    subset, position = "", 0
    while position < len(text):
        wanted = choose(text, position, subset)
        if wanted != subset:
            values.append(_LATCH[wanted] if subset else _START[wanted])
            subset = wanted
        own, length = step(text, position, subset)
        values += own
        position += length
    return values


def step(text: str, position: int, subset: str) -> tuple[list[int], int]:
    """Values of what stands at `position`, in the subset chosen for it, and how many characters they are.

    Raises:
        Unprintable: the character is not in Latin-1.
    """
    if text[position] == FNC1:
        return [_FNC1], 1
    if subset == "C":
        return [int(text[position : position + 2])], 2
    return _letter(text[position], subset), 1


def choose(text: str, position: int, subset: str) -> str:
    """The subset to be in at `position`, coming from `subset`, which is empty at the start."""
    first = position
    if text[position] == FNC1:
        if subset:
            return subset
        first = position + 1
    found = _DIGITS.match(text, first)
    run = len(found[0]) if found else 0
    if subset == "C":
        return "C" if run >= 2 else _letters(text, position) or "B"
    if not subset:
        return "C" if run >= 4 or run == len(text) == 2 else _letters(text, position) or "B"
    if run >= 4 and run % 2 == 0:
        return "C"
    if _needs(text[position]) in ("", subset) or _letters(text, position + 1) == subset:
        return subset
    return _needs(text[position])


def _letters(text: str, position: int) -> str:
    """The subset, A or B, of the first character from `position` on that is in one of them only; else empty."""
    return next(filter(None, map(_needs, text[position:])), "")


def _needs(character: str) -> str:
    """The only subset, A or B, that has the character; empty if both have it."""
    code = ord(character) & 127
    return "" if character == FNC1 or 32 <= code < 96 else "A" if code < 32 else "B"


def _letter(character: str, subset: str) -> list[int]:
    """Values of a character in subset A or B, shifted if it is in the other one."""
    code = ord(character)
    if code > 255:
        raise Unprintable(f"^BC has no character {character!r}; it has those of Latin-1")
    values = [_FNC4[subset]] if code > 127 else []
    code &= 127
    other = _needs(character) not in ("", subset)
    return values + [_SHIFT] * other + [code + 64 if code < 32 else code - 32]


def _automatic(request: Request) -> tuple[list[int], str, str]:
    text = _checked(request, characters(request, "^BC"))
    return pack(text), _printable(text), text


def _gs1(request: Request) -> tuple[list[int], str, str]:
    shown = re.sub(r"^>[9:;]|>8", "", characters(request, "^BC"))
    text = re.sub(r"^>[9:;]", "", request.text).replace(">8", FNC1)
    text = re.sub(r"[()\s]", "", text).lstrip(FNC1)
    return pack(FNC1 + text), _printable(shown), text.replace(FNC1, "\x1d")


def _case(request: Request) -> tuple[list[int], str, str]:
    text = digits(request, "^BC in mode U")[:19].ljust(19, "0")
    text += mod10(text)
    return pack(FNC1 + text), text, text


def _manual(request: Request) -> tuple[list[int], str, str]:
    """What the invocation codes say; in subsets A and C pairs of digits are values, and what is no pair is left out."""
    text = _checked(request, characters(request, "^BC"))
    values, said = [_START["B"]], ""
    subset, position = "B", 0
    while position < len(text):
        one, two = text[position], text[position + 1 : position + 2]
        position += 1
        if one == ">" and two in _CODES:
            position += 1
            if two in _SUBSETS:
                values, subset = _invoked(values, subset, two, first=position == 2)
                continue
            if two in _FUNCTIONS:
                usable = two == "8" or subset != "C"
                values += [_FUNCTIONS[two]] * usable
                said += "\x1d" * (two == "8" and len(values) > 2)
                continue
            new = [_CHARACTERS[two]] if subset != "C" else []
        elif subset == "B":
            new = _letter(one, "B")
            values, said = values + new, said + one
            continue
        elif one in _DECIMAL and two in _DECIMAL:
            position += 1
            new = [int(one + two)]
        else:
            position += one in _DECIMAL and two != ">"
            continue
        values += new
        said += "".join(_meaning(value, subset) for value in new)
    if len(values) == 1:
        raise Unprintable(f"^BC has nothing to encode in its data {quoted(request.text)}")
    return values, _printable(said), said


def _invoked(values: list[int], subset: str, code: str, *, first: bool) -> tuple[list[int], str]:
    """Values and subset after an invocation code that begins, or changes to, a subset."""
    wanted = _SUBSETS[code]
    if first and code in "9:;":
        return [_START[wanted]], wanted
    if wanted != subset:
        return [*values, _LATCH[wanted]], wanted
    return [*values, _FNC4[subset]] if code in "67" else values, subset


def _meaning(value: int, subset: str) -> str:
    if subset == "C":
        return f"{value:02}"
    if value > 95:
        return ""
    return chr(value - 64) if subset == "A" and value > 63 else chr(value + 32)


def _checked(request: Request, text: str) -> str:
    """`text` with a mod-10 check digit behind it if it is asked for and there are only digits."""
    payload = re.sub(">.", "", text)
    asked = yes(request, 4, False) and payload.isascii() and payload.isdigit()
    return text + mod10(payload) if asked else text


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
