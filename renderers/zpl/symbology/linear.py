"""The linear barcodes by their commands."""

from collections.abc import Callable

from . import codabar, codablock, code11, code39, code49, code93, code128, plessey, postal, retail, two_of_five
from .model import Request, Symbol

DRAWERS: dict[str, Callable[[Request], Symbol]] = {
    "^B1": code11.draw,
    "^B2": two_of_five.draw_interleaved,
    "^B3": code39.draw,
    "^B4": code49.draw,
    "^B5": postal.draw_planet,
    "^B8": retail.draw_ean8,
    "^B9": retail.draw_upce,
    "^BA": code93.draw,
    "^BB": codablock.draw,
    "^BC": code128.draw,
    "^BE": retail.draw_ean13,
    "^BI": two_of_five.draw_industrial,
    "^BJ": two_of_five.draw_standard,
    "^BK": codabar.draw,
    "^BL": code39.draw_logmars,
    "^BM": plessey.draw_msi,
    "^BP": plessey.draw_plessey,
    "^BS": retail.draw_supplement,
    "^BU": retail.draw_upca,
    "^BZ": postal.draw,
}
