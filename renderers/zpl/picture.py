"""Draw ZPL as far as it is known here: graphics and boxes. What is left out is named, never guessed.

The simulated printer draws its paper with it, the status page its preview, and pass-through labels are
verified by it where it can draw them whole.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..bitmap import MAX_DOTS, Bitmap
from ..errors import AssetRefused
from .graphic_field import decode, decode_graphic
from .label import prints
from .lexer import Command, formats, lex

MAX_LABELS = 200
_MAX_DRAWN = 20_000
_MAX_GRAPHIC_BYTES = 64 * 1024 * 1024

#: Commands that need no drawing of their own: handled below, or without effect on what is drawn here.
_SILENT = frozenset(
    """
    ^XA ^XZ ^FS ^FX ^FR ^LR ^LH ^LL ^PW ^PO ^PQ ^CI ^CF ^CV ^CW ^BY ^A ^A@ ^FB ^TB ^FH ^FP ^FM ^PA
    ^DN ~DN ~JN ~JO ^MN ^MT ^MM ^MD ~SD ^PR ~TA ^LT ^JU ~JS ^JS ^MF ^SZ ^XB ^ID
    ^CC ~CC ^CT ~CT ^CD ~CD ~HS ~HI ~HQ ~HM
    """.split()  # noqa: SIM905  # a table to be read by people
)
#: Settings that are silent at their usual value only.
_USUAL = {"^PM": ("", "N"), "^LS": ("", "0"), "^JM": ("", "A"), "^MU": ("", "D"), "^MC": ("", "Y")}
_DOWNLOAD = re.compile(rb"([^,]*),\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,")


class Picture(NamedTuple):
    """One printed label: its dots, and the commands that were not drawn (empty: the picture is whole)."""

    bitmap: Bitmap
    undrawn: tuple[str, ...]


def draw(zpl: bytes, width: int, height: int) -> list[Picture]:
    """Draw each format of `zpl` that prints on paper of `width` x `height` printer dots, in order.

    A format is drawn once, whatever its `^PQ`. A `^PW` narrower than the paper is centred on it.

    Raises:
        AssetRefused: the ZPL cannot be split, a graphic is damaged, or there is too much to draw.
    """
    if width < 1 or height < 1 or width * height > MAX_DOTS:
        raise AssetRefused(f"paper of {width}x{height} dots cannot be drawn")
    commands = lex(zpl)
    canvas = _Canvas(width, height)
    pictures = []
    canvas.store(commands)
    for inside in formats(commands):
        picture = canvas.format(inside)
        if prints(inside):
            pictures.append(picture)
        if len(pictures) > MAX_LABELS:
            raise AssetRefused(f"the ZPL prints more than {MAX_LABELS} labels")
    return pictures


@dataclass(slots=True)
class _Canvas:
    """The printer's memory: what persists from format to format, and the dots of the one at hand."""

    width: int
    height: int
    home: tuple[int, int] = (0, 0)
    print_width: int = 0
    inverted: bool = False
    reversed: bool = False
    graphics: dict[str, Bitmap] = field(default_factory=dict)
    drawn: int = 0
    budget: int = _MAX_GRAPHIC_BYTES
    paper: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((1, 1), np.bool_))
    undrawn: dict[str, None] = field(default_factory=dict)
    at: tuple[int, int] = (0, 0)
    typeset: bool = False
    usual_justification: str = ""
    justification: str = ""
    field_reversed: bool = False
    symbology: str = ""

    def store(self, commands: tuple[Command, ...]) -> None:
        """Keep the graphics that `~DG` sends ahead."""
        for command in commands:
            if command.name == "~DG":
                header = _DOWNLOAD.match(command.parameters)
                if header is None:
                    raise AssetRefused(f"~DG at byte {command.start} does not begin with a name and two lengths")
                name, total = _object_name(header[1].decode("latin-1")), int(header[2])
                self._spend(total)
                data = command.parameters[header.end() :]
                self.graphics[name] = decode_graphic(data, total, int(header[3]), self.budget + total)

    def format(self, commands: tuple[Command, ...]) -> Picture:
        """Draw one format on fresh paper."""
        self.paper = np.zeros((self.height, self.width), np.bool_)
        self.undrawn = {}
        for command in commands:  # the last one counts, wherever it stands
            if command.name == "^PW":
                self.print_width = _number(command.fields()[0])
            elif command.name == "^PO":
                self.inverted = command.fields()[0].upper() == "I"
        self._end_field()
        for command in commands:
            self._obey(command)
        paper = np.rot90(self.paper, 2) if self.inverted else self.paper
        return Picture(Bitmap.from_bits(paper), tuple(self.undrawn))

    def _obey(self, command: Command) -> None:
        name = command.name
        if name in ("^LH", "^FO", "^FT"):
            self._move(name, command.fields())
        elif name == "^FW":
            fields = command.fields()
            self.usual_justification = fields[1] if len(fields) > 1 and fields[1] else self.usual_justification
            self.justification = self.usual_justification
        elif name == "^FR":
            self.field_reversed = True
        elif name == "^LR":
            self.reversed = command.fields()[0].upper() == "Y"
        elif name == "^FS":
            self._end_field()
        elif name in ("^GF", "^GB", "^XG"):
            self._graphic(command)
        else:
            self._omit(command)

    def _omit(self, command: Command) -> None:
        """Note what this command would have drawn or changed."""
        name = command.name
        if name in ("^FD", "^FV", "^SN"):
            if command.parameters.strip():
                self.undrawn[self.symbology or "^A"] = None
        elif name.startswith("^B") and name != "^BY":
            self.symbology = name
        elif name in _USUAL:
            if command.fields()[0].upper() not in _USUAL[name]:
                self.undrawn[name] = None
        elif name not in _SILENT and name not in ("", "~DG"):
            self.undrawn[name] = None

    def _move(self, name: str, fields: list[str]) -> None:
        x, y = _number(fields[0]), _number(fields[1]) if len(fields) > 1 else 0
        if name == "^LH":
            self.home = x, y
            return
        self.at, self.typeset = (x, y), name == "^FT"
        self.justification = fields[2] if len(fields) > 2 and fields[2] else self.usual_justification

    def _graphic(self, command: Command) -> None:
        self.drawn += 1
        if self.drawn > _MAX_DRAWN:
            raise AssetRefused(f"the ZPL draws more than {_MAX_DRAWN} graphics")
        if self.justification not in ("", "0"):
            self.undrawn["justification"] = None
        if command.name == "^GF":
            bitmap = decode(command.parameters, self.budget)
            self._spend(bitmap.rows.size)
            self._paste(bitmap.bits())
        elif command.name == "^GB":
            self._box(command.fields())
        else:
            self._recall(command.fields())

    def _box(self, fields: list[str]) -> None:
        numbers = [_number(part) for part in fields[:3]] + [0] * (3 - len(fields[:3]))
        line = max(numbers[2], 1)
        wide, high = max(numbers[0], line), max(numbers[1], line)
        if len(fields) > 4 and _number(fields[4]):
            self.undrawn["^GB rounding"] = None
        white = len(fields) > 3 and fields[3].upper() == "W"
        x, y = self._corner(high)
        across, down = self._clipped(x, wide, self.width), self._clipped(y, high, self.height)
        if across.start >= across.stop or down.start >= down.stop:
            return
        # only the part on the paper is ever made, whatever size is asked for
        box = np.ones((down.stop - down.start, across.stop - across.start), np.bool_)
        hollow = (
            slice(max(y + line - down.start, 0), max(y + high - line - down.start, 0)),
            slice(max(x + line - across.start, 0), max(x + wide - line - across.start, 0)),
        )
        box[hollow] = False
        self._ink(down, across, box, white=white)

    def _recall(self, fields: list[str]) -> None:
        graphic = self.graphics.get(_object_name(fields[0]))
        if graphic is None:
            self.undrawn["^XG of a stored graphic"] = None
            return
        larger = [min(max(_number(part), 1), 10) for part in fields[1:3]] + [1, 1]
        bits = graphic.bits()[: self.height, : self.width]
        self._spend(bits.size * larger[0] * larger[1] // 8)
        self._paste(bits.repeat(larger[1], axis=0).repeat(larger[0], axis=1))

    def _paste(self, bits: NDArray[np.bool_]) -> None:
        high, wide = bits.shape
        x, y = self._corner(high)
        across, down = self._clipped(x, wide, self.width), self._clipped(y, high, self.height)
        if across.start < across.stop and down.start < down.stop:
            part = bits[down.start - y : down.stop - y, across.start - x : across.stop - x]
            self._ink(down, across, part, white=False)

    def _ink(self, down: slice, across: slice, bits: NDArray[np.bool_], *, white: bool) -> None:
        paper = self.paper[down, across]
        if self.field_reversed or self.reversed:
            paper ^= bits
        elif white:
            paper &= ~bits
        else:
            paper |= bits

    def _corner(self, high: int) -> tuple[int, int]:
        """Where the field's top left dot lies: `^FT` gives the bottom left instead."""
        shift = (self.width - self.print_width) // 2 if 0 < self.print_width < self.width else 0
        x, y = self.home[0] + self.at[0] + shift, self.home[1] + self.at[1]
        return x, y - high if self.typeset else y

    @staticmethod
    def _clipped(start: int, length: int, limit: int) -> slice:
        return slice(min(max(start, 0), limit), max(min(start + length, limit), 0))

    def _end_field(self) -> None:
        self.at, self.typeset, self.field_reversed, self.symbology = (0, 0), False, False, ""
        self.justification = self.usual_justification

    def _spend(self, size: int) -> None:
        self.budget -= size
        if self.budget < 0:
            raise AssetRefused("the ZPL's graphics are too large")


def _object_name(text: str) -> str:
    """A stored object's name without device and extension, which default to R: and .GRF."""
    return text.strip().upper().rpartition(":")[2].removesuffix(".GRF")


def _number(text: str) -> int:
    digits = text.strip().split(".")[0].lstrip("+")[:6]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
