"""Labels as pages for queues that draw PDF: written, read back, and nothing else taken for them."""

import zlib
from fractions import Fraction

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.renderers.paper import dots

from labeld.renderers import pages, pdffile
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Media, Resolution
from labeld.renderers.write import to_pdf

WIDTH, HEIGHT = 61, 47
ONE, OTHER = (Bitmap.from_bits(bits) for bits in (dots(WIDTH, HEIGHT), ~dots(WIDTH, HEIGHT)))
WRITTEN = pages.for_queue([ONE, OTHER], 203, 3)


def refused(data: bytes, dpi: int = 203, width: int = WIDTH) -> bool:
    try:
        list(pages.read(data, width, HEIGHT, dpi))
    except AssetRefused:
        return True
    return False


@settings(max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([203, 300, 600]), st.integers(1, 4), st.data())
def test_labels_come_back_as_they_went(width: int, height: int, dpi: int, copies: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 3))
    labels = [Bitmap.from_bits(np.roll(dots(width, height), shift, 0)) for shift in range(count)]
    found = list(pages.read(pages.for_queue(labels, dpi, copies), width, height, dpi))
    assert [label for label, _ in found] == labels
    assert {number for _, number in found} == {copies}


def test_a_page_is_as_large_as_its_dots_are_to_the_queue() -> None:
    paper = Media.parse("4x6in").drawn_at(Resolution(203))
    label = Bitmap.blank(*Resolution(203).size(paper))
    assert (label.width, label.height) == (812, 1218)
    with pypdfium2.PdfDocument(pages.for_queue([label], 203)) as document:
        size = document[0].get_size()
    assert size == pytest.approx((288, 432), abs=0.001)


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("stock", ["4x6in", "a6", "100x150mm", "a4"])
def test_a_queue_fills_whole_dots_of_the_stock(stock: str, dpi: int) -> None:
    media, resolution = Media.parse(stock), Resolution(dpi)
    drawn = media.drawn_at(resolution)
    assert drawn.width <= media.width
    assert drawn.length <= media.length
    assert resolution.size(drawn) == (media.width * dpi // 2540, media.length * dpi // 2540)
    assert media.whole_at(dpi) == (stock == "4x6in")


@given(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255), st.sampled_from(["put", "set", "cut"]))
def test_no_other_byte_is_taken(at: int, value: int, how: str) -> None:
    spoiled = {
        "put": WRITTEN[:at] + bytes([value]) + WRITTEN[at:],
        "set": WRITTEN[:at] + bytes([value]) + WRITTEN[at + 1 :],
        "cut": WRITTEN[:at] + WRITTEN[at + 1 :],
    }[how]
    if spoiled == WRITTEN:
        return
    try:
        found = [*pages.read(spoiled, WIDTH, HEIGHT, 203)]
    except AssetRefused:
        return
    # only dots can be others, and they are dots again
    assert [(label.width, label.height, copies) for label, copies in found] == [(WIDTH, HEIGHT, 3)] * 2
    assert how == "set"


def test_what_is_not_of_this_writer_is_refused() -> None:
    assert not refused(WRITTEN)
    assert refused(WRITTEN, dpi=300)
    assert refused(WRITTEN, width=WIDTH + 1)
    assert refused(WRITTEN + b"\n")
    assert refused(b"%PDF-1.6\n")
    assert refused(b"")
    assert refused(WRITTEN + WRITTEN)
    assert refused(to_pdf([ONE], Resolution(203)))
    assert refused(WRITTEN.replace(b"/PrintScaling /None", b"/JavaScript (x)    "))
    assert refused(WRITTEN.replace(b"/Interpolate false", b"/Interpolate true "))
    assert refused(WRITTEN.replace(b"cm /Dots Do", b"cm /Dots do"))


@pytest.mark.parametrize(
    "packed",
    [
        zlib.compress(bytes(HEIGHT * 8 - 1)),
        zlib.compress(bytes(HEIGHT * 8 + 1)),
        zlib.compress(bytes(HEIGHT * 8)) + b"more",
        zlib.compress(bytes(HEIGHT * 8))[:-4],
        zlib.compress(bytes(50_000_000)),
        b"no deflate",
        b"",
    ],
    ids=["short", "long", "more", "cut", "bomb", "garbage", "empty"],
)
def test_packed_dots_are_exactly_the_labels(packed: bytes) -> None:
    image = pages.Image(WIDTH, HEIGHT, pdffile.coded_image(WIDTH, HEIGHT, packed))
    assert refused(pages.document([image], Fraction(203, 72)))


def test_more_pages_than_anybody_prints_are_refused() -> None:
    assert refused(pages.for_queue([Bitmap.blank(8, HEIGHT)], 203, 10_001), width=8)
