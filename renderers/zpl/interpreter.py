"""ZPL as a printer runs it: commands change its state, and each format becomes the shapes of a label.

What ZPL leaves to the printer is as Zebra's ZPL II guide says, and where the guide is silent, as its printers and
simulators draw.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..bitmap import MAX_DOTS
from ..errors import AssetRefused
from ..media import Resolution
from .fields import FIELDS, barcode
from .findings import Finding
from .grammar import read
from .label import asked, fills
from .lexer import Command, formats, lex
from .painter import Expected, Painter, Paper
from .scene import Mark, Scene
from .settings import SETTINGS
from .state import JUSTIFICATIONS, Field, Settings
from .stored import Memory, find, stem

#: More labels than this in one document are a mistake.
MAX_LABELS = 200
_MAX_STEPS = 400_000  # commands obeyed, recalled formats included
_MAX_DEPTH = 8  # formats that recall formats
_MARK_WORK = 40_000  # dots that are drawn in the time that a mark takes besides
#: Of these the last one in a format counts, wherever it stands.
_WHOLE_LABEL = ("^PW", "^JM", "^MU")


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its shapes, how many copies print, its barcodes, and what is to be said about it.

    `missing` are those findings that tell what only a printer holds, and `incomplete` says whether a format is among
    it, so that anything may be on the label. `beyond` are those of what the edges cut off by more than a dot, `beside`
    those of them whose fields print in no part. `start` is the byte at which its format begins.
    """

    scene: Scene
    copies: int
    expected: tuple[Expected, ...]
    findings: tuple[Finding, ...]
    missing: tuple[Finding, ...]
    start: int
    incomplete: bool = False
    beyond: tuple[Finding, ...] = ()
    beside: tuple[Finding, ...] = ()


def interpret(
    zpl: bytes | Sequence[Command], size: tuple[int, int], design: Resolution, target: Resolution
) -> list[Label]:
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
        self._kept: tuple[Mark, ...] = ()  # what the next format begins with
        self._kept_work = 0
        self._painter = Painter(self._paper(), self._memory)
        self._numbered: list[tuple[int, Field, list[Mark]]] = []  # fields whose data may come later, and their places
        self._given: dict[int, Field] = {}  # data by number, the last that was given, without a place for itself
        self._index = 0  # which label of a counting format
        self._counting = False
        self._filled = False  # the format has something to print
        self._kept_only = False  # the label is stored and not printed
        self._asked: Command | None = None  # the ^PQ that counts
        self._incomplete = False  # a format of it is not here
        self._steps = 0
        self._depth = 0
        self._acts: dict[str, Callable[[Command], None]] = {
            "^FO": self._origin,
            "^FT": self._origin,
            "^FS": self._end_field,
            "^A@": self._file_font,
            "^FN": self._number,
            "^XF": self._recall_format,
            "^IS": self._store_image,
            "^IL": self._load_image,
            "^ID": self._erase,
            "^PQ": self._ask,
            "^FM": self._spread,
        }

    def run(self, commands: Sequence[Command]) -> list[Label]:
        """Obey everything in order; downloads between formats are kept for all that follow."""
        downloads = deque(command for command in commands if command.name in ("~DG", "~DY"))
        labels: list[Label] = []
        for inside in formats(commands):
            while downloads and inside and downloads[0].start < inside[-1].end:
                self._memory.download(downloads.popleft())
            labels.extend(self._format(inside))
            if len(labels) > MAX_LABELS:
                raise AssetRefused(f"the ZPL prints more than {MAX_LABELS} labels")
        return labels

    def _format(self, commands: Sequence[Command]) -> list[Label]:
        stored = next((place for place, command in enumerate(commands) if command.name == "^DF"), None)
        if stored is not None:
            for command in commands[:stored]:
                if command.name in SETTINGS:
                    self._set(command)
            self._memory.formats[_name(commands[stored])] = tuple(commands[stored + 1 :])
            return []
        before = self._settings.copy()
        first = self._label(commands)
        if first is None or not self._counting:
            self._keep()
            return [] if first is None else [first]
        labels, copies = [], self._copies()
        for self._index, wanted in enumerate(copies):
            if self._index:  # what the format sets at its end does not hold at its beginning
                self._settings = before.copy()
            following = self._label(commands) if self._index else first
            labels += [replace(following, copies=wanted)] if following else []
        self._index = 0
        self._keep()
        return labels

    def _keep(self) -> None:
        """What the format drew is where the next one begins, unless it is cleared."""
        keeps = self._settings.keeps
        self._kept, self._kept_work = (self._painter.marks, self._painter.work + self._kept_work) if keeps else ((), 0)

    def _copies(self) -> list[int]:
        """How many labels show each value of a counting format."""
        replicates = read(self._asked)[2] if self._asked else None
        each = max(int(replicates), 1) if isinstance(replicates, float) else 1
        values, rest = divmod(self._quantity, each)
        if values > MAX_LABELS:
            raise AssetRefused(f"the ZPL prints {values} labels that count: more than {MAX_LABELS}")
        return [each] * values + ([rest] if rest else [])

    @property
    def _quantity(self) -> int:
        return asked(self._asked) if self._asked else 1

    def _label(self, commands: Sequence[Command]) -> Label | None:
        unit = self._settings.unit
        self._measure(commands)
        self._settings.unit = unit
        self._numbered, self._given, self._field = [], {}, None
        self._counting = self._filled = self._kept_only = self._incomplete = False
        self._asked = None
        self._painter = Painter(self._paper(), self._memory)
        if self._kept:
            self._memory.budget.draw(self._kept_work + _MARK_WORK * len(self._kept))
            self._painter.reserve().extend(self._kept)
        self._obey_all(commands)
        self._end_field()
        self._paint_numbered()
        marks = self._painter.marks
        if self._kept_only or not self._filled:
            return None
        scene = Scene(*self._size, marks, self._settings.inverted, self._settings.mirrored)
        painter = self._painter
        start = commands[0].start if commands else 0
        return Label(scene, self._quantity, tuple(painter.expected), painter.findings, tuple(painter.missing), start,
                     self._incomplete, painter.beyond, painter.beside)  # fmt: skip

    def _measure(self, commands: Sequence[Command], depth: int = 0) -> None:
        """Take what counts for the whole label, wherever in it or in the formats that it recalls it stands."""
        for command in commands:
            if command.name in _WHOLE_LABEL:
                self._set(command)
            elif command.name == "^XF" and depth < _MAX_DEPTH:
                self._step()
                stored = find(self._memory.formats, _name(command)) or ()
                self._steps += len(stored)
                self._measure(stored, depth + 1)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise AssetRefused(f"the ZPL has more than {_MAX_STEPS} commands to draw")

    def _paper(self) -> Paper:
        """How the label's numbers become dots of the paper; a print width under the paper's is centred on it."""
        scale = float(self._target.dots_per_mm / self._design.dots_per_mm) * self._settings.density
        width = self._settings.print_width * scale
        shift = (self._size[0] - width) / 2 if 0 < width < self._size[0] else 0.0
        return Paper(*self._size, scale, float(int(shift)), float(self._design.dots_per_mm))

    def _obey_all(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self._step()
            name = command.name
            self._filled = self._filled or fills(command)
            if name in self._acts:
                self._acts[name](command)
            elif name in FIELDS:
                FIELDS[name](self._open(command), command, self._read(command))
            elif name in SETTINGS:
                self._set(command)
            elif name.startswith("^B"):
                barcode(self._open(command), command, self._read(command))

    def _read(self, command: Command) -> tuple[float | str | None, ...]:
        return read(command, self._settings.unit)

    def _set(self, command: Command) -> None:
        SETTINGS[command.name](self._settings, self._read(command), float(self._design.dots_per_mm))
        if command.name == "^FW" and self._field is not None:
            self._field.turn = None  # the last word counts, also for a font that was named before

    def _open(self, command: Command) -> Field:
        if self._field is None:
            self._field = Field(command.start, justification=self._settings.justification)
        return self._field

    def _file_font(self, command: Command) -> None:
        """`^A@` without a name means the one that was named last (A before any)."""
        turn, height, width, name = self._read(command)
        self._settings.file = str(name or "") or self._settings.file or "A"
        FIELDS["^A@"](self._open(command), command, (turn, height, width, self._settings.file))

    def _number(self, command: Command) -> None:
        if self._field is not None and self._field.number is not None and self._field.data is not None:
            self._end_field()  # a field that was not ended
        FIELDS["^FN"](self._open(command), command, self._read(command))

    def _origin(self, command: Command) -> None:
        if self._field is not None and (self._field.data is not None or self._field.graphics):
            self._end_field()  # a field that was not ended
        here = self._open(command)
        x, y, justification = self._read(command)
        here.start, here.typeset = command.start, command.name == "^FT"
        here.x, here.y = (max(value, 0.0) if isinstance(value, float) else None for value in (x, y))
        if not here.typeset:
            here.x, here.y = here.x or 0.0, here.y or 0.0
        here.justification = JUSTIFICATIONS.get(justification, here.justification)

    def _end_field(self, _command: Command | None = None) -> None:
        here, self._field = self._field, None
        if here is None:
            return
        here.settings = self._settings
        if here.number is None:
            self._paint(here)
            return
        here.settings = self._settings.copy()
        if here.x is None and here.y is None and not here.typeset and here.data is not None:
            self._given[here.number] = here
        else:
            self._numbered.append((here.number, here, self._painter.reserve()))

    def _paint_numbered(self) -> None:
        """Draw the fields that have a number (`^FN`), where they stood among the others.

        Data that is given by number alone fills all fields of that number; a field may bring its own for when none is
        given, which also fills the others without.
        """
        usual = {number: here for number, here, _ in reversed(self._numbered) if here.data is not None}
        alone = set(self._given) - {number for number, _, _ in self._numbered}
        for number, here, place in self._numbered:
            source = self._given.get(number) or (usual.get(number) if here.data is None else None)
            if source is not None:
                _fill(here, source)
            self._paint(here, place)
        for number in sorted(alone):
            self._paint(self._given[number])
        self._numbered, self._given = [], {}

    def _paint(self, here: Field, place: list[Mark] | None = None) -> None:
        """Draw a field that has its data, into a reserved place if any."""
        self._counting = self._counting or here.serial is not None
        if here.data is not None and any(sign in here.data for sign in here.clock):
            self._painter.lacks(here.start, "the field prints the time, and only the printer knows its clock (^FC)",
                                "write the date and time into the data")  # fmt: skip
        if place is None:
            self._painter.paint(here, self._index)
        else:
            self._painter.paint_at(place, here, self._index)

    def _recall_format(self, command: Command) -> None:
        self._end_field()
        stored = find(self._memory.formats, _name(command))
        if stored is None:
            self._filled = self._incomplete = True  # in the printer it may have anything to print
            self._painter.lacks(command.start, f"format {_name(command)!r} is stored in the printer, not sent here",
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
        self._paint_numbered()
        name, printed = self._read(command)
        self._kept_only = self._kept_only or printed == "N"
        scene = Scene(*self._size, self._painter.marks)
        self._memory.budget.draw(self._painter.work + scene.width * scene.height + _MARK_WORK * len(scene.marks))
        self._memory.keep_image(stem(str(name)), scene)

    def _erase(self, command: Command) -> None:
        self._memory.erase(str(self._read(command)[0]))

    def _ask(self, command: Command) -> None:
        self._asked = command

    def _spread(self, command: Command) -> None:
        self._painter.lacks(command.start, "^FM spreads a symbol over several places, which is not drawn here",
                            "give the symbol one place (^FO)")  # fmt: skip

    def _load_image(self, command: Command) -> None:
        self._end_field()
        self._painter.load_image(_name(command), command.start)


def _fill(here: Field, source: Field) -> None:
    """Give a field the data of another one, which is in that one's character set."""
    if here.settings is not None and source.settings is not None:
        here.settings = replace(here.settings, code_page=source.settings.code_page)
    here.data, here.hexadecimal = source.data, source.hexadecimal or here.hexadecimal
    here.serial, here.clock = source.serial or here.serial, source.clock or here.clock


def _name(command: Command) -> str:
    return stem(command.fields()[0])
