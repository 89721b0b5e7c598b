"""What a document is, and what printing would make of it: for people who want to know before they print."""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import symbols
from .artwork import BlankPage, PageArtwork, Target
from .asset import PNG, ZPL, Asset
from .convert import convert_page
from .errors import AssetRefused, RenderError
from .media import Resolution
from .placement import Box, Size
from .plan import affordable, look
from .sheet import open_sheet, page_count
from .symbols import Verdict
from .zpl import allowlist, label, lexer, lint
from .zpl.design import Design, design_resolution
from .zpl.findings import Finding
from .zpl.interpreter import interpret

#: How finely a page is shown to people.
_SHOWN = Resolution(150)


@dataclass(frozen=True, slots=True)
class PageInspection:
    """One page: its size and its ink in 1/100 mm, the labels it gives, and why it gives none.

    `size` and `ink` are None for ZPL, which has no page. `unrepaired` are the labels without the repair that the
    target asks for; empty where it asks for none.
    """

    number: int
    size: Size | None
    ink: Box | None
    labels: tuple[PageArtwork, ...]
    unrepaired: tuple[PageArtwork, ...] = ()
    error: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class ZplInspection:
    """ZPL: how many labels it prints (None: only the printer knows), the resolution it is made for, its commands,
    those refused, and the lint."""

    labels: int | None
    design_dpi: int | None
    because: str
    commands: dict[str, int]
    refused: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a document is."""

    document_format: str
    size: int
    pages: tuple[PageInspection, ...]
    zpl: ZplInspection | None = None

    @property
    def exit_code(self) -> int:
        """What `labeld convert` would return for it: the first page's that is not 0."""
        if self.pages and not any(page.labels for page in self.pages):
            return self.pages[0].exit_code or AssetRefused.exit_code
        return next((page.exit_code for page in self.pages if page.exit_code), 0)


def inspect(asset: Asset, target: Target) -> Inspection:
    """Look at every page, or at `target.pages`, as `convert` would treat it; what fails is said, page by page.

    Raises:
        AssetRefused: the document cannot be opened at all.
    """
    numbers = target.pages or range(1, page_count(asset) + 1)
    pages = tuple(_page(asset, number, target, alone=len(numbers) == 1) for number in numbers)
    zpl = _zpl(asset, target)
    if zpl is not None:
        pages = tuple(_unrepeated(page, asset.data, zpl) for page in pages)
    return Inspection(asset.document_format, len(asset.data), pages, zpl)


def as_json(inspection: Inspection, target: Target) -> dict[str, Any]:
    """The inspection as plain values: sizes in mm, positions in dots of the stock."""
    return {
        "document_format": inspection.document_format,
        "bytes": inspection.size,
        "media": target.media.name,
        "dpi": target.resolution.dpi,
        "pages": [_page_json(page) for page in inspection.pages],
        "zpl": None if inspection.zpl is None else asdict(inspection.zpl),
    }


def page_picture(asset: Asset, page: PageInspection, target: Target) -> tuple[NDArray[np.uint8], float]:
    """The whole page in grey, upright, and its pixels per mm.

    Raises:
        AssetRefused: ZPL, or damaged.
    """
    with open_sheet(asset, page.number, target.media) as sheet:
        shown = affordable(sheet, _SHOWN)
        return look(sheet, shown), float(shown.dots_per_mm)


def _page(asset: Asset, number: int, target: Target, *, alone: bool) -> PageInspection:
    if asset.document_format == ZPL:
        return _zpl_page(asset, number, target)
    size, ink = None, None
    before: tuple[PageArtwork, ...] = ()
    try:
        with open_sheet(asset, number, target.media) as sheet:
            size, ink = sheet.size, sheet.ink_box()
        labels = _labels(asset, number, target)
        if target.repair:
            before = _labels(asset, number, replace(target, repair=False))
    except BlankPage as error:
        return PageInspection(number, size, ink, (), error=str(error), exit_code=error.exit_code if alone else 0)
    except RenderError as error:
        return PageInspection(number, size, ink, (), error=str(error), exit_code=error.exit_code)
    lost = any(one.lost for one in labels)
    return PageInspection(number, size, ink, labels, before, exit_code=3 if lost else 0)


def _zpl_page(asset: Asset, number: int, target: Target) -> PageInspection:
    """Each label of the ZPL as it prints, also where a printer would not get it; the first says what is said of all."""
    error, exit_code = "", 0
    said: tuple[str, ...] = ()
    try:
        (sent,) = convert_page(asset, number, replace(target, document_format=ZPL, verify=True), hold=False)
        said, exit_code = sent.notes, 3 if sent.lost else 0
    except RenderError as refusal:
        error, exit_code = str(refusal), refusal.exit_code
    try:
        drawn = _labels(asset, number, replace(target, document_format=PNG))
    except RenderError as refusal:
        return PageInspection(
            number, None, None, (), error=error or str(refusal), exit_code=exit_code or refusal.exit_code
        )
    first = replace(drawn[0], notes=tuple(dict.fromkeys((*said, *drawn[0].notes))))
    return PageInspection(number, None, None, (first, *drawn[1:]), error=error, exit_code=exit_code)


def _unrepeated(page: PageInspection, zpl: bytes, found: ZplInspection) -> PageInspection:
    """The page without the notes that say what the findings on the ZPL, or the page's error, say already."""
    told = {finding.message for finding in found.findings}
    reasons = (verdict.reason for verdict in allowlist.judged(lexer.lex(zpl)) if verdict.reason)
    told |= set(islice(reasons, lint.MAX_FINDINGS))
    told |= {page.error} - {""}
    labels = tuple(
        replace(label, notes=tuple(note for note in label.notes if not any(words in note for words in told)))
        for label in page.labels
    )
    return replace(page, labels=labels)


def _labels(asset: Asset, number: int, target: Target) -> tuple[PageArtwork, ...]:
    return tuple(_measured(one) for one in convert_page(asset, number, replace(target, verify=False)))


def _measured(page: PageArtwork) -> PageArtwork:
    """The label with the quality of every barcode, matrix symbols too."""
    if page.bitmap is None:
        return page
    bits = page.bitmap.bits()
    verdicts = (
        one if one.quality else replace(one, quality=symbols.measure(bits, one.symbol)) for one in page.verdicts
    )
    return replace(page, verdicts=tuple(verdicts))


def _zpl(asset: Asset, target: Target) -> ZplInspection | None:
    if asset.document_format != ZPL:
        return None
    commands = lexer.lex(asset.data)
    if target.design_dpi:
        design = Design(Resolution(target.design_dpi), "as stated")
    else:
        design = design_resolution(commands, target.media, target.resolution)
    return ZplInspection(
        labels=_count(asset.data),
        design_dpi=design.resolution.dpi if design.told else None,
        because=design.because,
        commands=dict(Counter(command.name for command in commands if command.name).most_common()),
        refused=tuple(f"{command.name} at byte {command.start}" for command in allowlist.refused(commands)),
        findings=_lint(asset.data, commands, target, design.resolution),
    )


def _count(zpl: bytes) -> int | None:
    try:
        return label.labels_in(zpl)
    except AssetRefused:
        return None  # the page says why


def _lint(zpl: bytes, commands: tuple[lexer.Command, ...], target: Target, design: Resolution) -> tuple[Finding, ...]:
    """What there is to say of the ZPL: of its commands, and of what became of them on the stock."""
    try:
        drawn = interpret(commands, target.size, design, target.resolution)
    except AssetRefused:
        drawn = []  # the page says so
    said = dict.fromkeys(finding for one in drawn for finding in one.findings)
    missing = {finding.start for one in drawn for finding in one.missing}
    uses = {command.start: f"{command.name} uses " for command in commands if command.start in missing}
    return tuple(  # what is known to be missing need not be warned of
        finding
        for finding in lint.lint(zpl, commands, said, design)
        if finding.severity != "warning" or not finding.message.startswith(uses.get(finding.start, "\n"))
    )


def _page_json(page: PageInspection) -> dict[str, Any]:
    return {
        "page": page.number,
        "size_mm": None if page.size is None else [round(side / 100, 1) for side in page.size],
        "ink_mm": None if page.ink is None else [round(side / 100, 1) for side in page.ink],
        "error": page.error or None,
        "labels": [_label_json(one) for one in page.labels],
    }


def _label_json(page: PageArtwork) -> dict[str, Any]:
    placed = page.placement
    return {
        "label": page.name,
        "drawn_by": page.engine,
        "placement": None
        if placed is None
        else {
            "rotation": placed.rotation,
            "scale": round(placed.scale, 4),
            "x": placed.x,
            "y": placed.y,
            "shown_mm": [round(side / 100, 1) for side in placed.clip],
            "because": placed.because,
        },
        "size": None if page.bitmap is None else [page.bitmap.width, page.bitmap.height],
        "symbols": [_symbol_json(verdict) for verdict in page.verdicts],
        "notes": notes_of(page),
    }


def notes_of(page: PageArtwork) -> list[str]:
    """What there is to say of a label beside its placement."""
    return [note for note in page.notes if page.placement is None or note != page.placement.because]


def _symbol_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "format": verdict.symbol.format,
        "text": verdict.symbol.text,
        "position": list(verdict.symbol.position),
        "orientation": verdict.symbol.orientation,
        "status": verdict.status,
        "sampler": verdict.sampler or None,
        "repaired": verdict.repaired or None,
        "quality": None if verdict.quality is None else asdict(verdict.quality),
    }
