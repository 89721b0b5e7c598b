"""Whether the barcodes that ZPL asks for scan from the dots it became (promise 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat, BarcodeFormats

from .. import symbols
from ..bitmap import Bitmap
from ..symbols import Symbol, Verdict
from ..symbols.regions import Window, grown, meet, merged
from .intact import QuietZone, leaves, own_dots, share_kept
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
#: Of a barcode's dots so many must be as drawn, in all, and of no more dots it is looked up.
_INTACT = 2 / 3
_MOST_COMPARED = 50_000_000
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
    those that cannot be made of their data, run off the paper or are printed over for the most part are lost, whatever
    of them can be read.
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
    look = _Look(bitmap, bits, scene)
    for one, box, symbol in zip(expected, boxes, seen, strict=True):
        result.append(look.at(one, box, symbol))
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


@dataclass(slots=True)
class _Look:
    """What becomes of one barcode after the other, and how many dots may still be read alone or compared."""

    bitmap: Bitmap
    bits: NDArray[np.bool_]
    scene: Scene
    work: int = _MOST_WORK
    compared: int = _MOST_COMPARED

    def at(self, one: Expected, box: Window, symbol: Symbol | None) -> Verdict:
        """The verdict on a barcode in its `box` on the paper, of which `symbol` was read where it lies."""
        wanted = Symbol(one.format or one.name, one.text, box)
        if one.fault:
            return Verdict(wanted, "lost")
        said = f"{one.name} at byte {one.start}"
        if leaves(box, self.scene.width, self.scene.height):
            return Verdict(wanted, "lost", note=f"{said} runs off the label")
        own = self._own(one)
        if own is not None and share_kept(own, self._cut(box, own)) < _INTACT:
            return Verdict(wanted, "lost", note=f"{said} is printed over")
        if symbol is not None:
            return Verdict(symbol, "scans")
        if not one.format or self.work <= 0:
            return Verdict(wanted, "unverified")
        left, top, right, bottom = grown(box, _MARGIN, self.scene.width, self.scene.height)
        self.work -= max(right - left, 0) * max(bottom - top, 0)
        return self._alone(one, box, wanted, own)

    def _own(self, one: Expected) -> NDArray[np.bool_] | None:
        """The barcode's own dots; None where they are not to be compared."""
        left, top, right, bottom = one.box
        size = max(right - left, 0) * max(bottom - top, 0)
        if one.shape is None or not size or self.compared < size:
            return None
        self.compared -= size
        return own_dots(one.shape, one.box, self.scene)

    def _cut(self, box: Window, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What the label has in the place of `own`: white beyond its edge."""
        left, top, right, bottom = box
        cut = np.zeros_like(own)
        part = self.bits[max(top, 0) : bottom, max(left, 0) : right]
        cut[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]] = part
        return cut

    def _alone(self, one: Expected, box: Window, wanted: Symbol, own: NDArray[np.bool_] | None) -> Verdict:
        """Whether it scans cut out of the label with its quiet zone; or without it, where that is nearly white."""
        if own is None:
            return Verdict(wanted, "scans" if self._reads(one, box) else "lost")
        zone = QuietZone(one.format, box, own)
        if self._reads(one, zone.around(self.bitmap.width, self.bitmap.height)):
            return Verdict(wanted, "scans")
        if not self._reads(one, box):
            return Verdict(wanted, "lost")
        free = zone.free(self.bits)
        narrow = sum(side < zone.wanted for side in free)
        said = f"{one.name} at byte {one.start}"
        white = f"{min(free):.0f} modules of white beside it, where it needs {zone.wanted}"
        if min(free) < zone.touching or narrow > 1:
            return Verdict(wanted, "lost", note=f"{said} has {white}")
        return Verdict(wanted, "scans", note=f"{said} scans, but its quiet zone is not clear: {white}")

    def _reads(self, one: Expected, window: Window) -> bool:
        """Whether it is read in a window, with white around that."""
        left, top = max(window[0], 0), max(window[1], 0)
        bits = self.bits[top : window[3], left : window[2]]
        if not bits.size:
            return False
        if one.format == symbols.MAXICODE:
            grey = np.pad(np.where(bits, np.uint8(0), np.uint8(255)), _MARGIN, constant_values=255)
            return any(
                symbol.text and _agrees(one, symbol.format, symbol.text) for symbol in symbols.read_maxicodes(grey)
            )
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
