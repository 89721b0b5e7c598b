"""Text of a field as lines on the paper: plain (`^FO`, `^FT`), wrapped (`^FB`, `^TB`), in other directions (`^FP`)."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, islice

from ..bitmap import Rotation
from .fonts import Style
from .place import Placed
from .scene import Text
from .state import Block, Field
from .text import CodePage, decode

Glyphs = tuple[tuple[str, float], ...]

#: More characters than any field prints; the rest is left out.
_MOST_CHARACTERS = 20_000
_MOST_LINES = 2000
_ROUNDING = 1e-6  # sums of advances are not exact
_LINE_END, _SOFT_HYPHEN = "\n", "\u00ad"
_ESCAPE = re.compile(rb"\\([&\\-])")
_ESCAPED = {b"&": _LINE_END, b"-": _SOFT_HYPHEN, b"\\": "\\"}


def wrapping(data: bytes, code_page: CodePage) -> str:
    """The data of a `^FB` field as text, with line ends (`\\&`) and soft hyphens, which are bytes before letters."""
    parts = _ESCAPE.split(data)
    return "".join(_ESCAPED[part] if rank % 2 else decode(part, code_page) for rank, part in enumerate(parts))


def run(text: str, style: Style, gap: float = 0.0) -> tuple[Glyphs, float]:
    """The characters of a line with their pen positions, `gap` dots apart besides, and how long it is."""
    glyphs = []
    pen = 0.0
    for character in text[:_MOST_CHARACTERS]:
        glyphs.append((character, pen))
        pen += style.advance(character) + gap
    return tuple(glyphs), pen - gap if glyphs else 0.0


def lines(
    field: Field, text: str, style: Style, turn: Rotation, origin: tuple[float, float], scale: float
) -> tuple[list[Text], tuple[float, float]]:
    """The lines of a field, and where the pen is after the last one, in dots; `origin` is the field's."""
    if field.block is not None:
        return _block(field, field.block, text, style, turn, origin, scale)
    if field.direction == "V":
        return _vertical(field, text, style, turn, origin, scale)
    glyphs, length = run(text[::-1] if field.direction == "R" else text, style, field.gap * scale)
    x, y = origin
    if field.typeset:
        shift = length if field.justification == "right" or field.direction == "R" else 0.0
        pen = _along(x, y, -shift, turn)
    else:
        placed = _boxed(field, x, y, length, style.height, turn)
        pen = placed.point(0.0, style.baseline)
    return ([Text(*pen, turn, style, glyphs)] if glyphs else []), _along(*pen, length, turn)


def _boxed(field: Field, x: float, y: float, width: float, height: float, turn: Rotation) -> Placed:
    """The field's box with its top left, or by its justification its top right, corner at the origin."""
    placed = Placed(x, y, width, height, turn)
    if field.justification == "right":
        left, _, right, _ = placed.box
        return Placed(x - (right - left), y, width, height, turn)
    return placed


def _along(x: float, y: float, length: float, turn: Rotation) -> tuple[float, float]:
    """The point `length` dots on in the direction of writing."""
    across, down = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turn]
    return x + across * length, y + down * length


def _vertical(
    field: Field, text: str, style: Style, turn: Rotation, origin: tuple[float, float], scale: float
) -> tuple[list[Text], tuple[float, float]]:
    """Characters below each other (`^FPV`)."""
    text = text[:_MOST_LINES]
    pitch = style.line_height + field.gap * scale
    width = max((style.advance(character) for character in text), default=0.0)
    placed = Placed.at(*origin, width, pitch * len(text), turn, typeset=field.typeset)
    found = [
        Text(*placed.point(0.0, rank * pitch + style.baseline), turn, style, ((character, 0.0),))
        for rank, character in enumerate(text)
    ]
    return found, origin


def _block(
    field: Field, block: Block, text: str, style: Style, turn: Rotation, origin: tuple[float, float], scale: float
) -> tuple[list[Text], tuple[float, float]]:
    width = block.width * scale
    if width <= 0:
        return [], origin
    indent = block.indent * scale
    wrapped = list(islice(_wrapped(text[:_MOST_CHARACTERS], style, width, indent, field.gap * scale), _MOST_LINES))
    if block.height is not None:
        pitch = style.line_height
        turn = turn if block.turn is None else block.turn
        wrapped = wrapped[: max(int(block.height * scale // pitch), 0)]
        height = block.height * scale
        placed = Placed.at(*origin, width, height, turn, typeset=field.typeset)
    else:
        pitch = style.line_height + block.spacing * scale
        height = pitch * (block.lines - 1) + style.height
        if field.typeset:  # the last line stands on the origin
            placed = Placed.at(*origin, width, pitch * (block.lines - 1) + style.baseline, turn, typeset=True)
        else:
            placed = _boxed(field, *origin, width, height, turn)
    found = []
    for rank, (line, last, ended) in enumerate(wrapped):
        row = rank if block.height is not None else min(rank, block.lines - 1)
        start = indent if rank and block.height is None else 0.0
        glyphs, length = _aligned(line, last, style, width - start, block.alignment, field.gap * scale)
        if glyphs:
            # a line that `\\&` does not end is centred with the blank that follows it
            blank = 0.0 if ended or block.height is not None else style.advance(" ")
            left = start + _slack(block.alignment, width - start - length, blank)
            found.append(Text(*placed.point(left, row * pitch + style.baseline), turn, style, glyphs))
    return found, origin


def _slack(alignment: str, free: float, blank: float) -> float:
    return {"C": (free - blank) / 2, "R": free}.get(alignment, 0.0)


def _aligned(line: str, last: bool, style: Style, width: float, alignment: str, gap: float) -> tuple[Glyphs, float]:
    """A line's glyphs and length; justified (`J`), its spaces are widened, but not in the last line."""
    glyphs, length = run(line, style, gap)
    spaces = line.count(" ")
    if alignment != "J" or last or not spaces:
        return glyphs, length
    wider, shift, spread = (width - length) / spaces, 0.0, []
    for character, pen in glyphs:
        spread.append((character, pen + shift))
        shift += wider if character == " " else 0.0
    return tuple(spread), width


@dataclass(slots=True)
class _Paragraph:
    """Text without line ends, and how far its characters reach, so that any part of it is measured at once."""

    text: str
    style: Style
    gap: float
    _reach: list[float] = field(init=False)

    def __post_init__(self) -> None:
        steps = (0.0 if char == _SOFT_HYPHEN else self.style.advance(char) + self.gap for char in self.text)
        self._reach = list(accumulate(steps, initial=0.0))

    def fits(self, start: int, end: int, room: float) -> bool:
        """Whether a part fits; gaps are between characters only."""
        return self._reach[end] - self._reach[start] - self.gap <= room + _ROUNDING

    def fitting(self, start: int, end: int, room: float) -> int:
        """Where a part that is too long for the room is cut off: at least one character stays."""
        limit = self._reach[start] + room + self.gap + _ROUNDING
        return max(bisect_right(self._reach, limit, start + 1, end + 1) - 1, start + 1)

    def hyphen(self, start: int, begin: int, end: int, room: float) -> int:
        """The last soft hyphen from `begin` to `end` up to which a line from `start` fits with a hyphen; -1: none."""
        if _SOFT_HYPHEN not in self.text:
            return -1
        limit = self._reach[start] + room - self.style.advance("-") + _ROUNDING
        last = bisect_right(self._reach, limit, begin, end) - 1
        place = self.text.rfind(_SOFT_HYPHEN, begin, last + 1)
        return place if place > start else -1

    def part(self, start: int, end: int) -> str:
        """As it prints."""
        return self.text[start:end].replace(_SOFT_HYPHEN, "")


def _wrapped(text: str, style: Style, width: float, indent: float, gap: float) -> Iterator[tuple[str, bool, bool]]:
    """The lines that fit in `width`, each with whether it is a paragraph's last, and whether a line end ends it."""
    room = width
    paragraphs = text.split(_LINE_END)
    for rank, content in enumerate(paragraphs, 1):
        paragraph = _Paragraph(content, style, gap)
        start = end = 0  # of the line
        for word in re.finditer(r" *[^ ]+|^ +$", content):
            begin, after = word.span()
            if end > start and not paragraph.fits(start, after, room):
                cut = paragraph.hyphen(start, begin, after, room)
                line = paragraph.part(start, end).rstrip(" ") if cut < 0 else paragraph.part(start, cut) + "-"
                yield line, False, False
                start = cut + 1 if cut >= 0 else after - len(word[0].lstrip(" "))
                room = width - indent
            end = after
            while end - start > 1 and not paragraph.fits(start, end, room):
                cut = paragraph.hyphen(start, start, end, room)
                if cut < 0:
                    cut = paragraph.fitting(start, end, room)
                    yield paragraph.part(start, cut), False, False
                    start = cut
                else:
                    yield paragraph.part(start, cut) + "-", False, False
                    start = cut + 1
                room = width - indent
        yield paragraph.part(start, end).rstrip(" "), True, rank < len(paragraphs)
        room = width - indent
