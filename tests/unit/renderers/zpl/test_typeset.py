"""Where the lines of a field stand, seen on the label: plain, wrapped, cut off, in other directions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.zpl.fonts import style

from .printed import bits, field, ink, label, lines, rows

FONT = style("0", 30, 30, 1.0)
A = b"^A0N,30"


def stripes(content: bytes, width: int = 400, height: int = 400) -> list[tuple[int, int, int, int]]:
    """The box of the ink of each line of text that stands clear of the next one."""
    one = label(field(content), width, height)
    dark = bits(one)
    found = []
    for top, bottom in rows(one):
        columns = np.flatnonzero(dark[top:bottom].any(axis=0))
        found.append((int(columns[0]), top, int(columns[-1]) + 1, bottom))
    return found


# --- plain


def test_a_line_stands_below_its_origin_or_on_it() -> None:
    (below,) = stripes(A + b"^FO50,60^FDHHH")
    assert below[1] == pytest.approx(60, abs=1), "capitals begin at the top"
    assert below[3] == pytest.approx(60 + 0.74 * 30, abs=1)
    (on,) = stripes(A + b"^FT50,60^FDHHH")
    assert on[3] == 60
    assert (on[0], on[2]) == (below[0], below[2])
    assert 50 <= on[0] <= 53


@pytest.mark.parametrize("turn", "NRIB")
def test_turned_text_is_the_same_dots(turn: str) -> None:
    upright = bits(label(field(A + b"^FO50,60^FDAb1"), 300, 300))[40:110, 40:200]
    turned = bits(label(field(b"^A0%b,30^FO50,60^FDAb1" % turn.encode()), 300, 300))
    whole = np.rot90(turned, "NRIB".index(turn))

    def cut(dark: np.ndarray) -> np.ndarray:
        down, across = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
        return dark[down[0] : down[-1] + 1, across[0] : across[-1] + 1]

    one, other = cut(upright), cut(whole)
    assert abs(one.shape[1] - other.shape[1]) <= 1
    if one.shape == other.shape:
        assert (one != other).mean() < 0.1, "pens stand on whole dots"
    box = ink(field(b"^A0%b,30^FO50,60^FDAb1" % turn.encode()), 300, 300)
    assert box is not None
    left, top, right, bottom = box
    assert left >= 49 and top >= 59, "an origin is the top left corner, however the text is turned"
    assert right <= 50 + (40 if turn in "RB" else 200) and bottom <= 60 + (200 if turn in "RB" else 40)


def test_a_typeset_line_begins_at_its_origin_in_every_turn() -> None:
    boxes = {turn: ink(field(b"^A0%b,30^FT150,160^FDHHH" % turn), 300, 300) for turn in (b"N", b"R", b"I", b"B")}
    assert all(boxes.values())
    upright, right, inverted, left = (box or (0, 0, 0, 0) for box in boxes.values())
    assert upright[3] == 160 and 150 <= upright[0] <= 154
    assert right[0] == 150 and 160 <= right[1] <= 164
    assert inverted[1] == 160 and 146 <= inverted[2] <= 150
    assert left[2] == 150 and 156 <= left[3] <= 160


def test_a_line_may_end_at_its_origin() -> None:
    for origin in (b"^FO300,60,1", b"^FT300,60,1"):
        (one,) = stripes(A + origin + b"^FDHHH")
        assert 296 <= one[2] <= 300
    (one,) = stripes(A + b"^FO300,60,0^FDHHH")
    assert 300 <= one[0] <= 304


# --- wrapped


def test_words_go_to_the_next_line_when_they_do_not_fit() -> None:
    one = label(field(A + b"^FO9,9^FB200,9^FDaaaa bbbb cccc dddd eeee ffff gggg"))
    text = lines(one)
    assert " ".join(text) == "aaaa bbbb cccc dddd eeee ffff gggg"
    assert len(text) > 2
    for first, second in pairwise(text):
        assert FONT.width(first) <= 200 < FONT.width(f"{first} {second.split()[0]}")


def test_lines_end_where_they_are_told_to() -> None:
    assert lines(label(field(A + b"^FO9,9^FB300,9^FDa\\&b c\\&\\&d"))) == ["a", "b c", "d"]
    found = stripes(A + b"^FO9,9^FB300,9^FDH\\&H\\&\\&H")
    assert [box[1] - found[0][1] for box in found] == [0, 30, 90], "an empty line is a line"
    assert [box[1] - found[0][1] for box in stripes(A + b"^FO9,9^FB300,9,15^FDH\\&H\\&H")] == [0, 45, 90]
    assert lines(label(field(A + b"^FO9,9^FDa\\&b", b"^CI13"))) == ["a\\&b"], "only in a block"
    assert lines(label(field(A + b"^FO9,9^FB300,9^FDa\\\\b", b"^CI13"))) == ["a\\b"]


def test_lines_stand_left_centred_or_right() -> None:
    left, centred, right = (stripes(A + b"^FO50,9^FB300,2,0,%b^FDHHH\\&" % side)[0] for side in (b"L", b"C", b"R"))
    width = FONT.width("HHH")
    assert left[0] - 50 == pytest.approx(right[0] - 350 + width, abs=1)
    assert centred[0] - left[0] == pytest.approx((300 - width) / 2, abs=1)
    assert 346 <= right[2] <= 350
    assert left == stripes(A + b"^FO50,9^FDHHH")[0] == stripes(A + b"^FO50,9^FB300,2^FDHHH\\&")[0]


def test_justified_lines_fill_the_width_but_the_last_one() -> None:
    found = stripes(A + b"^FO50,9^FB300,9,0,J^FDHHHH HHHH HHHH HHHH HHHH HH")
    left, right = stripes(A + b"^FO50,9^FDHHHH")[0][0], stripes(A + b"^FO350,9,1^FDHHHH")[0][2]
    assert [(box[0], box[2]) for box in found[:-1]] == [(left, right)] * (len(found) - 1)
    assert len(found) > 1
    assert found[-1][2] < right - 20
    ended = stripes(A + b"^FO50,9^FB300,9,0,J^FDHH HH\\&HH HH")
    assert ended[0][2] == stripes(A + b"^FO50,9^FDHH HH")[0][2], "nor one that ends a paragraph"


def test_all_lines_but_the_first_are_indented() -> None:
    found = stripes(A + b"^FO50,9^FB300,9,0,L,40^FDH\\&H\\&H")
    assert [box[0] - found[0][0] for box in found] == [0, 40, 40]
    text = lines(label(field(A + b"^FO50,9^FB300,9,0,L,150^FDHHHH HHHH HHHH HHHH HHHH")))
    assert FONT.width(text[0]) > 150 > FONT.width(text[1])
    right = stripes(A + b"^FO50,9^FB300,9,0,R,40^FDH\\&H")
    assert right[0][2] == right[1][2]


def test_what_is_too_much_is_printed_over_the_last_line() -> None:
    one = label(field(A + b"^FO9,9^FB300,2^FDH\\&I\\&L"))
    assert len(rows(one)) == 2
    two = label(b"^XA" + A + b"^FO9,39^FDI^FS" + A + b"^FO9,39^FDL^FS" + A + b"^FO9,9^FDH^FS^XZ")
    assert (bits(one) == bits(two)).all()
    assert len(rows(label(field(A + b"^FO9,9^FB300^FDH\\&I\\&L")))) == 1, "one line unless it is told"


def test_words_are_cut_at_soft_hyphens() -> None:
    text = b"HHHH abcd\\-efgh\\-ijkl"
    assert lines(label(field(A + b"^FO9,9^FB400,9^FD" + text))) == ["HHHH abcdefghijkl"]
    narrow = FONT.width("HHHH abcdefgh-") + 1
    boxes = stripes(A + b"^FO9,9^FB%d,9^FD%b" % (narrow, text))
    assert len(boxes) == 2
    assert boxes[0][2] == stripes(A + b"^FO9,9^FDHHHH abcdefgh-")[0][2]
    assert boxes[1][2] == stripes(A + b"^FO9,39^FDijkl")[0][2]
    single = FONT.width("abcdefgh-") + 1
    boxes = stripes(A + b"^FO9,9^FB%d,9^FDabcd\\-efgh\\-ijkl" % single)
    assert boxes[0][2] == stripes(A + b"^FO9,9^FDabcdefgh-")[0][2], "also where it is alone on its line"


def test_words_that_are_longer_than_a_line_are_cut() -> None:
    text = lines(label(field(A + b"^FO9,9^FB100,9^FDab " + b"W" * 20), 400, 400))
    assert text[0] == "ab"
    assert "".join(text[1:]) == "W" * 20
    most = len(text[1])
    assert FONT.width("W" * most) <= 100 < FONT.width("W" * (most + 1))
    assert [len(line) for line in text[1:-1]] == [most] * (len(text) - 2)
    assert len(stripes(A + b"^FO9,9^FB1,99^FDHHH")) == 3, "a line has one letter at least"


def test_spaces_stay_inside_lines_only() -> None:
    assert stripes(A + b"^FO9,9^FB300,2^FD  HH")[0] == stripes(A + b"^FO9,9^FD  HH")[0]
    assert stripes(A + b"^FO9,9^FB300,2^FDHH   ")[0] == stripes(A + b"^FO9,9^FDHH")[0]
    wide = FONT.width("HHHH  ")
    assert stripes(A + b"^FO9,9^FB%d,2^FDHHHH   HHHH" % wide)[1][0] == stripes(A + b"^FO9,9^FDHHHH")[0][0]


def test_a_block_without_width_prints_nothing() -> None:
    assert ink(field(A + b"^FO9,9^FB0,9^FDHHH")) is None
    assert ink(field(A + b"^FO9,9^FB,9^FDHHH")) is None


def test_the_last_line_of_a_typeset_block_is_on_the_origin() -> None:
    found = stripes(A + b"^FT50,200^FB300,3^FDH\\&H\\&H")
    assert [box[3] for box in found] == [140, 170, 200]
    assert [box[3] for box in stripes(A + b"^FT50,200^FB300,3^FDH")] == [140], "as many lines as it may have"


@pytest.mark.parametrize("turn", [b"R", b"I", b"B"])
def test_turned_blocks_are_upright_ones_turned(turn: bytes) -> None:
    content = b"^FB200,3,5,C,10^FDHH HHHH HHH HHHHHH HH"
    upright = ink(field(A + b"^FO100,100" + content), 400, 400)
    turned = ink(field(b"^A0%b,30^FO100,100%b" % (turn, content)), 400, 400)
    assert upright is not None and turned is not None
    left, top, right, bottom = (side - 100 for side in upright)
    tall = 2 * 35 + 30
    wanted = {
        b"R": (tall - bottom, left, tall - top, right),
        b"I": (200 - right, tall - bottom, 200 - left, tall - top),
        b"B": (top, 200 - right, bottom, 200 - left),
    }[turn]
    assert [side - 100 for side in turned] == pytest.approx(wanted, abs=1)


@given(
    st.lists(st.sampled_from(["H", "bb", "cccc", "dddddddd", " ", "  ", "\\&", "\\-", "W" * 15]), max_size=30),
    st.integers(1, 500),
    st.integers(0, 90),
)
def test_no_letter_is_lost_and_no_line_too_long(words: list[str], width: int, indent: int) -> None:
    content = "H" + "".join(words)
    zpl = field(A + b"^FO0,0^FB%d,999,0,L,%d^FD%b" % (width, indent, content.encode()))
    one = label(zpl, 20, 20)
    wide = label(zpl, 4000, 4000)
    said = ["".join(char for char, _ in mark.shape.glyphs) for mark in wide.scene.marks]  # type: ignore[union-attr]
    letters = content.replace("\\&", "").replace("\\-", "").replace(" ", "")
    assert "".join(said).replace(" ", "").replace("-", "") == letters
    for line in said:
        assert FONT.width(line) <= width + 0.01 or len(line.strip(" -")) == 1 or not line.strip()
    assert len(one.scene.marks) <= len(wide.scene.marks)


# --- cut off


def test_text_blocks_are_cut_off_at_their_height() -> None:
    content = b"^FDHHHH HHHH HHHH HHHH HHHH"
    assert len(stripes(A + b"^FO9,9^TBN,120,400" + content)) == 5
    assert len(stripes(A + b"^FO9,9^TBN,120,65" + content)) == 2
    assert stripes(A + b"^FO9,9^TBN,120,20" + content) == []
    assert stripes(A + b"^FO9,9^TBN,120,65" + content)[0] == stripes(A + b"^FO9,9^FDHHHH")[0]
    (turned,) = [ink(field(b"^A0N,30^FO100,100^TBR,120,65" + content), 400, 400)]
    assert turned is not None
    assert turned[0] >= 100 and turned[2] - turned[0] > 50 and turned[3] - turned[1] < 100


def test_a_typeset_text_block_stands_on_its_origin() -> None:
    found = stripes(A + b"^FT9,200^TBN,120,65^FDHHHH HHHH")
    assert found[0][1] == pytest.approx(135, abs=1)


# --- other directions


def test_characters_below_each_other() -> None:
    found = stripes(A + b"^FO50,60^FPV^FDHIH")
    assert len(found) == 3
    assert [box[1] - found[0][1] for box in found] == [0, 30, 60]
    assert [box[1] - found[0][1] for box in stripes(A + b"^FO50,60^FPV,12^FDHIH")] == [0, 42, 84]
    assert found[0] == stripes(A + b"^FO50,60^FDH")[0]


def test_characters_from_the_right() -> None:
    assert (bits(label(field(A + b"^FO50,60^FPR^FDabc"))) == bits(label(field(A + b"^FO50,60^FDcba")))).all()
    (one,) = stripes(A + b"^FT200,60^FPR^FDHIL")
    assert 196 <= one[2] <= 200


def test_gaps_between_characters() -> None:
    (close,), (apart,) = stripes(A + b"^FO50,60^FDHHH"), stripes(A + b"^FO50,60^FPH,10^FDHHH")
    assert apart[2] - close[2] == 20
    assert apart[0] == close[0]
    (right,) = stripes(A + b"^FO300,60,1^FPH,10^FDHHH")
    assert 296 <= right[2] <= 300, "there is no gap after the last one"
