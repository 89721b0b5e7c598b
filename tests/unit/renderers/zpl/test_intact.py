"""Barcodes of which something can be read, and which are not on the label as they should be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.media import Resolution
from labeld.renderers.symbols import Verdict
from labeld.renderers.zpl.intact import QuietZone, leaves, own_dots, share_kept
from labeld.renderers.zpl.interpreter import interpret
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scanning import verdicts

HEAD = Resolution(203)
CODE = b"^FO200,200^BY2^BCN,100,N^FDABC123456^FS"
QR = b"^FO200,200^BQN,2,5^FDQA,HELLO1^FS"
POSTAL = b"^FO200,200^BPN,N,80,N^FD12345^FS"


def judged(*parts: bytes) -> Verdict:
    (one,) = interpret(b"^XA" + b"".join(parts) + b"^XZ", (812, 1219), HEAD, HEAD)
    (verdict,) = verdicts(one.expected, rasterise(one.scene), one.scene)
    return verdict


def at(code: bytes, x: int, y: int) -> bytes:
    return code.replace(b"^FO200,200", b"^FO%d,%d" % (x, y))


def box(left: int, top: int, wide: int, high: int, colour: bytes = b"B") -> bytes:
    return b"^FO%d,%d^GB%d,%d,%d,%b^FS" % (left, top, wide, high, min(wide, high), colour)


@pytest.mark.parametrize("code", [CODE, QR, POSTAL, b"^FO200,200^B1N,N,80,N^FD12345^FS"])
@pytest.mark.parametrize("turned", [b"", b"^POI", b"^PMY"])
def test_a_barcode_that_runs_off_the_paper_is_lost(code: bytes, turned: bytes) -> None:
    for x, y in ((50, 1218), (50, 1170), (760, 200)):
        found = judged(turned, at(code, x, y))
        assert found.status == "lost"
        assert "runs off the label" in found.note
    assert judged(turned, code).status == ("unverified" if code[10:13] in (b"^BP", b"^B1") else "scans")


def test_a_dot_may_be_lost_to_rounding() -> None:
    assert judged(at(CODE, 50, 1120)).status == "scans"
    assert judged(at(CODE, 50, 1117)).status == "scans"
    assert judged(at(CODE, 50, 1125)).status == "lost"
    assert not leaves((-1, 0, 813, 1220), 812, 1219)
    assert leaves((-2, 0, 813, 1220), 812, 1219)


@pytest.mark.parametrize("colour", [b"B", b"W"])
@pytest.mark.parametrize("code", [CODE, POSTAL])
def test_a_barcode_that_is_printed_over_but_for_a_strip_is_lost(code: bytes, colour: bytes) -> None:
    assert judged(code, box(150, 200, 600, 76, colour)).status == "lost"
    assert judged(code, box(150, 204, 600, 96, colour)).status == "lost"
    assert "is printed over" in judged(code, box(150, 200, 600, 76, colour)).note


@pytest.mark.parametrize("code", [CODE, POSTAL])
def test_a_line_over_a_barcode_leaves_it(code: bytes) -> None:
    assert judged(code, box(150, 230, 600, 4)).status in ("scans", "unverified")
    assert judged(code, box(150, 230, 600, 10, b"W")).status in ("scans", "unverified")


def test_ink_that_touches_the_first_and_the_last_bar_loses_it() -> None:
    found = judged(box(150, 150, 50, 200), box(468, 150, 60, 200), CODE)
    assert found.status == "lost"
    assert found.note.endswith("has 0 modules of white beside it, where it needs 10")
    assert judged(box(150, 150, 48, 200), CODE).status == "lost"
    assert judged(box(100, 150, 80, 200), box(488, 150, 60, 200), CODE).status == "scans"


def test_the_quiet_zone_of_lying_bars_is_above_and_below() -> None:
    lying = CODE.replace(b"^BCN", b"^BCR")
    beside = box(150, 150, 48, 400) + box(302, 150, 50, 400)
    assert judged(beside, lying).status == "scans"
    assert judged(box(150, 150, 200, 49), lying).status == "lost"


def test_squares_need_white_on_all_sides() -> None:
    assert judged(QR).status == "scans"
    around = box(190, 150, 200, 59) + box(150, 150, 50, 300) + box(305, 150, 50, 300) + box(190, 315, 200, 50)
    assert judged(around, QR).status == "lost"


@given(st.integers(0, 40), st.integers(0, 40))
def test_white_is_measured_on_both_sides(before: int, behind: int) -> None:
    own = np.zeros((30, 40), np.bool_)
    own[:, ::4] = own[:, 1::4] = True
    paper = np.zeros((50, 200), np.bool_)
    paper[10:40, 80:120] = own
    paper[:, 80 - before - 1] = paper[:, 119 + behind + 1] = True
    zone = QuietZone("Code 128", (80, 10, 120, 40), own)
    assert zone.module == 2
    assert zone.free(paper) == [min(before, 20) / 2, min(behind + 0, 20) / 2]
    assert zone.around(200, 50) == (60, 10, 140, 40)


def test_dots_kept_are_counted_in_both_colours() -> None:
    own = np.zeros((10, 10), np.bool_)
    own[:, ::2] = True
    assert share_kept(own, own) == share_kept(own, ~own) == 1
    assert share_kept(own, np.ones_like(own)) == share_kept(own, np.zeros_like(own)) == 0
    half = own.copy()
    half[:5] = True
    assert share_kept(own, half) == 0.5


def test_own_dots_are_those_of_the_symbol_alone() -> None:
    for turned in (b"", b"^POI", b"^PMY"):
        (one,) = interpret(b"^XA" + turned + CODE + b"^FO0,0^GB800,900,9^FS^XZ", (812, 1219), HEAD, HEAD)
        (code,) = one.expected
        assert code.shape is not None
        own = own_dots(code.shape, code.box, one.scene)
        left, top, right, bottom = code.box
        if one.scene.inverted != one.scene.mirrored:
            left, right = 812 - right, 812 - left
        if one.scene.inverted:
            top, bottom = 1219 - bottom, 1219 - top
        assert np.array_equal(own, rasterise(one.scene).bits()[top:bottom, left:right])


@pytest.mark.parametrize(
    ("name", "wanted", "touching"),
    [("Code 128", 10, 2), ("EAN-13", 7, 2), ("DataBar Expanded", 1, 0.5), ("QR Code", 4, 0.5), ("PDF417", 2, 0.5)],
)
def test_kinds_need_white_of_their_own(name: str, wanted: int, touching: float) -> None:
    zone = QuietZone(name, (0, 0, 40, 40), np.tile(np.arange(40) % 2 == 0, (40, 1)))
    assert (zone.wanted, zone.touching) == (wanted, touching)
