import pytest

from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.interpreter import interpret
from labeld.renderers.zpl.label import labels_in


def test_a_stored_format_prints_where_it_is_recalled() -> None:
    assert labels_in(b"^XA^DFR:A^FO1,1^FN1^FDx^FS^XZ") == 0
    assert labels_in(b"^XA^DFR:A^FN1^FS^XZ^XA^XFR:A^FN1^FDa^FS^PQ3^XZ") == 3
    assert labels_in(b"^XA^GB9^FS^ISR:A,N^XZ^XA^ILR:A^XZ") == 1


COUNTED = b"^XA^DFR:A.ZPL^FO50,50^A0N,50^FN1^FS^PQ3^XZ"


@pytest.mark.parametrize(
    ("zpl", "labels"),
    [
        (COUNTED + b"^XA^XFR:A.ZPL^FN1^FDhello^FS^XZ", 3),
        (COUNTED + b"^XA^XFa^FN1^FDhello^FS^XZ" * 2, 6),
        (COUNTED + b"^XA^XFR:A.ZPL^FN1^FDhello^FS^PQ2^XZ", 2),
        (COUNTED + b"^XA^PQ2^XFR:A.ZPL^FN1^FDhello^FS^XZ", 3),
        (COUNTED + b"^XA^XFR:A.ZPL^XZ", 0),
        (COUNTED + COUNTED.replace(b"3", b"4") + b"^XA^XFR:A^FN1^FDa^FS^XZ", 4),
        (b"^XA^DFR:A^LH0,0^XZ^XA^XFR:A^XZ^XA^FO9,9^FDa^FS^XZ", 1),
        (b"^XA^DFR:A^FO9,9^GB9^FS^XZ^XA^XFR:A^XZ", 1),
        (b"^XA^DFR:A^FO9,9^GB9^FS^ISR:P,N^XZ^XA^XFR:A^XZ", 0),
        (b"^XA^XFE:A^FN1^FDa^FS^PQ2^XZ", 2),
        (b"^XA^DFR:A^XFR:B^PQ2^XZ^XA^XFR:A^XZ", 2),
    ],
)
def test_the_quantity_of_a_stored_format_counts_where_it_is_recalled(zpl: bytes, labels: int) -> None:
    assert labels_in(zpl) == labels
    found = interpret(zpl, (400, 300), Resolution(203), Resolution(203))
    assert sum(one.copies for one in found) == labels


@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"^XA^XFE:A^FN1^FDa^FS^XZ", "'E:A' at byte 3 prints"),
        (b"^XA^PQ2^XFR:A^FN1^FDa^FS^XZ", "'R:A' at byte 7"),
        (COUNTED + b"^XA^XFE:A^FN1^FDa^FS^XZ", "'E:A'"),
        (COUNTED + b"^XA^IDR:A.ZPL^FS^XZ^XA^XFR:A^FN1^FDa^FS^XZ", "'R:A'"),
        (b"^XA^DFR:A^XFR:B^XZ^XA^XFR:A^XZ", "'R:B' at byte 9"),
        (b"^XA^PQ2^DFR:A^GB9^XZ^XA^XFR:A^XZ", "DF 'R:A' at byte 7"),
        (b"^XA^FO9,9^FDa^FS^DFR:A^GB9^XZ", "DF 'R:A' at byte 16"),
        (COUNTED + b"^XA^XFR:A.ZPL^FN1^FDhello^FS^PQ,0,1^XZ", "PQ '' at byte"),
        (b"^XA^XFR:A^XZ" + COUNTED, "'R:A'"),
    ],
)
def test_a_quantity_that_only_the_printer_knows_is_not_guessed(zpl: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        labels_in(zpl)


def test_a_graphic_of_the_same_name_leaves_a_format() -> None:
    erased = COUNTED + b"^XA^IDR:A^FS^IDR:A.GRF^FS^XFR:A^FN1^FDa^FS^XZ"
    assert labels_in(erased) == 3
