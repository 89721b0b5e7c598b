"""The linear barcodes by their commands."""

from collections.abc import Callable

from . import code39, code128, retail, two_of_five
from .model import Request, Symbol

DRAWERS: dict[str, Callable[[Request], Symbol]] = {
    "^B2": two_of_five.draw_interleaved,
    "^B3": code39.draw,
    "^B8": retail.draw_ean8,
    "^B9": retail.draw_upce,
    "^BC": code128.draw,
    "^BE": retail.draw_ean13,
    "^BI": two_of_five.draw_industrial,
    "^BJ": two_of_five.draw_standard,
    "^BL": code39.draw_logmars,
    "^BS": retail.draw_supplement,
    "^BU": retail.draw_upca,
}
