"""What is wanted of a label and what becomes of it: the values that go in and out of `convert`."""

from dataclasses import dataclass, field
from typing import Literal

from .asset import EPL, PDF, PNG, TSPL, ZPL
from .bitmap import MAX_DOTS, Bitmap
from .errors import AssetRefused, DoesNotFit
from .media import Media, Resolution
from .placement import Placement, Scaling
from .symbols import Symbol, Verdict
from .zpl.allowlist import Policy
from .zpl.graphic_field import Encoding
from .zpl.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the label is for: stock, head and wire format, and how far rendering may go.

    Attributes:
        document_format: `application/vnd.zebra-zpl`, `application/vnd.tsc-tspl`, `application/vnd.eltron-epl`,
            `application/pdf` or `image/png`.
        printable_width: what the head reaches, in 1/100 mm, where that is less than the stock's width.
        scaling: see `placement.place`.
        design_dpi: the resolution that ZPL input was made for; None: it is inferred.
        copies: labels per page; as repeated pages in PDF, not in PNG.
        verify: raise `SymbolLost`; otherwise the notes say what is wrong.
        zpl_policy: whether ZPL with commands that labels may not use is refused, or loses them.
        repair: redraw bars of linear barcodes on whole dots where they are not (see `symbols.repair`).
        pages: those wanted, from 1; empty: all.
        tracking_number: must be in a barcode of the document, unless it is ZPL that cannot be drawn.
    """

    media: Media
    resolution: Resolution
    document_format: str = ZPL
    graphic_encoding: Encoding = "z64"
    printable_width: int | None = None
    scaling: Scaling = "auto"
    rotation: Literal["auto", 0, 90, 180, 270] = "auto"
    design_dpi: int | None = None
    copies: int = 1
    verify: bool = True
    repair: bool = False
    zpl_policy: Policy = "refuse"
    pages: tuple[int, ...] = ()
    tracking_number: str | None = None

    def __post_init__(self) -> None:
        if self.document_format not in (ZPL, TSPL, EPL, PDF, PNG):
            raise AssetRefused(f"labels are written as ZPL, TSPL, EPL, PDF or PNG, not {self.document_format}")
        if self.copies < 1:
            raise ValueError(f"{self.copies} copies")
        width, height = self.size
        if width * height > MAX_DOTS:
            raise DoesNotFit(f"{self.media.short} at {self.resolution.dpi} dpi is {width}x{height} dots: too many")

    @property
    def paper(self) -> Media:
        """The stock as far as the head reaches."""
        return self.media.narrowed(self.printable_width)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `paper` in dots."""
        return self.resolution.size(self.paper)


@dataclass(frozen=True, slots=True)
class PageArtwork:
    """One label as it will print.

    Attributes:
        number: its page in the asset, from 1.
        data: it alone, in the target's format.
        bitmap: the exact dots; for ZPL passed through, our drawing of its first label, None if incomplete.
        placement: None for ZPL passed through.
        verdicts: what became of each barcode of the source.
        engine: who drew it: `pdfium`, `poppler`, `pillow` or `zpl`.
        notes: what a technician should know, one line each.
        part: which of the labels on its page this is, from 1; 0 where the page is one label.
        scene: ZPL's own shapes, of which a PDF is made; None for others.
        copies: how many the document itself asks for (`^PQ`).
    """

    number: int
    data: bytes
    bitmap: Bitmap | None
    placement: Placement | None
    verdicts: tuple[Verdict, ...]
    engine: str
    notes: tuple[str, ...]
    part: int = 0
    scene: Scene | None = None
    copies: int = 1

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The barcodes that scan from `bitmap`, positions in its dots."""
        return tuple(verdict.symbol for verdict in self.verdicts if verdict.status == "scans")

    @property
    def lost(self) -> tuple[Symbol, ...]:
        """The barcodes of the source that do not scan from `bitmap`."""
        return tuple(verdict.symbol for verdict in self.verdicts if verdict.status == "lost")

    @property
    def name(self) -> str:
        """The page, and which label of it: `3`, or `3-2` for the second label on page 3."""
        return f"{self.number}-{self.part}" if self.part else str(self.number)


@dataclass(frozen=True, slots=True)
class Artwork:
    """All labels: the payload, its format, how many labels it prints, and each for itself."""

    data: bytes
    document_format: str
    labels: int
    pages: tuple[PageArtwork, ...]
    notes: tuple[str, ...] = field(default=())


class BlankPage(AssetRefused):
    """A page without ink: nothing to print."""
