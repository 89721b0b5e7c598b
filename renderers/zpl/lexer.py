"""ZPL as commands with their positions; nothing is interpreted here (ZPL II guide, "basic ZPL exercises")."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import AssetRefused, CommandRefused

#: More commands than any label has; real ones reach a few thousand.
MAX_COMMANDS = 200_000

#: A tilde alone is text, as in `^BX...,~`: all tilde commands have two letters.
_PREFIX = re.compile(rb"\^|~(?=[A-Za-z]{2})")
_BINARY_FIELD = re.compile(rb"[BbCc],(\d+),(\d*),(\d*),")
#: Commands without parameters: what follows them is text that belongs to nothing.
_BARE = frozenset({"^XA", "^XZ", "^FS"})
_CHANGES_PREFIX = frozenset({"^CC", "~CC", "^CT", "~CT", "^CD", "~CD"})


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `name` in capitals (`^FO`, `~DG`, `^A`, `^A@`), its `parameters` as written, bytes start:end.

    For `^A` the font letter is the first byte of the parameters. Text outside any command has an empty
    name and is its own parameters.
    """

    name: str
    parameters: bytes
    start: int
    end: int

    def fields(self) -> list[str]:
        """The parameters cut at commas, without blanks and line ends; always at least one, maybe empty."""
        return [field.strip() for field in self.parameters.decode("latin-1").split(",")]


def lex(zpl: bytes) -> tuple[Command, ...]:
    """Split `zpl` into commands, in order and without gaps: joining all start:end gives `zpl` again.

    `^GFB` and `^GFC` take as many bytes as they declare, whatever these look like.

    Raises:
        CommandRefused: the command prefix changes, or a binary field declares two different lengths.
        AssetRefused: a binary field is cut off, or there are more than `MAX_COMMANDS` commands.
    """
    commands: list[Command] = []
    for command in _scan(zpl):
        commands.append(command)
        if len(commands) > MAX_COMMANDS:
            raise AssetRefused(f"the ZPL has more than {MAX_COMMANDS} commands")
    return tuple(commands)


def formats(commands: Iterable[Command]) -> Iterator[tuple[Command, ...]]:
    """The commands of each label format, from `^XA` to `^XZ` without these two.

    A second `^XA` before `^XZ` changes nothing; a format that never ends prints nothing and is left out.
    """
    inside: list[Command] | None = None
    for command in commands:
        if command.name == "^XA":
            inside = [] if inside is None else inside
        elif command.name == "^XZ":
            if inside is not None:
                yield tuple(inside)
            inside = None
        elif inside is not None:
            inside.append(command)


def _scan(zpl: bytes) -> Iterator[Command]:
    first = _PREFIX.search(zpl)
    position = first.start() if first else len(zpl)
    if position:
        yield Command("", zpl[:position], 0, position)
    while position < len(zpl):
        name, begin = _name(zpl, position)
        if len(name) == 1:  # a prefix right before another one begins nothing
            yield Command("", name.encode("ascii"), position, begin)
            position = begin
            continue
        end = _end(zpl, name, begin, position)
        if name in _BARE:
            yield Command(name, b"", position, begin)
            if end > begin:
                yield Command("", zpl[begin:end], begin, end)
        else:
            yield Command(name, zpl[begin:end], position, end)
        position = end


def _name(zpl: bytes, position: int) -> tuple[str, int]:
    """The command's name and where its parameters begin."""
    following = _PREFIX.search(zpl, position + 1, position + 5)  # a prefix always begins a new command
    end = min(position + 3, following.start() if following else len(zpl))
    letters = zpl[position + 1 : end]
    code = chr(zpl[position]) + letters.decode("latin-1").upper()
    if code.startswith("^A"):
        code = code if code == "^A@" else "^A"
    return code, position + len(code)


def _end(zpl: bytes, name: str, begin: int, position: int) -> int:
    if name in _CHANGES_PREFIX:
        default = {"C": b"^", "T": b"~", "D": b","}[name[2]]
        if zpl[begin : begin + 1] != default:
            raise CommandRefused(f"{name} at byte {position} changes how ZPL is written, which is not supported")
        begin += 1
    elif name == "^GF" and (binary := _BINARY_FIELD.match(zpl, begin)):
        length = int(binary[1])
        if zpl[begin : begin + 1] in b"Bb" and binary[2] and int(binary[2]) != length:
            raise CommandRefused(f"^GF at byte {position} declares two lengths, {length} and {int(binary[2])} bytes")
        begin = binary.end() + length
        if begin > len(zpl):
            raise AssetRefused(f"the ZPL is cut off inside ^GF at byte {position}")
    following = _PREFIX.search(zpl, begin)
    return following.start() if following else len(zpl)
