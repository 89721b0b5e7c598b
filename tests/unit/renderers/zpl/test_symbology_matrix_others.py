import string

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.renderers.zpl.matrixcodes import CASES, SCALES, dots, draw, reference, request, scan

from labeld.renderers.zpl.symbology.aztec_symbol import COMPACT, FULL, Shape, symbol
from labeld.renderers.zpl.symbology.databar import elements
from labeld.renderers.zpl.symbology.matrix import DRAWERS
from labeld.renderers.zpl.symbology.model import Request, Unprintable

with_references = pytest.mark.skipif(not CASES.is_dir(), reason="no reference pictures beside this checkout")
GTIN = "0112345678901"

REFERENCES: list[tuple[str, str, Request]] = [
    ("barcode_aztec_standard", "^B0", request("N", 4.0, "N", 0.0, data="Aztec123")),
    ("barcode_gs1databar_standard", "^BR", request("N", 1.0, 2.0, 2.0, 100.0, data=GTIN)),
    ("barcode_gs1databar_truncated", "^BR", request("N", 2.0, 2.0, 2.0, 100.0, data=GTIN)),
    ("barcode_gs1databar_stacked", "^BR", request("N", 3.0, 2.0, 2.0, 100.0, data=GTIN)),
    ("barcode_gs1databar_stacked_omni", "^BR", request("N", 4.0, 2.0, 2.0, 100.0, data=GTIN)),
]


def test_every_matrix_command_has_a_drawer() -> None:
    assert set(DRAWERS) == {"^B0", "^BO", "^B7", "^BD", "^BF", "^BQ", "^BR", "^BT", "^BX"}


@with_references
@pytest.mark.parametrize(("case", "command", "asked"), REFERENCES, ids=[entry[0] for entry in REFERENCES])
def test_a_symbol_has_every_module_of_the_reference(case: str, command: str, asked: Request) -> None:
    symbol = draw(command, asked)
    assert np.array_equal(dots(symbol), reference(case, symbol, 50, 50))


# Aztec


@with_references
@pytest.mark.parametrize(("percent", "y", "side"), [(23, 70, 23), (45, 250, 27), (70, 450, 37), (95, 700, 79)])
def test_error_control_makes_the_modules_of_the_reference(percent: int, y: int, side: int) -> None:
    data = "Part:123;Warehouse:BYZA;Position:12-12-1"
    symbol = draw("^BO", request("N", 5.0, "", float(percent), data=data))
    assert symbol.width == 5 * side
    picture = reference("unit_aztec_ec", symbol, 231, y)
    assert np.array_equal(picture, dots(symbol))
    assert scan(symbol) == ("Aztec", data, data.encode())


@given(
    st.one_of(
        st.text(string.printable, min_size=1, max_size=80).map(str.encode),
        st.text("0123456789., ", min_size=1, max_size=80).map(str.encode),
        st.binary(min_size=1, max_size=80),
    ),
    st.integers(0, 90),
    st.sampled_from(SCALES),
)
def test_an_aztec_says_its_data(data: bytes, percent: int, scale: float) -> None:
    symbol = draw("^B0", request("N", 3.0, "", float(percent), data=data, scale=scale))
    format_, _, said = scan(symbol, pure=True)
    assert (format_, said) == ("Aztec", data)


@pytest.mark.parametrize("shape", [*COMPACT, *FULL], ids=lambda shape: f"{shape.layers}{'c' * shape.compact}")
def test_every_size_of_aztec_reads(shape: Shape) -> None:
    choice = shape.layers + (100 if shape.compact else 200)
    drawn = draw("^B0", request("N", 2.0, "", float(choice), data="AB12"))
    layers = (11 if shape.compact else 14) + 4 * shape.layers
    assert drawn.width // 2 == layers + (0 if shape.compact else 1 + 2 * ((layers // 2 - 1) // 15))
    assert scan(drawn, pure=True)[1] == "AB12"


def test_a_menu_symbol_sets_up_the_reader() -> None:
    for size in (101.0, 205.0):
        plain = dots(draw("^B0", request("N", 4.0, "", size, "N", data="MENU")))
        symbol = draw("^B0", request("N", 4.0, "", size, "Y", data="MENU"))
        assert (plain != dots(symbol)).any()
        grey = np.where(np.pad(dots(symbol), 40), np.uint8(0), np.uint8(255))
        found = zxingcpp.read_barcode(grey)
        assert found is not None
        assert "ReaderInit" in str(found.extra)


@pytest.mark.parametrize("value", [0, 1, 85, 170, 255])
def test_a_rune_says_its_number(value: int) -> None:
    symbol = draw("^B0", request("N", 6.0, "", 300.0, data=str(value)))
    assert symbol.width == 66
    assert scan(symbol)[:2] == ("Aztec", f"{value:03}") == (symbol.format, symbol.text)


def test_an_aztec_says_letters_beyond_latin() -> None:
    assert scan(draw("^B0", request("N", 4.0, data="Łódź 日本")))[1] == "Łódź 日本"


@pytest.mark.parametrize(
    ("size", "data", "why"),
    [
        (0.0, "", "no data"),
        (300.0, "256", "0 to 255"),
        (101.0, "far too much for one layer", "do not fit"),
        (0.0, "x" * 3500, "do not fit"),
        (0.0, "9" * 5000, "holds no"),
    ],
)
def test_an_aztec_that_cannot_be_says_so(size: float, data: str, why: str) -> None:
    with pytest.raises(Unprintable, match=why):
        draw("^B0", request("N", 4.0, "", size, data=data))


def test_modules_in_a_cache_cannot_be_changed() -> None:
    modules = symbol((1, 2, 3, 4, 5), COMPACT[0])
    assert modules.shape == (15, 15)
    assert not modules.flags.writeable


# GS1 DataBar


@given(st.integers(0, 10**13 - 1), st.sampled_from([1.0, 2.0, 3.0, 4.0]), st.sampled_from(SCALES))
def test_a_databar_says_its_gtin(number: int, kind: float, scale: float) -> None:
    symbol = draw("^BR", request("N", kind, 3.0, 1.0, data=f"{number:013}", scale=scale))
    assert scan(symbol)[:2] == (symbol.format, symbol.text)
    assert symbol.text[4:17] == f"{number:013}"


@given(st.integers(0, 1999999999999), st.sampled_from(["{}", "01{}0", "(01){}0", "{}0"]))
def test_a_limited_databar_takes_a_gtin_in_any_shape(number: int, shape: str) -> None:
    symbol = draw("^BR", request("N", 5.0, 3.0, data=shape.format(f"{number:013}")))
    assert scan(symbol)[:2] == (symbol.format, symbol.text)


@pytest.mark.parametrize("segments", [2.0, 4.0, 8.0, 22.0])
@pytest.mark.parametrize(
    "data", ["(01)09521234543213(10)ABC", "010952123454321310ABC#21XYZ", "[01]09521234543213[3103]001750", "10LOT1"]
)
def test_an_expanded_databar_says_its_elements(data: str, segments: float) -> None:
    symbol = draw("^BR", request("N", 6.0, 3.0, 1.0, None, segments, data=data))
    assert scan(symbol)[:2] == (symbol.format, symbol.text)


def test_elements_are_told_apart_by_their_identifiers() -> None:
    assert elements("0109521234543213310300175010AB\x1d21X") == "[01]09521234543213[3103]001750[10]AB[21]X"
    with pytest.raises(Unprintable, match="application identifier"):
        elements("AB")


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (7.0, "01234567890", ("EAN-13", "0012345678905")),
        (8.0, "123456", ("UPC-E", "0012345000065")),
        (9.0, "123456789012", ("EAN-13", "1234567890128")),
        (10.0, "1234567", ("EAN-8", "12345670")),
        (11.0, "0109521234543213", ("Code 128", "(01)09521234543213")),
        (12.0, "(01)09521234543213(10)AB", ("Code 128", "(01)09521234543213(10)AB")),
    ],
)
def test_the_linear_relatives_of_databar_say_theirs(kind: float, data: str, said: tuple[str, str]) -> None:
    symbol = draw("^BR", request("N", kind, 2.0, 1.0, 100.0, data=data))
    assert symbol.height == 100
    assert scan(symbol)[:2] == said == (symbol.format, symbol.text)


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (1.0, "", "1 to 200"),
        (1.0, "ABC", "13 digits"),
        (1.0, "12345678901234567", "13 digits"),
        (5.0, "9912345678901", "does not fit"),
        (6.0, "(01)123", "does not fit"),
        (9.0, "ABC", "12 digits"),
        (1.0, "0112345678901|10AB", "composite"),
        (13.0, "1", "no symbol of kind 13"),
    ],
)
def test_a_databar_that_cannot_be_says_so(kind: float, data: str, why: str) -> None:
    with pytest.raises(Unprintable, match=why):
        draw("^BR", request("N", kind, 2.0, data=data))


# TLC39


@pytest.mark.parametrize("scale", SCALES)
def test_a_tlc39_is_two_symbols(scale: float) -> None:
    data = "123456,ABCd12345678901234,5551212,88899"
    symbol = draw("^BT", request("N", None, None, None, None, 12.0, data=data, scale=scale))
    grey = np.where(np.pad(dots(symbol), 40), np.uint8(0), np.uint8(255))
    found = {(str(code.format), code.text) for code in zxingcpp.read_barcodes(grey)}
    assert found == {("Code 39", "123456"), ("MicroPDF417", data[7:])}


def test_a_tlc39_without_a_serial_number_is_a_code_39() -> None:
    symbol = draw("^BT", request("N", data="1234567"))
    assert symbol.height == 40
    assert scan(symbol)[:2] == (symbol.format, symbol.text) == ("Code 39", "123456")


def test_the_sizes_of_a_tlc39_are_those_of_the_head() -> None:
    """Narrow bars of 2, 2 and 4 dots; heights of 40, 60 and 120 under rows of 4, 4 and 8 (ZPL II guide, `^BT`)."""
    heads = (8.0, 300 / 25.4, 600 / 25.4)
    plain = [draw("^BT", request("N", data="123456", dots_per_mm=head)) for head in heads]
    assert [symbol.height for symbol in plain] == [40, 60, 120]
    assert plain[0].width == plain[1].width == plain[2].width / 2
    linked = [draw("^BT", request("N", data="123456,A1", dots_per_mm=head)) for head in heads]
    rows = (linked[0].height - 40) // 4
    assert [symbol.height for symbol in linked] == [40 + 4 * rows, 60 + 4 * rows, 120 + 8 * rows]
    named = draw("^BT", request("N", None, None, None, 3.0, 10.0, data="123456,A1"))
    assert named.height == 40 + 10 * rows


@pytest.mark.parametrize(("command", "values", "data"), [
    ("^B0", ("N",), "A1"), ("^BO", ("N",), "A1"), ("^BQ", ("N", 2.0), "QA,A1"), ("^BR", ("N", 1.0), "1234567890123"),
])  # fmt: skip
def test_a_symbol_without_a_magnification_has_that_of_the_head(
    command: str, values: tuple[float | str, ...], data: str
) -> None:
    for head, times in ((8.0, 2.0), (300 / 25.4, 3.0), (600 / 25.4, 6.0)):
        plain = draw(command, request(*values, data=data, dots_per_mm=head))
        place = (*values, times) if command != "^BQ" else ("N", 2.0, times)
        assert (plain.edges == draw(command, request(*place, data=data)).edges).all()


@pytest.mark.parametrize("data", ["12345", "ABCDEF,1", "١٢٣٤٥٦", "123456," + "A" * 26])
def test_a_tlc39_that_cannot_be_says_so(data: str) -> None:
    with pytest.raises(Unprintable, match="TLC39"):
        draw("^BT", request("N", data=data))
