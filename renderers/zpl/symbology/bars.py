"""What the linear barcodes share: parameters, bars from widths, the place of the interpretation line."""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .model import Caption, Request, Symbol, Unprintable, Value

#: No label is as long as the bars of so many characters.
MAX_CHARACTERS = 1000
#: Heights in dots end where those of the ZPL II guide do.
_MAX_HEIGHT = 32000
#: Design dots between the bars and the capitals of the interpretation line below them.
_GAP = 6


def parameter(request: Request, index: int) -> Value:
    """The command's parameter at `index`, None where it is left out."""
    value = request.values[index] if index < len(request.values) else None
    return None if value == "" else value


def yes(request: Request, index: int, default: bool) -> bool:
    """Whether the parameter at `index` is Y."""
    value = parameter(request, index)
    return default if value is None else value == "Y"


def bar_height(request: Request, index: int) -> int:
    """Height of the bars in dots: the parameter at `index`, or else that of `^BY`; at least 1."""
    value = parameter(request, index)
    if isinstance(value, str) or value is None or not math.isfinite(value):
        return max(request.height, 1)
    return max(round(min(value, _MAX_HEIGHT) * request.scale), 1)


def wide(request: Request) -> int:
    """Dots of a wide bar: what the ratio makes of the narrow one, cut to whole dots (ZPL II guide, ^BY)."""
    ratio = min(max(request.ratio, 2.0), 3.0)
    return max(math.floor(request.module * ratio + 1e-6), request.module + 1)


def characters(request: Request, name: str) -> str:
    """The field's text.

    Raises:
        Unprintable: there is none, or more than `MAX_CHARACTERS`.
    """
    if not request.text:
        raise Unprintable(f"{name} has no data; put some into ^FD")
    if len(request.text) > MAX_CHARACTERS:
        raise Unprintable(f"{name} has {len(request.text)} characters; no barcode holds more than {MAX_CHARACTERS}")
    return request.text


def digits(request: Request, name: str) -> str:
    """The field's digits, without the spaces and hyphens that people write between them.

    Raises:
        Unprintable: there is anything else, or no digit at all.
    """
    text = characters(request, name).translate(_BETWEEN)
    if not (text.isascii() and text.isdigit()):
        raise Unprintable(f"{name} holds digits only, its data are {quoted(request.text)}")
    return text


_BETWEEN = {ord(blank): None for blank in " -\r\n\t"}


def allowed(text: str, alphabet: str, name: str) -> str:
    """`text`, if the barcode has all of its characters.

    Raises:
        Unprintable: it has not.
    """
    for character in text:
        if character not in alphabet:
            raise Unprintable(f"{name} has no character {character!r}, which is in its data {quoted(text)}")
    return text


def quoted(text: str) -> str:
    """`text` for a message, cut if it is long."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


#: How zxing-cpp writes control characters for people.
_CONTROLS = re.findall(
    r"<\w+>",
    "<NUL><SOH><STX><ETX><EOT><ENQ><ACK><BEL><BS><HT><LF><VT><FF><CR><SO><SI>"
    "<DLE><DC1><DC2><DC3><DC4><NAK><SYN><ETB><CAN><EM><SUB><ESC><FS><GS><RS><US>",
)
_NAMES = dict(enumerate(_CONTROLS)) | {127: "<DEL>"} | {code: f"<U+{code:X}>" for code in range(0x80, 0xA1)}
_CONTROL = re.compile(r"[^\t\n\r -\U0010ffff]")


def scanned(text: str) -> str:
    """`text` as zxing-cpp writes it: by name what is not graphical, if there is any control character but line ends."""
    return text.translate(_NAMES) if _CONTROL.search(text) else text


def mod10(text: str) -> str:
    """The check digit of GS1 codes: weights 3 and 1 from the right (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(text)))
    return str(-total % 10)


def spans(widths: Sequence[int]) -> NDArray[np.int32]:
    """Left and right of each bar, shape (bars, 2), when `widths` are of bars and spaces in turn, a bar first."""
    ends = np.zeros(len(widths) + 1, np.int32)
    np.cumsum(np.asarray(widths, np.int32), out=ends[1:])
    return ends[: len(ends) // 2 * 2].reshape(-1, 2)


def boxes(across: NDArray[np.int32], top: int, bottom: int) -> NDArray[np.int32]:
    """Rectangles from `top` to `bottom` over spans."""
    edges = np.empty((len(across), 4), np.int32)
    edges[:, 0::2] = across
    edges[:, 1], edges[:, 3] = top, bottom
    return edges


def bars(widths: Sequence[int], height: int) -> Symbol:
    """A symbol of bars of one height; `widths` in dots, bars and spaces in turn."""
    across = spans(widths)
    return Symbol(int(across[-1, 1]), height, boxes(across, 0, height))


def caption(request: Request, text: str, symbol: Symbol, *, shown: bool, above: bool) -> tuple[Caption, ...]:
    """The interpretation line of bars, centred; none if it is not `shown` or empty."""
    if not shown or not text:
        return ()
    return (Caption(text, 0, symbol.width, over(request) if above else under(request, symbol.height)),)


def under(request: Request, height: float, gap: float = _GAP) -> float:
    """The baseline of text below bars of `height`, `gap` design dots off."""
    return height + gap * request.scale + request.cap_height


def over(request: Request) -> float:
    """The baseline of text above bars, at y = 0: its line reaches three sevenths of its capitals below them."""
    return -(_GAP * request.scale + request.cap_height * 3 / 7)
