"""What labeld prints of a PDF label, and whether another engine draws the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tests.unit.renderers.paper import FOUR_BY_SIX
from tests.unit.renderers.pdfmaker import AREA, BARS, HEIGHT, TEXT, PointBox

from labeld.renderers.artwork import PageArtwork, Target
from labeld.renderers.asset import unwrap
from labeld.renderers.convert import convert
from labeld.renderers.media import Resolution
from labeld.renderers.pdf import PdfiumSheet, open_page
from labeld.renderers.proof import prove


@dataclass(frozen=True, slots=True)
class Ink:
    """Where ink must be, in points from the left bottom, and the least and most share of it that is black."""

    least: float = 0.99
    most: float = 1.0
    box: PointBox = AREA


def printed(data: bytes, dpi: int, **changes: object) -> PageArtwork:
    """The one label of a PDF, converted for 4 x 6 inch stock."""
    target = Target(media=FOUR_BY_SIX, resolution=Resolution(dpi), **changes)  # type: ignore[arg-type]
    (page,) = convert(unwrap(data), target).pages
    return page


def bits_of(page: PageArtwork) -> NDArray[np.bool_]:
    """Its dots."""
    assert page.bitmap is not None
    return page.bitmap.bits()


def dots(box: PointBox, dpi: int, more: int) -> tuple[slice, slice]:
    """Lines and columns of a box in points, with some dots more (or fewer) on each side."""
    per_point = float(Resolution(dpi).dots_per_point)
    left, bottom, right, top = box
    return (
        slice(round((HEIGHT - top) * per_point) - more, round((HEIGHT - bottom) * per_point) + more),
        slice(round(left * per_point) - more, round(right * per_point) + more),
    )


def assert_prints(data: bytes, dpi: int, *inks: Ink) -> NDArray[np.bool_]:
    """The barcode scans, each ink is there, and nothing else is; the dots."""
    page = printed(data, dpi)
    assert [symbol.text for symbol in page.symbols] == [TEXT]
    assert (page.engine, page.notes) == ("pdfium", ())
    bits = bits_of(page)
    beyond = bits.copy()
    for ink in (Ink(0.4, 0.6, BARS), *inks):
        share = bits[dots(ink.box, dpi, -2)].mean()
        assert ink.least <= share <= ink.most, f"{share:.3f} of {ink.box} is black"
        beyond[dots(ink.box, dpi, 3)] = False
    assert not beyond.any(), f"ink at {np.argwhere(beyond)[:5].tolist()}"
    return bits


def poppler_prints(data: bytes, dpi: int) -> NDArray[np.bool_]:
    """The dots of the same label where poppler draws it."""
    page = printed(data, dpi)
    assert page.placement is not None
    resolution = Resolution(dpi)
    with open_page(data, 1) as sheet:
        assert isinstance(sheet, PdfiumSheet)
        other = sheet.second_opinion()
        assert other is not None
        return prove(other, page.placement, resolution, resolution.size(FOUR_BY_SIX)).bitmap.bits()


def difference(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Share of the black dots of both that have no black dot of the other drawing in the 3x3 around."""
    alone = (one & ~grown(other)).sum() + (other & ~grown(one)).sum()
    return float(alone / max((one | other).sum(), 1))


def grown(bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The dots and all that touch them."""
    padded = np.pad(bits, 1)
    tall = padded[:-2] | padded[1:-1] | padded[2:]
    wide: NDArray[np.bool_] = tall[:, :-2] | tall[:, 1:-1] | tall[:, 2:]
    return wide
