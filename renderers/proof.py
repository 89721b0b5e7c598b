"""From a placed page to dots whose barcodes are proven to scan (promise 3).

The dots are read, and what was found is read again from the source, drawn finer: the source says what should be
there. Where a barcode does not scan from the dots, they are chosen anew by other ways of sampling the page, at the
place of that barcode alone.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import symbols, tone
from .bitmap import Bitmap
from .easel import Easel
from .media import Resolution
from .placement import Placement
from .sampling import rescue, smooth
from .sheet import Sheet
from .source import QUIET_MM, expected
from .symbols import Symbol, Verdict
from .symbols.regions import Window, most_edges

#: Modules of white that belong to bars on each side (ISO/IEC 15417).
_QUIET_MODULES = 10
#: Bars of so many dots a module gain nothing by being drawn anew.
_FINE_ENOUGH = 3.9
#: What is as dark is black by itself.
_BLACK = 90
#: The smallest Data Matrix changes its colour as often along its side; other barcodes do so more often.
_FEWEST_EDGES = 10
#: What a reader may leave out of a barcode's place at its sides.
_RIM_MM = 1.0
#: What is looked at around bars that are drawn anew, for room, and how finely.
_ROOM_MM, _REPAIR_FINENESS = 8.0, 4.0


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


def prove(
    sheet: Sheet, placed: Placement, resolution: Resolution, size: tuple[int, int], *, repair: bool = False
) -> Proof:
    """Draw a page on stock of `size` dots, and read its barcodes from source and dots.

    `repair` draws the bars of linear symbols anew where they are not on whole dots (see `symbols.resnap`).

    Raises:
        AssetRefused: too many dots.
    """
    easel = Easel(sheet, placed, resolution, *size)
    grey = easel.draw()
    bits, area = tone.to_dots(grey)
    if area.any():
        _blacken(easel, bits, grey, area)
    found = (*symbols.read_dots(bits), *symbols.read_maxicodes((~bits).view(np.uint8) * np.uint8(255)))
    should, unread = expected(easel, np.packbits(bits, axis=1), found)
    missing = symbols.lost(should, found)
    if missing:
        found += symbols.lost(symbols.read_again(bits, missing, easel.dots(QUIET_MM)), found)
    missing = symbols.lost(should, found)
    verdicts = [_chosen(easel, grey, bits, symbol, lost=symbol in missing) for symbol in should]
    changed = any(verdict.sampler for verdict in verdicts)
    if area.any():
        windows = [easel.grown(symbol.position, QUIET_MM) for symbol in found]
        windows += [_with_quiet(easel, verdict) for verdict in verdicts]
        bits, changed = tone.halftone(bits, grey, area, windows), True
    if repair:
        verdicts = [_repaired(easel, bits, verdict) for verdict in verdicts]
        changed |= any(verdict.repaired for verdict in verdicts)
    if changed:
        here = [verdict.symbol for verdict in verdicts]
        missing = symbols.lost(here, symbols.read_again(bits, here, easel.dots(QUIET_MM)))
        verdicts = [replace(one, status="lost" if one.symbol in missing else "scans") for one in verdicts]
    verdicts += [Verdict(symbol, "unverified") for symbol in unread]
    notes = [f"a {symbol.format} cannot be read in the source, so it is not verified" for symbol in unread]
    notes += [verdict.repaired for verdict in verdicts if verdict.repaired]
    return Proof(Bitmap.from_bits(bits), tuple(verdicts), tuple(notes))


def _with_quiet(easel: Easel, verdict: Verdict) -> Window:
    """A barcode's window with its quiet zone: 10 modules where they are known."""
    modules = 0.0 if verdict.quality is None else _QUIET_MODULES * verdict.quality.module
    return easel.grown(verdict.symbol.position, max(QUIET_MM, modules / float(easel.resolution.dots_per_mm)))


def _blacken(easel: Easel, bits: NDArray[np.bool_], grey: NDArray[np.uint8], area: NDArray[np.bool_]) -> None:
    """Make barcodes in grey black: their broad modules look like areas of it."""
    seen = bits | area
    if most_edges(np.packbits(seen, axis=1), tone.beside_black(grey)) < _FEWEST_EDGES:
        return  # watermarks and tints have outlines only
    for symbol in symbols.read_dots(seen):
        left, top, right, bottom = symbol.position
        darkest = int(grey[top : bottom + 1, left : right + 1].min())
        if darkest < _BLACK:
            continue  # it is black, on a tint or beside one
        left, top, right, bottom = easel.grown(symbol.position, _RIM_MM)
        bits[top:bottom, left:right] = grey[top:bottom, left:right] < (darkest + 255) // 2


def _chosen(easel: Easel, grey: NDArray[np.uint8], bits: NDArray[np.bool_], symbol: Symbol, *, lost: bool) -> Verdict:
    """Change the dots of a barcode where another way of sampling makes it scan, or its bars more even."""
    quality = None if lost or symbol.format not in symbols.LINEAR else symbols.measure(bits, symbol)
    sampled = rescue(easel, symbol) if lost else smooth(easel, symbol, quality)
    if sampled is None:
        return Verdict(symbol, "lost" if lost else "scans", quality)
    left, top, right, bottom = sampled.window
    here = bits[top:bottom, left:right]
    # what is black beside the barcode for being type, and not for being dark
    kept = here & (grey[top:bottom, left:right] >= tone.THRESHOLD)
    box = symbol.moved(-left, -top).position
    kept[max(box[1], 0) : box[3], max(box[0], 0) : box[2]] = False
    here[:] = sampled.bits | kept
    return Verdict(symbol, "scans", symbols.measure(bits, symbol), sampled.sampler)


def _repaired(easel: Easel, bits: NDArray[np.bool_], verdict: Verdict) -> Verdict:
    """Draw the bars of a barcode anew on whole dots, where they are not and that is possible."""
    symbol, quality = verdict.symbol, verdict.quality
    if symbol.format not in symbols.LINEAR or (quality and (quality.whole or quality.module >= _FINE_ENOUGH)):
        return verdict
    window = left, top, right, bottom = easel.grown(symbol.position, _ROOM_MM)
    source = easel.draw(window, _REPAIR_FINENESS)
    redrawn = symbols.resnap(bits[top:bottom, left:right], symbol.moved(-left, -top), source, _REPAIR_FINENESS)
    if redrawn is None:
        return verdict
    bits[top:bottom, left:right] = redrawn.bits
    return Verdict(redrawn.symbol.moved(left, top), "scans", redrawn.after, verdict.sampler, redrawn.because)
