"""Which labels a page holds, and how each lies on the stock."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from . import placement, symbols
from .artwork import BlankPage, Target
from .errors import DoesNotFit
from .layout import find_labels
from .media import Resolution
from .placement import Box, Placement
from .sheet import Sheet

#: How finely a page is drawn to find labels on it, and to read its barcodes for that.
_LAYOUT, _BARCODES = Resolution(150), Resolution(300)


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
    placed = placement.place_part(sheet.size, box, target.paper, target.resolution, target.scaling, target.rotation)
    return replace(placed, because=f"{placed.because}; {because}")


def _barcodes(sheet: Sheet) -> list[Box]:
    """The boxes of the page's barcodes in 1/100 mm."""
    unit = 100 / float(_BARCODES.dots_per_mm)
    grey = look(sheet, _BARCODES)
    found = (*symbols.read_part(grey), *symbols.read_maxicodes(grey))
    boxes = (symbol.position for symbol in found)
    return [(left * unit, top * unit, right * unit, bottom * unit) for left, top, right, bottom in boxes]
