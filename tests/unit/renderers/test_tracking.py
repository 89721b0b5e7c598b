"""Tracking numbers as barcodes hold them and as labels print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.merged_files import pic

from labeld.renderers import tracking
from labeld.renderers.tracking import Tracking

ALNUM = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=50)


@given(st.integers(0, 10**11 - 1), st.integers(0, 10**5 - 1), st.integers(0, 10**4 - 1))
def test_420_and_zip_go_out_of_a_usps_number_with_and_without_brackets(number: int, zip5: int, plus4: int) -> None:
    wanted = Tracking(0, pic(number), "USPS")
    for code in (f"{zip5:05d}", f"{zip5:05d}{plus4:04d}"):
        assert tracking.of_barcode(f"(420){code}({wanted.number[:2]}){wanted.number[2:]}") == wanted
    assert tracking.of_barcode(f"420{zip5:05d}{wanted.number}") == wanted
    assert tracking.of_barcode(wanted.number) == wanted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1Z999AA10123456784", Tracking(0, "1Z999AA10123456784", "UPS")),
        ("1z 999aa1 0123456784", Tracking(0, "1Z999AA10123456784", "UPS")),
        ("9622001900000000000000776632517510", Tracking(0, "776632517510", "FedEx")),
        ("JX1234567890", Tracking(0, "JX1234567890")),
        ("RR123456785GB", Tracking(0, "RR123456785GB")),
        ("TTHERMES2882481596119090868", Tracking(2, "TTHERMES2882481596119090868")),
        ("17398843333472", Tracking(2, "17398843333472")),
        ("576653688135258178", None),
        ("1152925046068912345", None),
        ("SKU-1", None),
        ("https://example.com/", None),
        ("", None),
    ],
)
def test_what_a_barcode_says(text: str, found: Tracking | None) -> None:
    assert tracking.of_barcode(text) == found


def test_a_printed_number_is_found_with_its_blanks_and_the_one_after_the_word_is_the_first() -> None:
    text = f"Order 576653688135258178\nTracking No.: TH27014E9R5Q4G\nUSPS {pic(7)[:4]} {pic(7)[4:8]} {pic(7)[8:12]}"
    assert [one.number for one in tracking.in_text(text)] == ["TH27014E9R5Q4G"]
    spaced = " ".join(pic(7)[place : place + 4] for place in range(0, 22, 4))
    assert tracking.in_text(f"USPS TRACKING # {spaced}\n") == [Tracking(1, pic(7), "USPS")]
    assert tracking.in_text(f"1Z 999 AA1 01 2345 6784, {spaced}")[1] == Tracking(1, pic(7), "USPS")


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    for one in (tracking.of_barcode(text), *tracking.in_text(text)):
        assert one is None or (one.number.isalnum() and one.number.isascii())
    assert len(tracking.mentions(text)) <= 50


@given(ALNUM)
def test_a_number_that_was_found_is_found_in_itself(text: str) -> None:
    found = tracking.of_barcode(text)
    if found is not None and found.rank == 2:
        assert tracking.of_barcode(found.number) == found
