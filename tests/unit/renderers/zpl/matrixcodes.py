"""Barcodes drawn, read back, and compared with reference pictures where they lie beside the checkout."""

from pathlib import Path

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from labeld.renderers.zpl.symbology.matrix import DRAWERS
from labeld.renderers.zpl.symbology.model import Request, Symbol, Value

CASES = Path(__file__).resolve().parents[5] / "shared/conformance/zpl/cases"
#: Device dots per design dot at 203, 300 and 600 dpi.
SCALES = (1.0, 300 / 203.2, 600 / 203.2)
Bits = NDArray[np.bool_]


def request(
    *values: Value,
    data: str | bytes,
    module: int = 2,
    ratio: float = 3.0,
    height: int = 10,
    scale: float = 1.0,
    dots_per_mm: float = 8.0,
) -> Request:
    """What a barcode command asks for; `data` is Latin-1 where it is bytes."""
    raw = data if isinstance(data, bytes) else data.encode()
    text = data if isinstance(data, str) else data.decode("latin-1")
    return Request(values, raw, text, module=module, ratio=ratio, height=height, scale=scale,
                   dots_per_mm=dots_per_mm)  # fmt: skip


def draw(command: str, asked: Request) -> Symbol:
    """The symbol, its rectangles checked: whole, inside, not empty."""
    symbol = DRAWERS[command](asked)
    edges = symbol.edges
    assert edges.dtype == np.int32
    assert edges.shape[1:] == (4,)
    if symbol.bitmap is None:
        assert len(edges) > 0
        assert (edges[:, 0] >= 0).all()
        assert (edges[:, 1] >= 0).all()
        assert (edges[:, 2] > edges[:, 0]).all()
        assert (edges[:, 3] > edges[:, 1]).all()
        assert edges[:, 2].max() <= symbol.width
        assert edges[:, 3].max() <= symbol.height
    return symbol


def dots(symbol: Symbol) -> Bits:
    """Its dots, True is black: shape (height, width)."""
    if symbol.bitmap is not None:
        return symbol.bitmap.bits()
    bits = np.zeros((symbol.height, symbol.width), np.bool_)
    for left, top, right, bottom in symbol.edges:
        bits[top:bottom, left:right] = True
    return bits


def scan(
    symbol: Symbol, *, pure: bool = False, formats: tuple[zxingcpp.BarcodeFormat, ...] = ()
) -> tuple[str, str, bytes]:
    """Format, text and bytes that zxing-cpp reads from it, looking for these formats, or for all."""
    grey = np.where(np.pad(dots(symbol), 40), np.uint8(0), np.uint8(255))
    found = zxingcpp.read_barcodes(grey, is_pure=pure, formats=zxingcpp.BarcodeFormats(formats))
    assert len(found) == 1
    return str(found[0].format), found[0].text, bytes(found[0].bytes)


def reference(case: str, symbol: Symbol, x: int, y: int, *, turned: bool = False) -> Bits:
    """What the reference picture of `case` has at the symbol's place."""
    picture = np.asarray(Image.open(CASES / f"{case}.png").convert("L")) < 128
    if turned:
        picture = picture[::-1, ::-1]
    y += symbol.drop
    return picture[y : y + symbol.height, x : x + symbol.width]
