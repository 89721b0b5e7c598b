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

#: Settings of one label that the printer keeps for the next (ZPL II guide): their usual values, and how to
#: return to them (equal dpi values end the conversion of ^MU).
_KEPT: Final = {
    "^PO": (re.compile("|N"), b"^PON"),
    "^PM": (re.compile("|N"), b"^PMN"),
    "^LR": (re.compile("|N"), b"^LRN"),
    "^LS": (re.compile("0*"), b"^LS0"),
    "^LH": (re.compile("0*,?0*"), b"^LH0,0"),
    "^JM": (re.compile("|A"), b"^JMA"),
    "^MU": (re.compile("D?,?,?"), b"^MUD,300,300"),
    "^MC": (re.compile("|Y"), b"^MCY"),
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


def screen(zpl: bytes, commands: Iterable[Command]) -> Screened:
    """Keep what draws, drop what sets, and return the printer to its usual state after the last format.

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
    reset = _reset(kept)
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
        if command.parameters[:1] in b"Cc":
            raise CommandRefused(f"compressed binary graphics (^GFC) at byte {command.start} are not supported")
        return  # binary data may hold any byte
    elif command.name in ("^XG", "^IM") and _STORED.match(command.fields()[0]):
        notes[f"{command.name} uses a graphic stored in the printer: {command.fields()[0][:40]}"] = None
    elif command.name == "^PQ" and _pauses(command):
        notes["^PQ makes the printer pause between labels"] = None
    if _CONTROL.search(command.parameters):
        raise CommandRefused(f"a control character in {command.name} at byte {command.start} is not allowed")


def _refuse_stored(command: Command) -> None:
    """Only the printer's RAM (R:, the default) may be written or cleared."""
    if command.name in ("~DG", "^ID"):
        target = command.fields()[0]
        if ":" in target and not target.upper().startswith("R:"):
            raise CommandRefused(f"{command.name} at byte {command.start} changes the printer's memory {target[:2]}")


def _pauses(command: Command) -> bool:
    fields = command.fields()
    return len(fields) > 1 and fields[1].isdigit() and int(fields[1]) > 0


def _reset(commands: Iterable[Command]) -> bytes:
    """A format that prints nothing and takes back what the last value of a kept setting left behind."""
    last: dict[str, str] = {}
    for command in commands:
        if command.name in _KEPT:
            last[command.name] = ",".join(command.fields()).upper()
    back = [_KEPT[name][1] for name, value in last.items() if not _KEPT[name][0].fullmatch(value)]
    return b"^XA" + b"".join(back) + b"^XZ" if back else b""
