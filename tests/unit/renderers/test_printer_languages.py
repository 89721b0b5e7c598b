"""TSPL and EPL2: the bytes by hand, the dots that printers make of them, and what is not taken for ours."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.machines import EplMachine, Machine, TsplMachine
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX, code128, dots, pdf, shipping

from labeld.renderers import payload
from labeld.renderers.asset import EPL, PDF, PNG, TSPL, ZPL, unwrap
from labeld.renderers.bands import BAND_BYTES, Language
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import Artwork, Target, convert, convert_page
from labeld.renderers.epl import EPL as EPL_LANGUAGE
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution
from labeld.renderers.tspl import TSPL as TSPL_LANGUAGE
from labeld.renderers.write import write
from labeld.renderers.zpl.label import wrap

LANGUAGES = [pytest.param(TSPL_LANGUAGE, TsplMachine, id="tspl"), pytest.param(EPL_LANGUAGE, EplMachine, id="epl")]
both = pytest.mark.parametrize(("language", "machine"), LANGUAGES)
formats = pytest.mark.parametrize(
    ("document_format", "machine"),
    [pytest.param(TSPL, TsplMachine, id="tspl"), pytest.param(EPL, EplMachine, id="epl")],
)

#: The first and the last dot of a row, a white row, a black row: 12 dots wide.
SMALL = Bitmap(12, 3, np.array([[0x80, 0x10], [0, 0], [0xFF, 0xF0]], np.uint8))
EMPTY_LINES = (b" " * 62 + b"\r\n") * 16
FEEDS = b"\n" * 1024


def printed(machine: Machine, width: int, height: int) -> list[tuple[Bitmap, int]]:
    """What came out, on paper of so many dots; nothing may stand beside it."""
    assert machine.strange == []
    labels = []
    for image, copies in machine.labels:
        wide = np.zeros((max(height, image.shape[0]), max(width, image.shape[1])), np.bool_)
        wide[: image.shape[0], : image.shape[1]] = image
        assert not wide[height:].any()
        assert not wide[:, width:].any()
        labels.append((Bitmap.from_bits(wide[:height, :width]), copies))
    return labels


def test_a_label_in_tspl_is_these_bytes() -> None:
    """12 dots at 8 to the mm are 1.5 mm, 3 are 0.375; black is 0: 80 10 is 7f ef, and ff f0 is 00 0f."""
    assert write([SMALL], TSPL, DPI_203, "z64", 3) == (
        EMPTY_LINES
        + b"SIZE 1.5 mm,0.4 mm\r\nREFERENCE 0,0\r\nCLS\r\n"
        + b"BITMAP 0,0,2,1,1,\x7f\xef\r\nBITMAP 0,2,2,1,1,\x00\x0f\r\nPRINT 1,3\r\n"
    )


def test_a_label_in_epl_is_these_bytes() -> None:
    """12 dots are two bytes, 16 dots, in a row of GW."""
    assert write([SMALL], EPL, DPI_203, "z64", 3) == (FEEDS + b"q16\nN\nGW0,0,2,1,\x7f\xef\nGW0,2,2,1,\x00\x0f\nP3\n")


@pytest.mark.parametrize(
    ("dpi", "size", "said"),
    [
        (203, (812, 1219), b"SIZE 101.5 mm,152.4 mm"),
        (300, (1200, 1800), b"SIZE 101.6 mm,152.4 mm"),
        (300, (1181, 1771), b"SIZE 100.0 mm,150.0 mm"),
        (600, (2400, 3600), b"SIZE 101.6 mm,152.4 mm"),
    ],
)
def test_the_size_that_tspl_says_holds_every_dot(dpi: int, size: tuple[int, int], said: bytes) -> None:
    assert TSPL_LANGUAGE.encode(Bitmap.blank(*size), Resolution(dpi)).split(b"\r\n")[16] == said


def bitmaps(width: st.SearchStrategy[int], height: st.SearchStrategy[int]) -> st.SearchStrategy[Bitmap]:
    def drawn(size: tuple[int, int], seed: int, ink: float) -> Bitmap:
        rng = np.random.default_rng(seed)
        rows = rng.random((size[1], 1)) < 0.8
        return Bitmap.from_bits((rng.random((size[1], size[0])) < ink) & rows)

    return st.builds(drawn, st.tuples(width, height), st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.5, 1.0]))


@both
@given(
    bitmap=bitmaps(st.integers(1, 300), st.integers(1, 90)),
    resolution=st.sampled_from([DPI_203, DPI_300, Resolution(600)]),
    copies=st.integers(1, 65_535),
)
def test_a_printer_prints_the_dots_and_the_decoder_finds_them(
    language: Language, machine: Callable[..., Machine], bitmap: Bitmap, resolution: Resolution, copies: int
) -> None:
    data = language.encode(bitmap, resolution, copies)
    paper = machine(dots_per_mm=float(resolution.dots_per_mm), width=8, height=200)
    paper.feed(data)
    assert printed(paper, bitmap.width, bitmap.height) == [(bitmap, copies)]
    assert paper.settings in ([], [b"REFERENCE 0,0"])
    assert [*language.decode(data, bitmap.width, bitmap.height, resolution)] == [(bitmap, copies)]


@both
@given(data=st.data(), height=st.integers(1, 60), width=st.sampled_from([13, 200, 812]))
def test_a_label_that_broke_off_leaves_nothing_on_the_next_one(
    language: Language, machine: Callable[..., Machine], data: st.DataObject, height: int, width: int
) -> None:
    first, second = (data.draw(bitmaps(st.just(width), st.just(height))) for _ in range(2))
    whole = language.encode(first, DPI_203)
    cut = data.draw(st.one_of(st.integers(0, len(whole)), st.integers(max(0, len(whole) - 40), len(whole))))
    paper = machine(width=width, height=height)
    paper.feed(whole[:cut])
    paper.feed(language.encode(second, DPI_203, 2))
    paper.strange.clear()  # a command without its end
    *before, last = printed(paper, width, height)
    assert last == (second, 2)
    assert [bitmap for bitmap, _ in before] in ([], [first])


@both
def test_rows_longer_than_a_band_are_bands_for_themselves(language: Language, machine: Callable[..., Machine]) -> None:
    bitmap = Bitmap.from_bits(dots(8 * BAND_BYTES + 9, 3))
    data = language.encode(bitmap, DPI_203)
    paper = machine(width=bitmap.width, height=3)
    paper.feed(data[:-40])
    paper.feed(data)
    paper.strange.clear()
    assert printed(paper, bitmap.width, 3)[-1] == (bitmap, 1)
    assert [*language.decode(data, bitmap.width, 3, DPI_203)] == [(bitmap, 1)]


@both
@given(data=st.data(), bitmap=bitmaps(st.integers(1, 40), st.integers(1, 12)))
def test_what_the_decoder_takes_is_byte_for_byte_what_the_encoder_writes(
    language: Language, machine: object, data: st.DataObject, bitmap: Bitmap
) -> None:
    whole = language.encode(bitmap, DPI_203) + language.encode(bitmap, DPI_203, 3)
    at = data.draw(st.one_of(st.integers(0, len(whole)), st.integers(BAND_BYTES, len(whole))))
    until = at + data.draw(st.integers(0, 30))
    changed = whole[:at] + data.draw(st.binary(max_size=30)) + whole[until:]
    try:
        found = [*language.decode(changed, bitmap.width, bitmap.height, DPI_203)]
    except AssetRefused:
        assert changed != whole
    else:
        assert b"".join(language.encode(one.bitmap, DPI_203, one.copies) for one in found) == changed


def _with(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert data.count(old) == 1
        return data.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("language", "change"),
    [
        (TSPL_LANGUAGE, _with(b"CLS\r\n", b"CLS\r\nSET CUTTER ON\r\n")),
        (TSPL_LANGUAGE, _with(b"PRINT 1,1\r\n", b"PRINT 1,1\r\n\x1b!R")),
        (TSPL_LANGUAGE, _with(b"PRINT 1,1", b"PRINT 1,0")),
        (TSPL_LANGUAGE, _with(b"PRINT 1,1", b"PRINT 1,01")),
        (TSPL_LANGUAGE, _with(b"PRINT 1,1", b"PRINT 1,65536")),
        (TSPL_LANGUAGE, _with(b"PRINT 1,1", b"PRINT 9,1")),
        (TSPL_LANGUAGE, _with(b"SIZE 1.5 mm", b"SIZE 9.5 mm")),
        (TSPL_LANGUAGE, _with(EMPTY_LINES, b"")),
        (TSPL_LANGUAGE, _with(b"BITMAP 0,0,2,1,1,\x7f\xef", b"BITMAP 0,0,2,1,1,\xff\xff")),  # says nothing
        (TSPL_LANGUAGE, _with(b"BITMAP 0,0,2,1,1,\x7f\xef", b"BITMAP 0,0,2,1,1,\x7f\xee")),  # off the paper
        (TSPL_LANGUAGE, _with(b"BITMAP 0,2,", b"BITMAP 0,3,")),
        (TSPL_LANGUAGE, _with(b"BITMAP 0,2,", b"BITMAP 1,2,")),
        (TSPL_LANGUAGE, _with(b"BITMAP 0,2,2,1", b"BITMAP 0,2,2,999999999")),
        (TSPL_LANGUAGE, _with(b"BITMAP 0,2,2,1,1,\x00\x0f", b"BITMAP 0,2,2,0,1,")),
        (EPL_LANGUAGE, _with(b"q16\nN\n", b"q16\nN\nOC\n")),
        (EPL_LANGUAGE, _with(b"q16", b"q24")),
        (EPL_LANGUAGE, _with(b"P1\n", b"P1\n^default\n")),
        (EPL_LANGUAGE, _with(b"P1\n", b"P1")),
        (EPL_LANGUAGE, _with(b"P1\n", b"")),
        (EPL_LANGUAGE, _with(b"P1\n", b"PA1\n")),
        (EPL_LANGUAGE, lambda data: data + data[:-1]),
        (EPL_LANGUAGE, lambda data: data[1:]),
        (EPL_LANGUAGE, lambda data: data + b"\n"),
    ],
)
def test_what_labeld_does_not_write_is_refused(language: Language, change: Callable[[bytes], bytes]) -> None:
    data = language.encode(SMALL, DPI_203)
    assert [*language.decode(data, 12, 3, DPI_203)] == [(SMALL, 1)]
    with pytest.raises(AssetRefused, match=r"byte \d+ is not (TSPL|EPL2) as labeld writes it"):
        [*language.decode(change(data), 12, 3, DPI_203)]


@both
def test_another_paper_is_refused(language: Language, machine: object) -> None:
    data = language.encode(Bitmap.from_bits(dots(100, 50)), DPI_203)
    for width, height in ((112, 50), (100, 49)):
        with pytest.raises(AssetRefused):
            [*language.decode(data, width, height, DPI_203)]


def test_another_head_is_refused_where_the_label_says_its_size() -> None:
    data = TSPL_LANGUAGE.encode(Bitmap.from_bits(dots(100, 50)), DPI_203)
    with pytest.raises(AssetRefused):
        [*TSPL_LANGUAGE.decode(data, 100, 50, DPI_300)]


@both
@pytest.mark.parametrize("copies", [0, -1, 65_536])
def test_copies_have_bounds(language: Language, machine: object, copies: int) -> None:
    with pytest.raises(ValueError, match="copies"):
        language.encode(SMALL, DPI_203, copies)


def converted(data: bytes, document_format: str, resolution: Resolution = DPI_203, copies: int = 1) -> Artwork:
    target = Target(media=FOUR_BY_SIX, resolution=resolution, document_format=document_format, copies=copies)
    artwork = convert(unwrap(data), target)
    assert payload.labels_in(artwork.data, document_format, *target.size, resolution) == artwork.labels
    return artwork


@formats
@pytest.mark.parametrize("resolution", [DPI_203, DPI_300, Resolution(600)])
def test_a_pdf_becomes_the_dots_that_were_verified(
    document_format: str, machine: Callable[..., Machine], resolution: Resolution
) -> None:
    pages = [lambda canvas, text=text: code128(canvas, text, 20, 60) for text in ("TT0123456789", "TT9876543210")]
    artwork = converted(pdf(pages), document_format, resolution, 2)
    width, height = resolution.size(FOUR_BY_SIX)
    paper = machine(dots_per_mm=float(resolution.dots_per_mm), width=width, height=height)
    paper.feed(artwork.data)
    assert printed(paper, width, height) == [(page.bitmap, 2) for page in artwork.pages]
    assert [symbol.text for page in artwork.pages for symbol in page.symbols] == ["TT0123456789", "TT9876543210"]
    assert (artwork.labels, artwork.document_format) == (4, document_format)


TWO_LABELS = (
    b"^XA^FO100,100^BY3^BCN,150,Y,N,N^FDTT0123456789^FS^PQ3^XZ^XA^FO50,400^GB600,200,9^FS^FO60,420^A0N,60^FDSlip^FS^XZ"
)


@formats
def test_zpl_is_drawn_for_printers_that_do_not_speak_it(document_format: str, machine: Callable[..., Machine]) -> None:
    target = Target(
        media=FOUR_BY_SIX, resolution=DPI_203, document_format=document_format, copies=2, tracking_number="TT0123456789"
    )
    artwork = convert(unwrap(TWO_LABELS), target)  # one of its labels without the number, as on a ZPL printer
    paper = machine(width=812, height=1219)
    paper.feed(artwork.data)
    drawn = [page.bitmap for page in artwork.pages]
    assert printed(paper, 812, 1219) == [(drawn[0], 6), (drawn[1], 2)]
    assert artwork.labels == payload.labels_in(artwork.data, document_format, 812, 1219, DPI_203) == 8
    assert artwork.labels == convert(unwrap(TWO_LABELS), replace(target, document_format=ZPL)).labels


@formats
@pytest.mark.parametrize("verify", [True, False])
def test_zpl_that_needs_what_a_printer_holds_is_never_drawn_without_it(
    document_format: str, machine: object, verify: bool
) -> None:
    target = Target(media=FOUR_BY_SIX, resolution=DPI_203, document_format=document_format, verify=verify)
    with pytest.raises(AssetRefused, match="on a printer that holds what it needs, and nowhere else"):
        convert_page(unwrap(b"^XA^FO9,9^GB99,99,9^FS^FO9,300^XGE:LOGO.GRF,1,1^FS^XZ"), 1, target)


@pytest.mark.parametrize("document_format", [ZPL, TSPL, EPL])
def test_a_payload_is_drawn_for_people_label_by_label(document_format: str) -> None:
    pages = [lambda canvas, text=text: code128(canvas, text, 20, 60) for text in ("TT0123456789", "TT9876543210")]
    artwork = converted(pdf(pages), document_format, copies=3)
    for page, expected in ((1, 0), (2, 1), (6, 1)):
        (bitmap, undrawn), count = payload.draw(artwork.data, 812, 1219, DPI_203, page)
        assert (bitmap, undrawn, count) == (artwork.pages[expected].bitmap, (), 2)


@pytest.mark.parametrize("data", [b"", b"hello", b"^XA^XZ", EMPTY_LINES, FEEDS + b"q816\n"])
def test_there_is_no_picture_of_what_prints_nothing(data: bytes) -> None:
    with pytest.raises(AssetRefused):
        payload.draw(data, 812, 1219, DPI_203, 1)


@pytest.mark.parametrize("spoken", [ZPL, TSPL, EPL])
@pytest.mark.parametrize("wanted", [ZPL, TSPL, EPL, PDF, PNG])
def test_no_language_passes_for_another(spoken: str, wanted: str) -> None:
    bitmap = Bitmap.from_bits(dots(812, 1219))
    data = write([bitmap], spoken, DPI_203, "z64", 2)
    assert data == wrap(bitmap, "z64", 2) or spoken != ZPL
    if spoken == wanted:
        assert payload.labels_in(data, wanted, 812, 1219, DPI_203) == 2
    else:
        with pytest.raises(AssetRefused):
            payload.labels_in(data, wanted, 812, 1219, DPI_203)


def test_a_label_keeps_its_white_margin_out_of_the_payload() -> None:
    inset, full = (converted(shipping(inset_mm=inset), TSPL).data for inset in (40, 2))
    assert len(inset) < len(full) * 2 / 3
