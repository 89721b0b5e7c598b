import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.zpl.reading import CASES, dots, draw, read, reference, widths
from zxingcpp import BarcodeFormat

from labeld.renderers.zpl.symbology.linear import DRAWERS
from labeld.renderers.zpl.symbology.model import Unprintable, Value

DIGITS = st.text("0123456789", min_size=1, max_size=20)
MODULES = st.integers(1, 5)
#: ^BY ratio; narrower than 2.5 at one dot a module is 2
RATIOS = st.sampled_from([2.0, 2.5, 3.0])
LATIN = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), min_size=1, max_size=24)
needs_references = pytest.mark.skipif(not CASES.is_dir(), reason="no reference pictures here")


def test_wide_bars_are_the_ratio_in_whole_dots() -> None:
    assert set(widths(draw("^B3", "A", "N", module=3, ratio=2.5))) == {3, 7}
    assert set(widths(draw("^B3", "A", "N", module=3, ratio=2.3))) == {3, 6}
    assert set(widths(draw("^B3", "A", "N", module=1, ratio=2.9))) == {1, 2}
    assert set(widths(draw("^B3", "A", "N", module=10, ratio=2.3))) == {10, 23}


def test_height_is_the_commands_in_design_dots_or_that_of_by() -> None:
    assert draw("^BC", "1", 40.0, scale=1.5).height == 60
    assert draw("^BC", "1").height == 100
    assert draw("^BC", "1", 0.0).height == 1


@given(LATIN, MODULES)
def test_code128_packs_itself(text: str, module: int) -> None:
    symbol = draw("^BC", text, 100.0, "N", "N", "N", "A", module=module)
    assert read(symbol) == [("Code 128", text)]
    assert (symbol.format, symbol.text) == ("Code 128", text)


@given(st.text(st.sampled_from("0123456789Aa\x01\x1d"), min_size=1, max_size=16))
def test_code128_holds_controls_between_letters_and_digits(text: str) -> None:
    symbol = draw("^BC", text, 100.0, "N", "N", "N", "A")
    assert read(symbol) == [("Code 128", symbol.text)]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=">"), min_size=1, max_size=24))
def test_code128_without_codes_is_subset_b(text: str) -> None:
    symbol = draw("^BC", text, 100.0, "Y")
    assert symbol.width == 2 * (11 * (len(text) + 2) + 13)
    assert read(symbol) == [("Code 128", text)] == [("Code 128", symbol.text)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (">;382436>6CODE128>752375152", "382436CODE128TEST"),
        (">:CODE>5128128", "CODE128128"),
        (">9353663", "CD_"),
        ("A>0B><C>=D", "A>B^C~D"),
        (">;12A34B5", "1234"),
        (">;12>6>7A", "12"),
        ("5>x", "5>x"),
    ],
)
def test_code128_invocation_codes(data: str, text: str) -> None:
    symbol = draw("^BC", data, 100.0, "Y")
    assert read(symbol) == [("Code 128", text)]
    assert [line.text for line in symbol.captions] == [text]


def test_code128_mode_d_is_gs1_and_prints_brackets() -> None:
    symbol = draw("^BC", "(420) 53238", 100.0, "Y", "N", "N", "D")
    assert read(symbol) == [("Code 128", "(420)53238")]
    assert (symbol.captions[0].text, symbol.text) == ("(420) 53238", "42053238")
    symbol = draw("^BC", "42000000>892612903000000000000000000", 100.0, "N", "N", "N", "D")
    assert read(symbol) == [("Code 128", "(420)00000(92)612903000000000000000000")]
    assert symbol.text == "42000000\x1d92612903000000000000000000"


def test_code128_mode_u_is_nineteen_digits_and_a_check_digit() -> None:
    texts = [draw("^BC", data, 100.0, "Y", "N", "N", "U").text for data in ("0012345678901234567", "1", "9" * 30)]
    assert texts == ["00123456789012345675", "10000000000000000007", "99999999999999999999"]


def test_code128_check_digit_is_asked_for_and_only_of_digits() -> None:
    assert draw("^BC", ">;>80012345678901234567", 100.0, "N", "N", "Y").text == "00123456789012345675"
    assert draw("^BC", "PX67", 100.0, "N", "N", "Y").text == "PX67"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-. $/+%", min_size=1, max_size=20), MODULES, RATIOS)
def test_code39(text: str, module: int, ratio: float) -> None:
    symbol = draw("^B3", text, "N", 100.0, module=module, ratio=ratio)
    assert read(symbol, BarcodeFormat.Code39Std, BarcodeFormat.Code39Ext) == [(symbol.format, symbol.text)]
    assert symbol.captions[0].text == f"*{text}*"


def test_code39_check_character_and_asterisks() -> None:
    assert draw("^B3", "*CODE39*", "Y").text == "CODE39W"
    assert draw("^BL", "logmars1").captions[0].text == "LOGMARS1K"


@given(DIGITS.filter(lambda text: len(text) > 5), MODULES, RATIOS)
def test_interleaved_two_of_five(text: str, module: int, ratio: float) -> None:
    symbol = draw("^B2", text, module=module, ratio=ratio)
    assert read(symbol) == [("ITF", symbol.text)]
    assert symbol.text == "0" * (len(text) % 2) + text


def test_interleaved_two_of_five_with_check_digit() -> None:
    assert draw("^B2", "1234567", None, "Y", "N", "Y").text == "12345670"


@given(st.text("0123456789", min_size=1, max_size=16), MODULES)
def test_ean13_pads_and_cuts_to_twelve_digits(text: str, module: int) -> None:
    symbol = draw("^BE", text, module=module)
    assert read(symbol) == [("EAN-13", symbol.text)]
    assert symbol.text[:12] == (text[:-1] if len(text) == 13 else text.zfill(12)[-12:])


@given(st.text("0123456789", min_size=7, max_size=7))
def test_ean8(text: str) -> None:
    symbol = draw("^B8", text)
    assert read(symbol) == [("EAN-8", symbol.text)]


@given(st.text("0123456789", min_size=11, max_size=11))
def test_upca(text: str) -> None:
    symbol = draw("^BU", text)
    assert read(symbol) == [(symbol.format, symbol.text)]


@given(st.text("0123456789", min_size=6, max_size=6))
def test_upce_of_six_digits_and_of_its_ten(text: str) -> None:
    symbol = draw("^B9", text)
    assert read(symbol) == [("UPC-E", symbol.text)]
    again = draw("^B9", symbol.text[2:12])
    assert read(again) == [("UPC-E", symbol.text)]


def test_upce_cannot_be_of_any_ten_digits() -> None:
    with pytest.raises(Unprintable, match="too few zeros: use \\^BU"):
        draw("^B9", "1234567890")


def test_digits_of_ean13_stand_among_the_guards() -> None:
    symbol = draw("^BE", "123456789012", 100.0)
    first, left, right = symbol.captions
    assert (first.text, left.text, right.text) == ("1", "234567", "890128")
    assert first.right == -10
    assert left.stretched
    assert right.stretched
    assert (left.left, left.right, right.left, right.right) == (10, 88, 102, 180)
    assert left.baseline == 118
    assert symbol.edges[:, 3].max() == 113


def test_line_is_centred_six_design_dots_off() -> None:
    symbol = draw("^BC", "123456", 100.0, "Y", "N")
    assert [(line.left, line.right, line.baseline) for line in symbol.captions] == [(0, symbol.width, 120)]
    above = draw("^BC", "123456", 100.0, "Y", "Y").captions[0]
    assert above.baseline == -12
    assert draw("^BC", "123456", 100.0, "N", "N").captions == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("^BC", "", "no data"),
        ("^BC", "a" * 1001, "1001 characters"),
        ("^BC", ">;a", "nothing to encode"),
        ("^BC", "中", "no character"),
        ("^B3", "A#B", "no character '#'"),
        ("^B2", "12a4", "digits only"),
        ("^BE", "x", "digits only"),
        ("^BE", "-", "digits only"),
    ],
)
def test_what_cannot_be_encoded_is_said(name: str, text: str, message: str) -> None:
    with pytest.raises(Unprintable, match=re.escape(message)):
        draw(name, text)


@given(
    st.sampled_from(sorted(DRAWERS)),
    st.text(max_size=60),
    st.lists(st.none() | st.floats() | st.sampled_from(["", "Y", "N", "A", "D", "U", "*", "7"]), max_size=7),
    st.floats(allow_nan=False),
    st.sampled_from([0.5, 1.0, 1.477, 2.95]),
)
def test_anything_gives_a_symbol_or_one_clear_error(
    name: str, text: str, values: list[Value], ratio: float, scale: float
) -> None:
    try:
        symbol = draw(name, text, *values, ratio=ratio, scale=scale)
    except Unprintable as error:
        assert name in str(error)
        assert "\n" not in str(error)
        return
    assert symbol.edges.dtype == np.int32
    assert symbol.edges[:, 2].max() == symbol.width
    assert (symbol.edges[:, 2] > symbol.edges[:, 0]).all()
    assert (symbol.edges[:, 3] > symbol.edges[:, 1]).all()


@needs_references
@pytest.mark.parametrize(
    ("case", "x", "y", "name", "text", "values"),
    [
        ("barcode_code128_standard", 50, 50, "^BC", "123456", (100.0, "N")),
        ("unit_barcode128_mode_a", 75, 968, "^BC", ">;9632080400200044387502171053828143", (200.0, "N", "N", "N", "A")),
        ("unit_barcode128_mode_d", 75, 968, "^BC", "9632080400200044387502171053828143", (200.0, "N", "N", "N", "D")),
        ("unit_barcode128_mode_n", 75, 968, "^BC", ">;9632080400200044387502171053828143", (200.0, "N")),
        ("barcode_code39_standard", 50, 50, "^B3", "CODE39", ("N", 100.0)),
        ("barcode_logmars_standard", 50, 50, "^BL", "LOGMARS1", (100.0,)),
        ("barcode_interleaved2of5_standard", 50, 50, "^B2", "12345678", (100.0,)),
        ("barcode_industrial2of5_standard", 50, 50, "^BI", "12345678", (100.0,)),
        ("barcode_standard2of5_standard", 50, 50, "^BJ", "12345678", (100.0,)),
        ("barcode_ean13_standard", 50, 50, "^BE", "123456789012", (100.0,)),
        ("barcode_upca_standard", 50, 50, "^BU", "01234567890", (100.0,)),
        ("barcode_upce_standard", 50, 50, "^B9", "012345", (100.0,)),
    ],
)
def test_bars_are_those_of_the_reference(
    case: str, x: int, y: int, name: str, text: str, values: tuple[Value, ...]
) -> None:
    ours = dots(draw(name, text, *values))
    np.testing.assert_array_equal(ours, reference(case, x, y, ours.shape[1], ours.shape[0]))
