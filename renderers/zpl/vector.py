"""The display list as PDF (ISO 32000-1): bars and shapes as paths, text that can be searched, graphics dot by dot.

On a page all is in the label's dots, from the top left corner, so that a viewer at the label's own resolution shows
the dots that `raster` draws, and a finer printer shows true edges.
"""

from collections.abc import Iterator, Sequence
from itertools import count, groupby
from typing import assert_never

import numpy as np

from .. import pdffile
from ..bitmap import Bitmap
from ..media import Resolution
from ..pdffile import number
from .glyphs import Fonts
from .raster import pens
from .scene import Boxes, Diagonal, Dots, Ellipse, Frame, Mark, Scene, Shape, Text
from .spans import Edges, edges, moved, radii, solid, thickness

#: Dots by which edges keep off the dots beside: some programs paint every dot that is touched (Ghostscript), and all
#: of them round. Pictures keep off further, for their corners are rounded outwards.
_OFF, _PICTURE_OFF = 0.01, 0.02
#: Dots off the paper at which straight edges are cut; curves of larger and of narrow shapes become rows.
_BEYOND, _LARGE, _NARROW = 16, 20_000, 3
#: Handles of the Bezier curves that draw a quarter of a circle of radius 1.
_ROUND = 0.5522847498

#: left, top, right, bottom in dots
_Box = tuple[float, float, float, float]


def to_pdf(scenes: Sequence[Scene], resolution: Resolution, copies: int = 1) -> bytes:
    """A PDF with `copies` pages of each label, in order, each as large as its dots; equal labels give equal bytes.

    Raises:
        ValueError: no label, fewer than one copy, or a label of no dots.
    """
    if not scenes or copies < 1 or any(min(scene.width, scene.height) < 1 for scene in scenes):
        raise ValueError(f"{len(scenes)} labels, {copies} copies: a PDF needs one of each, and labels need dots")
    book = _Book()
    for _, same in groupby(scenes, id):  # a label that is there several times is written once
        scene, *again = same
        book.add(scene, resolution, copies * (1 + len(again)))
    return book.file()


class _Book:
    """A file as it grows; all its pages share their resources."""

    def __init__(self) -> None:
        self._numbers = count(pdffile.FIRST)
        self._resources = next(self._numbers)
        self._objects: dict[int, bytes] = {}
        self._fonts = Fonts()
        self._pictures: dict[Bitmap, int] = {}
        self._groups: list[int] = []
        self._pages: list[int] = []

    def add(self, scene: Scene, resolution: Resolution, copies: int) -> None:
        across, down = (pdffile.side(dots, resolution.dots_per_point) for dots in (scene.width, scene.height))
        # what is turned to its opposite, or painted over, must meet the very dots below it
        in_dots = any(mark.ink != "black" for mark in scene.marks)
        drawn = [self._draw(mark, scene, in_dots=in_dots) for mark in scene.marks]
        lines = [*_placed(scene, across / 10_000, down / 10_000), *(line for line in drawn if line)]
        content = self._new(pdffile.packed(b"", b"\n".join(lines)))
        for _ in range(copies):
            page = self._new(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R /Resources %d 0 R "
                b"/Group << /S /Transparency /CS /DeviceGray /I true >> >>"
                % (pdffile.points(across), pdffile.points(down), content, self._resources)
            )
            self._pages.append(page)

    def file(self) -> bytes:
        fonts = self._fonts.write(self._objects, self._numbers)
        drawn = b" ".join(b"/X%d %d 0 R" % (key, key) for key in (*self._pictures.values(), *self._groups))
        # Difference turns what lies below white ink to its opposite (section 11.3.5.2)
        self._objects[self._resources] = (
            b"<< /ExtGState << /Reverse << /BM /Difference >> >> /Font << %s >> /XObject << %s >> >>" % (fonts, drawn)
        )
        return pdffile.file(self._objects, self._pages)

    def _new(self, content: bytes) -> int:
        key = next(self._numbers)
        self._objects[key] = content
        return key

    def _draw(self, mark: Mark, scene: Scene, *, in_dots: bool) -> bytes:
        """A mark in its ink; empty where none of it is on the paper."""
        shape = mark.shape
        drawn = self._shape(shape, scene, in_dots=in_dots)
        if not drawn or mark.ink == "black":
            return drawn
        if mark.ink == "white":
            return b"1 g %s 0 g" % drawn
        if isinstance(shape, Text):  # its glyphs may overlap, and are one shape
            drawn = b"/X%d Do" % self._group(drawn, _around(shape))
        return b"q /Reverse gs 1 g %s Q" % drawn

    def _shape(self, shape: Shape, scene: Scene, *, in_dots: bool) -> bytes:
        match shape:
            case Text():
                return self._fonts.show(shape) if shape.glyphs and _meets(_around(shape), scene) else b""
            case Dots():
                return self._picture(shape, scene)
            case Boxes():
                return _rectangles(moved(shape), scene)
            case Frame() | Ellipse() | Diagonal():
                return _path(shape, scene, in_dots=in_dots)
            case _:
                assert_never(shape)

    def _picture(self, dots: Dots, scene: Scene) -> bytes:
        bitmap = dots.bitmap
        left, right = max(-dots.x, 0), min(scene.width - dots.x, bitmap.width)
        top, bottom = max(-dots.y, 0), min(scene.height - dots.y, bitmap.height)
        if left >= right or top >= bottom:
            return b""
        if (left, top, right, bottom) != (0, 0, bitmap.width, bitmap.height):
            bitmap = bitmap.crop(left, top, right, bottom)
        key = self._pictures.get(bitmap)
        if key is None:
            key = self._pictures[bitmap] = self._new(pdffile.image(bitmap, stencil=True))
        width, height = (number(dots - 2 * _PICTURE_OFF) for dots in (bitmap.width, bitmap.height))
        x, y = number(dots.x + left + _PICTURE_OFF), number(dots.y + bottom - _PICTURE_OFF)
        return b"q %s 0 0 -%s %s %s cm /X%d Do Q" % (width, height, x, y, key)

    def _group(self, drawn: bytes, box: _Box) -> int:
        """White ink that is laid on the page in one go."""
        head = (
            b"/Type /XObject /Subtype /Form /BBox [%s] /Resources %d 0 R "
            b"/Group << /S /Transparency /CS /DeviceGray /I true >> " % (_numbers(box), self._resources)
        )
        self._groups.append(self._new(pdffile.packed(head, b"1 g " + drawn)))
        return self._groups[-1]


def _placed(scene: Scene, across: float, down: float) -> Iterator[bytes]:
    """White paper, and the matrix from dots to points; the sides are in points."""
    yield b"1 g 0 0 %s %s re f 0 g" % (number(across, 4), number(down, 4))
    matrix = number(across / scene.width, 9), number(down / scene.height, 9), number(down, 4)
    yield b"%s 0 0 -%s 0 %s cm" % matrix
    if scene.inverted:
        yield b"-1 0 0 -1 %d %d cm" % (scene.width, scene.height)
    if scene.mirrored:
        yield b"-1 0 0 1 %d 0 cm" % scene.width


def _around(text: Text) -> _Box:
    """A box that surely holds the glyphs of a text."""
    x, y, along = pens(text)
    down, ahead = text.turn in (90, 270), text.turn in (0, 90)
    reach = 3 * max(text.style.line_height, *(text.style.advance(char) for char, _ in text.glyphs))
    first, last = (min(along), max(along)) if ahead else (-max(along), -min(along))
    if down:
        return x - reach, y + first - reach, x + reach, y + last + reach
    return x + first - reach, y - reach, x + last + reach, y + reach


def _meets(box: _Box, scene: Scene) -> bool:
    return box[0] < scene.width and box[1] < scene.height and box[2] > 0 and box[3] > 0


def _rectangles(boxes: Edges, scene: Scene) -> bytes:
    """Rectangles as one path, so that they are one shape."""
    clipped = np.clip(boxes, 0, (scene.width, scene.height, scene.width, scene.height))
    clipped = clipped[(clipped[:, 0] < clipped[:, 2]) & (clipped[:, 1] < clipped[:, 3])]
    if not len(clipped):
        return b""
    return b"%s f" % b" ".join(_rectangle(left, top, right, bottom) for left, top, right, bottom in clipped.tolist())


def _rectangle(left: float, top: float, right: float, bottom: float, off: float = _OFF) -> bytes:
    return b"%s re" % _numbers((left + off, top + off, right - left - 2 * off, bottom - top - 2 * off))


def _path(shape: Frame | Ellipse | Diagonal, scene: Scene, *, in_dots: bool) -> bytes:
    """The outline of a shape, and where a border leaves some of the inside, that of the hole (even-odd rule).

    `in_dots` gives the dots of curved and slanted ones as rows.
    """
    box = shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
    reach = thickness(shape) if isinstance(shape, Diagonal) else 0
    if min(shape.width, shape.height) < 1 or not _meets((*box[:2], box[2] + reach, box[3]), scene):
        return b""
    square = isinstance(shape, Frame) and radii(shape)[0] == 0
    # a slanted line of one dot covers no dot by more than half, nor does the end of a narrow curve: smoothed, grey
    narrow = min(box[2] - box[0], box[3] - box[1]) <= _NARROW
    if not square and (in_dots or narrow or reach == 1 or max(map(abs, box)) > _LARGE):
        return _rectangles(edges(shape, scene.height), scene)
    if isinstance(shape, Diagonal):
        return _slanted(shape, reach)
    line = max(shape.line, 1)
    hole = box[0] + line, box[1] + line, box[2] - line, box[3] - line
    outer, inner = radii(shape) if isinstance(shape, Frame) else (None, None)
    drawn = _rounded(_cut(box, scene), outer, _OFF)
    if solid(shape):
        return drawn + b" f"
    return b"%s %s f*" % (drawn, _rounded(_cut(hole, scene), inner, -_OFF))


def _cut(box: tuple[int, int, int, int], scene: Scene) -> _Box:
    """Straight edges far off the paper, moved nearer to it; what is not so far is as it was."""
    if max(map(abs, box)) <= _LARGE:
        return box
    left, right = (min(max(place, -_BEYOND), scene.width + _BEYOND) for place in box[::2])
    top, bottom = (min(max(place, -_BEYOND), scene.height + _BEYOND) for place in box[1::2])
    return left, top, right, bottom


def _slanted(diagonal: Diagonal, reach: int) -> bytes:
    left, right = diagonal.x, diagonal.x + diagonal.width
    top, bottom = diagonal.y + _OFF, diagonal.y + diagonal.height - _OFF
    above, below = (left, right) if diagonal.leaning == "L" else (right, left)
    corners = (
        (above + _OFF, top),
        (above + reach - _OFF, top),
        (below + reach - _OFF, bottom),
        (below + _OFF, bottom),
    )
    return b"%s m %s l %s l %s l f" % tuple(_numbers(corner) for corner in corners)


def _rounded(box: _Box, radius: float | None, off: float) -> bytes:
    """A closed path: a box with corners of a radius, or the ellipse in it (None); `off` dots further inside."""
    left, top, right, bottom = box[0] + off, box[1] + off, box[2] - off, box[3] - off
    if radius == 0:
        return _rectangle(*box, off)
    across, down = ((right - left) / 2, (bottom - top) / 2) if radius is None else (radius, radius)
    along, beside = across * (1 - _ROUND), down * (1 - _ROUND)
    steps: tuple[tuple[float, ...], ...] = (
        (right - across, top),
        (right - along, top, right, top + beside, right, top + down),
        (right, bottom - down),
        (right, bottom - beside, right - along, bottom, right - across, bottom),
        (left + across, bottom),
        (left + along, bottom, left, bottom - beside, left, bottom - down),
        (left, top + down),
        (left, top + beside, left + along, top, left + across, top),
    )
    drawn = (b"%s %s" % (_numbers(step), b"l" if len(step) == 2 else b"c") for step in steps)
    return b"%s m %s h" % (_numbers((left + across, top)), b" ".join(drawn))


def _numbers(values: Sequence[float]) -> bytes:
    return b" ".join(map(number, values))
