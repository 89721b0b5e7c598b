"""Pages of merged files: what they show, and that one taken out looks as it did."""

import io

import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.merged_files import label, labels, merged, pic, slip
from tests.papers import blank

from labeld.renderers import pdf
from labeld.renderers.asset import Asset, unwrap
from labeld.renderers.contents import MAX_MERGED, PageReading
from labeld.renderers.errors import AssetRefused
from labeld.renderers.merged import carve, count, picture, read_page
from labeld.renderers.tracking import Tracking

ORDER = "576653688135258178"


def read(data: bytes) -> list[PageReading]:
    asset = unwrap(data)
    return [read_page(asset, number) for number in range(1, count(asset) + 1)]


def test_each_page_is_what_it_shows() -> None:
    pages = read(merged(label(pic(1), ORDER), slip(ORDER, 1, 2), slip(ORDER, 2, 2), label(pic(2), raster=True), blank))
    assert [page.kind for page in pages] == ["label", "sheet", "sheet", "label", "blank"]
    assert [page.slip for page in pages] == [False, True, False, False, False]
    assert [page.written for page in pages] == [True, True, True, False, False]
    assert pages[0].numbers == (Tracking(0, pic(1), "USPS"),)
    assert pages[3].numbers == (Tracking(0, pic(2), "USPS"),)
    assert ORDER in pages[0].mentions
    assert ORDER in pages[1].mentions


def test_a_page_that_was_taken_out_looks_as_it_did_and_brings_nothing_of_the_others() -> None:
    whole = unwrap(merged(label(pic(1)), label(pic(2), raster=True), slip(ORDER)))
    for number in (1, 2, 3):
        alone = unwrap(carve(whole, (number,)))
        assert count(alone) == 1
        assert read_page(alone, 1).digest == read_page(whole, number).digest
    assert [read_page(unwrap(carve(whole, (1, 3))), place).digest for place in (1, 2)] == [
        read_page(whole, place).digest for place in (1, 3)
    ]
    assert len(carve(whole, (1,))) < len(carve(whole, (2,)))
    assert pic(2) not in pdf.text_of(carve(whole, (1,)), 1)


def form() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, (288, 432), invariant=True)
    canvas.acroForm.textfield(value="FILLED IN 12345678", x=40, y=200, width=200, height=30)
    canvas.showPage()
    canvas.drawString(40, 200, "second")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_what_was_filled_into_a_form_stays_on_its_page() -> None:
    whole = unwrap(form())
    alone = unwrap(carve(whole, (1,)))
    assert read_page(alone, 1).digest == read_page(whole, 1).digest
    assert read_page(alone, 1).kind != "blank"


def turned_and_scaled() -> bytes:
    data = merged(label(pic(1)), label(pic(2)))
    return data.replace(b"/MediaBox", b"/UserUnit 2.0 /Rotate 90 /MediaBox")


def test_a_turned_page_of_another_unit_stays_so() -> None:
    whole = unwrap(turned_and_scaled())
    assert read_page(unwrap(carve(whole, (2,))), 1).digest == read_page(whole, 2).digest


def test_a_file_may_have_more_pages_than_a_document_that_is_drawn_and_not_too_many() -> None:
    whole = unwrap(merged(*[blank] * (pdf.MAX_PAGES + 20), label(pic(1))))
    assert count(whole) == pdf.MAX_PAGES + 21
    assert read_page(whole, pdf.MAX_PAGES + 21).numbers[0].number == pic(1)
    with pytest.raises(AssetRefused, match="1 to 1000 are possible"):
        count(unwrap(merged(*[blank] * (MAX_MERGED + 1))))


def test_one_picture_is_a_file_of_one_page() -> None:
    png = picture(unwrap(labels(1)), 1)
    asset = unwrap(png)
    assert count(asset) == 1
    assert carve(asset, (1,)) == png
    assert read_page(asset, 1).kind == "label"


@pytest.mark.parametrize("data", [b"^XA^FDlabel^FS^XZ"])
def test_what_has_no_pages_is_refused(data: bytes) -> None:
    with pytest.raises(AssetRefused, match="only a PDF or one picture"):
        count(unwrap(data))


def test_a_page_that_is_not_there_is_refused() -> None:
    whole = unwrap(labels(1))
    for act in (lambda: read_page(whole, 2), lambda: carve(whole, (2,)), lambda: picture(whole, 2)):
        with pytest.raises(AssetRefused):
            act()
    with pytest.raises(AssetRefused):
        carve(Asset(b"%PDF-1.4\n%%EOF", whole.document_format), (1,))
