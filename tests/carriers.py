"""Real carriers' PDFs, where they lie beside the checkout: their pages, the labels on each, and the stock for it."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labeld.renderers.asset import Asset, unwrap
from labeld.renderers.convert import page_count
from labeld.renderers.media import Media
from labeld.renderers.placement import Box, Size
from labeld.renderers.sheet import open_sheet
from labeld.renderers.symbols import Symbol

LABELS = Path(__file__).parents[2] / "shared/labels"
CASES = LABELS / "cases"

#: Stock that shops load, small to large.
USUAL = tuple(map(Media.parse, ("100x150mm", "a6", "4x6in", "100x200mm", "4x8in", "105x203mm")))
#: A hairline at a label's edge makes it wider than its stock by half a line and a pixel (1/100 mm).
_HAIRLINE = 30.0

#: The labels of pages that hold more than one, or more than a label: ink boxes in mm from the top left corner.
_ON_LARGER_PAGES: dict[str, tuple[Box, ...]] = {
    "canadapost_letterland_training.pdf": ((165.2, 26.3, 267.2, 186.8),),
    "dhlexpress_a4land_2pages.pdf": ((33.8, 14.9, 125.7, 195.3),),
    "dhlexpress_waybilldoc_a4land.pdf": ((14.4, 4.9, 113.7, 203.7),),
    "dpdfr_a4_rotated.pdf": ((14.2, 12.8, 178.7, 116.6),),
    "postat_a5.pdf": ((25.8, 12.6, 122.9, 192.7),),
    "syn_a4_4up.pdf": (
        (1.7, 2.2, 103.3, 146.8),
        (106.7, 2.2, 208.3, 146.8),
        (1.7, 150.7, 103.3, 295.3),
        (106.7, 150.7, 208.3, 295.3),
    ),
    "usps_ga_letterland.pdf": ((21.1, 31.6, 122.9, 184.3),),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` (from 1) of `file`, and the barcodes that the manifest names on it."""

    file: Path
    number: int
    symbols: tuple[Symbol, ...] = ()

    @property
    def asset(self) -> Asset:
        """The document."""
        return unwrap(self.file.read_bytes())

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm."""
        with open_sheet(self.asset, self.number, USUAL[0]) as sheet:
            return sheet.size

    @property
    def labels(self) -> tuple[Box, ...]:
        """Where its labels are, in 1/100 mm; the whole page, unless it is larger than its label."""
        boxes = _ON_LARGER_PAGES.get(self.file.name)
        if boxes is None:
            return ((0.0, 0.0, *self.size),)
        return tuple((left * 100, top * 100, right * 100, bottom * 100) for left, top, right, bottom in boxes)

    @property
    def media(self) -> Media:
        """The stock for it: of the page's own size, or the smallest usual one that takes the label on it."""
        left, top, right, bottom = self.labels[0]
        if self.file.name not in _ON_LARGER_PAGES:
            # to the next 1/10 mm: of less the page's last dots would miss the stock
            width, length = (math.ceil(side / 10 - 0.01) / 10 for side in (right, bottom))
            return Media.parse(f"{width:.1f}x{length:.1f}mm")
        short, long = sorted((right - left - _HAIRLINE, bottom - top - _HAIRLINE))
        return next(media for media in USUAL if short <= media.width and long <= media.length)


def pages() -> Iterator[Page]:
    """Every page of the manifest; none where it is absent."""
    manifest = LABELS / "manifest.json"
    cases = json.loads(manifest.read_text())["cases"] if manifest.is_file() else []
    for case in cases:
        for number, barcodes in enumerate(case["ground_truth_barcodes"], 1):
            symbols = tuple(
                Symbol(barcode["format"], barcode["text"], (0, 0, 0, 0))
                for barcode in barcodes
                for _ in range(barcode["count"])
            )
            yield Page(CASES / case["file"], number, symbols)


def pages_in(folder: Path) -> Iterator[Page]:
    """Every page of the PDFs in a folder."""
    for file in sorted(folder.glob("*.pdf")):
        for number in range(1, page_count(unwrap(file.read_bytes())) + 1):
            yield Page(file, number)
