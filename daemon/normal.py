"""What events say, in one spelling: names and numbers are made alike once, where they come in. Pure.

Nothing is guessed: what is not known stays as it came. Each function gives its own answers back unchanged.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import get_args

from ..config.printers import DocumentType
from ..renderers.errors import MediaError
from ..renderers.media import Media
from .carriers import CARRIERS

#: other words for TikTok's document types, those of its interface before version 202309
DOCUMENT_TYPES: Mapping[str, str] = {"SL_PL": "SHIPPING_LABEL_AND_PACKING_SLIP"}
#: stock by the names that label software gives it
STOCKS: Mapping[str, str] = {
    "4x6": "4x6in",
    "4x8": "4x8in",
    "6x4": "6x4in",
    "8.5x11": "letter",
    "usletter": "letter",
    "100x150": "100x150mm",
    "10x15cm": "100x150mm",
}
#: media types by the names that programs give them
MEDIA_TYPES: Mapping[str, str] = {
    "application/x-pdf": "application/pdf",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "application/zpl": "application/vnd.zebra-zpl",
    "application/x-zpl": "application/vnd.zebra-zpl",
    "application/vnd.zpl": "application/vnd.zebra-zpl",
    "text/zpl": "application/vnd.zebra-zpl",
    "x-application/zpl": "application/vnd.zebra-zpl",
}
#: the names of stock that are shown, where the size is theirs
_SHORT = ("4x6in", "a4", "a5", "a6", "100x150mm", "letter")
_WORD = re.compile(r"[^\W_]+(?:[.'\u2019][^\W_]+)*")
_EDGE = " \t-_/|,:;.()[]"
#: AIM symbology identifier that some scanners send ahead, e.g. `]C1` for GS1-128
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
#: the function character that ends an element of a GS1 barcode, as scanners send it
_FNC1 = "\x1d"
_ZIP = re.compile(r"420\d{5}(?:\d{4})?")
#: digits of USPS' routing code before the number (Publication 199: 420, ZIP or ZIP+4), and of the number itself
_ROUTING, _IMPB = (8, 12), re.compile(r"9[1-5](?:\d{20}|\d{24})")
_BLANK = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


@lru_cache(1024)
def carrier(text: str) -> str:
    """A carrier's name in one spelling, with the service behind it: `UPS Ground`, `FedEx SmartPost`, `Evri`."""
    # what is left of a name may read as a longer one
    for _ in range(_LONGEST):
        before, text = text, _named(text)
        if text == before:
            break
    return text


def company(text: str) -> str | None:
    """The carrier without its service, None for one that is not known."""
    name = carrier(text)
    known = (one for one in CARRIERS if name == one or name.startswith(f"{one} "))
    return max(known, key=len, default=None)


def same_carrier(one: str, wanted: str) -> bool:
    """Whether `one` is the carrier that is `wanted`: that service of it where one is named, else any."""
    first, second = carrier(one), carrier(wanted)
    return first.casefold().strip() == second.casefold().strip() or (second in CARRIERS and company(one) == second)


def tracking_number(text: str) -> str:
    """A tracking number as it is compared and kept: capitals and digits without blanks and dashes.

    What a scanner sends with a USPS number, `420` and the ZIP code, is left out where a separator or the check digit
    of the number tells it from the number for certain.
    """
    plain = _AIM.sub("", unicodedata.normalize("NFKC", text).strip(" \t\r\n"))
    elements = [compact for part in plain.split(_FNC1) if (compact := _compact(part))]
    if len(elements) == 2 and _ZIP.fullmatch(elements[0]):
        del elements[0]
    number = "".join(elements)
    if not number or not number.isascii():
        return text
    if number.startswith("420") and number.isdigit():
        behind = [number[length:] for length in _ROUTING]
        sure = [one for one in behind if _IMPB.fullmatch(one) and _checks(one)]
        number = sure[0] if len(sure) == 1 else number
    return number.upper()


def number(text: str) -> str:
    """A shop's, an order's or a package's number: blanks go out of one that is all digits."""
    compact = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) not in _BLANK)
    return compact if compact.isascii() and compact.isdigit() else text


def media(text: str) -> str:
    """The name of a stock: `4x6in` for `4 x 6"`, `a6` for `A6` and for its PWG name."""
    key = re.sub(r"\s|\u200b", "", unicodedata.normalize("NFKC", text)).lower()
    key = re.sub(r"[\u00d7*]", "x", key).replace("inches", "in").replace('"', "in")
    key = re.sub(r"^([\d.]+)(in|mm)x([\d.]+)\2$", r"\1x\3\2", key)
    try:
        stock = Media.parse(STOCKS.get(key, key))
    except MediaError:
        return text
    sizes = ((short, Media.parse(short)) for short in _SHORT)
    return next((short for short, one in sizes if (one.width, one.length) == (stock.width, stock.length)), stock.short)


def document_type(text: str) -> str:
    """TikTok's document type, in capitals or not, with dashes or blanks or underscores."""
    key = re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", text).strip()).upper()
    key = DOCUMENT_TYPES.get(key, key)
    return key if key in get_args(DocumentType) else text


def media_type(text: str) -> str:
    """A media type without its parameters, by its usual name."""
    key = text.partition(";")[0].strip().lower()
    return MEDIA_TYPES.get(key, key) or text


def _named(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    found = _WORD.finditer(plain)
    words = [(_word(match[0]), match.end()) for match, _ in zip(found, range(_LONGEST), strict=False)]
    for many in range(len(words), 0, -1):
        name = _NAMES.get(tuple(word for word, _ in words[:many]))
        if name is not None:
            service = " ".join(plain[words[many - 1][1] :].strip(_EDGE).replace("_", " ").split())
            return f"{name} {service}".rstrip()
    return text


def _word(text: str) -> str:
    """A word as names are compared: no capitals, dots or accents."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in letters if char.isalnum())


def _compact(text: str) -> str:
    kinds = ((char, unicodedata.category(char)) for char in text)
    return "".join(char for char, kind in kinds if kind not in _BLANK and kind != "Pd" and char != "\u2212")


def _checks(number: str) -> bool:
    """Whether the last digit is the check digit of those before it (GS1 General Specifications 7.9.1)."""
    total = sum(int(digit) * (1 if place % 2 == 0 else 3) for place, digit in enumerate(reversed(number)))
    return total % 10 == 0


def _spellings() -> dict[tuple[str, ...], str]:
    return {
        tuple(_word(match[0]) for match in _WORD.finditer(spelling)): name
        for name, others in CARRIERS.items()
        for spelling in (name, *others)
    }


_NAMES = _spellings()
_LONGEST = max(map(len, _NAMES))
