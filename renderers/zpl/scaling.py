"""ZPL for another resolution as ZPL: lengths are multiplied, modules of symbols and bitmap fonts stay whole."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from ..bitmap import Bitmap
from ..errors import AssetRefused, RenderError
from . import fonts
from .allowlist import ALLOWED, DROPPED
from .grammar import LENGTHS, PARAMETERS, Parameter, Value, graphic_data, read
from .graphic_field import Encoding, decode, decode_graphic, encode
from .lexer import DATA, Command
from .resample import resample
from .stored import stem
from .symbology.heads import SIZES, usual
from .writer import write

#: Height and width in dots of those bitmap fonts' cells that are the same on every head (ZPL II guide, "fonts").
_CELLS: Final = {
    "A": (9, 5), "B": (11, 7), "C": (18, 10), "D": (18, 10), "F": (26, 13), "G": (60, 40),
    "P": (20, 18), "Q": (28, 24), "R": (35, 31), "S": (40, 35), "T": (48, 42), "U": (59, 53), "V": (80, 71),
}  # fmt: skip
#: These have others on each head.
_GROWING = "EH"
_SCALABLE_FILES = (".TTF", ".TTE", ".OTF")
#: How far text may miss its size before it is better sent as dots.
_TOLERANCE = 0.12
_MAX_GRAPHIC_BYTES = 64 * 1024 * 1024
_SYMBOLS = frozenset(name for name in PARAMETERS if name.startswith("^B") and name != "^BY")
#: Shapes, and which of their parameters is the thickness of the line.
_LINES: Final = {"^GB": 2, "^GC": 1, "^GD": 2, "^GE": 2}
#: Stored graphics of other kinds than dots.
_UNREAD = frozenset({"~DY", "^IM", "^IL"})

Resample = Callable[[Bitmap, float], Bitmap]


class CannotRescale(RenderError):
    """ZPL that has to be drawn for another resolution, for its commands cannot say it; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Rescaled:
    """ZPL for another resolution, and what changed otherwise than by the factor."""

    zpl: bytes
    notes: tuple[str, ...]


def rescaled(
    commands: Sequence[Command],
    factor: float,
    resampled: Resample = resample,
    encoding: Encoding | None = None,
    dots_per_mm: float = 8.0,
) -> Rescaled:
    """`commands`, made for a head of `dots_per_mm`, for one of `factor` times as many, with the usual prefixes.

    Symbols have modules of whole dots, the nearest to the right size; graphics go through `resampled` and are packed
    as they were, or as `encoding` says. Lengths in inches or millimetres (`^MU`) stay, for the printer converts them.

    Raises:
        CannotRescale: the result would not show the same label.
        CommandRefused: see `writer.write`.
    """
    scaler = _Scaler(factor, resampled, encoding, dots_per_mm)
    commands = [
        command
        for before, command in pairwise([Command("^XA", b"", 0, 0), *commands])
        if command.name or before.name != "^GF"  # text after binary data would be part of data that is not
    ]
    written = [scaler.scaled(command) for command in commands]
    first = next((place for place, command in enumerate(commands) if command.name == "^XA"), None)
    if first is not None and any(command.name in _SYMBOLS for command in commands):
        # what a printer takes where the label says nothing is the same number of dots at every resolution
        place = next((place for place in range(first + 1, len(commands)) if commands[place].name), len(commands))
        usual = b"%d,3,%d" % (max(1, _round(2 * factor)), _round(10 * factor))
        written.insert(place, Command("^BY", usual, 0, 0))
    return Rescaled(write(written), tuple(scaler.notes))


@dataclass(slots=True)
class _Scaler:
    """What the printer remembers on its way through the commands, and the notes so far."""

    factor: float
    resampled: Resample
    encoding: Encoding | None
    dots_per_mm: float
    in_dots: bool = True
    sized: bool = False
    font: str = "A"
    field_font: bool = False
    at: tuple[float, float] = (0.0, 0.0)
    stored: set[str] = field(default_factory=set)
    budget: int = _MAX_GRAPHIC_BYTES
    notes: dict[str, None] = field(default_factory=dict)

    def scaled(self, command: Command) -> Command:
        name = command.name
        if name in DATA:
            if name != "^FX" and command.parameters.strip():
                self._check_text(command)
            return command
        if len(name) > 1 and name not in ALLOWED and name not in DROPPED:
            raise CannotRescale(f"{name} at byte {command.start} is not known here")
        self._remember(command)
        if name in ("^GF", "~DG"):
            return self._graphic(command)
        if name in _UNREAD or name in ("^XG", "^XF"):
            self._check_stored(command)
        if name in ("^A", "^CF", "^A@"):
            return self._text(command)
        if name in _LINES and self.in_dots and _round(self.factor) > 1:
            command = _with_line(command)
        if name == "^GB" and self.in_dots:
            return self._box(command)
        if name in SIZES:
            command = self._with_usual(command)
        parameters = PARAMETERS.get(name, ())
        values = read(command)
        return self._with(command, [self._value(command, *pair) for pair in zip(parameters, values, strict=True)])

    def module(self, dots: float) -> int:
        """Whole dots for a module of `dots`."""
        whole = max(1, _round(dots * self.factor))
        change = whole / (dots * self.factor) - 1 if dots else 0.0
        if abs(change) > 0.02:
            more = "more" if change > 0 else "less"
            self.notes[f"modules of {dots:g} dots become {whole}: {abs(change):.0%} {more} than the right size"] = None
        return whole

    def _remember(self, command: Command) -> None:
        name, values = command.name, read(command)
        if name == "^MU":
            self._unit(command, values)
        elif name in ("^FO", "^FT"):
            self.at = (_dots(values[0]), _dots(values[1])) if name == "^FO" else (0.0, 0.0)
        elif name in ("^FS", "^XA", "^XZ"):
            self.field_font, self.at = False, (0.0, 0.0)
        elif name in _SYMBOLS:
            self.field_font = True
        elif name in ("~DG", "^DF", "^IS"):
            self.stored.add(stem(str(values[0])))

    def _unit(self, command: Command, values: tuple[Value, ...]) -> None:
        unit, base, desired = values
        if base and desired and base != desired:
            raise CannotRescale(f"^MU at byte {command.start} converts between resolutions itself")
        self.in_dots = unit in ("", "D")

    def _value(self, command: Command, parameter: Parameter, value: Value) -> int | None:
        """The number to write, None to leave the parameter as it is."""
        if not isinstance(value, float) or not value:
            return None
        if parameter.kind == "times" or (parameter.kind == "module" and self.in_dots):
            number = self.module(value)
        elif parameter.kind in LENGTHS and self.in_dots:
            number = _round(value * self.factor) or int(math.copysign(1, value))
        else:
            return None
        return _within(command, parameter, value, number)

    def _with_usual(self, command: Command) -> Command:
        """A barcode that names the sizes which the printer would choose otherwise than the head it is made for."""
        values, delimiter = read(command), command.delimiter.encode("ascii")
        parts = command.parameters.rstrip().split(delimiter)
        for place in SIZES[command.name]:
            here, there = (usual(command.name, place, self.dots_per_mm * times) for times in (1.0, self.factor))
            if values[place] or _round(here * self.factor) == there:
                continue
            if not self.in_dots:
                raise CannotRescale(f"{command.name} at byte {command.start} takes the printer's usual size")
            parts += [b""] * (place + 1 - len(parts))
            parts[place] = b"%d" % here
        return replace(command, parameters=delimiter.join(parts))

    def _with(self, command: Command, numbers: Sequence[int | None]) -> Command:
        """The command with these numbers in the places of its parameters."""
        if not any(number is not None for number in numbers):
            return command
        delimiter = command.delimiter.encode("ascii")
        parts = command.parameters.split(delimiter)
        if command.name == "^A":  # the font stands before the first parameter without a delimiter
            numbers = numbers[1:]
        for place, number in enumerate(numbers[: len(parts)]):
            if number is not None:
                parts[place] = b"%d" % number
        return replace(command, parameters=delimiter.join(parts))

    def _box(self, command: Command) -> Command:
        """`^GB` with both edges rounded, so that boxes which touch still touch."""
        values = read(command)
        numbers: list[int | None] = [self._value(command, *pair) for pair in
                                     zip(PARAMETERS["^GB"], values, strict=True)]  # fmt: skip
        for place in (0, 1):
            size = values[place]
            if isinstance(size, float) and size > 0:
                begin, end = self.at[place], self.at[place] + size
                numbers[place] = max(1, _round(end * self.factor) - _round(begin * self.factor))
        return self._with(command, numbers)

    def _text(self, command: Command) -> Command:
        """A font's size: multiplied for scalable fonts, whole multiples of the cell for bitmap fonts."""
        values = read(command)
        height, width = (_dots(value) for value in (values[1:3] if command.name != "^A" else values[2:4]))
        if command.name == "^A@":
            if not str(values[3]).upper().endswith(_SCALABLE_FILES):
                raise CannotRescale(f"the font {values[3]!r} at byte {command.start} is the printer's own")
            font = "0"
        else:
            font = str(values[0]) or self.font
        if command.name == "^CF":
            self.font, self.sized = font, self.sized or bool(height or width)
        else:
            self.field_font = True
        if not (height or width):
            if command.name != "^CF":
                self._check_size(command, font)
        elif font in _CELLS or font in _GROWING:
            if not self.in_dots:
                raise CannotRescale(f"the bitmap font {font} at byte {command.start} has its size in other units")
            return self._bitmap_font(command, font, height, width)
        elif font != "0":
            raise CannotRescale(f"the font {font!r} at byte {command.start} is the printer's own")
        pairs = zip(PARAMETERS[command.name], values, strict=True)
        return self._with(command, [self._value(command, *pair) for pair in pairs])

    def _bitmap_font(self, command: Command, font: str, height: float, width: float) -> Command:
        numbers: list[int | None] = []
        for place, size in enumerate((height, width)):
            if not size:
                numbers.append(None)
                continue
            side, becomes = (cell[place] for cell in self._cells(font))
            before = max(1, _round(size / side))
            after = max(1, _round(before * side * self.factor / becomes))
            self._check_multiple(command, font, before * side, after * becomes)
            numbers.append(after * becomes)
        first = 2 if command.name == "^A" else 1
        return self._with(command, [*[None] * first, *numbers])

    def _cells(self, font: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """The cell of a bitmap font, here and on the printer."""
        if font in _CELLS:
            return _CELLS[font], _CELLS[font]
        here, there = (fonts.font(font, self.dots_per_mm * times).cell for times in (1.0, self.factor))
        return here or (1, 1), there or (1, 1)

    def _check_multiple(self, command: Command, font: str, before: int, after: int) -> None:
        change = after / (before * self.factor) - 1
        if abs(change) > _TOLERANCE:
            raise CannotRescale(
                f"the bitmap font {font} at byte {command.start} has no size within {_TOLERANCE:.0%} of the right one"
            )
        if abs(change) > 0.02:
            more = "more" if change > 0 else "less"
            self.notes[f"text in font {font} is {abs(change):.0%} {more} than the right size"] = None

    def _check_size(self, command: Command, font: str) -> None:
        """Text without a size takes the size of `^CF`, and without one the printer's, which no factor changes."""
        if (font in _CELLS or font in _GROWING) and font != self.font:
            here, there = self._cells(font)
            self._check_multiple(command, font, here[0], there[0])
        elif not self.sized:
            raise CannotRescale(f"text at byte {command.start} takes the printer's usual size")

    def _check_text(self, command: Command) -> None:
        if not self.field_font:
            self._check_size(command, self.font)

    def _check_stored(self, command: Command) -> None:
        target = str(read(command)[0])
        if command.name in _UNREAD or stem(target) not in self.stored:
            raise CannotRescale(
                f"{command.name} at byte {command.start} uses {target[:40]!r}, whose dots are not known here"
            )

    def _graphic(self, command: Command) -> Command:
        """`^GF` and `~DG` with their dots resampled, packed as before."""
        values = read(command)
        data = graphic_data(command)
        try:
            if command.name == "^GF":
                header = b",".join([part.strip() for part in _header(command, 4)])
                bitmap = decode(header + b"," + data, self.budget)
            else:
                bitmap = decode_graphic(data, int(_dots(values[1])), int(_dots(values[2])), self.budget)
            larger = self.resampled(bitmap, self.factor)
        except (AssetRefused, ValueError) as error:
            raise CannotRescale(f"the graphic at byte {command.start} cannot be read: {error}") from error
        self.budget -= larger.rows.size
        if self.budget < 0:
            raise CannotRescale("the ZPL's graphics are too large")
        content = encode(larger, self.encoding or _packing(data, values[0] if command.name == "^GF" else "A"))[3:]
        if command.name == "~DG":
            name = _header(command, 1)[0].strip()
            content = name + b"," + b",".join(content.split(b",", 4)[2:])
        return Command(command.name, content, command.start, command.end)


def _with_line(command: Command) -> Command:
    """A shape that says how thick its line is: where it does not, a printer's is one dot, at every resolution."""
    delimiter, place = command.delimiter.encode("ascii"), _LINES[command.name]
    parts = command.parameters.rstrip().split(delimiter)
    parts += [b""] * (place + 1 - len(parts))
    if read(command)[place]:
        return command
    return replace(command, parameters=delimiter.join((*parts[:place], b"1", *parts[place + 1 :])))


def _header(command: Command, count: int) -> list[bytes]:
    return command.parameters.split(command.delimiter.encode("ascii"), count)[:count]


def _packing(data: bytes, kind: Value) -> Encoding:
    """How the dots of a graphic were written."""
    begin = data[:40].lstrip()
    if kind == "A" and begin.startswith((b":Z64:", b":B64:")):
        return "z64" if begin.startswith(b":Z64:") else "b64"
    runs = kind == "A" and data.translate(None, b"0123456789ABCDEFabcdef \r\n\t")
    return "rle" if runs else "ascii"


def _within(command: Command, parameter: Parameter, value: float, number: int) -> int:
    """`number`, if the command may have it.

    Raises:
        CannotRescale: it is larger than the guide allows, and the value before was not.
    """
    if parameter.highest is not None and value <= parameter.highest < number:
        raise CannotRescale(
            f"{command.name} at byte {command.start} would need {number} for its {parameter.name}, "
            f"and may have {parameter.highest:g}"
        )
    return number


def _dots(value: Value) -> float:
    return value if isinstance(value, float) else 0.0


def _round(value: float) -> int:
    return math.floor(value + 0.5)
