import pytest
from tests.unit.renderers.paper import FOUR_BY_SIX

from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.interpreter import interpret
from labeld.renderers.zpl.label import design_resolution, labels_in


@pytest.mark.parametrize(
    ("zpl", "dpi", "words"),
    [
        (
            b"^XA^PW406^JMB^FO9,9^FDa^FS^XZ",
            203,
            "its print width of 406 dots at half density (^JMB) is 4x6in at 203 dpi",
        ),
        (b"^XA^LL1800^FO9,9^FDa^FS^XZ", 300, "its label length of 1800 dots is 4x6in at 300 dpi"),
        (b"^XA^LL1218^FO9,1700^FDa^FS^XZ", 300, "its fields reach 9 x 1700 dots: 4x6in at 300 dpi"),
        (b"~DGR:A,1,150,FF^XA^XGR:A^FS^XZ", 300, "its widest graphic of 1200 dots is 4x6in at 300 dpi"),
        (b"~DGR:A,1,100,FF^XA^FO1,1700^XGR:A^FS^XZ", 300, "its fields reach 1 x 1700 dots: 4x6in at 300 dpi"),
        (b"^XA^MUD,150,300^FO1,1^FDa^FS^XZ", 300, "it converts its lengths to 300 dpi itself (^MU)"),
        (b"^XA^MUM^FO90,100^FDa^FS^XZ", None, "it counts in millimetres (^MU), which every resolution prints at"),
        (b"^XA^FO20,900^GB2000,3,3^FS^XZ", 203, "its fields reach 20 x 900 dots: 4x6in at 203 dpi"),
        (b"^XA" + b"^FO700,900^FDa^FS" * 50 + b"^FO5000,5000^FDa^FS^XZ", 203, "its fields reach 700 x 900 dots"),
        (b"^XA^FO10,10^GB780,1150,3^FS^XZ", 203, "its fields reach 790 x 1160 dots"),
        (b"^XA^LH100,0^FO750,1300^FDa^FS^XZ", 300, "its fields reach 850 x 1300 dots"),
        (b"", None, "its fields reach 0 x 0 dots, which says nothing on 4x6in"),
    ],
)
def test_what_zpl_says_of_its_resolution(zpl: bytes, dpi: int | None, words: str) -> None:
    found, because = design_resolution(zpl, FOUR_BY_SIX)
    assert (found.dpi if found else None) == dpi
    assert because.startswith(words)


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
        (b"^XA^XFR:A^XZ" + COUNTED, "'R:A'"),
    ],
)
def test_a_quantity_that_only_the_printer_knows_is_not_guessed(zpl: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        labels_in(zpl)


def test_a_graphic_of_the_same_name_leaves_a_format() -> None:
    erased = COUNTED + b"^XA^IDR:A^FS^IDR:A.GRF^FS^XFR:A^FN1^FDa^FS^XZ"
    assert labels_in(erased) == 3
