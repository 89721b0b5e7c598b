"""A picture of what happens to a page: the page with what is taken of it, and each label in its dots."""

import io
from collections.abc import Iterator

from PIL import Image, ImageDraw

from .artwork import PageArtwork, Target
from .asset import ZPL, Asset
from .inspection import Inspection, PageInspection, page_picture
from .symbols import Verdict

_GAP, _CAPTION = 24, 34
_COLOURS = {"scans": (0, 130, 60), "lost": (205, 0, 0), "unverified": (210, 120, 0)}
_TAKEN, _LINE = (30, 90, 220), 3


def overview(asset: Asset, inspection: Inspection, target: Target) -> list[bytes]:
    """A PNG for each page of the inspection: the page at the left, its labels beside it.

    What is taken of the page is framed in blue and the rest greyed; barcodes are framed in green where they scan
    from the dots, in red where they are lost, in orange where the source cannot be read either.

    Raises:
        AssetRefused: the page cannot be drawn again.
    """
    return [_png(list(_tiles(asset, page, target))) for page in inspection.pages]


def _tiles(asset: Asset, page: PageInspection, target: Target) -> Iterator[tuple[str, Image.Image]]:
    if asset.document_format != ZPL and page.size is not None:
        grey, per_mm = page_picture(asset, page, target)
        yield f"page {page.number}", _taken(Image.fromarray(grey).convert("RGB"), page, per_mm / 100)
    for labels, how in ((page.unrepaired, " before repair"), (page.labels, "")):
        for label in labels:
            if label.bitmap is not None:
                yield f"label {label.name}{how}, {target.media.short} at {target.resolution.dpi} dpi", _dots(label)
    if page.error:
        yield page.error[:100], Image.new("RGB", (400, 60), "white")


def _taken(picture: Image.Image, page: PageInspection, unit: float) -> Image.Image:
    """The page, faint but for what is taken of it."""
    faint = Image.blend(picture, Image.new("RGB", picture.size, (200, 200, 200)), 0.6)
    boxes = [label.placement.clip for label in page.labels if label.placement is not None]
    for box in boxes:
        left, top, right, bottom = (round(side * unit) for side in box)
        faint.paste(picture.crop((left, top, right, bottom)), (left, top))
        ImageDraw.Draw(faint).rectangle((left, top, right - 1, bottom - 1), outline=_TAKEN, width=_LINE)
    return faint


def _dots(label: PageArtwork) -> Image.Image:
    assert label.bitmap is not None  # noqa: S101 - the caller looked
    picture = label.bitmap.to_image().convert("RGB")
    drawing = ImageDraw.Draw(picture)
    for verdict in label.verdicts:
        left, top, right, bottom = verdict.symbol.position
        colour = _COLOURS[verdict.status]
        drawing.rectangle((left - 6, top - 6, right + 6, bottom + 6), outline=colour, width=_LINE)
        drawing.text((left - 6, max(top - 20, 0)), _words(verdict), fill=colour)
    return picture


def _words(verdict: Verdict) -> str:
    text = f"{verdict.symbol.format} {verdict.status}"
    if verdict.quality is not None:
        text += f", {verdict.quality.module:.2f} dots a module"
    return text + (", repaired" if verdict.repaired else "")


def _png(tiles: list[tuple[str, Image.Image]]) -> bytes:
    width = sum(tile.width + _GAP for _, tile in tiles) + _GAP
    height = max((tile.height for _, tile in tiles), default=0) + _CAPTION + _GAP
    sheet = Image.new("RGB", (width, height), (235, 235, 235))
    drawing, x = ImageDraw.Draw(sheet), _GAP
    for caption, tile in tiles:
        drawing.text((x, _CAPTION // 3), caption, fill="black")
        sheet.paste(tile, (x, _CAPTION))
        x += tile.width + _GAP
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
