"""The matrix and stacked barcodes by command name."""

from collections.abc import Callable

from . import datamatrix, maxicode, pdf417, qr
from .model import Request, Symbol

DRAWERS: dict[str, Callable[[Request], Symbol]] = {
    **qr.DRAWERS,
    **datamatrix.DRAWERS,
    **pdf417.DRAWERS,
    **maxicode.DRAWERS,
}
