import random
import string

import numpy as np
import pytest
import zxingcpp
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.renderers.zpl.matrixcodes import CASES, SCALES, dots, draw, reference, request, scan

from labeld.renderers.zpl.symbology.datamatrix_encodation import FNC1, codewords
from labeld.renderers.zpl.symbology.datamatrix_symbol import RECTANGLES, SQUARES, Size, symbol
from labeld.renderers.zpl.symbology.grid import boxes
from labeld.renderers.zpl.symbology.model import Request, Unprintable
from labeld.renderers.zpl.symbology.qr import manual
from labeld.renderers.zpl.symbology.qr_encodation import encoded as qr_bits
from labeld.renderers.zpl.symbology.qr_encodation import group
from labeld.renderers.zpl.symbology.qr_symbol import LEVELS, capacity
from labeld.renderers.zpl.symbology.qr_symbol import symbol as qr_symbol

GS, RS, EOT = "\x1d", "\x1e", "\x04"
with_references = pytest.mark.skipif(not CASES.is_dir(), reason="no reference pictures beside this checkout")

#: Case, place, command and request of symbols that nothing overlaps.
REFERENCES: list[tuple[str, int, int, str, Request]] = [
    ("barcode_qr_standard", 50, 50, "^BQ", request("N", 2.0, 4.0, data="QA,Hello World")),
    ("barcode_qr_large_high_ec", 150, 150, "^BQ", request("N", 2.0, 8.0, data="HA,Zebra Print Lab QR Code Testing")),
    ("unit_qr_code_offset", 0, 0, "^BQ", request("N", 2.0, 8.0, data="EXAMPLE CODE", height=100)),
    ("unit_qr_ft_test", 100, 270, "^BQ", request("N", 2.0, 5.0, data="MA,HELLO WORLD")),
    ("unit_qr_code_ft_manual", 40, 170, "^BQ", request("N", 2.0, 10.0, data="HM,B002012345678901234567890")),
    ("barcode_pdf417_auto", 50, 50, "^B7", request("N", 10.0, 1.0, 0.0, data="1234567890")),
    ("barcode_pdf417_auto_ecc", 50, 50, "^B7", request("N", 4.0, 0.0, 0.0, data="1234567890")),
    ("barcode_pdf417_standard", 50, 50, "^B7", request("N", 10.0, 1.0, 4.0, data="1234567890")),
    ("unit_pdf417_basic", 50, 50, "^B7", request("N", 6.0, 4.0, 10.0, data="Hello World PDF417 Test Data")),
    ("barcode_micropdf417_standard", 50, 50, "^BF", request("N", 2.0, 0.0, data="1234")),
    ("barcode_datamatrix_standard", 50, 50, "^BX", request("N", 5.0, 200.0, data="DataMatrixTest")),
    ("carrier_pocztex", 43, 1064, "^BX", request("N", 6.0, 200.0, 18.0, 18.0, data="PX6719400000")),
    ("mock_purolator", 30, 980, "^BX", request("N", 6.0, 200.0, data="32901234567898|V6Z1K3|ROBERTCHEN")),
    (
        "carrier_usps",
        27,
        600,
        "^BX",
        request("N", 4.0, 200.0, 20.0, 20.0, 6.0, "_", data="_142098028_19205590303196500000000"),
    ),
]


@with_references
@pytest.mark.parametrize(("case", "x", "y", "command", "asked"), REFERENCES, ids=[entry[0] for entry in REFERENCES])
def test_a_symbol_has_every_module_of_the_reference(case: str, x: int, y: int, command: str, asked: Request) -> None:
    symbol = draw(command, asked)
    assert np.array_equal(dots(symbol), reference(case, symbol, x, y))


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5), st.integers(1, 5), st.randoms())
def test_boxes_cover_the_dark_modules_and_nothing_else(
    rows: int, columns: int, across: int, down: int, chance: random.Random
) -> None:
    modules = np.array([[chance.random() < 0.5 for _ in range(columns)] for _ in range(rows)])
    bits = np.zeros((rows * down, columns * across), np.bool_)
    for left, top, right, bottom in boxes(modules, across, down):
        assert not bits[top:bottom, left:right].any()
        bits[top:bottom, left:right] = True
    assert np.array_equal(bits, np.kron(modules, np.ones((down, across), np.bool_)))


# QR Code


@given(st.text(string.printable, min_size=1, max_size=120), st.sampled_from("HQML"), st.sampled_from(SCALES))
def test_a_qr_code_says_its_data(data: str, level: str, scale: float) -> None:
    symbol = draw("^BQ", request("N", 2.0, 3.0, data=f"{level}A,{data}", scale=scale))
    side = symbol.width
    assert symbol.height == side
    assert side % round(3 * scale) == 0
    assert scan(symbol) == (symbol.format, symbol.text, data.encode())


@pytest.mark.parametrize("data", ["grün", "Łódź", "日本"])
def test_a_qr_code_says_letters_beyond_ascii(data: str) -> None:
    assert scan(draw("^BQ", request("N", 2.0, 4.0, data=f"QA,{data}")))[1] == data


def test_a_qr_code_takes_bytes_that_are_no_text() -> None:
    raw = bytes(range(256))
    asked = Request(("N", 2.0, 4.0), b"QA," + raw, ("QA," + "\ufffd" * 256))
    assert scan(draw("^BQ", asked))[2] == raw


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("QA,0123456789ABCD 2D code", "0123456789ABCD 2D code"),
        ("HM,N123456789012345", "123456789012345"),
        ("MM,AAC-42", "AC-42"),
        ("MM,AAC|42", "AC42"),
        ("LM,N0123456789,A12AABB,B0006qrcode", "012345678912AABBqrcode"),
        ("D03048F,LM,N0123456789,A12AABB,B0006qrcode", "012345678912AABBqrcode"),
        ("D99048F,LM,N01", "01"),
        ("HM,B0004a,bc,N12", "a,bc12"),
        ("EXAMPLE", "MPLE"),
    ],
)
def test_the_switches_of_a_qr_code_are_no_data(field: str, said: str) -> None:
    assert scan(draw("^BQ", request("N", 2.0, 4.0, data=field)))[1] == said


@pytest.mark.parametrize("version", range(1, 41))
@pytest.mark.parametrize("level", LEVELS)
def test_every_version_and_level_of_qr_code_reads(version: int, level: str) -> None:
    room = capacity(version, level) - 3
    data = (string.ascii_lowercase * 120)[: max(room, 1)].encode()
    modules = qr_symbol(qr_bits(data, group(version)), version, level)
    grey = np.where(np.kron(np.pad(modules, 4), np.ones((3, 3), np.bool_)), np.uint8(0), np.uint8(255))
    found = zxingcpp.read_barcode(grey, formats=zxingcpp.BarcodeFormats((zxingcpp.BarcodeFormat.QRCode,)))
    assert found is not None
    assert bytes(found.bytes) == data
    assert f"'Version': '{version}', 'ECLevel': '{level}'" in str(found.extra)


@given(st.text(string.ascii_lowercase, min_size=1, max_size=200), st.sampled_from(LEVELS))
def test_a_qr_code_of_one_mode_is_as_another_writer_makes_it(data: str, level: str) -> None:
    theirs = zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    modules = np.asarray(theirs.to_image(scale=1, add_quiet_zones=False)) < 128
    version = (len(modules) - 17) // 4
    assert np.array_equal(qr_symbol(qr_bits(data.encode(), group(version)), version, level), modules)


@with_references
@pytest.mark.parametrize(("case", "data"), [("mock_royalmail", "AAB123456789GB|SW1A1AA|JOHNSMITH")])
def test_letters_and_digits_share_a_qr_code_as_in_the_reference(case: str, data: str) -> None:
    symbol = draw("^BQ", request("N", 2.0, 5.0, data=f"MM,{data}", height=150))
    # text is printed over a part of it
    assert (dots(symbol) == reference(case, symbol, 30, 970)).mean() > 0.98


def test_a_count_of_bytes_is_in_plain_digits() -> None:
    assert manual("B²²²²") == "B²²²²"


def test_a_qr_code_that_is_one_of_several_says_which() -> None:
    symbol = draw("^BQ", request("N", 2.0, 4.0, data="D0203C5,QA,part two"))
    assert scan(symbol)[1] == "part two"
    # the second of three
    opening = "0011" + "0001" + "0010" + "11000101"
    modules = qr_symbol(opening + qr_bits(b"part two", 0), 1, "Q")
    assert np.array_equal(dots(symbol), np.kron(modules, np.ones((4, 4), np.bool_)))


def test_a_qr_code_without_a_magnification_has_the_printers() -> None:
    sides = [draw("^BQ", request("N", 2.0, None, data="QA,1", scale=scale)).width for scale in SCALES]
    assert sides == [21 * 2, 21 * 3, 21 * 6]


def test_a_qr_code_begins_the_height_of_bars_below() -> None:
    assert draw("^BQ", request("N", 2.0, 4.0, data="QA,1", height=37)).drop == 37


@pytest.mark.parametrize("field", ["", "QA,", "QA," + "x" * 3000, "QA," + "9" * 8000])
def test_a_qr_code_that_cannot_be_says_so(field: str) -> None:
    with pytest.raises(Unprintable, match=r"QR code|does not fit"):
        draw("^BQ", request("N", 2.0, 4.0, data=field))


# Data Matrix

bytes_of_all_kinds = st.one_of(
    st.binary(min_size=1, max_size=60),
    st.text("0123456789", min_size=1, max_size=60).map(str.encode),
    st.text(string.ascii_uppercase + " 0123", min_size=1, max_size=60).map(str.encode),
    st.text(string.ascii_lowercase + " A1", min_size=1, max_size=60).map(str.encode),
    st.text("AB12*> \r", min_size=1, max_size=60).map(str.encode),
    st.text("ABC.-/@ ;:!a", min_size=1, max_size=60).map(str.encode),
    st.text(string.printable, min_size=1, max_size=60).map(str.encode),
)


@given(st.lists(bytes_of_all_kinds, min_size=1, max_size=3), st.sampled_from(SCALES))
def test_a_data_matrix_says_its_bytes(parts: list[bytes], scale: float) -> None:
    data = b"".join(parts)
    assume(b"~" not in data)
    symbol = draw("^BX", request("N", 4.0, 200.0, data=data, scale=scale))
    said = scan(symbol, pure=True)
    assert said[0] == symbol.format
    assert said[2] == data


@pytest.mark.parametrize("size", [*SQUARES, *RECTANGLES], ids=lambda size: f"{size.rows}x{size.columns}")
def test_every_size_of_data_matrix_reads(size: Size) -> None:
    data = (string.ascii_uppercase * 60)[: size.data]
    modules = symbol(tuple(ord(letter) + 1 for letter in data), size)
    assert modules.shape == (size.rows, size.columns)
    found = draw("^BX", request("N", 3.0, 200.0, float(size.columns), float(size.rows), data="12"))
    assert (found.height, found.width) == (3 * size.rows, 3 * size.columns)
    assert scan(found, pure=True)[1] == "12"


def test_a_data_matrix_is_as_rectangular_as_asked() -> None:
    square = draw("^BX", request("N", 4.0, 200.0, data="ABCDEF"))
    flat = draw("^BX", request("N", 4.0, 200.0, None, None, None, "", 2.0, data="ABCDEF"))
    assert square.width == square.height
    assert flat.width > flat.height
    assert scan(flat)[1] == "ABCDEF"


def test_escapes_in_a_data_matrix_are_bytes_and_marks() -> None:
    asked = request("N", 4.0, 200.0, None, None, None, "_", data="_142090210_192_d065__x_GY")
    symbol = draw("^BX", asked)
    assert symbol.text == "42090210\x1d92A_x\x07Y"
    format_, _, said = scan(symbol)
    assert (format_, said) == ("Data Matrix", b"42090210\x1d92A_x\x07Y")


def test_the_macro_of_a_data_matrix_reads_as_written() -> None:
    data = f"[)>{RS}06{GS}1T123{GS}Q5{RS}{EOT}"
    symbol = draw("^BX", request("N", 4.0, 200.0, data=data))
    assert scan(symbol)[1:] == (symbol.text, data.encode())


def test_a_data_matrix_without_a_module_is_as_high_as_the_bars() -> None:
    assert draw("^BX", request("N", None, 200.0, data="ABC", height=105)).height == 100


def test_a_data_matrix_too_small_for_its_data_says_so() -> None:
    with pytest.raises(Unprintable, match="do not fit a Data Matrix of 10 x 10"):
        draw("^BX", request("N", 4.0, 200.0, 10.0, 10.0, data="far too much for it"))
    with pytest.raises(Unprintable, match="do not fit"):
        draw("^BX", request("N", 4.0, 200.0, data="ä" * 1600))
    with pytest.raises(Unprintable, match="no data"):
        draw("^BX", request("N", 4.0, 200.0, data=""))


@given(st.lists(st.integers(0, FNC1), min_size=1, max_size=80))
def test_codewords_fill_the_smallest_capacity(data: list[int]) -> None:
    found = codewords(tuple(data), tuple(size.data for size in SQUARES))
    assert found is not None
    assert len(found) in {size.data for size in SQUARES}
    assert all(0 <= value < 256 for value in found)


# PDF417


@given(
    st.text(string.printable, min_size=1, max_size=150),
    st.integers(0, 5),
    st.integers(0, 12),
    st.integers(0, 90),
    st.booleans(),
    st.sampled_from(SCALES),
)
def test_a_pdf417_says_its_data(data: str, level: int, columns: int, rows: int, truncated: bool, scale: float) -> None:
    asked = request(
        *("N", 8.0, float(level), float(columns), float(rows), "Y" if truncated else "N"),
        data=data,
        module=max(1, round(2 * scale)),
        scale=scale,
    )
    try:
        symbol = draw("^B7", asked)
    except Unprintable:
        assume(False)
    assert symbol.height % round(8 * scale) == 0
    # a large symbol that is nearly empty repeats itself, in which readers of all formats may see bars of others
    found = scan(symbol, formats=(zxingcpp.BarcodeFormat.PDF417,))
    assert found == (symbol.format, symbol.text, data.encode())


def test_a_pdf417_has_the_columns_asked_for() -> None:
    for columns in range(1, 31):
        symbol = draw("^B7", request("N", 6.0, 1.0, float(columns), data="A" * 100, module=1))
        assert symbol.width == 17 * columns + 69


def test_a_pdf417_has_the_rows_asked_for() -> None:
    symbol = draw("^B7", request("N", 6.0, 1.0, 3.0, 20.0, data="AB", module=1))
    assert (symbol.width, symbol.height) == (17 * 3 + 69, 6 * 20)


def test_a_pdf417_without_a_row_height_is_as_high_as_the_bars() -> None:
    assert draw("^B7", request("N", None, 1.0, 4.0, data="1234567890", height=90)).height == 90


def test_a_pdf417_that_cannot_be_says_so() -> None:
    with pytest.raises(Unprintable, match="do not fit a PDF417 of 1 columns"):
        draw("^B7", request("N", 6.0, 1.0, 1.0, data="A" * 600))
    with pytest.raises(Unprintable, match="no data"):
        draw("^B7", request("N", 6.0, 1.0, 1.0, data=""))
    with pytest.raises(Unprintable, match="holds no"):
        draw("^B7", request("N", 6.0, 1.0, 1.0, data="A" * 10_000))


@given(st.text(string.ascii_letters + string.digits, min_size=1, max_size=10), st.integers(0, 33))
def test_a_micropdf417_says_its_data(data: str, mode: int) -> None:
    try:
        symbol = draw("^BF", request("N", 20.0, float(mode), data=data))
    except Unprintable:
        assume(False)
    assume(symbol.format)
    assert scan(symbol) == (symbol.format, symbol.text, data.encode())


def test_a_micropdf417_that_no_reader_finds_has_no_format() -> None:
    assert draw("^BF", request("N", 2.0, 0.0, data="1234")).format == ""
    assert draw("^BF", request("N", 6.0, 0.0, data="1234")).format == "MicroPDF417"
