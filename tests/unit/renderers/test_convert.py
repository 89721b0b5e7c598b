import pickle

import pytest
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX, code128, dots, pdf, picture, pixels, shipping

from labeld.renderers import symbols
from labeld.renderers.asset import PDF, PNG, ZPL, Asset, unwrap
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import BlankPage, Target, convert, convert_page, page_count
from labeld.renderers.errors import AssetRefused, CommandRefused, DoesNotFit, SymbolLost
from labeld.renderers.media import Media, Resolution
from labeld.renderers.zpl.label import labels_in, wrap
from labeld.renderers.zpl.picture import draw


def _target(dpi: Resolution = DPI_203, **changes: object) -> Target:
    return Target(media=FOUR_BY_SIX, resolution=dpi, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("encoding", ["ascii", "rle", "z64"])
def test_a_pdf_label_becomes_zpl_whose_dots_scan(dpi: int, encoding: str) -> None:
    target = _target(Resolution(dpi), graphic_encoding=encoding, tracking_number="TT0123456789")
    artwork = convert(unwrap(shipping()), target)
    (page,) = artwork.pages
    assert artwork.data.startswith(b"^XA^PW%d^LH0,0^FWN,0^FO0,0,0^GFA," % target.resolution.size(FOUR_BY_SIX)[0])
    assert artwork.labels == labels_in(artwork.data) == 1
    assert [(symbol.format, symbol.text) for symbol in page.symbols] == [("Code 128", "TT0123456789")]
    (printed,) = draw(artwork.data, *target.resolution.size(FOUR_BY_SIX))
    assert printed.bitmap == page.bitmap
    assert [symbol.text for symbol in symbols.read(printed.bitmap)] == ["TT0123456789"]
    assert page.engine == "pdfium"
    assert page.notes == ()


def test_a6_prints_at_its_own_size_on_4x6() -> None:
    (page,) = convert(unwrap(shipping(size_mm=(105, 148))), _target()).pages
    assert page.placement is not None
    assert (page.placement.scale, page.placement.rotation) == (1.0, 0)
    assert page.bitmap is not None
    box = page.bitmap.ink_box()
    assert box is not None
    assert box[2] - box[0] == pytest.approx(85 * 8, abs=4)


def test_scaling_is_never_silent() -> None:
    data = shipping(size_mm=(160, 240))
    with pytest.raises(DoesNotFit, match=r"140\.\d x 220\.\d mm"):
        convert(unwrap(data), _target(scaling="none"))
    (page,) = convert(unwrap(data), _target(DPI_300)).pages
    assert page.placement is not None
    assert page.placement.scale < 0.71
    assert page.notes == (page.placement.because,)


def _fine(text: str = "M200TEST") -> bytes:
    """A barcode that 203 dpi cannot hold."""
    return pdf([lambda canvas: code128(canvas, text, 15, 70, 0.15)])


def test_a_lost_barcode_is_held_with_the_picture_of_the_fault() -> None:
    with pytest.raises(SymbolLost, match=r"do not scan .* 203 dpi: Code 128 'M200TEST'") as caught:
        convert(unwrap(_fine()), _target())
    fault = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # it crosses from the worker process
    assert fault.artwork.bitmap.ink_box() is not None
    assert fault.artwork.data.startswith(b"^XA")
    assert str(fault) in fault.artwork.notes
    assert convert(unwrap(_fine()), _target(Resolution(600))).notes == ()


def test_without_verification_the_notes_tell() -> None:
    artwork = convert(unwrap(_fine()), _target(verify=False))
    assert artwork.data.startswith(b"^XA")
    (note,) = artwork.notes
    assert "M200TEST" in note


def test_another_parcels_tracking_number_is_held() -> None:
    with pytest.raises(SymbolLost, match="barcodes say TT0123456789, not tracking number TT99"):
        convert(unwrap(shipping()), _target(tracking_number="TT99"))
    unchecked = convert(unwrap(shipping()), _target(tracking_number="TT99", verify=False))
    assert unchecked.notes == ("the label's barcodes say TT0123456789, not tracking number TT99",)


def _two_up(*texts: str) -> bytes:
    def draw(canvas: Canvas) -> None:
        for place, text in enumerate(texts):
            canvas.rect(55 * mm, (155 - 140 * place) * mm, 100 * mm, 130 * mm)
            canvas.drawString(60 * mm, (270 - 140 * place) * mm, f"Parcel {text}")
            code128(canvas, text, 65, 200 - 140 * place)

    return pdf([draw], (210, 297))


def test_each_of_several_labels_on_a_page_must_be_the_parcels() -> None:
    both = convert(unwrap(_two_up("TT0000000001", "TT0000000002")), _target())
    assert [page.name for page in both.pages] == ["1-1", "1-2"]
    assert both.labels == 2
    assert [page.symbols[0].text for page in both.pages] == ["TT0000000001", "TT0000000002"]
    with pytest.raises(SymbolLost, match="label 1-2 says TT0000000002, not tracking number TT0000000001") as caught:
        convert(unwrap(_two_up("TT0000000001", "TT0000000002")), _target(tracking_number="TT0000000001"))
    assert caught.value.artwork is not None
    assert caught.value.artwork.name == "1-2"


PLAIN = pdf([lambda canvas: canvas.drawString(100, 100, "no barcode here")])
BOX = b"^XA^PW812^FO10,10^GB700,1100,4^FS^XZ"


@pytest.mark.parametrize("data", [PLAIN, BOX])
def test_a_label_without_barcodes_prints_only_where_none_is_due(data: bytes) -> None:
    artwork = convert(unwrap(data), _target())
    assert artwork.notes == ("nothing to verify: no barcode on the label",)
    assert convert_page(unwrap(data), 1, _target())[0].notes == artwork.notes
    for call in (convert, lambda asset, target: convert_page(asset, 1, target)):
        with pytest.raises(SymbolLost, match="no barcode was found, tracking number TT99 should be in one") as caught:
            call(unwrap(data), _target(tracking_number="TT99"))
        assert caught.value.artwork is not None
        assert caught.value.artwork.notes == (str(caught.value),)


def test_zpl_that_needs_what_the_printer_holds_is_not_verified_rather_than_held() -> None:
    artwork = convert(unwrap(STORED), _target(tracking_number="TT99"))
    assert artwork.data == STORED
    assert artwork.pages[0].bitmap is None
    assert artwork.notes[-1] == (
        "not verified: graphic 'E:LOGO' is stored in the printer, not sent here, so it is left out (byte 17)"
    )
    with pytest.raises(SymbolLost, match="no barcode was found, tracking number TT99"):
        convert(unwrap(TEXT), _target(tracking_number="TT99"))


def test_the_tracking_number_may_be_on_any_page() -> None:
    label, slip = (lambda canvas: code128(canvas, "TT0123456789", 10, 50)), lambda canvas: code128(canvas, "OR7", 10, 9)
    both = unwrap(pdf([label, slip]))
    for order in (both, unwrap(pdf([slip, label]))):
        assert convert(order, _target(tracking_number="TT0123456789")).labels == 2
    with pytest.raises(SymbolLost, match="barcodes say TT0123456789, OR7, not tracking number TT99") as caught:
        convert(both, _target(tracking_number="TT99"))
    assert caught.value.artwork is not None
    assert caught.value.artwork.number == 1
    with pytest.raises(SymbolLost, match="barcodes say OR7, not"):
        convert_page(both, 2, _target(tracking_number="TT0123456789"))
    plain = unwrap(pdf([label, lambda canvas: canvas.drawString(100, 100, "packing slip")]))
    assert convert(plain, _target(tracking_number="TT0123456789")).notes == convert(plain, _target()).notes == ()


def test_pages_become_labels_and_blank_ones_are_skipped() -> None:
    def page(text: str) -> object:
        return lambda canvas: code128(canvas, text, 10, 50)

    asset = unwrap(pdf([page("PAGE1"), lambda canvas: None, page("PAGE3")]))  # type: ignore[list-item]
    assert page_count(asset) == 3
    artwork = convert(asset, _target(copies=2))
    assert [(page.number, page.symbols[0].text) for page in artwork.pages] == [(1, "PAGE1"), (3, "PAGE3")]
    assert artwork.labels == labels_in(artwork.data) == 4
    assert artwork.notes == ("page 2 is blank and was skipped",)
    assert artwork.data == b"".join(page.data for page in artwork.pages)
    assert [page.number for page in convert(asset, _target(pages=(3,))).pages] == [3]
    with pytest.raises(BlankPage, match="page 2 is blank"):
        convert(asset, _target(pages=(2,)))


def test_a_blank_label_is_refused() -> None:
    for size in ((101.6, 152.4), (210, 297)):
        with pytest.raises(BlankPage, match="the page is blank"):
            convert(unwrap(pdf([lambda canvas: None], size)), _target())


def test_png_target_is_the_dots_themselves() -> None:
    artwork = convert(unwrap(shipping()), _target(document_format=PNG))
    assert Bitmap.from_png(artwork.data) == artwork.pages[0].bitmap
    two = pdf([lambda canvas: code128(canvas, "A1", 10, 50)] * 2)
    with pytest.raises(AssetRefused, match="choose a page"):
        convert(unwrap(two), _target(document_format=PNG))


def test_pdf_target_prints_the_same_dots_again() -> None:
    two = pdf([lambda canvas: code128(canvas, "FIRST1", 10, 50), lambda canvas: code128(canvas, "SECOND2", 10, 50)])
    artwork = convert(unwrap(two), _target(document_format=PDF))
    assert artwork.labels == page_count(unwrap(artwork.data)) == 2
    assert artwork.data == convert(unwrap(two), _target(document_format=PDF)).data, "no dates inside"
    again = convert(unwrap(artwork.data), _target())
    for before, after in zip(artwork.pages, again.pages, strict=True):
        assert before.bitmap is not None and after.bitmap is not None
        assert before.bitmap == after.bitmap
        assert before.symbols[0].text == after.symbols[0].text


def test_a_picture_at_the_heads_resolution_is_copied_dot_for_dot() -> None:
    array = dots(812, 1219)
    (page,) = convert(Asset(picture(pixels(array), dpi=203), PNG), _target()).pages
    assert page.bitmap == Bitmap.from_bits(array)
    assert page.engine == "pillow"


def test_grey_print_is_not_lost() -> None:
    grey = Asset(picture(pixels(dots(812, 1219)).point(lambda value: max(value, 150)), dpi=203), PNG)
    assert convert(grey, _target()).pages[0].bitmap == Bitmap.from_bits(dots(812, 1219))


DRAWN = wrap(Bitmap.from_bits(dots(812, 1219)), "z64")
TEXT = b"^XA^PW812^FO10,10^A0N,30^FDHello^FS^XZ"
STORED = b"^XA^PW812^FO10,10^XGE:LOGO.GRF^FS^FO10,100^A0N,30^FDHello^FS^XZ"


def test_zpl_of_the_right_resolution_passes_unchanged() -> None:
    artwork = convert(unwrap(TEXT), _target())
    assert artwork.data == TEXT
    (picture,) = draw(TEXT, 812, 1219)
    assert artwork.pages[0].bitmap == picture.bitmap
    assert artwork.notes == ("nothing to verify: no barcode on the label",)
    assert convert(unwrap(TEXT), _target(copies=3)).data == TEXT * 3
    assert convert(unwrap(TEXT), _target(copies=3)).labels == 3


def test_zpl_that_can_be_drawn_is_verified() -> None:
    label = convert(unwrap(shipping()), _target()).data
    artwork = convert(unwrap(label), _target(tracking_number="TT0123456789"))
    assert artwork.data == label
    assert [symbol.text for symbol in artwork.pages[0].symbols] == ["TT0123456789"]
    with pytest.raises(SymbolLost, match="not tracking number"):
        convert(unwrap(label), _target(tracking_number="TT99"))


def test_zpl_may_ask_for_a_hundred_of_each_label() -> None:
    most = BOX.replace(b"^XZ", b"^PQ100^XZ")
    assert convert(unwrap(most), _target()).labels == 100
    assert "the ZPL prints 100 labels" in convert(unwrap(most), _target()).notes
    assert convert(unwrap(most + BOX), _target()).labels == 101


def test_the_print_width_is_set_back_to_the_stocks() -> None:
    artwork = convert(unwrap(BOX.replace(b"^PW812", b"^PW780")), _target())
    assert artwork.data.endswith(b"^XZ^XA^PW812^XZ")
    assert artwork.labels == 1


def test_zpl_of_another_resolution_is_scaled_and_says_so() -> None:
    artwork = convert(unwrap(TEXT), _target(DPI_300))
    assert "made for 203 dpi, so scaled to 300 dpi command by command" in artwork.notes
    assert artwork.labels == 1
    (page,), (small,) = artwork.pages, convert(unwrap(TEXT), _target()).pages
    assert page.bitmap is not None and small.bitmap is not None
    assert page.bitmap.width == 1200
    box, before = page.bitmap.ink_box(), small.bitmap.ink_box()
    assert box is not None and before is not None
    assert box == pytest.approx([side * 11.8 / 8 for side in before], abs=2)
    assert convert(unwrap(TEXT), _target(DPI_300, design_dpi=300)).data == TEXT + b"^XA^PW1200^XZ"
    unsized = b"^XA^FO10,10^A0N,30^FDHello^FS^XZ"
    notes = convert(unwrap(unsized), _target()).notes
    assert any("assumed that the ZPL is made for 203 dpi" in note for note in notes)


def test_zpl_becomes_a_file_only_when_all_of_it_is_drawn() -> None:
    artwork = convert(unwrap(DRAWN), _target(document_format=PNG))
    assert Bitmap.from_png(artwork.data) == Bitmap.from_bits(dots(812, 1219))
    for document_format in (PDF, PNG):
        with pytest.raises(AssetRefused, match=r"on a printer that holds what it needs.*'E:LOGO'"):
            convert(unwrap(STORED), _target(document_format=document_format))
        partly = convert(unwrap(STORED), _target(document_format=document_format, verify=False))
        assert any("'E:LOGO' is stored in the printer" in note for note in partly.notes)
        (picture,) = draw(b"^XA^FO10,100^A0N,30^FDHello^FS^XZ", 812, 1219)
        assert partly.pages[0].bitmap == picture.bitmap


@pytest.mark.parametrize(
    ("zpl", "error", "words"),
    [
        (b"^XA~JR^FDa^FS^XZ", CommandRefused, "'~JR' at byte 3"),
        (b"^XA^FO1,1^FDa^FS", AssetRefused, "cut off"),
        (b"^XA^PW812^XZ", BlankPage, "prints nothing"),
        (b"^XA^FO9000,1^GB9,9,9^FS^XZ", BlankPage, "blank label"),
        (b"^XA^FO1,1^GB9,9,9^FS^PQ101^XZ", AssetRefused, "asks for 101 labels of one format"),
        (b"^XA^GB9,9,9^FS^PQ201^XZ^XA^GB9^FS^XZ^XA^PQ9^XZ", AssetRefused, "201 labels of one format.*: over 100$"),
        (b"^XA^GB9,9,9^FS^PQ00000000000500^XZ", AssetRefused, "asks for 500"),
        (b"^XA^GB9,9,9^FS^PQ500x^XZ", AssetRefused, "asks for 500"),
        (b"^XA^GB9,9,9^FS^PQ" + b"9" * 5000 + b"^XZ", AssetRefused, "asks for 99999999 labels"),
        (b"^XA^GFA," + b"9" * 5000 + b",1,1,FF^FS^XZ", AssetRefused, "does not begin"),
        (b"^XA^GFA,1," + b"9" * 5000 + b",1,FF^FS^XZ", AssetRefused, "does not begin"),
        (b"^XA^GFB," + b"9" * 5000 + b",1,1,a^FS^XZ", AssetRefused, "its lengths"),
        (b"~DGR:A," + b"9" * 5000 + b",1,FF^XA^XGR:A^FS^XZ", AssetRefused, "two lengths"),
    ],
)
def test_zpl_refusals(zpl: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        convert_page(unwrap(zpl), 1, _target(design_dpi=203))


def test_targets_are_checked() -> None:
    with pytest.raises(AssetRefused, match="not text/plain"):
        _target(document_format="text/plain")
    with pytest.raises(DoesNotFit, match="too many"):
        Target(media=Media.parse("2000x2000mm"), resolution=DPI_300)
    with pytest.raises(AssetRefused, match="no page 2"):
        convert_page(Asset(TEXT, ZPL), 2, _target())
