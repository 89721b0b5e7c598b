"""The printer's fonts: sizes, measures, and the ink that is drawn."""

import json
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.zpl.fonts import Style, font, missing, style
from labeld.renderers.zpl.fonts.faces import LONGEST

METRICS = Path(__file__).resolve().parents[5] / "shared/conformance/zpl/font0_metrics.json"
NAMES = ["0", "A", "B", "C", "D", "E", "F", "G", "H", "P", "V", "GS", "E:ARIAL.TTF", "1"]
SCALES = [1.0, 300 / 203.2, 600 / 203.2]
CELLS = {"A": (9, 5, 6), "B": (11, 7, 9), "C": (18, 10, 12), "D": (18, 10, 12), "E": (28, 15, 20)}
CELLS |= {"F": (26, 13, 16), "G": (60, 40, 48), "H": (21, 13, 19)}
SIZES = st.floats(8, 200)
TEXTS = st.text(alphabet=string.printable[:95] + "äÖéñ€ŁЯΩ", max_size=12)


def fitted(name: str, height: float | None, width: float | None = None, scale: float = 1.0) -> Style:
    return style(name, *font(name).fit(height, width), scale)


@pytest.mark.skipif(not METRICS.is_file(), reason="no measured metrics beside this checkout")
def test_every_measured_character_has_its_measured_width() -> None:
    measured = json.loads(METRICS.read_text())
    size = measured["height"]
    at = style("0", size, size, 1.0)
    for char, (advance, left, width, top, bottom) in measured["glyphs"].items():
        glyph = at.glyph(char)
        assert at.advance(char) == pytest.approx(advance, abs=0.06), char
        assert glyph.left == pytest.approx(left, abs=3), char
        assert glyph.bits.shape[1] == pytest.approx(width, abs=5), char
        assert at.baseline + glyph.top == pytest.approx(top, abs=5), char
        assert at.baseline + glyph.top + glyph.bits.shape[0] == pytest.approx(bottom, abs=6), char


@pytest.mark.parametrize(("name", "cell"), CELLS.items())
@pytest.mark.parametrize(
    ("asked", "steps"), [(0.3, 1), (1.0, 1), (1.4, 1), (1.6, 2), (2.0, 2), (3.4, 3), (9.9, 10), (40, 10)]
)
def test_bitmap_fonts_come_in_whole_steps(name: str, cell: tuple[int, int, int], asked: float, steps: int) -> None:
    height, width, pitch = cell
    assert font(name).fit(height * asked, None) == (height * steps, width * steps)
    assert font(name).fit(None, width * asked) == (height * steps, width * steps)
    assert font(name).fit(height, width * asked) == (height, width * steps)
    at = fitted(name, height * asked)
    assert at.line_height == height * steps
    assert at.advance("M") == at.advance("i") == pytest.approx(pitch * steps)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("steps", [2, 3, 5])
def test_capitals_stand_on_the_baseline_and_reach_the_cap_height(name: str, steps: int) -> None:
    at = fitted(name, CELLS[name][0] * steps)
    glyph = at.glyph("H")
    near = 1 + 0.02 * at.cap_height
    assert glyph.top + glyph.bits.shape[0] == pytest.approx(0, abs=near)
    assert -glyph.top == pytest.approx(at.cap_height, abs=near)
    assert at.cap_height <= at.baseline <= at.line_height


#: Cell and pitch of the fonts for reading by machines on 6, 12 and 24 dots/mm (ZPL II guide, "font matrices").
OTHER_HEADS = [
    ("E", 6.0, (21, 10, 13)), ("E", 300 / 25.4, (42, 20, 26)), ("E", 600 / 25.4, (42, 20, 26)),
    ("H", 6.0, (17, 11, 15)), ("H", 300 / 25.4, (34, 22, 30)), ("H", 600 / 25.4, (34, 22, 30)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "head", "cell"), OTHER_HEADS)
def test_fonts_for_machines_have_other_cells_on_other_heads(name: str, head: float, cell: tuple[int, int, int]) -> None:
    height, width, pitch = cell
    assert font(name, head).fit(None, None) == (height, width)
    assert font(name, head).fit(2 * height, None) == (2 * height, 2 * width)
    at = style(name, height, width, 1.0, head)
    assert at.advance("M") == pytest.approx(pitch)
    glyph = at.glyph("H")
    assert glyph.top + glyph.bits.shape[0] == pytest.approx(0, abs=1)
    assert -glyph.top == pytest.approx(at.cap_height, abs=1.5)
    assert at.cap_height <= at.baseline <= at.line_height
    assert all(font(each, head) is font(each) for each in "0ABCDFGPQRSTUV")


def test_what_a_request_leaves_out_is_filled_in() -> None:
    assert font("0").fit(40, None) == font("0").fit(None, 40) == font("0").fit(40, 0) == (40, 40)
    assert font("0").fit(40, 20) == (40, 20)
    assert font("0").fit(None, None) == (15, 12)
    assert font("A").fit(0, 0) == font("A").fit(None, None) == (9, 5)
    assert font("GS").fit(None, None) == (24, 24)


@given(st.sampled_from(NAMES), st.floats() | st.none(), st.floats() | st.none())
def test_any_request_gets_a_size_that_can_be_drawn(name: str, height: float | None, width: float | None) -> None:
    for size in font(name).fit(height, width):
        assert 0 < size <= 32000


def test_names_that_name_no_font() -> None:
    assert font("1") is font("a") is font("A")
    assert font("E:ARIAL.TTF") is font("R:X.FNT") is font("0")


def test_font_b_has_capitals_only() -> None:
    at = fitted("B", 33)
    assert (at.glyph("q").bits == at.glyph("Q").bits).all()


@given(st.sampled_from(NAMES), SIZES, SIZES, st.sampled_from(SCALES), TEXTS, TEXTS)
def test_widths_add_up(name: str, height: float, width: float, scale: float, one: str, other: str) -> None:
    at = fitted(name, height, width, scale)
    assert at.width(one + other) == pytest.approx(at.width(one) + at.width(other))
    assert all(at.advance(char) >= 0 for char in one)


@given(st.sampled_from(NAMES), SIZES, TEXTS)
def test_a_finer_head_prints_the_same_size(name: str, height: float, text: str) -> None:
    at, finer = fitted(name, height), fitted(name, height, scale=3.0)
    for attribute in ("baseline", "line_height", "cap_height"):
        assert getattr(finer, attribute) == pytest.approx(3 * getattr(at, attribute))
    assert finer.width(text) == pytest.approx(3 * at.width(text))


@given(st.sampled_from(NAMES), st.floats(9, 90), st.sampled_from(SCALES), st.sampled_from(string.printable[:94]))
def test_ink_lies_where_the_outline_says(name: str, height: float, scale: float, char: str) -> None:
    at = fitted(name, height, scale=scale)
    glyph, outline = at.glyph(char), at.outline(char)
    points = [point for _, corners in outline for point in corners]
    if not glyph.bits.any():
        return
    rows, columns = np.flatnonzero(glyph.bits.any(axis=1)), np.flatnonzero(glyph.bits.any(axis=0))
    assert min(x for x, _ in points) - 1.5 <= glyph.left + columns[0]
    assert glyph.left + columns[-1] + 1 <= max(x for x, _ in points) + 1.5
    assert min(y for _, y in points) - 1.5 <= glyph.top + rows[0]
    assert glyph.top + rows[-1] + 1 <= max(y for _, y in points) + 1.5


def test_contours_begin_with_a_move_and_end_where_they_began() -> None:
    for name, char in [("0", "&"), ("A", "8"), ("H", "R"), ("GS", "D"), ("GS", "E"), ("0", "中")]:
        outline = fitted(name, 60).outline(char)
        assert outline[0][0] == "move"
        sizes = {"move": 1, "line": 1, "quadratic": 2, "cubic": 3}
        assert all(len(points) == sizes[verb] for verb, points in outline)


def test_ink_of_a_turned_size_is_stretched_not_moved() -> None:
    narrow, wide = style("0", 60, 30, 1.0), style("0", 60, 120, 1.0)
    for char in "AgQ8":
        one, other = narrow.glyph(char), wide.glyph(char)
        assert one.top == other.top
        assert other.bits.shape[1] == pytest.approx(4 * one.bits.shape[1], abs=8)


@pytest.mark.parametrize("char", "Áçñøłşěğİ€£¥\u2013„”…•°µßÆ½⅓ŒЖЯΩλעชกب中字日Ệ\u0301")
def test_what_labels_of_other_languages_need_has_ink(char: str) -> None:
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    for name in ("0", "A"):
        at = fitted(name, 40)
        assert at.has(char)
        assert at.glyph(char).bits.any()


def test_an_accent_changes_neither_the_letter_nor_its_width() -> None:
    at = fitted("0", 100)
    for plain, accented in ("aà", "eé", "nñ", "uü", "cç", "zž", "AÅ", "UÜ", "Sş", "IÏ"):
        base = plain if plain.isupper() == accented.isupper() else plain.lower()
        letter, marked = at.glyph(base), at.glyph(accented)
        assert at.advance(accented) == at.advance(base)
        assert marked.left <= letter.left
        assert marked.bits.sum() > letter.bits.sum()
    assert at.advance("\u0301") == 0


def test_a_character_that_no_face_has_is_blank() -> None:
    for name in NAMES:
        at = fitted(name, 30)
        assert not at.has("\ue123")
        assert at.glyph("\ue123").bits.size == 0
        assert at.outline("\ue123") == ()
        assert at.advance("\ue123") > 0


@given(st.sampled_from(NAMES), st.characters())
def test_no_character_is_refused(name: str, char: str) -> None:
    at = fitted(name, 20)
    assert at.glyph(char).bits.ndim == 2
    assert at.advance(char) >= 0


@pytest.mark.parametrize("size", [5000, 32000])
def test_a_huge_glyph_is_cut_to_what_fits_in_memory(size: int) -> None:
    at = style("0", size, size, 600 / 203.2)
    for char in "8W.":
        assert max(at.glyph(char).bits.shape) <= LONGEST
    assert len(at._glyphs) < 3


def test_tiny_and_broken_sizes_draw_nothing_rather_than_fail() -> None:
    for name in NAMES:
        assert style(name, 0.01, 0.01, 1.0).glyph("M").bits.size <= 4
        assert style(name, 0.0, 0.0, 1.0).glyph("M").bits.size == 0


def test_many_characters_do_not_fill_the_memory() -> None:
    at = style("0", 400, 400, 1.0)
    for code in range(0x4E00, 0x5000):
        at.glyph(chr(code))
    assert 0 < sum(glyph.bits.size for glyph in at._glyphs.values()) <= 1 << 25


def test_many_sizes_do_not_fill_the_memory() -> None:
    sizes = [style("0", 200.0 + step, 400.0, 1.0) for step in range(1500)]
    for at in sizes:
        assert at.glyph("W") is at.glyph("W")
    kept = sum(glyph.bits.size for at in sizes for glyph in at._glyphs.values())
    assert sizes[0].glyph("W").bits.size * len(sizes) > 1 << 25 >= kept


def test_styles_are_made_once() -> None:
    assert style("0", 30.0, 30.0, 1.0) is style("0", 30.0, 30.0, 1.0)
    at = fitted("0", 30)
    assert at.glyph("A") is at.glyph("A")


@pytest.mark.parametrize("char", "中国日本ア")
def test_ideographs_lie_in_the_cell(char: str) -> None:
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    at = fitted("0", 100)
    glyph = at.glyph(char)
    assert at.baseline + glyph.top >= -5
    assert at.baseline + glyph.top + glyph.bits.shape[0] <= 105
    assert at.advance(char) == pytest.approx(100)


@pytest.mark.parametrize("name", ["0", "A", "G"])
@pytest.mark.parametrize("mark", "\u0301\u0e31\u0e38\u0e48\u200b\u200d")
def test_a_mark_does_not_move_the_pen(name: str, mark: str) -> None:
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    assert fitted(name, 60).width("a" + mark) == fitted(name, 60).width("a")
