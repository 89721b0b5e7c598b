"""From a placed page to dots whose barcodes are proven to scan (promise 3).

The dots are read, and what was found is read again from the source, drawn finer: the source says what should be
there. Where a barcode does not scan from the dots, they are chosen anew by other ways of sampling the page, at the
place of that barcode alone.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import placement, symbols, tone
from .bitmap import Bitmap
from .media import Resolution
from .placement import Placement
from .sheet import Sheet
from .symbols import Symbol, Verdict
from .symbols.regions import Window, dense, grown, meet, merged

_Bits = NDArray[np.bool_]
_Grey = NDArray[np.uint8]

#: What scans from the dots is read from the source at no less than this, 1.5 pixels per dot at the least;
_SOURCE_DPI = 304
#: what may be too fine for the dots at this;
_FINE_DPI = 400
#: and a page that seems to have no barcode at this, whole.
_PAGE_DPI = 300
#: A window of the source is drawn with no more pixels, and no finer than this.
_MOST_PIXELS, _FINEST = 40_000_000, 8.0
#: White around a barcode that belongs to it: 10 modules of 0.3 mm.
_QUIET_MM = 3.0
#: Of high bars a band of this height is read from the source.
_BAND_MM = 8.0
#: No bars are lower than this.
_THIN_MM = 1.0
_LINEAR = frozenset({"Code 128", "Code 39", "ITF", "Codabar", "EAN-13"})


@dataclass(frozen=True, slots=True)
class Proof:
    """The dots, what became of each barcode of the source, and what a technician should know."""

    bitmap: Bitmap
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]

    @property
    def lost(self) -> int:
        """How many barcodes do not scan."""
        return sum(verdict.status == "lost" for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class _Easel:
    """A page as it lies on the stock."""

    sheet: Sheet
    placed: Placement
    resolution: Resolution
    width: int
    height: int

    def draw(self, window: Window | None = None, fineness: float = 1.0) -> _Grey:
        """Grey of a window of the stock; nothing but what the placement shows of the page."""
        window = window or (0, 0, self.width, self.height)
        grey = self.sheet.draw(self.placed, self.resolution, window, fineness)
        shown = placement.shown_window(self.placed, self.sheet.size, self.resolution)
        left, top = (max(round((shown[side] - window[side]) * fineness), 0) for side in (0, 1))
        right, bottom = (max(round((shown[side + 2] - window[side]) * fineness), 0) for side in (0, 1))
        for beyond in (grey[:top], grey[bottom:], grey[:, :left], grey[:, right:]):
            beyond[:] = 255
        return grey

    def grown(self, window: Window, millimetres: float) -> Window:
        return grown(window, math.ceil(millimetres * float(self.resolution.dots_per_mm)), self.width, self.height)


def prove(sheet: Sheet, placed: Placement, resolution: Resolution, size: tuple[int, int]) -> Proof:
    """Draw a page on stock of `size` dots, and read its barcodes from source and dots.

    Raises:
        AssetRefused: too many dots.
    """
    easel = _Easel(sheet, placed, resolution, *size)
    grey = easel.draw()
    bits, area = tone.to_dots(grey)
    found = (*symbols.read_dots(bits), *symbols.read_maxicodes(grey))
    expected, unread = _expected(easel, bits, found)
    missing = symbols.lost(expected, found)
    if missing:
        found += symbols.lost(symbols.read_again(bits, missing, _dots(easel, _QUIET_MM)), found)
    samplers: dict[Symbol, str] = {}
    for symbol in symbols.lost(expected, found):
        sampled = _resampled(easel, symbol)
        if sampled:
            window, part, samplers[symbol] = sampled
            bits[window[1] : window[3], window[0] : window[2]] = part
    protected = [easel.grown(symbol.position, _QUIET_MM) for symbol in (*found, *expected)]
    bits = tone.halftone(bits, grey, area, protected)
    if samplers or area.any():
        found = symbols.read_again(bits, expected, _dots(easel, _QUIET_MM))
    lost = symbols.lost(expected, found)
    verdicts = [Verdict(symbol, "lost" if symbol in lost else "scans", samplers.get(symbol, "")) for symbol in expected]
    verdicts += [Verdict(symbol, "unverified") for symbol in unread]
    notes = [f"a {symbol.format} cannot be read in the source, so it is not verified" for symbol in unread]
    return Proof(Bitmap.from_bits(bits), tuple(verdicts), tuple(notes))


def _expected(easel: _Easel, bits: _Bits, found: Iterable[Symbol]) -> tuple[tuple[Symbol, ...], list[Symbol]]:
    """What the source says of the barcodes found in the dots, and of places where others may be.

    Returns:
        The barcodes that should scan, and those that are there but cannot be read in the source either.
    """
    expected: list[Symbol] = []
    unread: list[Symbol] = []
    for symbol in (symbol for symbol in found if symbol.format == symbols.MAXICODE):
        read = _read_source(easel, easel.grown(symbol.position, _QUIET_MM), [symbols.MAXICODE])
        expected += [one for one in read if one.text]
        unread += [symbol] if not any(one.text for one in read) else []
    for window, here in _places(easel, (symbol for symbol in found if symbol.format != symbols.MAXICODE)):
        read = _read_source(easel, window, {symbol.format for symbol in here})
        if symbols.lost(here, read):  # overprinted in the band, or a misreading of the dots
            whole = merged(easel.grown(symbol.position, _QUIET_MM) for symbol in here)
            again = [symbol for part in whole for symbol in _read_source(easel, part)]
            read = [*read, *symbols.lost(again, read)]
            read += [symbol for symbol in symbols.lost(here, read) if not _overlap(symbol, read)]
        expected += read
    rows = np.packbits(bits, axis=1)
    for window in dense(rows, easel.width, [symbol.position for symbol in (*expected, *unread)]):
        expected += [symbol for symbol in _sought(easel, window, _FINE_DPI) if not _overlap(symbol, expected)]
    if not expected:
        expected = _sought(easel, (0, 0, easel.width, easel.height), _PAGE_DPI, thorough=True)
    return tuple(sorted(expected, key=lambda symbol: (symbol.position[1], symbol.position[0]))), unread


def _places(easel: _Easel, found: Iterable[Symbol]) -> Iterator[tuple[Window, list[Symbol]]]:
    """Windows of the stock that hold the barcodes found, of high bars a band alone."""
    around = [(easel.grown(_band(symbol, _dots(easel, _BAND_MM)), _QUIET_MM), symbol) for symbol in found]
    for window in merged(own for own, _ in around):
        yield window, [symbol for own, symbol in around if meet(own, window)]


def _band(symbol: Symbol, high: int) -> Window:
    left, top, right, bottom = symbol.position
    if symbol.format not in _LINEAR:
        return symbol.position
    if symbol.orientation % 180:
        middle = (left + right) // 2
        return max(left, middle - high // 2), top, min(right, middle + high // 2), bottom
    middle = (top + bottom) // 2
    return left, max(top, middle - high // 2), right, min(bottom, middle + high // 2)


def _sought(easel: _Easel, window: Window, dpi: int, *, thorough: bool = False) -> list[Symbol]:
    """Barcodes of the source that the dots do not show; read twice, for type and noise read as one only once."""
    thin = _dots(easel, _THIN_MM)
    found = [
        symbol
        for symbol in _read_source(easel, window, dpi=dpi, thorough=thorough)
        for left, top, right, bottom in (symbol.position,)
        if symbol.format not in _LINEAR or min(right - left, bottom - top) >= thin  # noise, along one line of it
    ]
    if not found:
        return []
    again = _read_source(easel, window, {symbol.format for symbol in found}, dpi=dpi * 3 // 2)
    return [symbol for symbol in found if not symbols.lost([symbol], again)]


def _read_source(
    easel: _Easel, window: Window, formats: Iterable[str] = (), *, dpi: int = _SOURCE_DPI, thorough: bool = True
) -> list[Symbol]:
    """What a window of the source holds, positions in dots of the stock."""
    fineness = max(1.0, math.ceil(2 * dpi / (easel.resolution.dpi * easel.placed.scale)) / 2)
    size = (window[2] - window[0]) * (window[3] - window[1])
    fineness = max(1.0, min(fineness, _FINEST, math.sqrt(_MOST_PIXELS / size)))
    grey = easel.draw(window, fineness)
    read = (
        symbols.read_maxicodes(grey)
        if symbols.MAXICODE in formats
        else symbols.read_part(grey, formats, thorough=thorough)
    )
    return [symbol.moved(window[0], window[1], 1 / fineness) for symbol in read]


def _overlap(symbol: Symbol, others: Iterable[Symbol]) -> bool:
    return any(meet(symbol.position, other.position) for other in others)


def _resampled(easel: _Easel, symbol: Symbol) -> tuple[Window, _Bits, str] | None:
    """Dots for the window of a barcode, by the first way of sampling from which it scans; and its name."""
    window = easel.grown(symbol.position, _QUIET_MM)
    moved = replace(symbol, position=symbol.moved(-window[0], -window[1]).position)
    for name, (fineness, sample) in _SAMPLERS.items():
        bits = sample(easel.draw(window, fineness))
        if not symbols.lost([moved], symbols.read_again(bits, [moved])):
            return window, bits, name
    return None


def _centres(grey: _Grey) -> _Bits:
    return grey[1::3, 1::3] < tone.THRESHOLD


def _boxes(side: int) -> Callable[[_Grey], _Bits]:
    def average(grey: _Grey) -> _Bits:
        high, wide = (length // side for length in grey.shape)
        means = grey[: high * side, : wide * side].reshape(high, side, wide, side).mean(axis=(1, 3))
        return np.asarray(means < tone.THRESHOLD)

    return average


#: Ways to choose dots, the one that saves most barcodes first: pixels per dot, and what is made of them.
_SAMPLERS: dict[str, tuple[int, Callable[[_Grey], _Bits]]] = {
    "centres of 3x3": (3, _centres),
    "averages of 4x4": (4, _boxes(4)),
    "averages of 2x2": (2, _boxes(2)),
    "averages of 3x3": (3, _boxes(3)),
    "darker": (1, lambda grey: grey < 160),
    "lighter": (1, lambda grey: grey < 96),
}


def _dots(easel: _Easel, millimetres: float) -> int:
    return math.ceil(millimetres * float(easel.resolution.dots_per_mm))
