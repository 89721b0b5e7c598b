"""The one public door: an asset and a target give an artwork, page by page or whole.

Pure: bytes in, bytes out. PDFium may crash or hang on hostile files, so the daemon calls this in worker
processes with limits.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from . import image, pdf, placement, symbols
from .asset import PDF, PNG, ZPL, Asset
from .bitmap import MAX_DOTS, Bitmap
from .errors import AssetRefused, DoesNotFit, SymbolLost
from .media import Media, Resolution
from .placement import Box, Placement, Scaling, Size
from .symbols import Symbol
from .zpl import allowlist, label, lexer, picture
from .zpl.graphic_field import Encoding

#: Barcodes are read from the source at no less than this, where every carrier's decode.
_REFERENCE_DPI = 300
#: Beyond this many dots (A2 at 300 dpi) the source is read at the target's resolution.
_REFERENCE_DOTS = 40_000_000
#: White around the ink that belongs to its barcodes, 1/100 mm: Code 128 wants 10 modules.
_QUIET = 400.0
#: More copies of a label than this are a mistake, or empty the roll.
_MOST_COPIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the label is for: stock, head and wire format, and how far rendering may go.

    Attributes:
        document_format: `application/vnd.zebra-zpl`, `application/pdf` or `image/png`.
        scaling: see `placement.place`.
        threshold: greys below this print black, 1 to 255.
        design_dpi: the resolution that ZPL input was made for; None: it is inferred.
        copies: labels per page; as `^PQ` in ZPL, as repeated pages in PDF.
        verify: raise `SymbolLost`; otherwise the notes say what is wrong.
        page: the only page wanted, from 1; None: all.
        tracking_number: must be in a barcode of the document, unless it is ZPL that cannot be drawn.
    """

    media: Media
    resolution: Resolution
    document_format: str = ZPL
    graphic_encoding: Encoding = "z64"
    scaling: Scaling = "auto"
    rotation: Literal["auto", 0, 90, 180, 270] = "auto"
    threshold: int = 128
    design_dpi: int | None = None
    copies: int = 1
    verify: bool = True
    page: int | None = None
    tracking_number: str | None = None

    def __post_init__(self) -> None:
        if self.document_format not in (ZPL, PDF, PNG):
            raise AssetRefused(f"labels are written as ZPL, PDF or PNG, not {self.document_format}")
        if self.copies < 1:
            raise ValueError(f"{self.copies} copies")
        width, height = self.resolution.size(self.media)
        if width * height > MAX_DOTS:
            raise DoesNotFit(f"{self.media.short} at {self.resolution.dpi} dpi is {width}x{height} dots: too many")


@dataclass(frozen=True, slots=True)
class PageArtwork:
    """One page as it will print.

    Attributes:
        number: its page in the asset, from 1.
        data: it alone, in the target's format.
        bitmap: the exact dots; for ZPL passed through, our drawing of its first label, None if incomplete.
        placement: None for ZPL passed through.
        symbols: the barcodes read from `bitmap`, positions in its dots.
        lost: the barcodes of the source that do not scan from `bitmap`.
        engine: who drew it: `pdfium`, `poppler`, `pillow` or `zpl`.
        notes: what a technician should know, one line each.
    """

    number: int
    data: bytes
    bitmap: Bitmap | None
    placement: Placement | None
    symbols: tuple[Symbol, ...]
    engine: str
    notes: tuple[str, ...]
    lost: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Artwork:
    """All pages: the payload, its format, how many labels it prints, and each page for itself."""

    data: bytes
    document_format: str
    labels: int
    pages: tuple[PageArtwork, ...]
    notes: tuple[str, ...]


class BlankPage(AssetRefused):
    """A page without ink: nothing to print."""


class Sheet(Protocol):
    """A page of a document that can be drawn, whatever its format."""

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm."""

    @property
    def engine(self) -> str:
        """Who draws it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a technician should know."""

    def ink_box(self) -> Box | None:
        """The box around everything that is not white, in 1/100 mm."""

    def draw(self, placement: Placement, resolution: Resolution, width: int, height: int) -> NDArray[np.uint8]:
        """Grey paper of `width` x `height` dots with the page on it."""


def page_count(asset: Asset) -> int:
    """Number of pages; a ZPL payload counts as one, since its formats depend on each other.

    Raises:
        AssetRefused: damaged or too many pages.
    """
    if asset.document_format == PDF:
        return pdf.page_count(asset.data)
    return 1 if asset.document_format == ZPL else image.page_count(asset)


@contextmanager
def open_sheet(asset: Asset, number: int, media: Media) -> Iterator[Sheet]:
    """Page `number` (from 1) of a PDF or picture, to be measured or drawn within the context.

    Raises:
        AssetRefused: damaged, no such page, or ZPL, which has no pages.
    """
    if asset.document_format == ZPL:
        raise AssetRefused("ZPL has no pages to place: it is printed as it is")
    if asset.document_format == PDF:
        with pdf.open_page(asset.data, number) as sheet:
            yield sheet
    else:
        yield image.open_page(asset, number, media)


def convert(asset: Asset, target: Target, on_page: Callable[[int], None] | None = None) -> Artwork:
    """Convert all pages, or `target.page` alone, into one payload; blank pages among others are skipped.

    The tracking number may be on any page, for a packing slip has barcodes of its own. `on_page` is called with
    the number of each page before it is begun.

    Raises:
        RenderError: the first page that fails, see `convert_page`; or a PNG is wanted of several pages.
    """
    numbers = [target.page] if target.page else list(range(1, page_count(asset) + 1))
    pages: list[PageArtwork] = []
    notes: list[str] = []
    for number in numbers:
        if on_page is not None:
            on_page(number)
        try:
            pages.append(_scanning(asset, number, target))
        except BlankPage:
            if len(numbers) == 1:
                raise
            notes.append(f"page {number} is blank and was skipped")
    if not pages:
        raise BlankPage(f"all {len(numbers)} pages are blank")
    notes.extend(_of_the_parcel(pages, target))
    if len(pages) == 1:
        data = pages[0].data
    elif target.document_format == ZPL:
        data = b"".join(page.data for page in pages)
    else:
        data = _write([page.bitmap for page in pages if page.bitmap], target)
    for page in pages:
        prefix = f"page {page.number}: " if len(numbers) > 1 else ""
        notes.extend(prefix + note for note in page.notes)
    return Artwork(data, target.document_format, _labels(asset, data, len(pages), target), tuple(pages), tuple(notes))


def convert_page(asset: Asset, number: int, target: Target) -> PageArtwork:
    """Convert page `number` (from 1): place it, draw it, and read its barcodes from the final dots.

    Raises:
        BlankPage: nothing on it.
        AssetRefused: damaged, encrypted, refused commands, or ZPL that cannot be drawn for PNG or PDF.
        DoesNotFit: larger than the stock where scaling is not allowed, or ZPL of another resolution.
        SymbolLost: a barcode does not survive, or none carries the tracking number; `.artwork` is the page.
    """
    page = _scanning(asset, number, target)
    return replace(page, notes=(*page.notes, *_of_the_parcel([page], target)))


def _scanning(asset: Asset, number: int, target: Target) -> PageArtwork:
    """The page, where every barcode of the source scans; see `convert_page`."""
    page = _drawn_page(asset, number, target)
    if not page.lost:
        return page
    listed = ", ".join(f"{symbol.format} {symbol.text[:40]!r}" for symbol in page.lost)
    fault = f"{len(page.lost)} barcode(s) do not scan from the dots at {target.resolution.dpi} dpi: {listed}"
    if target.verify:
        raise _held(page, fault)
    return replace(page, notes=(*page.notes, fault))


def _of_the_parcel(pages: Sequence[PageArtwork], target: Target) -> tuple[str, ...]:
    """Notes on whether the barcodes of all pages together are this parcel's.

    Raises:
        SymbolLost: none carries the tracking number; `.artwork` is the first page.
    """
    if any(page.bitmap is None for page in pages):
        return ()  # ZPL that is not verified, which its own note says
    number = target.tracking_number
    found = [symbol for page in pages for symbol in (*page.symbols, *page.lost)]
    if number is None:
        return () if found else ("nothing to verify: no barcode on the label",)
    if symbols.matches_tracking(found, number):
        return ()
    texts = ", ".join(symbol.text[:40] for symbol in found)
    others = f"the label's barcodes say {texts}, not tracking number {number}"
    fault = others if found else f"no barcode was found, tracking number {number} should be in one"
    if target.verify:
        raise _held(pages[0], fault)
    return (fault,)


def _held(page: PageArtwork, fault: str) -> SymbolLost:
    error = SymbolLost(fault)
    error.artwork = replace(page, notes=(*page.notes, fault))
    return error


def _drawn_page(asset: Asset, number: int, target: Target) -> PageArtwork:
    """The page, and which of its barcodes scan."""
    if asset.document_format == ZPL:
        if number != 1:
            raise AssetRefused(f"ZPL is one page, there is no page {number}")
        return _convert_zpl(asset, target)
    with open_sheet(asset, number, target.media) as sheet:
        placed = place_sheet(sheet, number, target)
        width, height = target.resolution.size(target.media)
        grey = sheet.draw(placed, target.resolution, width, height)
        bitmap = Bitmap.from_grey(grey, target.threshold)
        if bitmap.ink_box() is None:
            raise BlankPage(f"page {number} is blank" if number > 1 else "the page is blank")
        source = _source_picture(sheet, placed, grey, target.resolution)
        engine, notes = sheet.engine, list(sheet.notes)
    if placed.scale != 1.0 or placed.rotation:
        notes.append(placed.because)
    expected = symbols.read(source)
    found = symbols.read_again(bitmap, expected)
    data, lost = _write([bitmap], target), symbols.lost(expected, found)
    return PageArtwork(number, data, bitmap, placed, found, engine, tuple(notes), lost)


def place_sheet(sheet: Sheet, number: int, target: Target) -> Placement:
    """The placement that `convert_page` would choose.

    Raises:
        BlankPage: the page is larger than the stock and without ink.
        DoesNotFit: see `placement.place`.
    """
    size = sheet.size
    whole = target.rotation in ("auto", 0) and placement.page_fits(size, target.media)
    ink = (0.0, 0.0, *size) if whole else sheet.ink_box()  # measuring ink costs as much as drawing
    if ink is None:
        raise BlankPage(f"page {number} is blank" if number > 1 else "the page is blank")
    return placement.place(size, ink, target.media, target.resolution, target.scaling, target.rotation)


def _source_picture(
    sheet: Sheet, placed: Placement, grey: NDArray[np.uint8], resolution: Resolution
) -> NDArray[np.uint8]:
    """The part of the page that prints, at its own size and finely enough to read what it holds."""
    reference = Resolution(max(_REFERENCE_DPI, resolution.dpi))
    unchanged = placed.scale == 1.0 and reference == resolution
    if unchanged:
        return grey
    size, clip = sheet.size, placed.clip
    region = (
        max(clip[0] - _QUIET, 0.0),
        max(clip[1] - _QUIET, 0.0),
        min(clip[2] + _QUIET, size[0]),
        min(clip[3] + _QUIET, size[1]),
    )
    for candidate in (reference, resolution, Resolution(100)):
        at, width, height = placement.at_own_size(size, region, candidate)
        if width * height <= _REFERENCE_DOTS:
            return sheet.draw(at, candidate, width, height)
    return grey


def _convert_zpl(asset: Asset, target: Target) -> PageArtwork:
    """Pass ZPL through the allow-list, or draw it for the other formats."""
    screened = allowlist.screen(asset.data, lexer.lex(asset.data), target.resolution.size(target.media)[0])
    quantities = label.quantities(screened.zpl)
    if not quantities:
        raise BlankPage("the ZPL prints nothing: it has no format with content")
    labels, kinds = sum(quantities), len(quantities)
    if labels > _MOST_COPIES * kinds:
        raise AssetRefused(f"the ZPL asks for {labels} labels of {kinds} format(s) (^PQ): over {_MOST_COPIES} of each")
    notes = [*screened.notes, *_check_design(asset.data, target)]
    if labels > 1:
        notes.append(f"the ZPL prints {labels} labels")
    drawn, undrawn = _drawn(screened.zpl, target)
    if not undrawn and all(bitmap.ink_box() is None for bitmap in drawn):
        raise BlankPage("the ZPL prints a blank label")
    if target.document_format == ZPL:
        data = screened.zpl * target.copies
    elif undrawn:
        raise AssetRefused(f"this ZPL cannot be drawn yet, only passed through to a ZPL printer: {undrawn}")
    else:
        data = _write(drawn, target)
    if undrawn:
        notes.append(f"not verified: {undrawn}")
        return PageArtwork(1, data, None, None, (), "zpl", tuple(notes))
    found = tuple(symbol for bitmap in drawn for symbol in symbols.read(bitmap))
    return PageArtwork(1, data, drawn[0], None, found, "zpl", tuple(notes))


def _drawn(zpl: bytes, target: Target) -> tuple[list[Bitmap], str]:
    """The labels of `zpl` as dots, and in words what keeps them from being complete (empty: nothing).

    Raises:
        AssetRefused: a damaged graphic; a printer would silently leave it out.
    """
    pictures = picture.draw(zpl, *target.resolution.size(target.media))
    missing = dict.fromkeys(name for drawn in pictures for name in drawn.undrawn)
    return [drawn.bitmap for drawn in pictures], f"{', '.join(missing)} cannot be drawn" if missing else ""


def _check_design(zpl: bytes, target: Target) -> list[str]:
    """Whether ZPL was made for the target's resolution: dots cannot be rescaled.

    Raises:
        DoesNotFit: it was not.
    """
    notes = []
    if target.design_dpi:
        design, because = Resolution(target.design_dpi), "as stated"
    else:
        guess, because = label.design_resolution(zpl, target.media)
        design = guess or Resolution(203)
        if guess is None:
            notes.append(f"assumed that the ZPL is made for 203 dpi: {because}")
    if design != target.resolution:
        raise DoesNotFit(
            f"this ZPL is made for {design.dpi} dpi, the printer has {target.resolution.dpi} dpi: "
            f"get the label for {target.resolution.dpi} dpi or as PDF ({because})"
        )
    return notes


def _labels(asset: Asset, data: bytes, pages: int, target: Target) -> int:
    """How many labels `data` prints."""
    if target.document_format == ZPL:
        return label.labels_in(data)
    if asset.document_format == ZPL:
        pages = len(label.quantities(asset.data))
    return pages * (target.copies if target.document_format == PDF else 1)


def _write(bitmaps: Iterable[Bitmap], target: Target) -> bytes:
    """Dots in the target's format."""
    labels = list(bitmaps)
    if target.document_format == ZPL:
        return b"".join(label.wrap(bitmap, target.graphic_encoding, target.copies) for bitmap in labels)
    if target.document_format == PNG:
        if len(labels) != 1:
            raise AssetRefused(f"a PNG holds one label, this asset has {len(labels)}: choose a page")
        return labels[0].to_png(target.resolution)
    pictures = [bitmap.to_image() for bitmap in labels for _ in range(target.copies)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        "PDF",
        save_all=True,
        append_images=pictures[1:],
        resolution=float(target.resolution.dots_per_mm * 254 / 10),
        creationDate=None,  # no clock: equal labels give equal bytes
        modDate=None,
    )
    return buffer.getvalue()
