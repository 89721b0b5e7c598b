"""Whether the barcodes that ZPL asks for scan from the dots it became (promise 3)."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat, BarcodeFormats

from .. import symbols
from ..bitmap import Bitmap
from ..symbols import Symbol, Verdict
from ..symbols.regions import Window, grown, meet, merged
from .painter import Expected
from .scene import Dots, Frame, Scene
from .spans import solid

#: What is read about a barcode, and white around one that is read alone, in dots; how many times larger it is tried.
_MARGIN = 40
_SIZES = (1, 2, 3)
#: No more of a label are looked for where they lie, and no more dots of it are read alone.
_MOST_READ = 200
_MOST_WORK = 5_000_000
#: What a barcode may have in dots to be tried larger.
_LARGEST = 8_000_000
#: A graphic with a barcode has so many dots each way, and one of boxes has so many of them.
_LEAST_SIDE, _LEAST_BARS = 16, 20
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


def verdicts(expected: Sequence[Expected], bitmap: Bitmap, scene: Scene) -> tuple[Verdict, ...]:
    """What became of each expected barcode, then those that graphics hold besides, in `bitmap`, the dots of `scene`.

    Each is read where it lies, with what is about it there; the whole label only where one is not read so, or there
    may be others. Barcodes of kinds that no reader here knows are `unverified`, and those of a label of too many;
    those that cannot be made of their data are lost.
    """
    bits = bitmap.bits()
    boxes = [_on_paper(one.box, scene) for one in expected]
    readable = [rank for rank, one in enumerate(expected) if one.format and not one.fault]
    seen: list[Symbol | None] = [None] * len(expected)

    def match(found: list[Symbol]) -> list[int]:
        for rank in readable:
            seen[rank] = seen[rank] or _taken(expected[rank], boxes[rank], found)
        return [rank for rank in readable[:_MOST_READ] if seen[rank] is None]

    missing = readable[:_MOST_READ]
    for thorough in (False, True):
        missing = match(_about([(expected[rank].format, boxes[rank]) for rank in missing], bits, thorough))
    others: list[Symbol] = []
    if missing or holds_others(scene, expected):
        whole = symbols.read(bitmap) if missing else symbols.read_dots(bits)
        if not missing:
            whole += symbols.read_maxicodes(bitmap.grey())
        others = [each for each in whole if not any(one is not None and symbols.same(one, each) for one in seen)]
        match(others)
    result = []
    work = _MOST_WORK
    for one, box, symbol in zip(expected, boxes, seen, strict=True):
        wanted = Symbol(one.format or one.name, one.text, box)
        if one.fault:
            result.append(Verdict(wanted, "lost"))
        elif symbol is not None:
            result.append(Verdict(symbol, "scans"))
        elif not one.format or work <= 0:
            result.append(Verdict(wanted, "unverified"))
        else:
            left, top, right, bottom = grown(box, _MARGIN, scene.width, scene.height)
            work -= max(right - left, 0) * max(bottom - top, 0)
            result.append(Verdict(wanted, "scans" if _alone(one, box, bitmap) else "lost"))
    result += [Verdict(symbol, "scans" if symbol.text else "unverified") for symbol in others]
    return tuple(result)


def holds_others(scene: Scene, expected: Sequence[Expected]) -> bool:
    """Whether a label may show barcodes that no barcode command makes: in graphics, or of many boxes."""
    boxes, own = 0, {one.start for one in expected}
    for mark in scene.marks:
        shape = mark.shape
        if isinstance(shape, Dots) and mark.start not in own:
            if min(shape.bitmap.width, shape.bitmap.height) >= _LEAST_SIDE:
                return True
            continue
        boxes += isinstance(shape, Frame) and solid(shape)
    return boxes >= _LEAST_BARS


def _about(wanted: Sequence[tuple[str, Window]], bits: NDArray[np.bool_], thorough: bool) -> list[Symbol]:
    """The barcodes read where some of these formats are to be."""
    height, width = bits.shape
    around = [(name, grown(box, _MARGIN, width, height)) for name, box in wanted]
    found: list[Symbol] = []
    for window in merged(box for _, box in around if box[0] < box[2] and box[1] < box[3]):
        here = {name for name, box in around if meet(box, window)}
        left, top, right, bottom = window
        grey = np.where(bits[top:bottom, left:right], np.uint8(0), np.uint8(255))
        if symbols.MAXICODE in here:
            found += [symbol.moved(left, top) for symbol in symbols.read_maxicodes(grey) if symbol.text]
        if here - {symbols.MAXICODE}:
            found += [symbol.moved(left, top) for symbol in symbols.read_part(grey, here, thorough=thorough)]
    return found


def _taken(one: Expected, box: Window, found: list[Symbol]) -> Symbol | None:
    """The symbol that is the expected barcode, out of those found, which it leaves; it lies where it should, for
    another one may say the same."""
    here = (each for each in found if meet(box, each.position) and _agrees(one, each.format, each.text))
    symbol = next(here, None)
    if symbol is not None:
        found.remove(symbol)
    return symbol


def _agrees(one: Expected, name: str, text: str) -> bool:
    wanted, seen = _plain(one.text), _plain(text)
    same = seen == wanted or (one.format in _RETAIL and seen.lstrip("0") == wanted.lstrip("0"))
    return same and name in _LIKE.get(one.format, {one.format})


def _plain(text: str) -> str:
    """Without the marks that readers give to FNC1 in different ways."""
    return text.translate({ord(mark): None for mark in "()\x1d\u241d"})


def _alone(one: Expected, box: Window, bitmap: Bitmap) -> bool:
    """Whether it scans cut out of the label."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], bitmap.width), min(box[3], bitmap.height)
    if left >= right or top >= bottom:
        return False
    bits = bitmap.crop(left, top, right, bottom).bits()
    if one.format == symbols.MAXICODE:
        grey = np.pad(np.where(bits, np.uint8(0), np.uint8(255)), _MARGIN, constant_values=255)
        return any(symbol.text and _agrees(one, symbol.format, symbol.text) for symbol in symbols.read_maxicodes(grey))
    return any(_reads(one, bits, size) for size in _SIZES if size == 1 or bits.size * size * size <= _LARGEST)


def _reads(one: Expected, bits: NDArray[np.bool_], size: int) -> bool:
    grey = np.where(np.pad(bits, _MARGIN), np.uint8(0), np.uint8(255))
    grey = grey.repeat(size, axis=0).repeat(size, axis=1)
    return any(
        _agrees(one, str(barcode.format), barcode.text)
        for barcode in zxingcpp.read_barcodes(grey, formats=_kinds(one.format), text_mode=zxingcpp.TextMode.Plain)
    )


@lru_cache(maxsize=64)
def _kinds(name: str) -> BarcodeFormats:
    """What a barcode of this kind may be read as; everything, if zxing-cpp has no such kind."""
    names = _LIKE.get(name, {name})
    return BarcodeFormats(tuple(each for each in BarcodeFormat.__members__.values() if str(each) in names))


def _on_paper(box: Window, scene: Scene) -> Window:
    left, top, right, bottom = box
    if scene.inverted != scene.mirrored:
        left, right = scene.width - right, scene.width - left
    if scene.inverted:
        top, bottom = scene.height - bottom, scene.height - top
    return left, top, right, bottom
