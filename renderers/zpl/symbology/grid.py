"""Modules of a matrix or stacked barcode, drawn as rectangles in whole dots."""

import math
import re
from functools import lru_cache

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat

from .heads import usual
from .model import Request, Unprintable, Value

#: Dark modules, shape (rows, columns), never changed once made.
Modules = NDArray[np.bool_]


@lru_cache(maxsize=256)
def written(
    data: str | bytes, symbology: BarcodeFormat, options: tuple[tuple[str, str | int], ...] = (), lines: int = 1
) -> Modules:
    """The modules that zxing-cpp's writer (zint) gives, every row once where it draws each in `lines` lines.

    A `str` may be encoded as its author likes, `bytes` go in as they are.

    Raises:
        Unprintable: the writer will not have it.
    """
    if not data:
        raise Unprintable("the barcode has no data")
    try:
        barcode = zxingcpp.create_barcode(data, symbology, **dict(options))
    except (ValueError, RuntimeError) as error:
        raise Unprintable(f"the data does not fit the barcode: {error}") from None
    picture = np.asarray(barcode.to_image(scale=1, add_quiet_zones=False))
    return frozen(picture[lines // 2 :: lines] < 128)


def frozen(modules: Modules) -> Modules:
    """The same, safe to keep in a cache."""
    modules.setflags(write=False)
    return modules


def boxes(modules: Modules, across: int, down: int | NDArray[np.int32]) -> NDArray[np.int32]:
    """Runs of dark modules as rectangles, shape (n, 4): left, top, right, bottom in dots.

    A module is `across` dots wide; a row is `down` dots high, or each row its own height.
    """
    rows, columns = modules.shape
    padded = np.zeros((rows, columns + 2), np.int8)
    padded[:, 1:-1] = modules
    change = np.diff(padded, axis=1)
    row, left = np.nonzero(change == 1)
    right = np.nonzero(change == -1)[1]
    tops = np.zeros(rows + 1, np.int64)
    np.cumsum(np.broadcast_to(np.asarray(down), rows), out=tops[1:])
    return np.stack((left * across, tops[row], right * across, tops[row + 1]), axis=1).astype(np.int32)


def dots(length: float, scale: float) -> int:
    """A length in design dots as whole device dots, at least 1, at most far more than a label has."""
    return max(1, round(min(length * scale, 100_000.0)))


def sized(request: Request, name: str, place: int) -> int:
    """The parameter of command `name` at `place` in device dots, where printers choose one by their head without it."""
    return dots(number(request, place) or usual(name, place, request.dots_per_mm), request.scale)


def number(request: Request, place: int) -> float | None:
    """The parameter at `place` if it is a number."""
    value = value_at(request, place)
    return value if isinstance(value, float | int) and math.isfinite(value) else None


def letter(request: Request, place: int, default: str) -> str:
    """The parameter at `place` as text, `default` where it is left out."""
    value = value_at(request, place)
    if value is None or value == "":
        return default
    return value if isinstance(value, str) else f"{value:g}"


def value_at(request: Request, place: int) -> Value:
    """The parameter at `place`; None beyond the last."""
    return request.values[place] if place < len(request.values) else None


def latin(request: Request) -> str | bytes:
    """The field as the writer wants it: text where it is Latin-1 or Unicode, the bytes where text lost some."""
    return request.data if "\ufffd" in request.text else request.text


#: How zxing-cpp writes control characters for people: as pictures in a message as of ISO/IEC 15434, else by name.
_MESSAGE = re.compile(r"\[\)>\x1e\d\d\x1d")
_PICTURES = {code: 0x2400 + code for code in range(33)}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROLS = (
    "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS"
)
_NAMES = {code: f"<{name}>" for code, name in enumerate(f"{_CONTROLS} RS US".split())}
_NAMES |= {0x7F: "<DEL>"} | {code: f"<U+{code:X}>" for code in range(0x80, 0xA1)}


def spoken(text: str) -> str:
    """Text as zxing-cpp gives it for people to read."""
    if _MESSAGE.match(text):
        return text.translate(_PICTURES)
    return text.translate(_NAMES) if _UNPRINTABLE.search(text) else text
