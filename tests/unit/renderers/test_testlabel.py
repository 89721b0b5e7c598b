"""The test label: its dots reach any printer as they are, and what is on it scans."""

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers import testlabel
from labeld.renderers.asset import EPL, TSPL, ZPL, unwrap
from labeld.renderers.convert import Target, convert
from labeld.renderers.media import Media, Resolution
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.picture import draw

LINES = ("Test label: zebra-1", "D4J204501234", "203 dpi")


@pytest.mark.parametrize(
    ("media", "dpi", "language"),
    [("4x6in", 203, ZPL), ("4x6in", 300, TSPL), ("100x150mm", 600, ZPL), ("a4", 300, EPL), ("4x3in", 203, ZPL)],
)
def test_it_prints_as_it_is_drawn_and_its_barcodes_are_verified(media: str, dpi: int, language: str) -> None:
    resolution, stock = Resolution(dpi), Media.parse(media)
    size = resolution.size(stock)
    ((bitmap, undrawn),) = draw(testlabel.write(LINES, *size, resolution), *size, resolution)
    assert undrawn == ()
    codes = {code.text for code in zxingcpp.read_barcodes(bitmap.to_image().convert("L"))}
    assert codes == {testlabel.BARCODE, testlabel.QR_CODE}
    target = Target(media=stock, resolution=resolution, document_format=language)
    artwork = convert(unwrap(bitmap.to_png(resolution), "image/png"), target)
    (page,) = artwork.pages
    assert page.bitmap == bitmap
    assert [verdict.status for verdict in page.verdicts] == ["scans", "scans"]
    assert artwork.notes == ()
    # the edges of the stock are on it
    assert bitmap.ink_box() == (0, 0, *size)


@given(st.lists(st.text(max_size=30), max_size=3), st.integers(40, 900), st.integers(40, 1300))
def test_any_stock_and_any_words_make_one_label(lines: list[str], width: int, height: int) -> None:
    zpl = testlabel.write(lines, width, height, Resolution(203))
    allowed = {"^XA", "^CI", "^FO", "^GB", "^FS", "^A0", "^A", "^FH", "^FD", "^BY", "^BC", "^BQ", "^XZ"}
    assert {command.name for command in lex(zpl)} <= allowed
    assert len(draw(zpl, width, height)) == 1
