"""Pages of a merged file, as Seller Center and others export it: labels of many parcels, packing slips between."""

import hashlib
import io
import re
from typing import Literal

from PIL import Image

from . import pdf, symbols, tracking
from .asset import PDF, ZPL, Asset
from .contents import MAX_MERGED, PageReading
from .errors import AssetRefused
from .media import Media, Resolution
from .placement import large_as_sheet
from .plan import barcode_look, boxes_of, look, read_barcodes
from .sheet import Sheet, open_sheet, page_count
from .survey import like_carriers, unread_bars
from .tracking import Tracking

#: Stock on which every page has its own size.
_LARGE = Media.parse("220x360mm")
_SMALL = Resolution(100)
_SLIP = re.compile(
    r"pack(?:ing|age)?[ -]?(?:slip|list)|delivery note|lieferschein|packzettel|bon de livraison|albar[aá]n|"
    r"documento di trasporto|pakbon|picking list",
    re.IGNORECASE,
)
_MOST_CANDIDATES = 8


def count(asset: Asset) -> int:
    """How many pages a file has.

    Raises:
        AssetRefused: damaged, more than `contents.MAX_MERGED`, or it has no pages that could be parted.
    """
    if asset.document_format == PDF:
        return pdf.page_count(asset.data, MAX_MERGED)
    if asset.document_format == ZPL or page_count(asset) > 1:
        raise AssetRefused("only a PDF or one picture is read page by page: submit other labels by `labeld print`")
    return 1


def read_page(asset: Asset, number: int) -> PageReading:
    """Look at one page.

    Raises:
        AssetRefused: it is damaged.
    """
    text = pdf.text_of(asset.data, number) if asset.document_format == PDF else ""
    with open_sheet(asset, number, _LARGE) as sheet:
        if sheet.ink_box() is None:
            return PageReading(number, "blank", slip=False, written=False, numbers=(), mentions=(), digest="")
        return _read(sheet, number, text)


def picture(asset: Asset, number: int) -> bytes:
    """A page as a small PNG for people.

    Raises:
        AssetRefused: it is damaged, or there is none.
    """
    with open_sheet(asset, number, _LARGE) as sheet:
        grey = look(sheet, _SMALL)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()


def carve(asset: Asset, numbers: tuple[int, ...]) -> bytes:
    """A document of some pages alone; a picture is one already.

    Raises:
        AssetRefused: it is damaged.
    """
    return pdf.carve(asset.data, numbers) if asset.document_format == PDF else asset.data


def _read(sheet: Sheet, number: int, text: str) -> PageReading:
    grey = barcode_look(sheet)
    found = read_barcodes(grey)
    boxes = boxes_of(sheet, found)
    carriers = [(symbol, box) for symbol, box in zip(found, boxes, strict=True) if like_carriers(symbol, box)]
    # of equally good ones the largest
    carriers.sort(key=lambda pair: -(pair[1][2] - pair[1][0]) * (pair[1][3] - pair[1][1]))
    barred = [
        one
        for symbol, _ in carriers
        if symbol.format != symbols.MAXICODE and (one := tracking.of_barcode(symbol.text)) is not None
    ]
    # a matrix symbol may hold anything: only what looks like a carrier's number is one
    barred += [
        one
        for symbol in found
        if symbol.format not in symbols.LINEAR and (one := tracking.of_barcode(symbol.text)) and one.rank == 0
    ]
    numbers = dict[str, Tracking]()
    for one in sorted((*barred, *tracking.in_text(text)), key=lambda one: one.rank):
        numbers.setdefault(one.number, one)
    kind: Literal["label", "sheet", "plain"] = "label"
    if not carriers and not unread_bars(sheet, found):
        kind = "sheet" if large_as_sheet(sheet.size) else "plain"
    digest = hashlib.sha256(repr(grey.shape).encode() + grey.tobytes()).hexdigest()
    candidates = tuple(numbers.values())[:_MOST_CANDIDATES]
    slip = _SLIP.search(text) is not None
    return PageReading(number, kind, slip, bool(text.strip()), candidates, tracking.mentions(text), digest)
