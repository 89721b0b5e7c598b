"""A page of a document that can be measured and drawn, whatever its format."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from . import image, pdf
from .asset import PDF, ZPL, Asset
from .errors import AssetRefused
from .media import Media, Resolution
from .placement import Box, Placement, Size
from .symbols.regions import Window


class Sheet(Protocol):
    """One page; valid while it is open."""

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm."""

    @property
    def engine(self) -> str:
        """Who draws it: `pdfium`, `poppler` or `pillow`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a technician should know."""

    def ink_box(self) -> Box | None:
        """The box around everything that is not white, in 1/100 mm; None for an empty page."""

    def draw(
        self, placement: Placement, resolution: Resolution, window: Window, fineness: float = 1.0
    ) -> NDArray[np.uint8]:
        """What of the page lies in a window of the stock, on white.

        Args:
            placement: how the page lies on the stock.
            resolution: of the stock's dots.
            window: left, top, right, bottom in dots of the stock.
            fineness: pixels per dot, for a closer look at the very same place.

        Returns:
            Grey, 0 = black, of the window's size times `fineness`, rounded.
        """

    def second_opinion(self) -> "Sheet | None":
        """The same page drawn by another engine, None where there is none."""


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
