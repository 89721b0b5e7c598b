"""Which pages of a document are labels, and which are paper for a document printer: packing slips, dangerous goods.

A label that leaves on paper from another room is worse than a slip on a label: a page is a document only where
nothing speaks for a label.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from . import symbols
from .artwork import Target
from .asset import ZPL, Asset
from .contents import Contents, PageSurvey
from .placement import Box, Size, large_as_sheet, page_fits
from .plan import barcodes, boxes_of, ink_fits, labels_on
from .sheet import open_sheet, page_count
from .symbols import Symbol

#: Sizes that have names, sides in 1/100 mm, and how far a page may be off.
_NAMED: dict[str, Size] = {"A4": (21_000, 29_700), "Letter": (21_590, 27_940), "A6": (10_500, 14_800)}
_NAMED_WITHIN = 200.0
#: Of goods, and not of parcels.
_GOODS = frozenset({"EAN-13"})
#: Of carriers, and not of shops.
_CARRIERS = frozenset({symbols.MAXICODE, "PDF417", "Aztec", "Data Matrix"})
#: Bars of a shop's own are no higher, 1/100 mm; the lowest seen on a carrier's label are 11 mm.
_LOW_BARS = 1000.0
_NOT_ALNUM = re.compile(r"[^0-9A-Z]")


@dataclass(frozen=True, slots=True)
class _Look:
    """A page as it was seen: whether the stock takes it as it is, or a label was found on it, and its barcodes."""

    number: int
    size: str
    fits: bool
    cut: bool = False
    blank: bool = False
    found: tuple[Symbol, ...] = ()
    #: those of them that look like a carrier's
    carriers: tuple[Symbol, ...] = ()


def survey(
    asset: Asset, target: Target, contents: Contents, on_page: Callable[[int], None] = lambda _number: None
) -> tuple[PageSurvey, ...]:
    """Sort the pages for the label stock of `target` and for a document printer; ZPL has none.

    Without a label that is surely the parcel's no page is a document: where else would the label be? `on_page` is
    called with the number of each page before it is looked at.

    Raises:
        AssetRefused: the document is damaged, or has too many pages.
    """
    if asset.document_format == ZPL:
        return ()
    numbers = range(1, page_count(asset) + 1)
    if contents.label and len(numbers) == 1:
        return (PageSurvey(1, "label", "the only one"),)
    sizes = [_size(asset, number, target) for number in numbers]
    if not any(_paper(size, target) for size in sizes):
        return tuple(PageSurvey(number, "label", _named(size)) for number, size in zip(numbers, sizes, strict=True))
    if not contents.label:
        # a document printer takes smaller pages too, and what belongs together stays together
        return tuple(PageSurvey(number, "document", _named(size)) for number, size in zip(numbers, sizes, strict=True))
    looks = []
    for number in numbers:
        on_page(number)
        looks.append(_look(asset, number, target))
    labels = [found for look in looks if (look.fits or look.cut) and (found := _of_parcel(look, target))]
    if not labels:
        because = "but the parcel's label is on no page for sure"
        return tuple(_judged(look, because) for look in looks)
    theirs = [symbol for found in labels for symbol in found]
    return tuple(_judged(look, _doubt(look, theirs, target, contents)) for look in looks)


def _size(asset: Asset, number: int, target: Target) -> Size:
    with open_sheet(asset, number, target.media) as sheet:
        return sheet.size


def _paper(size: Size, target: Target) -> bool:
    """Whether a page is as large as A4 and the stock is not."""
    return large_as_sheet(size) and not any(page_fits(one, target.paper) for one in (size, size[::-1]))


def _look(asset: Asset, number: int, target: Target) -> _Look:
    with open_sheet(asset, number, target.media) as sheet:
        size = _named(sheet.size)
        ink = sheet.ink_box()
        if ink is None:
            return _Look(number, size, fits=False, blank=True)
        found = barcodes(sheet)
        fits = not _paper(sheet.size, target) or ink_fits(sheet, ink, target)
        # a label of another size than the stock is one too, whatever may be done to it
        cut = not fits and bool(labels_on(sheet, found, replace(target, scaling="auto")))
        pairs = zip(found, boxes_of(sheet, found), strict=True)
        carriers = tuple(symbol for symbol, box in pairs if _like_carriers(symbol, box))
        return _Look(number, size, fits, cut, found=found, carriers=carriers)


def _like_carriers(symbol: Symbol, box: Box) -> bool:
    low = min(box[2] - box[0], box[3] - box[1]) <= _LOW_BARS
    return symbol.format in _CARRIERS or (symbol.format in symbols.LINEAR and not low)


def _of_parcel(look: _Look, target: Target) -> tuple[Symbol, ...]:
    """The barcodes that make a page the parcel's label: with its tracking number, or any where none is known."""
    if target.tracking_number is None:
        return look.found
    return tuple(one for one in look.found if _tracks(one, target))


def _tracks(symbol: Symbol, target: Target) -> bool:
    return target.tracking_number is not None and bool(symbols.matches_tracking([symbol], target.tracking_number))


def _doubt(look: _Look, theirs: Sequence[Symbol], target: Target, contents: Contents) -> str:
    """Why a page that does not fit the stock may be a label after all, empty where nothing speaks for it."""
    # the event says what the rest is, and by its number that the label is elsewhere
    told = contents.slip and target.tracking_number is not None
    for symbol in look.found:
        if symbol.format in _GOODS or any(_says(symbol, number) for number in contents.numbers):
            continue
        alike = any(symbol.format == one.format and len(symbol.text) == len(one.text) for one in theirs)
        if alike or symbol in look.carriers or not told or _tracks(symbol, target):
            return f"with {symbol.format} {symbol.text[:40]!r}, which may be a carrier's"
    return ""


def _says(symbol: Symbol, number: str) -> bool:
    """Whether a barcode holds a number of the shop's, and nothing else."""
    return _NOT_ALNUM.sub("", symbol.text.upper()) == _NOT_ALNUM.sub("", number.upper())


def _judged(look: _Look, doubt: str) -> PageSurvey:
    if look.blank:
        return PageSurvey(look.number, "blank", "blank")
    if look.cut:
        return PageSurvey(look.number, "label", f"{look.size} with a label on it")
    if look.fits:
        return PageSurvey(look.number, "label", look.size)
    if doubt:
        return PageSurvey(look.number, "doubt", f"{look.size}, {doubt}")
    return PageSurvey(look.number, "document", look.size)


def _named(size: Size) -> str:
    """A size as people say it."""
    for name, (short, long) in _NAMED.items():
        if abs(min(size) - short) <= _NAMED_WITHIN and abs(max(size) - long) <= _NAMED_WITHIN:
            return name
    return f"{size[0] / 100:.0f} x {size[1] / 100:.0f} mm"
