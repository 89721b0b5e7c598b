"""Fields to shapes: where each one's text, barcode or graphic lies on the paper, in device dots."""

import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final, Literal

from ..bitmap import Bitmap, Rotation
from ..errors import AssetRefused
from . import symbology, text, typeset
from .extent import extent
from .findings import Finding, Severity
from .fonts import Style, font, style
from .lexer import Command
from .place import Placed, turned
from .scene import Boxes, Diagonal, Dots, Ellipse, Frame, Ink, Mark, Shape, Text
from .serial import advanced
from .state import TURNS, Field, FontChoice, Settings
from .stored import Memory, stem
from .symbology.model import Request, Symbol, Unprintable, Value

_MAX_MARKS: Final = 50_000
_MAX_FINDINGS: Final = 1000
#: The font of `^GS`.
_MARKS: Final = "GS"
#: The font of interpretation lines: A, as many times larger as the narrow bar has dots.
_CAPTION_CELL: Final = (9.0, 5.0)
#: Dots at which positions and sizes end: far off any paper, and small enough to count with.
_FARTHEST: Final = 1_000_000.0
_WIDEST_BAR: Final = 1000
_SHOWN: Final = 200  # characters of such data that are kept
_LETTERS: Final = 20  # shown of those that no face has
_EDGES: Final = ("left", "top", "right", "bottom")

_symbol = lru_cache(maxsize=128)(symbology.draw)


@dataclass(frozen=True, slots=True)
class Paper:
    """`width` x `height` device dots, `scale` of them per dot that the ZPL counts in, fields moved right by `shift`.

    `dots_per_mm` is that of the head that the ZPL is made for.
    """

    width: int
    height: int
    scale: float
    shift: float
    dots_per_mm: float = 8.0


@dataclass(frozen=True, slots=True)
class Expected:
    """A barcode of the label: what a scanner must give, in zxing-cpp's words, and its box on the paper in dots.

    `format` is empty where zxing-cpp does not read this kind. `fault` says why it is not on the label at all, and
    `shape` is what was drawn of it.
    """

    name: str
    format: str
    text: str
    box: tuple[int, int, int, int]
    start: int
    fault: str = ""
    shape: Boxes | Dots | None = None


class Painter:
    """Collects the marks of one label.

    `missing` are those of its findings that tell what only the printer holds; `work` is about how many dots it draws.
    """

    def __init__(self, paper: Paper, memory: Memory) -> None:
        self.expected: list[Expected] = []
        self.missing: list[Finding] = []
        self.work = 0
        self._findings: list[Finding] = []
        self._groups: list[list[Mark]] = [[]]  # in drawing order
        self._count = 0
        self._beyond: dict[int, list[int]] = {}
        self._shown: set[int] = set()  # fields that have ink on the paper
        self._strange: set[str] = set()  # fonts that others stand in for
        self._paper = paper
        self._memory = memory
        self._pen = (0.0, 0.0)  # where the last text ended, for `^FT` without a position

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is drawn so far, in drawing order."""
        return tuple(chain.from_iterable(self._groups))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said so far, in the order of the ZPL."""
        return tuple(sorted((*self._findings, *self._off_label()), key=lambda finding: finding.start))

    @property
    def beyond(self) -> tuple[Finding, ...]:
        """Those of the findings that tell of what the edges of the label cut off, if it is more than a dot."""
        return tuple(self._off_label(least=2))

    @property
    def beside(self) -> tuple[Finding, ...]:
        """Those of them whose fields are not on the label at all, in no part; barcodes are told by `expected`."""
        barcodes = {one.start for one in self.expected}
        return tuple(one for one in self._off_label() if one.start not in self._shown | barcodes)

    def say(self, start: int, severity: Severity, reason: str, hint: str = "") -> None:
        """Finding on the command at byte `start`."""
        finding = Finding(start, severity, reason, hint)
        if len(self._findings) < _MAX_FINDINGS:
            self._findings.append(finding)

    def lacks(self, start: int, reason: str, hint: str) -> None:
        """Finding on a command that needs what only the printer holds."""
        self.say(start, "error", reason, hint)
        if len(self.missing) < _MAX_FINDINGS:
            self.missing.append(Finding(start, "error", reason, hint))

    def reserve(self) -> list[Mark]:
        """A place between what is drawn before and after, for a field whose data comes later."""
        self._counted()
        place: list[Mark] = []
        self._groups += [place, []]
        return place

    def paint_at(self, place: list[Mark], field: Field, index: int = 0) -> None:
        """Draw a field into a place that was reserved, see `paint`."""
        self._groups.append([])
        self.paint(field, index)
        place += self._groups.pop()

    def paint(self, field: Field, index: int = 0) -> None:
        """Draw a field that has ended, as it is on label `index` of those that count.

        Raises:
            AssetRefused: a graphic is damaged, or there is too much to draw.
        """
        if field.settings is None:
            raise ValueError("a field is painted with the settings that held when it ended")
        for command, values in field.graphics:
            self._graphic(field, field.settings, command, values)
        if field.barcode and not field.data:
            self.say(field.start, "warning", f"{field.barcode} has no data, so it does not print",
                     "give the field its data (^FD)")  # fmt: skip
        if field.data is None or (field.graphics and not field.data):
            return
        data, code_page = field.data, field.settings.code_page
        if field.barcode:  # keeps the line ends that are written as `^FH` escapes
            data = text.without_line_ends(data, code_page)
        data = text.unescape(data, field.hexadecimal) if field.hexadecimal else data
        wraps = field.block is not None and field.block.height is None
        self._memory.budget.write(len(data))
        read = text.characters if field.barcode else typeset.wrapping if wraps else text.decode
        written = read(data, code_page)
        if field.serial is not None:
            written = advanced(written, field.serial, index)
            data = advanced(data.decode("latin-1"), field.serial, index).encode("latin-1")
        if field.barcode:
            if data:
                self._barcode(field, field.settings, data, written)
        else:
            self._text(field, field.settings, written)

    def load_image(self, name: str, start: int) -> None:
        """Lay a stored label under what follows (`^IL`)."""
        bitmap = self._memory.recalled(name, self._paper.scale)
        if bitmap is None:
            self._missing(name, start)
        else:
            self._add(Dots(0, 0, bitmap), "black", start)

    def _counted(self) -> None:
        self._count += 1
        if self._count > _MAX_MARKS:
            raise AssetRefused(f"the ZPL draws more than {_MAX_MARKS} shapes")

    def _add(self, shape: Shape, ink: Ink, start: int) -> None:
        """Draw what lies on the paper, at least in part."""
        self._counted()
        width, height = self._paper.width, self._paper.height
        reach = extent(shape, width, height)
        if reach is None:
            return
        beyond = reach.beyond(width, height)
        if ink != "white" and max(beyond) > 0 and (start in self._beyond or len(self._beyond) < _MAX_FINDINGS):
            self._beyond[start] = [max(pair) for pair in zip(self._beyond.get(start, beyond), beyond, strict=True)]
        if not reach.misses(width, height):
            if ink != "white":
                self._shown.add(start)
            self._memory.budget.draw(reach.work)
            self.work += reach.work
            self._groups[-1].append(Mark(shape, ink, start))

    def _off_label(self, least: int = 1) -> list[Finding]:
        """A warning for each field that prints over an edge of the label, by so many dots at least."""
        found = []
        for start, beyond in self._beyond.items():
            if max(beyond) < least:
                continue
            over = " and ".join(
                f"{dots} dot{'s' if dots > 1 else ''} over the {edge} edge"
                for edge, dots in zip(_EDGES, beyond, strict=True)
                if dots > 0
            )
            found.append(Finding(start, "warning", f"this prints {over} of the label, where it is cut off",
                                "move it, or make it smaller"))  # fmt: skip
        return found

    def _missing(self, name: str, start: int) -> None:
        self.lacks(start, f"graphic {name!r} is stored in the printer, not sent here, so it is left out",
                   "send it with the label (~DG)")  # fmt: skip

    @staticmethod
    def _ink(field: Field, settings: Settings, *, white: bool = False) -> Ink:
        if field.reverse or settings.reverse:
            return "reverse"
        return "white" if white else "black"

    def _origin(self, field: Field, settings: Settings) -> tuple[float, float]:
        """The field's origin in device dots."""
        scale = self._paper.scale
        x = (settings.home[0] + (field.x or 0.0) - settings.shift) * scale + self._paper.shift
        y = (settings.home[1] + (field.y or 0.0) + settings.top) * scale
        if field.typeset:
            x = self._pen[0] if field.x is None else x
            y = self._pen[1] if field.y is None else y
        return min(max(x, -_FARTHEST), _FARTHEST), min(max(y, -_FARTHEST), _FARTHEST)

    # --- text

    def _style(self, choice: FontChoice, settings: Settings, start: int) -> Style:
        name = settings.aliases.get(choice.name, choice.name)
        per_mm = self._paper.dots_per_mm
        face = font(name, per_mm)
        if face.name != name.upper():
            self._stands_in(name, face.name, start)
        usual = settings.font
        height, width = choice.height, choice.width
        if height is None and width is None:
            if choice.name == usual.name:
                height, width = usual.height, usual.width
            elif choice.name == _MARKS:
                height = usual.height
        return style(face.name, *face.fit(height, width), self._paper.scale, per_mm)

    def _legible(self, written: str, chosen: Style, start: int) -> None:
        """Say what of a text does not print as it is meant."""
        if written.isascii():
            return
        letters = dict.fromkeys(written)
        lost = "".join(letter for letter in letters if letter.isprintable() and not chosen.has(letter))
        if lost:
            self.lacks(start, f"no font here has {lost[:_LETTERS]!r}, so it is left out",
                       "send such text as a graphic")  # fmt: skip
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in letters):
            self.say(start, "warning", "Hebrew and Arabic print in the order of the data, from the left, unjoined",
                     "send such text as a graphic")  # fmt: skip

    def _stands_in(self, name: str, other: str, start: int) -> None:
        if name not in self._strange and len(self._strange) < _MAX_FINDINGS:
            self._strange.add(name)
            self.say(start, "note", f"font {name!r} is in the printer, not here, so it is drawn with font {other}")

    def _text(self, field: Field, settings: Settings, written: str) -> None:
        chosen = self._style(field.font or settings.font, settings, field.start)
        self._legible(written, chosen, field.start)
        turn = settings.turn if field.turn is None else field.turn
        x, y = self._origin(field, settings)
        lines, self._pen = typeset.lines(field, written, chosen, turn, (x, y), self._paper.scale)
        ink = self._ink(field, settings)
        for line in lines:
            self._add(line, ink, field.start)

    # --- barcodes

    def _barcode(self, field: Field, settings: Settings, data: bytes, written: str) -> None:
        scale = self._paper.scale
        narrow, ratio, high = settings.bars
        self._memory.budget.encode()
        module = min(max(1, _whole(narrow * scale)), _WIDEST_BAR)
        captions = self._caption_style(field, settings, module)
        request = Request(field.values, data, written, module, min(max(ratio, 2.0), 3.0),
                          min(max(1, _whole(high * scale)), int(_FARTHEST)),
                          scale, captions.cap_height, self._paper.dots_per_mm)  # fmt: skip
        try:
            symbol = _symbol(field.barcode, request)
        except Unprintable as exc:
            self._faulty(field, settings, written, str(exc))
            return
        turn = settings.turn if field.barcode != "^BQ" else 0
        turn = TURNS.get(str(field.values[0]), turn) if field.values and field.barcode != "^BQ" else turn
        x, y = self._origin(field, settings)
        placed = self._placed(field, symbol, turn, x, y)
        ink = self._ink(field, settings)
        left, top = _whole(placed.x), _whole(placed.y)
        shape: Boxes | Dots
        if symbol.bitmap is not None:
            shape = Dots(left, top, symbol.bitmap.rotated(turn))
        else:
            shape = Boxes(left, top, turned(symbol.edges, symbol.width, symbol.height, turn))
        self._add(shape, ink, field.start)
        self._captions(field, symbol, placed, captions, ink)
        box = left, top, _whole(placed.box[2]), _whole(placed.box[3])
        self.expected.append(Expected(field.barcode, symbol.format, symbol.text, box, field.start, shape=shape))

    def _faulty(self, field: Field, settings: Settings, written: str, fault: str) -> None:
        """A barcode that no printer can make of its data: it is on the label in the sender's mind only."""
        self.say(field.start, "error", f"{field.barcode} does not print: {fault}", "correct the data of the field")
        x, y = (_whole(place) for place in self._origin(field, settings))
        self.expected.append(Expected(field.barcode, "", written[:_SHOWN], (x, y, x, y), field.start, fault))

    @staticmethod
    def _placed(field: Field, symbol: Symbol, turn: Rotation, x: float, y: float) -> Placed:
        y += -symbol.rise if field.typeset else symbol.drop
        placed = Placed.at(x, y, symbol.width, symbol.height, turn, typeset=field.typeset)
        if field.justification == "right":
            across = placed.box[2] - placed.box[0]
            return Placed(placed.x - across, placed.y, placed.width, placed.height, turn)
        return placed

    def _caption_style(self, field: Field, settings: Settings, module: int) -> Style:
        if field.font is not None:
            return self._style(field.font, settings, field.start)
        height, width = _CAPTION_CELL
        return style("A", height * module, width * module, 1.0)

    def _captions(self, field: Field, symbol: Symbol, placed: Placed, chosen: Style, ink: Ink) -> None:
        for caption in symbol.captions:
            self._legible(caption.text, chosen, field.start)
            glyphs, width = typeset.run(caption.text, chosen)
            left = (caption.left + caption.right - width) / 2
            if caption.stretched and len(glyphs) > 1:
                left = caption.left
                pitch = (caption.right - caption.left - chosen.advance(caption.text[-1])) / (len(glyphs) - 1)
                glyphs = tuple((letter, rank * pitch) for rank, (letter, _) in enumerate(glyphs))
            x, y = placed.point(left, caption.baseline)
            self._add(Text(x, y, placed.turn, chosen, glyphs), ink, field.start)

    # --- graphics

    def _graphic(self, field: Field, settings: Settings, command: Command, values: tuple[Value, ...]) -> None:
        x, y = self._origin(field, settings)
        if command.name in ("^GF", "^XG", "^IM"):
            bitmap = self._bitmap(command, values)
            if bitmap is None:
                self._missing(stem(str(values[0])), command.start)
                return
            left, top = self._corner(field, x, y, bitmap.width, bitmap.height)
            self._add(Dots(left, top, bitmap), self._ink(field, settings), command.start)
            return
        shape, white = self._shape(field, command, values, x, y)
        self._add(shape, self._ink(field, settings, white=white), command.start)

    def _bitmap(self, command: Command, values: tuple[Value, ...]) -> Bitmap | None:
        scale = self._paper.scale
        if command.name == "^GF":
            return self._memory.sent(command, scale)
        across, down = (int(value) if isinstance(value, float) else 1 for value in (*values[1:3], None, None)[:2])
        return self._memory.recalled(stem(str(values[0])), scale, across, down)

    def _corner(self, field: Field, x: float, y: float, width: int, height: int) -> tuple[int, int]:
        left = x - width if field.justification == "right" else x
        return _whole(left), _whole(y - height if field.typeset else y)

    def _shape(
        self, field: Field, command: Command, values: tuple[Value, ...], x: float, y: float
    ) -> tuple[Shape, bool]:
        """The shape of `^GB`, `^GC`, `^GD` or `^GE`, and whether it is white."""
        name, scale = command.name, self._paper.scale
        numbers = [min(value, _FARTHEST) if isinstance(value, float) else 0.0 for value in values]
        if name == "^GC":
            numbers = [numbers[0], *numbers]
        thick = numbers[2] or 1.0
        least = thick if name == "^GB" else 3.0
        wide, high = max(numbers[0], least), max(numbers[1], least)
        colour = values[2 if name == "^GC" else 3]
        if field.justification == "right":
            x -= wide * scale
        if field.typeset:
            y -= high * scale
        left, top = _whole(x), _whole(y)
        width, height = max(_whole(x + wide * scale) - left, 1), max(_whole(y + high * scale) - top, 1)
        line = max(_whole(thick * scale), 1)
        white = colour == "W"
        if name == "^GB":
            radius = min(max(numbers[4], 0.0), 8.0) / 8 * min(width, height) / 2
            return Frame(left, top, width, height, line, radius), white
        if name == "^GD":
            leaning: Literal["R", "L"] = "L" if values[4] in ("L", "\\") else "R"
            return Diagonal(left, top, width, height, line, leaning), white
        return Ellipse(left, top, width, height, line), white


def _whole(value: float) -> int:
    return math.floor(value + 0.5)
