"""Symbols of `renderers/zpl/symbology` as pictures: drawn, read by zxing-cpp, found in reference pictures."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from zxingcpp import BarcodeFormat, BarcodeFormats

from labeld.renderers.zpl.symbology.linear import DRAWERS
from labeld.renderers.zpl.symbology.model import Request, Symbol, Value

CASES = Path(__file__).resolve().parents[5] / "shared/conformance/zpl/cases"
Bits = NDArray[np.bool_]


def request(values: Iterable[Value], text: str, module: int = 2, ratio: float = 3.0, scale: float = 1.0) -> Request:
    """A field with `values` behind the orientation, 100 dots high unless they say."""
    return Request(("N", *values), text.encode(), text, module, ratio, 100, scale, 7.0 * module)


def draw(name: str, text: str, *values: Value, module: int = 2, ratio: float = 3.0, scale: float = 1.0) -> Symbol:
    return DRAWERS[name](request(values, text, module, ratio, scale))


def dots(symbol: Symbol) -> Bits:
    """The symbol's dots, True = black, as far down as its longest bar."""
    bits = np.zeros((int(symbol.edges[:, 3].max()), symbol.width), np.bool_)
    for left, top, right, bottom in symbol.edges:
        assert not bits[top:bottom, left:right].any()
        bits[top:bottom, left:right] = True
    return bits


def read(symbol: Symbol, *formats: BarcodeFormat) -> list[tuple[str, str]]:
    """Format and text of what zxing-cpp reads, which may be nothing."""
    picture = np.pad(~dots(symbol), 12 * 10, constant_values=True)
    found = zxingcpp.read_barcodes(
        np.where(picture, np.uint8(255), np.uint8(0)), BarcodeFormats(formats or [BarcodeFormat.AllReadable])
    )
    return [(str(barcode.format), barcode.text) for barcode in found]


def widths(symbol: Symbol) -> list[int]:
    """Bars and spaces in turn, in dots, along the symbol's first row."""
    line = dots(symbol)[0]
    edges = np.flatnonzero(np.diff(np.r_[False, line, False].astype(np.int8)))
    return [int(width) for width in np.diff(edges)]


def reference(name: str, x: int, y: int, width: int, height: int) -> Bits:
    """A part of a reference picture, True = black."""
    with Image.open(CASES / f"{name}.png") as picture:
        grey = np.asarray(picture.convert("RGBA"))
    black: Bits = (grey[..., 0] < 128) & (grey[..., 3] >= 128)
    return black[y : y + height, x : x + width]


def zint(symbology: str, text: str, *options: str) -> list[list[int]]:
    """Bars and spaces of each row in modules, as Debian's zint draws them."""
    command = ["zint", "--barcode", symbology, "--data", text, "--dump", *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    rows = ["".join(f"{int(digit, 16):04b}" for digit in row.replace(" ", "")) for row in answer.splitlines()]
    return [[len(run[0]) for run in re.finditer(r"1+|0+", row.strip("0"))] for row in rows]


def heights(symbol: Symbol) -> list[tuple[int, int]]:
    """Top and bottom of each bar, left to right."""
    return [(int(top), int(bottom)) for _, top, _, bottom in symbol.edges]
