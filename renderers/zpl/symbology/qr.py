"""QR Code: `^BQ` (ISO/IEC 18004; ZPL II guide, `^BQ`)."""

import re
from functools import lru_cache

import numpy as np
from zxingcpp import BarcodeFormat

from .grid import Modules, boxes, dots, letter, number, spoken, written
from .model import Request, Symbol, Unprintable

_LEVELS = "LMQH"
#: What alphanumeric mode has; a manual alphanumeric segment loses everything else.
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z $%*+\-./:]")
_NOT_NUMERIC = re.compile(r"[^0-9]")
#: A symbol of several (structured append): number, of how many, parity, then the error correction and the mode.
_PART = re.compile(r"D\d\d\d\d[0-9A-Fa-f]{2},")
#: More than the largest symbol takes.
_MOST_CHARACTERS = 7089


def draw(request: Request) -> Symbol:
    """A QR code; values are orientation, model, magnification, error correction, mask.

    The data begins with the error correction (H, Q, M, L), A or M for automatic or manual mode, and a comma. The
    symbol begins the `^BY` height below `^FO`. Model 1 is drawn as model 2, that every reader takes. A symbol
    that is one of several is drawn as one on its own.

    Raises:
        Unprintable: no data, or more than a symbol holds.
    """
    level, text = content(request)
    if not text:
        raise Unprintable("the QR code has no data; write ^FDQA,data")
    if len(text) > _MOST_CHARACTERS:
        raise Unprintable(f"a QR code holds no {len(text)} characters; at most {_MOST_CHARACTERS} digits fit")
    modules = encoded(text, level)
    module = dots(number(request, 2) or 2, request.scale)
    side = len(modules) * module
    return Symbol(
        side,
        side,
        boxes(modules, module, module),
        format="QR Code",
        text=spoken(text if isinstance(text, str) else text.decode("latin-1")),
        drop=request.height,
    )


def content(request: Request) -> tuple[str, str | bytes]:
    """The error correction level that the field asks for, and what is to be encoded."""
    text = request.text
    if _PART.match(text):
        text = text[8:].removeprefix(",")
    # whatever they are, the first three characters are not data
    switches, data = text[:3], text[3:]
    level = switches[:1].upper()
    if level not in _LEVELS or not level:
        level = letter(request, 3, "Q").upper()
        level = level if level in _LEVELS else "M"
    if switches[1:2].upper() == "M":
        data = manual(data)
    if "\ufffd" in data and switches[1:2].upper() != "M":
        return level, request.data[len(request.data) - len(request.text) + 3 :]
    return level, data


def manual(data: str) -> str:
    """What manual mode's segments hold together: `N` digits, `A` alphanumeric, `B` and a count, bytes, `K` Kanji.

    Segments are parted by commas; the comma is data where no segment begins after it.
    """
    parts: list[str] = []
    while data:
        mode, data = data[0].upper(), data[1:]
        if mode == "B" and data[:4].isdigit():
            count = int(data[:4])
            parts.append(data[4 : 4 + count])
            data = data[4 + count :].removeprefix(",")
            continue
        following = re.search(r",(?=[NAK]|B\d{4})", data) if mode in "NAK" else None
        segment = data[: following.start()] if following else data
        data = data[following.end() :] if following else ""
        if mode == "N":
            segment = _NOT_NUMERIC.sub("", segment)
        elif mode == "A":
            segment = _NOT_ALPHANUMERIC.sub("", segment)
        elif mode != "K":
            segment = mode + segment
        parts.append(segment)
    return "".join(parts)


@lru_cache(maxsize=256)
def encoded(text: str | bytes, level: str) -> Modules:
    """The smallest symbol of `level`, then with as much error correction as it has room for."""
    best = _written(text, level)
    for higher in reversed(_LEVELS[_LEVELS.index(level) + 1 :]):
        try:
            stronger = _written(text, higher)
        except Unprintable:
            continue
        if np.shape(stronger) == np.shape(best):
            return stronger
    return best


def _written(text: str | bytes, level: str) -> Modules:
    if isinstance(text, bytes):
        return written(text, BarcodeFormat.QRCode, (("ec_level", level), ("eci", "0")))
    return written(text, BarcodeFormat.QRCode, (("ec_level", level),))


DRAWERS = {"^BQ": draw}
