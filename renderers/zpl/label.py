"""Labels as ZPL: write one from dots, count those in a payload, tell the resolution one was made for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..bitmap import Bitmap
from ..errors import AssetRefused
from ..media import Media, Resolution
from .grammar import PARAMETERS, Value, read
from .graphic_field import Encoding, encode
from .lexer import FIELD_DATA, Command, formats, lex
from .stored import find, is_format, stem

_HEADS = (Resolution(203), Resolution(300), Resolution(600))
_GRAPHICS = frozenset({"^GB", "^GC", "^GD", "^GE", "^GF", "^GS", "^XG", "^IM", "^IL"})
#: How near a size must be to the stock's, and how much of it the fields must fill to say something.
_NEAR, _FILLED = 0.05, 0.7
_MAX_LABELS = 99_999_999  # ^PQ's own limit


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
    """How many labels come out of the printer: the sum of `quantities`.

    Raises:
        AssetRefused: see `quantities`.
    """
    return sum(quantities(zpl))


def quantities(zpl: bytes) -> list[int]:
    """How many labels each format prints, for those that print: its last `^PQ`, also one in a stored format (`^DF`)
    that it recalls (`^XF`). Formats that only set or store print none.

    Raises:
        AssetRefused: what a format recalls is only in the printer and may count too; see also `lexer.lex`.
    """
    stored: dict[str, _Counted] = {}
    found = []
    for commands in formats(lex(zpl)):
        place = next((place for place, command in enumerate(commands) if command.name == "^DF"), None)
        if place is None:
            found.append(_counted(commands, stored).labels())
            continue
        kept = _counted(commands[place + 1 :], {})
        if any(command.name == "^PQ" for command in commands[:place]):
            kept.unknown = kept.unknown or commands[place]  # whether that is stored too, no guide says
        stored[stem(str(read(commands[place])[0]))] = kept
    return [wanted for wanted in found if wanted]


def fills(command: Command) -> bool:
    """Whether it gives its format something to print."""
    if command.name in FIELD_DATA:
        return bool(command.parameters.strip()) or command.name == "^SN"  # which counts from 1 where it says nothing
    return command.name in _GRAPHICS


def asked(command: Command) -> int:
    """How many labels a `^PQ` asks for: one where it gives no number."""
    wanted = read(command)[0]
    return min(max(int(wanted), 1), _MAX_LABELS) if isinstance(wanted, float) else 1


@dataclass(slots=True)
class _Counted:
    """What a format has to print, so far: anything at all, how many of it, and the recall that leaves that open."""

    filled: bool = False
    wanted: int | None = None
    kept_only: bool = False
    unknown: Command | None = None

    def labels(self) -> int:
        """How many come out.

        Raises:
            AssetRefused: the printer alone knows.
        """
        if self.unknown is not None:
            target = str(read(self.unknown)[0])[:40]
            raise AssetRefused(
                f"only the printer knows how many labels {self.unknown.name} {target!r} at byte {self.unknown.start} "
                "prints: send that format (^DF) with the label, or write ^PQ after ^XF"
            )
        return (self.wanted or 1) if self.filled and not self.kept_only else 0

    def take(self, other: "_Counted") -> None:
        """What follows from recalling another format here."""
        self.filled = self.filled or other.filled
        self.kept_only = self.kept_only or other.kept_only
        self.wanted = self.wanted if other.wanted is None else other.wanted
        self.unknown = other.unknown or (self.unknown if other.wanted is None else None)


def _counted(commands: Iterable[Command], stored: dict[str, _Counted]) -> _Counted:
    """What there is to count in a format, its commands between `^XA` and `^XZ`."""
    found = _Counted()
    for command in commands:
        if command.name == "^PQ":
            found.wanted, found.unknown = asked(command), None
        elif command.name == "^XF":
            here = find(stored, stem(str(read(command)[0])))
            found.take(here or _Counted(filled=True, unknown=command))
        elif command.name == "^IS" and read(command)[1] == "N":
            found.kept_only = True
        elif command.name == "^ID" and is_format(str(read(command)[0])):
            stored.pop(stem(str(read(command)[0])), None)
        else:
            found.filled = found.filled or fills(command)
    return found


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
