"""Barcodes: read them, compare what should be there with what is (promise 3)."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat, BarcodeFormats, Binarizer

from ..bitmap import Bitmap
from . import maxicode
from .regions import Window, grown, meet, merged

MAXICODE = "MaxiCode"
#: Those made of bars.
LINEAR = frozenset({"Code 128", "Code 39", "ITF", "Codabar", "EAN-13"})
#: What carriers print, and zxing-cpp finds by itself.
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

#: Aztec of many dots a module is found only in a smaller picture; looking for the others there finds none more.
_COARSE = (BarcodeFormat.Aztec,)
#: A picture of no more dots a side need not be made smaller for that.
_COARSE_SIDE = 500

#: What is read along rows, for which a picture must be turned; of the first any few rows will do.
_BY_LINES = CARRIER_FORMATS[:5]
_LYING = (*_BY_LINES, BarcodeFormat.PDF417)
#: What is found by the two black sides, wherever they are.
_TILTED = (BarcodeFormat.DataMatrix,)
#: Rows of a picture of which zxing-cpp looks at all.
_ALL_LINES = 512

#: Bars as high, in which not more than this part of the dots differs between two lines, are nothing else.
_TALL, _STRAYS = 40, 0.02

_FNC1 = re.compile(r"[()\x1d\u241d]")
_NOT_ALNUM = re.compile(r"[^0-9A-Z]")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A decoded barcode: its `format` as zxing names it (`Code 128`), its `text`, and its box in dots.

    `position` is left, top, right, bottom in the picture it was read from. GS1 element strings carry
    their identifiers in brackets: `(420)90210(92)...`. `orientation` is how far it is turned, in degrees
    clockwise: bars stand upright at 0 and 180, and lie at 90 and -90.
    """

    format: str
    text: str
    position: Window
    orientation: int = 0

    def moved(self, x: int, y: int, scale: float = 1.0) -> "Symbol":
        """The symbol in a picture of which its own is a part: first scaled, then shifted."""
        left, top, right, bottom = (round(side * scale) for side in self.position)
        return replace(self, position=(left + x, top + y, right + x, bottom + y))


def read(picture: Bitmap | NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """Every barcode of a carrier format in `picture` (dots, or grey with 0 = black), top to bottom.

    White-on-black ones are looked for only when there are no others: they are rare and cost half as much
    again.
    """
    pixels = picture.grey() if isinstance(picture, Bitmap) else np.ascontiguousarray(picture)
    found = _read(pixels, CARRIER_FORMATS) or _read(pixels, CARRIER_FORMATS, thorough=True)
    return _sorted((*found, *read_maxicodes(pixels)))


def read_dots(bits: NDArray[np.bool_]) -> tuple[Symbol, ...]:
    """The barcodes in clean dots (True = black), at half the cost of `read`; white-on-black ones are not found."""
    light = (~bits).view(np.uint8)
    found = _read(light, CARRIER_FORMATS, clean=True)
    scale, smaller = 1, light
    while max(smaller.shape) > _COARSE_SIDE:
        scale, smaller = scale * 3, _third(smaller)
        coarse = (symbol.moved(scale // 2, scale // 2, scale) for symbol in _decoded(smaller, _COARSE))
        found += [symbol for symbol in coarse if not any(same(symbol, other) for other in found)]
    return _sorted(found)


def read_part(
    grey: NDArray[np.uint8], formats: Iterable[str] = (), *, cheap: bool = True, thorough: bool = True
) -> tuple[Symbol, ...]:
    """The barcodes in a part of a finely drawn page: of these formats if any are named.

    `thorough` tries every means where the `cheap` one finds nothing.
    """
    wanted = _formats(set(formats)) or CARRIER_FORMATS
    found = []
    if cheap:
        found = _read((grey >= 128).view(np.uint8), wanted, clean=True, downscale=wanted == _COARSE)
    if not found and thorough:
        found = _read(np.ascontiguousarray(grey), wanted, thorough=True)
    return _sorted(found)


def read_again(picture: Bitmap | NDArray[np.bool_], expected: Iterable[Symbol], margin: int = 40) -> tuple[Symbol, ...]:
    """The barcodes in `picture` (True = black), looking only for those `expected`, where they are expected.

    What is not found so is looked for everywhere, with every means.

    Args:
        picture: the dots; the positions of `expected` lie in them.
        expected: what should be there.
        margin: dots around each that are looked at, with its quiet zone.
    """
    wanted = tuple(expected)
    bits = picture.bits() if isinstance(picture, Bitmap) else picture
    light = (~bits).view(np.uint8)
    height, width = bits.shape
    around = [grown(symbol.position, margin, width, height) for symbol in wanted]
    found: list[Symbol] = []
    for window in merged(around):
        here = {symbol.format for symbol, own in zip(wanted, around, strict=True) if meet(own, window)}
        formats = _formats(here)
        left, top, right, bottom = window
        part = np.ascontiguousarray(light[top:bottom, left:right])
        found += (
            [
                symbol.moved(left, top)
                for symbol in _read(part, formats, clean=True, downscale=BarcodeFormat.Aztec in formats)
            ]
            if formats
            else []
        )
        if MAXICODE in here:
            found += [symbol.moved(left, top) for symbol in read_maxicodes(part * np.uint8(255))]
    if lost((symbol for symbol in wanted if symbol.format != MAXICODE), found):
        formats = _formats({symbol.format for symbol in wanted})
        again = _read(np.where(bits, np.uint8(0), np.uint8(255)), formats, thorough=True)
        found += lost(again, found)
    return _sorted(found)


def read_maxicodes(grey: NDArray[np.uint8]) -> tuple[Symbol, ...]:
    """The MaxiCodes in a grey picture; the text of one that cannot be read is empty."""
    height, width = grey.shape
    return tuple(
        Symbol(MAXICODE, found.text or "", grown(found.position, 0, width, height), found.turn)
        for found in maxicode.read(grey)
    )


def same(one: Symbol, other: Symbol) -> bool:
    """Whether two readings are of one barcode: same text, and their places meet."""
    return _key(one) == _key(other) and meet(one.position, other.position)


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
    # of UPS' tracking number a MaxiCode holds the end only
    texts = [_NOT_ALNUM.sub("", symbol.text.upper()) for symbol in symbols if symbol.format != MAXICODE]
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
    clean: bool = False,
    downscale: bool = False,
) -> list[Symbol]:
    """Read `pixels`: grey, or `clean`, which is 0 for black and anything else for white."""
    if not clean or downscale:
        return _decoded(pixels, formats, thorough=thorough, clean=clean, downscale=downscale)
    lying = tuple(entry for entry in formats if entry in _LYING)
    tilted = tuple(entry for entry in formats if entry in _TILTED)
    found = _decoded(pixels, tuple(entry for entry in formats if entry not in _TILTED), rotate=False)
    rest = _without(pixels, found) if tilted or lying else pixels
    found += _decoded(rest, tilted)
    found += [symbol for symbol in _lying(rest, lying) if not any(same(symbol, other) for other in found)]
    return found


def _third(light: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A clean picture at a third of its size: what most of each 3x3 dots are."""
    high, wide = (side // 3 * 3 for side in light.shape)
    lines = light[:high:3] + light[1:high:3] + light[2:high:3]
    third: NDArray[np.uint8] = (lines[:, :wide:3] + lines[:, 1:wide:3] + lines[:, 2:wide:3] > 4).view(np.uint8)
    return third


def _without(light: NDArray[np.uint8], found: Iterable[Symbol]) -> NDArray[np.uint8]:
    """The picture with upright bars that were read white: they cost the readers of all else their time."""
    rest = light
    for symbol in found:
        left, top, right, bottom = symbol.position
        high, box = bottom - top, light[top : bottom + 1, left : right + 1]
        if symbol.format not in (*LINEAR, "PDF417") or high < _TALL:
            continue
        lines = box[[high // 8, high // 2, high - high // 8]] != 0
        if symbol.format == "PDF417":  # what begins and ends its rows, 17 modules of 579 at the most
            ends = lines.shape[1] // 40 + 1
            lines = np.concatenate((lines[:, :ends], lines[:, -ends:]), axis=1)
        strays = np.count_nonzero(lines[[0, 2]] != lines[1])
        if strays <= _STRAYS * lines.shape[1]:  # the same bars from top to bottom, and no noise that was read as such
            rest = light.copy() if rest is light else rest
            rest[top : bottom + 1, left : right + 1] = 1
    return rest


def _lying(light: NDArray[np.uint8], formats: tuple[BarcodeFormat, ...]) -> list[Symbol]:
    """The barcodes whose rows run down the picture: zxing-cpp's own turning costs more than all else."""
    turned = np.rot90(light)
    linear = tuple(entry for entry in formats if entry in _BY_LINES)
    stacked = tuple(entry for entry in formats if entry not in _BY_LINES)
    # as many lines of bars as zxing-cpp looks at in the upright picture of a page
    step = 2 if len(turned) > _ALL_LINES else 1
    found = [(symbol, step) for symbol in _decoded(turned[::step], linear, rotate=False)]
    found += [(symbol, 1) for symbol in _decoded(turned, stacked, rotate=False)]
    last = len(turned) - 1
    symbols = []
    for symbol, step in found:
        left, top, right, bottom = symbol.position
        position = last - bottom * step, left, last - top * step, right
        orientation = (symbol.orientation + 90 + 179) % 360 - 179  # from -179 to 180
        symbols.append(replace(symbol, position=position, orientation=orientation))
    return symbols


def _decoded(
    pixels: NDArray[np.uint8],
    formats: tuple[BarcodeFormat, ...],
    *,
    thorough: bool = False,
    clean: bool = True,
    downscale: bool = False,
    rotate: bool = True,
) -> list[Symbol]:
    if not formats:
        return []
    barcodes = zxingcpp.read_barcodes(
        pixels,
        formats=BarcodeFormats(formats),
        try_rotate=rotate,
        try_downscale=downscale or not clean,
        try_invert=thorough,
        binarizer=Binarizer.BoolCast if clean else Binarizer.LocalAverage,
    )
    symbols = []
    for barcode in barcodes:
        place = barcode.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        across, down = [point.x for point in corners], [point.y for point in corners]
        box = (min(across), min(down), max(across), max(down))
        symbols.append(Symbol(str(barcode.format), barcode.text, box, round(barcode.orientation / 90) * 90))
    return symbols


def _formats(names: set[str]) -> tuple[BarcodeFormat, ...]:
    """The formats of these names; all, where a name is of a kind of one (`Code 32` is a Code 39)."""
    names = names - {MAXICODE}
    if not names <= {str(entry) for entry in CARRIER_FORMATS}:
        return CARRIER_FORMATS
    return tuple(entry for entry in CARRIER_FORMATS if str(entry) in names)


def _sorted(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    return tuple(sorted(symbols, key=lambda symbol: (symbol.position[1], symbol.position[0], symbol.text)))


def _key(symbol: Symbol) -> tuple[str, str]:
    """Format and text without the marks that readers give to FNC1 in different ways."""
    return symbol.format, _FNC1.sub("", symbol.text)
