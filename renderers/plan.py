"""Which labels a page holds, and how each lies on the stock."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from . import placement, symbols
from .artwork import BlankPage, Target
from .easel import Easel
from .errors import DoesNotFit
from .layout import find_labels
from .media import Resolution
from .placement import Box, Placement
from .sheet import Sheet
from .tone import THRESHOLD

#: How finely a page is drawn to find labels on it, and to read its barcodes for that.
_LAYOUT, _BARCODES = Resolution(150), Resolution(300)
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
    if not whole:
        try:
            placement.place(size, ink, paper, resolution, "none", target.rotation)
        except DoesNotFit:
            labels = find_labels(look(sheet, _LAYOUT), float(_LAYOUT.dots_per_mm), _barcodes(sheet), paper)
            if labels:
                return tuple(_part(sheet, label.box, label.because, target) for label in labels)
    return (placement.place(size, ink, paper, resolution, target.scaling, target.rotation),)


def look(sheet: Sheet, resolution: Resolution) -> NDArray[np.uint8]:
    """The whole page in grey at a resolution of its own, unturned."""
    at, width, height = placement.at_own_size(sheet.size, (0.0, 0.0, *sheet.size), resolution)
    return sheet.draw(at, resolution, (0, 0, width, height))


def _part(sheet: Sheet, box: Box, because: str, target: Target) -> Placement:
    paper, resolution = target.paper, target.resolution
    placed = placement.place_part(sheet.size, box, paper, resolution, target.scaling, target.rotation)
    placed = replace(placed, because=f"{placed.because}; {because}")
    # the box is known to a pixel of the layout's picture: look where the ink ends in dots
    width, height = target.size
    easel = Easel(sheet, replace(placed, clip=box), resolution, width, height)
    ink = easel.draw((-_BEYOND, -_BEYOND, width + _BEYOND, height + _BEYOND)) < THRESHOLD
    across, down = np.flatnonzero(ink.any(axis=0)) - _BEYOND, np.flatnonzero(ink.any(axis=1)) - _BEYOND
    if not across.size:
        return placed
    scale = min(1.0, width / (int(across[-1]) + 1 - int(across[0])), height / (int(down[-1]) + 1 - int(down[0])))
    if scale < 1.0:
        return placement.shrink_part(sheet.size, box, paper, resolution, placed, scale)
    x, y = _moved(across, width), _moved(down, height)
    return replace(placed, x=placed.x + x, y=placed.y + y, clip=box)


def _moved(inked: NDArray[np.int64], length: int) -> int:
    """By how many dots ink must move to lie between 0 and `length`."""
    return max(-int(inked[0]), 0) - max(int(inked[-1]) + 1 - length, 0)


def _barcodes(sheet: Sheet) -> list[Box]:
    """The boxes of the page's barcodes in 1/100 mm."""
    unit = 100 / float(_BARCODES.dots_per_mm)
    grey = look(sheet, _BARCODES)
    found = (*symbols.read_part(grey), *symbols.read_maxicodes(grey))
    boxes = (symbol.position for symbol in found)
    return [(left * unit, top * unit, right * unit, bottom * unit) for left, top, right, bottom in boxes]
