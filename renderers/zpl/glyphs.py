"""Text in PDF: Type 3 fonts of the outlines that the dots are made of, with what they mean (ISO 32000-1, 9.6.5, 9.10).

Every size of a font is one of its own, for its outlines are fitted to that size.
"""

from collections.abc import Iterator

from .. import pdffile
from ..pdffile import number
from .fonts import Style
from .raster import pens
from .scene import Text

#: Codes of printable ASCII stand for it; these for what else a text holds.
_OTHERS = range(128, 256)
#: How each code is written in a string (section 7.3.4.2).
_LITERAL = [b"\\" + bytes((code,)) if code in b"\\()" else bytes((code,)) for code in range(256)]
#: Units of glyphs in the size of a font.
_UNITS = 1000
#: How text runs and which way is up, by its turn, with y down: the first four numbers of its matrix (section 9.4.4).
_RUNS = {0: b"1 0 0 -1", 90: b"0 1 1 0", 180: b"-1 0 0 1", 270: b"0 -1 -1 0"}


class _Font:
    """Up to 223 characters of a style, by their codes."""

    def __init__(self, name: int, style: Style) -> None:
        self.name = b"/F%d" % name
        self.style = style
        #: what a viewer calls the size: glyphs are measured in it
        self.size = max(1, round(style.line_height))
        self.chars: dict[int, str] = {}
        self._widths: dict[str, float] = {}

    def code(self, char: str) -> int | None:
        """A code for another character; None when the font is full."""
        code = ord(char)
        if not 32 <= code < 127:
            free = (other for other in _OTHERS if other not in self.chars)
            code = next(free, 0)
        if code:
            self.chars[code] = char
        return code or None

    def width(self, char: str) -> float:
        """The advance in glyph units, as it is written."""
        found = self._widths.get(char)
        if found is None:
            found = self._widths[char] = round(self.style.advance(char) * _UNITS / self.size, 2)
        return found


class Fonts:
    """The fonts of a file, which grow as texts are shown."""

    def __init__(self) -> None:
        self._fonts: list[_Font] = []
        self._open: dict[Style, _Font] = {}
        self._codes: dict[tuple[Style, str], tuple[_Font, int]] = {}

    def show(self, text: Text) -> bytes:
        """A text object (section 9.4), in dots with y down: each glyph on the whole dot where `raster` draws it."""
        x, y, along = pens(text)
        shown: _Font | None = None
        at = 0.0
        written = bytearray(b"BT %s %d %d Tm" % (_RUNS[text.turn], x, y))
        for (char, _), pen in zip(text.glyphs, along, strict=True):
            font, code = self._code(text.style, char)
            if font is not shown:
                written += b")] TJ" if shown else b""
                written += b" %s %d Tf [(" % (font.name, font.size)
                shown = font
            back = round(at - pen * _UNITS / font.size, 2)
            if back:
                written += b")%s(" % number(back, 2)
            written += _LITERAL[code]
            at += font.width(char) - back
        return bytes(written + b")] TJ ET")

    def write(self, objects: dict[int, bytes], numbers: Iterator[int]) -> bytes:
        """Add the objects of all fonts; returns the entries of a resource dictionary's `/Font`."""
        return b" ".join(b"%s %d 0 R" % (font.name, _write(font, objects, numbers)) for font in self._fonts)

    def _code(self, style: Style, char: str) -> tuple[_Font, int]:
        found = self._codes.get((style, char))
        if found is None:
            font = self._open.get(style)
            code = None if font is None else font.code(char)
            if font is None or code is None:
                font = self._open[style] = _Font(len(self._fonts), style)
                self._fonts.append(font)
                code = font.code(char) or 0
            found = self._codes[style, char] = font, code
        return found


def _write(font: _Font, objects: dict[int, bytes], numbers: Iterator[int]) -> int:
    codes = sorted(font.chars)
    boxes, procedures, names = [], [], []
    for code in codes:
        box, drawn = _outline(font, font.chars[code])
        boxes.append(box)
        procedure = next(numbers)
        objects[procedure] = pdffile.packed(b"", drawn)
        procedures.append(b"/c%d %d 0 R" % (code, procedure))
        names.append(b"%d /c%d" % (code, code))
    around = [pick(box[side] for box in boxes) for side, pick in enumerate((min, min, max, max))]
    meaning, itself = next(numbers), next(numbers)
    objects[meaning] = pdffile.packed(b"", _to_unicode(font))
    first, last = codes[0], codes[-1]
    every = (font.chars.get(code) for code in range(first, last + 1))
    widths = b" ".join(b"0" if char is None else number(font.width(char), 2) for char in every)
    objects[itself] = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [%s] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << %s >> "
        b"/Encoding << /Type /Encoding /Differences [%s] >> /FirstChar %d /LastChar %d /Widths [%s] "
        b"/Resources << >> /ToUnicode %d 0 R >>"
        % (b" ".join(map(number, around)), b" ".join(procedures), b" ".join(names), first, last, widths, meaning)
    )
    return itself


def _outline(font: _Font, char: str) -> tuple[tuple[float, float, float, float], bytes]:
    """The box of a glyph and its procedure, in glyph units, y up: a shape without a colour of its own (`d1`)."""
    unit = _UNITS / font.size
    lines: list[bytes] = []
    across: list[float] = []
    down: list[float] = []
    at = (0.0, 0.0)
    for kind, spots in font.style.outline(char):
        points = [(x * unit, -y * unit) for x, y in spots]
        across += [x for x, _ in points]
        down += [y for _, y in points]
        if kind == "quadratic":  # PDF has cubic curves only
            (control_x, control_y), end = points
            points = [
                ((at[0] + 2 * control_x) / 3, (at[1] + 2 * control_y) / 3),
                ((end[0] + 2 * control_x) / 3, (end[1] + 2 * control_y) / 3),
                end,
            ]
        at = points[-1]
        operator = {"move": b"m", "line": b"l", "quadratic": b"c", "cubic": b"c"}[kind]
        lines.append(b" ".join([number(value, 2) for point in points for value in point] + [operator]))
    box = (min(across), min(down), max(across), max(down)) if across else (0.0, 0.0, 0.0, 0.0)
    head = b"%s 0 %s d1\n" % (number(font.width(char), 2), b" ".join(number(side, 2) for side in box))
    return box, head + b"\n".join(lines) + (b"\nf" if lines else b"")


def _to_unicode(font: _Font) -> bytes:
    """A CMap from codes to UTF-16 (section 9.10.3)."""
    pairs = [
        b"<%02x> <%s>" % (code, char.encode("utf-16-be", "replace").hex().encode("ascii"))
        for code, char in sorted(font.chars.items())
    ]
    blocks = [pairs[first : first + 100] for first in range(0, len(pairs), 100)]
    return b"\n".join(
        [
            b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            b"/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
            b"1 begincodespacerange <00> <ff> endcodespacerange",
            *(b"%d beginbfchar\n%s\nendbfchar" % (len(block), b"\n".join(block)) for block in blocks),
            b"endcmap CMapName currentdict /CMap defineresource pop end end",
        ]
    )
