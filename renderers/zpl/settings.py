"""Commands that set what holds for the fields that follow (ZPL II guide)."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from .state import JUSTIFICATIONS, TURNS, FontChoice, Settings
from .stored import font_name
from .symbology.model import Value
from .text import CodePage

_MM_PER_INCH: Final = 25.4
_Values = tuple[Value, ...]


def positive(value: Value) -> float | None:
    """A size; None where it is left out or none."""
    return value if isinstance(value, float) and value > 0 else None


def number(value: Value, otherwise: float) -> float:
    """A number, or what holds where it is left out."""
    return value if isinstance(value, float) else otherwise


def _home(settings: Settings, values: _Values, _per_mm: float) -> None:
    x, y = settings.home
    settings.home = number(values[0], x), number(values[1], y)


def _bars(settings: Settings, values: _Values, _per_mm: float) -> None:
    module, ratio, height = settings.bars
    settings.bars = number(values[0], module), number(values[1], ratio), number(values[2], height)


def _font(settings: Settings, values: _Values, _per_mm: float) -> None:
    name, height, width = values
    before = settings.font
    settings.font = FontChoice(
        str(name or before.name),
        positive(height) or (None if positive(width) else before.height),
        positive(width) or (None if positive(height) else before.width),
    )


def _turn(settings: Settings, values: _Values, _per_mm: float) -> None:
    turn, justification = values
    settings.turn = TURNS.get(str(turn), settings.turn)
    settings.justification = JUSTIFICATIONS.get(justification, settings.justification)


def _alias(settings: Settings, values: _Values, _per_mm: float) -> None:
    letter, name = values[:2]
    if letter and name:
        settings.aliases[str(letter)] = font_name(str(name))


def _code_page(settings: Settings, values: _Values, _per_mm: float) -> None:
    chosen, pairs = values
    places = tuple(float(part) if part.strip().isdecimal() else None for part in str(pairs).split(",")[:512])
    settings.code_page = CodePage.of(chosen if isinstance(chosen, float) else None, places)


def _units(settings: Settings, values: _Values, per_mm: float) -> None:
    unit, base, wanted = values
    if unit in ("I", "M"):
        settings.unit = per_mm * (_MM_PER_INCH if unit == "I" else 1.0)
    else:
        settings.unit = wanted / base if isinstance(base, float) and isinstance(wanted, float) and base else 1.0


def _density(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.density = 2.0 if values[0] == "B" else 1.0


def _print_width(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.print_width = number(values[0], settings.print_width)


def _shift(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.shift = number(values[0], settings.shift)


def _top(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.top = number(values[0], settings.top)


def _inverted(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.inverted = values[0] == "I"


def _mirrored(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.mirrored = values[0] == "Y"


def _reverse(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.reverse = values[0] == "Y"


def _clear(settings: Settings, values: _Values, _per_mm: float) -> None:
    settings.keeps = values[0] == "N"


#: What each command does to the settings, given its parameters and the dots per mm for which the ZPL is made.
SETTINGS: Final = MappingProxyType[str, Callable[[Settings, _Values, float], None]](
    {
        "^LH": _home,
        "^BY": _bars,
        "^CF": _font,
        "^FW": _turn,
        "^CW": _alias,
        "^CI": _code_page,
        "^MU": _units,
        "^JM": _density,
        "^PW": _print_width,
        "^LS": _shift,
        "^LT": _top,
        "^PO": _inverted,
        "^PM": _mirrored,
        "^LR": _reverse,
        "^MC": _clear,
    }
)
