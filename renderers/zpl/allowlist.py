"""Which ZPL commands may reach a printer (promises 6 and 7): what draws may, what sets is dropped, the rest is refused.

Commands not in these tables are unknown and refused: a list of bad commands would be out of date first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..errors import AssetRefused, CommandRefused
from .lexer import Command

#: Draw, place or count the label at hand.
ALLOWED: Final = frozenset(
    """
    ^XA ^XZ ^A ^A@ ^CF ^CI ^CV ^CW ^FB ^FD ^FH ^FM ^FN ^FO ^FP ^FR ^FS ^FT ^FV ^FW ^FX ^TB ^SN ^SF ^PA
    ^GB ^GC ^GD ^GE ^GF ^GS ^XG ^IM ^LH ^LL ^LR ^LS ^PW ^PO ^PM ^PQ ^MU ^JM ^MC
    ^BY ^B0 ^B1 ^B2 ^B3 ^B4 ^B5 ^B7 ^B8 ^B9 ^BA ^BB ^BC ^BD ^BE ^BF ^BI ^BJ ^BK ^BL ^BM ^BO ^BP ^BQ ^BR
    ^BS ^BT ^BU ^BX ^BZ ~DG
    """.split()  # noqa: SIM905  # a table to be read by people
)

#: The printer's own business; labels print the same dots without them.
DROPPED: Final = {
    "^MN": "media tracking",
    "^MT": "print method",
    "^MM": "print mode",
    "^MD": "darkness",
    "~SD": "darkness",
    "^PR": "speed",
    "~TA": "tear-off position",
    "^LT": "label top",
    "^JU": "saving of settings",
    "~JS": "backfeed",
    "^JS": "sensor",
    "^MF": "feed on power-up",
    "^SZ": "ZPL mode",
    "^XB": "backfeed",
    "^ID": "deletion of stored objects",
    "~JN": "head test",
    "~JO": "head test",
    "^DN": "end of download",
    "~DN": "end of download",
    "^CC": "prefix", "~CC": "prefix", "^CT": "prefix", "~CT": "prefix", "^CD": "prefix", "~CD": "prefix",
}  # fmt: skip

#: Settings of one label that the printer keeps for the next (ZPL II guide): values that change nothing in a printer
#: just switched on, and the value that returns to that state. Units come first (equal dpi values end the conversion
#: of ^MU): the values after them are counted in dots. ^CI is missing: its value at power-up is the printer's own.
_KEPT: Final = {
    "^MU": (re.compile("D?,?,?"), "D,300,300"),
    "^JM": (re.compile("A?"), "A"),
    "^PO": (re.compile("N?"), "N"),
    "^LH": (re.compile("0*,?0*"), "0,0"),
    "^PM": (re.compile("N?"), "N"),
    "^LR": (re.compile("N?"), "N"),
    "^LS": (re.compile("0*"), "0"),
    "^MC": (re.compile("Y?"), "Y"),
    "^FW": (re.compile("N?(,0?)?"), "N,0"),
    "^BY": (re.compile(r"2?(,(3(\.0)?)?(,(10)?)?)?"), "2,3.0,10"),
    "^CF": (re.compile("A?(,9?(,5?)?)?"), "A,9,5"),
    "^CV": (re.compile("N?"), "N"),
    "^PA": (re.compile("0?(,0?){0,3}"), "0,0,0,0"),
}

_SET_GET_DO = re.compile(rb"!\s*U1?\s+(setvar|getvar|do)\b", re.IGNORECASE)
#: STX, ETX and SI are other spellings of ^XA, ^XZ and ^FS on a serial line: nothing here looks for them.
_CONTROL = re.compile(rb"[\x02\x03\x0f\x1b]")
_STORED = re.compile(r"[BEA]:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Screened:
    """What may be sent: the remaining `commands`, their bytes `zpl`, and one note per kind of change made."""

    commands: tuple[Command, ...]
    zpl: bytes
    notes: tuple[str, ...]


def screen(zpl: bytes, commands: Iterable[Command], width: int) -> Screened:
    """Keep what draws, drop what sets, and return the printer to its usual state after the last format.

    `width` is the stock's, in dots: another print width would clip or shift the next label that names none.

    Raises:
        CommandRefused: a command that is not allowed, with its name and position.
        AssetRefused: the last format has no end (`^XZ`): the ZPL is cut off.
    """
    settings = _SET_GET_DO.search(zpl)
    if settings:
        raise CommandRefused(f"the command '! U1 {settings[1].decode()}' at byte {settings.start()} is not allowed")
    kept: list[Command] = []
    notes: dict[str, None] = {}
    opened = False
    for command in commands:
        if command.name in DROPPED:
            _refuse_stored(command)
            if DROPPED[command.name] != "prefix":
                notes[f"{command.name} ({DROPPED[command.name]}) is left to the printer"] = None
            continue
        if command.name:
            _judge(command, notes)
        elif command.parameters.strip():
            notes["text between commands is left out"] = None
            continue
        opened = command.name == "^XA" or (opened and command.name != "^XZ")
        kept.append(command)
    if opened:
        raise AssetRefused("the ZPL is cut off: its last format has no end (^XZ)")
    reset = _reset(kept, width)
    if reset:
        notes["settings that would stay for the next label are set back afterwards"] = None
    cleaned = b"".join(zpl[command.start : command.end] for command in kept)
    return Screened(tuple(kept), cleaned + reset, tuple(notes))


def refused(commands: Iterable[Command]) -> tuple[Command, ...]:
    """The commands that `screen` would refuse: for people who want to see them all."""
    found = []
    for command in commands:
        try:
            if command.name in DROPPED:
                _refuse_stored(command)
            elif command.name:
                _judge(command, {})
        except CommandRefused:
            found.append(command)
    return tuple(found)


def _judge(command: Command, notes: dict[str, None]) -> None:
    if command.name not in ALLOWED:
        raise CommandRefused(f"the ZPL command {command.name!r} at byte {command.start} is not allowed")
    if command.name == "~DG":
        _refuse_stored(command)
    elif command.name == "^GF":
        kind = command.parameters.lstrip()[:1].upper()
        if kind == b"C":
            raise CommandRefused(f"compressed binary graphics (^GFC) at byte {command.start} are not supported")
        if kind == b"B":
            return  # binary data may hold any byte
    elif command.name == "^CW":
        notes[f"^CW gives font letter {command.fields()[0][:1]!r} another font until the printer is off"] = None
    elif command.name in ("^XG", "^IM") and _STORED.match(command.fields()[0]):
        notes[f"{command.name} uses a graphic stored in the printer: {command.fields()[0][:40]!r}"] = None
    elif command.name == "^PQ" and _pauses(command):
        notes["^PQ makes the printer pause between labels"] = None
    if _CONTROL.search(command.parameters):
        raise CommandRefused(f"a control character in {command.name} at byte {command.start} is not allowed")


def _refuse_stored(command: Command) -> None:
    """Only the printer's RAM (R:, the default) may be written or cleared."""
    if command.name in ("~DG", "^ID"):
        target = command.fields()[0]
        if ":" in target and not target.upper().startswith("R:"):
            raise CommandRefused(f"{command.name} at byte {command.start} changes the printer's memory {target[:2]!r}")


def _pauses(command: Command) -> bool:
    fields = command.fields()
    return len(fields) > 1 and re.match("0*[1-9]", fields[1]) is not None


def _reset(commands: Iterable[Command], width: int) -> bytes:
    """A format that prints nothing and takes back what kept settings left behind; empty where they left nothing.

    A value that names only some parameters keeps the others, so only the whole usual value takes a change back.
    """
    kept = _KEPT | {"^PW": (re.compile(f"0*{width}|"), str(width))}
    changed = set()
    for command in commands:
        if command.name in kept:
            value = ",".join(command.fields()).upper()
            unchanging, usual = kept[command.name]
            if value == usual:
                changed.discard(command.name)
            elif not unchanging.fullmatch(value):
                changed.add(command.name)
    back = "".join(name + usual for name, (_, usual) in kept.items() if name in changed)
    return f"^XA{back}^XZ".encode("ascii") if back else b""
