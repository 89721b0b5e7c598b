import pytest
from tests.unit.renderers.paper import FOUR_BY_SIX

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
