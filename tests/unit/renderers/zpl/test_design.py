"""Which head ZPL is taken to be made for, by what it says, on which paper and for which head."""

from dataclasses import replace

import pytest
from tests.unit.renderers.paper import FOUR_BY_SIX

from labeld.renderers.artwork import Target
from labeld.renderers.asset import ZPL, Asset
from labeld.renderers.convert import convert_page
from labeld.renderers.errors import DoesNotFit
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.design import design_resolution

#: Text and a barcode over the upper left, and a line on a tab below the label.
TAB = b"^XA^FO50,50^A0N,40^FDSHIP TO^FS^FO60,300^BY2^BCN,150^FDABC123456^FS%s^FO50,1300^A0N,30^FDDOC TAB^FS^XZ"
#: Made for 300 dpi: the text is as wide as its block, the barcode begins left.
BLOCK = (
    b"^XA^FO40,40^A0N,60^FB1100,3^FDJOHN SMITH AND SONS INTERNATIONAL TRADING COMPANY LIMITED^FS"
    b"^FO40,900^BY3^BCN,150^FD>;123456789012345678901234^FS^XZ"
)
CODE = b"^FO60,300^BCN,150^FDABC123456^FS"


@pytest.mark.parametrize(
    ("zpl", "target", "dpi", "words"),
    [
        (b"^XA^PW812^FDa^FS^XZ", 203, 203, "its print width of 812 dots is 4x6in at 203 dpi"),
        (b"^XA^PW832^FDa^FS^XZ", 300, 203, "its print width of 832 dots is 4x6in at 203 dpi"),
        (b"^XA^PW1200^FDa^FS^XZ", 203, 300, "its print width of 1200 dots is 4x6in at 300 dpi"),
        (b"^XA^PW2400^FDa^FS^XZ", 203, 600, "its print width of 2400 dots is 4x6in at 600 dpi"),
        (b"^XA^PW406^JMB^FO9,9^FDa^FS^XZ", 203, 203,
         "its print width of 406 dots at half density (^JMB) is 4x6in at 203 dpi"),
        (b"^XA^LL1219^FO9,9^FDa^FS^XZ", 203, 203, "its label length of 1219 dots is 4x6in at 203 dpi"),
        (b"^XA^LL1219^FO9,9^FDa^FS^XZ", 300, 203, "its label length of 1219 dots is 4x6in at 203 dpi"),
        (b"^XA^LL1800^FO9,9^FDa^FS^XZ", 300, 300, "its label length of 1800 dots is 4x6in at 300 dpi"),
        (b"^XA^LL1800^FO9,9^FDa^FS^XZ", 600, 300, "its label length of 1800 dots is 4x6in at 300 dpi"),
        (b"^XA^FO0,0^GFA,9,270000,150,:Z64:^FS^XZ", 203, 300, "its widest graphic of 1200 dots is 4x6in at 300 dpi"),
        (b"~DGR:A,1,150,FF^XA^XGR:A^FS^XZ", 203, 300, "its widest graphic of 1200 dots is 4x6in at 300 dpi"),
        (b"^XA^MUD,150,300^FO1,1^FDa^FS^XZ", 203, 300, "it converts its lengths to 300 dpi itself (^MU)"),
        (b"^XA^FO50,1100^FDa^FS^XZ", 203, 203, "its fields reach 50 x 1100 dots: 4x6in at 203 dpi"),
        (b"^XA^FO50,1100^FDa^FS^XZ", 600, 203, "its fields reach 50 x 1100 dots: 4x6in at 203 dpi"),
        (b"^XA^LL1218^FO9,1700^FDa^FS^XZ", 300, 300, "its fields reach 9 x 1700 dots: 4x6in at 300 dpi"),
        (b"^XA^LL1218^FO9,1700^FDa^FS^XZ", 600, 300, "its fields reach 9 x 1700 dots: 4x6in at 300 dpi"),
        (b"~DGR:A,1,100,FF^XA^FO1,1700^XGR:A^FS^XZ", 300, 300, "its fields reach 1 x 1700 dots: 4x6in at 300 dpi"),
        (b"^XA^LH100,0^FO750,1300^FDa^FS^XZ", 300, 300, "its fields reach 850 x 1300 dots: 4x6in at 300 dpi"),
        (b"^XA^FO20,900^GB2000,3,3^FS^XZ", 203, 203, "its fields reach 20 x 900 dots: 4x6in at 203 dpi"),
        (b"^XA^FO20,900^GB2000,3,3^FS^XZ", 300, 203, "its fields reach 20 x 900 dots: 4x6in at 203 dpi"),
        (b"^XA" + b"^FO700,900^FDa^FS" * 50 + b"^FO5000,5000^FDa^FS^XZ", 203, 203, "its fields reach 700 x 900 dots"),
        (b"^XA^FO10,10^GB780,1150,3^FS^XZ", 300, 203, "its fields reach 790 x 1160 dots"),
    ],
)  # fmt: skip
def test_what_zpl_tells_of_its_resolution(zpl: bytes, target: int, dpi: int, words: str) -> None:
    found = design_resolution(zpl, FOUR_BY_SIX, Resolution(target))
    assert (found.resolution.dpi, found.told) == (dpi, True)
    assert found.because.startswith(words)


@pytest.mark.parametrize(
    ("zpl", "target", "dpi", "words"),
    [
        (b"", 203, 203, "its fields reach 0 x 0 dots, which says nothing on 4x6in"),
        (b"", 600, 203, "its fields reach 0 x 0 dots, which says nothing on 4x6in"),
        (b"^XA^FO50,50^FDa^FS^XZ", 300, 203, "its fields reach 50 x 50 dots, which says nothing on 4x6in"),
        (b"^XA^MUM^FO90,100^FDa^FS^XZ", 300, 300, "it counts in millimetres (^MU), which every resolution prints at"),
        (b"^XA^MUM^PW812^FDa^FS^XZ", 203, 203, "it counts in millimetres (^MU), which every resolution prints at"),
        (b"^XA^FO50,5000^FDa^FS^XZ", 300, 300, "its fields reach 50 x 5000 dots, more than 4x6in at 300 dpi"),
    ],
)
def test_what_is_only_assumed(zpl: bytes, target: int, dpi: int, words: str) -> None:
    found = design_resolution(zpl, FOUR_BY_SIX, Resolution(target))
    assert (found.resolution.dpi, found.told) == (dpi, False)
    assert found.because.startswith(words)


@pytest.mark.parametrize("length", [b"", b"^LL1370", b"^LL1800", b"^LL3600"])
@pytest.mark.parametrize(("target", "dpi"), [(203, 203), (300, 300)])
def test_what_runs_off_the_stock_makes_no_label_smaller(length: bytes, target: int, dpi: int) -> None:
    found = design_resolution(TAB % length, FOUR_BY_SIX, Resolution(target))
    assert found.resolution.dpi == dpi


def test_a_length_alone_makes_no_label_smaller() -> None:
    found = design_resolution(b"^XA^LL3600^FO9,9^FDa^FS^XZ", FOUR_BY_SIX, Resolution(300))
    assert found == (
        Resolution(300),
        "its label length of 3600 dots is 4x6in at 600 dpi, and a length alone makes no label smaller",
        False,
    )


def test_ink_that_would_run_off_the_stock_enlarges_no_label() -> None:
    on_300 = design_resolution(BLOCK, FOUR_BY_SIX, Resolution(300))
    assert on_300 == (
        Resolution(300),
        "its fields reach 40 x 900 dots, and print 229 dots over the right edge at 203 dpi: 4x6in at 300 dpi",
        True,
    )
    assert design_resolution(BLOCK, FOUR_BY_SIX, Resolution(600)) == on_300
    # on the coarsest head there is nothing to choose, and the label says itself what is cut off
    assert design_resolution(BLOCK, FOUR_BY_SIX, Resolution(203)).resolution == Resolution(203)


@pytest.mark.parametrize(("zpl", "head"), [(TAB % b"", 300), (TAB % b"^LL1370", 300), (BLOCK, 300)])
def test_such_labels_print_dot_for_dot_as_they_are(zpl: bytes, head: int) -> None:
    stock, taken = Target(media=FOUR_BY_SIX, resolution=Resolution(head)), Asset(zpl, ZPL)
    (one,), (stated,) = convert_page(taken, 1, stock), convert_page(taken, 1, replace(stock, design_dpi=head))
    assert one.bitmap == stated.bitmap
    assert zpl.removesuffix(b"^XZ") in one.data
    assert not any("scaled" in note for note in one.notes)


@pytest.mark.parametrize("length", [b"", b"^LL1370"])
def test_a_label_that_runs_off_its_stock_is_held_and_not_shrunk(length: bytes) -> None:
    with pytest.raises(DoesNotFit, match="110 dots over the bottom edge"):
        convert_page(Asset(TAB % length, ZPL), 1, Target(media=FOUR_BY_SIX, resolution=Resolution(203)))


@pytest.mark.parametrize("size", [b"^LL1219", b"^FO0,1000^GFA,101,101,101,^FS"])
def test_a_size_enlarges_no_label_that_would_run_off(size: bytes) -> None:
    zpl = BLOCK.replace(b"^XA", b"^XA" + size)
    assert design_resolution(zpl, FOUR_BY_SIX, Resolution(300)).resolution == Resolution(300)


def test_boxes_as_wide_as_the_stock_outweigh_one_barcode_that_runs_off() -> None:
    frame = b"^XA^FO12,12^GB800,1190,3^FS^FO%d,996^BY3^BCN,166,N,N,Y,N^FDAMZNCC00000010000000^FS^XZ"
    assert design_resolution(frame % 145, FOUR_BY_SIX, Resolution(300)).resolution == Resolution(203)
    assert design_resolution(frame % 300, FOUR_BY_SIX, Resolution(300)).resolution == Resolution(300)


def test_white_ink_and_rules_may_run_off() -> None:
    zpl = b"^XA^FO700,1000^GB900,90,90,W^FS^FO400,900^GB900,4,4^FS^XZ"
    assert design_resolution(zpl, FOUR_BY_SIX, Resolution(300)).resolution == Resolution(203)


@pytest.mark.parametrize(
    ("head", "target", "narrow", "believed"),
    [
        (b"^PW1200", 203, b"^BY2", False),  # 1.35 dots are 1
        (b"^PW1200", 203, b"^BY3", True),  # 2.03 are 2
        (b"^PW1200", 203, b"^BY1", True),  # 0.68 are 1, which is more
        (b"^PW2400", 203, b"^BY4", False),
        (b"^PW2400", 203, b"^BY6", True),
        (b"^PW2400", 300, b"^BY4", True),  # no smaller than they are
        (b"^PW1200", 203, b"", False),
        (b"^FO0,0^GFA,150,150,150,^FS", 203, b"^BY2", False),
    ],
)
def test_no_guess_makes_modules_smaller_than_what_scans(
    head: bytes, target: int, narrow: bytes, believed: bool
) -> None:
    zpl = b"^XA" + head + narrow + CODE + b"^XZ"
    found = design_resolution(zpl, FOUR_BY_SIX, Resolution(target))
    assert (found.resolution != Resolution(target)) == believed == found.told
    assert believed or found.because.endswith(f"its barcodes would have modules of 0.12 mm at {target} dpi")


def test_modules_of_matrix_codes_are_their_own() -> None:
    for code, believed in ((b"^BQN,2,3", True), (b"^BQN,2,2", False), (b"^BXN,4,200", True), (b"^BXN,2,200", False)):
        zpl = b"^XA^PW1200^FO60,300" + code + b"^FDQA,ABC123456^FS^XZ"
        assert design_resolution(zpl, FOUR_BY_SIX, Resolution(203)).told == believed
    assert design_resolution(b"^XA^PW1200^BQN,2^FDQA,A^FS^BD^FDA^FS^XZ", FOUR_BY_SIX, Resolution(203)).told
    converted = b"^XA^MUD,150,300^BY2" + CODE + b"^XZ"
    assert design_resolution(converted, FOUR_BY_SIX, Resolution(203)).resolution == Resolution(300)


def test_a_graphic_that_is_damaged_is_left_to_whoever_prints_it() -> None:
    zpl = b"^XA^FO0,0^GFA,9,27000,101,:Z64:zz^FS^XZ"
    assert design_resolution(zpl, FOUR_BY_SIX, Resolution(300)).resolution == Resolution(203)
