"""Barcodes that were asked for against the dots of the label: what scans, what is lost, what cannot be told."""

from dataclasses import replace

import pytest

from labeld.renderers.symbols import Verdict
from labeld.renderers.zpl.interpreter import Label
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scanning import verdicts

from .printed import field, label

CODE = b"^FO40,60^BY2^BCN,80,N^FDHELLO1^FS"
QR = b"^FO40,60^BQN,2,5^FDQA,HELLO1^FS"


def judged(one: Label) -> tuple[Verdict, ...]:
    return verdicts(one.expected, rasterise(one.scene), one.scene)


def told(zpl: bytes, *expected: str) -> list[tuple[str, str, str]]:
    """Format, text and status of each barcode; the texts that are expected may be others than the label's."""
    one = label(zpl)
    if expected:
        asked = [replace(found, text=text) for found, text in zip(one.expected, expected, strict=True)]
        one = replace(one, expected=tuple(asked))
    return [(found.symbol.format, found.symbol.text, found.status) for found in judged(one)]


@pytest.mark.parametrize("content", [CODE, QR])
@pytest.mark.parametrize("turned", [b"", b"^POI", b"^PMY", b"^POI^PMY"])
def test_a_sound_barcode_scans_however_the_label_is_turned(content: bytes, turned: bytes) -> None:
    name = "Code 128" if content is CODE else "QR Code"
    assert told(b"^XA" + turned + content + b"^XZ") == [(name, "HELLO1", "scans")]


@pytest.mark.parametrize("content", [CODE, QR])
@pytest.mark.parametrize(
    "spoilt",
    [
        b"^FO0,90^GB400,300,300^FS^FO0,40^GB400,60,60^FS",
        b"^FO0,0^GB400,300,300,W^FS",
        b"^FO60,0^GB40,300,40,W^FS",
        b"^FO60,0^GB40,300,40^FS",
        b"^FO60,0^FR^GB40,300,40^FS",
    ],
)
def test_a_barcode_that_is_printed_over_is_lost(content: bytes, spoilt: bytes) -> None:
    ((name, text, status),) = told(b"^XA" + content + spoilt + b"^XZ")
    assert (text, status) == ("HELLO1", "lost")
    assert name in ("Code 128", "QR Code")


def test_a_lost_barcode_is_told_where_it_should_be() -> None:
    cover = b"^FO0,0^GB400,300,300,W^FS"
    (upright,) = judged(label(b"^XA" + CODE + cover + b"^XZ"))
    left, top, right, bottom = upright.symbol.position
    assert (left, top, bottom) == (40, 60, 140)
    (inverted,) = judged(label(b"^XA^POI" + CODE + cover + b"^XZ"))
    assert inverted.symbol.position == (400 - right, 300 - bottom, 400 - left, 300 - top)
    (mirrored,) = judged(label(b"^XA^PMY" + CODE + cover + b"^XZ"))
    assert mirrored.symbol.position == (400 - right, top, 400 - left, bottom)


def test_a_barcode_that_is_cut_off_by_the_edge_is_lost() -> None:
    assert told(CODE.join((b"^XA", b"^XZ")).replace(b"^FO40", b"^FO350")) == [("Code 128", "HELLO1", "lost")]
    assert told(CODE.join((b"^XA", b"^XZ")).replace(b"^FO40", b"^FO900")) == [("Code 128", "HELLO1", "lost")]


def test_white_on_black_is_for_readers_of_matrix_symbols_only() -> None:
    black = b"^XA^FO10,30^GB300,200,200^FS^FR"
    assert told(black + QR + b"^XZ") == [("QR Code", "HELLO1", "scans")]
    assert told(black + CODE + b"^XZ") == [("Code 128", "HELLO1", "lost")]


def test_the_text_is_compared() -> None:
    zpl = b"^XA" + CODE + b"^XZ"
    assert ("Code 128", "HELLO2", "lost") in told(zpl, "HELLO2")
    assert ("Code 128", "ELLO1", "lost") in told(zpl, "ELLO1")
    zero = b"^XA^FO40,60^BY2^BCN,80,N^FD0123^FS^XZ"
    assert ("Code 128", "123", "lost") in told(zero, "123"), "a zero is a digit"
    assert told(zero) == [("Code 128", "0123", "scans")]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"^BEN,80,N^FD012345678901", "EAN-13"),
        (b"^BUN,80,N^FD01234567890", "EAN-13"),
        (b"^B9N,80,N^FD0123456", "UPC-E"),
        (b"^B8N,80,N^FD1234567", "EAN-8"),
        (b"^B2N,80,N^FD12345678901231", "ITF"),
        (b"^B3N,N,80,N^FDABC-1", "Code 39"),
        (b"^BCN,80,N,N,N,D^FD(00)012345678901234567", "Code 128"),
        (b"^BXN,5,200^FDDATA", "Data Matrix"),
        (b"^B7N,5,3^FDDATA", "PDF417"),
        (b"^BON,5^FDDATA", "Aztec"),
        (b"^BD4^FD999,840,062630000[)>_1E01_1D961Z", "MaxiCode"),
    ],
)
def test_kinds_that_readers_name_in_their_own_ways(content: bytes, name: str) -> None:
    one = label(field(b"^FO40,40^BY2" + content), 400, 300)
    assert [found.status for found in judged(one)] == ["scans"], judged(one)
    assert [found.format for found in one.expected] == [name]


def test_kinds_that_no_reader_knows_are_not_verified() -> None:
    assert [one[2] for one in told(field(b"^FO40,60^BPN,N,80,N^FD12345"))] == ["unverified"]


def test_one_of_two_that_say_the_same_may_be_lost() -> None:
    zpl = b"^XA" + CODE + CODE.replace(b"^FO40,60", b"^FO40,170") + b"%b^XZ"
    assert [one[2] for one in told(zpl % b"")] == ["scans", "scans"]
    assert sorted(one[2] for one in told(zpl % b"^FO0,165^GB400,100,100,W^FS")) == ["lost", "scans"]


def test_barcodes_of_graphics_are_told_besides() -> None:
    drawn = rasterise(label(b"^XA" + QR + b"^XZ").scene).crop(0, 0, 200, 200)
    total = drawn.rows.size
    graphic = b"^FO180,40^GFA,%d,%d,%d,%b^FS" % (total, total, drawn.rows.shape[1], drawn.rows.tobytes().hex().encode())
    small = b"^XA^FO10,220^BY2^BCN,60,N^FDABC^FS" + graphic + b"^XZ"
    assert told(small) == [("Code 128", "ABC", "scans"), ("QR Code", "HELLO1", "scans")]


def test_a_barcode_that_cannot_be_made_is_lost() -> None:
    assert told(field(b"^FO40,60^BEN,80,N^FDletters")) == [("^BE", "letters", "lost")]
