"""Field data as text: `^FH` escapes and the character sets of `^CI`.

Nothing here raises: a label with a bad byte still prints. Source: ZPL II guide, `^CI`, `^FH`, code page 850.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_LAST_REMAPPED = 13
_UTF_8 = 28
_UTF_16 = {17: "utf-16-be", 29: "utf-16-be", 30: "utf-16-le"}
_MULTI_BYTE = {14: "gb18030", 15: "shift_jis", 16: "euc_jp", 24: "gb18030", 26: "gb18030"}
_WINDOWS = {27: "cp1252", 31: "cp1250", 33: "cp1251", 34: "cp1253", 35: "cp1254", 36: "cp1255"}
_HEX_DIGITS = b"([0-9A-Fa-f]{2})"
_DROPPED = {ord("\r"): None, ord("\n"): None}

# `^CI0` to `^CI12` are code page 850 with other characters in these twelve places.
_NATIONAL_PLACES = "#0@[\\]^`{|}~"
_NATIONAL = (
    "#0@[¢]^`{|}~",  # U.S.A. 1
    "#0@⅓¢⅔^`¼½¾~",  # U.S.A. 2
    "£0@[¢]^`{|}~",  # U.K.
    "ƒ0§[Ĳ]^`{ĳ}~",  # Holland
    "#0@ÆØÅ^`æøå~",  # Denmark, Norway
    "Ü0ÉÄÖÅÜéäöåü",  # Sweden, Finland
    "#0§ÄÖÜ^`äöüß",  # Germany
    "£0à[ç]^`é|ù¨",  # France 1
    "#0àâçêîôéùèû",  # France 2
    "£0§[çé^ùàòèì",  # Italy
    "#0§¡Ñ¿^`{ñç~",  # Spain
    "£0ÉÄÖÜ^äëïöü",  # miscellaneous
    "#0@[¥]^`{|}~",  # Japan, with the yen sign
)
_EURO = 0x15  # the place of the euro sign in the printer's code page 850


@dataclass(frozen=True, slots=True)
class CodePage:
    """What `^CI` sets: the character set `number`, and pairs (source, destination): the byte destination prints the
    character of the byte source. Pairs count in the sets 0 to 13 only."""

    number: int = 0
    remap: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, number: float | None, positions: tuple[float | None, ...] = ()) -> "CodePage":
        """The parameters of `^CI`: the set (0 when it is none of the printer's) and s1, d1, s2, d2, ...

        Pairs that are not two bytes are left out.
        """
        whole = [_byte(position) for position in positions[:512]]
        pairs = zip(whole[::2], whole[1::2], strict=False)
        chosen = int(number) if number is not None and 0 <= number <= 36 else 0
        return cls(chosen, tuple((one, other) for one, other in pairs if one is not None and other is not None))


def unescape(data: bytes, indicator: bytes = b"_") -> bytes:
    """Field data after `^FH`: the indicator and two hexadecimal digits are the byte of that value.

    An indicator without them stands for itself; without an indicator data stays as it is.
    """
    if not indicator or indicator[:1] not in data:
        return data
    return re.sub(re.escape(indicator[:1]) + _HEX_DIGITS, lambda found: bytes((int(found[1], 16),)), data)


def without_line_ends(data: bytes, code_page: CodePage) -> bytes:
    """Field data, not yet unescaped, without carriage returns and line feeds, which only break the lines of the ZPL;
    left alone where a character has two bytes."""
    return data if code_page.number in _UTF_16 else data.translate(None, b"\r\n")


def decode(data: bytes, code_page: CodePage) -> str:
    """Field data, already unescaped, in the character set; carriage returns and line feeds are left out.

    A byte that means nothing there becomes U+FFFD.
    """
    return characters(data, code_page).translate(_DROPPED)


def characters(data: bytes, code_page: CodePage) -> str:
    """Field data, already unescaped, in the character set: every character, as barcodes want it."""
    number = code_page.number
    if number == _UTF_8:
        text = data.decode("utf-8", "replace")
    elif number in _UTF_16:
        text = data.decode(_UTF_16[number], "replace")
    elif number in _MULTI_BYTE:
        text = data.decode(_MULTI_BYTE[number], "replace")
    else:
        table = _table(code_page)
        text = "".join([table[byte] for byte in data])
    return text


@lru_cache(maxsize=64)
def _table(code_page: CodePage) -> tuple[str, ...]:
    """What each byte prints in a single byte set."""
    number = code_page.number
    if number in _WINDOWS:
        table = list(bytes(range(256)).decode(_WINDOWS[number], "replace"))
    else:
        table = list(bytes(range(256)).decode("cp850"))
        table[_EURO] = "€"
        if number < len(_NATIONAL):
            for place, char in zip(_NATIONAL_PLACES, _NATIONAL[number], strict=True):
                table[ord(place)] = char
    plain = tuple(table)
    if number <= _LAST_REMAPPED:
        for source, destination in code_page.remap:
            table[destination] = plain[source]
    return tuple(table)


def _byte(value: float | None) -> int | None:
    return int(value) if value is not None and 0 <= value < 256 else None
