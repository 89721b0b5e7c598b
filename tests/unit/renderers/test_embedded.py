"""A label that is a picture inside a PDF keeps its dots where the picture was made for the head."""

import numpy as np
import pytest
from reportlab.lib.pagesizes import inch
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import DPI_203, DPI_300, dots, pdf, pixels

from labeld.renderers.asset import unwrap
from labeld.renderers.convert import BlankPage, Target, convert
from labeld.renderers.embedded import whole_dots
from labeld.renderers.media import Media, Resolution


def _page(width: int, height: int, turn: int = 0, grey: bool = False) -> bytes:
    """A 4x6 inch page filled by random dots."""
    image = pixels(dots(width, height))
    picture = ImageReader(image if grey else image.convert("1"))

    def draw(canvas: Canvas) -> None:
        if turn:
            canvas.translate(0, 6 * inch)
            canvas.rotate(-90)
            canvas.drawImage(picture, 0, 0, 6 * inch, 4 * inch)
        else:
            canvas.drawImage(picture, 0, 0, 4 * inch, 6 * inch)

    return pdf([draw])


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(
    ("size", "dpi"),
    [((812, 1218), DPI_203), ((812, 1219), DPI_203), ((813, 1219), DPI_203), ((1200, 1800), DPI_300)],
)
def test_pixels_become_dots_one_by_one(size: tuple[int, int], dpi: Resolution, grey: bool) -> None:
    artwork = convert(unwrap(_page(*size, grey=grey)), Target(media=Media.parse("4x6in"), resolution=dpi, verify=False))
    printed = artwork.pages[0].bitmap
    assert printed is not None
    high, wide = min(size[1], printed.height), min(size[0], printed.width)
    assert np.array_equal(printed.bits()[:high, :wide], dots(*size)[:high, :wide])


def test_a_picture_of_half_the_heads_resolution_becomes_blocks() -> None:
    artwork = convert(unwrap(_page(600, 900)), Target(media=Media.parse("4x6in"), resolution=DPI_300, verify=False))
    printed = artwork.pages[0].bitmap
    assert printed is not None
    assert np.array_equal(printed.bits(), dots(600, 900).repeat(2, axis=0).repeat(2, axis=1))


def test_a_picture_that_lies_on_its_side_keeps_its_dots_too() -> None:
    artwork = convert(
        unwrap(_page(1218, 812, turn=90)), Target(media=Media.parse("4x6in"), resolution=DPI_203, verify=False)
    )
    printed = artwork.pages[0].bitmap
    assert printed is not None
    assert np.array_equal(printed.bits()[:1218], np.rot90(dots(1218, 812), -1))


def test_other_resolutions_are_left_to_their_size() -> None:
    assert whole_dots((1200.0, 1800.0), (812.8, 1219.2)) is None
    assert whole_dots((812.8, 1219.2), (812, 1218)) == [812, 1218]
    assert whole_dots((812.8, 1219.2), (832, 1218)) is None
    assert whole_dots((2400.0, 3600.0), (1200, 1800)) == [2400, 3600]
    assert whole_dots((812.8, 1219.2), (1200, 1800)) is None


@pytest.mark.parametrize("pixels", [(0.0, 1219.0), (float("nan"), 1219.0), (float("inf"), 1219.0), (812.0, -3.0)])
def test_a_damaged_picture_has_no_size(pixels: tuple[float, float]) -> None:
    assert whole_dots((812.8, 1219.2), pixels) is None


def test_a_picture_without_width_is_no_label() -> None:
    picture = ImageReader(pixels(dots(60, 90)))

    def draw(canvas: Canvas) -> None:
        canvas.transform(0, 0, 0, 1, 0, 0)
        canvas.drawImage(picture, 0, 0, 4 * inch, 6 * inch)

    with pytest.raises(BlankPage):
        convert(unwrap(pdf([draw])), Target(media=Media.parse("4x6in"), resolution=DPI_203))
