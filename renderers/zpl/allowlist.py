"""Which ZPL commands may reach a printer (promises 6 and 7): what draws may, what sets is dropped, the rest is refused.

Commands not in these tables are unknown and refused: a list of bad commands would be out of date first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ..errors import AssetRefused, CommandRefused
from .grammar import graphic_data, read
from .lexer import FIELD_DATA, PREFIX_CHANGES, Command, binary_fault, is_binary, lex
from .stored import stem
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
#: of ^MU): the values after them are counted in dots. ^CI, ^SE and ^LL are missing: their values at power-up are the
#: printer's own.
_KEPT: Final = {
    "^MU": (re.compile("D?,?,?"), "D,300,300"),
    "^JM": (re.compile("A?"), "A"),
    "^PO": (re.compile("N?"), "N"),
    "^LH": (re.compile("0*,?0*"), "0,0"),
    "^PM": (re.compile("N?"), "N"),
    "^LR": (re.compile("N?"), "N"),
    "^LS": (re.compile("0*"), "0"),
    "^FW": (re.compile("N?(,0?)?"), "N,0"),
    "^BY": (re.compile(r"2?(,(3(\.0)?)?(,(10)?)?)?"), "2,3.0,10"),
    "^CF": (re.compile("A?(,9?(,5?)?)?"), "A,9,5"),
    "^CV": (re.compile("N?"), "N"),
    "^PA": (re.compile("0?(,0?){0,3}"), "0,0,0,0"),
}

#: Other languages that a printer obeys anywhere in its data: "! U1 setvar" and JSON; it passes over control characters.
_SKIPPED, _BLANK = rb"[\x00-\x1f\x7f]*", rb"[\x00-\x20\x7f\xa0]"
_WORDS = b"|".join(_SKIPPED.join(bytes((letter,)) for letter in word) for word in (b"setvar", b"getvar", b"do"))
_OTHER = re.compile(
    rb"!%b*U(?:%b1)?%b+(%b)(?!\w)|\{%b\}%b*\{%b*\"" % (_BLANK, _SKIPPED, _BLANK, _WORDS, _SKIPPED, _BLANK, _BLANK),
    re.IGNORECASE,
)
#: STX, ETX and SI are other spellings of ^XA, ^XZ and ^FS on a serial line, RS, DLE and US of the prefixes and the
#: delimiter; ENQ, XON, XOFF and CAN are answered by the line itself, ESC begins other languages, and NUL is passed
#: over, so that what surrounds it would be read as one.
_CONTROL = re.compile(rb"[\x00\x02\x03\x05\x0f\x10\x11\x13\x18\x1b\x1e\x1f]")
#: A name in the printer's RAM (R:, the default), and nothing that could be read as another one.
_IN_RAM = re.compile(r"([Rr]:)?[\w$#@!&()+=%\-]{0,16}(\.\w{0,4})?", re.ASCII)
#: A name that no printer turns down, for it would obey the bytes that follow.
_CERTAIN = re.compile(r"([Rr]:)?\w{1,16}(\.\w{1,3})?", re.ASCII)
_ERASED_IN_RAM = re.compile(r"([Rr]:)?[\w$#@!&()+=%.*\-]{0,24}", re.ASCII)
_STORES = {
    "~DG": "a graphic", "~DY": "an object", "~DB": "a font", "~DS": "a font", "~DT": "a font", "~DU": "a font",
    "^DF": "a format", "^IS": "a picture",
}  # fmt: skip
#: Without these a label would print that is only to be stored: they cannot be left out alone.
_STORE_ONLY = frozenset({"^DF", "^IS"})
#: More than anybody reads; each stripped command has its own.
_MOST_NOTES = 100
#: How the data of a ~DY is written, and what it is: fonts, dots and pictures; others are files and web pages.
_PACKINGS, _KINDS = frozenset("ABP"), frozenset("BEGPTX")
#: The letters of the fonts that every printer has.
RESIDENT: Final = frozenset("0ABCDEFGHPQRSTUV")
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
        if verdict.reason and len(notes) < _MOST_NOTES:
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


@dataclass(slots=True)
class _Place:
    """What is known on the way through the commands: the objects of this file, whether a format is open and whether
    it is one that is stored, and whether a character set was named."""

    stored: set[str] = field(default_factory=set)
    inside: bool = False
    storing: bool = False
    encoded: bool = False

    def add(self, command: Command) -> None:
        """Go past a command."""
        name = command.name
        if name in ("^XA", "^XZ"):
            self.storing = self.storing and self.inside and name == "^XA"
            self.inside = name == "^XA"
        elif name == "^DF":
            self.storing = True
        elif name == "^CI":
            self.encoded = True


def judged(commands: Iterable[Command]) -> Iterator[Verdict]:
    """The verdict on each command, in order."""
    place = _Place()
    for command in commands:
        name = command.name
        place.add(command)
        fault = "" if name == "" and not command.parameters.strip() else _fault(command) or _misplaced(command, place)
        if name and (damage := binary_fault(command)):
            action: Action = "refuse" if "declares two lengths" in damage or " row" in damage else "damaged"
            yield Verdict(command, action, f"the binary {name} at byte {command.start} {damage}")
        elif fault:
            yield Verdict(command, "refuse", fault)
        elif name in DROPPED and not (name == "^ID" and stem(_target(command)) in place.stored):
            left = "" if DROPPED[name] == "prefix" else f"{name} ({DROPPED[name]}) is left to the printer"
            yield Verdict(command, "drop", left)
        elif not name and command.parameters.strip():
            yield Verdict(command, "drop", "text between commands is left out")
        else:
            yield Verdict(command, "keep", _note(command, place))


def _fault(command: Command) -> str:
    """Why a command may not reach a printer, in words; empty where it may."""
    name, at = command.name, f"at byte {command.start}"
    other = _OTHER.search(command.parameters)
    if other and (name or other[1]):
        return (
            f"the command {_said(other)} at byte {command.end - len(command.parameters) + other.start()} is not allowed"
        )
    if name == "":
        return ""
    if name not in ALLOWED and name not in DROPPED:
        return f"the ZPL command {name!r} {at} is not allowed"
    if name in _STORES or name == "^ID":
        target = _target(command)
        if not (_ERASED_IN_RAM if name == "^ID" else _IN_RAM).fullmatch(target):
            return f"{name} {at} changes the printer's memory {target[:40]!r}: only R: may be written"
    if fault := _shortage(command) or _doubt(command) or _lasting(command):
        return fault
    if name == "^GF" and command.parameters.lstrip()[:1].upper() == b"C":
        return f"compressed binary graphics (^GFC) {at} are not supported"
    if name not in DROPPED and not is_binary(command) and _CONTROL.search(command.parameters):
        return f"a control character in {name} {at} is not allowed"
    return ""  # the data of a binary graphic may hold any byte


def _said(other: re.Match[bytes]) -> str:
    """What begins another language, as people write it."""
    if not other[1]:
        return "'{}{' (JSON)"
    return f"'! U1 {''.join(letter for letter in other[1].decode() if letter.isprintable())}'"


def _misplaced(command: Command, place: _Place) -> str:
    """Whether a binary graphic stands where a printer passes over it, and obeys what its bytes look like."""
    if command.name != "^GF" or not is_binary(command) or (place.inside and not place.storing):
        return ""
    where = "in a format that is stored" if place.inside else "outside of a format"
    return f"the binary ^GF at byte {command.start} stands {where}, where printers may obey its data: send it as ^GFA"


def _lasting(command: Command) -> str:
    """Whether a command changes labels of others, until the printer is off, in words."""
    if command.name == "^MC" and read(command)[0] == "N":
        return f"^MCN at byte {command.start} would print this label on the next one too"
    if command.name == "^CW" and (letter := read(command)[0]) in RESIDENT:
        return (
            f"^CW at byte {command.start} gives the printer's own font {letter} another face for all labels: "
            "take a letter of no resident font (I to O, W to Z, 1 to 9)"
        )
    return ""


def _doubt(command: Command) -> str:
    """Whether a printer may turn down a ~DY, and obey its data instead, in words."""
    if command.name != "~DY":
        return ""
    delimiter = command.delimiter.encode("ascii")
    parts = [part.decode("latin-1").strip() for part in command.parameters.split(delimiter, 3)[:3]]
    name, packing, kind = (*parts, "", "")[:3]
    at = f"~DY at byte {command.start}"
    if packing.upper() not in _PACKINGS or kind.upper() not in _KINDS:
        return f"{at} sends {packing[:9]!r}, {kind[:9]!r}: only A, B or P, then one of B, E, G, P, T and X are allowed"
    if not is_binary(command):
        return ""
    total, row = read(command)[3:]
    if not _CERTAIN.fullmatch(name):
        return f"{at} needs a name of letters and digits and one extension, for its data is binary: {name[:40]!r}"
    if kind.upper() == "G" and not (isinstance(row, float) and isinstance(total, float) and 1 <= row <= total):
        return f"{at} does not say how long a row of its data is"
    return ""


def _note(command: Command, place: _Place) -> str:
    """What people should know of a command that passes."""
    name = command.name
    if name in _STORES:
        place.stored.add(stem(_target(command)))
        return "" if name == "~DG" else f"{name} stores {_STORES[name]} in the printer until it is off"
    if name in RECALLS:
        target = _target(command)
        if stem(target) not in place.stored:
            return f"{name} uses a {RECALLS[name]} stored in the printer: {target[:40]!r}"
    elif name == "^ID":
        place.stored.discard(stem(_target(command)))
    elif name == "^CW":
        return f"^CW gives font letter {_target(command)[:1]!r} another font until the printer is off"
    elif name == "^SE":
        return f"^SE uses an encoding stored in the printer: {_target(command)[:40]!r}"
    elif name == "^PQ" and read(command)[1]:
        return "^PQ makes the printer pause between labels"
    elif name in FIELD_DATA and not place.encoded and not command.parameters.isascii():
        place.encoded = True  # said once
        return "letters beyond ASCII print in the character set that the printer was left with, for no ^CI is given"
    return ""


def _target(command: Command) -> str:
    """The first parameter: the name of what is stored or recalled."""
    return command.parameters.partition(command.delimiter.encode("ascii"))[0].decode("latin-1").strip()


def _shortage(command: Command) -> str:
    """Whether a download in hexadecimal has fewer bytes than it declares, in words: the printer would wait for them.

    Packed downloads are left alone.
    """
    if command.name not in ("~DS", "~DT", "~DU", "~DY") or is_binary(command):
        return ""
    total = read(command)[3 if command.name == "~DY" else 1]
    data = graphic_data(command).translate(None, b" \t\r\n")
    if not isinstance(total, float) or data.startswith(b":"):
        return ""
    if len(data) < 2 * total:
        return f"{command.name} at byte {command.start} declares {total:.0f} bytes and has {len(data) // 2}"
    return ""


def _checked(cleaned: bytes, zpl: bytes) -> bytes:
    """`cleaned`, which must be harmless by itself too, for what was left out no longer stands between the rest.

    Raises:
        CommandRefused: it is not.
    """
    if other := _OTHER.search(cleaned):
        raise CommandRefused(f"the command {_said(other)} is not allowed")
    if cleaned == zpl:
        return cleaned
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
