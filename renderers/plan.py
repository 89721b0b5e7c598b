"""Which labels a page holds, and how each lies on the stock."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from . import placement, symbols
from .artwork import BlankPage, Target
from .easel import Easel
from .errors import DoesNotFit
from .layout import Region, find_labels
from .media import Media, Resolution
from .placement import Box, Placement, large_as_sheet
from .sheet import Sheet
from .symbols import Symbol
from .symbols.regions import Window
from .tone import THRESHOLD

#: How finely a page is drawn to find labels on it, and to read its barcodes for that.
_LAYOUT, _BARCODES = Resolution(203), Resolution(300)
#: What is scaled down where nothing on the page fits the stock: whole labels, and not the page around them.
_USUAL = tuple(Media.parse(name) for name in ("4x6in", "a6", "4x8in", "105x210mm"))
#: Of several labels on a page each is as large as this part of the stock, or they are stickers or the lines of a list.
_LIKE_STOCK = 0.45
#: A page is looked at in no more pixels than this.
_MOST_PIXELS = 40_000_000
#: How finely a page is drawn to measure its bars.
_MEASURED = Resolution(600)
#: Modules so near to whole dots are whole, and a label is not made smaller than this for them.
_HAIR, _WORTH = 0.02, 0.85
#: Dots around the stock that are looked at for ink of a label: what rounding may move it.
_BEYOND = 8


def place_labels(sheet: Sheet, number: int, target: Target) -> tuple[Placement, ...]:
    """How `sheet` goes onto the stock: whole, or each of the labels found on it for itself.

    1:1 where the page or its ink fits; else the labels on it at 1:1; else scaled, where `target.scaling` allows.

    Raises:
        BlankPage: the page is larger than the stock and without ink.
        DoesNotFit: neither the page nor a label on it fits, and scaling is not allowed.
    """
    size, paper, resolution = sheet.size, target.paper, target.resolution
    whole = target.rotation in ("auto", 0) and placement.page_fits(size, paper)
    ink = (0.0, 0.0, *size) if whole else sheet.ink_box()  # measuring ink costs as much as drawing
    if ink is None:
        raise BlankPage(f"page {number} is blank" if number > 1 else "the page is blank")
    # a smaller page may be one label, and is not cut up
    if not whole and large_as_sheet(size) and not ink_fits(sheet, ink, target):
        labels = labels_on(sheet, barcodes(sheet), target)
        if labels:
            return tuple(_part(sheet, label.box, label.because, target) for label in labels)
    placed = placement.place(size, ink, paper, resolution, target.scaling, target.rotation)
    return (_friendly(sheet, ink, placed, target) if placed.scale < 1.0 else placed,)


def _friendly(sheet: Sheet, ink: Box, placed: Placement, target: Target) -> Placement:
    """A label that is scaled down becomes a little smaller yet, where that makes its bars whole dots wide."""
    measured_at = affordable(sheet, _MEASURED)
    picture = look(sheet, measured_at)
    bits = picture < THRESHOLD
    linear = [symbol for symbol in symbols.read_part(picture) if symbol.format in symbols.LINEAR]
    measured = [
        (symbol, quality)
        for symbol in linear
        if _inside(symbol, ink, measured_at) and (quality := symbols.measure(bits, symbol)) is not None
    ]
    if not measured:
        return placed
    # the longest bars are the ones that are scanned on the way
    symbol, quality = max(measured, key=lambda pair: max(np.subtract(pair[0].position[2:], pair[0].position[:2])))
    unit = float(target.resolution.dots_per_mm / measured_at.dots_per_mm)
    module = quality.module * unit * placed.scale
    whole = math.floor(module + _HAIR)
    scale = placed.scale * min(whole / module, 1.0)
    if whole < 1 or scale < placed.scale * _WORTH:
        return placed
    bars = f"the bars of {symbol.text[:40]!r} are {whole} dots a module"
    because = f"{placed.because}; drawn at {scale:.1%} so that {bars}"
    return placement.recentred(sheet.size, ink, target.paper, target.resolution, placed, scale, because)


def _inside(symbol: Symbol, box: Box, resolution: Resolution) -> bool:
    left, top, right, bottom = (side * 100 / float(resolution.dots_per_mm) for side in symbol.position)
    return box[0] <= (left + right) / 2 <= box[2] and box[1] <= (top + bottom) / 2 <= box[3]


def affordable(sheet: Sheet, resolution: Resolution) -> Resolution:
    """The resolution to look at a page in: a lower one for large pages."""
    width, height = sheet.size
    most = math.isqrt(int(_MOST_PIXELS * 25.4**2 / (width * height / 10_000)))
    return resolution if resolution.dpi <= most else Resolution(max(most, 100))


def look(sheet: Sheet, resolution: Resolution) -> NDArray[np.uint8]:
    """The whole page in grey at a resolution of its own, unturned."""
    at, width, height = placement.at_own_size(sheet.size, (0.0, 0.0, *sheet.size), resolution)
    return sheet.draw(at, resolution, (0, 0, width, height))


def ink_fits(sheet: Sheet, ink: Box, target: Target) -> bool:
    """Whether a page, or else its ink, lies on the stock at its own size."""
    try:
        placement.place(sheet.size, ink, target.paper, target.resolution, "none", target.rotation)
    except DoesNotFit:
        return False
    return True


def labels_on(sheet: Sheet, found: Sequence[Symbol], target: Target) -> tuple[Region, ...]:
    """The labels on a page that is larger than the stock: those that fit it, else some of a usual size.

    `found` are its barcodes as `barcodes` reads them.
    """
    seen_at, paper = affordable(sheet, _LAYOUT), target.paper
    boxes = boxes_of(sheet, found)
    picture = look(sheet, seen_at)
    sizes = (paper, *(size for size in _USUAL if target.scaling != "none" and not _within(size, paper)))
    for size in sizes:
        labels = find_labels(picture, float(seen_at.dots_per_mm), boxes, size)
        least = size.width * size.length * _LIKE_STOCK
        if len(labels) > 1 and any(_area(label.box) < least for label in labels):
            return ()
        if len(labels) > 1 or any(label.left_out for label in labels):
            return labels
    return ()


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _within(size: Media, paper: Media) -> bool:
    return size.width <= paper.width and size.length <= paper.length


def _part(sheet: Sheet, box: Box, because: str, target: Target) -> Placement:
    paper, resolution = target.paper, target.resolution
    placed = placement.place_part(sheet.size, box, paper, resolution, target.scaling, target.rotation)
    placed = replace(placed, because=f"{placed.because}; {because}")
    if placed.scale < 1.0:
        return _friendly(sheet, box, placed, target)
    width, height = target.size
    ink = _ink(sheet, placed, box, target)
    if ink is None:
        return placed
    scale = min(1.0, width / (ink[2] - ink[0]), height / (ink[3] - ink[1]))
    if scale < 1.0:
        at_own = placed.because.replace("1:1: ", "", 1)
        because = f"{at_own}, drawn at {scale:.2%} so that its edges are on the stock"
        placed = placement.recentred(sheet.size, box, paper, resolution, placed, placed.scale * scale, because)
        ink = _ink(sheet, placed, box, target) or ink
    x, y = _moved(ink[0], ink[2], width), _moved(ink[1], ink[3], height)
    return replace(placed, x=placed.x + x, y=placed.y + y, clip=box)


def _ink(sheet: Sheet, placed: Placement, box: Box, target: Target) -> Window | None:
    """Where the black of a part of the page lies, in dots: its box is known to a pixel of the layout's picture only."""
    width, height = target.size
    easel = Easel(sheet, replace(placed, clip=box), target.resolution, width, height)
    black = easel.draw((-_BEYOND, -_BEYOND, width + _BEYOND, height + _BEYOND)) < THRESHOLD
    across, down = np.flatnonzero(black.any(axis=0)) - _BEYOND, np.flatnonzero(black.any(axis=1)) - _BEYOND
    if not across.size:
        return None
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def _moved(start: int, end: int, length: int) -> int:
    """By how many dots ink from `start` to `end` must move to lie between 0 and `length`."""
    return max(-start, 0) - max(end - length, 0)


def barcodes(sheet: Sheet) -> tuple[Symbol, ...]:
    """The page's barcodes, in a picture of it that is fine enough to read most."""
    return read_barcodes(barcode_look(sheet))


def barcode_look(sheet: Sheet) -> NDArray[np.uint8]:
    """The page in grey, as fine as `barcodes` and `boxes_of` take it."""
    return look(sheet, affordable(sheet, _BARCODES))


def read_barcodes(grey: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The barcodes in a `barcode_look`."""
    return (*symbols.read_part(grey), *symbols.read_maxicodes(grey))


def boxes_of(sheet: Sheet, found: Sequence[Symbol]) -> list[Box]:
    """Where barcodes that `barcodes` read lie on the page, in 1/100 mm."""
    unit = 100 / float(affordable(sheet, _BARCODES).dots_per_mm)
    boxes = (symbol.position for symbol in found)
    return [(left * unit, top * unit, right * unit, bottom * unit) for left, top, right, bottom in boxes]
