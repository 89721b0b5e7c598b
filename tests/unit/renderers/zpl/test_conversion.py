"""ZPL from others on its way to a printer or a file: as it is, made anew for another head, drawn."""

import numpy as np
import pypdfium2
import pytest
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX

from labeld.renderers.artwork import BlankPage, PageArtwork, Target
from labeld.renderers.asset import EPL, PDF, PNG, TSPL, ZPL, Asset
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import convert, convert_page
from labeld.renderers.errors import AssetRefused, DoesNotFit, SymbolLost
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.label import labels_in
from labeld.renderers.zpl.picture import draw

CODE = b"^FO100,300^BCN,200,N^FDTT0123456789^FS"
LABEL = b"^XA^PW812^LL1219^FO50,60^A0N,60^FDJane Doe^FS" + CODE + b"^FO20,20^GB772,1179,4^FS^XZ"
TWO = LABEL + b"^XA^FO100,300^BQN,2,8^FDQA,second^FS^FO9,1000^A0N,40^FDtwo^FS^PQ3^XZ"
FONT_A = LABEL.replace(b"^A0N,60", b"^AAN,9")
STORED = LABEL.replace(b"^FO50,60", b"^FO9,9^XGR:LOGO.GRF,1,1^FS^FO50,60")
UNPRINTABLE = LABEL.replace(b"^XZ", b"^FO100,700^BEN,100^FDletters^FS^XZ")


def target(dpi: Resolution = DPI_203, **changes: object) -> Target:
    return Target(media=FOUR_BY_SIX, resolution=dpi, **changes)  # type: ignore[arg-type]


def pages(zpl: bytes, dpi: Resolution = DPI_203, **changes: object) -> tuple[PageArtwork, ...]:
    return convert_page(Asset(zpl, ZPL), 1, target(dpi, **changes))


def page(zpl: bytes, dpi: Resolution = DPI_203, **changes: object) -> PageArtwork:
    (one,) = pages(zpl, dpi, **changes)
    return one


def texts(document: bytes) -> list[list[str]]:
    """The text of each page of a PDF."""
    found = []
    with pypdfium2.PdfDocument(document) as opened:
        for number in range(len(opened)):
            sheet = opened[number]
            found.append(sheet.get_textpage().get_text_range().split("\r\n"))
            sheet.close()
    return found


def _box(one: PageArtwork) -> tuple[int, int, int, int]:
    assert one.bitmap is not None
    box = one.bitmap.ink_box()
    assert box is not None
    return box


# --- to a printer that speaks ZPL


@pytest.mark.parametrize("zpl", [LABEL, LABEL.replace(b"^", b"\r\n^"), TWO, b"~DGR:A,8,1,80C0E0F0F8FCFEFF\n" + LABEL])
def test_zpl_for_the_same_head_goes_byte_for_byte(zpl: bytes) -> None:
    one = page(zpl)
    assert one.data == zpl
    assert [symbol.text for symbol in one.symbols][:1] == ["TT0123456789"]
    assert one.bitmap == draw(zpl, *DPI_203.size(FOUR_BY_SIX))[0].bitmap
    assert page(zpl, copies=2).data == zpl * 2


def test_the_barcodes_of_all_labels_are_verified() -> None:
    one = page(TWO)
    assert [(symbol.format, symbol.text) for symbol in one.symbols] == [
        ("Code 128", "TT0123456789"),
        ("QR Code", "second"),
    ]
    assert one.notes == ("the ZPL prints 4 labels",)
    spoilt = TWO.replace(b"^PQ3", b"^FO0,0^GB800,900,900^FS^PQ3")
    with pytest.raises(SymbolLost, match="QR Code 'second'"):
        page(spoilt)


@pytest.mark.parametrize("dpi", [300, 600])
def test_zpl_for_another_head_is_made_anew(dpi: int) -> None:
    head = Resolution(dpi)
    one = page(LABEL, head)
    assert one.data != LABEL
    assert labels_in(one.data) == 1
    assert f"made for 203 dpi, so scaled to {dpi} dpi command by command" in one.notes
    assert b"^FDJane Doe" in one.data and b"^GF" not in one.data, "text stays text"
    assert [symbol.text for symbol in one.symbols] == ["TT0123456789"]
    assert one.bitmap is not None
    assert (one.bitmap.width, one.bitmap.height) == head.size(FOUR_BY_SIX)
    factor = float(head.dots_per_mm / DPI_203.dots_per_mm)
    assert _box(one) == pytest.approx([side * factor for side in _box(page(LABEL))], abs=2)
    assert one.bitmap == draw(one.data, *head.size(FOUR_BY_SIX), head)[0].bitmap


def test_zpl_that_cannot_be_said_for_another_head_is_sent_as_dots() -> None:
    one = page(FONT_A, DPI_300)
    (note,) = [note for note in one.notes if "as a picture" in note]
    assert note.startswith("made for 203 dpi, so scaled to 300 dpi as a picture: ")
    assert note.endswith(" the bitmap font A at byte 24 has no size within 12% of the right one")
    assert one.data.startswith(b"^XA^PW1200^LH0,0^FWN,0^FO0,0,0^GFA")
    assert [symbol.text for symbol in one.symbols] == ["TT0123456789"]
    (printed,) = draw(one.data, *DPI_300.size(FOUR_BY_SIX), DPI_300)
    assert printed.bitmap == one.bitmap
    assert _box(one) == pytest.approx([side * 11.8 / 8 for side in _box(page(FONT_A))], abs=2)


def test_copies_of_what_is_sent_as_dots() -> None:
    one = page(FONT_A.replace(b"^XZ", b"^PQ2^XZ") + FONT_A, DPI_300)
    assert one.data.count(b"^XA") == 2
    assert labels_in(one.data) == 3
    assert page(FONT_A.replace(b"^XZ", b"^PQ2^XZ"), DPI_300, copies=2).data.count(b"^PQ2") == 2
    counting = b"^XA^FO9,9^AAN,9^SN1,1,Y^FS" + CODE + b"^PQ5,0,2^XZ"
    assert labels_in(page(counting, DPI_300, design_dpi=203).data) == 5


def test_what_the_printer_holds_is_not_drawn_for_it() -> None:
    one = page(STORED)
    assert one.data == STORED
    assert one.bitmap is None
    assert [symbol.text for symbol in one.symbols] == ["TT0123456789"]
    reason = f"graphic 'LOGO' is stored in the printer, not sent here, so it is left out (byte {STORED.index(b'^XG')})"
    assert one.notes[-1] == f"verified without what is not here: {reason}"
    with pytest.raises(AssetRefused, match="nowhere else: graphic 'LOGO' is stored in the printer"):
        page(STORED, DPI_300)
    recalled = b"^XA^XFR:SHIP.ZPL^FS^FN1^FDa^FS^XZ"
    with pytest.raises(AssetRefused, match="only the printer knows how many labels"):
        page(recalled)
    recalled = recalled.replace(b"^XZ", b"^PQ1^XZ")
    assert page(recalled).data == recalled
    assert page(recalled).notes[-1] == ("not verified: format 'SHIP' is stored in the printer, not sent here (byte 3)")


# --- barcodes that cannot be made


@pytest.mark.parametrize("document_format", [ZPL, PNG, PDF])
@pytest.mark.parametrize("dpi", [203, 300])
def test_a_barcode_that_cannot_be_made_holds_the_label(document_format: str, dpi: int) -> None:
    with pytest.raises(SymbolLost, match=r"1 barcode\(s\) do not scan .*: \^BE 'letters'") as caught:
        page(UNPRINTABLE, Resolution(dpi), document_format=document_format)
    held = caught.value.artwork
    assert held is not None
    assert any(note.startswith("^BE at byte ") and "does not print: " in note for note in held.notes)
    assert [symbol.text for symbol in held.symbols] == ["TT0123456789"]
    loose = page(UNPRINTABLE, Resolution(dpi), document_format=document_format, verify=False)
    assert any("^BE 'letters'" in note for note in loose.notes)
    assert any("does not print: " in note for note in loose.notes)


def test_a_label_of_nothing_but_such_a_barcode_is_held_and_not_blank() -> None:
    with pytest.raises(SymbolLost, match="letters"):
        page(b"^XA^FO9,9^BEN,100^FDletters^FS^XZ")


def test_a_barcode_without_data_is_no_fault() -> None:
    zpl = LABEL.replace(b"^XZ", b"^FO100,700^BCN,100^FD^FS^XZ")
    assert page(zpl).data == zpl
    with pytest.raises(BlankPage, match="prints a blank label"):
        page(b"^XA^FO9,9^BCN,100^FD^FS^FO9,9^A0N,9^GB9,9,9,W^FS^XZ")


# --- to files


def test_each_label_is_a_picture_of_its_own() -> None:
    first, second = pages(TWO, document_format=PNG)
    assert [first.name, second.name] == ["1-1", "1-2"]
    for one, drawn in zip((first, second), draw(TWO, *DPI_203.size(FOUR_BY_SIX)), strict=True):
        assert Bitmap.from_png(one.data) == one.bitmap == drawn.bitmap
    assert [first.copies, second.copies] == [1, 3]
    with pytest.raises(AssetRefused, match="PNG"):
        convert(Asset(TWO, ZPL), target(document_format=PNG))


def test_a_document_has_a_page_for_each_label_and_copy() -> None:
    artwork = convert(Asset(TWO, ZPL), target(document_format=PDF))
    assert texts(artwork.data) == [["Jane Doe"], ["two"], ["two"], ["two"]]
    assert artwork.labels == 4
    assert (
        texts(convert(Asset(TWO, ZPL), target(document_format=PDF, copies=2)).data)
        == [["Jane Doe"]] * 2 + [["two"]] * 6
    )
    assert texts(pages(TWO, document_format=PDF)[1].data) == [["two"]] * 3


def test_pages_of_fields_that_count() -> None:
    zpl = b"^XA^FO50,60^A0N,60^SN08,1,Y^FS^PQ5,0,2^XZ"
    artwork = convert(Asset(zpl, ZPL), target(document_format=PDF))
    assert texts(artwork.data) == [["08"], ["08"], ["09"], ["09"], ["10"]]


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_document_shows_the_dots(dpi: int) -> None:
    head = Resolution(dpi)
    one = page(LABEL, head, document_format=PDF)
    assert one.bitmap is not None
    with pypdfium2.PdfDocument(one.data) as opened:
        sheet = opened[0]
        seen = sheet.render(scale=float(head.dots_per_point), grayscale=True).to_numpy()
        sheet.close()
    dark = seen.reshape(seen.shape[:2]) < 128
    assert dark.shape == (one.bitmap.height, one.bitmap.width)
    assert (dark != one.bitmap.bits()).mean() < 0.001
    again = convert_page(Asset(one.data, PDF), 1, target(head))[0]
    assert [symbol.text for symbol in again.symbols] == ["TT0123456789"]


def test_a_file_needs_all_of_the_label() -> None:
    for document_format in (PNG, PDF):
        with pytest.raises(AssetRefused, match="nowhere else: graphic 'LOGO'"):
            page(STORED, document_format=document_format)
        loose = page(STORED, document_format=document_format, verify=False)
        assert any(note.startswith("graphic 'LOGO' is stored in the printer") for note in loose.notes)
        assert loose.bitmap == page(LABEL).bitmap


def test_too_many_copies_are_refused() -> None:
    most = LABEL.replace(b"^XZ", b"^PQ100^XZ")
    assert page(most, document_format=PDF).copies == 100
    for document_format in (ZPL, PNG, PDF):
        with pytest.raises(AssetRefused, match=r"asks for 101 .*\(\^PQ\).*100"):
            page(LABEL.replace(b"^XZ", b"^PQ101^XZ"), document_format=document_format)


@pytest.mark.parametrize("document_format", [ZPL, TSPL, PNG, PDF])
@pytest.mark.parametrize(
    "zpl",
    [
        b"^XA^FO9,9^A0N,30^SN001,1,Y^FS^PQ20000,0,100^XZ",
        LABEL.replace(b"^XZ", b"^PQ150^XZ") + LABEL,
        LABEL.replace(b"^XA", b"^XA^DFR:A.ZPL").replace(b"^XZ", b"^PQ150^XZ") + b"^XA^XFR:A.ZPL^XZ" + LABEL,
    ],
)
def test_the_copies_of_each_format_are_limited(zpl: bytes, document_format: str) -> None:
    with pytest.raises(AssetRefused, match=r"asks for (20000|150) labels of one format \(\^PQ\): over 100"):
        page(zpl, document_format=document_format)


@pytest.mark.parametrize("document_format", [ZPL, PNG, PDF])
@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"^XA^PW812^XZ", "prints nothing"),
        (b"^XA^FO9,9^A0N,30^FD   ^FS^FO9,9^GB9,9,9,W^FS^XZ", "blank label"),
        (b"^XA^FO9000,9^GB9,9,9^FS^XZ", "blank label"),
        (b"^XA^DFA^FS^FO9,9^GB9,9,9^FS^XZ", "prints nothing"),
    ],
)
def test_labels_without_ink_are_blank(zpl: bytes, words: str, document_format: str) -> None:
    with pytest.raises(BlankPage, match=words):
        page(zpl, document_format=document_format)


def test_a_resolution_that_is_only_assumed_is_told() -> None:
    one = page(b"^XA" + CODE + b"^XZ", DPI_300)
    assert any(note.startswith("assumed that the ZPL is made for 203 dpi: ") for note in one.notes)
    assert page(b"^XA" + CODE + b"^XZ", DPI_300, design_dpi=300).notes == ()
    metric = b"^XA^MUM^FO10,10^BCN,20,N^FDTT0123456789^FS^MUD^XZ"
    assert page(metric, DPI_300).data.startswith(metric[:-3])
    assert not any("assumed" in note or "scaled" in note for note in page(metric, DPI_300).notes)
    dark = page(metric, DPI_300).bitmap
    assert dark is not None
    assert np.flatnonzero(dark.bits().any(axis=1))[0] == 118


# --- what a printer would not get

CUT_OFF = b"^XA^PW812^FO50,50^A0N,40^FDparcel one^FS^XZ^XA^FO50,50^A0N,40^FDparcel two^FS"
TILDE = b"^XA^PW812^FO50,50^A0N,40^FDJohn ~Smith Street 5^FS^XZ"
DAMAGED = b"^XA^FO50,50^A0N,40^FDone^FS^FO50,200^GFB,80000,80000,100,\x01\x02^FS^XZ"
FLASH = b"^XA^DFE:A.ZPL^FO50,50^FN1^FS^XZ^XA^FO50,50^A0N,40^FDone^FS^XZ"


@pytest.mark.parametrize("document_format", [ZPL, TSPL, EPL, PDF, PNG])
@pytest.mark.parametrize(
    ("zpl", "words"), [(CUT_OFF, "cut off"), (TILDE, "'~SM'"), (DAMAGED, "cut off: it declares"), (FLASH, "only R:")]
)
def test_what_no_zpl_printer_gets_no_other_gets(zpl: bytes, words: str, document_format: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        pages(zpl, document_format=document_format)
    if document_format in (TSPL, EPL):
        with pytest.raises(AssetRefused, match=words):
            pages(zpl, document_format=document_format, verify=False)


@pytest.mark.parametrize("document_format", [PDF, PNG])
@pytest.mark.parametrize(
    ("zpl", "words"), [(CUT_OFF, "cut off"), (TILDE, "'~SM'"), (DAMAGED, "cut off: it declares"), (FLASH, "only R:")]
)
def test_a_preview_shows_what_is_there_and_says_the_rest(zpl: bytes, words: str, document_format: str) -> None:
    one = page(zpl, document_format=document_format, verify=False)
    assert [note for note in one.notes if note.startswith("a printer would not get this: ") and words in note]
    assert one.bitmap is not None and one.bitmap.ink_box() is not None


def test_refused_commands_are_left_out_of_what_is_drawn_as_of_what_is_sent() -> None:
    zpl = LABEL.replace(b"^XZ", b"~JR^XZ")
    one = page(zpl, document_format=TSPL, zpl_policy="strip")
    assert [note for note in one.notes if note.startswith("left out: ") and "'~JR'" in note]
    assert one.bitmap == page(LABEL).bitmap


# --- what is missing, cut off or empty


def test_a_missing_graphic_hides_no_fault_of_the_rest() -> None:
    with pytest.raises(SymbolLost, match="TT0123456789"):
        page(STORED.replace(b"^XZ", b"^FO0,290^GB800,190,190^FS^XZ"))
    with pytest.raises(SymbolLost, match="not tracking number 4711"):
        convert(Asset(STORED, ZPL), target(tracking_number="4711"))
    assert convert(Asset(STORED, ZPL), target(tracking_number="TT0123456789")).labels == 1


def test_nothing_is_known_of_a_format_that_the_printer_holds() -> None:
    recalled = b"^XA^XFR:SHIP.ZPL^FS" + CODE + b"^FO0,290^GB800,190,190^FS^FN1^FDa^FS^PQ1^XZ"
    one = page(recalled, tracking_number="4711")
    assert [verdict.status for verdict in one.verdicts] == ["unverified"]
    assert one.notes[-1] == "not verified: format 'SHIP' is stored in the printer, not sent here (byte 3)"
    with pytest.raises(SymbolLost, match="letters"):
        page(recalled.replace(b"^XZ", b"^FO100,700^BEN,100^FDletters^FS^XZ"))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (b"^FO50,700^A0N,40^FC%^FD%d.%m.%y^FS", "only the printer knows its clock"),
        ("^FO50,700^A0N,40^FD\ud55c^FS".encode(), "no font here has '\ud55c'"),
    ],
)
def test_what_only_a_zpl_printer_prints_goes_to_no_other(field: bytes, words: str) -> None:
    zpl = LABEL.replace(b"^XA", b"^XA^CI28").replace(b"^XZ", field + b"^XZ")
    one = page(zpl)
    assert one.data == zpl
    assert one.notes[-1].startswith("verified without what is not here: ")
    assert words in one.notes[-1]
    assert [symbol.text for symbol in one.symbols] == ["TT0123456789"]
    for document_format in (TSPL, PDF, PNG):
        with pytest.raises(AssetRefused, match=words):
            page(zpl, document_format=document_format)


WIDE = LABEL.replace(b"^GB772,1179,4", b"^GB900,1179,4")
BESIDE = LABEL.replace(b"^XZ", b"^FO50,1300^A0N,40^FDlost line^FS^XZ")


@pytest.mark.parametrize("document_format", [ZPL, TSPL, PDF, PNG])
def test_what_the_edges_cut_off_is_told(document_format: str) -> None:
    one = page(WIDE, document_format=document_format)
    place = WIDE.index(b"^GB900")
    said = f"this prints 108 dots over the right edge of the label, where it is cut off (byte {place})"
    assert said in one.notes
    with pytest.raises(DoesNotFit, match="108 dots over the right edge"):
        page(WIDE, document_format=document_format, scaling="none")
    assert page(LABEL, document_format=document_format, scaling="none").notes == ()


@pytest.mark.parametrize("document_format", [ZPL, TSPL, PDF, PNG])
def test_a_field_beside_the_paper_holds_the_label(document_format: str) -> None:
    with pytest.raises(DoesNotFit, match=r"over the bottom edge .* \(byte 107\)"):
        page(BESIDE, document_format=document_format)
    loose = page(BESIDE, document_format=document_format, verify=False)
    assert [note for note in loose.notes if "over the bottom edge" in note]
    blank = LABEL.replace(b"^XZ", b"^FO50,1300^A0N,40^FD ^FS^FO50,1300^GB9,9,9,W^FS^XZ")
    assert page(blank, document_format=document_format).notes == ()


def test_the_stock_is_as_wide_as_the_head_reaches() -> None:
    narrow = page(LABEL, printable_width=9000)
    assert [note for note in narrow.notes if "over the right edge" in note]


def test_a_second_line_of_a_field_may_be_cut_off() -> None:
    block = LABEL.replace(b"^XZ", b"^FO50,1180^A0N,30^FB600,3^FDone\\&two\\&three^FS^XZ")
    assert [note for note in page(block).notes if "over the bottom edge" in note]


@pytest.mark.parametrize("document_format", [ZPL, PNG])
def test_a_barcode_without_data_is_told(document_format: str) -> None:
    for zpl in (
        LABEL.replace(b"^XZ", b"^FO100,700^BCN,100^FD^FS^XZ"),
        LABEL.replace(b"^XZ", b"^FO100,700^BCN,100^FS^XZ"),
        LABEL.replace(b"^XZ", b"^FO100,700^BCN,100^FN1^FS^XZ"),
        LABEL.replace(b"^XA", b"^XA^DFR:A.ZPL^FS").replace(b"^XZ", b"^FO100,700^BCN,100^FN1^FS^XZ^XA^XFR:A.ZPL^FS^XZ"),
    ):
        one = page(zpl, document_format=document_format)
        assert [note for note in one.notes if note.startswith("^BC has no data, so it does not print (byte ")]
        assert [verdict.status for verdict in one.verdicts] == ["scans"]


@pytest.mark.parametrize("document_format", [ZPL, PNG, PDF])
def test_zpl_is_not_made_anew_where_scaling_is_not_allowed(document_format: str) -> None:
    with pytest.raises(DoesNotFit, match="made for 203 dpi, the head has 300 dpi"):
        page(LABEL, DPI_300, document_format=document_format, scaling="none")
    assert page(LABEL, document_format=document_format, scaling="none").symbols
