"""The one public door: an asset and a target give an artwork, label by label or whole.

Pure: bytes in, bytes out. PDFium may crash or hang on hostile files, so the daemon calls this in worker
processes with limits.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from . import symbols
from .artwork import Artwork, BlankPage, PageArtwork, Target
from .asset import PDF, PNG, ZPL, Asset
from .bitmap import Bitmap
from .errors import AssetRefused, SymbolLost, one_line
from .placement import Placement
from .plan import place_labels
from .proof import Proof, prove
from .sheet import Sheet, open_sheet, page_count
from .symbols import Symbol
from .write import LANGUAGES, write
from .zpl import conversion, label, vector

__all__ = ["Artwork", "BlankPage", "PageArtwork", "Target", "convert", "convert_page", "fault", "page_count"]


def convert(asset: Asset, target: Target, on_page: Callable[[int], None] | None = None) -> Artwork:
    """Convert all pages, or `target.pages` alone, into one payload; blank pages among others are skipped.

    The tracking number may be on any page, for a packing slip has barcodes of its own. `on_page` is called with
    the number of each page before it is begun.

    Raises:
        RenderError: the first page that fails, see `convert_page`; or a PNG is wanted of several labels.
    """
    numbers = target.pages or range(1, page_count(asset) + 1)
    pages: list[PageArtwork] = []
    notes: list[str] = []
    for number in numbers:
        if on_page is not None:
            on_page(number)
        try:
            pages.extend(_scanning(asset, number, target))
        except BlankPage:
            if len(numbers) == 1:
                raise
            notes.append(f"page {number} is blank and was skipped")
    if not pages:
        raise BlankPage(f"all {len(numbers)} pages are blank")
    notes.extend(_of_the_parcel(pages, target))
    if len(pages) == 1:
        data = pages[0].data
    elif target.document_format == ZPL or target.document_format in LANGUAGES:
        data = b"".join(page.data for page in pages)
    else:
        data = join(pages, target)
    for page in pages:
        prefix = f"page {page.name}: " if len(pages) > 1 or len(numbers) > 1 else ""
        notes.extend(prefix + note for note in page.notes)
    return Artwork(data, target.document_format, _labels(data, pages, target), tuple(pages), tuple(notes))


def convert_page(asset: Asset, number: int, target: Target, *, hold: bool = True) -> tuple[PageArtwork, ...]:
    """Convert page `number` (from 1): find its labels, place and draw each, and read its barcodes from the dots.

    Without `hold` labels whose barcodes do not scan are given too, and their notes say so, whatever
    `target.verify` asks else.

    Raises:
        BlankPage: nothing on it.
        AssetRefused: damaged, encrypted, refused commands, or ZPL that cannot be drawn where it must be.
        DoesNotFit: larger than the stock where scaling is not allowed, ZPL of another resolution too, or a field
            of verified ZPL lies beside the stock.
        SymbolLost: a barcode does not survive, or none carries the tracking number; `.artwork` is the label.
    """
    pages = _scanning(asset, number, target, hold=hold)
    of_all = _of_the_parcel(pages, target, hold=hold)
    return tuple(replace(page, notes=(*page.notes, *of_all)) for page in pages)


def _scanning(asset: Asset, number: int, target: Target, *, hold: bool = True) -> tuple[PageArtwork, ...]:
    """The labels of a page, where every barcode of the source scans; see `convert_page`."""
    if asset.document_format == ZPL:
        if number != 1:
            raise AssetRefused(f"ZPL is one page, there is no page {number}")
        return tuple(_checked(page, target, hold=hold) for page in conversion.convert(asset, target, _write))
    with open_sheet(asset, number, target.media) as sheet:
        placed = place_labels(sheet, number, target)
        if len(placed) == 1:
            return (_checked(_drawn(sheet, number, 0, placed[0], target), target, hold=hold),)
        labels = []
        for part, one in enumerate(placed, 1):
            with suppress(BlankPage):  # too faint to print
                labels.append(_checked(_drawn(sheet, number, part, one, target), target, hold=hold))
    if not labels:
        raise BlankPage(f"page {number} is blank")
    return tuple(labels)


def _checked(page: PageArtwork, target: Target, *, hold: bool) -> PageArtwork:
    because = fault(page, target)
    if because and target.verify and hold:
        raise _held(page, because)
    return replace(page, notes=(*page.notes, because)) if because else page


def fault(page: PageArtwork, target: Target) -> str:
    """Which barcodes of a label do not scan, in words; empty where all do."""
    if not page.lost:
        return ""
    listed = ", ".join(f"{symbol.format} {symbol.text[:40]!r}" for symbol in page.lost)
    return f"{len(page.lost)} barcode(s) do not scan from the dots at {target.resolution.dpi} dpi: {listed}"


def _of_the_parcel(pages: Sequence[PageArtwork], target: Target, *, hold: bool = True) -> tuple[str, ...]:
    """Notes on whether the barcodes of all pages together are this parcel's; of several labels on a page, each must be.

    Raises:
        SymbolLost: none carries the tracking number, or one of several on a page does not; `.artwork` is that label.
    """
    incomplete = any(page.bitmap is None for page in pages)  # ZPL, whose own note says so
    number = target.tracking_number
    found = [symbol for page in pages for symbol in (*page.symbols, *page.lost)]
    if incomplete and not found:
        return ()
    if number is None:
        return () if found else ("nothing to verify: no barcode on the label",)
    of_it = [page for page in pages if symbols.matches_tracking(page.symbols, number)]
    names = {page.name for page in of_it}
    # the labels of one ZPL document are a parcel's, as the pages of a PDF are
    sheets = {page.number for page in of_it if page.part and page.engine != "zpl"}
    strangers = [page for page in pages if page.number in sheets and page.name not in names]
    if strangers:
        texts = one_line(", ".join(symbol.text[:40] for symbol in strangers[0].symbols)) or "nothing"
        because = f"of several labels on a page, label {strangers[0].name} says {texts}, not tracking number {number}"
    elif of_it:
        return tuple(
            f"page {page.name} says {one_line(symbol.text[:40])}, not tracking number {number}"
            for page in pages
            for symbol in page.symbols
            if page.name not in names and any(_alike(symbol, other) for mine in of_it for other in mine.symbols)
        )
    elif found:
        texts = one_line(", ".join(symbol.text[:40] for symbol in found))
        because = f"the label's barcodes say {texts}, not tracking number {number}"
    else:
        because = f"no barcode was found, tracking number {number} should be in one"
    if target.verify and hold:
        raise _held(strangers[0] if strangers else pages[0], because)
    return (because,)


def _alike(one: Symbol, other: Symbol) -> bool:
    """Whether two barcodes may be tracking numbers of the same carrier."""
    return one.format == other.format and len(one.text) == len(other.text)


def _held(page: PageArtwork, because: str) -> SymbolLost:
    error = SymbolLost(because)
    error.artwork = replace(page, notes=(*page.notes, because))
    return error


def _drawn(sheet: Sheet, number: int, part: int, placed: Placement, target: Target) -> PageArtwork:
    """One label, drawn by whoever loses none of its barcodes."""
    proof = prove(sheet, placed, target.resolution, target.size, repair=target.repair)
    if proof.bitmap.ink_box() is None:
        raise BlankPage(f"page {number} is blank" if number > 1 else "the page is blank")
    by = sheet
    if proof.lost or (target.tracking_number and not proof.verdicts):
        by, proof = _better(sheet, proof, placed, target)
    notes = [*by.notes, *proof.notes]
    if placed.scale != 1.0 or placed.rotation or part:
        notes.append(placed.because)
    data = _write([proof.bitmap], target)
    return PageArtwork(number, data, proof.bitmap, placed, proof.verdicts, by.engine, tuple(notes), part)


def _better(sheet: Sheet, proof: Proof, placed: Placement, target: Target) -> tuple[Sheet, Proof]:
    """The second opinion where it shows barcodes that the first one lost or does not have."""
    second = sheet.second_opinion()
    if second is None:
        return sheet, proof
    try:
        other = prove(second, placed, target.resolution, target.size, repair=target.repair)
    except AssetRefused:
        return sheet, proof
    expected = [verdict.symbol for verdict in proof.verdicts]
    scanning = [verdict.symbol for verdict in other.verdicts if verdict.status == "scans"]
    still_lost = len(symbols.lost(expected, scanning))
    better = still_lost == 0 < proof.lost or (not expected and scanning)
    return (second, other) if better and not other.lost else (sheet, proof)


def join(pages: Sequence[PageArtwork], target: Target) -> bytes:
    """The labels of a document in one file of the target's format.

    Raises:
        AssetRefused: a PNG is wanted of several.
    """
    scenes = [page.scene for page in pages for _ in range(page.copies) if page.scene]
    if scenes and target.document_format == PDF:
        return vector.to_pdf(scenes, target.resolution, target.copies)
    return _write([page.bitmap for page in pages if page.bitmap], target)


def _labels(data: bytes, pages: Sequence[PageArtwork], target: Target) -> int:
    """How many labels `data` prints."""
    if target.document_format == ZPL:
        return label.labels_in(data)
    return len(pages) if target.document_format == PNG else sum(page.copies for page in pages) * target.copies


def _write(bitmaps: Iterable[Bitmap], target: Target) -> bytes:
    """Dots in the target's format."""
    return write(list(bitmaps), target.document_format, target.resolution, target.graphic_encoding, target.copies)
