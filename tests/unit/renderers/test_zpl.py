import binascii
import re
import zlib
from base64 import b64encode

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from tests.unit.renderers.paper import DPI_203, DPI_300, dots

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import AssetRefused
from labeld.renderers.zpl.allowlist import Screened, screen
from labeld.renderers.zpl.graphic_field import Encoding, decode, encode
from labeld.renderers.zpl.label import labels_in, wrap
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.picture import draw

ENCODINGS: list[Encoding] = ["ascii", "rle", "b64", "z64"]
bytes_of_rows = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 12), st.integers(1, 9)),
    elements=st.sampled_from([0, 0, 255, 255, 1, 15, 0xF0, 0xAB]),
)


@given(bytes_of_rows, st.sampled_from(ENCODINGS))
@example(np.zeros((3, 500), np.uint8), "rle")
@example(np.full((2, 500), 0xAA, np.uint8), "rle")
@example(np.concatenate([np.full((1, 700), 0x33, np.uint8), np.full((1, 700), 0xFF, np.uint8)]), "rle")
def test_graphic_fields_come_back_dot_for_dot(rows: NDArray[np.uint8], encoding: Encoding) -> None:
    bitmap = Bitmap(rows.shape[1] * 8, rows.shape[0], rows)
    field = encode(bitmap, encoding)
    assert field.startswith(b"^GFA,%d,%d,%d," % (rows.size, rows.size, rows.shape[1]))
    assert decode(field[3:]) == bitmap


def test_run_lengths_as_the_guide_writes_them() -> None:
    rows = np.array([[0] * 4, [0] * 4, [255] * 4, [0xAA] * 4, [0x0F, 0, 0, 0]], np.uint8)
    assert encode(Bitmap(32, 5, rows), "rle") == b"^GFA,20,20,4,,:!NA0F,"


def test_z64_checksum_is_xmodem_over_the_base64_text() -> None:
    field = encode(Bitmap.from_bits(dots(80, 20)), "z64")
    match = re.fullmatch(rb"\^GFA,200,200,10,:Z64:(eJ[A-Za-z0-9+/]+=*):([0-9A-F]{4})", field)
    assert match is not None
    assert int(match[2], 16) == binascii.crc_hqx(match[1], 0)
    assert binascii.crc_hqx(b"123456789", 0) == 0x31C3


def test_decoder_reads_other_peoples_fields() -> None:
    ink = Bitmap(16, 2, np.array([[0xFF, 0], [0x81, 0x18]], np.uint8))
    raw = ink.rows.tobytes()
    text = b64encode(raw)
    assert decode(b"A,8,4,2,FF00 8118\r\n") == ink
    assert decode(b"A,,4,2,ff,8118") == ink
    assert decode(b"A,833,4,2,:B64:%s:%04x" % (text, binascii.crc_hqx(text, 0))) == ink
    assert decode(b"B,4,4,2," + raw) == ink
    assert decode(b"A,4,4,2,FF") == Bitmap(16, 2, np.array([[0xFF, 0], [0, 0]], np.uint8)), "short data is white"


def _z64(content: bytes, checksum: int | None = None) -> bytes:
    text = b64encode(content)
    return b":Z64:%s:%04X" % (text, binascii.crc_hqx(text, 0) if checksum is None else checksum)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (b"A,4,4,2," + _z64(zlib.compress(b"abcd"), 1), "checksum"),
        (b"A,4,4,2," + _z64(b"no zlib"), "damaged"),
        (b"A,4,4,2,:Z64:abcd", "cut off"),
        (b"A,4,4,2,FF?0", "no run length"),
        (b"A,4,4,0,FF", "cannot have 0 in a row"),
        (b"A,4,4,5,FF", "cannot have 5 in a row"),
        (b"A,9,999999999,1,FF", "too large"),
        (b"A,9", "does not begin"),
        (b"A,9," + b"9" * 5000 + b",1,FF", "does not begin"),
        (b"A," + b"9" * 5000 + b",9,1,FF", "does not begin"),
    ],
)
def test_bad_graphic_fields_are_refused(parameters: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        decode(parameters)


def test_a_z64_bomb_is_cut_at_the_declared_size() -> None:
    assert decode(b"A,4,4,2," + _z64(zlib.compress(bytes(50_000_000)))) == Bitmap.blank(16, 2)


def test_a_wrapped_label_is_exactly_its_dots() -> None:
    label = wrap(Bitmap.blank(16, 2), "ascii", 3)
    assert label == b"^XA^PW16^LH0,0^FWN,0^FO0,0,0^GFA,4,4,2,00000000^FS^PQ3^XZ"
    assert screen(label, lex(label), 16) == Screened(lex(label), label, ())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_wrapped_label_draws_as_itself(encoding: Encoding) -> None:
    bitmap = Bitmap.from_bits(dots(101, 57))
    (picture,) = draw(wrap(bitmap, encoding), 101, 57)
    assert picture.bitmap == bitmap
    assert picture.undrawn == ()


@pytest.mark.parametrize(
    ("zpl", "labels"),
    [
        (b"^XA^XZ", 0),
        (b"^XA^PW800^MCY^XZ^XA^FDa^FS^XZ", 1),
        (b"^XA^FD ^FS^XZ", 0),
        (b"^XA^FDa^FS^PQ5,0,1^XZ^XA^GB9^FS^XZ", 6),
        (b"^XA^FDa^FS^PQ0^XZ", 1),
        (b"^XA^FDa^FS^PQx^XZ", 1),
        (b"^XA^FDa^FS^PQ7x^XZ", 7),
        (b"^XA^FDa^FS^PQ000000000012^XZ", 12),
        (b"^XA^FDa^FS", 0),
    ],
)
def test_labels_that_come_out(zpl: bytes, labels: int) -> None:
    assert labels_in(zpl) == labels


def _bits(zpl: bytes, width: int = 40, height: int = 30) -> NDArray[np.bool_]:
    (picture,) = draw(zpl, width, height)
    assert picture.undrawn == ()
    return picture.bitmap.bits()


def test_boxes_have_borders_inside_and_at_least_their_line() -> None:
    expected = np.zeros((30, 40), np.bool_)
    expected[3:13, 2:22] = True
    expected[5:11, 4:20] = False
    assert np.array_equal(_bits(b"^XA^FO2,3^GB20,10,2^FS^XZ"), expected)
    assert _bits(b"^XA^FO2,3^GB0,0,5^FS^XZ").sum() == 25
    assert _bits(b"^XA^FO-1,0^GB99999999,99999999,3^FS^XZ").sum() == 40 * 30 - 37 * 27


def test_home_typeset_origin_and_reverse() -> None:
    assert _bits(b"^XA^LH5,6^FO1,2^GB3,3,3^FS^XZ")[8:11, 6:9].all()
    assert _bits(b"^XA^FT1,20^GB3,4,3^FS^XZ")[16:20, 1:4].all()
    crossed = _bits(b"^XA^FO0,0^GB20,20,20^FS^FO10,0^FR^GB20,20,20^FS^XZ")
    assert crossed[:20, :10].all() and not crossed[:20, 10:20].any() and crossed[:20, 20:30].all()
    white = _bits(b"^XA^FO0,0^GB20,20,20^FS^FO5,5^GB5,5,5,W^FS^XZ")
    assert white.sum() == 400 - 25


def test_inverted_orientation_persists_to_the_next_label() -> None:
    first, second = draw(b"^XA^FO0,0^GB2,2,2^FS^POI^XZ^XA^FO0,0^GB2,2,2^FS^XZ", 40, 30)
    assert first.bitmap.ink_box() == second.bitmap.ink_box() == (38, 28, 40, 30)


def test_downloaded_graphics_are_recalled_and_magnified() -> None:
    bits = _bits(b"~DGR:LOGO.GRF,2,1,8001^XA^FO4,4^XGR:LOGO.GRF,3,2^FS^XZ")
    assert bits.sum() == 2 * 6
    assert bits[4:6, 4:7].all() and bits[6:8, 25:28].all()


def test_a_narrower_print_width_is_centred() -> None:
    assert _bits(b"^XA^PW20^FO0,0^GB2,2,2^FS^XZ")[0:2, 10:12].all()


def test_text_barcodes_and_all_shapes_are_drawn() -> None:
    zpl = (
        b"^XA^CI28^FO1,1^A0N,20^FDtext^FS^FO1,60^BY2^BCN,50^FDABC^FS^FO1,150^GC9^FS^FO20,150^GB9,9,1,B,8^FS"
        b"^FO90,150,1^GB1^FS^XZ"
    )
    (picture,) = draw(zpl, 200, 200)
    assert picture.undrawn == ()
    bits = picture.bitmap.bits()
    for top, left, bottom, right in ((0, 0, 25, 60), (60, 1, 110, 100), (150, 1, 159, 10), (150, 20, 159, 29)):
        assert bits[top:bottom, left:right].any(), (left, top)
    assert not bits[150, 20] and bits[150, 24], "its corners are round"
    assert bits[150, 89] and not bits[150, 90], "the right corner of a field may be its origin"


def test_what_is_not_drawn_is_named() -> None:
    zpl = b"^XA^FO1,1^XGR:LOGO.GRF^FS^FO1,1^B8N,9^FDABC^FS^GB9,9,1^FS^XZ"
    (picture,) = draw(zpl, 40, 30)
    graphic, barcode = picture.undrawn
    assert graphic == "graphic 'LOGO' is stored in the printer, not sent here, so it is left out"
    assert barcode.startswith("^B8 does not print: ")
    assert picture.bitmap.ink_box() == (0, 0, 9, 9)


def test_the_justification_of_one_label_moves_the_next() -> None:
    zpl = b"^XA^FWN,1^XZ^XA^FO9,1^GB2,2^FS^XZ^XA^GB2,2^FS^FWR^XZ^XA^FO9,1,0^GB2,2^FS^XZ^XA^FW,0^FO9,1^GB2,2^FS^XZ"
    boxes = [picture.bitmap.ink_box() for picture in draw(zpl, 40, 30)]
    assert boxes == [(7, 1, 9, 3), None, (9, 1, 11, 3), (9, 1, 11, 3)], "the second one lies left of the label"
    bitmap = Bitmap.from_bits(dots(40, 30))
    (picture,) = draw(b"^XA^FWN,1^XZ" + wrap(bitmap, "ascii"), 40, 30)
    assert picture.bitmap == bitmap


def test_drawing_has_limits() -> None:
    with pytest.raises(AssetRefused, match="too large"):
        draw(b"^XA" + b"^GFA,9,12000000,100,FF^FS" * 9 + b"^XZ", 40, 30)
    with pytest.raises(AssetRefused, match="more than 50000 shapes"):
        draw(b"^XA" + b"^GB1^FS" * 50_001 + b"^XZ", 4, 3)
    with pytest.raises(AssetRefused, match="more than 200 labels"):
        draw(b"^XA^GB1^FS^XZ" * 202, 4, 3)
    with pytest.raises(AssetRefused, match="cannot be drawn"):
        draw(b"^XA^XZ", 100_000, 100_000)


@given(
    st.lists(
        st.sampled_from(
            [
                "^XA",
                "^XZ",
                "^FO1,1",
                "^FT9,9",
                "^GB5,5,2",
                "^GB,,9,W,8",
                "^FR",
                "^FS",
                "^GFA,4,4,2,F:,!",
                "^POI",
                "^LH3,3",
                "^PW9",
                "^XGA,2,2",
            ]
        )
    )
)
def test_any_order_of_commands_is_drawn_or_refused(commands: list[str]) -> None:
    zpl = "".join(commands).encode()
    for picture in draw(zpl, 24, 16):
        assert (picture.bitmap.width, picture.bitmap.height) == (24, 16)
    assert DPI_203 != DPI_300
