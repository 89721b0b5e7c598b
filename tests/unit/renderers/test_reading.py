import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.renderers.marks import FORMATS, GS1, Mark, maxicode, modules, page

from labeld.renderers.media import Media, Resolution
from labeld.renderers.pdf import open_page
from labeld.renderers.placement import Placement
from labeld.renderers.symbols import (
    LINEAR,
    MAXICODE,
    Symbol,
    lost,
    matches_tracking,
    read_again,
    read_dots,
    read_maxicodes,
    read_part,
)

SIZE = Resolution(203).size(Media.parse("100x150mm"))
NAMES = [name for name in FORMATS if name not in (GS1, MAXICODE)]


def grey(*marks: Mark, fineness: float = 1.0) -> NDArray[np.uint8]:
    with open_page(page(marks, (100, 150)), 1) as sheet:
        whole = Placement(0, 1.0, 0, 0, (0, 0, *sheet.size), "")
        return sheet.draw(whole, Resolution(203), (0, 0, *SIZE), fineness)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("fineness", [1.0, 2.0, 3.0])
def test_parts_and_dots_are_read_alike(kind: str, fineness: float) -> None:
    picture = grey(Mark(kind, 10, 40, 0.375), fineness=fineness)
    for found in (read_dots(picture < 128), read_part(picture), read_part(picture, [kind])):
        ((name, text),) = [(symbol.format, symbol.text.replace("<GS>", "\x1d")) for symbol in found]
        assert (name, text) == (kind, FORMATS[kind][1])
    others = [name for name in NAMES if name != kind]
    assert read_part(picture, others, thorough=False) == ()


def test_a_part_is_read_thoroughly_only_where_that_is_wanted() -> None:
    inverted = 255 - grey(Mark("QR Code", 10, 40, 0.5))
    assert read_dots(inverted < 128) == read_part(inverted, thorough=False) == ()
    assert [symbol.text for symbol in read_part(inverted)] == [FORMATS["QR Code"][1]]


def test_symbols_move_with_the_part_they_were_read_from() -> None:
    symbol = Symbol("Code 128", "A", (30, 60, 90, 120), 90)
    assert symbol.moved(5, -7).position == (35, 53, 95, 113)
    assert symbol.moved(5, -7, 1 / 3) == Symbol("Code 128", "A", (15, 13, 35, 33), 90)
    picture = grey(Mark("Code 128", 20, 50))
    (whole,) = read_part(picture)
    (part,) = read_part(picture[300:700, 100:700])
    assert part.moved(100, 300) == whole


@pytest.mark.parametrize("turns", range(4))
def test_maxicodes_are_read_in_every_turn_and_the_others_do_not_see_them(turns: int) -> None:
    picture = grey(Mark(MAXICODE, 30, 40, turns=turns))
    (found,) = read_maxicodes(picture)
    assert (found.format, found.text) == (MAXICODE, FORMATS[MAXICODE][1])
    left, top, right, bottom = found.position
    high = maxicode(FORMATS[MAXICODE][1])
    assert right - left == pytest.approx(max(high.size) * 0.88 / 25 * 8, abs=20)
    assert left >= 0 and top >= 0 and right <= SIZE[0] and bottom <= SIZE[1]
    assert read_dots(picture < 128) == ()
    assert read_again(picture < 128, [found]) == (found,)


def test_a_maxicode_that_cannot_be_read_is_there_without_a_text() -> None:
    picture = grey(Mark(MAXICODE, 30, 40))
    picture[320:370] = 255
    picture[470:520] = 255
    (found,) = read_maxicodes(picture)
    assert (found.format, found.text) == (MAXICODE, "")
    assert read_maxicodes(np.full((300, 200), 255, np.uint8)) == ()


def test_what_is_expected_elsewhere_is_looked_for_everywhere() -> None:
    bits = grey(Mark("Code 128", 10, 40), Mark("QR Code", 10, 100, 0.5)) < 128
    wrong = Symbol("Code 128", FORMATS["Code 128"][1], (600, 1100, 700, 1190))
    found = read_again(bits, [wrong])
    assert lost([wrong], found) == ()
    assert [symbol.format for symbol in found] == ["Code 128"], "nothing else is asked for"
    assert read_again(np.zeros_like(bits), [wrong]) == ()
    assert read_again(bits, []) == ()


def test_a_maxicode_says_nothing_of_the_tracking_number() -> None:
    inside = Symbol(MAXICODE, "[)>011Z12345675UPSN", (0, 0, 1, 1))
    other = Symbol("Code 128", "1Z999AA10123456784", (0, 0, 1, 1))
    assert matches_tracking([inside], "1Z12345675") is None
    assert matches_tracking([inside, other], "1Z12345675") is False
    assert matches_tracking([inside, other], "1Z 999 AA1 01 2345 6784") is True


def test_every_linear_format_is_one_row_of_modules() -> None:
    assert {name for name in NAMES if len(modules(name, FORMATS[name][1])) == 1} == LINEAR
