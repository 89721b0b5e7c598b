"""Widths of bars and spaces against those of Debian's zint."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.renderers.zpl.reading import CASES, dots, draw, heights, read, reference, widths, zint
from zxingcpp import BarcodeFormat

from labeld.renderers.zpl.symbology.model import Unprintable, Value

needs_zint = pytest.mark.skipif(shutil.which("zint") is None, reason="no zint here")
needs_references = pytest.mark.skipif(not CASES.is_dir(), reason="no reference pictures here")
#: zint is a process for each example.
few = settings(max_examples=25)
DIGITS = st.text("0123456789", min_size=1, max_size=12)


@needs_zint
@few
@given(st.text("0123456789-", min_size=1, max_size=12), st.booleans())
def test_code11(text: str, one: bool) -> None:
    mine = widths(draw("^B1", text, "Y" if one else "N", module=1, ratio=2.0))
    assert mine == zint("CODE11", text, *(["--vers=1"] if one else []))[0]


@needs_zint
@few
@given(DIGITS, st.sampled_from([("A", []), ("B", ["--vers=1"]), ("C", ["--vers=2"]), ("D", ["--vers=4"])]))
def test_msi(text: str, kind: tuple[str, list[str]]) -> None:
    mine = widths(draw("^BM", text, kind[0], module=1, ratio=2.0))
    assert mine == zint("MSI_PLESSEY", text, *kind[1])[0]


@needs_zint
@few
@given(st.text("0123456789ABCDEF", min_size=1, max_size=12))
def test_plessey(text: str) -> None:
    assert widths(draw("^BP", text, module=1, ratio=3.0)) == zint("PLESSEY", text)[0]


@needs_zint
@few
@given(DIGITS)
def test_two_of_five_without_wide_spaces(text: str) -> None:
    assert widths(draw("^BI", text, module=1)) == zint("C25IND", text)[0]
    assert widths(draw("^BJ", text, module=1)) == zint("C25IATA", text)[0]


@needs_zint
@few
@given(st.text("0123456789", min_size=2, max_size=2) | st.text("0123456789", min_size=5, max_size=5))
def test_supplements(text: str) -> None:
    assert widths(draw("^BS", text, module=1)) == zint("EANX", text)[0]


@needs_zint
@few
@given(st.from_regex(r"[0-9]{2}[3-9][1-9]{2}[0-9]", fullmatch=True), st.sampled_from("01"))
def test_upce_of_both_number_systems(text: str, system: str) -> None:
    assert widths(draw("^B9", system + text, module=1)) == zint("UPCE", system + text)[0]


@needs_zint
@few
@given(st.text("ABCxyz0123456789", min_size=1, max_size=16))
def test_code128_is_as_short_as_zints(text: str) -> None:
    mine = draw("^BC", text, 100.0, "N", "N", "N", "A", module=1)
    assert mine.width <= sum(zint("CODE128", text)[0])


@needs_zint
@few
@given(st.sampled_from([("POSTNET", "^BZ"), ("PLANET", "^B5")]), st.text("0123456789", min_size=11, max_size=11))
def test_postal_bars_are_tall_or_short(kind: tuple[str, str], text: str) -> None:
    tall = zint(kind[0], text)[0]
    symbol = draw(kind[1], text, 10.0, module=2)
    places = np.cumsum([0, *tall])[:-1:2] // 2
    mine = [index for index, (top, _) in enumerate(heights(symbol)) if top == 0]
    assert mine == places.tolist()
    assert set(heights(symbol)) == {(0, 10), (6, 10)}


@needs_zint
@few
@given(
    st.from_regex(r"[0-9][0-4][0-9]{18}", fullmatch=True),
    st.from_regex(r"([0-9]{5}|[0-9]{9}|[0-9]{11})?", fullmatch=True),
)
def test_intelligent_mail(track: str, destination: str) -> None:
    text = f"{track}-{destination}" if destination else track
    symbol = draw("^BZ", text, 8.0, "N", "N", 3.0, module=1)
    rows = zint("USPS_IMAIL", text)
    up, down = ({int(place) // 2 for place in np.cumsum([0, *row])[:-1:2]} for row in (rows[0], rows[2]))
    first, last = min(up), min(down)  # rows begin with their own first bar
    mine = heights(symbol)
    mine_up = [index for index, (top, _) in enumerate(mine) if top == 0]
    mine_down = [index for index, (_, bottom) in enumerate(mine) if bottom == 8]
    assert [index - mine_up[0] for index in mine_up] == sorted(index - first for index in up)
    assert [index - mine_down[0] for index in mine_down] == sorted(index - last for index in down)
    assert set(mine) <= {(0, 8), (0, 5), (3, 8), (3, 5)}
    assert len(mine) == 65


def test_intelligent_mail_of_the_specification() -> None:
    states = heights(draw("^BZ", "01234567094987654321-01234567891", 8.0, "N", "N", "3"))
    letters = {(0, 8): "F", (0, 5): "A", (3, 8): "D", (3, 5): "T"}
    assert "".join(letters[state] for state in states) == (
        "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"
    )


def test_postal_bars_are_two_and_a_half_modules_apart() -> None:
    symbol = draw("^BZ", "12345", 50.0, module=3)
    assert np.diff(symbol.edges[:, 0])[:6].tolist() == [7, 8, 7, 8, 7, 8]
    assert symbol.captions == ()
    assert draw("^BZ", "12345-6789", 50.0, "Y").captions[0].text == "123456789"


@pytest.mark.parametrize("text", ["1234", "01234567094987654321-1234", "05" + "0" * 18, "x" * 20])
def test_no_intelligent_mail(text: str) -> None:
    with pytest.raises(Unprintable, match=r"\^BZ of type 3"):
        draw("^BZ", text, 8.0, "N", "N", 3.0)


@given(st.text("0123456789-$:/.+", min_size=4, max_size=20), st.sampled_from("ABCD"), st.integers(1, 4))
def test_codabar(text: str, stop: str, module: int) -> None:
    symbol = draw("^BK", text, "N", 100.0, "Y", "N", "B", stop, module=module)
    assert read(symbol) == [("Codabar", f"B{text}{stop}")] == [("Codabar", symbol.text)]


def test_codabar_letters_of_the_data_come_first() -> None:
    assert draw("^BK", "c12345d").text == "C12345D"
    assert draw("^BK", "12345").text == "A12345A"


@given(st.text(st.characters(max_codepoint=127, exclude_characters="&'()"), min_size=1, max_size=20), st.integers(1, 4))
def test_code93(text: str, module: int) -> None:
    symbol = draw("^BA", text, module=module)
    assert read(symbol, BarcodeFormat.Code93) == [("Code 93", symbol.text)]


def test_code93_shifts_and_check_characters() -> None:
    symbol = draw("^BA", "A)A&A(A'F&", None, "Y", "N", "Y")
    assert read(symbol) == [("Code 93", "Aa<SOH>!;&")]
    assert symbol.captions[0].text[:10] == "A)A&A(A'F&"
    assert len(symbol.captions[0].text) == 12


def test_check_digits_are_printed_if_asked_for() -> None:
    assert draw("^BM", "1234567", "B", None, "Y", "N", "Y").captions[0].text == "12345674"
    assert draw("^BM", "1234567").captions[0].text == "1234567"
    assert draw("^BP", "12345", "Y").captions[0].text[:5] == "12345"
    assert len(draw("^BP", "12345", "Y").captions[0].text) == 7


@needs_references
@pytest.mark.parametrize(
    ("case", "name", "text", "values"),
    [
        ("barcode_code11_standard", "^B1", "12345", ("N", 100.0)),
        ("barcode_codabar_standard", "^BK", "A12345A", ("N", 100.0)),
        ("barcode_planet_standard", "^B5", "12345678901", (100.0,)),
    ],
)
def test_bars_are_those_of_the_reference(case: str, name: str, text: str, values: tuple[Value, ...]) -> None:
    ours = dots(draw(name, text, *values))
    np.testing.assert_array_equal(ours, reference(case, 50, 50, ours.shape[1], ours.shape[0]))
