"""Whether the barcodes that ZPL asks for scan from the dots it became (promise 3)."""

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from .. import symbols
from ..bitmap import Bitmap
from ..symbols import Symbol, Verdict
from .painter import Expected

#: White around a barcode that is read alone, in dots; and how many times larger it is tried.
_MARGIN = 40
_SIZES = (1, 2, 3)
_LIKE = {
    # what zxing-cpp may call a barcode of this kind
    "Code 39": {"Code 39", "Code 39 Extended", "Code 39 Standard", "Code 32", "PZN"},
    "EAN-13": {"EAN-13", "UPC-A", "ISBN"},
    "UPC-A": {"UPC-A", "EAN-13"},
    "UPC-E": {"UPC-E", "UPC-A", "EAN-13"},
    "ITF": {"ITF", "ITF-14"},
}
#: Kinds of one family, which readers tell with or without leading zeros.
_RETAIL = {"EAN-13", "UPC-A", "UPC-E"}


def verdicts(
    expected: tuple[Expected, ...], bitmap: Bitmap, inverted: bool = False, mirrored: bool = False
) -> tuple[Verdict, ...]:
    """What became of each expected barcode, then those that graphics hold besides, in `bitmap`, the label's dots.

    Barcodes of kinds that no reader here knows are `unverified`, those that cannot be made of their data are lost.
    `inverted` labels are turned by 180 degrees, `mirrored` ones show left on the right.
    """
    found = list(symbols.read(bitmap))
    result = []
    for one in expected:
        box = _on_paper(one.box, bitmap, inverted, mirrored)
        wanted = Symbol(one.format or one.name, one.text, box)
        if one.fault:
            result.append(Verdict(wanted, "lost"))
            continue
        if not one.format:
            result.append(Verdict(wanted, "unverified"))
            continue
        seen = next((symbol for symbol in found if _agrees(one, symbol.format, symbol.text)), None)
        if seen is not None:
            found.remove(seen)
            result.append(Verdict(seen, "scans"))
        else:
            result.append(Verdict(wanted, "scans" if _alone(one, box, bitmap) else "lost"))
    result += [Verdict(symbol, "scans" if symbol.text else "unverified") for symbol in found]
    return tuple(result)


def _agrees(one: Expected, name: str, text: str) -> bool:
    wanted, seen = _plain(one.text), _plain(text)
    same = seen == wanted or (one.format in _RETAIL and seen.lstrip("0") == wanted.lstrip("0"))
    return same and name in _LIKE.get(one.format, {one.format})


def _plain(text: str) -> str:
    """Without the marks that readers give to FNC1 in different ways."""
    return text.translate({ord(mark): None for mark in "()\x1d\u241d"})


def _alone(one: Expected, box: tuple[int, int, int, int], bitmap: Bitmap) -> bool:
    """Whether it scans cut out of the label."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], bitmap.width), min(box[3], bitmap.height)
    if left >= right or top >= bottom:
        return False
    bits = bitmap.crop(left, top, right, bottom).bits()
    if one.format == symbols.MAXICODE:
        grey = np.pad(np.where(bits, np.uint8(0), np.uint8(255)), _MARGIN, constant_values=255)
        return any(symbol.text and _agrees(one, symbol.format, symbol.text) for symbol in symbols.read_maxicodes(grey))
    return any(_reads(one, bits, size) for size in _SIZES)


def _reads(one: Expected, bits: NDArray[np.bool_], size: int) -> bool:
    grey = np.where(np.pad(bits, _MARGIN), np.uint8(0), np.uint8(255))
    grey = grey.repeat(size, axis=0).repeat(size, axis=1)
    return any(
        _agrees(one, str(barcode.format), barcode.text)
        for barcode in zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.Plain)
    )


def _on_paper(
    box: tuple[int, int, int, int], bitmap: Bitmap, inverted: bool, mirrored: bool
) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    if inverted != mirrored:
        left, right = bitmap.width - right, bitmap.width - left
    if inverted:
        top, bottom = bitmap.height - bottom, bitmap.height - top
    return left, top, right, bottom
