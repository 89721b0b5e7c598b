"""Labels as they print, for tests: their dots, where the ink is, what their text and barcodes say."""

import numpy as np
import pypdfium2
import zxingcpp
from numpy.typing import NDArray

from labeld.renderers.media import Resolution
from labeld.renderers.zpl.interpreter import Label, interpret
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.vector import to_pdf

WIDTH, HEIGHT = 400, 300
Box = tuple[int, int, int, int]


def labels(zpl: bytes, width: int = WIDTH, height: int = HEIGHT, design: int = 203, target: int = 203) -> list[Label]:
    """What `zpl`, made for a head of `design` dpi, prints on so many dots of one of `target` dpi."""
    return interpret(zpl, (width, height), Resolution(design), Resolution(target))


def label(zpl: bytes, width: int = WIDTH, height: int = HEIGHT, design: int = 203, target: int = 203) -> Label:
    """The only one."""
    (one,) = labels(zpl, width, height, design, target)
    return one


def field(content: bytes, before: bytes = b"") -> bytes:
    """A label of one field."""
    return b"^XA" + before + content + b"^FS^XZ"


def bits(one: Label) -> NDArray[np.bool_]:
    return rasterise(one.scene).bits()


def ink(zpl: bytes, width: int = WIDTH, height: int = HEIGHT, design: int = 203, target: int = 203) -> Box | None:
    """Where the only label of `zpl` is black: left, top, right, bottom."""
    return rasterise(label(zpl, width, height, design, target).scene).ink_box()


def inks(zpl: bytes, width: int = WIDTH, height: int = HEIGHT) -> list[Box | None]:
    """The same of each label."""
    return [rasterise(one.scene).ink_box() for one in labels(zpl, width, height)]


def lines(one: Label) -> list[str]:
    """The text that one can search for, line by line, in reading order."""
    page = pypdfium2.PdfDocument(to_pdf([one.scene], Resolution(203)))[0]
    return [line for line in page.get_textpage().get_text_range().splitlines() if line.strip()]


def rows(one: Label) -> list[tuple[int, int]]:
    """Top and bottom of each stripe of ink."""
    dark = np.r_[False, bits(one).any(axis=1), False].astype(np.int8)
    steps = np.flatnonzero(np.diff(dark))
    return [(int(top), int(bottom)) for top, bottom in steps.reshape(-1, 2)]


def scanned(one: Label) -> list[tuple[str, str]]:
    """Format and text of the barcodes that can be read."""
    grey = np.where(np.pad(bits(one), 30), np.uint8(0), np.uint8(255))
    return sorted((str(barcode.format), barcode.text) for barcode in zxingcpp.read_barcodes(grey))
