"""From a placed page to dots whose barcodes are proven to scan (promise 3).

The dots are read, and what was found is read again from the source, drawn finer: the source says what should be
there. Where a barcode does not scan from the dots, they are chosen anew by other ways of sampling the page, at the
place of that barcode alone.
"""

from dataclasses import dataclass

import numpy as np

from . import symbols, tone
from .bitmap import Bitmap
from .easel import Easel
from .media import Resolution
from .placement import Placement
from .sampling import resample
from .sheet import Sheet
from .source import QUIET_MM, expected
from .symbols import Symbol, Verdict


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


def prove(sheet: Sheet, placed: Placement, resolution: Resolution, size: tuple[int, int]) -> Proof:
    """Draw a page on stock of `size` dots, and read its barcodes from source and dots.

    Raises:
        AssetRefused: too many dots.
    """
    easel = Easel(sheet, placed, resolution, *size)
    grey = easel.draw()
    bits, area = tone.to_dots(grey)
    found = (*symbols.read_dots(bits), *symbols.read_maxicodes(grey))
    should, unread = expected(easel, np.packbits(bits, axis=1), found)
    missing = symbols.lost(should, found)
    if missing:
        found += symbols.lost(symbols.read_again(bits, missing, easel.dots(QUIET_MM)), found)
    samplers: dict[Symbol, str] = {}
    for symbol in symbols.lost(should, found):
        sampled = resample(easel, symbol)
        if sampled:
            window, part, samplers[symbol] = sampled
            bits[window[1] : window[3], window[0] : window[2]] = part
    protected = [easel.grown(symbol.position, QUIET_MM) for symbol in (*found, *should)]
    bits = tone.halftone(bits, grey, area, protected)
    if samplers or area.any():
        found = symbols.read_again(bits, should, easel.dots(QUIET_MM))
    lost = symbols.lost(should, found)
    verdicts = [Verdict(symbol, "lost" if symbol in lost else "scans", samplers.get(symbol, "")) for symbol in should]
    verdicts += [Verdict(symbol, "unverified") for symbol in unread]
    notes = [f"a {symbol.format} cannot be read in the source, so it is not verified" for symbol in unread]
    return Proof(Bitmap.from_bits(bits), tuple(verdicts), tuple(notes))
