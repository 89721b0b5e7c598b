"""What the source says: the barcodes of a page, read from a finer drawing than the dots."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from . import symbols
from .easel import Easel
from .symbols import Symbol
from .symbols.regions import Window, dense, meet, merged

#: What scans from the dots is read from the source at no less than this, 1.5 pixels per dot at the least;
_SOURCE_DPI = 304
#: what may be too fine for the dots at this;
_FINE_DPI = 400
#: and a page that seems to have no barcode at this, whole.
_PAGE_DPI = 300
#: A picture of the source has no more pixels, and is no finer than this.
_MOST_PIXELS, _FINEST = 40_000_000, 8.0
#: Windows are cut from one picture where drawing each costs more: that goes through the whole page, which takes such a
#: part of drawing all of it.
_EACH = 0.1
#: White around a barcode that belongs to it: 10 modules of 0.3 mm.
QUIET_MM = 3.0
#: Of high bars a band of this height is read.
_BAND_MM = 8.0
#: No bars are lower than this.
_THIN_MM = 1.0


def expected(
    easel: Easel, rows: NDArray[np.uint8], found: Iterable[Symbol]
) -> tuple[tuple[Symbol, ...], tuple[Symbol, ...]]:
    """What the source says of the barcodes found in the dots, and of places where others may be.

    Args:
        easel: the page.
        rows: the dots, packed as in `Bitmap`.
        found: what was read from the dots.

    Returns:
        The barcodes that should scan, and those that are there but cannot be read in the source either;
        positions in dots.
    """
    known = tuple(found)
    source = _Source(easel)
    places = list(_places(easel, (symbol for symbol in known if symbol.format != symbols.MAXICODE)))
    suspects = dense(rows, easel.width, [symbol.position for symbol in known])
    windows = (*(window for window, _ in places), *suspects)
    if sum(_EACH + _area(window) / (easel.width * easel.height) for window in windows) > 1:
        source.draw(_FINE_DPI if suspects else _SOURCE_DPI)
    should: list[Symbol] = []
    unread: list[Symbol] = []
    for symbol in (symbol for symbol in known if symbol.format == symbols.MAXICODE):
        read = source.read(easel.grown(symbol.position, QUIET_MM), [symbols.MAXICODE])
        should += [one for one in read if one.text]
        unread += [symbol] if not any(one.text for one in read) else []
    for window, here in places:
        read = source.read(window, {symbol.format for symbol in here})
        if symbols.lost(here, read):  # overprinted in the band, or a misreading of the dots
            parts = merged(easel.grown(symbol.position, QUIET_MM) for symbol in here)
            again = [symbol for part in parts for symbol in source.read(part)]
            read += symbols.lost(again, read)
            read += [symbol for symbol in symbols.lost(here, read) if not _overlap(symbol, read)]
        strips = symbols.lost(read, here)  # of neighbours, that have windows of their own
        others = [symbol for symbol in known if symbol not in here]
        should += [
            symbol
            for symbol in read
            if not any(symbols.same(symbol, other) for other in (*should, *(others if symbol in strips else ())))
        ]
    looked: set[Window] = set()
    while suspects:  # zxing-cpp reads one of several PDF417s in a picture: what is left of a window is read again
        looked.update(suspects)
        before = len(should)
        for window in suspects:
            should += [symbol for symbol in source.seek(window, _FINE_DPI) if not _overlap(symbol, should)]
        if len(should) == before:
            break
        left = dense(rows, easel.width, [symbol.position for symbol in (*known, *should)])
        suspects = tuple(window for window in left if window not in looked)
    whole = (0, 0, easel.width, easel.height)
    if easel.placed.scale < 1.0:  # whatever is on the page became finer
        shrunk = [*source.seek(whole, _PAGE_DPI), *source.read(whole, [symbols.MAXICODE], dpi=_PAGE_DPI)]
        should += [symbol for symbol in shrunk if symbol.text and not _overlap(symbol, (*should, *unread))]
    if not should:
        should = source.seek(whole, _PAGE_DPI, thorough=True)
    return tuple(sorted(should, key=lambda symbol: (symbol.position[1], symbol.position[0]))), tuple(unread)


class _Source:
    """Reads windows of the page, in fine pictures of each or in one of all."""

    def __init__(self, easel: Easel) -> None:
        self._easel = easel
        self._picture: NDArray[np.uint8] | None = None
        self._fineness = 0.0

    def draw(self, dpi: int) -> None:
        """Make one picture of the whole stock for all that is read at up to `dpi`."""
        window = (0, 0, self._easel.width, self._easel.height)
        fineness = self._fineness_for(window, dpi)
        self._picture, self._fineness = self._easel.draw(window, fineness), fineness

    def read(
        self,
        window: Window,
        formats: Iterable[str] = (),
        *,
        dpi: int = _SOURCE_DPI,
        cheap: bool = True,
        thorough: bool = True,
    ) -> list[Symbol]:
        """What a window holds."""
        grey, fineness = self._look(window, dpi)
        if symbols.MAXICODE in formats:
            read = symbols.read_maxicodes(grey)
        else:
            read = symbols.read_part(grey, formats, cheap=cheap, thorough=thorough)
        return [symbol.moved(window[0], window[1], 1 / fineness) for symbol in read]

    def seek(self, window: Window, dpi: int, *, thorough: bool = False) -> list[Symbol]:
        """Barcodes that the dots do not show; read twice, for type and noise read as one only once."""
        thin = self._easel.dots(_THIN_MM)
        found = [
            symbol
            # the cheap way reads nothing that every means together do not
            for symbol in self.read(window, dpi=dpi, cheap=not thorough, thorough=thorough)
            for left, top, right, bottom in (symbol.position,)
            if symbol.format not in symbols.LINEAR
            or min(right - left, bottom - top) >= thin  # noise, along one line of it
        ]
        if not found:
            return []
        again = self.read(window, {symbol.format for symbol in found}, dpi=dpi * 3 // 2)
        return [symbol for symbol in found if not symbols.lost([symbol], again)]

    def _look(self, window: Window, dpi: int) -> tuple[NDArray[np.uint8], float]:
        """A picture of the window, and its pixels per dot."""
        fineness = self._fineness_for(window, dpi)
        whole = window == (0, 0, self._easel.width, self._easel.height)
        # reading all of a page that is finer than need be takes longer than drawing it again
        if self._picture is None or fineness > self._fineness or (whole and fineness < self._fineness):
            return self._easel.draw(window, fineness), fineness
        left, top, right, bottom = (round(side * self._fineness) for side in window)
        return self._picture[top:bottom, left:right], self._fineness

    def _fineness_for(self, window: Window, dpi: int) -> float:
        scale = self._easel.resolution.dpi * self._easel.placed.scale
        most = math.sqrt(_MOST_PIXELS / ((window[2] - window[0]) * (window[3] - window[1])))
        return max(1.0, min(math.ceil(2 * dpi / scale) / 2, _FINEST, most))


def _places(easel: Easel, found: Iterable[Symbol]) -> Iterator[tuple[Window, list[Symbol]]]:
    """Windows of the stock that hold the barcodes found, of high bars a band alone."""
    around = [(easel.grown(_band(symbol, easel.dots(_BAND_MM)), QUIET_MM), symbol) for symbol in found]
    for window in merged(own for own, _ in around):
        yield window, [symbol for own, symbol in around if meet(own, window)]


def _band(symbol: Symbol, high: int) -> Window:
    left, top, right, bottom = symbol.position
    if symbol.format not in symbols.LINEAR:
        return symbol.position
    if symbol.orientation % 180:
        middle = (left + right) // 2
        return max(left, middle - high // 2), top, min(right, middle + high // 2), bottom
    middle = (top + bottom) // 2
    return left, max(top, middle - high // 2), right, min(bottom, middle + high // 2)


def _area(window: Window) -> int:
    return (window[2] - window[0]) * (window[3] - window[1])


def _overlap(symbol: Symbol, others: Iterable[Symbol]) -> bool:
    return any(meet(symbol.position, other.position) for other in others)
