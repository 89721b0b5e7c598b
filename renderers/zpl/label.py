"""Labels as ZPL: write one from dots, count those in a payload, tell the resolution one was made for."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..bitmap import Bitmap
from ..media import Media, Resolution
from .grammar import PARAMETERS, Value, read
from .graphic_field import Encoding, encode
from .lexer import Command, formats, lex

_HEADS = (Resolution(203), Resolution(300), Resolution(600))
_GRAPHICS = frozenset({"^GB", "^GC", "^GD", "^GE", "^GF", "^GS", "^XG", "^IM", "^IL", "^XF"})
_FIELD_DATA = frozenset({"^FD", "^FV", "^SN"})
#: How near a size must be to the stock's, and how much of it the fields must fill to say something.
_NEAR, _FILLED = 0.05, 0.7
_MAX_LABELS = 99_999_999  # ^PQ's own limit
_WHOLE_NUMBER = re.compile(r"\+?0*([0-9]{1,9})")


def wrap(bitmap: Bitmap, encoding: Encoding, copies: int = 1) -> bytes:
    """A label of nothing but dots.

    Sets what the printer would keep from the label before and what moves a graphic: width, home, and the
    justification. A Zebra takes the justification of the last `^FW` for a field that names none, and one justified
    to the right of 0,0 lies off the label, so both `^FW` and `^FO` say left; `^FW` also stands upright, for the label
    of others that comes next. `^LL` is left out: it matters in continuous mode only, where the stock decides.
    """
    field = encode(bitmap, encoding)
    return b"^XA^PW%d^LH0,0^FWN,0^FO0,0,0%s^FS^PQ%d^XZ" % (bitmap.width, field, copies)


def labels_in(zpl: bytes) -> int:
    """How many labels come out of the printer: per format with content its `^PQ`, formats that only set: none.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    return sum(quantities(zpl))


def quantities(zpl: bytes) -> list[int]:
    """How many labels each format prints, for those that print.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    return [wanted for commands in formats(lex(zpl)) if (wanted := quantity(commands))]


def prints(commands: Iterable[Command]) -> bool:
    """Whether a format (its commands between `^XA` and `^XZ`) has something to print; one that is stored (`^DF`, or
    `^IS` with N) prints nothing."""
    commands = tuple(commands)
    if any(command.name == "^DF" or (command.name == "^IS" and read(command)[1] == "N") for command in commands):
        return False
    return any(
        command.name in _GRAPHICS or (command.name in _FIELD_DATA and command.parameters.strip())
        for command in commands
    )


def quantity(commands: tuple[Command, ...]) -> int:
    """The number of labels that one format prints."""
    if not prints(commands):
        return 0
    wanted = 1
    for command in commands:
        if command.name == "^PQ":
            wanted = _number(command.fields()[0]) or 1
    return min(wanted, _MAX_LABELS)


def design_resolution(zpl: bytes, media: Media) -> tuple[Resolution | None, str]:
    """The resolution for which `zpl` was made, guessed from what it says of its size, and the reason in words.

    A conversion by `^MU` names it. The print width (`^PW`) tells where it is the stock's at a known head, then the
    label length (`^LL`), then a graphic as wide as the stock, else how far the fields reach. None where all of them
    leave it open, or where it counts in inches or millimetres and any resolution prints it.

    Raises:
        AssetRefused: see `lexer.lex`.
    """
    said = _Said()
    for command in lex(zpl):
        said.add(command)
    if said.converted:
        return said.converted, f"it converts its lengths to {said.converted.dpi} dpi itself (^MU)"
    if said.unit:
        return None, f"it counts in {said.unit} (^MU), which every resolution prints at the same size"
    density = "at half density (^JMB) " if said.dots == 2 else ""
    for value, side, what in (
        (said.width, 0, "print width"),
        (said.length, 1, "label length"),
        (said.graphic, 0, "widest graphic"),
    ):
        for head in _HEADS:
            near = value and abs(value * said.dots / head.size(media)[side] - 1) <= _NEAR
            if near and (what == "print width" or said.lies_on(head.size(media))):
                return head, f"its {what} of {value:g} dots {density}is {media.short} at {head.dpi} dpi"
    return _by_reach(said, media)


def in_units(commands: Iterable[Command]) -> bool:
    """Whether ZPL counts in inches or millimetres (`^MU`), so that every resolution prints it at the same size."""
    return any(command.name == "^MU" and read(command)[0] in ("I", "M") for command in commands)


def _by_reach(said: "_Said", media: Media) -> tuple[Resolution | None, str]:
    """The coarsest head on whose stock all fields lie, if they fill it."""
    right, bottom = said.reach()
    reach = f"its fields reach {right:g} x {bottom:g} dots"
    for head in _HEADS:
        across, down = head.size(media)
        if said.lies_on((across, down)):
            if right > across * _FILLED or bottom > down * _FILLED:
                return head, f"{reach}: {media.short} at {head.dpi} dpi"
            break
    return None, f"{reach}, which says nothing on {media.short}"


@dataclass(slots=True)
class _Said:
    """What ZPL says of its size, in its own dots; `dots` is how many of the head's make one (`^JM`)."""

    width: float = 0.0
    length: float = 0.0
    graphic: float = 0.0
    rights: list[float] = field(default_factory=list)
    bottoms: list[float] = field(default_factory=list)
    dots: float = 1.0
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
        elif name in _SIZES:
            self._place(*_SIZES[name](values))
        if name in ("^GF", "~DG"):
            self.graphic = max(self.graphic, _dots(values[-1]) * 8)

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


def _number(text: str) -> int:
    """The whole number that `text` begins with, as printers read it, up to nine digits; 0 without one."""
    digits = _WHOLE_NUMBER.match(text)
    return int(digits[1]) if digits else 0
