"""Barcodes: read them, compare what should be there with what is (promise 3)."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat, BarcodeFormats, Binarizer

from .bitmap import Bitmap

#: What carriers print; MaxiCode is missing because zxing-cpp does not find it.
CARRIER_FORMATS = (
    BarcodeFormat.Code128,
    BarcodeFormat.Code39,
    BarcodeFormat.ITF,
    BarcodeFormat.Codabar,
    BarcodeFormat.EAN13,
    BarcodeFormat.QRCode,
    BarcodeFormat.DataMatrix,
    BarcodeFormat.Aztec,
    BarcodeFormat.PDF417,
)

_FNC1 = re.compile(r"[()\x1d\u241d]")
_NOT_ALNUM = re.compile(r"[^0-9A-Z]")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A decoded barcode: its `format` as zxing names it (`Code 128`), its `text`, and its box in dots.

    `position` is left, top, right, bottom in the picture it was read from. GS1 element strings carry
    their identifiers in brackets: `(420)90210(92)...`.
    """

    format: str
    text: str
    position: tuple[int, int, int, int]


def read(picture: Bitmap | NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """Every barcode of a carrier format in `picture` (dots, or grey with 0 = black), top to bottom.

    White-on-black ones are looked for only when there are no others: they are rare and cost half as much
    again.
    """
    pixels = _pixels(picture)
    return _read(pixels, CARRIER_FORMATS) or _read(pixels, CARRIER_FORMATS, thorough=True)


def read_again(picture: Bitmap | NDArray[np.uint8], expected: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """The barcodes in `picture`, looking only for formats in `expected`: ten times cheaper than `read`.

    What the cheap look does not find is looked for again with every means.
    """
    wanted = tuple(expected)
    names = {symbol.format for symbol in wanted}
    formats = tuple(entry for entry in CARRIER_FORMATS if str(entry) in names) or CARRIER_FORMATS
    pixels = _pixels(picture)
    found = _read(pixels, formats, binarizer=Binarizer.BoolCast)
    if lost(wanted, found):
        found += lost(_read(pixels, formats, thorough=True), found)
    return found


def lost(expected: Iterable[Symbol], found: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """Those of `expected` that `found` lacks, by format and text, each as often as it is missing."""
    left = Counter(_key(symbol) for symbol in found)
    missing = []
    for symbol in expected:
        if left[_key(symbol)]:
            left[_key(symbol)] -= 1
        else:
            missing.append(symbol)
    return tuple(missing)


def matches_tracking(symbols: Iterable[Symbol], tracking_number: str) -> bool | None:
    """Whether a symbol carries the tracking number, by letters and digits only; None without any symbol.

    A carrier's barcode is often longer than the printed number (USPS: `420` and ZIP before it), rarely
    shorter, then by no more than routing: at least 8 characters must agree.
    """
    texts = [_NOT_ALNUM.sub("", symbol.text.upper()) for symbol in symbols]
    if not texts:
        return None
    number = _NOT_ALNUM.sub("", tracking_number.upper())
    if not number:
        return False
    return any(number in text or (len(text) >= 8 and text in number) for text in texts)


def _read(
    pixels: NDArray[np.uint8],
    formats: tuple[BarcodeFormat, ...],
    *,
    thorough: bool = False,
    binarizer: Binarizer = Binarizer.LocalAverage,
) -> tuple[Symbol, ...]:
    barcodes = zxingcpp.read_barcodes(
        pixels,
        formats=BarcodeFormats(formats),
        try_downscale=binarizer != Binarizer.BoolCast,  # without it an Aztec of DPD France was missed
        try_invert=thorough,
        binarizer=binarizer,
    )
    symbols = []
    for barcode in barcodes:
        place = barcode.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        across, down = [point.x for point in corners], [point.y for point in corners]
        box = (min(across), min(down), max(across), max(down))
        symbols.append(Symbol(str(barcode.format), barcode.text, box))
    return tuple(sorted(symbols, key=lambda symbol: (symbol.position[1], symbol.position[0], symbol.text)))


def _pixels(picture: Bitmap | NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture.grey() if isinstance(picture, Bitmap) else np.ascontiguousarray(picture)


def _key(symbol: Symbol) -> tuple[str, str]:
    """Format and text without the marks that readers give to FNC1 in different ways."""
    return symbol.format, _FNC1.sub("", symbol.text)
