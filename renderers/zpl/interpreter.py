"""ZPL as a printer runs it: commands change its state, and each format becomes the shapes of a label.

What ZPL leaves to the printer is as Zebra's ZPL II guide says, and where the guide is silent, as its printers and
simulators draw.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ..bitmap import MAX_DOTS
from ..errors import AssetRefused
from ..media import Resolution
from .grammar import read
from .label import prints, quantity
from .lexer import Command, formats, lex
from .painter import Expected, Painter, Paper
from .remarks import Remark
from .scene import Scene
from .state import JUSTIFICATIONS, TURNS, Block, Field, FontChoice, Serial, Settings
from .stored import Memory, stem
from .text import CodePage

#: More labels than this in one document are a mistake.
MAX_LABELS = 200
_MAX_STEPS = 400_000  # commands obeyed, recalled formats included
_MAX_DEPTH = 8  # formats that recall formats
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its shapes, how many copies print, its barcodes, and what is to be said about it.

    `start` is the byte at which its format begins.
    """

    scene: Scene
    copies: int
    expected: tuple[Expected, ...]
    remarks: tuple[Remark, ...]
    start: int


def interpret(zpl: bytes | Sequence[Command], size: tuple[int, int], design: Resolution, target: Resolution) -> list[Label]:
    """The labels of `zpl`, made for a head of `design`, on paper of `size` dots of a head of `target`, in order.

    A format is drawn once, whatever its `^PQ`, unless fields of it count (`^SN`, `^SF`): then once for each value.

    Raises:
        AssetRefused: the ZPL cannot be split, a graphic is damaged, or there is too much to draw.
    """
    if min(size) < 1 or size[0] * size[1] > MAX_DOTS:
        raise AssetRefused(f"paper of {size[0]}x{size[1]} dots cannot be drawn")
    commands = lex(zpl) if isinstance(zpl, bytes) else zpl
    return _Interpreter(size, design, target).run(commands)


class _Interpreter:
    """A printer: settings and memory persist from format to format, the field at hand does not."""

    def __init__(self, size: tuple[int, int], design: Resolution, target: Resolution) -> None:
        self._size = size
        self._design, self._target = design, target
        self._settings = Settings()
        self._memory = Memory()
        self._field: Field | None = None
        self._waiting: dict[int, list[Field]] = {}  # fields of a recalled format whose data is to come
        self._painter = Painter(self._paper(), self._memory)
        self._index = 0  # which label of a counting format
        self._counting = False
        self._steps = 0
        self._depth = 0

    def run(self, commands: Sequence[Command]) -> list[Label]:
        """Obey everything in order; downloads between formats are kept for all that follow."""
        downloads = [command for command in commands if command.name in ("~DG", "~DY")]
        labels: list[Label] = []
        for inside in formats(commands):
            while downloads and (not inside or downloads[0].start < inside[-1].end):
                self._memory.download(downloads.pop(0))
            labels.extend(self._format(inside))
            if len(labels) > MAX_LABELS:
                raise AssetRefused(f"the ZPL prints more than {MAX_LABELS} labels")
        return labels

    def _format(self, commands: Sequence[Command]) -> list[Label]:
        stored = next((place for place, command in enumerate(commands) if command.name == "^DF"), None)
        if stored is not None:
            self._memory.formats[_name(commands[stored])] = tuple(commands[stored + 1 :])
            return []
        first = self._label(commands)
        if first is None:
            return []
        labels, values = [first], self._values(commands) if self._counting else 1
        for self._index in range(1, values):
            following = self._label(commands)
            labels += [following] if following else []
        self._index = 0
        return labels

    def _values(self, commands: Sequence[Command]) -> int:
        """How many values a counting format goes through."""
        wanted, each = quantity(tuple(commands)), self._replicates(commands)
        values = -(-wanted // each)
        if values > MAX_LABELS:
            raise AssetRefused(f"the ZPL prints {values} labels that count: more than {MAX_LABELS}")
        return values

    @staticmethod
    def _replicates(commands: Sequence[Command]) -> int:
        asked = [read(command)[2] for command in commands if command.name == "^PQ"]
        return max(int(asked[-1]), 1) if asked and isinstance(asked[-1], float) else 1

    def _label(self, commands: Sequence[Command]) -> Label | None:
        unit = self._settings.unit
        for command in commands:  # of these the last one counts, wherever it stands
            if command.name in ("^PW", "^JM", "^MU"):
                _HANDLERS[command.name](self, command)
        self._settings.unit = unit
        self._waiting, self._field, self._counting = {}, None, False
        self._painter = Painter(self._paper(), self._memory)
        self._obey_all(commands)
        self._end_field()
        if not (prints(commands) or self._painter.marks):
            return None
        settings = self._settings
        scene = Scene(*self._size, tuple(self._painter.marks), settings.inverted, settings.mirrored)
        copies = self._replicates(commands) if self._counting else max(quantity(tuple(commands)), 1)
        start = commands[0].start if commands else 0
        return Label(scene, copies, tuple(self._painter.expected), tuple(self._painter.remarks), start)

    def _paper(self) -> Paper:
        """How the label's numbers become dots of the paper; a print width under the paper's is centred on it."""
        scale = float(self._target.dots_per_mm / self._design.dots_per_mm) * self._settings.density
        width = self._settings.print_width * scale
        shift = (self._size[0] - width) / 2 if 0 < width < self._size[0] else 0.0
        return Paper(*self._size, scale, float(int(shift)))

    def _obey_all(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self._steps += 1
            if self._steps > _MAX_STEPS:
                raise AssetRefused(f"the ZPL has more than {_MAX_STEPS} commands to draw")
            handler = _HANDLERS.get(command.name)
            if handler is not None:
                handler(self, command)
            elif command.name.startswith("^B"):
                self._barcode(command)

    def _read(self, command: Command) -> tuple[float | str | None, ...]:
        return read(command, self._settings.unit)

    # --- fields

    def _open(self, command: Command) -> Field:
        if self._field is None:
            self._field = Field(command.start, justification=self._settings.justification)
        return self._field

    def _origin(self, command: Command) -> None:
        if self._field is not None and (self._field.data is not None or self._field.graphics):
            self._end_field()  # a field that was not ended
        here = self._open(command)
        x, y, justification = self._read(command)
        here.start, here.typeset = command.start, command.name == "^FT"
        here.x, here.y = (None if value is None else max(value, 0.0) for value in (_number(x), _number(y)))
        if not here.typeset:
            here.x, here.y = here.x or 0.0, here.y or 0.0
        if isinstance(justification, float):
            here.justification = JUSTIFICATIONS.get(int(justification), here.justification)

    def _end_field(self, _command: Command | None = None) -> None:
        here, self._field = self._field, None
        if here is None:
            return
        here.settings = self._settings
        if here.number is not None:
            if here.data is None:
                here.settings = copy(self._settings)
                self._waiting.setdefault(here.number, []).append(here)
                return
            for waiting in self._waiting.get(here.number, ()):
                waiting.data, waiting.hexadecimal = here.data, here.hexadecimal or waiting.hexadecimal
                waiting.serial = here.serial or waiting.serial
                self._paint(waiting)
            if here.x is None and here.number in self._waiting:
                return
        self._paint(here)

    def _paint(self, here: Field) -> None:
        if here.serial is not None:
            self._counting = True
        self._painter.paint(here, self._index)

    def _font(self, command: Command) -> None:
        here = self._open(command)
        if command.name == "^A@":
            turn, height, width, name = self._read(command)
            letter: float | str | None = stem(str(name)) or self._settings.font.name
        else:
            letter, turn, height, width = self._read(command)
        here.font = FontChoice(str(letter) or self._settings.font.name, _positive(height), _positive(width))
        here.turn = TURNS.get(str(turn))

    def _symbol_font(self, command: Command) -> None:
        here = self._open(command)
        turn, height, width = self._read(command)[:3]
        here.font = FontChoice("GS", _positive(height), _positive(width))
        here.turn = TURNS.get(str(turn))

    def _data(self, command: Command) -> None:
        here = self._open(command)
        here.data = command.parameters

    def _hexadecimal(self, command: Command) -> None:
        self._open(command).hexadecimal = command.parameters.strip()[:1] or b"_"

    def _variable(self, command: Command) -> None:
        number = self._read(command)[0]
        self._open(command).number = int(number) if isinstance(number, float) else 0

    def _block(self, command: Command) -> None:
        width, lines, spacing, alignment, indent = self._read(command)
        self._open(command).block = Block(
            _number(width) or 0.0, max(int(_number(lines) or 1), 1), _number(spacing) or 0.0, str(alignment or "L"),
            _number(indent) or 0.0,
        )  # fmt: skip

    def _text_block(self, command: Command) -> None:
        turn, width, height = self._read(command)
        turned = TURNS.get(str(turn))
        self._open(command).block = Block(_number(width) or 0.0, height=_number(height) or 0.0, turn=turned)

    def _direction(self, command: Command) -> None:
        here = self._open(command)
        direction, gap = self._read(command)
        here.direction, here.gap = str(direction or "H"), _number(gap) or 0.0

    def _reverse(self, command: Command) -> None:
        self._open(command).reverse = True

    def _serial_number(self, command: Command) -> None:
        here = self._open(command)
        value, increment = self._read(command)[:2]
        here.data = str(value or "").encode("latin-1", "replace")
        here.serial = Serial(_text(increment) or "1")

    def _serial_field(self, command: Command) -> None:
        mask, increment = self._read(command)[:2]
        self._open(command).serial = Serial(_text(increment) or "1", str(mask or ""))

    def _barcode(self, command: Command) -> None:
        here = self._open(command)
        here.barcode, here.values = command.name, self._read(command)

    def _graphic(self, command: Command) -> None:
        here = self._open(command)
        here.graphics.append((command, () if command.name == "^GF" else self._read(command)))

    # --- settings

    def _home(self, command: Command) -> None:
        x, y = self._read(command)
        home = self._settings.home
        self._settings.home = _or(x, home[0]), _or(y, home[1])

    def _bars(self, command: Command) -> None:
        before = self._settings.bars
        self._settings.bars = tuple(_or(value, old) for value, old in zip(self._read(command), before, strict=True))  # type: ignore[assignment]

    def _usual_font(self, command: Command) -> None:
        name, height, width = self._read(command)
        before = self._settings.font
        self._settings.font = FontChoice(
            str(name or before.name),
            _positive(height) or (None if width else before.height),
            _positive(width) or (None if height else before.width),
        )

    def _usual_turn(self, command: Command) -> None:
        turn, justification = self._read(command)
        self._settings.turn = TURNS.get(str(turn), self._settings.turn)
        if self._field is not None:
            self._field.turn = None  # the last word counts, also for a font that was named before
        if isinstance(justification, float):
            self._settings.justification = JUSTIFICATIONS.get(int(justification), self._settings.justification)

    def _alias(self, command: Command) -> None:
        letter, name = self._read(command)[:2]
        if letter and name:
            self._settings.aliases[str(letter)] = stem(str(name))

    def _code_page(self, command: Command) -> None:
        number, pairs = self._read(command)
        places = tuple(float(part) if part.strip().isdecimal() else None for part in str(pairs).split(",")[:512])
        self._settings.code_page = CodePage.of(number if isinstance(number, float) else None, places)

    def _units(self, command: Command) -> None:
        unit, base, wanted = self._read(command)
        settings = self._settings
        if unit in ("", "D"):
            settings.unit = wanted / base if isinstance(base, float) and isinstance(wanted, float) and base else 1.0
        else:
            per_mm = float(self._design.dots_per_mm)
            settings.unit = per_mm if unit == "M" else per_mm * _MM_PER_INCH

    def _density(self, command: Command) -> None:
        self._settings.density = 2.0 if self._read(command)[0] == "B" else 1.0

    def _print_width(self, command: Command) -> None:
        self._settings.print_width = _or(self._read(command)[0], self._settings.print_width)

    def _shift(self, command: Command) -> None:
        self._settings.shift = _or(self._read(command)[0], self._settings.shift)

    def _top(self, command: Command) -> None:
        self._settings.top = _or(self._read(command)[0], self._settings.top)

    def _orientation(self, command: Command) -> None:
        self._settings.inverted = self._read(command)[0] == "I"

    def _mirror(self, command: Command) -> None:
        self._settings.mirrored = self._read(command)[0] == "Y"

    def _all_reverse(self, command: Command) -> None:
        self._settings.reverse = self._read(command)[0] == "Y"

    # --- stored objects

    def _recall_format(self, command: Command) -> None:
        self._end_field()
        stored = self._memory.formats.get(_name(command))
        if stored is None:
            self._painter.say(command.start, "warning", f"format {_name(command)!r} is in the printer, not here",
                              "send the format (^DF) with the label")  # fmt: skip
            return
        if self._depth >= _MAX_DEPTH:
            raise AssetRefused(f"the format at byte {command.start} recalls formats that recall formats, and so on")
        self._depth += 1
        self._obey_all(stored)
        self._end_field()
        self._depth -= 1

    def _store_image(self, command: Command) -> None:
        self._end_field()
        self._memory.keep_image(_name(command), Scene(*self._size, tuple(self._painter.marks)))

    def _load_image(self, command: Command) -> None:
        self._end_field()
        self._painter.load_image(_name(command), command.start)


def _name(command: Command) -> str:
    return stem(command.fields()[0])


def _number(value: float | str | None) -> float | None:
    return value if isinstance(value, float) else None


def _positive(value: float | str | None) -> float | None:
    return value if isinstance(value, float) and value > 0 else None


def _or(value: float | str | None, otherwise: float) -> float:
    return value if isinstance(value, float) else otherwise


def _text(value: float | str | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else value


_HANDLERS: Final[dict[str, Callable[[_Interpreter, Command], None]]] = {
    "^FO": _Interpreter._origin,
    "^FT": _Interpreter._origin,
    "^FS": _Interpreter._end_field,
    "^FD": _Interpreter._data,
    "^FV": _Interpreter._data,
    "^A": _Interpreter._font,
    "^A@": _Interpreter._font,
    "^GS": _Interpreter._symbol_font,
    "^FH": _Interpreter._hexadecimal,
    "^FN": _Interpreter._variable,
    "^FB": _Interpreter._block,
    "^TB": _Interpreter._text_block,
    "^FP": _Interpreter._direction,
    "^FR": _Interpreter._reverse,
    "^SN": _Interpreter._serial_number,
    "^SF": _Interpreter._serial_field,
    "^GB": _Interpreter._graphic,
    "^GC": _Interpreter._graphic,
    "^GD": _Interpreter._graphic,
    "^GE": _Interpreter._graphic,
    "^GF": _Interpreter._graphic,
    "^XG": _Interpreter._graphic,
    "^IM": _Interpreter._graphic,
    "^LH": _Interpreter._home,
    "^BY": _Interpreter._bars,
    "^CF": _Interpreter._usual_font,
    "^FW": _Interpreter._usual_turn,
    "^CW": _Interpreter._alias,
    "^CI": _Interpreter._code_page,
    "^MU": _Interpreter._units,
    "^JM": _Interpreter._density,
    "^PW": _Interpreter._print_width,
    "^LS": _Interpreter._shift,
    "^LT": _Interpreter._top,
    "^PO": _Interpreter._orientation,
    "^PM": _Interpreter._mirror,
    "^LR": _Interpreter._all_reverse,
    "^XF": _Interpreter._recall_format,
    "^IS": _Interpreter._store_image,
    "^IL": _Interpreter._load_image,
}
