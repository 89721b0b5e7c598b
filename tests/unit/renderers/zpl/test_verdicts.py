"""Whether a label's barcodes scan, seen from its dots."""

from dataclasses import replace

import numpy as np
import pytest

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.symbols import Verdict
from labeld.renderers.zpl.interpreter import Label, interpret
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scanning import holds_others, verdicts

HEAD = Resolution(203)
CODES = (
    b"^BY2^FO60,60^BCN,80,N^FDTT0012345678^FS^FO60,260^BQN,2,4^FDQA,a label^FS^FO300,260^BXN,5,200^FDmatrix^FS"
    b"^FO500,60^BD4^FDmaxi^FS^BY2^FO60,500^BKN,N,80,N^FD12345^FS"
)
ALL = {("Code 128", "TT0012345678"), ("QR Code", "a label"), ("Data Matrix", "matrix"), ("MaxiCode", "maxi")}


def label(*parts: bytes) -> Label:
    (found,) = interpret(b"^XA" + b"".join(parts) + b"^XZ", (800, 700), HEAD, HEAD)
    return found


def judged(one: Label) -> tuple[Verdict, ...]:
    return verdicts(one.expected, rasterise(one.scene), one.scene)


def as_graphic(one: Label) -> bytes:
    """The label's dots, sent as a graphic."""
    rows = rasterise(one.scene).rows
    return b"^FO0,0^GFA,%d,%d,%d,%s^FS" % (rows.size, rows.size, rows.shape[1], rows.tobytes().hex().upper().encode())


def bars_of_boxes(one: Label) -> bytes:
    """The first row of bars of a label, each drawn as a box."""
    line = rasterise(one.scene).bits()[100].astype(np.int8)
    begins, ends = (np.flatnonzero(np.diff(line) == step) + 1 for step in (1, -1))
    return b"".join(
        b"^FO%d,60^GB%d,80,%d^FS" % (begin, end - begin, end - begin) for begin, end in zip(begins, ends, strict=True)
    )


@pytest.mark.parametrize("turned", [b"", b"^POI"])
def test_every_barcode_is_read_where_it_lies(turned: bytes) -> None:
    one = label(turned, CODES)
    said = {(verdict.symbol.format, verdict.symbol.text): verdict for verdict in judged(one)}
    assert set(said) == ALL | {("Codabar", "A12345A")}
    assert {verdict.status for verdict in said.values()} == {"scans"}
    left, top, _, _ = said["Code 128", "TT0012345678"].symbol.position
    assert (left < 400 and top < 350) == (not turned)


def test_what_is_printed_over_a_barcode_loses_it() -> None:
    over = b"^FO40,40^GB760,120,120^FS"
    assert [verdict.status for verdict in judged(label(b"^BY2^FO60,60^BCN,80,N^FDTT0012345678^FS", over))] == ["lost"]


def test_a_barcode_beyond_the_edge_is_lost() -> None:
    assert [verdict.status for verdict in judged(label(b"^BY4^FO400,60^BCN,80,N^FDTT0012345678^FS"))] == ["lost"]


def test_a_barcode_that_cannot_be_made_is_lost() -> None:
    assert [verdict.status for verdict in judged(label(b"^FO60,60^BEN,80^FDletters^FS"))] == ["lost"]


def test_a_kind_that_nothing_reads_is_not_verified() -> None:
    assert [verdict.status for verdict in judged(label(b"^FO60,60^B1N,N,80^FD12345^FS"))] == ["unverified"]


def test_barcodes_of_a_graphic_are_found_besides() -> None:
    graphic = label(as_graphic(label(b"^BY2^FO60,60^BCN,80,N^FDTT0012345678^FS")), b"^FO60,260^BQN,2,4^FDQA,own^FS")
    assert holds_others(graphic.scene, graphic.expected)
    said = [(verdict.symbol.text, verdict.status) for verdict in judged(graphic)]
    assert said == [("own", "scans"), ("TT0012345678", "scans")]


def test_bars_drawn_as_boxes_are_found() -> None:
    drawn = label(bars_of_boxes(label(b"^BY2^FO60,60^BCN,80,N^FDTT0012345678^FS")))
    assert holds_others(drawn.scene, drawn.expected)
    assert [(verdict.symbol.text, verdict.status) for verdict in judged(drawn)] == [("TT0012345678", "scans")]


def test_rules_text_and_barcodes_alone_hold_no_others() -> None:
    plain = label(CODES, b"^FO9,9^A0N,30^FDtext^FS", b"^FO0,600^GB800,3,3^FS" * 9)
    assert not holds_others(plain.scene, plain.expected)


def test_a_white_label_has_lost_all() -> None:
    one, blank = label(CODES), Bitmap.blank(800, 700)
    assert {verdict.status for verdict in verdicts(one.expected, blank, one.scene)} == {"lost"}
    assert verdicts((), blank, replace(one.scene, marks=())) == ()


def test_many_barcodes_are_not_all_looked_for_one_by_one() -> None:
    one = label(b"^BY2^FO60,60^BCN,80,N^FDTT0012345678^FS")
    others = [replace(one.expected[0], text=f"{number}") for number in range(1000)]
    said = [verdict.status for verdict in verdicts(others, rasterise(one.scene), one.scene)][:1000]
    assert len(said) == 1000
    assert set(said) == {"lost", "unverified"}
