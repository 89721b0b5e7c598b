"""Linear symbols drawn with any module, whole dots or not, among what stands beside them on a label."""

from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat

from labeld.renderers.symbols import Symbol

LINEAR = {
    "Code 128": (BarcodeFormat.Code128, ("TT0123456789", "1Z999AA10123456784", "AB")),
    "Code 39": (BarcodeFormat.Code39, ("3SDEVC2016", "A1")),
    "ITF": (BarcodeFormat.ITF, ("60701001756412", "123456")),
    "Codabar": (BarcodeFormat.Codabar, ("B79460479013C", "A1234567D")),
    "EAN-13": (BarcodeFormat.EAN13, ("4006381333931",)),
}
TWO_WIDTHS = ("Code 39", "ITF", "Codabar")
#: elements of a character with a gap behind it
_PERIOD = {"Code 39": 9, "Codabar": 7}


def elements(kind: str, text: str, module: float, ratio: float = 2.5, gap: float = 1.0) -> NDArray[np.float64]:
    """Widths of bars and spaces in dots, black first; `ratio` and `gap` in narrow elements."""
    picture = np.asarray(zxingcpp.create_barcode(text, LINEAR[kind][0]).to_image(scale=1, add_quiet_zones=False))
    line = picture[picture.shape[0] // 3] < 128
    widths = np.diff(np.flatnonzero(np.diff(line, prepend=False, append=False))).astype(np.float64)
    if kind in TWO_WIDTHS:
        widths = np.where(widths > 1, ratio, 1.0)
        if kind in _PERIOD:
            widths[_PERIOD[kind] :: _PERIOD[kind] + 1] = gap
    return widths * module


@dataclass(frozen=True, slots=True)
class Strip:
    """A symbol on paper: `bits`, the box of its bars with right and bottom exclusive, and where zxing would see it."""

    bits: NDArray[np.bool_]
    symbol: Symbol
    box: tuple[int, int, int, int]


def draw(
    kind: str,
    text: str,
    widths: NDArray[np.float64],
    *,
    offset: float = 0.0,
    growth: int = 0,
    quiet: tuple[int, int] = (60, 60),
    height: int = 60,
    turns: int = 0,
    framed: bool = True,
    noise: float = 0.0,
    misplaced: int = 0,
    seed: int = 1,
) -> Strip:
    """Bars with edges on the dots' own, `quiet` dots of white beside them and then a frame, writing beneath.

    growth: dots added to the right of every bar; turns: quarter turns clockwise; misplaced: dots by which
    the symbol's position is off.
    """
    edges = np.floor(np.concatenate(([0.0], np.cumsum(widths))) + offset).astype(int)
    edges = edges - edges[0] + quiet[0] + 2
    width, top = int(edges[-1]) + quiet[1] + 2, 12
    bits = np.zeros((height + 60, width), np.bool_)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        bits[top : top + height, left : right + growth] = True
    rng = np.random.default_rng(seed)
    writing = slice(top + height + 6, top + height + 24)
    bits[writing, edges[0] : edges[-1]] = rng.random((18, int(edges[-1] - edges[0]))) < 0.4
    if framed:
        bits[:2], bits[-2:], bits[:, :2], bits[:, -2:] = True, True, True, True
    bits ^= rng.random(bits.shape) < noise
    box = (int(edges[0]), top, int(edges[-1]) + growth, top + height)
    position = (box[0] + misplaced, top + 2, box[2] - 1 + misplaced, top + height - 3)
    for _ in range(turns):
        across = bits.shape[0]
        bits = np.rot90(bits, -1)
        box = (across - box[3], box[0], across - box[1], box[2])
        position = (across - 1 - position[3], position[0], across - 1 - position[1], position[2])
    return Strip(np.ascontiguousarray(bits), Symbol(kind, text, position, (0, 90, 180, -90)[turns]), box)
