"""The outline fonts installed on this machine: the only module that opens font files.

A printer's fonts may not be shipped, so each role names free faces from Debian packages, best first. A role always
has a face: when none of its own is installed another role's stands in, at last the one inside Pillow.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import freetype.raw as ft
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

Role = Literal["condensed", "narrow", "mono", "mono bold", "ocr a", "ocr b", "sans", "sans bold", "cjk", "thai"]
Point = tuple[float, float]
Segment = tuple[str, tuple[Point, ...]]

#: The longest side of a drawn glyph in dots: beyond it only the left and top of the glyph is drawn, so that a height
#: of 32000 dots cannot fill the memory.
LONGEST = 4096

_EM = 256  # the size faces are opened at, in dots: 1/16384 em is fine enough for every head
_LOAD = ft.FT_LOAD_NO_HINTING | ft.FT_LOAD_NO_BITMAP
_DEBIAN = "/usr/share/fonts"
_DEJAVU = f"{_DEBIAN}/truetype/dejavu"


@dataclass(frozen=True, slots=True)
class _Source:
    package: str
    paths: tuple[str, ...]
    stand_ins: tuple[Role, ...]


_SOURCES: dict[Role, _Source] = {
    "condensed": _Source(
        "fonts-roboto-unhinted",
        (f"{_DEBIAN}/truetype/roboto/unhinted/RobotoCondensed-Bold.ttf",),
        ("narrow", "sans bold", "mono bold", "mono"),
    ),
    "narrow": _Source(
        "fonts-urw-base35",
        (
            f"{_DEBIAN}/opentype/urw-base35/NimbusSansNarrow-Bold.otf",
            f"{_DEBIAN}/type1/urw-base35/NimbusSansNarrow-Bold.t1",
            "/usr/share/texmf/fonts/opentype/public/tex-gyre/texgyreheroscn-bold.otf",
        ),
        ("condensed", "sans bold", "mono bold", "mono"),
    ),
    "mono": _Source("fonts-dejavu-core", (f"{_DEJAVU}/DejaVuSansMono.ttf",), ("mono bold", "sans bold")),
    "mono bold": _Source("fonts-dejavu-core", (f"{_DEJAVU}/DejaVuSansMono-Bold.ttf",), ("mono", "sans bold")),
    "ocr a": _Source("fonts-ocr-a", (f"{_DEBIAN}/truetype/ocr-a/OCRA.ttf",), ("mono", "mono bold")),
    "ocr b": _Source("fonts-ocr-b", (f"{_DEBIAN}/opentype/ocr-b/OCRB.otf",), ("mono", "mono bold")),
    "sans bold": _Source(
        "fonts-dejavu-core",
        (f"{_DEJAVU}/DejaVuSans-Bold.ttf",),
        ("condensed", "mono bold"),
    ),
    "sans": _Source("fonts-dejavu-core", (f"{_DEJAVU}/DejaVuSans.ttf",), ("sans bold", "mono")),
    "cjk": _Source("fonts-droid-fallback", (f"{_DEBIAN}/truetype/droid/DroidSansFallbackFull.ttf",), ("sans bold",)),
    "thai": _Source("fonts-tlwg-loma-ttf", (f"{_DEBIAN}/truetype/tlwg/Loma-Bold.ttf",), ("sans bold",)),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A glyph's advance and ink in em, y up: `right` is `left` for a glyph without ink."""

    advance: float
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """Ink in device dots: `bits` (h, w) has its top left corner `left` dots right of the pen and `top` below it."""

    left: int
    top: int
    bits: NDArray[np.bool_]


class Face:
    """One opened font. Sizes are given as `xx` and `yy`, the dots of an em across and down, and `dx`, `dy` in dots."""

    __slots__ = ("_boxes", "_face", "_held", "_slot")

    def __init__(self, source: str | bytes) -> None:
        """Open a font file (its path) or its bytes.

        Raises:
            ValueError: it is no scalable font.
        """
        self._face = ft.FT_Face()
        self._held = source  # FreeType reads the bytes as long as the face lives
        if isinstance(source, bytes):
            failed = ft.FT_New_Memory_Face(_library(), source, len(source), 0, ctypes.byref(self._face))
        else:
            failed = ft.FT_New_Face(_library(), source.encode(), 0, ctypes.byref(self._face))
        if failed or ft.FT_Set_Char_Size(self._face, _EM * 64, _EM * 64, 72, 72):
            raise ValueError("not a scalable font")
        self._slot = self._face.contents.glyph.contents
        self._boxes: dict[int, Box] = {}

    def index(self, char: str) -> int:
        """The number of a character's glyph, 0 if the face has none."""
        return int(ft.FT_Get_Char_Index(self._face, ord(char)))

    def box(self, index: int) -> Box:
        """Advance and ink of a glyph."""
        found = self._boxes.get(index)
        if found is None:
            found = self._boxes[index] = self._measure(index)
        return found

    def draw(self, index: int, xx: float, yy: float, dx: float, dy: float) -> Glyph:
        """A glyph as dots: black where at least half of the dot is covered. See `LONGEST` for huge ones."""
        if not xx or not yy or not self._load(index, xx, yy, dx, dy):
            return NOTHING
        outline = self._slot.outline
        ink = ft.FT_BBox()
        ft.FT_Outline_Get_CBox(ctypes.byref(outline), ctypes.byref(ink))
        left, right = ink.xMin >> 6, -(-ink.xMax >> 6)
        bottom, top = ink.yMin >> 6, -(-ink.yMax >> 6)
        width, height = min(right - left, LONGEST), min(top - bottom, LONGEST)
        if width <= 0 or height <= 0:
            return NOTHING
        ft.FT_Outline_Translate(ctypes.byref(outline), -left * 64, (height - top) * 64)
        grey = np.zeros((height, width), np.uint8)
        canvas = ft.FT_Bitmap()
        canvas.rows, canvas.width, canvas.pitch = height, width, width
        canvas.buffer = ctypes.cast(grey.ctypes.data, type(canvas.buffer))
        canvas.num_grays, canvas.pixel_mode = 256, ft.FT_PIXEL_MODE_GRAY
        if ft.FT_Outline_Get_Bitmap(_library(), ctypes.byref(outline), ctypes.byref(canvas)):
            return NOTHING
        return Glyph(left, -top, grey >= 128)

    def contours(self, index: int, xx: float, yy: float, dx: float, dy: float) -> tuple[Segment, ...]:
        """A glyph's outline in dots, y down: each contour begins with a move and closes itself.

        Segments are ("move", (to,)), ("line", (to,)), ("quadratic", (control, to)), ("cubic", (control, control, to)).
        """
        if not self._load(index, _EM, _EM, 0, 0):
            return ()
        outline = self._slot.outline
        unit = 1 / (64 * _EM)
        points = [
            (outline.points[i].x * unit * xx + dx, -(outline.points[i].y * unit * yy + dy))
            for i in range(outline.n_points)
        ]
        tags = [outline.tags[i] for i in range(outline.n_points)]
        tags = [tag if isinstance(tag, int) else tag[0] for tag in tags]
        first = 0
        segments: list[Segment] = []
        for contour in range(outline.n_contours):
            last = outline.contours[contour] + 1
            segments.extend(_segments(points[first:last], [tag & 3 for tag in tags[first:last]]))
            first = last
        return tuple(segments)

    def _measure(self, index: int) -> Box:
        if not self._load(index, _EM, _EM, 0, 0):
            return Box(0, 0, 0, 0, 0)
        unit = 1 / (64 * _EM)
        ink = ft.FT_BBox()
        ft.FT_Outline_Get_BBox(ctypes.byref(self._slot.outline), ctypes.byref(ink))
        advance = self._slot.linearHoriAdvance / 65536 / _EM
        return Box(advance, ink.xMin * unit, ink.yMin * unit, ink.xMax * unit, ink.yMax * unit)

    def _load(self, index: int, xx: float, yy: float, dx: float, dy: float) -> bool:
        matrix = ft.FT_Matrix(_fixed(xx / _EM, 16), 0, 0, _fixed(yy / _EM, 16))
        ft.FT_Set_Transform(self._face, ctypes.byref(matrix), ctypes.byref(ft.FT_Vector(_fixed(dx, 6), _fixed(dy, 6))))
        return not ft.FT_Load_Glyph(self._face, index, _LOAD)


def _fixed(value: float, bits: int) -> int:
    return round(value * (1 << bits))


def _segments(points: list[Point], tags: list[int]) -> Iterator[Segment]:
    """One contour of FreeType's points: 1 on the curve, 0 a quadratic, 2 a cubic control point."""
    if len(points) < 2:
        return
    begin = next((i for i, tag in enumerate(tags) if tag == 1), None)
    if begin is None:  # only quadratic controls: begin half way between two of them
        points, tags, begin = [_middle(points[-1], points[0]), *points], [1, *tags], 0
    points = points[begin:] + points[: begin + 1]
    tags = tags[begin:] + tags[: begin + 1]
    yield "move", (points[0],)
    controls: list[Point] = []
    for point, tag in zip(points[1:], tags[1:], strict=True):
        if tag == 1:
            yield ("line", "quadratic", "cubic")[min(len(controls), 2)], (*controls, point)
            controls = []
        elif tag == 0 and controls:
            middle = _middle(controls[0], point)
            yield "quadratic", (controls[0], middle)
            controls = [point]
        else:
            controls.append(point)


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


NOTHING = Glyph(0, 0, np.zeros((0, 0), np.bool_))


@lru_cache(maxsize=1)
def _library() -> ft.FT_Library:
    library = ft.FT_Library()
    if ft.FT_Init_FreeType(ctypes.byref(library)):
        raise RuntimeError("FreeType cannot be used: reinstall the Python package freetype-py")
    return library


@lru_cache(maxsize=16)
def face(role: Role) -> Face:
    """The best installed face for a role, opened once."""
    for wanted in (role, *_SOURCES[role].stand_ins):
        found = _own(wanted)
        if found is not None:
            return found
    return _last_resort()


@lru_cache(maxsize=16)
def _own(role: Role) -> Face | None:
    for path in _SOURCES[role].paths:
        if Path(path).is_file():
            try:
                return Face(path)
            except ValueError:
                continue
    return None


@lru_cache(maxsize=1)
def _last_resort() -> Face:
    held = getattr(ImageFont.load_default(12), "path", None)
    if isinstance(held, BytesIO):
        return Face(held.getvalue())
    raise RuntimeError("no font is installed: install the package fonts-dejavu-core")


def missing() -> tuple[str, ...]:
    """The Debian packages whose fonts are not there, so that other faces stand in: empty when all is well."""
    return tuple(sorted({source.package for role, source in _SOURCES.items() if _own(role) is None}))
