"""Formats, graphics and labels that are stored and recalled (`^DF`, `^XF`, `^FN`, `~DG`, `^IS`), as they print."""

import pytest

from labeld.renderers.errors import AssetRefused

from .printed import bits, field, ink, inks, label, labels, lines, rows

DOT = b"^GB6,4,4"  # 6 x 4 dots


# --- stored formats


STORED = b"^XA^DFR:SHIP.ZPL^FS^FO9,9^A0N,30^FN1^FS^FO9,60^A0N,30^FN2^FDusual^FS^FO9,120^A0N,30^FN1^FS^XZ"


def test_recalled_formats_take_data_by_number() -> None:
    assert labels(STORED) == []
    (one,) = labels(STORED + b"^XA^XFR:SHIP.ZPL^FS^FN1^FDhere^FS^FN2^FDthere^FS^XZ")
    assert lines(one) == ["here", "there", "here"]
    (one,) = labels(STORED + b"^XA^XFSHIP^FN1^FDhere^FN2^FDthere^XZ")
    assert lines(one) == ["here", "there", "here"], "fields that are not ended"


def test_data_of_the_format_is_for_when_none_is_given() -> None:
    (one,) = labels(STORED + b"^XA^XFR:SHIP.ZPL^FS^FN1^FDhere^FS^XZ")
    assert lines(one) == ["here", "usual", "here"]
    (one,) = labels(STORED + b"^XA^XFR:SHIP.ZPL^FS^XZ")
    assert lines(one) == ["usual"]
    (one,) = labels(STORED + b"^XA^XFR:SHIP.ZPL^FS^FN1^FDfirst^FS^FN1^FDlast^FS^XZ")
    assert lines(one) == ["last", "usual", "last"]


def test_numbers_without_a_stored_format() -> None:
    assert lines(label(b"^XA^FO9,9^A0N,30^FN3^FDsame^FS^FO9,90^A0N,30^FN3^FS^XZ")) == ["same", "same"]
    assert lines(label(b"^XA^CF0,30^FN3^FDalone^FS^XZ")) == ["alone"]
    assert [lines(one) for one in labels(b"^XA^CF0,30^FN3^SN7^FS^PQ2^XZ")] == [["7"], ["8"]]


def test_numbered_fields_keep_their_place_and_settings() -> None:
    stored = b"^XA^DFA^FS^LH20,0^CF0,50^FO0,30^FR^FN1^FS^LH0,0^CFA^FO20,30^GB40,40,40,W^FS^XZ"
    one, other = labels(stored + b"^XA^XFA^FS^FN1^FDHHHH^FS^XZ^XA^FO20,30^A0N,50^FDHHHH^FS^FO20,30^GB40,40,40,W^FS^XZ")
    assert (bits(one) == bits(other)).all()
    assert not bits(one)[30:70, 20:60].any()


def test_given_data_has_its_own_character_set_and_escapes() -> None:
    zpl = b"^XA^CI0^XFR:SHIP.ZPL^FS^CI28^FN1^FD\xc3\xa9^FS^CI0^FN2^FH^FDa_2Db^FS^XZ"
    (one,) = labels(STORED + zpl)
    assert lines(one) == ["\u00e9", "a-b", "\u00e9"]


def test_recalled_fields_count() -> None:
    found = labels(STORED + b"^XA^XFR:SHIP.ZPL^FS^FN1^SN07,1,Y^FS^PQ2^XZ")
    assert [lines(one) for one in found] == [["07", "usual", "07"], ["08", "usual", "08"]]


def test_settings_of_a_format_that_is_stored_hold_when_it_is_recalled() -> None:
    zpl = b"^XA^DFA^FS^PW300^MUM^FO0,0^GB1,1,1^FS^XZ^XA^XFA^FS^XZ"
    assert inks(zpl) == [(50, 0, 58, 8)]
    assert inks(b"^XA^LH20,0^DFA^FS^FO0,0" + DOT + b"^FS^XZ^XA^XFA^FS^XZ") == [(20, 0, 26, 4)]


def test_formats_that_are_not_here_are_missing() -> None:
    one = label(b"^XA^XFR:ELSE.ZPL^FS^FO9,9" + DOT + b"^FS^XZ")
    assert [(said.start, said.severity) for said in one.missing] == [(3, "error")]
    assert "'ELSE' is stored in the printer" in one.missing[0].message
    assert one.findings == one.missing


def test_formats_that_recall_each_other_are_refused() -> None:
    with pytest.raises(AssetRefused, match="recalls formats that recall formats"):
        labels(b"^XA^DFA^FS^XFA^FS^XZ^XA^XFA^FS^XZ")
    many = b"".join(b"^XA^DF%d^FS%b^XZ" % (n, b"^XF%d^FS" % (n - 1) * 30) for n in range(1, 7))
    with pytest.raises(AssetRefused, match="more than 400000 commands"):
        labels(b"^XA^DF0^FS" + DOT + b"^FS^XZ" + many + b"^XA^XF6^FS^XZ")


# --- stored graphics and pictures


GRAPHIC = b"~DGR:LOGO.GRF,2,1,80C0"  # a dot, and two below each other's right


def test_graphics_are_recalled_and_enlarged() -> None:
    assert ink(GRAPHIC + field(b"^FO20,30^XGR:LOGO.GRF,1,1")) == (20, 30, 22, 32)
    assert ink(GRAPHIC + field(b"^FO20,30^XGLOGO,3,2")) == (20, 30, 26, 34)
    assert ink(GRAPHIC + field(b"^FT20,30^XGLOGO,3,2")) == (20, 26, 26, 30)
    assert ink(GRAPHIC + field(b"^FO20,30^IMR:LOGO.GRF")) == (20, 30, 22, 32)
    assert ink(GRAPHIC + field(b"^FO20,30^XGLOGO,99,0")) == (20, 30, 40, 32)
    again = GRAPHIC + field(b"^FO20,30^XGLOGO") + b"~DGR:LOGO.GRF,1,1,FF" + field(b"^FO20,30^XGLOGO")
    assert inks(again) == [(20, 30, 22, 32), (20, 30, 28, 31)]


def test_graphics_of_other_kinds_of_download() -> None:
    assert ink(b"~DYR:LOGO,A,G,2,1,80C0" + field(b"^FO20,30^XGR:LOGO.GRF,1,1")) == (20, 30, 22, 32)


def test_graphics_that_are_not_here_are_missing() -> None:
    for command in (b"^XGR:ELSE.GRF,1,1", b"^IMR:ELSE.GRF", b"^ILR:ELSE.GRF"):
        one = label(field(b"^FO20,30" + command))
        assert [(said.start, said.severity) for said in one.missing] == [(11, "error")]
        assert "graphic 'ELSE' is stored in the printer" in one.missing[0].message


def test_labels_are_kept_as_pictures() -> None:
    kept = b"^XA^FO20,30" + DOT + b"^FS^ISR:PIC.GRF,N^XZ"
    assert labels(kept) == []
    assert inks(kept + b"^XA^ILR:PIC.GRF^FS^FO50,60" + DOT + b"^FS^XZ") == [(20, 30, 56, 64)]
    assert inks(kept + b"^XA^FO10,10^IMR:PIC.GRF^FS^XZ") == [(30, 40, 36, 44)]
    assert inks(kept.replace(b",N", b",Y")) == [(20, 30, 26, 34)]
    numbered = b"^XA^FO20,30^A0N,30^FN1^FS^FN1^FDa^FS^ISR:PIC.GRF,N^XZ"
    assert inks(numbered + b"^XA^ILR:PIC.GRF^FS^XZ") == inks(field(b"^FO20,30^A0N,30^FDa"))


def test_a_kept_picture_is_not_enlarged_again_on_a_finer_head() -> None:
    (one,) = labels(b"^XA^FO80,40^GB16,8,8^FS^ISR:PIC.GRF,N^XZ^XA^ILR:PIC.GRF^FS^XZ", 590, 440, target=300)
    assert rows(one) == [(59, 71)]
    (one,) = labels(b"~DGR:LOGO.GRF,2,1,FFFF^XA^ILR:LOGO.GRF^FS^XZ", 590, 440, target=300)
    assert rows(one) == [(0, 3)]
