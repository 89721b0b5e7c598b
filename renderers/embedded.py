"""Labels that are one picture inside a PDF: how many pixels the page is worth, so that each can become a dot."""

from collections.abc import Sequence
from typing import Any

import pypdfium2.raw as raw

#: More objects than this are a drawing, and looking at each costs time.
_MOST_OBJECTS = 40
#: A picture that is smaller than this part of the page is an ornament of it.
_LEAST_SHARE = 0.5
#: More pixels on a side are no label's, or no number.
_MOST_PIXELS = 1_000_000.0
#: By how many pixels the page may be off a whole number of dots, in all, and still be meant to be just that.
_MISS = 1.5


def page_pixels(page: Any) -> tuple[float, float] | None:
    """The size of a PDFium page in pixels of the one upright picture on it; None where there is none, or several.

    The page is measured as it stands, turned by its Rotate.
    """
    if raw.FPDFPage_CountObjects(page) > _MOST_OBJECTS:
        return None
    width, height = page.get_size()
    pictures = [thing for thing in page.get_objects(max_depth=4) if thing.type == raw.FPDF_PAGEOBJ_IMAGE]
    sizes = []
    for picture in pictures:
        matrix = picture.get_matrix()
        across, down = picture.get_px_size()
        left, bottom, right, top = picture.get_bounds()
        wide, high = right - left, top - bottom
        # a damaged matrix gives no size, or none that is a number
        if not (min(wide, high, across, down) > 0 and wide * high >= _LEAST_SHARE * width * height):
            continue
        if abs(matrix.a) + abs(matrix.d) < abs(matrix.b) + abs(matrix.c):  # it lies on its side
            across, down = down, across
        if page.get_rotation() in (90, 270):
            wide, high, across, down = high, wide, down, across
        sizes.append((width * across / wide, height * down / high))
    return sizes[0] if len(sizes) == 1 else None


def whole_dots(sides: Sequence[float], pixels: Sequence[float]) -> list[int] | None:
    """The page's size in dots at which every pixel is one dot, or so many whole ones; None where it is far from that.

    Args:
        sides: width and height in dots at 1:1.
        pixels: width and height in pixels.
    """
    dots = []
    for length, count in zip(sides, pixels, strict=True):
        if not 1 <= count <= _MOST_PIXELS:
            return None
        times = round(length / count)
        if times < 1 or abs(length - times * count) > _MISS * times:
            return None
        dots.append(max(1, round(times * count)))
    return dots
