"""ZPL as commands with their positions; nothing is interpreted here (ZPL II guide, "basic ZPL exercises").

A caret begins a format command, a tilde a control command; RS (1E) and DLE (10) are other spellings of the two where
a command's letters follow, and `^CC ^CT ^CD` change the caret, the tilde and the delimiter for all that comes after.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from ..errors import AssetRefused

#: More commands than any label has; real ones reach a few thousand.
MAX_COMMANDS = 200_000
#: More changes of the prefixes than any label has.
MAX_PREFIX_CHANGES = 100

#: Commands that change how ZPL is written.
PREFIX_CHANGES: Final = frozenset({"^CC", "~CC", "^CT", "~CT", "^CD", "~CD"})
#: What follows these is printed, or is a remark: one text, of which no byte may be left out unseen.
DATA: Final = frozenset({"^FD", "^FV", "^FX"})
#: What gives a field the data that it prints.
FIELD_DATA: Final = frozenset({"^FD", "^FV", "^SN"})

#: Commands without parameters: what follows them is text that belongs to nothing.
_BARE = frozenset({"^XA", "^XZ", "^FS"})


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `name` in capitals (`^FO`, `~DG`, `^A`, `^A@`), its `parameters` as written, bytes start:end.

    The name is the usual one whatever the prefixes are at that place; `delimiter` is the one in force there.
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

    Binary graphics (`^GFB`, `^GFC`, `~DY`) take as many bytes as they declare, whatever these look like; one that
    declares none, or more than there are, ends at the next command, and `binary_fault` tells so.

    Raises:
        AssetRefused: more than `MAX_COMMANDS` commands or `MAX_PREFIX_CHANGES` changes of the prefixes.
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


def is_binary(command: Command) -> bool:
    """Whether it is a graphic that says that raw bytes follow its parameters."""
    return _is_binary(command.name, command.parameters, 0, command.delimiter)


def binary_fault(command: Command) -> str:
    """What is wrong with the lengths of a binary graphic, in words; empty for sound ones and other commands."""
    if not is_binary(command):
        return ""
    header = _header(command.name, command.delimiter).match(command.parameters)
    if header is None:
        return "does not begin with its lengths"
    sent, total, row = (int(header[part] or header["sent"]) for part in ("sent", "total", "row"))
    if header.end() + sent > len(command.parameters):
        return f"is cut off: it declares {sent} bytes and has {len(command.parameters) - header.end()}"
    if sent != total and header["kind"] in b"Bb":
        return f"declares two lengths, {sent} and {total} bytes"
    if not 1 <= row <= sent:
        return f"declares {sent} bytes in rows of {row}"
    return ""


class _Prefixes(NamedTuple):
    caret: bytes = b"^"
    tilde: bytes = b"~"
    delimiter: bytes = b","

    def changed(self, name: str, sign: bytes) -> "_Prefixes":
        """Those after `^CC`, `^CT` or `^CD` with `sign`; a blank or a control character changes nothing."""
        if not b"!" <= sign <= b"~":
            return self
        return self._replace(**{{"C": "caret", "T": "tilde", "D": "delimiter"}[name[2]]: sign})


class _Patterns(NamedTuple):
    """Where a command begins, in most commands, in `^BX`, and in the data of its field."""

    usual: re.Pattern[bytes]
    in_bx: re.Pattern[bytes]
    in_bx_data: re.Pattern[bytes]


@lru_cache(maxsize=64)
def _patterns(prefixes: _Prefixes) -> _Patterns:
    """A tilde is text before two printable characters that are not both letters, as in the escapes of a Data Matrix
    (`~1ab`, `~d029`): all tilde commands have two letters. Before anything else it counts as a prefix, for printers
    skip line ends and may find a command behind them. `^BX` names its escape character, and a tilde is the usual one:
    in its data a tilde and a digit may be the last before `^FS`.
    """
    caret, tilde, delimiter = (re.escape(sign) for sign in prefixes)
    none = rb"(?![%b%b])" % (caret, tilde)
    no_letter = none + rb"[!-@\[-`{-~]"
    text = rb"(?:%b[A-Za-z]%b|%b%b[!-~])" % (none, no_letter, no_letter, none)
    other = rb"(?<=\x1e)[A-Za-z][A-Za-z0-9@]|(?<=\x10)[A-Za-z]{2}"
    begins = rb"[%b%b\x10\x1e](?:(?<=%b)|(?<=%b)(?!%b)|(?=%b))" % (caret, tilde, caret, tilde, text, other)
    escape = rb"(?!(?<=%b%b)\s*(?:[%b%b]|\Z))" % (delimiter, tilde, caret, delimiter)
    last = rb"(?!(?<=%b)[0-9]%b[Ff][Ss])" % (tilde, caret)
    return _Patterns(re.compile(begins), re.compile(begins + escape), re.compile(begins + last))


def _scan(zpl: bytes) -> Iterator[Command]:
    prefixes, changes = _Prefixes(), 0
    patterns, delimiter = _patterns(prefixes), ","
    position, last, matrix = 0, "", False
    while position < len(zpl):
        start = position
        if patterns.usual.match(zpl, start) is None:
            position = _next(patterns.usual, zpl, start)
            yield Command("", zpl[start:position], start, position, delimiter)
            continue
        name, begin = _name(zpl, start, prefixes, patterns.usual)
        if len(name) == 1 and last not in DATA:  # a prefix right before another one begins nothing
            position = begin
            yield Command("", zpl[start:position], start, position, delimiter)
            continue
        was = delimiter
        matrix = name == "^BX" or (matrix and name not in _BARE)
        if name in PREFIX_CHANGES:
            changes += 1
            if changes > MAX_PREFIX_CHANGES:
                raise AssetRefused(f"the ZPL changes its prefixes more than {MAX_PREFIX_CHANGES} times")
            prefixes = prefixes.changed(name, zpl[begin : begin + 1])
            patterns, delimiter = _patterns(prefixes), prefixes.delimiter.decode("ascii")
            position = _next(patterns.usual, zpl, begin + 1)
        elif name in _BARE:
            position = begin
        else:
            position = _binary_end(zpl, name, begin, delimiter)
            pattern = patterns.in_bx_data if matrix and name in DATA else patterns.usual
            position = position or _next(patterns.in_bx if name == "^BX" else pattern, zpl, begin)
        yield Command(name, zpl[begin:position], start, position, was)
        last = name


def _name(zpl: bytes, position: int, prefixes: _Prefixes, prefix: re.Pattern[bytes]) -> tuple[str, int]:
    """The command's usual name and where its parameters begin."""
    following = prefix.search(zpl, position + 1, position + 5)  # a prefix always begins a new command
    end = min(position + 3, following.start() if following else len(zpl))
    sign = "^" if zpl[position : position + 1] in (prefixes.caret, b"\x1e") else "~"
    code = sign + zpl[position + 1 : end].upper().decode("latin-1")
    if code.startswith("^A"):
        code = code if code == "^A@" else "^A"
    return code, position + len(code)


def _next(prefix: re.Pattern[bytes], zpl: bytes, begin: int) -> int:
    following = prefix.search(zpl, begin)
    return following.start() if following else len(zpl)


@cache
def _header(name: str, delimiter: str) -> re.Pattern[bytes]:
    """The parameters before the bytes of a binary graphic; nine digits are more than any has."""
    comma = re.escape(delimiter.encode("ascii"))
    other = rb"[\w:.*\- ]{0,80}"  # no prefix may hide in it
    number = rb"\s*(?P<%b>\d{1,9})\s*"
    parts = {
        "^GF": (rb"\s*(?P<kind>[BbCc])\s*", number % b"sent", number % b"total", number % b"row"),
        "~DY": (
            other,
            rb"\s*(?P<kind>[BbCcPp])\s*",
            other,
            number % b"sent",
            rb"\s*(?:\d{1,9})?\s*(?P<total>)(?P<row>)",
        ),
    }[name]
    return re.compile(b"".join(part + comma for part in parts))


@cache
def _says_binary(name: str, delimiter: str) -> re.Pattern[bytes]:
    """The parameters of a graphic of which raw bytes follow."""
    comma = re.escape(delimiter.encode("ascii"))
    if name == "^GF":
        return re.compile(rb"\s*[BbCc]")
    other = rb"[\w:.*\- ]{0,80}" + comma
    return re.compile(other + rb"\s*(?:[BbCc]\s*%b|[Pp]\s*%b(?:%b){3}\x89PNG)" % (comma, comma, other))


def _is_binary(name: str, zpl: bytes, begin: int, delimiter: str) -> bool:
    return name in ("^GF", "~DY") and _says_binary(name, delimiter).match(zpl, begin) is not None


def _binary_end(zpl: bytes, name: str, begin: int, delimiter: str) -> int:
    """Where the bytes of a binary graphic end; 0 for other commands, and where the lengths are not to be believed."""
    if not _is_binary(name, zpl, begin, delimiter):
        return 0
    header = _header(name, delimiter).match(zpl, begin)
    if header is None or header.end() + int(header["sent"]) > len(zpl):
        return 0
    return header.end() + int(header["sent"])
