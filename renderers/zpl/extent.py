"""How far shapes reach on the paper and how much there is to draw, before anything is drawn."""

from typing import NamedTuple

from .raster import pens
from .scene import Boxes, Diagonal, Dots, Frame, Shape, Text
from .spans import moved, thickness

#: left, top, right and bottom in dots of the paper, the last two exclusive
Box = tuple[int, int, int, int]

#: Glyphs of more dots are not drawn to be measured; of more than the second none is drawn whole.
_HUGE, _CUT = 1000.0, 4096.0


class Extent(NamedTuple):
    """Where the ink of a shape lies, to the dot where it crosses an edge of the paper, and about how many dots of it
    are to be drawn on the paper."""

    box: Box
    work: int

    def beyond(self, width: int, height: int) -> Box:
        """How many dots it reaches over the left, top, right and bottom edge; not positive where it does not."""
        left, top, right, bottom = self.box
        return -left, -top, right - width, bottom - height

    def misses(self, width: int, height: int) -> bool:
        """Whether nothing of it is on the paper."""
        left, top, right, bottom = self.box
        return left >= width or top >= height or right <= 0 or bottom <= 0


def extent(shape: Shape, width: int, height: int) -> Extent | None:
    """How far a shape reaches on paper of so many dots; None for one without ink."""
    if isinstance(shape, Text):
        return _of_text(shape, width, height)
    if isinstance(shape, Boxes):
        if not len(shape.edges):
            return None
        edges = moved(shape)
        left, top = edges[:, :2].min(axis=0).tolist()
        right, bottom = edges[:, 2:].max(axis=0).tolist()
        return _shown((left, top, right, bottom), width, height)
    if isinstance(shape, Dots):
        bitmap = shape.bitmap
        box: Box = (shape.x, shape.y, shape.x + bitmap.width, shape.y + bitmap.height)
        if not _inside(box, width, height):
            ink = bitmap.ink_box()
            if ink is None:
                return None
            box = shape.x + ink[0], shape.y + ink[1], shape.x + ink[2], shape.y + ink[3]
        return _shown(box, width, height)
    more = thickness(shape) if isinstance(shape, Diagonal) else 0
    found = _shown((shape.x, shape.y, shape.x + shape.width + more, shape.y + shape.height), width, height)
    if isinstance(shape, Frame):
        hollow = 2 * shape.line * (min(shape.width, width) + min(shape.height, height))
        return found._replace(work=min(found.work, hollow))
    return found


def _shown(box: Box, width: int, height: int) -> Extent:
    across = min(box[2], width) - max(box[0], 0)
    down = min(box[3], height) - max(box[1], 0)
    return Extent(box, max(across, 0) * max(down, 0))


def _inside(box: Box, width: int, height: int) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height


def _of_text(text: Text, width: int, height: int) -> Extent | None:
    """Glyphs are drawn to be measured only where some of them may cross an edge; huge ones are drawn whole, and then
    most of each is cut off."""
    if not any(char.strip() for char, _ in text.glyphs):
        return None
    style = text.style
    along = [pen for _, pen in (text.glyphs[0], text.glyphs[-1])]
    first, last = min(along), max(along)
    reach = 2 * max(style.height, style.width_dots)
    box = _turned(text, first - reach, -reach, last + reach, reach)
    inside = _inside(box, width, height)
    if not inside:
        if reach < _HUGE and not Extent(box, 0).misses(width, height):
            found = _ink(text)
            if found is None:
                return None
            box = found
        else:
            ends = last + style.advance(text.glyphs[-1][0])
            box = _turned(text, first, -style.cap_height, ends, style.height - style.baseline)
    if reach < _HUGE:
        return Extent(box, int(min((last - first + style.width_dots) * style.height, width * height)))
    most = width + height + reach  # glyphs whose pen is further off the paper are not made
    begin = text.x if text.turn in (0, 180) else text.y
    near = sum(abs(pen) <= most + abs(begin) for _, pen in text.glyphs)
    return Extent(box, int(near * min(style.height, _CUT) * min(style.width_dots, _CUT)))


def _ink(text: Text) -> Box | None:
    """The box of the glyphs as they are drawn."""
    x, y, along = pens(text)
    boxes = []
    for (char, _), pen in zip(text.glyphs, along, strict=True):
        found = text.style.ink(char)
        if found is not None:
            boxes.append((pen + found[0], found[1], pen + found[2], found[3]))
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return _about(text, x, y, min(lefts), min(tops), max(rights), max(bottoms))


def _turned(text: Text, left: float, top: float, right: float, bottom: float) -> Box:
    """A box about the pen of an upright text, on the paper."""
    sides = (int(side) for side in (left, top, right, bottom))
    return _about(text, int(text.x), int(text.y), *sides)


def _about(text: Text, x: int, y: int, left: int, top: int, right: int, bottom: int) -> Box:
    if text.turn == 0:
        return x + left, y + top, x + right, y + bottom
    if text.turn == 90:
        return x - bottom, y + left, x - top, y + right
    if text.turn == 180:
        return x - right, y - bottom, x - left, y - top
    return x + top, y - right, x + bottom, y - left
