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
from .media import Resolution
from .placement import Box, Size, large_as_sheet, page_fits
from .plan import affordable, barcodes, boxes_of, ink_fits, labels_on, look
from .sheet import Sheet, open_sheet, page_count
from .symbols import Symbol
from .symbols.regions import grown, has_bars

#: Sizes that have names, sides in 1/100 mm, and how far a page may be off.
_NAMED: dict[str, Size] = {"A4": (21_000, 29_700), "Letter": (21_590, 27_940), "A6": (10_500, 14_800)}
_NAMED_WITHIN = 200.0
#: Of goods, and not of parcels.
_GOODS = frozenset({"EAN-13"})
#: Of carriers, and not of shops.
_CARRIERS = frozenset({symbols.MAXICODE, "PDF417", "Aztec", "Data Matrix"})
#: Bars of a shop's own are no higher, 1/100 mm; the lowest seen on a carrier's label are 11 mm.
_LOW_BARS = 1000.0
#: How finely bars are looked for that cannot be read, how wide a symbol is at least, and what is around one, 1/100 mm.
_SEEN, _BARS_WIDE, _AROUND = Resolution(203), 2500.0, 300.0
_NOT_ALNUM = re.compile(r"[^0-9A-Z]")


@dataclass(frozen=True, slots=True)
class _Look:
    """A page as it was seen: whether the stock takes it as it is, or a label was found on it, and its barcodes."""

    number: int
    size: str
    fits: bool
    cut: bool = False
    blank: bool = False
    #: there are bars of which nothing was read
    unread: bool = False
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
    pages = []
    for number in numbers:
        on_page(number)
        pages.append(_look(asset, number, target))
    labels = [found for seen in pages if (seen.fits or seen.cut) and (found := _of_parcel(seen, target, contents))]
    if not labels:
        because = "but the parcel's label is on no page for sure"
        return tuple(_judged(seen, because) for seen in pages)
    theirs = [symbol for found in labels for symbol in found]
    return tuple(_judged(seen, _doubt(seen, theirs, target, contents)) for seen in pages)


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
        carriers = tuple(symbol for symbol, box in pairs if like_carriers(symbol, box))
        unread = not fits and not cut and unread_bars(sheet, found)
        return _Look(number, size, fits, cut, unread=unread, found=found, carriers=carriers)


def unread_bars(sheet: Sheet, found: Sequence[Symbol]) -> bool:
    """Whether there are bars as high as a carrier's beside those that were read."""
    seen_at = affordable(sheet, _SEEN)
    unit = float(seen_at.dots_per_mm) / 100
    margin = round(_AROUND * unit)
    picture = look(sheet, seen_at)
    height, width = picture.shape
    known = [
        grown((round(left * unit), round(top * unit), round(right * unit), round(bottom * unit)), margin, width, height)
        for left, top, right, bottom in boxes_of(sheet, found)
    ]
    return has_bars(picture, round(_LOW_BARS * unit), round(_BARS_WIDE * unit), known)


def like_carriers(symbol: Symbol, box: Box) -> bool:
    """Whether a symbol is of a kind and size that carriers print; its box is in 1/100 mm."""
    low = min(box[2] - box[0], box[3] - box[1]) <= _LOW_BARS
    return symbol.format in _CARRIERS or (symbol.format in symbols.LINEAR and not low)


def _of_parcel(seen: _Look, target: Target, contents: Contents) -> tuple[Symbol, ...]:
    """The barcodes that make a page the parcel's label: its number, or, where none is known, any but the shop's."""
    if target.tracking_number is None:
        return tuple(one for one in seen.found if not _of_shop(one, contents))
    return tuple(one for one in seen.found if _tracks(one, target))


def _tracks(symbol: Symbol, target: Target) -> bool:
    return target.tracking_number is not None and bool(symbols.matches_tracking([symbol], target.tracking_number))


def _doubt(seen: _Look, theirs: Sequence[Symbol], target: Target, contents: Contents) -> str:
    """Why a page that does not fit the stock may be a label after all, empty where nothing speaks for it."""
    if seen.unread:
        return "with bars that cannot be read, and may be a carrier's"
    # the event says what the rest is, and by its number that the label is elsewhere
    told = contents.slip and target.tracking_number is not None
    for symbol in seen.found:
        if _of_shop(symbol, contents):
            continue
        alike = any(symbol.format == one.format and len(symbol.text) == len(one.text) for one in theirs)
        if alike or symbol in seen.carriers or not told or _tracks(symbol, target):
            return f"with {symbol.format} {symbol.text[:40]!r}, which may be a carrier's"
    return ""


def _of_shop(symbol: Symbol, contents: Contents) -> bool:
    """Whether a barcode is of goods, or holds a number of the shop's and nothing else."""
    says = _NOT_ALNUM.sub("", symbol.text.upper())
    return symbol.format in _GOODS or any(says == _NOT_ALNUM.sub("", number.upper()) for number in contents.numbers)


def _judged(seen: _Look, doubt: str) -> PageSurvey:
    if seen.blank:
        return PageSurvey(seen.number, "blank", "blank")
    if seen.cut:
        return PageSurvey(seen.number, "label", f"{seen.size} with a label on it")
    if seen.fits:
        return PageSurvey(seen.number, "label", seen.size)
    if doubt:
        return PageSurvey(seen.number, "doubt", f"{seen.size}, {doubt}")
    return PageSurvey(seen.number, "document", seen.size)


def _named(size: Size) -> str:
    """A size as people say it."""
    for name, (short, long) in _NAMED.items():
        if abs(min(size) - short) <= _NAMED_WITHIN and abs(max(size) - long) <= _NAMED_WITHIN:
            return name
    return f"{size[0] / 100:.0f} x {size[1] / 100:.0f} mm"
