"""Barcodes of every carrier format as vectors on a page, by millimetres from its top left corner."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import pdf
from zxingcpp import BarcodeFormat

from labeld.renderers.symbols import LINEAR

GS1 = "GS1-128"
#: what zxing-cpp writes for each, and a text of the kind that carriers use
FORMATS = {
    "Code 128": (BarcodeFormat.Code128, "TT0123456789"),
    GS1: (BarcodeFormat.Code128, "(420)90210(92)00190123456789"),
    "Code 39": (BarcodeFormat.Code39, "3SDEVC2016"),
    "ITF": (BarcodeFormat.ITF, "60701001756412"),
    "Codabar": (BarcodeFormat.Codabar, "B79460479013C"),
    "EAN-13": (BarcodeFormat.EAN13, "4006381333931"),
    "QR Code": (BarcodeFormat.QRCode, "https://t.example/TT0123456789"),
    "Data Matrix": (BarcodeFormat.DataMatrix, "1Z999AA10123456784"),
    "Aztec": (BarcodeFormat.Aztec, "FB DP MF LANDSCAPE 0123456789"),
    "PDF417": (BarcodeFormat.PDF417, "[)>01\x1d0290210\x1d840"),
    "MaxiCode": (BarcodeFormat.MaxiCode, "LABEL 12345 OF THE CARRIER"),
}
#: Millimetres to a pixel of the MaxiCode that is drawn 25 pixels to a module of 0.88 mm.
_MAXICODE_MM = 0.88 / 25


@functools.cache
def modules(kind: str, text: str) -> NDArray[np.bool_]:
    """A symbol without its quiet zone, an element for each module, True = black; one row of a linear one."""
    made = zxingcpp.create_barcode(text, FORMATS[kind][0], **({"gs1": True} if kind == GS1 else {}))
    dark = np.asarray(made.to_image(scale=1, add_quiet_zones=False)) < 128
    return dark[dark.shape[0] // 3][None] if kind in LINEAR or kind == GS1 else dark


@functools.cache
def maxicode(text: str) -> Image.Image:
    """A MaxiCode, finely."""
    made = zxingcpp.create_barcode(text, BarcodeFormat.MaxiCode)
    return Image.fromarray(np.array(made.to_image(scale=5, add_quiet_zones=False)))


@dataclass(frozen=True, slots=True)
class Mark:
    """A barcode with its top left corner at (x, y) mm: `module` and the bars' height in mm, turned by quarters
    clockwise about that corner's box, in `grey` (0 black to 1 white) on a tint.
    """

    kind: str
    x: float
    y: float
    module: float = 0.375
    text: str = ""
    high: float = 15.0
    turns: int = 0
    grey: float = 0.0
    tint: float = 1.0

    @property
    def says(self) -> str:
        """Its text."""
        return self.text or FORMATS[self.kind][1]

    @property
    def format(self) -> str:
        """Its format as zxing names it."""
        return "Code 128" if self.kind == GS1 else self.kind

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm as it lies on the page."""
        if self.kind == "MaxiCode":
            picture = maxicode(self.says)
            size = picture.width * _MAXICODE_MM, picture.height * _MAXICODE_MM
        else:
            high, wide = modules(self.kind, self.says).shape
            size = wide * self.module, self.high if high == 1 else high * self.module
        return size if self.turns % 2 == 0 else (size[1], size[0])

    def draw(self, canvas: Canvas, page_mm: tuple[float, float]) -> None:
        """Draw it on a page of that size."""
        wide, high = self.size
        bottom = page_mm[1] - self.y - high
        if self.tint < 1.0:
            canvas.setFillGray(self.tint)
            canvas.rect((self.x - 4) * mm, (bottom - 4) * mm, (wide + 8) * mm, (high + 8) * mm, stroke=0, fill=1)
        canvas.setFillGray(self.grey)
        if self.kind == "MaxiCode":
            picture = maxicode(self.says).rotate(-90 * self.turns, expand=True)
            canvas.drawImage(ImageReader(picture), self.x * mm, bottom * mm, wide * mm, high * mm)
            return
        grid = np.rot90(modules(self.kind, self.says), -self.turns)
        across, down = wide / grid.shape[1], high / grid.shape[0]
        path = canvas.beginPath()  # one path, for no seams between its rectangles
        for line, row in enumerate(grid):
            edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
            for left, right in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                x, y = self.x + left * across, bottom + high - (line + 1) * down
                path.rect(x * mm, y * mm, (right - left) * across * mm, down * mm)
        canvas.drawPath(path, stroke=0, fill=1)


def page(marks: Iterable[Mark], size_mm: tuple[float, float] = (101.6, 152.4), rotate: int = 0) -> bytes:
    """A PDF of one page with these barcodes."""
    listed = list(marks)

    def draw(canvas: Canvas) -> None:
        for mark in listed:
            mark.draw(canvas, size_mm)

    return pdf([draw], size_mm, rotate)
