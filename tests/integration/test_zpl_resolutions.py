"""The ZPL cases, where they lie beside the checkout, on heads of 300 and 600 dpi: barcodes, modules and sizes."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from labeld.renderers.media import Resolution

from ..conformance import door
from ..conformance.cases import Case, cases, in_two_processes, scorer
from ..conformance.modules import measured

pytest.importorskip("scipy", reason="the scorer's reader needs SciPy")

ALL = cases()
#: Which commands draw the symbols of a format; others are graphics, whose modules are as wide as in the picture.
COMMANDS = {
    "Aztec": {"^B0", "^BO"},
    "Codabar": {"^BK"},
    "Code128": {"^BC"},
    "Code39": {"^B3", "^BL"},
    "Code93": {"^BA"},
    "DataBarExpanded": {"^BR"},
    "DataBarLimited": {"^BR"},
    "DataBarOmni": {"^BR"},
    "DataBarStacked": {"^BR"},
    "DataMatrix": {"^BX"},
    "EAN13": {"^BE", "^BU"},
    "EAN8": {"^B8"},
    "ITF": {"^B2"},
    "MicroPDF417": {"^BF"},
    "PDF417": {"^B7"},
    "QRCode": {"^BQ"},
    "UPCA": {"^BU"},
    "UPCE": {"^B9"},
}
#: An edge falls on a whole dot on both heads, so a length may differ by two dots of the coarser one (mm).
ROUNDING_MM = 0.25

pytestmark = [
    pytest.mark.cases,
    pytest.mark.skipif(not ALL, reason="no ZPL cases beside this checkout"),
]


@dataclass(frozen=True, slots=True)
class Seen:
    """A case on a head: what is missing, which barcodes have no whole modules, and sides of the ink in mm."""

    name: str
    missing: tuple[tuple[str, str], ...]
    uneven: tuple[str, ...]
    original: tuple[float, float]
    size: tuple[float, float]
    has_symbols: bool


@pytest.fixture(scope="module", params=[300, 600])
def seen(request: pytest.FixtureRequest) -> list[Seen]:
    """Every case on a head of so many dpi."""
    return in_two_processes(partial(look, dpi=request.param), ALL)


def look(case: Case, dpi: int) -> Seen:
    per_mm = float(Resolution(dpi).dots_per_mm)
    width, height = (int(side * per_mm / 8) for side in (case.width, case.height))
    first = door.labels(case.zpl, case.width, case.height)[case.index]
    label = door.labels(case.zpl, width, height, dpi)[case.index]
    bits = label.bits()
    alone = door.barcodes(case.zpl, width, height, dpi)[case.index]  # lines may be drawn over symbols
    commands = set(case.entry["commands"])
    has_symbols = any(command.startswith("^B") and command != "^BY" for command in commands)
    uneven = [
        f"{one.format} {one.text[:20]!r}: {one.widths}"
        for one in (measured(alone.bits()) if has_symbols else ())
        if not one.whole and COMMANDS.get(one.format, set()) & commands
    ]
    sides = [
        (0.0, 0.0) if box is None else ((box[2] - box[0]) / unit, (box[3] - box[1]) / unit)
        for box, unit in ((first.ink_box(), 8.0), (label.ink_box(), per_mm))
    ]
    return Seen(case.name, unread(bits, case.symbols), tuple(uneven), sides[0], sides[1], has_symbols)


def unread(bits: NDArray[np.bool_], wanted: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Which symbols are not read, from the dots or from coarser pictures of them, as scanners take."""
    left = set(wanted)
    for factor in (1, 2, 3):
        if left:
            high, wide = (side // factor * factor for side in bits.shape)
            blocks = bits[:high, :wide].reshape(high // factor, factor, wide // factor, factor)
            coarse = blocks.mean(axis=(1, 3)) > 0.5
            left -= set(scorer().decode(np.where(coarse, np.uint8(0), np.uint8(255)), left))
    return tuple(sorted(left))


def test_every_barcode_reads_the_same(seen: list[Seen]) -> None:
    missing = {one.name: one.missing for one in seen if one.missing}
    assert not missing, missing


def test_modules_are_whole_dots(seen: list[Seen]) -> None:
    uneven = {one.name: one.uneven for one in seen if one.uneven}
    assert not uneven, uneven


def test_a_label_keeps_its_size(seen: list[Seen]) -> None:
    wrong = {}
    for one in seen:
        apart = [abs(new - old) - max(0.01 * old, ROUNDING_MM) for new, old in zip(one.size, one.original, strict=True)]
        # whole modules make a symbol larger or smaller, and a label whose edge it is
        if max(apart) > 0 and not one.has_symbols:
            wrong[one.name] = (one.original, one.size)
    assert not wrong, wrong
