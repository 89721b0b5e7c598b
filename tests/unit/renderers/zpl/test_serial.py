"""Fields that count (`^SN`, `^SF`): as the guide's examples do, and as numbers with other digits."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.zpl.serial import advanced
from labeld.renderers.zpl.state import Serial

DIGITS = {
    "d": string.digits,
    "h": "0123456789ABCDEF",
    "o": "01234567",
    "a": string.ascii_uppercase,
    "n": string.digits + string.ascii_uppercase,
}


def counted(text: str, serial: Serial, labels: int) -> list[str]:
    return [advanced(text, serial, index) for index in range(labels)]


@pytest.mark.parametrize(
    ("text", "step", "expected"),
    [
        ("001", "1", ["001", "002", "003"]),
        ("AB09X", "1", ["AB09X", "AB10X", "AB11X"]),
        ("7-99", "1", ["7-99", "7-00", "7-01"]),
        ("05", "-3", ["05", "02", "99"]),
        ("5", "", ["5", "6", "7"]),
        ("5", "x", ["5", "6", "7"]),
        ("none", "1", ["none", "none", "none"]),
        ("", "1", ["", "", ""]),
        ("1234567890123", "1", ["1234567890123", "1234567890124", "1234567890125"]),
        ("9999999999999", "1", ["9999999999999", "9000000000000", "9000000000001"]),
    ],
)
def test_the_last_number_counts_and_keeps_its_length(text: str, step: str, expected: list[str]) -> None:
    assert counted(text, Serial(step, zeros=True), 3) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("008", ["  8", "  9", " 10"]),
        ("A  8", ["A  8", "A  9", "A 10"]),
        ("A  9", ["A  9", "A 10", "A 11"]),
        ("099", [" 99", "100", "101"]),
        ("98", ["98", "99", " 0"]),
    ],
)
def test_zeros_that_are_not_wanted_print_as_spaces(text: str, expected: list[str]) -> None:
    assert counted(text, Serial("1"), 3) == expected


@pytest.mark.parametrize(
    ("text", "mask", "step", "expected"),
    [
        ("BL0000", "aadddd", "", ["BL0000", "BL0001", "BL0002"]),
        ("BL9999", "aadddd", "1", ["BL9999", "BM0000", "BM0001"]),
        ("BL0000", "aadddd", "10", ["BL0000", "BL0010", "BL0020"]),
        ("BL00-0", "aadd%d", "1%1", ["BL00-0", "BL01-1", "BL02-2"]),
        ("BL09-9", "AADD%D", "1%1", ["BL09-9", "BL11-0", "BL12-1"]),
        ("AZ", "aa", "B", ["AZ", "BA", "BB"]),
        ("AZ", "aa", "", ["AZ", "BA", "BB"]),
        ("az", "AA", "b", ["az", "ba", "bb"]),
        ("AZ", "aa", "1", ["AZ", "AZ", "AZ"]),
        ("9F", "hh", "1", ["9F", "A0", "A1"]),
        ("77", "oo", "1", ["77", "00", "01"]),
        ("0Z", "nn", "1", ["0Z", "10", "11"]),
        ("12", "", "1", ["12", "12", "12"]),
        ("12", "%%", "1", ["12", "12", "12"]),
        ("12", "dddddd", "1", ["12", "13", "14"]),
        ("1", "dd", "25", ["1", "6", "1"]),
        ("\u01333", "d%", "1", ["\u01333"] * 3),
        ("\ufb061", "ad", "1", ["\ufb061", "\ufb062", "\ufb063"]),
    ],
)
def test_masks_say_what_counts(text: str, mask: str, step: str, expected: list[str]) -> None:
    assert counted(text, Serial(step, mask), 3) == expected


@given(
    st.text("dhoanDHOAN", min_size=1, max_size=8).flatmap(
        lambda mask: st.tuples(st.just(mask), *(st.sampled_from(DIGITS[letter.lower()]) for letter in mask))
    ),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_masks_count_like_numbers_of_mixed_bases(field: tuple[str, ...], first: int, second: int) -> None:
    mask, text = field[0], "".join(field[1:])
    value, whole = 0, 1
    for letter, character in zip(mask, text, strict=True):
        alphabet = DIGITS[letter.lower()]
        value, whole = value * len(alphabet) + alphabet.index(character), whole * len(alphabet)
    wanted, value = "", (value + first) % whole
    for letter in reversed(mask):
        alphabet = DIGITS[letter.lower()]
        value, digit = divmod(value, len(alphabet))
        wanted = alphabet[digit] + wanted
    assert advanced(text, Serial("", mask), first) == wanted
    again = advanced(advanced(text, Serial("", mask), first), Serial("", mask), second)
    assert again == advanced(text, Serial("", mask), first + second)


@given(st.text(), st.text(max_size=9), st.none() | st.text(max_size=12), st.booleans(), st.integers(0, 200))
def test_any_text_keeps_its_length(text: str, step: str, mask: str | None, zeros: bool, index: int) -> None:
    serial = Serial(step, mask, zeros)
    assert len(advanced(text, serial, index)) == len(text)
    if mask is not None:
        assert advanced(text, serial, 0) == text


@given(st.integers(0, 10**12 - 1), st.integers(-(10**6), 10**6), st.integers(0, 200))
def test_numbers_count_by_any_step(value: int, step: int, index: int) -> None:
    text = f"{value:012d}"
    assert advanced(f"A{text}Z", Serial(str(step), zeros=True), index) == f"A{(value + step * index) % 10**12:012d}Z"
