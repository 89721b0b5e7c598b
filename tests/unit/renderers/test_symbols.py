import numpy as np
import pytest
import zxingcpp
from tests.unit.renderers.paper import barcode

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.symbols import Symbol, lost, matches_tracking, read, read_again


def _symbol(text: str, kind: str = "Code 128") -> Symbol:
    return Symbol(kind, text, (0, 0, 1, 1))


def _paper(*texts: str) -> Bitmap:
    strips = [np.asarray(barcode(text)) for text in texts]
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((20, 20), (0, width - strip.shape[1])), constant_values=255) for strip in strips]
    return Bitmap.from_grey(np.concatenate(padded))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (zxingcpp.BarcodeFormat.Code128, "Code 128"),
        (zxingcpp.BarcodeFormat.QRCode, "QR Code"),
        (zxingcpp.BarcodeFormat.DataMatrix, "Data Matrix"),
        (zxingcpp.BarcodeFormat.PDF417, "PDF417"),
        (zxingcpp.BarcodeFormat.Aztec, "Aztec"),
        (zxingcpp.BarcodeFormat.Code39, "Code 39"),
        (zxingcpp.BarcodeFormat.ITF, "ITF"),
    ],
)
def test_carrier_formats_are_read_from_dots(kind: zxingcpp.BarcodeFormat, name: str) -> None:
    grey = np.pad(np.asarray(barcode("1234567890", 4, kind)), 40, constant_values=255)
    (symbol,) = read(Bitmap.from_grey(grey))
    assert (symbol.format, symbol.text) == (name, "1234567890")
    left, top, right, bottom = symbol.position
    assert 40 <= left < right <= grey.shape[1] - 40
    assert 30 <= top <= bottom <= grey.shape[0] - 30


def test_white_on_black_is_found_when_nothing_else_is() -> None:
    code = np.asarray(barcode("INVERTED1", 4, zxingcpp.BarcodeFormat.QRCode))
    assert [symbol.text for symbol in read(255 - np.pad(code, 40, constant_values=255))] == ["INVERTED1"]


def test_the_second_look_finds_what_is_expected_and_only_that() -> None:
    paper = _paper("FIRST0001", "SECOND0002")
    expected = read(paper)
    assert [symbol.text for symbol in expected] == ["FIRST0001", "SECOND0002"]
    assert lost(expected, read_again(paper, expected)) == ()
    half = paper.crop(0, 0, paper.width, paper.height // 2)
    assert [symbol.text for symbol in lost(expected, read_again(half, expected))] == ["SECOND0002"]


def test_lost_counts_repeats_and_minds_the_format() -> None:
    twice = [_symbol("A"), _symbol("A"), _symbol("B")]
    assert lost(twice, [_symbol("A"), _symbol("B")]) == (_symbol("A"),)
    assert lost([_symbol("A")], [_symbol("A", "QR Code")]) == (_symbol("A"),)
    assert lost([_symbol("(420)90210")], [_symbol("420\x1d90210")]) == ()
    assert lost([], twice) == ()


@pytest.mark.parametrize(
    ("texts", "number", "expected"),
    [
        (["(420)90210(92)00190123456789012345"], "9200 1901 2345 6789 0123 45", True),
        (["1ZY9319WYW99940373"], "1z y93 19w yw 9994 0373", True),
        (["ROUTING", "JT0000000000123"], "JT0000000000123", True),
        (["JT0000000000124"], "JT0000000000123", False),
        (["0000000123"], "JT0000000123", True),
        (["0123"], "JT0000000123", False),
        (["ANYTHING1"], "---", False),
        ([], "JT0000000000123", None),
    ],
)
def test_tracking_number_within_a_symbol(texts: list[str], number: str, expected: bool | None) -> None:
    assert matches_tracking([_symbol(text) for text in texts], number) is expected
