"""The parameters of ZPL commands: one table of names, kinds, usual values and ranges, and a reader as lenient as
printers are (ZPL II guide, the page of each command)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

from .lexer import DATA, Command

#: What a parameter is. Lengths in dots: `across` and `along` the label (before any turn), `height` and `width` of a
#: font, `module` of a symbol. `whole` and `ratio` are numbers that no unit changes; `times` enlarges whole modules.
#: `letter` is one capital, `sign` one character as it is, `text` a text without blanks around it, `rest` everything
#: that follows, commas and blanks too.
Kind = Literal["across", "along", "height", "width", "module", "whole", "times", "ratio", "letter", "sign", "text",
               "rest"]  # fmt: skip
Value = float | str | None

LENGTHS: Final = frozenset({"across", "along", "height", "width", "module"})
NUMBERS: Final = LENGTHS | {"whole", "times", "ratio"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `default` is None (a letter: "") where the guide names none or the last value stays; `lowest` and
    `highest` bound a number, `letters` (if any) are those that are allowed."""

    name: str
    kind: Kind
    default: Value = None
    lowest: float | None = None
    highest: float | None = None
    letters: str = ""


#: A command on each line, then its parameters: name, kind, default (`-`: none), range or letters (if any).
#: Bar codes call the orientation o, the line of text f, the line above g, the check digit e, as the guide mostly does.
_TABLE = """
^A   font letter; o letter - NRIB; h height - 1..32000; w width - 1..32000
^A@  o letter - NRIB; h height - 1..32000; w width - 1..32000; file text
^CF  font letter A; h height - 0..32000; w width - 0..32000
^CI  set whole 0 0..36; pairs rest
^CV  on letter N YN
^CW  font letter; file text
^FO  x across 0 0..32000; y along 0 0..32000; z whole - 0..2
^FT  x across - 0..32000; y along - 0..32000; z whole - 0..2
^FD  data rest
^FV  data rest
^FX  remark rest
^FN  number whole 0 0..9999; prompt rest
^FB  width across 0 0..32000; lines whole 1 1..9999; spacing along 0 -9999..9999; justification letter L LCRJ; indent across 0 0..9999
^TB  o letter - NRIB; width across 1 1..32000; height along 1 1..32000
^FW  o letter N NRIB; z whole 0 0..2
^FP  direction letter H HVR; gap across 0 0..9999
^FR
^FS
^FH  sign sign _
^FM  the 60 pairs are made in _row
^LR  on letter N YN
^LH  x across 0 0..32000; y along 0 0..32000
^LS  shift across 0 -9999..9999
^LT  shift along - -120..120
^LL  length along - 1..32000
^PW  width across - 2..32000
^PO  turn letter N NI
^PM  mirror letter N YN
^PQ  quantity whole 1 1..99999999; pause whole 0 0..99999999; replicates whole 0 0..99999999; override letter N YN; cut letter Y YN
^GB  width across 1 0..32000; height along 1 0..32000; line across 1 1..32000; colour letter B BW; rounding whole 0 0..8
^GC  diameter across 3 3..4095; line across 1 1..4095; colour letter B BW
^GD  width across 3 3..32000; height along 3 3..32000; line across 1 1..32000; colour letter B BW; leaning letter R RL/\\
^GE  width across 3 3..4095; height along 3 3..4095; line across 1 1..4095; colour letter B BW
^GS  o letter - NRIB; h height - 0..32000; w width - 0..32000
^GF  format letter A ABC; sent whole - 1..9999999; total whole - 1..9999999; row whole - 1..99999
^XG  file text; across whole 1 1..10; along whole 1 1..10
^IM  file text
^IL  file text
^IS  file text; print letter Y YN
^ID  file text
^DF  file text
^XF  file text
~DG  file text; total whole - 1..9999999; row whole - 1..99999
~DY  file text; format letter A ABCP; extension letter G BEGHNPTX; total whole - 1..99999999; row whole - 0..99999
~DS  file text; total whole - 1..99999999
~DT  file text; total whole - 1..99999999
~DU  file text; total whole - 1..99999999
^SN  value text 1; step text 1; zeros letter N YN
^SF  mask text; step text 1
^BY  module module 2 1..10; ratio ratio 3 2..3; height along 10 1..32000
^MU  unit letter D DIM; base whole - 150..300; desired whole - 300..600
^JM  density letter A AB
^MC  clear letter Y YN
^PA  default whole 0 0..1; bidirectional whole 0 0..1; shaping whole 0 0..1; table whole 0 0..1
^B0  o letter - NRIB; times times - 1..10; eci letter N YN; size whole 0 0..300; menu letter N YN; symbols whole 1 1..26
^B1  o letter - NRIB; e letter N YN; h along - 1..32000; f letter Y YN; g letter N YN
^B2  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN; e letter N YN
^B3  o letter - NRIB; e letter N YN; h along - 1..32000; f letter Y YN; g letter N YN
^B4  o letter - NRIB; h whole - 1..32000; f letter N NAB; mode letter A 012345A
^B5  o letter - NRIB; h along - 1..9999; f letter N YN; g letter N YN
^B7  o letter - NRIB; h along - 1..32000; security whole 0 0..8; columns whole - 0..30; rows whole - 0..90; truncate letter N YN
^B8  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN
^B9  o letter - NRIB; h along - 1..9999; f letter Y YN; g letter N YN; e letter Y YN
^BA  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN; e letter N YN
^BB  o letter - NRIB; h whole 8 2..32000; security letter Y YN; columns whole - 2..62; rows whole - 1..22; mode letter F AEF
^BC  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN; e letter N YN; mode letter N NUAD
^BD  mode whole 2 2..6; number whole 1 1..8; total whole 1 1..8
^BE  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN
^BF  o letter - NRIB; h along - 1..9999; mode whole 0 0..33
^BI  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN
^BJ  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter N YN
^BK  o letter - NRIB; e letter N N; h along - 1..32000; f letter Y YN; g letter N YN; start letter A ABCD*NET; stop letter A ABCD*NET
^BL  o letter - NRIB; h along - 1..32000; g letter N YN
^BM  o letter - NRIB; e letter B ABCD; h along - 1..32000; f letter Y YN; g letter N YN; shown letter N YN
^BO  o letter - NRIB; times times - 1..10; eci letter N YN; size whole 0 0..300; menu letter N YN; symbols whole 1 1..26
^BP  o letter - NRIB; e letter N YN; h along - 1..32000; f letter Y YN; g letter N YN
^BQ  o letter N N; model whole 2 1..2; times times - 1..100; correction letter Q HQML; mask whole 7 0..7
^BR  o letter R NRIB; type whole 1 1..12; times times - 1..10; separator whole 1 1..2; h along 25 1..32000; segments whole 22 2..22
^BS  o letter - NRIB; h along - 1..32000; f letter Y YN; g letter Y YN
^BT  o letter - NRIB; w1 module - 1..10; r1 ratio - 2..3; h1 along - 1..9999; w2 module - 1..10; h2 along 4 1..255
^BU  o letter - NRIB; h along - 1..9999; f letter Y YN; g letter N YN; e letter Y YN
^BX  o letter - NRIB; h module - 1..999; quality whole 0 0..200; columns whole - 0..144; rows whole - 0..144; format whole 6 0..6; escape sign ~; aspect whole 1 1..2
^BZ  o letter - NRIB; h along - 1..32000; f letter N YN; g letter N YN; type whole 0 0..3
^MD  darkness ratio - -30..30
~SD  darkness ratio - 0..30
^PR  print letter - ABCDE0123456789; slew letter - ABCDE0123456789; back letter - ABCDE0123456789
^MN  tracking letter - NYWMAV; offset along - -80..566
^MM  mode letter T TPRACDFLUK; prepeel letter N YN
^MT  method letter - TD
~TA  shift along - -120..120
^SZ  mode whole 2 1..2
^JU  action letter - FNRSA
~JS  backfeed text
"""  # noqa: E501  # a command's parameters on one line

_NUMBER = re.compile(r"([+-]?)0*(\d*)(?:\.(\d*))?")
_MOST_DIGITS = 9
_CONTROLS = dict.fromkeys(range(32))  # printers pass over line ends and other control characters
_CACHED_LENGTH = 64
#: What a graphic's parameters take at most; what follows is its data.
_HEADERS = {"^GF": 100, "~DG": 200, "~DY": 300, "~DS": 200, "~DT": 200, "~DU": 200}


def _parameter(words: str) -> Parameter:
    name, kind, *more = words.split()
    default = more[0] if more and more[0] != "-" else ""
    limits = more[1] if len(more) > 1 else ""
    if kind not in NUMBERS:
        return Parameter(name, kind, default, letters=limits)  # type: ignore[arg-type]
    lowest, _, highest = limits.partition("..")
    bounds = (float(lowest), float(highest)) if limits else (None, None)
    return Parameter(name, kind, float(default) if default else None, *bounds)  # type: ignore[arg-type]


def _row(line: str) -> tuple[str, tuple[Parameter, ...]]:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if name == "^FM":  # pairs of coordinates
        pairs = ((Parameter(f"x{n}", "across", None, 0, 32000), Parameter(f"y{n}", "along", None, 0, 32000))
                 for n in range(1, 61))  # fmt: skip
        return name, tuple(one for pair in pairs for one in pair)
    return name, tuple(_parameter(words) for words in rest.split(";")) if rest else ()


#: Every command that has parameters of its own here, and some that have none.
PARAMETERS: Final = MappingProxyType(dict(_row(line) for line in _TABLE.splitlines() if line))


def read(command: Command, factor: float = 1.0) -> tuple[Value, ...]:
    """The parameters of `command` in the guide's order, as many as the table has; nothing for unknown commands.

    Numbers are floats (`whole` ones without fraction), lengths multiplied by `factor`; what is missing or no number
    is None. Letters are one capital or "", texts are ISO 8859-1 or "". The data of graphics and other downloads
    is left out: see `graphic_data`.
    """
    name, parameters = command.name, command.parameters
    if name in DATA:
        return (parameters.decode("latin-1"),)
    if len(parameters) > _CACHED_LENGTH:
        return _read(name, parameters[: _HEADERS.get(name)], command.delimiter, factor)
    return _read_again(name, parameters, command.delimiter, factor)


def graphic_data(command: Command) -> bytes:
    """What follows the parameters of a graphic or another download; empty where some are missing."""
    parts = command.parameters.split(command.delimiter.encode("latin-1"), len(PARAMETERS[command.name]))
    return parts[-1] if len(parts) > len(PARAMETERS[command.name]) else b""


def _read(name: str, parameters: bytes, delimiter: str, factor: float) -> tuple[Value, ...]:
    readers, nothing = _READERS.get(name, ((), ()))
    text = parameters.decode("latin-1")
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    values: list[Value] = []
    if name == "^A" and text:
        text = text.lstrip()
        values.append(_letter(text, factor))
        text, readers = text[1:], readers[1:]
    elif name == "^FN":
        number = _NUMBER.match(text.lstrip())
        return (_number(text, 1.0), text.lstrip()[number.end() if number else 0 :].strip().strip('"'))
    parts = text.split(delimiter)
    if name == "^CI":
        parts[1:] = [delimiter.join(parts[1:])]
    for reader, part in zip(readers, parts, strict=False):
        values.append(reader(part, factor))
    return (*values, *nothing[len(values) :])


_read_again = lru_cache(maxsize=4096)(_read)


def _number(text: str, factor: float) -> float | None:
    """The number that `text` begins with, as printers read it; at most nine digits before the point count."""
    if text.isdigit() and text.isascii() and len(text) <= _MOST_DIGITS:
        return float(text) * factor
    found = _NUMBER.match(text.strip())
    if found is None or not (found[2] or found[3] or "0" in found[0]):
        return None
    if len(found[2]) > _MOST_DIGITS:
        value = 10.0**_MOST_DIGITS - 1
    else:
        value = float(f"{found[2] or '0'}.{(found[3] or '0')[:_MOST_DIGITS]}")
    return (-value if found[1] == "-" else value) * factor


def _plain(text: str, _factor: float) -> float | None:
    return _number(text, 1.0)


def _whole(text: str, _factor: float) -> float | None:
    value = _number(text, 1.0)
    return None if value is None else float(int(value))


def _letter(text: str, _factor: float) -> str:
    letter = text.strip()[:1]
    return letter.upper() if letter.isascii() else letter


def _sign(text: str, _factor: float) -> str:
    return text.strip()[:1]


def _text(text: str, _factor: float) -> str:
    return text.strip()


def _reader(parameter: Parameter) -> Callable[[str, float], Value]:
    if parameter.kind in LENGTHS:
        return _number
    kinds: dict[str, Callable[[str, float], Value]] = {
        "whole": _whole, "times": _whole, "ratio": _plain, "letter": _letter, "sign": _sign, "text": _text,
        "rest": _text,
    }  # fmt: skip
    return kinds[parameter.kind]


#: The reader of each parameter of a command, and what the command gives without any.
_READERS: Final = {
    name: (
        tuple(_reader(parameter) for parameter in parameters),
        tuple(None if parameter.kind in NUMBERS else "" for parameter in parameters),
    )
    for name, parameters in PARAMETERS.items()
}
