"""What a barcode command asks for and what it becomes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...bitmap import Bitmap

#: A parameter as `grammar.read` gives it: a number, a letter in capitals, or text; None and "" where it is left out.
Value = float | str | None


class Unprintable(ValueError):
    """The data cannot be a barcode of this kind; the message says which data and why, for the lint."""


@dataclass(frozen=True, slots=True)
class Request:
    """A barcode field.

    Attributes:
        values: parameters of the command in the order of the ZPL II guide, lengths in design dots.
        data: the field's bytes after `^FH`, as they are before `^CI` makes text of them.
        text: the same as text.
        module: the narrow bar (`^BY`) in whole device dots, at least 1.
        ratio: wide to narrow (`^BY`), 2.0 to 3.0.
        height: the default height of bars (`^BY`) in device dots.
        scale: device dots per design dot.
        cap_height: of the interpretation line's font, in device dots.
        dots_per_mm: of the head that the ZPL is made for, which has sizes of its own where a command names none.
    """

    values: tuple[Value, ...]
    data: bytes
    text: str
    module: int = 2
    ratio: float = 3.0
    height: int = 10
    scale: float = 1.0
    cap_height: float = 14.0
    dots_per_mm: float = 8.0


@dataclass(frozen=True, slots=True)
class Caption:
    """Text of the interpretation line, centred between `left` and `right`, its baseline at `baseline`, in dots.

    `stretched` spreads the characters over the whole width, first at `left`, last ending at `right`.
    """

    text: str
    left: float
    right: float
    baseline: float
    stretched: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """A barcode, upright, in device dots from its own top left corner (the first bar's, without quiet zone).

    Attributes:
        width, height: of the bars or modules, without captions.
        edges: black rectangles, shape (n, 4), int32: left, top, right, bottom, the last two exclusive.
        captions: the interpretation line, in the caption font.
        bitmap: instead of rectangles, where modules are none (MaxiCode).
        format, text: what a scanner gives, in zxing-cpp's words; format is empty where zxing-cpp does not read it.
        drop, rise: how far below `^FO` it begins, and how far above `^FT` it ends.
    """

    width: int
    height: int
    edges: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 4), np.int32))
    captions: tuple[Caption, ...] = ()
    bitmap: Bitmap | None = None
    format: str = ""
    text: str = ""
    drop: int = 0
    rise: int = 0
