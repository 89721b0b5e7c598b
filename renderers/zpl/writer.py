"""Commands back to ZPL, with the usual prefixes: what is written means the same to every printer."""

from collections.abc import Iterable, Sequence

from ..errors import CommandRefused
from .grammar import PARAMETERS
from .lexer import DATA, PREFIX_CHANGES, Command, lex

_ESCAPED = (b"^", b"~", b"\x10", b"\x1e")
_GRAPHICS = frozenset({"^GF", "~DG", "~DY"})


def normal(zpl: bytes, commands: Sequence[Command]) -> bytes:
    """`commands` of `zpl` with the usual prefixes and delimiter: the bytes as they are where they have them already.

    Raises:
        CommandRefused: see `write`.
    """
    usual = all(
        command.delimiter == ","
        and command.name not in PREFIX_CHANGES
        and (not command.name or command.name[0] == chr(zpl[command.start]))
        and _stands(command.name, command.parameters)
        for command in commands
    )
    return b"".join([zpl[command.start : command.end] for command in commands]) if usual else write(commands)


def write(commands: Iterable[Command]) -> bytes:
    """The commands as ZPL under the usual prefixes `^ ~ ,`; changes of the prefixes are left out.

    A prefix inside printed data, which another caret allowed, is written as `^FH` writes it; inside a remark or text
    that belongs to no command it is left out.

    Raises:
        CommandRefused: a prefix or comma in a place where it cannot be written otherwise.
    """
    expected: list[tuple[str, bytes]] = []
    hex_sign = b""
    for command in commands:
        name, parameters = command.name, command.parameters
        if name in PREFIX_CHANGES:
            continue
        if name == "^FH":
            hex_sign = parameters.strip()[:1] or b"_"
        elif name in ("^FS", "^XA", "^XZ"):
            hex_sign = b""
        if command.delimiter != "," and name and name not in DATA:
            parameters = _with_commas(command)
        if _stands(name, parameters):
            expected.append((name, parameters))
        elif name in ("^FD", "^FV"):
            expected += _escaped(name, parameters, hex_sign)
            hex_sign = hex_sign or b"_"
        elif name in ("^FX", ""):
            expected.append((name, parameters.translate(None, b"".join(_ESCAPED))))
        else:
            raise _refusal(command)
    written = b"".join([name.encode("latin-1") + parameters for name, parameters in expected])
    found = [(command.name, command.parameters) for command in lex(written)]
    if found != [(name, parameters) for name, parameters in expected if name or parameters]:
        raise CommandRefused("the ZPL changes its prefixes in a way that cannot be written with the usual ones")
    return written


def _escaped(name: str, parameters: bytes, hex_sign: bytes) -> list[tuple[str, bytes]]:
    """Field data with its prefixes as `^FH` writes them, and the `^FH` where there is none (`hex_sign` empty)."""
    before = []
    if not hex_sign:
        hex_sign, parameters = b"_", parameters.replace(b"_", b"_5F")
        before = [("^FH", hex_sign)]
    for sign in _ESCAPED:
        parameters = parameters.replace(sign, b"%b%02X" % (hex_sign, ord(sign)))
    return [*before, (name, parameters)]


def _stands(name: str, parameters: bytes) -> bool:
    """Whether the command, written with the usual prefixes, is read as itself."""
    if not any(sign in parameters for sign in _ESCAPED):
        return True
    found = lex(name.encode("latin-1") + parameters)
    return [(command.name, command.parameters) for command in found] == [(name, parameters)]


def _with_commas(command: Command) -> bytes:
    """The parameters with commas for another delimiter; the data of a graphic stays as it is."""
    delimiter = command.delimiter.encode("ascii")
    limit = len(PARAMETERS[command.name]) if command.name in _GRAPHICS else -1
    parts = command.parameters.split(delimiter, limit)
    if any(b"," in part for part in (parts[:limit] if limit > 0 else parts)):
        raise _refusal(command)
    return b",".join(parts)


def _refusal(command: Command) -> CommandRefused:
    return CommandRefused(
        f"{command.name} at byte {command.start} holds a character that has another meaning under the usual prefixes: "
        "write the ZPL with ^ and ~ and commas"
    )
