"""Carriers' own pages, where they lie beside the checkout; the boxes in mm were measured on the drawn pages."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from labeld.renderers import pdf, symbols
from labeld.renderers.image import ink_box
from labeld.renderers.layout import Region, find_labels
from labeld.renderers.media import Media, Resolution
from labeld.renderers.placement import Box, at_own_size

from .pages import A4, Pen, Scene

CASES = Path(__file__).parents[4] / "shared/labels/cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="no carriers' labels beside this checkout")


def drawn(name: str, number: int, dpi: int) -> tuple[NDArray[np.uint8], list[Box]]:
    """A page of a file in grey, and the boxes of its barcodes in 1/100 mm."""
    with pdf.open_page((CASES / f"{name}.pdf").read_bytes(), number) as sheet:
        pictures = []
        for resolution in (Resolution(dpi), Resolution(300)):
            placement, width, height = at_own_size(sheet.size, (0.0, 0.0, *sheet.size), resolution)
            pictures.append(sheet.draw(placement, resolution, (0, 0, width, height)))
    unit = 100 / float(Resolution(300).dots_per_mm)
    boxes = [
        (place[0] * unit, place[1] * unit, place[2] * unit, place[3] * unit)
        for place in (symbol.position for symbol in symbols.read(np.ascontiguousarray(pictures[1])))
    ]
    return pictures[0], boxes


def look(name: str, number: int, stock: str, dpi: int = 203) -> tuple[Region, ...]:
    """Find the labels on a page of a file."""
    grey, boxes = drawn(name, number, dpi)
    return find_labels(grey, float(Resolution(dpi).dots_per_mm), boxes, Media.parse(stock))


@pytest.mark.parametrize("dpi", [102, 203])
@pytest.mark.parametrize(
    ("name", "number", "stock", "expected"),
    [
        ("usps_ga_letterland", 1, "4x6in", [(21.2, 31.8, 122.8, 184.2)]),
        ("usps_ga_letterland", 1, "4x8in", [(21.2, 31.8, 122.8, 184.2)]),
        ("canadapost_letterland_training", 1, "4x8in", [(165.3, 26.4, 267.1, 186.7)]),
        (
            "syn_a4_4up", 1, "4x6in",
            [
                (1.9, 2.4, 103.1, 146.7), (106.9, 2.4, 208.1, 146.7),
                (1.9, 150.9, 103.1, 295.3), (106.9, 150.9, 208.1, 295.3),
            ],
        ),
        ("dpdfr_a4_rotated", 1, "105x165mm", [(14.4, 12.9, 178.6, 116.4)]),
        ("postat_a5", 1, "4x8in", [(25.8, 12.6, 122.9, 192.6)]),
        ("dhlexpress_a4land_2pages", 1, "4x8in", [(34.0, 15.0, 125.6, 187.7)]),
        ("dhlexpress_a4land_2pages", 2, "99x200mm", [(34.0, 15.0, 125.6, 195.5)]),
        ("dhlexpress_waybilldoc_a4land", 1, "100x200mm", [(14.6, 5.0, 113.7, 203.7)]),
    ],
)  # fmt: skip
def test_the_label_is_found(name: str, number: int, stock: str, expected: list[tuple[float, ...]], dpi: int) -> None:
    found = look(name, number, stock, dpi)
    assert [pytest.approx(box, abs=0.3) for box in expected] == [
        tuple(side / 100 for side in region.box) for region in found
    ]


@pytest.mark.parametrize("dpi", [102, 203])
@pytest.mark.parametrize(
    ("name", "stock"),
    [
        ("upsfreight_bol_215x295", "4x6in"),
        ("upsfreight_bol_215x295", "4x8in"),
        ("postat_a5", "4x6in"),
        ("dpdfr_a4_rotated", "4x6in"),
        ("dhlexpress_a4land_2pages", "4x6in"),
        ("dhlexpress_waybilldoc_a4land", "4x6in"),
        ("canadapost_letterland_training", "4x6in"),
        ("usps_ga_letterland", "100x150mm"),
    ],
)
def test_nothing_is_found_where_the_label_is_larger_than_the_stock(name: str, stock: str, dpi: int) -> None:
    assert look(name, 1, stock, dpi) == ()


@pytest.mark.parametrize(
    "name",
    ["usps_ga_4x6", "ups_gif_4x6_7in", "fedex_intl2day_4x6_3pages", "landmark_4x6", "dpdfr_a6", "upsfreight_4x6"],
)
@pytest.mark.parametrize("line", [True, False])
def test_a_carriers_label_turned_in_the_upper_half_of_a4_is_found(name: str, line: bool) -> None:
    def rest(pen: Pen) -> None:
        if line:
            pen.rule(4, 148.5, 206, 148.5, 0.7, (3, 2))
        pen.prose(15, 165, 180, 8, Random(1))  # noqa: S311

    grey, boxes = drawn(name, 1, 203)
    ink = ink_box(grey, (8.0, 8.0))
    assert ink is not None
    left, top, right, bottom = (round(side * 0.08) for side in ink)
    label = np.rot90(grey[top:bottom, left:right], -1)
    page, _, _, _ = Scene(A4, (), rest).page()
    page = page.copy()
    page[80 : 80 + label.shape[0], 96 : 96 + label.shape[1]] = label
    turned = [
        (1200 + ink[3] - box[3], 1000 + box[0] - ink[0], 1200 + ink[3] - box[1], 1000 + box[2] - ink[0])
        for box in boxes
    ]
    (found,) = find_labels(page, 8.0, turned, Media.parse("4x6in"))
    truth = (1200, 1000, 1200 + label.shape[1] * 12.5, 1000 + label.shape[0] * 12.5)
    assert found.box == pytest.approx(truth, abs=14)


def test_a_page_number_far_below_is_not_taken_off_a_column_that_may_be_one_long_label() -> None:
    assert look("dhlexpress_a4land_2pages", 2, "4x6in") == ()
