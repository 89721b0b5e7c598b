"""Codablock and Code 49: rows against those of Debian's zint, and how they stand on each other."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.renderers.zpl.reading import dots, draw, read, zint

from labeld.renderers.zpl.symbology.codablock import code39_rows, code128_rows
from labeld.renderers.zpl.symbology.code128 import modules
from labeld.renderers.zpl.symbology.model import Symbol, Unprintable

needs_zint = pytest.mark.skipif(shutil.which("zint") is None, reason="no zint here")
#: zint is a process for each example.
few = settings(max_examples=25)


def rows(symbol: Symbol, pitch: int, top: int) -> list[list[int]]:
    """Bars and spaces of each row in dots, `top` dots below its beginning."""
    lines = dots(symbol)[top::pitch]
    edges = [np.flatnonzero(np.diff(np.r_[False, line, False].astype(np.int8))) for line in lines]
    return [np.diff(edge).tolist() for edge in edges if edge.size > 2]


def said(block: list[list[int]]) -> str:
    """What rows of Codablock F say, their checks left out."""
    text, last = "", block[-1]
    for row in block:
        subset = {98: "A", 100: "B", 99: "C"}[row[1]]
        shifted = False
        for value in row[3:-2] if row is last else row[3:]:
            own = "BA"["AB".index(subset)] if shifted else subset
            shifted = False
            if value == 98 and subset != "C":
                shifted = True
            elif value > 98:
                subset = {99: "C", 100: "B", 101: "A"}[value]
            elif own == "C":
                text += f"{value:02}"
            else:
                text += chr(value - 64 if own == "A" and value > 63 else value + 32)
    return text


@needs_zint
@few
@given(st.text("ABCDEFxyz 0123456789\x01", min_size=1, max_size=40), st.integers(2, 6))
def test_codablock_f(text: str, count: int) -> None:
    theirs = zint("CODABLOCKF", text, f"--rows={count}")
    patterns = {tuple(modules([value])[:6]): value for value in range(106)}
    values = [[patterns[tuple(row[at : at + 6])] for at in range(0, len(row) - 13, 6)] for row in theirs]
    mine = code128_rows(text, len(values[0]) - 3, len(theirs), gs1=False)
    assert said(mine) == said(values) == text
    assert len(mine) <= len(theirs) + 1
    if mine[:-1] == values[:-1]:  # then the subset is the same in which the checks of the whole are written
        assert mine == values


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("abcd12345678EFGH", 8, [[100, 64, 65, 66, 67, 68, 99, 12, 34, 56], [100, 11, 23, 24, 37, 38, 39, 40, 74, 0]]),
        ("A1234567890", 5, [[100, 64, 33, 99, 12, 34, 56], [99, 43, 78, 90, 100, 53, 65]]),
        ("00A0", 4, [[100, 64, 16, 16, 33, 16], [100, 11, 99, 100, 79, 42]]),
    ],
)
def test_codablock_f_changes_subsets_within_rows(text: str, columns: int, rows: list[list[int]]) -> None:
    assert [row[1:] for row in code128_rows(text, columns, 2, gs1=False)] == rows


def test_codablock_f_stands_in_rows_with_separators() -> None:
    symbol = draw("^BB", "CODABLOCK", 8.0, "Y", 6.0, None, "F")
    picture = dots(symbol)
    row = [2 * width for width in modules(code128_rows("CODABLOCK", 6, 0, gs1=False)[0])]
    assert symbol.height == 2 * 16 + 2
    assert rows(symbol, 16, 8)[0] == row
    assert picture[:2].all()
    assert picture[-2:].all()
    assert picture[16:18, 22:-26].all()
    np.testing.assert_array_equal(picture[16, :22], picture[24, :22])
    np.testing.assert_array_equal(picture[16, -26:], picture[24, -26:])
    assert symbol.format == ""


def test_codablock_e_begins_with_fnc1_which_is_weighed() -> None:
    first, last = code128_rows("AB", 4, 2, gs1=True)
    assert first[2:] == [64, 102, 33, 34, 99]
    # 128 + 2 * 65 + 3 * 66 and 65 + 2 * 66 by 86, in subset B
    assert last[:5] == [103, 100, 11, 99, 100]
    assert [456 % 86, 197 % 86] == [26, 25]
    assert last[5:] == [26 + 64, 25 + 64]


def test_codablock_without_rows_or_columns_is_one_row() -> None:
    symbol = draw("^BB", "1234567890", 20.0, "Y")
    assert read(symbol) == [("Code 128", "1234567890")] == [(symbol.format, symbol.text)]
    assert symbol.height == 42


def test_codablock_of_some_rows_divides_the_data() -> None:
    symbol = draw("^BB", "ABCDEFGHIJ", 8.0, "Y", None, 2.0)
    assert symbol.width == 2 * (11 * (6 + 4) + 13)
    assert len(rows(symbol, 16, 8)) == 2


def test_codablock_a_of_the_guides_rows() -> None:
    assert code39_rows("CODABLOCK", 8, 0, checked=True) == ["MCODABLOCM", "0K     Y+0"]
    assert code39_rows("ABCDEFGHIJ", 4, 0, checked=True) == ["NABCDN", "0EFGH0", "1IJK41"]
    assert code39_rows("ABC", 6, 3, checked=True) == ["NABC   N", "0      0", "1    K91"]
    assert code39_rows("ABCDEF", 3, 0, checked=False) == ["MABCM", "0DEF0"]
    assert code39_rows("ABC", 6, 1, checked=True) == ["LABC"]


def test_codablock_a_is_rows_of_code39() -> None:
    symbol = draw("^BB", "codablock", 20.0, "Y", 8.0, None, "A", module=2)
    assert sorted(text for _, text in read(symbol)) == ["0K     Y+0", "MCODABLOCM"]


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("A" * 100, (8.0, "Y", 4.0, 2.0, "A"), "holds 6 of 100 characters"),
        ("a;b", (8.0, "Y", 4.0, 2.0, "A"), "no character ';'"),
        ("A" * 900, (8.0, "Y", 4.0, None, "F"), "holds 44 rows"),
        ("ä", (8.0, "Y", 4.0, None, "F"), "ASCII only"),
    ],
)
def test_codablock_that_cannot_be(text: str, values: tuple[float | str | None, ...], message: str) -> None:
    with pytest.raises(Unprintable, match=message):
        draw("^BB", text, *values)


@needs_zint
@few
@given(st.text("ABCxyz%$(*:_|\x03\x7f 0123456789", min_size=1, max_size=22))
def test_code49(text: str) -> None:
    # a digit in zint's shifts would run on into the digits behind it: none of these is shifted to one
    symbol = draw("^B4", text, 8.0, module=1)
    assert rows(symbol, 9, 4) == zint("CODE49", text)


@needs_zint
@pytest.mark.parametrize(
    "text", ["'\"!#&;<=>?@[\\]^", "12" * 30, "1" * 81, "1234567", "A" * 49, "x" * 24, "12345", "<abc"]
)
def test_code49_of_all_sizes(text: str) -> None:
    assert rows(draw("^B4", text, 8.0, module=1), 9, 4) == zint("CODE49", text)


def test_code49_has_its_quiet_zones_and_separators() -> None:
    symbol = draw("^B4", "12345ABCDE", 20.0, "A", module=3)
    picture = dots(symbol)
    assert (symbol.width, symbol.height) == (81 * 3, (2 * 20 + 3) * 3)
    assert picture[:3].all()
    assert picture[-3:].all()
    assert picture[63:66, 30:240].all()
    assert not picture[63:66, :30].any()
    assert not picture[3:-3, 240:].any()
    assert symbol.captions[0].baseline < 0
    assert draw("^B4", "1", 20.0, "B").captions[0].baseline > symbol.height - 60
    assert draw("^B4", "1", 20.0).captions == ()


def test_code49_modes() -> None:
    automatic, plain = draw("^B4", "12345", 8.0, "N", "A"), draw("^B4", "12345", 8.0, "N", 0.0)
    assert not np.array_equal(dots(automatic), dots(plain))
    np.testing.assert_array_equal(dots(draw("^B4", "12345", 8.0, "N", 2.0)), dots(automatic))
    assert draw("^B4", "a", 8.0, "N", 5.0).height == draw("^B4", "a", 8.0).height
    with pytest.raises(Unprintable, match="use mode A"):
        draw("^B4", "ABC", 8.0, "N", 2.0)


@pytest.mark.parametrize(("text", "message"), [("A" * 50, "holds 49"), ("é", "no character 'é'")])
def test_code49_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(Unprintable, match=message):
        draw("^B4", text, 8.0)
