"""The display list as dots: what the printer would burn.

Black is added, white is taken away, and reverse turns what lies below its shape (`^FR`, `^LR`). Only what lies on the
paper is ever made, however large a shape is said to be.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..bitmap import MAX_DOTS, Bitmap
from .fonts import Style
from .scene import Boxes, Dots, Ink, Scene, Shape, Text
from .spans import Edges, edges, moved

_Bits = NDArray[np.bool_]
#: left, top, right, bottom in dots of the paper, the last two exclusive
_Window = tuple[int, int, int, int]

#: More rectangles than this are put together row by row first; rows of no more dots in all.
_MANY, _MOST_IN_ROWS = 32, 4_000_000

#: What becomes of a dot of the paper under a dot of the shape; `greater` is black without the shape's black.
_PRINT: dict[Ink, Callable[..., object]] = {
    "black": np.logical_or,
    "white": np.greater,
    "reverse": np.logical_xor,
}


def rasterise(scene: Scene) -> Bitmap:
    """The label as dots.

    Raises:
        ValueError: a label of no dots or of more than `MAX_DOTS`.
    """
    if scene.width < 1 or scene.height < 1 or scene.width * scene.height > MAX_DOTS:
        raise ValueError(f"a label of {scene.width}x{scene.height} dots cannot be drawn")
    # a turn by 180 degrees is a mirroring of lines and columns; bits are packed backwards sooner than they are moved
    backwards = scene.inverted != scene.mirrored
    spare = -scene.width % 8 if backwards else 0
    bits = np.zeros((scene.height, spare + scene.width), np.bool_)
    canvas = bits[:, spare:]
    for mark in scene.marks:
        _draw(canvas, mark.shape, mark.ink)
    rows = np.packbits(bits, axis=1, bitorder="little" if backwards else "big")
    rows = rows[:: -1 if scene.inverted else 1, :: -1 if backwards else 1]
    return Bitmap(scene.width, scene.height, np.ascontiguousarray(rows))


def _draw(canvas: _Bits, shape: Shape, ink: Ink) -> None:
    if isinstance(shape, Text):
        _draw_text(canvas, shape, ink)
    elif isinstance(shape, Dots):
        _draw_dots(canvas, shape, ink)
    elif isinstance(shape, Boxes):
        boxes = _on_paper(moved(shape), canvas)
        if ink != "reverse":
            _fill(canvas, boxes, ink)
        elif len(boxes):
            # boxes may overlap, and are one shape
            left, top, right, bottom = _around(boxes)
            union = np.zeros((bottom - top, right - left), np.bool_)
            _fill(union, boxes - np.array((left, top, left, top)), "black")
            canvas[top:bottom, left:right] ^= union
    else:
        _fill(canvas, _on_paper(edges(shape, len(canvas)), canvas), ink)


def _on_paper(boxes: Edges, canvas: _Bits) -> Edges:
    """The parts of rectangles that lie on the paper."""
    height, width = canvas.shape
    clipped = np.clip(boxes, 0, (width, height, width, height))
    return clipped[(clipped[:, 0] < clipped[:, 2]) & (clipped[:, 1] < clipped[:, 3])]


def _around(boxes: Edges) -> _Window:
    """The window that holds all of some rectangles."""
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def _fill(canvas: _Bits, boxes: Edges, ink: Ink) -> None:
    """Draw rectangles that lie on the paper; they do not overlap where `ink` is reverse."""
    if len(boxes) > _MANY and ink != "reverse":
        height = len(canvas)
        stripes, members = np.unique(boxes[:, 1] * (height + 1) + boxes[:, 3], return_inverse=True)
        left, right = int(boxes[:, 0].min()), int(boxes[:, 2].max())
        if 4 * len(stripes) <= len(boxes) and len(stripes) * (right - left) <= _MOST_IN_ROWS:
            lines = _lines(boxes, members, len(stripes), left, right)
            draw = _PRINT[ink]
            for stripe, line in zip(stripes.tolist(), lines, strict=True):
                top, bottom = divmod(stripe, height + 1)
                strip = canvas[top:bottom, left:right]
                draw(strip, line, out=strip)
            return
    if ink == "reverse":
        for left, top, right, bottom in boxes.tolist():
            part = canvas[top:bottom, left:right]
            np.logical_not(part, out=part)
        return
    black = ink == "black"
    for left, top, right, bottom in boxes.tolist():
        canvas[top:bottom, left:right] = black


def _lines(boxes: Edges, members: NDArray[np.intp], count: int, left: int, right: int) -> _Bits:
    """For each of `count` groups of rectangles, which columns from `left` to `right` they cover."""
    width = right - left + 1
    begins = np.bincount(members * width + boxes[:, 0] - left, minlength=count * width)
    ends = np.bincount(members * width + boxes[:, 2] - left, minlength=count * width)
    depth = np.cumsum((begins - ends).reshape(count, width), axis=1)
    return np.asarray(depth[:, :-1] > 0)


def _draw_dots(canvas: _Bits, dots: Dots, ink: Ink) -> None:
    height, width = canvas.shape
    left, right = max(-dots.x, 0), min(width - dots.x, dots.bitmap.width)
    top, bottom = max(-dots.y, 0), min(height - dots.y, dots.bitmap.height)
    if left >= right or top >= bottom:
        return
    rows = dots.bitmap.rows[top:bottom, left // 8 : -(-right // 8)]
    first = left % 8
    bits = np.unpackbits(rows, axis=1).view(np.bool_)[:, first : first + right - left]
    part = canvas[top + dots.y : bottom + dots.y, left + dots.x : right + dots.x]
    _PRINT[ink](part, bits, out=part)


def pens(text: Text) -> tuple[int, int, list[int]]:
    """Where the first pen of a text stands, and how far along the baseline each one does, in whole dots.

    Pens are rounded where they stand on the paper, whichever way the text runs.
    """
    forward = text.turn in (0, 90)
    begin = text.x if text.turn in (0, 180) else text.y
    start = math.floor(begin + 0.5)
    begin += 0.5
    if forward:
        along = [math.floor(begin + step) - start for _, step in text.glyphs]
    else:
        along = [start - math.floor(begin - step) for _, step in text.glyphs]
    return math.floor(text.x + 0.5), math.floor(text.y + 0.5), along


def _draw_text(canvas: _Bits, text: Text, ink: Ink) -> None:
    """Draw upright glyphs, on the paper turned so that the text on it is upright."""
    height, width = canvas.shape
    paper = np.rot90(canvas, text.turn // 90)
    x, y, along = pens(text)
    baseline, start = {0: (y, x), 90: (width - x, y), 180: (height - y, width - x), 270: (x, height - y)}[text.turn]
    places = [(char, start + step) for (char, _), step in zip(text.glyphs, along, strict=True)]
    if ink == "reverse":
        _reverse_glyphs(paper, text, baseline, places)
    else:
        _draw_glyphs(paper, text.style, baseline, places, _PRINT[ink])


def _draw_glyphs(
    paper: _Bits, style: Style, baseline: int, places: list[tuple[str, int]], draw: Callable[..., object]
) -> None:
    high, wide = paper.shape
    glyph_of = style.glyph
    for char, pen in places:
        if not 0 <= pen < wide and _far_off(pen, wide, style, char):
            continue
        glyph = glyph_of(char)
        bits = glyph.bits
        rows, columns = bits.shape
        left, top = pen + glyph.left, baseline + glyph.top
        right, bottom = left + columns, top + rows
        if left < 0 or top < 0 or right > wide or bottom > high:
            if left >= wide or top >= high or right <= 0 or bottom <= 0:
                continue
            bits = bits[max(-top, 0) : high - top, max(-left, 0) : wide - left]
            left, top = max(left, 0), max(top, 0)
        part = paper[top:bottom, left:right]
        draw(part, bits, out=part)


def _far_off(pen: int, wide: int, style: Style, char: str) -> bool:
    """Whether nothing of a glyph can be on the paper: it is not even made, for it may be huge."""
    reach = 3 * max(style.line_height, style.advance(char))
    return pen < -reach or pen > wide + reach


def _reverse_glyphs(paper: _Bits, text: Text, baseline: int, places: list[tuple[str, int]]) -> None:
    """Glyphs may overlap, and are one shape: they are united first."""
    boxes = [
        (pen + glyph.left, baseline + glyph.top, pen + glyph.left + columns, baseline + glyph.top + rows)
        for char, pen in places
        if 0 <= pen < paper.shape[1] or not _far_off(pen, paper.shape[1], text.style, char)
        for glyph in (text.style.glyph(char),)
        for rows, columns in (glyph.bits.shape,)
    ]
    shown = _on_paper(np.array(boxes, np.int64).reshape(-1, 4), paper)
    if not len(shown):
        return
    left, top, right, bottom = _around(shown)
    union = np.zeros((bottom - top, right - left), np.bool_)
    moved = [(char, pen - left) for char, pen in places]
    _draw_glyphs(union, text.style, baseline - top, moved, np.logical_or)
    paper[top:bottom, left:right] ^= union
