"""Labels as ZPL: write one from dots, count those in a payload."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..bitmap import Bitmap
from ..errors import AssetRefused
from .grammar import read
from .graphic_field import Encoding, encode
from .lexer import FIELD_DATA, Command, formats, lex
from .stored import find, is_format, stem

_GRAPHICS = frozenset({"^GB", "^GC", "^GD", "^GE", "^GF", "^GS", "^XG", "^IM", "^IL"})
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
        if any(command.name in ("^PQ", "^XF") or fills(command) for command in commands[:place]):
            kept.unknown = commands[place]  # whether that is printed, stored too or lost, no guide says
            kept.labels()
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
            target = self.unknown.fields()[0][:40]
            raise AssetRefused(
                f"only the printer knows how many labels {self.unknown.name} {target!r} at byte {self.unknown.start} "
                "prints: send formats with the label, ^DF first in each, or write ^PQ and a number after ^XF"
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
            before, found.wanted, found.unknown = found.wanted, asked(command), None
            if read(command)[0] is None and (before or 1) > 1:
                found.unknown = command  # which of the two counts, no guide says
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
