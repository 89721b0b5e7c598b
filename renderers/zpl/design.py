"""The resolution that ZPL was made for, told from what it says of its size and from what it draws."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..errors import AssetRefused
from ..media import Media, Resolution
from .extent import extent
from .grammar import PARAMETERS, Value, read
from .interpreter import interpret
from .lexer import Command, lex
from .scene import Frame, Mark

_HEADS: Final = (Resolution(203), Resolution(300), Resolution(600))
#: For this one most ZPL is made.
_USUAL: Final = _HEADS[0]
#: How near a size must be to the stock's, and how much of it the fields must fill to say something.
_NEAR, _FILLED = 0.05, 0.7
#: How much of the stock's side ink may run over its edge: as good as nothing, more where boxes end there.
_OVER, _FRAMED_OVER = 0.01, 0.15
#: Modules of fewer millimetres are hard to scan; smaller ones than the label asks for are never made on a guess.
_LEAST_MODULE: Final = 0.19
#: How much smaller a module is than it should be where it counts as made smaller.
_SHRUNK: Final = 0.98
#: Kinds of parameters that say how many dots a module has.
_MODULES: Final = ("module", "times")


class Design(NamedTuple):
    """The head that ZPL is taken to be made for, why in words, and whether it told it; else that is assumed."""

    resolution: Resolution
    because: str
    told: bool = True


def design_resolution(zpl: bytes | Sequence[Command], media: Media, target: Resolution) -> Design:
    """The resolution for which `zpl` was made, guessed from what it says of its size, to print it on `media` of a head
    of `target`.

    A conversion by `^MU` names it. The print width (`^PW`) tells where it is the stock's at a known head, and a graphic
    as wide as the stock. The label length (`^LL`) and how far the ink reaches tell a coarser head than the target's,
    which enlarges the label, only where all of it stays on the stock; they never tell a finer one, for a label that
    runs off the stock is no smaller for it. Nor does anything but `^MU` where the modules of barcodes would shrink
    below what scans. Where nothing tells it is 203 dpi, or the target's where that would run off the stock.
    ZPL that counts in inches or millimetres is any head's, so it is taken as the target's.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    commands = lex(zpl) if isinstance(zpl, bytes) else zpl
    said = _Said()
    for command in commands:
        said.add(command)
    if said.converted:
        return Design(said.converted, f"it converts its lengths to {said.converted.dpi} dpi itself (^MU)")
    if said.unit:
        return Design(target, f"it counts in {said.unit} (^MU), which every resolution prints at the same size", False)
    guess = _Guess(commands, said, media, target).design()
    return guess if guess.told or not in_units(commands) else guess._replace(resolution=target)


def in_units(commands: Iterable[Command]) -> bool:
    """Whether ZPL counts in inches or millimetres (`^MU`), so that every resolution prints it at the same size."""
    return any(command.name == "^MU" and read(command)[0] in ("I", "M") for command in commands)


@dataclass(frozen=True, slots=True)
class _Guess:
    """ZPL that names no head, and where it is to be printed."""

    commands: Sequence[Command]
    said: "_Said"
    media: Media
    target: Resolution
    found: dict[Resolution, str] = field(default_factory=dict)  # what runs off the stock by head

    def design(self) -> Design:
        """What the sizes tell, one after the other, else how far the ink reaches."""
        longer = ""
        for value, side, what in (
            (self.said.width, 0, "print width"),
            (self.said.length, 1, "label length"),
            (self.said.graphic, 0, "widest graphic"),
        ):
            head = self._of(value * self.said.dots, side)
            if head is None:
                continue
            density = "at half density (^JMB) " if self.said.dots == 2 else ""
            because = f"its {what} of {value:g} dots {density}is {self.media.short} at {head.dpi} dpi"
            if what == "print width":
                return self._scannable(head, because)
            if what == "label length" and head.dpi > self.target.dpi:
                longer = because
            elif head.dpi > self.target.dpi:
                if self.said.lies_on(head.size(self.media)):
                    return self._scannable(head, because)
            elif self._holds(head) and not self._over(head):
                return Design(head, because)
        if longer and self.target.dpi > _USUAL.dpi:
            return Design(self.target, f"{longer}, and a length alone makes no label smaller", False)
        return self._by_reach()

    def _of(self, dots: float, side: int) -> Resolution | None:
        """The head of which so many dots are the stock's side."""
        near = (head for head in _HEADS if abs(dots / head.size(self.media)[side] - 1) <= _NEAR)
        return next(near, None)

    def _scannable(self, head: Resolution, because: str) -> Design:
        """`head`, unless its label would have modules here that are too small, and has larger ones itself."""
        factor = float(self.target.dots_per_mm / head.dots_per_mm) * self.said.dots
        for module in sorted(self.said.modules) if head.dpi > self.target.dpi else ():
            printed = max(1, math.floor(module * factor + 0.5))
            size = printed / float(self.target.dots_per_mm)
            if size < _LEAST_MODULE and printed < module * factor * _SHRUNK:
                because += f", but its barcodes would have modules of {size:.2f} mm at {self.target.dpi} dpi"
                return Design(self.target, because, False)
        return Design(head, because)

    def _by_reach(self) -> Design:
        """The coarsest head, up to the target's, on whose stock everything lies; that it fills it says something."""
        right, bottom = self.said.reach()
        reach = f"its fields reach {right:g} x {bottom:g} dots"
        over = ""
        for head in _HEADS:
            if head.dpi > self.target.dpi:
                break
            if not self._holds(head):
                continue
            if found := self._over(head):
                over = f", and print {found} at {head.dpi} dpi"
                continue
            across, down = head.size(self.media)
            if over or head != _USUAL or right > across * _FILLED or bottom > down * _FILLED:
                return Design(head, f"{reach}{over}: {self.media.short} at {head.dpi} dpi")
            return Design(head, f"{reach}, which says nothing on {self.media.short}", False)
        return Design(self.target, f"{reach}, more than {self.media.short} at {self.target.dpi} dpi", False)

    def _holds(self, head: Resolution) -> bool:
        return self.said.lies_on(head.size(self.media))

    def _over(self, head: Resolution) -> str:
        """What of the ink runs off the stock of a coarser head than the target's, in words; rules may."""
        if head.dpi >= self.target.dpi:
            return ""
        if head not in self.found:
            self.found[head] = self._drawn_over(head)
        return self.found[head]

    def _drawn_over(self, head: Resolution) -> str:
        size = head.size(self.media)
        try:
            drawn = interpret(self.commands, size, head, head)
        except AssetRefused:
            return ""  # whoever prints it says so
        framed = any(abs(end * self.said.dots / size[0] - 1) <= _NEAR for end in self.said.boxes)
        ends = [_end(mark, size) for one in drawn for mark in one.scene.marks]
        for place, (side, edge) in enumerate(zip(size, ("right", "bottom"), strict=True)):
            beyond = max((end[place] for end in ends), default=0) - side
            if beyond > side * (_FRAMED_OVER if framed else _OVER):
                return f"{beyond} dots over the {edge} edge"
        return ""


def _end(mark: Mark, size: tuple[int, int]) -> tuple[int, int]:
    """Where the ink of a mark ends, right and at the bottom."""
    shape = mark.shape
    if mark.ink == "white" or (isinstance(shape, Frame) and min(shape.width, shape.height) <= shape.line):
        return 0, 0
    found = extent(shape, *size)
    return (0, 0) if found is None else found.box[2:]


@dataclass(slots=True)
class _Said:
    """What ZPL says of its size, in its own dots; `dots` is how many of the head's make one (`^JM`)."""

    width: float = 0.0
    length: float = 0.0
    graphic: float = 0.0
    rights: list[float] = field(default_factory=list)
    bottoms: list[float] = field(default_factory=list)
    dots: float = 1.0
    boxes: set[float] = field(default_factory=set)  # where boxes and graphics end on the right
    modules: set[float] = field(default_factory=set)
    module: float = 2.0  # of `^BY`
    unit: str = ""
    converted: Resolution | None = None
    home: tuple[float, float] = (0.0, 0.0)
    at: tuple[float, float] = (0.0, 0.0)

    def add(self, command: Command) -> None:
        """Take one command into account."""
        name = command.name
        if name not in PARAMETERS:
            return
        values = read(command)
        if name == "^MU":
            self._measure(values)
        elif name == "^JM":
            self.dots = 2.0 if values[0] == "B" else 1.0
        elif name in ("^PW", "^LL"):
            value = _dots(values[0])
            if name == "^PW":
                self.width = value
            else:
                self.length = value
        elif name == "^LH":
            self.home = _dots(values[0]), _dots(values[1])
        elif name in ("^FO", "^FT"):
            self.at = _dots(values[0]), _dots(values[1])
            self._place(0.0, 0.0)
        elif name.startswith("^B"):
            self._modules(name, values)
        else:
            self._sized(name, values)

    def reach(self) -> tuple[float, float]:
        """How far the fields go; one in fifty may lie off the label."""
        off = len(self.rights) // 50
        if not self.rights:
            return 0.0, 0.0
        return sorted(self.rights)[-1 - off] * self.dots, sorted(self.bottoms)[-1 - off] * self.dots

    def lies_on(self, size: tuple[int, int]) -> bool:
        """Whether the fields lie on paper of `size` dots."""
        return all(end <= side * (1 + _NEAR) for end, side in zip(self.reach(), size, strict=True))

    def _measure(self, values: Sequence[Value]) -> None:
        unit, base, desired = values
        self.unit = {"I": "inches", "M": "millimetres"}.get(str(unit), "")
        heads = [head for head in _HEADS if desired and base != desired and abs(head.dpi - _dots(desired)) <= 3]
        self.converted = heads[0] if heads else None

    def _sized(self, name: str, values: Sequence[Value]) -> None:
        if name in _SIZES:
            wide, high = _SIZES[name](values)
            self._place(wide, high)
            self.boxes |= {self.rights[-1]} if wide else set()
        if name in ("^GF", "~DG"):
            self.graphic = max(self.graphic, _dots(values[-1]) * 8)

    def _modules(self, name: str, values: Sequence[Value]) -> None:
        """The module of a barcode: that of `^BY`, or the command's own; one that it leaves to the printer is no guess
        of ours to shrink."""
        own = [_dots(value) for one, value in zip(PARAMETERS[name], values, strict=True) if one.kind in _MODULES]
        if name == "^BY":
            self.module = own[0] or self.module
        elif name != "^BD":
            self.modules |= {module for module in own if module} if own else {self.module}

    def _place(self, wide: float, high: float) -> None:
        self.rights.append(self.home[0] + self.at[0] + wide)
        self.bottoms.append(self.home[1] + self.at[1] + high)


def _dots(value: Value) -> float:
    return value if isinstance(value, float) else 0.0


def _graphic_size(values: Sequence[Value]) -> tuple[float, float]:
    total, row = _dots(values[2]), _dots(values[3])
    return row * 8, total // row if row else 0.0


def _box_size(values: Sequence[Value]) -> tuple[float, float]:
    """A box says how large the label is; a rule often runs beyond it."""
    width, height, line = (_dots(value) for value in values[:3])
    return (width, height) if min(width, height) > max(line, 1.0) else (0.0, 0.0)


def _circle_size(values: Sequence[Value]) -> tuple[float, float]:
    return _dots(values[0]), _dots(values[0])


#: Width and height of what has its size in its parameters.
_SIZES: Final[dict[str, Callable[[Sequence[Value]], tuple[float, float]]]] = {
    "^GF": _graphic_size, "^GB": _box_size, "^GE": _box_size, "^GD": _box_size, "^GC": _circle_size,
}  # fmt: skip
