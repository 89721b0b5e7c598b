"""PDF pages in grey: PDFium in this process, poppler when PDFium cannot load what poppler can.

PDFium is not thread-safe, so one lock guards it; several labels at once need several
processes. Hostile files can crash it or run for minutes: callers isolate it.
"""

import io
import math
import os
import re
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pdf2image
import pypdfium2 as pdfium  # ships no annotations
import pypdfium2.raw as raw
from numpy.typing import NDArray
from pdf2image import exceptions as poppler

from .bitmap import MAX_DOTS
from .embedded import page_pixels, whole_dots
from .errors import AssetRefused, DocumentEncrypted
from .image import RasterSheet, check_size, ink_box
from .media import Resolution
from .placement import Box, Placement, Size
from .symbols.regions import Window

MAX_PAGES = 100
#: Letters of a page that are looked at.
_MOST_TEXT = 20_000
_HMM_PER_POINT = 2540 / 72
#: The ink box is measured at 8 pixels/mm, less on pages beyond A3.
_INK_PIXELS = 8_000_000
#: Poppler draws a label in tens of milliseconds, and runs for ever on some damaged ones. Less than the render
#: processes' own limit for a page, so that such a document is refused, or the first engine's picture kept.
_POPPLER_SECONDS = 8
_POPPLER_ERRORS = (
    OSError,
    ValueError,
    poppler.PopplerNotInstalledError,
    poppler.PDFPageCountError,
    poppler.PDFSyntaxError,
    poppler.PDFPopplerTimeoutError,
)
_USER_UNIT = re.compile(rb"/UserUnit\s+([0-9]*\.?[0-9]+)")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b.{0,999}?stream\r?\n", re.DOTALL)
#: Page dictionaries are looked for in so many bytes of each object stream, and of all unpacked.
_MOST_PACKED, _MOST_OBJECTS = 1_000_000, 16_000_000
_LOCK = threading.RLock()  # one thread may have several pages open


@dataclass(frozen=True, slots=True)
class PdfiumSheet:
    """Page `number` of `data`, open in PDFium; valid inside `open_page` only.

    `unit` is the page's UserUnit, `pixels` its size in those of the picture that it consists of, if it does.
    """

    data: bytes
    number: int
    page: Any
    unit: float
    pixels: tuple[float, float] | None
    engine: str = "pdfium"
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm, of CropBox within MediaBox, turned by Rotate."""
        width, height = self.page.get_size()
        return width * self.unit * _HMM_PER_POINT, height * self.unit * _HMM_PER_POINT

    def ink_box(self) -> Box | None:
        """The box around everything that is not white, in 1/100 mm; None for an empty page."""
        width, height = self.size
        per_mm = min(8.0, math.sqrt(_INK_PIXELS / (width * height / 10_000)))
        across, down = math.ceil(width / 100 * per_mm), math.ceil(height / 100 * per_mm)
        grey = self._render((across, down), (across, down), (0, 0), 0)
        return ink_box(grey, (across * 100 / width, down * 100 / height))

    def draw(
        self, placement: Placement, resolution: Resolution, window: Window, fineness: float = 1.0
    ) -> NDArray[np.uint8]:
        """What of the page lies in a window of the stock; see `sheet.Sheet`.

        The page becomes a whole number of dots, rounded down like the stock itself: a 4x6 inch page is
        812 x 1219 dots at 203 dpi. Then bars keep their edges and pictures of that size their dots; with
        PDFium's exact matrix both grow and blur (tried). A page that is one picture of about that size becomes
        as many dots as the picture has pixels: 812 x 1218 on 4x6 inch are copied dot by dot.
        """
        scale = float(resolution.dots_per_point) * self.unit * placement.scale
        sides = [side * scale for side in self.page.get_size()]
        copied = whole_dots(sides, self.pixels) if self.pixels else None
        dots = copied or [math.floor(side + 0.01) for side in sides]
        fine = [max(1, round(side * fineness)) for side in dots]
        if placement.rotation in (90, 270):
            fine.reverse()
        left, top, right, bottom = window
        return self._render(
            (round((right - left) * fineness), round((bottom - top) * fineness)),
            (fine[0], fine[1]),
            (round((placement.x - left) * fineness), round((placement.y - top) * fineness)),
            placement.rotation,
            raw.FPDF_RENDER_NO_SMOOTHIMAGE if copied else 0,
        )

    def second_opinion(self) -> "PopplerSheet | None":
        """The same page as poppler draws it, None where poppler cannot read it."""
        why = AssetRefused("barcodes are missing from PDFium's picture")
        try:
            return _poppler_sheet(self.data, self.number, why, "drawn by poppler: PDFium lost a barcode")
        except AssetRefused:
            return None

    def _render(
        self, paper: tuple[int, int], page: tuple[int, int], corner: tuple[int, int], rotation: int, how: int = 0
    ) -> NDArray[np.uint8]:
        width, height = paper
        if width * height > MAX_DOTS:
            raise AssetRefused(f"the page would become {width}x{height} dots: too many")
        grey = np.full((height, -(-width // 4) * 4), 255, np.uint8)  # PDFium's rows are whole words
        bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_Gray, grey.ctypes.data, grey.shape[1])
        if not bitmap:
            raise AssetRefused(f"the page cannot be drawn in {width}x{height} dots")
        try:
            # what is marked for print, not for screens (ISO 32000-1 12.5.3, 8.11.4.4); the bitmap makes it grey:
            # FPDF_GRAYSCALE would turn whole pictures grey first, at several times the cost
            flags = raw.FPDF_ANNOT | raw.FPDF_PRINTING | how
            raw.FPDF_RenderPageBitmap(bitmap, self.page, *corner, *page, rotation // 90, flags)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return grey[:, :width]


@dataclass(frozen=True, slots=True)
class PopplerSheet:
    """One page as poppler draws it; rasterised whole, once for each resolution asked for.

    `size` is in 1/100 mm and has the page's UserUnit in it, which poppler ignores.
    """

    data: bytes
    number: int
    size: Size
    unit: float
    notes: tuple[str, ...]
    engine: str = "poppler"
    drawn: dict[float, RasterSheet] = field(default_factory=dict)

    def ink_box(self) -> Box | None:
        """The box around everything that is not white, in 1/100 mm; None for an empty page."""
        return self._raster(8.0).ink_box()

    def draw(
        self, placement: Placement, resolution: Resolution, window: Window, fineness: float = 1.0
    ) -> NDArray[np.uint8]:
        """What of the page lies in a window of the stock; see `sheet.Sheet`."""
        raster = self._raster(float(resolution.dots_per_mm) * placement.scale * fineness)
        return raster.draw(placement, resolution, window, fineness)

    def second_opinion(self) -> None:
        """There is no third."""

    def _raster(self, per_mm: float) -> RasterSheet:
        if self.size[0] * self.size[1] / 10_000 * per_mm**2 > MAX_DOTS:
            raise AssetRefused("the page would become too many dots")
        if per_mm not in self.drawn:
            self.drawn[per_mm] = self._rasterised(per_mm)
        return self.drawn[per_mm]

    def _rasterised(self, per_mm: float) -> RasterSheet:
        try:
            with _in_memory(self.data) as path:
                pages = pdf2image.convert_from_path(
                    path,
                    dpi=per_mm * 25.4 * self.unit,  # type: ignore[arg-type]  # pdftoppm -r takes a fraction
                    first_page=self.number,
                    last_page=self.number,
                    grayscale=True,
                    use_cropbox=True,
                    timeout=_POPPLER_SECONDS,
                )
        except poppler.PDFPopplerTimeoutError as exc:
            raise AssetRefused(f"the PDF is damaged: poppler did not draw it within {_POPPLER_SECONDS} s") from exc
        except _POPPLER_ERRORS as exc:
            raise AssetRefused(f"the PDF is damaged: poppler says {_first_line(exc)}") from exc
        if not pages:
            raise AssetRefused(f"the PDF is damaged: page {self.number} cannot be drawn")
        return RasterSheet(np.asarray(pages[0].convert("L")), (per_mm, per_mm), engine="poppler")


def page_count(data: bytes, most: int = MAX_PAGES) -> int:
    """Number of pages.

    Raises:
        DocumentEncrypted: it needs a password.
        AssetRefused: damaged, cut off, or more than `most`.
    """
    with _LOCK:
        try:
            with closing(_load(data)) as document:
                count = len(document)
        except pdfium.PdfiumError as exc:
            count = _poppler_info(data, exc)["Pages"]
    if not 1 <= count <= most:
        raise AssetRefused(f"the PDF has {count} pages; 1 to {most} are possible")
    return int(count)


def text_of(data: bytes, number: int) -> str:
    """The text of page `number` (from 1) as far as it has any that can be read; of a scan that is none.

    Raises:
        AssetRefused: as `open_page` does.
    """
    with open_page(data, number) as sheet:
        if not isinstance(sheet, PdfiumSheet):
            return ""
        with closing(sheet.page.get_textpage()) as text:
            return str(text.get_text_range(0, min(text.count_chars(), _MOST_TEXT)))


def carve(data: bytes, numbers: Sequence[int]) -> bytes:
    """A file of some pages (from 1) alone, with what they need and nothing of the others.

    Raises:
        DocumentEncrypted: it needs a password.
        AssetRefused: damaged, or of a kind that cannot be parted.
    """
    with _LOCK:
        try:
            with closing(_load(data)) as document, closing(pdfium.PdfDocument.new()) as alone:
                for number in numbers:
                    _load_page(document, number).close()  # fields become content: forms are not carved
                alone.import_pages(document, [number - 1 for number in numbers])
                out = io.BytesIO()
                alone.save(out)
        except (pdfium.PdfiumError, IndexError) as exc:
            pages = ", ".join(map(str, numbers))
            raise AssetRefused(f"page {pages} cannot be taken out of the PDF: {_first_line(exc)}") from exc
    return out.getvalue()


@contextmanager
def open_page(data: bytes, number: int) -> Iterator[PdfiumSheet | PopplerSheet]:
    """Page `number` (from 1), with its annotations and filled-in form fields.

    Raises:
        DocumentEncrypted: it needs a password.
        AssetRefused: damaged, cut off, no such page, or a page beyond 2 m.
    """
    with _LOCK:
        try:
            document = _load(data)
        except pdfium.PdfiumError as exc:
            yield _poppler_sheet(data, number, exc)
            return
        with closing(document):
            if not 1 <= number <= len(document):
                raise AssetRefused(f"the PDF has {len(document)} pages, there is no page {number}")
            try:
                page = _load_page(document, number)
            except pdfium.PdfiumError as exc:
                yield _poppler_sheet(data, number, exc)
                return
            with closing(page):
                sheet = PdfiumSheet(data, number, page, _user_unit(data, len(document)), page_pixels(page))
                check_size(sheet.size)
                yield sheet


def _load(data: bytes) -> Any:
    # PDFium repairs a file cut short and draws what is left: half a label must not print.
    if b"%%EOF" not in data.rstrip(b"\0 \t\r\n")[-1024:]:
        raise AssetRefused(f"the PDF is cut off: its end mark (%%EOF) is missing after {len(data)} bytes")
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as exc:
        if exc.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise DocumentEncrypted("the PDF needs a password: ask for the label without one") from exc
        raise


def _load_page(document: Any, number: int) -> Any:
    kind = document.get_formtype()
    if kind == raw.FORMTYPE_XFA_FULL:
        # its page says "please wait", and that would print
        raise AssetRefused("the PDF is an XFA form, which only Adobe's programs draw: get the label as a plain PDF")
    if kind == raw.FORMTYPE_NONE:
        return document[number - 1]
    # Make the fields page content: one drawing call then draws all.
    document.init_forms()
    page = document[number - 1]
    with closing(page):
        page.flatten(raw.FLAT_PRINT)
    return document[number - 1]


def _user_unit(data: bytes, pages: int) -> float:
    """The UserUnit of all pages (ISO 32000-1 table 30), which PDFium and poppler ignore.

    Seen where page dictionaries stand in the file as they are or in object streams, not in encrypted ones.
    """
    found = [float(match) for text in (data, *_object_streams(data)) for match in _USER_UNIT.findall(text)]
    units = set(found)
    if units <= {1.0}:
        return 1.0
    if len(units) == 1 and (pages == 1 or len(found) >= pages):
        return units.pop()
    raise AssetRefused("the PDF's pages have different UserUnit scales, which is not supported")


def _object_streams(data: bytes) -> Iterator[bytes]:
    """What object streams hold (ISO 32000-1 7.5.7), where they are deflated as all writers do."""
    left = _MOST_OBJECTS
    for match in _OBJECT_STREAM.finditer(data):
        try:
            packed = memoryview(data)[match.end() : match.end() + _MOST_PACKED]
            objects = zlib.decompressobj().decompress(packed, left)
        except zlib.error:
            continue
        yield objects
        left -= len(objects)
        if left <= 0:  # zlib takes 0 for no limit
            return


def _poppler_sheet(
    data: bytes, number: int, why: Exception, note: str = "drawn by poppler: PDFium could not load the PDF"
) -> PopplerSheet:
    info = _poppler_info(data, why, number)
    match = re.match(r"([\d.]+) x ([\d.]+)", str(info.get(f"Page {number:>4} size", info.get("Page size", ""))))
    if match is None:
        raise AssetRefused(f"the PDF is damaged: page {number} cannot be read") from why
    unit = _user_unit(data, int(info["Pages"]))
    width, height = (float(side) * unit * _HMM_PER_POINT for side in match.groups())
    if str(info.get(f"Page {number:>4} rot", info.get("Page rot", "0"))) in ("90", "270"):
        width, height = height, width
    check_size((width, height))
    return PopplerSheet(data, number, (width, height), unit, (note,))


def _poppler_info(data: bytes, why: Exception, number: int | None = None) -> dict[str, Any]:
    try:
        with _in_memory(data) as path:
            info = pdf2image.pdfinfo_from_path(
                path, timeout=_POPPLER_SECONDS, first_page=number or 1, last_page=number or 1
            )
    except _POPPLER_ERRORS as exc:
        raise AssetRefused(f"the PDF is damaged: {_first_line(why)}") from exc
    return dict(info)


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A path under which poppler finds `data`: it reads files only, and a confined process may write none."""
    with os.fdopen(os.memfd_create("label.pdf"), "wb") as memory:
        memory.write(data)
        memory.flush()
        yield f"/proc/{os.getpid()}/fd/{memory.fileno()}"


def _first_line(exc: Exception) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0][:200]
