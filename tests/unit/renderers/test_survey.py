"""Which pages are paper: a label must never be taken for some, whatever else is on the page."""

import io
from pathlib import Path
from random import Random

import pypdfium2 as pdfium
import pytest
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from tests.papers import A4, LETTER, ORDER, TRACKING, Page, blank, label, pdf, slip

from labeld.renderers.artwork import Target
from labeld.renderers.asset import PDF, ZPL, Asset, unwrap
from labeld.renderers.contents import Contents
from labeld.renderers.convert import page_count
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Media, Resolution
from labeld.renderers.survey import survey

from .layouts import WITH_LABELS
from .pages import Pen, Scene, draw_label

CASES = Path(__file__).parents[4] / "shared/labels/cases"
#: what TikTok's document types say
LABEL, BOTH, PAPER = Contents(label=True), Contents(label=True, slip=True), Contents(label=False)


def sort(data: bytes, contents: Contents, tracking: str | None = None, media: str = "4x6in") -> list[str]:
    """The kinds of the pages."""
    target = Target(media=Media.parse(media), resolution=Resolution(203), tracking_number=tracking)
    return [page.kind for page in survey(Asset(data, PDF), target, contents)]


@pytest.mark.parametrize("size", [A4, LETTER])
def test_a_slip_of_a4_or_letter_goes_apart_from_its_label(size: tuple[float, float]) -> None:
    data = pdf(label(), slip(size=size), slip(ORDER, size), blank)
    assert sort(data, Contents(label=True, numbers=(ORDER,))) == ["label", "document", "document", "blank"]
    assert sort(data, BOTH, TRACKING) == ["label", "document", "document", "blank"]


def test_each_page_says_what_it_is() -> None:
    target = Target(media=Media.parse("4x6in"), resolution=Resolution(203))
    pages = survey(Asset(pdf(label(), slip(size=LETTER), slip("JD0123456789X")), PDF), target, BOTH)
    assert [page.words for page in pages] == [
        "A6",
        "Letter",
        "A4, with Code 128 'JD0123456789X', which may be a carrier's",
    ]
    assert pages[2].kind == "doubt"


def test_a_label_on_a4_stays_and_its_slip_goes() -> None:
    data = pdf(label(size=A4), slip())
    assert sort(data, BOTH, TRACKING) == ["label", "document"]


@pytest.mark.parametrize(
    ("page", "tracking"),
    [
        (slip("TT9876543210"), TRACKING),  # of the same make as the parcel's number: another parcel?
        (slip(TRACKING), TRACKING),
        (slip("JD0123456789X", high=20), TRACKING),  # bars as high as a carrier's
        (slip("JD0123456789X"), None),
    ],
)
def test_a_barcode_that_may_be_a_carriers_is_a_doubt(page: Page, tracking: str | None) -> None:
    assert sort(pdf(label(), page), BOTH, tracking) == ["label", "doubt"]


def drawn(scene: Scene) -> Page:
    """A page of `layouts`, whose barcodes nobody can read."""

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((scene.size[0] * mm, scene.size[1] * mm))
        pen = Pen(canvas, scene.size)
        for one in scene.labels:
            draw_label(pen, one)
        scene.rest(pen)

    return draw


@pytest.mark.parametrize("name", WITH_LABELS)
def test_a_label_among_other_things_is_no_paper_though_nothing_on_it_can_be_read(name: str) -> None:
    scene = WITH_LABELS[name](Random(7))  # noqa: S311  # layouts, not secrets
    (_, kind) = sort(pdf(label(), drawn(scene)), BOTH, TRACKING)
    assert kind in ("label", "doubt")


@pytest.mark.parametrize("lying", [False, True])
def test_bars_that_cannot_be_read_are_a_doubt(lying: bool) -> None:
    def page(canvas: Canvas) -> None:
        slip()(canvas)
        canvas.translate(120 * mm, 40 * mm)
        canvas.rotate(90 * lying)
        for bar in range(24):
            canvas.rect(bar * 1.1 * mm, 0, (0.4 + 0.3 * (bar % 2)) * mm, 12 * mm, stroke=0, fill=1)

    target = Target(media=Media.parse("4x6in"), resolution=Resolution(203), tracking_number=TRACKING)
    pages = survey(Asset(pdf(label(), page), PDF), target, BOTH)
    assert pages[1].words == "A4, with bars that cannot be read, and may be a carrier's"


def test_small_type_is_no_bars() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setPageSize((210 * mm, 297 * mm))
        for line in range(60):
            canvas.setFont("Helvetica", 5 + line % 5)
            canvas.drawString(10 * mm, (285 - line * 4.5) * mm, "Illinois |||| lllllll SKU-1111 HHHH |||| " * 4)

    assert sort(pdf(label(), page), BOTH, TRACKING) == ["label", "document"]


def test_where_the_label_is_not_found_nothing_is_paper() -> None:
    assert sort(pdf(slip(), slip()), BOTH, TRACKING) == ["doubt", "doubt"]
    # its barcode cannot be read, or is the shop's own, or is another parcel's
    assert sort(pdf(label(ORDER), slip()), Contents(label=True, numbers=(ORDER,))) == ["label", "doubt"]
    assert sort(pdf(label(""), slip()), LABEL) == ["label", "doubt"]
    assert sort(pdf(label("TT9876543210"), slip()), BOTH, TRACKING) == ["label", "doubt"]


def test_a_document_that_is_one_page_of_a_label_type_is_a_label() -> None:
    assert sort(pdf(slip()), BOTH) == ["label"]


def test_what_is_no_shipping_label_is_paper_where_it_is_as_large() -> None:
    assert sort(pdf(slip("UN1993", high=30)), PAPER) == ["document"]
    assert sort(pdf(slip(), label()), PAPER) == ["document", "document"]
    assert sort(pdf(label()), PAPER) == ["label"]


def test_stock_as_large_as_the_page_takes_it() -> None:
    assert sort(pdf(label(), slip()), BOTH, TRACKING, media="a4") == ["label", "label"]


def test_a_short_slip_whose_ink_fits_the_stock_stays() -> None:
    def short(canvas: Canvas) -> None:
        canvas.setPageSize((595, 842))
        canvas.drawString(60, 700, "Thank you for your order")

    assert sort(pdf(label(), short), BOTH, TRACKING) == ["label", "label"]


def test_zpl_has_no_pages_and_damage_is_refused() -> None:
    target = Target(media=Media.parse("4x6in"), resolution=Resolution(203))
    assert survey(Asset(b"^XA^XZ", ZPL), target, BOTH) == ()
    with pytest.raises(AssetRefused):
        survey(Asset(pdf(label(), slip())[:900], PDF), target, BOTH)


@pytest.mark.skipif(not CASES.is_dir(), reason="no carriers' labels beside this checkout")
def test_no_page_of_a_carrier_is_paper() -> None:
    for path in sorted(CASES.glob("*.pdf")):
        asset = unwrap(path.read_bytes())
        for stock in ("4x6in", "100x150mm"):
            target = Target(media=Media.parse(stock), resolution=Resolution(203), scaling="none")
            kinds = {page.kind for page in survey(asset, target, BOTH)}
            assert "document" not in kinds, (path.name, stock)


@pytest.mark.skipif(not CASES.is_dir(), reason="no carriers' labels beside this checkout")
def test_behind_the_parcels_label_the_pages_of_other_carriers_are_no_paper() -> None:
    large = ("canadapost_letterland_training", "dhlexpress_a4land_2pages", "dpdfr_a4_rotated", "usps_ga_letterland")
    target = Target(media=Media.parse("4x6in"), resolution=Resolution(203), scaling="none", tracking_number=TRACKING)
    for name in large:
        both = pdfium.PdfDocument.new()
        for data in (pdf(label()), (CASES / f"{name}.pdf").read_bytes()):
            both.import_pages(pdfium.PdfDocument(data))
        out = io.BytesIO()
        both.save(out)
        asset = Asset(out.getvalue(), PDF)
        assert page_count(asset) > 1
        kinds = [page.kind for page in survey(asset, target, BOTH)]
        assert "document" not in kinds, (name, kinds)
