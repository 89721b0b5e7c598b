"""The matrix and stacked barcodes by command name."""

from collections.abc import Callable

from . import aztec, databar, datamatrix, maxicode, pdf417, qr, tlc39
from .model import Request, Symbol

DRAWERS: dict[str, Callable[[Request], Symbol]] = {
    **aztec.DRAWERS,
    **databar.DRAWERS,
    **datamatrix.DRAWERS,
    **maxicode.DRAWERS,
    **pdf417.DRAWERS,
    **qr.DRAWERS,
    **tlc39.DRAWERS,
}
