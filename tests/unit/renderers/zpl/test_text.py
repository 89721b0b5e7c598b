"""Field data as text: escapes and character sets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.zpl.text import CodePage, characters, decode, unescape, without_line_ends

SETS = st.integers(-5, 60)
PLACES = b"#0@[\\]^`{|}~"


@pytest.mark.parametrize(
    ("data", "indicator", "bare"),
    [
        (b"_C3_B6", b"_", b"\xc3\xb6"),
        (b"a_5eb", b"_", b"a^b"),
        (b"a_5", b"_", b"a_5"),
        (b"__41", b"_", b"_A"),
        (b"_zz_4", b"_", b"_zz_4"),
        (b"\\41_41", b"\\", b"A_41"),
        (b".41", b".", b"A"),
        (b"_41", b"", b"_41"),
        (b"_5F41", b"_", b"_41"),
    ],
)
def test_an_escape_is_one_byte_and_anything_else_stays(data: bytes, indicator: bytes, bare: bytes) -> None:
    assert unescape(data, indicator) == bare


@given(st.binary(max_size=40), st.sampled_from([b"_", b"\\", b"#", b"."]))
def test_escaped_bytes_come_back(data: bytes, indicator: bytes) -> None:
    escaped = b"".join(indicator + b"%02X" % byte for byte in data)
    assert unescape(escaped, indicator) == data


def test_line_ends_break_the_lines_of_the_zpl_only_where_they_are_not_escaped() -> None:
    plain = CodePage(28)
    assert characters(unescape(without_line_ends(b"a\r\nb_0D_0Ac", plain)), plain) == "ab\r\nc"
    assert decode(b"ab\r\nc", plain) == "abc"
    wide = CodePage(29)
    assert characters(without_line_ends("\u0a0d\u200a".encode("utf-16-be"), wide), wide) == "\u0a0d\u200a"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "#0@[¢]^`{|}~"),
        (2, "£0@[¢]^`{|}~"),
        (6, "#0§ÄÖÜ^`äöüß"),
        (10, "#0§¡Ñ¿^`{ñç~"),
        (12, "#0@[¥]^`{|}~"),
        (13, "#0@[\\]^`{|}~"),
        (28, "#0@[\\]^`{|}~"),
    ],
)
def test_national_sets_differ_in_twelve_places(number: int, text: str) -> None:
    assert decode(PLACES, CodePage(number)) == text


@pytest.mark.parametrize(
    ("number", "codec", "text"),
    [
        (13, "cp850", "Größe ñ ½ ª"),
        (15, "shift_jis", "日本語 label"),
        (16, "euc_jp", "日本語"),
        (26, "gb18030", "中文 label"),
        (27, "cp1252", "Größe € “x”"),
        (28, "utf-8", "Größe 中文 ไทย 😀"),
        (29, "utf-16-be", "Größe 中文"),
        (30, "utf-16-le", "Größe 中文"),
        (31, "cp1250", "Łódź"),
        (33, "cp1251", "Москва"),
        (34, "cp1253", "Αθήνα"),
        (35, "cp1254", "İstanbul"),
        (36, "cp1255", "שלום"),
    ],
)
def test_each_character_set_reads_its_own_bytes(number: int, codec: str, text: str) -> None:
    assert decode(text.encode(codec), CodePage(number)) == text


def test_a_pair_prints_the_source_where_the_destination_stands() -> None:
    euro_for_dollar = CodePage.of(0.0, (21.0, 36.0))
    assert decode(b"$5", euro_for_dollar) == "€5"
    swapped = CodePage.of(13.0, (65.0, 66.0, 66.0, 65.0))
    assert decode(b"AB", swapped) == "BA"


def test_pairs_do_not_touch_unicode_text() -> None:
    assert decode("Æ$".encode(), CodePage.of(28.0, (146.0, 198.0, 21.0, 36.0))) == "Æ$"


def test_half_pairs_and_places_out_of_range_are_left_out() -> None:
    assert CodePage.of(13.0, (65.0, None, 300.0, 66.0, 67.0, 68.0, 9.0)).remap == ((67, 68),)
    assert CodePage.of(None).number == CodePage.of(99.0).number == CodePage.of(float("nan")).number == 0


def test_ends_of_lines_in_the_data_are_dropped() -> None:
    assert decode(b"a\r\nb\nc", CodePage(28)) == decode(b"a\rb\nc\n", CodePage(0)) == "abc"


@given(st.binary(max_size=60), SETS, st.lists(st.floats(allow_nan=True) | st.none(), max_size=9))
def test_no_bytes_are_refused(data: bytes, number: int, positions: list[float | None]) -> None:
    text = decode(data, CodePage.of(float(number), tuple(positions)))
    assert "\n" not in text
    assert "\r" not in text
    assert len(text) <= len(data)


@given(st.text(alphabet=st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=30))
def test_utf_8_text_comes_back(text: str) -> None:
    assert decode(text.encode(), CodePage(28)) == text
