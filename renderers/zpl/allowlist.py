"""Which ZPL commands may reach a printer (promises 6 and 7): what draws may, what sets is dropped, the rest is refused.

Commands not in these tables are unknown and refused: a list of bad commands would be out of date first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..errors import AssetRefused, CommandRefused
from .lexer import PREFIX_CHANGES, Command, binary_fault, is_binary, lex
from .writer import normal

#: Refuse a label with a refused command, or print it without that command and say so.
Policy = Literal["refuse", "strip"]
Action = Literal["keep", "drop", "refuse", "damaged"]

#: Draw, place or count the label at hand, or store in the printer's RAM what a label recalls.
ALLOWED: Final = frozenset(
    """
    ^XA ^XZ ^A ^A@ ^CF ^CI ^CV ^CW ^FB ^FC ^FD ^FH ^FM ^FN ^FO ^FP ^FR ^FS ^FT ^FV ^FW ^FX ^TB ^SN ^SF ^PA ^SE
    ^GB ^GC ^GD ^GE ^GF ^GS ^XG ^IM ^IL ^IS ^DF ^XF ^LH ^LL ^LR ^LS ^PW ^PO ^PM ^PQ ^MU ^JM ^MC
    ^BY ^B0 ^B1 ^B2 ^B3 ^B4 ^B5 ^B7 ^B8 ^B9 ^BA ^BB ^BC ^BD ^BE ^BF ^BI ^BJ ^BK ^BL ^BM ^BO ^BP ^BQ ^BR
    ^BS ^BT ^BU ^BX ^BZ ~DG ~DY ~DB ~DS ~DT ~DU
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
    "^ML": "maximum label length",
    "^JU": "saving of settings",
    "~JS": "backfeed",
    "^JS": "sensor",
    "^MF": "feed on power-up",
    "^SZ": "ZPL mode",
    "^XB": "backfeed",
    "^PF": "feed",
    "^PH": "feed",
    "~PH": "feed",
    "^PP": "pause",
    "~PP": "pause",
    "~PS": "end of a pause",
    "^ID": "deletion of stored objects",
    "~JN": "head test",
    "~JO": "head test",
    "^DN": "end of download",
    "~DN": "end of download",
} | dict.fromkeys(sorted(PREFIX_CHANGES), "prefix")

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
#: STX, ETX and SI are other spellings of ^XA, ^XZ and ^FS on a serial line, RS, DLE and US of the prefixes and the
#: delimiter; ENQ, XON, XOFF and CAN are answered by the line itself, and ESC begins other languages.
_CONTROL = re.compile(rb"[\x02\x03\x05\x0f\x10\x11\x13\x18\x1b\x1e\x1f]")
_STORED = re.compile(r"[BEA]:", re.IGNORECASE)
#: A name in the printer's RAM (R:, the default), and nothing that could be read as another one.
_IN_RAM = re.compile(r"([Rr]:)?[\w$#@!&()+=%.\-]{0,24}", re.ASCII)
_ERASED_IN_RAM = re.compile(r"([Rr]:)?[\w$#@!&()+=%.*\-]{0,24}", re.ASCII)
_STORES = {
    "~DG": "a graphic", "~DY": "an object", "~DB": "a font", "~DS": "a font", "~DT": "a font", "~DU": "a font",
    "^DF": "a format", "^IS": "a picture",
}  # fmt: skip
#: Without these a label would print that is only to be stored: they cannot be left out alone.
_STORE_ONLY = frozenset({"^DF", "^IS"})
#: Commands that use what is stored.
RECALLS: Final = {"^XG": "graphic", "^IM": "graphic", "^IL": "picture", "^XF": "format"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a command, and why: a note for kept and dropped ones (may be empty), the fault for the others.

    `damaged` means that bytes are missing, so that nothing after it can be trusted.
    """

    command: Command
    action: Action
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Screened:
    """What may be sent: the remaining `commands`, their bytes `zpl`, and one note per kind of change made."""

    commands: tuple[Command, ...]
    zpl: bytes
    notes: tuple[str, ...]


def screen(zpl: bytes, commands: Sequence[Command], width: int, policy: Policy = "refuse") -> Screened:
    """Keep what draws, drop what sets, and return the printer to its usual state after the last format.

    `width` is the stock's, in dots: another print width would clip or shift the next label that names none. ZPL with
    other prefixes is written with the usual ones; else what is kept stays byte for byte.

    Raises:
        CommandRefused: a command that is not allowed, with its name and position (under the policy `strip`: only
            what cannot be left out alone).
        AssetRefused: the last format has no end (`^XZ`), or a binary graphic is cut off.
    """
    kept: list[Command] = []
    notes: dict[str, None] = {}
    opened = False
    for verdict in judged(commands):
        command = verdict.command
        if verdict.action == "damaged":
            raise AssetRefused(verdict.reason)
        if verdict.action == "refuse" and (policy == "refuse" or command.name in _STORE_ONLY):
            raise CommandRefused(verdict.reason)
        if verdict.reason:
            notes[verdict.reason if verdict.action != "refuse" else f"left out: {verdict.reason}"] = None
        if verdict.action != "keep":
            continue
        opened = command.name == "^XA" or (opened and command.name != "^XZ")
        kept.append(command)
    if opened:
        raise AssetRefused("the ZPL is cut off: its last format has no end (^XZ)")
    cleaned = _checked(normal(zpl, kept), zpl)
    reset = _reset(kept, width)
    if reset:
        notes["settings that would stay for the next label are set back afterwards"] = None
    return Screened(tuple(kept), cleaned + reset, tuple(notes))


def refused(commands: Iterable[Command]) -> tuple[Command, ...]:
    """The commands that `screen` would refuse: for people who want to see them all."""
    return tuple(verdict.command for verdict in judged(commands) if verdict.action in ("refuse", "damaged"))


def judged(commands: Iterable[Command]) -> Iterator[Verdict]:
    """The verdict on each command, in order."""
    stored: set[str] = set()
    for command in commands:
        name = command.name
        fault = "" if name == "" and not command.parameters.strip() else _fault(command)
        if name and (damage := binary_fault(command)):
            action: Action = "refuse" if "two lengths" in damage else "damaged"
            yield Verdict(command, action, f"the binary {name} at byte {command.start} {damage}")
        elif fault:
            yield Verdict(command, "refuse", fault)
        elif name in DROPPED:
            left = "" if DROPPED[name] == "prefix" else f"{name} ({DROPPED[name]}) is left to the printer"
            yield Verdict(command, "drop", left)
        elif not name and command.parameters.strip():
            yield Verdict(command, "drop", "text between commands is left out")
        else:
            yield Verdict(command, "keep", _note(command, stored))


def _fault(command: Command) -> str:
    """Why a command may not reach a printer, in words; empty where it may."""
    name, at = command.name, f"at byte {command.start}"
    settings = _SET_GET_DO.search(command.parameters)
    if settings:
        place = command.end - len(command.parameters) + settings.start()
        return f"the command '! U1 {settings[1].decode()}' at byte {place} is not allowed"
    if name == "":
        return ""
    if name not in ALLOWED and name not in DROPPED:
        return f"the ZPL command {name!r} {at} is not allowed"
    if name in _STORES or name == "^ID":
        target = command.fields()[0]
        if not (_ERASED_IN_RAM if name == "^ID" else _IN_RAM).fullmatch(target):
            return f"{name} {at} changes the printer's memory {target[:40]!r}: only R: may be written"
    if name == "^GF" and command.parameters.lstrip()[:1].upper() == b"C":
        return f"compressed binary graphics (^GFC) {at} are not supported"
    if name not in DROPPED and not is_binary(command) and _CONTROL.search(command.parameters):
        return f"a control character in {name} {at} is not allowed"
    return ""  # the data of a binary graphic may hold any byte


def _note(command: Command, stored: set[str]) -> str:
    """What people should know of a command that passes; `stored` are the objects of this file so far."""
    name = command.name
    if name in _STORES:
        stored.add(_object(command.fields()[0]))
        return "" if name == "~DG" else f"{name} stores {_STORES[name]} in the printer until it is off"
    if name in RECALLS:
        target = command.fields()[0]
        if _object(target) not in stored or _STORED.match(target):
            return f"{name} uses a {RECALLS[name]} stored in the printer: {target[:40]!r}"
    elif name == "^CW":
        return f"^CW gives font letter {command.fields()[0][:1]!r} another font until the printer is off"
    elif name == "^SE":
        return f"^SE uses an encoding stored in the printer: {command.fields()[0][:40]!r}"
    elif name == "^PQ" and _pauses(command):
        return "^PQ makes the printer pause between labels"
    return ""


def _object(text: str) -> str:
    """A stored object's name without device and extension."""
    return text.strip().upper().rpartition(":")[2].partition(".")[0]


def _pauses(command: Command) -> bool:
    fields = command.fields()
    return len(fields) > 1 and re.match("0*[1-9]", fields[1]) is not None


def _checked(cleaned: bytes, zpl: bytes) -> bytes:
    """`cleaned`, which must be harmless by itself too, for what was left out no longer stands between the rest.

    Raises:
        CommandRefused: it is not.
    """
    if cleaned == zpl and not _SET_GET_DO.search(cleaned):
        return cleaned
    settings = _SET_GET_DO.search(cleaned)
    if settings:
        raise CommandRefused(f"the command '! U1 {settings[1].decode()}' is not allowed")
    for verdict in judged(lex(cleaned)):
        if verdict.action != "keep":
            raise CommandRefused(verdict.reason or f"what is left of the ZPL holds {verdict.command.name!r}")
    return cleaned


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
