"""Strokes thinner than a dot: where they are, in a page in grey."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_Packed = NDArray[np.uint8]
_Places = NDArray[np.intp]

#: Such a stroke is seen by so much ink in the darkest dots along it, and half a dot's across it.
_FAINT, _HALF = 60, 128
#: How many dots beside it are looked at.
_BESIDE = 2


def hairlines(
    page: NDArray[np.uint8], dark: _Packed, inked: _Packed, shape: tuple[int, int]
) -> Iterator[tuple[_Places, _Places]]:
    """Rows and columns of the dots along strokes thinner than a dot: those that lie across, then those that run down.

    Args:
        page: grey, 0 = black; on whole cells of 8x8, white beyond the page's edge.
        dark: which dots have half a dot's ink or more, packed row by row (MSB first).
        inked: which dots are not paper, packed.
        shape: height and width of the page within.
    """
    height, width = shape
    if min(height, width) < 2 * _BESIDE + 1:
        return
    stride = page.shape[1]
    grey = page.ravel()
    # eight dots at a time, and only those bytes that have any: most of a page has none
    candidates = (inked & ~dark).reshape(-1, stride // 8)
    candidates[:_BESIDE], candidates[height - _BESIDE :] = 0, 0
    candidates &= np.packbits((np.arange(stride) >= _BESIDE) & (np.arange(stride) < width - _BESIDE))
    faint = candidates.ravel()
    inside = np.flatnonzero(faint != 0)
    for across, along in ((stride, 1), (1, stride)):
        # paper on both sides, for edges of black and of tints have none
        beside = _at(inked, inside, _BESIDE * across) | _at(inked, inside, -_BESIDE * across)
        thin = faint[inside] & ~beside
        kept = thin != 0
        here, thin = inside[kept], thin[kept]
        ink = dark.copy()
        ink[here] |= thin
        if not _between(ink, here, along, thin).any():
            continue
        bits = np.unpackbits(thin).view(np.bool_)
        places = _places(here, bits)
        bits[bits] = _on_ridge(grey, places, across)
        thin = np.packbits(bits)
        ink[here] = dark[here] | thin
        # three and more in a run, for noise is no stroke
        yield np.divmod(_places(here, np.unpackbits(_between(ink, here, along, thin)).view(np.bool_)), stride)


def _at(packed: _Packed, places: _Places, step: int) -> _Packed:
    """Of each dot in the bytes at `places` the one `step` dots further on."""
    whole, part = divmod(step, 8)
    moved: _Packed = packed[places + whole]
    if part:
        moved = moved << np.uint8(part) | packed[places + (whole + 1)] >> np.uint8(8 - part)
    return moved


def _between(packed: _Packed, places: _Places, step: int, dots: _Packed) -> _Packed:
    """Those of the dots in the bytes at `places` that have ink both `step` dots before and behind."""
    return dots & _at(packed, places, step) & _at(packed, places, -step)


def _places(found: _Places, bits: NDArray[np.bool_]) -> _Places:
    """Where the black ones of the dots in some bytes are."""
    dots = np.flatnonzero(bits)
    places: _Places = found[dots >> 3] * 8 + (dots & 7)
    return places


def _on_ridge(grey: NDArray[np.uint8], places: _Places, step: int) -> NDArray[np.bool_]:
    """Which places are the darkest of half a dot's ink."""
    before, here, after = (255 - grey[places + beside] for beside in (-step, 0, step))
    ridge = (here >= _FAINT) & (here >= before) & (here > after)
    return np.asarray(ridge & (here.astype(np.uint16) + before + after >= _HALF))
