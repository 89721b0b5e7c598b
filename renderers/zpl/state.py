"""What a printer remembers: from label to label, and within one field (ZPL II guide)."""

from dataclasses import dataclass, field, replace
from typing import Literal

from ..bitmap import Rotation
from .lexer import Command
from .symbology.model import Value
from .text import CodePage

TURNS: dict[str, Rotation] = {"N": 0, "R": 90, "I": 180, "B": 270}

#: Which side of a field its origin is on.
Justification = Literal["left", "right", "auto"]
JUSTIFICATIONS: dict[Value, Justification] = {0.0: "left", 1.0: "right", 2.0: "auto"}


@dataclass(frozen=True, slots=True)
class FontChoice:
    """A font as a field asks for it: its letter, and height and width in design dots, None where left out."""

    name: str
    height: float | None = None
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """`^FB` (text wrapped at `width`) or `^TB` (`height` is given: text cut off there); lengths in design dots."""

    width: float
    lines: int = 1
    spacing: float = 0.0
    alignment: str = "L"
    indent: float = 0.0
    height: float | None = None
    turn: Rotation | None = None


@dataclass(frozen=True, slots=True)
class Serial:
    """`^SN` (a number in the text counts, `zeros` before it print) or `^SF` (`mask` says which characters count) by
    `increment` a label."""

    increment: str
    mask: str | None = None
    zeros: bool = False


@dataclass(slots=True)
class Field:
    """From `^FO`, `^FT` or the first field command to `^FS`; positions in design dots."""

    start: int
    x: float | None = None
    y: float | None = None
    typeset: bool = False
    justification: Justification = "left"
    reverse: bool = False
    font: FontChoice | None = None
    turn: Rotation | None = None
    block: Block | None = None
    direction: str = "H"
    gap: float = 0.0
    barcode: str = ""
    values: tuple[Value, ...] = ()
    hexadecimal: bytes = b""
    data: bytes | None = None
    number: int | None = None
    serial: Serial | None = None
    clock: bytes = b""  # the signs before parts of the time (`^FC`)
    graphics: list[tuple[Command, tuple[Value, ...]]] = field(default_factory=list)
    settings: "Settings | None" = None


@dataclass(slots=True)
class Settings:
    """What holds until it is set anew or the printer is switched off; lengths in design dots.

    Attributes:
        code_page: `^CI`.
        unit: dots per unit of the numbers that follow (`^MU`).
        density: 2 where each dot is doubled (`^JMB`).
        aliases: fonts that `^CW` gave a letter.
        file: the font that `^A@` named last.
        keeps: whether the next format begins with what this one draws (`^MCN`).
    """

    home: tuple[float, float] = (0.0, 0.0)
    shift: float = 0.0
    top: float = 0.0
    print_width: float = 0.0
    inverted: bool = False
    mirrored: bool = False
    reverse: bool = False
    font: FontChoice = FontChoice("A")
    turn: Rotation = 0
    justification: Justification = "left"
    bars: tuple[float, float, float] = (2.0, 3.0, 10.0)
    code_page: CodePage = field(default_factory=CodePage)
    unit: float = 1.0
    density: float = 1.0
    aliases: dict[str, str] = field(default_factory=dict)
    file: str = ""
    keeps: bool = False

    def copy(self) -> "Settings":
        """The same, to be set otherwise."""
        return replace(self, aliases=dict(self.aliases))
