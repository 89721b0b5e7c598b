"""Commands that say what a field holds and how it looks (ZPL II guide)."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from .lexer import Command
from .settings import number, positive
from .state import TURNS, Block, Field, FontChoice, Serial
from .stored import font_name
from .symbology.model import Value

_Values = tuple[Value, ...]


def _font(field: Field, _command: Command, values: _Values) -> None:
    letter, turn, height, width = values
    field.font = FontChoice(str(letter or "") or "A", positive(height), positive(width))
    field.turn = TURNS.get(str(turn))


def _file_font(field: Field, command: Command, values: _Values) -> None:
    turn, height, width, name = values
    _font(field, command, (font_name(str(name)), turn, height, width))


def _marks(field: Field, command: Command, values: _Values) -> None:
    _font(field, command, ("GS", *values[:3]))


def _data(field: Field, command: Command, _values: _Values) -> None:
    field.data = command.parameters


def _hexadecimal(field: Field, command: Command, _values: _Values) -> None:
    field.hexadecimal = command.parameters.strip()[:1] or b"_"


def _clock(field: Field, command: Command, _values: _Values) -> None:
    first, *others = (sign[:1].encode("latin-1") for sign in command.fields())
    field.clock = b"".join((first or b"%", *others))


def _variable(field: Field, _command: Command, values: _Values) -> None:
    field.number = int(number(values[0], 0.0))


def _block(field: Field, _command: Command, values: _Values) -> None:
    width, lines, spacing, alignment, indent = values
    field.block = Block(
        number(width, 0.0), max(int(number(lines, 1.0)), 1), number(spacing, 0.0), str(alignment or "L"),
        number(indent, 0.0),
    )  # fmt: skip


def _text_block(field: Field, _command: Command, values: _Values) -> None:
    turn, width, height = values
    field.block = Block(number(width, 0.0), height=number(height, 0.0), turn=TURNS.get(str(turn)))


def _direction(field: Field, _command: Command, values: _Values) -> None:
    field.direction, field.gap = str(values[0] or "H"), number(values[1], 0.0)


def _reverse(field: Field, _command: Command, _values: _Values) -> None:
    field.reverse = True


def _serial_number(field: Field, _command: Command, values: _Values) -> None:
    field.data = str(values[0] or "1").encode("latin-1", "replace")
    field.serial = Serial(str(values[1] or "1"), zeros=values[2] == "Y")


def _serial_field(field: Field, _command: Command, values: _Values) -> None:
    field.serial = Serial(str(values[1] or ""), str(values[0] or ""))


def barcode(field: Field, command: Command, values: _Values) -> None:
    """Any of the barcode commands."""
    field.barcode, field.values = command.name, values


def _graphic(field: Field, command: Command, values: _Values) -> None:
    field.graphics.append((command, values))


#: What each command does to the field at hand, given its parameters.
FIELDS: Final = MappingProxyType[str, Callable[[Field, Command, _Values], None]](
    {
        "^A": _font,
        "^A@": _file_font,
        "^GS": _marks,
        "^FD": _data,
        "^FV": _data,
        "^FH": _hexadecimal,
        "^FC": _clock,
        "^FN": _variable,
        "^FB": _block,
        "^TB": _text_block,
        "^FP": _direction,
        "^FR": _reverse,
        "^SN": _serial_number,
        "^SF": _serial_field,
        "^GB": _graphic,
        "^GC": _graphic,
        "^GD": _graphic,
        "^GE": _graphic,
        "^GF": _graphic,
        "^XG": _graphic,
        "^IM": _graphic,
    }
)
