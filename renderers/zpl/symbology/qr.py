"""QR Code: `^BQ` (ISO/IEC 18004; ZPL II guide, `^BQ`)."""

import re
from functools import lru_cache

from .grid import Modules, boxes, letter, sized, spoken
from .model import Request, Symbol, Unprintable
from .qr_encodation import channel, group, part
from .qr_encodation import encoded as said
from .qr_symbol import LEVELS, capacity, symbol

#: The extended channel of UTF-8, and how many symbols can be one message.
_UTF8, _MOST_PARTS = 26, 16
#: What alphanumeric mode has; a manual alphanumeric segment loses everything else.
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z $%*+\-./:]")
_NOT_NUMERIC = re.compile(r"[^0-9]")
#: A symbol of several (structured append): number, of how many, parity, then the error correction and the mode.
_PART = re.compile(r"D[0-9]{4}[0-9A-Fa-f]{2},")
#: Modules between the space that a printer keeps free and `^FT`.
_BELOW = 3
#: More than the largest symbol takes.
_MOST_CHARACTERS = 7089


def draw(request: Request) -> Symbol:
    """A QR code; values are orientation, model, magnification, error correction, mask.

    The data begins with the error correction (H, Q, M, L), A or M for automatic or manual mode, and a comma. The
    symbol begins the `^BY` height below `^FO`. Model 1 is drawn as model 2, that every reader takes, and the mask is
    the one that the standard prefers.

    Raises:
        Unprintable: no data, or more than a symbol holds.
    """
    opening, level, data = content(request)
    if not data:
        raise Unprintable("the QR code has no data; write ^FDQA,data")
    if len(data) > _MOST_CHARACTERS:
        raise Unprintable(f"a QR code holds no {len(data)} characters; at most {_MOST_CHARACTERS} digits fit")
    if isinstance(data, str):
        raw, spelt = _bytes(data), data
        opening += "" if _is_latin(data) else channel(_UTF8)
    else:
        raw, spelt = data, data.decode("latin-1")
    modules = encoded(raw, level, opening)
    module = sized(request, "^BQ", 2)
    side = len(modules) * module
    return Symbol(
        side,
        side,
        boxes(modules, module, module),
        format="QR Code",
        text=spoken(spelt),
        drop=request.height,
        rise=(_reserved(len(raw), level) + _BELOW) * module - side,
    )


def _reserved(length: int, level: str) -> int:
    """The modules on a side of what a printer keeps free above `^FT`: room for the data as plain bytes."""
    for version in range(1, 41):
        if 4 + (8 if group(version) == 0 else 16) + 8 * length <= 8 * capacity(version, level):
            return 17 + 4 * version
    return 177


def content(request: Request) -> tuple[str, str, str | bytes]:
    """The bits that come first, the error correction level asked for, and what is to be encoded."""
    text = request.text
    opening = ""
    several = _PART.match(text)
    if several:
        place, total = (int(text[at : at + 2]) for at in (1, 3))
        if 1 <= place <= total <= _MOST_PARTS:
            opening = part(place - 1, total, int(text[5:7], 16))
        text = text[several.end() :]
    # whatever they are, the first three characters are not data
    switches, data = text[:3], text[3:]
    level = switches[:1].upper()
    if level not in LEVELS or not level:
        level = letter(request, 3, "Q").upper()
        level = level if level in LEVELS else "M"
    if switches[1:2].upper() == "M":
        return opening, level, manual(data)
    if "\ufffd" in data:
        return opening, level, request.data[len(request.text) - len(data) :]
    return opening, level, data


def _is_latin(text: str) -> bool:
    return all(ord(character) < 256 for character in text)


def _bytes(text: str) -> bytes:
    return text.encode("latin-1" if _is_latin(text) else "utf-8")


def manual(data: str) -> str:
    """What manual mode's segments hold together: `N` digits, `A` alphanumeric, `B` and a count, bytes, `K` Kanji.

    Segments are parted by commas; the comma is data where no segment begins after it.
    """
    parts: list[str] = []
    while data:
        mode, data = data[0].upper(), data[1:]
        if mode == "B" and re.match("[0-9]{4}", data):
            count = int(data[:4])
            parts.append(data[4 : 4 + count])
            data = data[4 + count :].removeprefix(",")
            continue
        following = re.search(r",(?=[NAK]|B[0-9]{4})", data) if mode in "NAK" else None
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
def encoded(data: bytes, level: str, opening: str = "") -> Modules:
    """The smallest symbol of `level` for `opening` and the data, then with as much correction as it has room for.

    Raises:
        Unprintable: no symbol holds so much.
    """
    streams = [opening + said(data, versions) for versions in range(3)]
    for version in range(1, 41):
        bits = streams[group(version)]
        if len(bits) <= 8 * capacity(version, level):
            levels = LEVELS[LEVELS.index(level) :]
            strongest = max((each for each in levels if len(bits) <= 8 * capacity(version, each)), key=LEVELS.index)
            return symbol(bits, version, strongest)
    raise Unprintable(f"{len(data)} characters do not fit a QR code of error correction {level}; write fewer")


DRAWERS = {"^BQ": draw}
