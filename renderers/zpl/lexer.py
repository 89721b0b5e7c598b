"""ZPL as commands with their positions; nothing is interpreted here (ZPL II guide, "basic ZPL exercises")."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import AssetRefused, CommandRefused

#: More commands than any label has; real ones reach a few thousand.
MAX_COMMANDS = 200_000

#: A tilde is text before two printable characters that are not both letters, as in the escapes of a Data Matrix
#: (`~1ab`, `~d029`): all tilde commands have two letters. Before anything else it counts as a prefix, for printers
#: skip line ends and may find a command behind them.
_NO_LETTER = rb"[!-@\[-\]_-`{-}]"
_PREFIX = re.compile(rb"\^|~(?![A-Za-z]%b|%b[!-\]_-}])" % (_NO_LETTER, _NO_LETTER))
#: `^BX` names its escape character, and a tilde is the usual one.
_PREFIX_IN_BX = re.compile(_PREFIX.pattern + rb"(?!(?<=,~)\s*(?:[\^,]|\Z))")
_BINARY = re.compile(rb"\s*[BbCc]")
#: Nine digits are more than any graphic has.
_BINARY_HEADER = re.compile(rb"\s*([BbCc])\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,\s*\d{1,9}\s*,")
#: Commands without parameters: what follows them is text that belongs to nothing.
_BARE = frozenset({"^XA", "^XZ", "^FS"})
#: What follows these is printed, or is a remark: no byte of it may be left out unseen.
_DATA = frozenset({"^FD", "^FV", "^FX"})
_CHANGES_PREFIX = frozenset({"^CC", "~CC", "^CT", "~CT", "^CD", "~CD"})


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `name` in capitals (`^FO`, `~DG`, `^A`, `^A@`), its `parameters` as written, bytes start:end.

    For `^A` the font letter is the first byte of the parameters. Text outside any command has an empty
    name and is its own parameters. A prefix without a command has a name of its own that no table holds:
    it and what follows, `~\\r\\n`.
    """

    name: str
    parameters: bytes
    start: int
    end: int
    delimiter: str = ","

    def fields(self) -> list[str]:
        """The parameters cut at the delimiter, without blanks and line ends; always at least one, maybe empty."""
        return [field.strip() for field in self.parameters.decode("latin-1").split(self.delimiter)]


def lex(zpl: bytes) -> tuple[Command, ...]:
    """Split `zpl` into commands, in order and without gaps: joining all start:end gives `zpl` again.

    `^GFB` and `^GFC` take as many bytes as they declare, whatever these look like.

    Raises:
        CommandRefused: the command prefix changes, or a binary field declares two different lengths.
        AssetRefused: a binary field is cut off or lacks a length, or there are more than `MAX_COMMANDS` commands.
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
    position, last = 0, ""
    while position < len(zpl):
        start = position
        if _PREFIX.match(zpl, start) is None:
            position = _next_prefix(zpl, start)
            yield Command("", zpl[start:position], start, position)
            continue
        name, begin = _name(zpl, start)
        if len(name) == 1 and last not in _DATA:  # a prefix right before another one begins nothing
            position = begin
            yield Command("", zpl[start:position], start, position)
            continue
        position = begin if name in _BARE else _end(zpl, name, begin, start)
        yield Command(name, zpl[begin:position], start, position)
        last = name


def _name(zpl: bytes, position: int) -> tuple[str, int]:
    """The command's name and where its parameters begin."""
    following = _PREFIX.search(zpl, position + 1, position + 5)  # a prefix always begins a new command
    end = min(position + 3, following.start() if following else len(zpl))
    code = zpl[position:end].upper().decode("latin-1")
    if code.startswith("^A"):
        code = code if code == "^A@" else "^A"
    return code, position + len(code)


def _end(zpl: bytes, name: str, begin: int, position: int) -> int:
    if name in _CHANGES_PREFIX:
        default = {"C": b"^", "T": b"~", "D": b","}[name[2]]
        if zpl[begin : begin + 1] != default:
            raise CommandRefused(f"{name} at byte {position} changes how ZPL is written, which is not supported")
        begin += 1
    elif name == "^GF" and _BINARY.match(zpl, begin):
        return _binary_end(zpl, begin, position)
    return _next_prefix(zpl, begin, _PREFIX_IN_BX if name == "^BX" else _PREFIX)


def _binary_end(zpl: bytes, begin: int, position: int) -> int:
    header = _BINARY_HEADER.match(zpl, begin)
    if header is None:
        raise AssetRefused(f"the binary ^GF at byte {position} does not begin with its three lengths")
    sent, total = int(header[2]), int(header[3])
    if header[1] in b"Bb" and sent != total:
        raise CommandRefused(f"^GF at byte {position} declares two lengths, {sent} and {total} bytes")
    if header.end() + sent > len(zpl):
        raise AssetRefused(f"the ZPL is cut off inside ^GF at byte {position}")
    return header.end() + sent


def _next_prefix(zpl: bytes, begin: int, prefix: re.Pattern[bytes] = _PREFIX) -> int:
    following = prefix.search(zpl, begin)
    return following.start() if following else len(zpl)
