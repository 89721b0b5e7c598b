"""Real carriers' PDFs, where they lie beside the checkout: what becomes of each page on the stock it is for."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from labeld.renderers import symbols
from labeld.renderers.artwork import PageArtwork
from labeld.renderers.convert import Target, convert_page
from labeld.renderers.media import Resolution
from labeld.renderers.placement import Box, Placement, Size, shown_window
from labeld.renderers.sheet import open_sheet
from labeld.renderers.symbols import Symbol
from labeld.renderers.symbols.reading import CARRIER_FORMATS
from labeld.renderers.tone import THRESHOLD

from ..carriers import LABELS, Page, pages

#: Ink so near to a label's measured box is its own (1/100 mm).
_NEAR = 50.0
#: Of the label's size.
_HALF_A_LINE = 0.0025
#: Greys darker than this are black, and never a pattern.
_BLACK = 90

#: Barcodes that no head of this resolution prints so that they scan, and why.
TOO_FINE = {
    ("syn_module_sweep_4x6.pdf", 203, "M200TEST"): "modules of 0.2 mm are 1.6 dots",
}

pytestmark = pytest.mark.skipif(not LABELS.is_dir(), reason="no carriers' labels beside this checkout")

on_every_page = pytest.mark.parametrize(
    ("page", "dpi"),
    [pytest.param(page, dpi, id=f"{page.file.stem}-{page.number}-{dpi}") for page in pages() for dpi in (203, 300)],
)


@cache
def labels(page: Page, dpi: int) -> tuple[PageArtwork, ...]:
    target = Target(media=page.media, resolution=Resolution(dpi), verify=False)
    return convert_page(page.asset, page.number, target)


def exceptions(listed: dict[tuple[str, int, str], str], page: Page, dpi: int) -> set[str]:
    return {text for file, at, text in listed if (file, at) == (page.file.name, dpi)}


def drawn(page: Page, label: PageArtwork, dpi: int) -> tuple[NDArray[np.uint8], Size]:
    """The page drawn whole, turned and scaled as the label: grey, 0 = black; and its size in 1/100 mm."""
    resolution, placement = Resolution(dpi), label.placement
    assert placement
    with open_sheet(page.asset, page.number, page.media) as first:
        sheet = first if first.engine == label.engine else first.second_opinion()
        assert sheet
        width, height = sheet.size if placement.rotation in (0, 180) else sheet.size[::-1]
        unit = float(resolution.dots_per_mm) / 100 * placement.scale
        # without an edge of the stock, or a clip
        right, bottom = math.ceil(width * unit) + placement.x, math.ceil(height * unit) + placement.y
        return sheet.draw(placement, resolution, (placement.x, placement.y, right, bottom)), sheet.size


def within(box: Box, size: Size, placement: Placement, dpi: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which dots of a page drawn whole lie in a box of it, shape (height, width)."""
    left, top, right, bottom = shown_window(replace(placement, x=0, y=0, clip=box), size, Resolution(dpi))
    mask = np.zeros(shape, np.bool_)
    mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return mask


def shown(label: PageArtwork, size: Size, dpi: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which dots of the page drawn whole come onto the label, shape (height, width)."""
    placement, bitmap = label.placement, label.bitmap
    assert placement
    assert bitmap
    on_stock = np.zeros(shape, np.bool_)
    x, y = placement.x, placement.y
    on_stock[max(-y, 0) : max(bitmap.height - y, 0), max(-x, 0) : max(bitmap.width - x, 0)] = True
    return on_stock & within(placement.clip, size, placement, dpi, shape)


def grown(box: Box) -> Box:
    return box[0] - _NEAR, box[1] - _NEAR, box[2] + _NEAR, box[3] + _NEAR


@on_every_page
def test_every_barcode_of_the_manifest_is_read_from_the_dots(page: Page, dpi: int) -> None:
    found = [symbol for label in labels(page, dpi) for symbol in label.symbols]
    missing = {symbol.text for symbol in symbols.lost(page.symbols, found)}
    assert missing == exceptions(TOO_FINE, page, dpi)


@on_every_page
def test_a_plain_reader_finds_them_in_the_dots_too_and_none_that_was_not_judged(page: Page, dpi: int) -> None:
    found = [
        Symbol(str(barcode.format), barcode.text, (0, 0, 0, 0))
        for label in labels(page, dpi)
        if label.bitmap
        for barcode in zxingcpp.read_barcodes(label.bitmap.grey(), formats=zxingcpp.BarcodeFormats(CARRIER_FORMATS))
    ]
    missing = {symbol.text for symbol in symbols.lost(page.symbols, found)}
    assert missing == exceptions(TOO_FINE, page, dpi)
    judged = [verdict.symbol for label in labels(page, dpi) for verdict in label.verdicts]
    assert not symbols.lost(found, judged)


@on_every_page
def test_the_labels_come_out_whole_and_alone(page: Page, dpi: int) -> None:
    left = list(page.labels)
    for label in labels(page, dpi):
        assert label.placement
        # a frame whose line is half beyond the stock is drawn that much smaller
        assert abs(label.placement.scale - 1.0) <= _HALF_A_LINE, label.placement.because
        grey, size = drawn(page, label, dpi)
        dark = grey < THRESHOLD
        seen = shown(label, size, dpi, dark.shape)
        assert left, "more labels than the page has"
        places = {box: within(grown(box), size, label.placement, dpi, dark.shape) for box in left}
        own = max(places, key=lambda box: int((places[box] & seen).sum()))
        left.remove(own)
        clipped, foreign = dark & places[own] & ~seen, dark & seen & ~places[own]
        assert not clipped.sum(), "dark dots of the label are cut off"
        assert not foreign.sum(), "dark dots that are not of the label come with it"
    assert not left, "labels of the page are missing"


@on_every_page
def test_what_is_black_on_the_page_is_black_on_the_label(page: Page, dpi: int) -> None:
    for label in labels(page, dpi):
        assert label.placement
        assert label.bitmap
        grey, size = drawn(page, label, dpi)
        rows, columns = np.nonzero((grey < _BLACK) & shown(label, size, dpi, grey.shape))
        rows, columns = rows + label.placement.y + 1, columns + label.placement.x + 1
        dots = np.pad(label.bitmap.bits(), 1)
        # an edge between two dots may go either way
        around = [dots[rows + down, columns + across] for down in (-1, 0, 1) for across in (-1, 0, 1)]
        vanished = len(rows) - np.count_nonzero(np.logical_or.reduce(around))
        assert not vanished, "black dots of the page are white on the label"
