"""What a label looks like after the commands that set, store and recall; shapes stand for fields where they will do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.interpreter import MAX_LABELS, interpret

from .printed import bits, field, ink, inks, label, labels, lines, rows, scanned

DOT = b"^GB6,4,4"  # 6 x 4 dots
LETTER = b"^FDH"


def test_paper_of_no_dots_or_too_many_is_refused() -> None:
    for size in ((0, 5), (5, -1), (100_000, 100_000)):
        with pytest.raises(AssetRefused, match="cannot be drawn"):
            interpret(b"^XA^XZ", size, Resolution(203), Resolution(203))


# --- where a field is


def test_an_origin_is_the_top_left_or_the_bottom_left_corner() -> None:
    assert ink(field(b"^FO20,30" + DOT)) == (20, 30, 26, 34)
    assert ink(field(b"^FT20,30" + DOT)) == (20, 26, 26, 30)
    assert ink(field(b"^FO" + DOT)) == (0, 0, 6, 4)
    assert ink(field(b"^FO,30" + DOT)) == (0, 30, 6, 34)
    assert ink(field(b"^FO-9,30" + DOT)) == (0, 30, 6, 34), "a place is never before the label's"
    assert ink(field(b"^FO20.6,30" + DOT)) == (21, 30, 27, 34)


def test_the_third_number_of_an_origin_names_the_corner() -> None:
    assert ink(field(b"^FO50,30,1" + DOT)) == (44, 30, 50, 34)
    assert ink(field(b"^FO50,30,0" + DOT, b"^FWN,1")) == (50, 30, 56, 34)
    assert ink(field(b"^FO50,30" + DOT, b"^FWN,1")) == (44, 30, 50, 34)
    right = ink(field(b"^FO200,30,1^A0N,40^FDHHHH"))
    assert right is not None
    assert 190 < right[2] <= 200


def test_text_goes_on_where_the_last_one_ended() -> None:
    both = label(b"^XA^A0N,40^FT20,60^FDHH^FS^FT^A0N,40^FDHH^FS^XZ")
    assert rows(both) == rows(label(field(b"^A0N,40^FT20,60^FDHHHH")))
    assert (bits(both) == bits(label(field(b"^A0N,40^FT20,60^FDHHHH")))).all()
    down = labels(b"^XA^A0R,40^FT20,60^FDHH^FS^FT^A0R,40^FDHH^FS^XZ^XA^A0R,40^FT20,60^FDHHHH^FS^XZ")
    assert (bits(down[0]) == bits(down[1])).all()
    mixed = ink(b"^XA^A0N,40^FT20,60^FDHH^FS^FT,200" + DOT + b"^FS^XZ")
    alone = ink(field(b"^A0N,40^FT20,60^FDHH"))
    assert mixed is not None and alone is not None
    assert mixed[3] == 200 and mixed[2] > alone[2], "what is left out is taken from the last text"


def test_a_field_that_is_not_ended_ends_at_the_next_origin_or_with_the_label() -> None:
    assert ink(b"^XA^FO20,30" + DOT + b"^FO50,60" + DOT + b"^XZ") == (20, 30, 56, 64)
    assert lines(label(b"^XA^A0N,30^FO20,30^FDfirst^FO20,90^A0N,30^FDsecond^XZ")) == ["first", "second"]


def test_an_origin_that_is_given_twice_counts_as_the_last() -> None:
    assert ink(field(b"^FO20,30^FO50,60" + DOT)) == (50, 60, 56, 64)


def test_home_shift_and_top_move_what_follows_on_all_labels() -> None:
    again = b"^XA^FO20,30" + DOT + b"^FS^XZ"
    assert inks(field(b"^FO20,30" + DOT, b"^LH10,5") + again) == [(30, 35, 36, 39)] * 2
    assert inks(field(b"^FO20,30" + DOT, b"^LS8") + again) == [(12, 30, 18, 34)] * 2
    assert inks(field(b"^FO20,30" + DOT, b"^LT-7") + again) == [(20, 23, 26, 27)] * 2
    assert ink(field(b"^FT20,30" + DOT, b"^LH10,5^LS-3^LT2")) == (33, 33, 39, 37)
    assert ink(field(b"^FO20,30" + DOT, b"^LH10,5^LH,9")) == (30, 39, 36, 43), "what is left out stays as it was"


def test_a_narrow_print_width_is_centred_and_a_wide_one_is_not() -> None:
    assert ink(field(b"^FO0,0" + DOT, b"^PW300")) == (50, 0, 56, 4)
    assert ink(b"^XA^FO0,0" + DOT + b"^FS^PW300^XZ") == (50, 0, 56, 4), "wherever it stands"
    assert ink(field(b"^FO0,0" + DOT, b"^PW900")) == (0, 0, 6, 4)
    assert inks(b"^XA^PW300^XZ^XA^FO0,0" + DOT + b"^FS^XZ") == [(50, 0, 56, 4)]


def test_inverted_and_mirrored_labels_stay_so_until_told() -> None:
    one = b"^FO20,30" + DOT + b"^FS"
    assert inks(b"^XA" + one + b"^POI^XZ^XA" + one + b"^XZ^XA^PON" + one + b"^XZ") == [
        (374, 266, 380, 270),
        (374, 266, 380, 270),
        (20, 30, 26, 34),
    ]
    assert inks(b"^XA^PMY" + one + b"^XZ^XA" + one + b"^PMN^XZ") == [(374, 30, 380, 34), (20, 30, 26, 34)]
    assert ink(b"^XA^PMY^POI" + one + b"^XZ") == (20, 266, 26, 270)


def test_reverse_turns_what_lies_below() -> None:
    box = b"^XA^FO0,0^GB40,40,40^FS"
    for one in (box + b"^FO10,10^FR^GB10,10,10^FS^XZ", box + b"^LRY^FO10,10^GB10,10,10^FS^LRN^XZ"):
        dark = bits(label(one))
        assert not dark[10:20, 10:20].any()
        assert dark.sum() == 1500
    both = labels(b"^XA^LRY^FO0,0^GB9,9,9^FS^XZ^XA^FO0,0^GB9,9,9^FS^FO0,0^GB9,9,9^FS^XZ")
    assert [bits(one).sum() for one in both] == [81, 0], "it holds on the next label too"


def test_white_boxes_take_ink_away() -> None:
    assert bits(label(b"^XA^FO0,0^GB40,40,40^FS^FO10,10^GB10,10,10,W^FS^XZ")).sum() == 1500


# --- fonts


def test_the_usual_font_is_the_smallest_until_it_is_chosen() -> None:
    tall = {}
    for name, before in (
        ("a", b""),
        ("named", b"^CFA,9"),
        ("d", b"^CFD"),
        ("d twice", b"^CFD,36"),
        ("0", b"^CF0,60"),
    ):
        (stripe,) = rows(label(field(b"^FO20,30" + LETTER, before)))
        tall[name] = stripe[1] - stripe[0]
    assert tall["a"] == tall["named"] == 7
    assert tall["d"] == 14
    assert tall["d twice"] == 28
    assert tall["0"] == pytest.approx(0.74 * 60, abs=2)


def test_a_font_without_a_size_takes_the_one_that_was_chosen_for_it() -> None:
    chosen = ink(field(b"^FO20,30" + LETTER, b"^CF0,60,40"))
    assert ink(field(b"^FO20,30^A0N" + LETTER, b"^CF0,60,40")) == chosen
    assert ink(field(b"^FO20,30^A0N,60,40" + LETTER)) == chosen
    assert ink(field(b"^FO20,30^AA" + LETTER, b"^CF0,60,40")) == ink(field(b"^FO20,30^AAN,9,5" + LETTER))
    assert ink(field(b"^FO20,30^A0N,60" + LETTER)) == ink(field(b"^FO20,30^A0N,60,60" + LETTER))
    later = b"^XA^CF0,60,40^XZ" + field(b"^FO20,30" + LETTER)
    assert inks(later) == [chosen], "it holds on the next label too"


def test_a_field_has_the_font_and_settings_that_hold_when_it_ends() -> None:
    assert ink(b"^XA^FO20,30" + LETTER + b"^CF0,60^FS^XZ") == ink(field(b"^FO20,30" + LETTER, b"^CF0,60"))


def test_letters_and_files_stand_for_fonts() -> None:
    plain = ink(field(b"^FO20,30^A0N,60" + LETTER))
    named = label(field(b"^FO20,30^AXN,60" + LETTER, b"^CWX,E:ARIAL.TTF"))
    assert ink(field(b"^FO20,30^AXN,60" + LETTER, b"^CWX,E:ARIAL.TTF")) == plain
    assert [(one.severity, one.start, one.reason) for one in named.remarks] == [
        ("note", 19, "font 'ARIAL' is in the printer, not here, so it is drawn with font 0")
    ]
    assert ink(field(b"^FO20,30^A@N,60,60,E:ARIAL.TTF" + LETTER)) == plain
    assert ink(field(b"^FO20,30^AEN,60" + LETTER, b"^CWE,A")) == ink(field(b"^FO20,30^AAN,60" + LETTER))


def test_a_file_font_without_a_name_is_the_last_one() -> None:
    zpl = b"^XA^FO20,30^A@N,60,60,E:ARIAL.TTF^FDH^FS^FO20,130^A@N,60,60^FDH^FS^XZ"
    first, second = rows(label(zpl))
    assert (second[0] - first[0], second[1] - second[0]) == (100, first[1] - first[0])
    assert ink(field(b"^FO20,30^A@N,60,60" + LETTER)) == ink(field(b"^FO20,30^AAN,60,60" + LETTER))


def test_unknown_fonts_are_drawn_with_the_smallest() -> None:
    one = label(field(b"^FO20,30^A3N,9" + LETTER))
    assert rows(one) == rows(label(field(b"^FO20,30^AAN,9" + LETTER)))
    assert [said.severity for said in one.remarks] == ["note"]


def test_the_usual_turn_is_that_of_fields_that_say_none() -> None:
    turned = ink(field(b"^FO20,30^A0R,60" + LETTER))
    assert turned is not None
    assert ink(field(b"^FO20,30^A0,60" + LETTER, b"^FWR")) == turned
    assert ink(b"^XA^FO20,30^A0N,60^FWR" + LETTER + b"^FS^XZ") == turned, "the last word counts"
    assert ink(field(b"^FO20,30^A0N,60" + LETTER, b"^FWR")) == ink(field(b"^FO20,30^A0N,60" + LETTER))
    assert inks(b"^XA^FWR^XZ" + field(b"^FO20,30^A0,60" + LETTER)) == [turned]
    code = b"^FO20,30^BQN,2,4^FDQA,TURN"
    assert ink(field(code, b"^FWR")) == ink(field(code)), "a QR code does not turn"
    assert ink(field(b"^FO20,30^BC,40,N^FDA", b"^FWB")) == ink(field(b"^FO20,30^BCB,40,N^FDA"))


# --- units and resolutions


def test_lengths_in_other_units() -> None:
    assert ink(field(b"^FO10,5^GB2,1,1", b"^MUM")) == (80, 40, 96, 48)
    assert ink(field(b"^FO1,.5^GB.5,.25,.25", b"^MUI")) == (203, 102, 305, 152)
    assert ink(field(b"^FO10,5" + DOT, b"^MUD,150,300")) == (20, 10, 32, 18)
    assert ink(field(b"^FO10,5" + DOT, b"^MUM^MUD")) == (10, 5, 16, 9)
    assert inks(b"^XA^MUM^XZ^XA^FO10,5^GB2,1,1^FS^XZ") == [(80, 40, 96, 48)]
    assert ink(b"^XA^FO10,5" + DOT + b"^FS^MUM^FO20,5^GB1,1,1^FS^XZ") == (10, 5, 168, 48), "from there on"
    text, dots = ink(field(b"^FO1,1^A0N,10,10" + LETTER, b"^MUM")), ink(field(b"^FO8,8^A0N,80,80" + LETTER))
    assert text == dots
    bars, same = ink(field(b"^FO1,1^BY.25,,10^BCN,,N^FDA", b"^MUM")), ink(field(b"^FO8,8^BY2,,80^BCN,,N^FDA"))
    assert bars == same
    assert ink(field(b"^FO0,0^GB1,1,1", b"^MUM^PW30")) == (80, 0, 88, 8), "the print width is in millimetres too"


def test_half_density_doubles_every_dot() -> None:
    assert ink(field(b"^FO10,5" + DOT, b"^JMB")) == (20, 10, 32, 18)
    assert ink(b"^XA^FO10,5" + DOT + b"^FS^JMB^XZ") == (20, 10, 32, 18), "wherever it stands"
    assert inks(b"^XA^JMB^XZ^XA^FO10,5" + DOT + b"^FS^XZ^XA^JMA^FO10,5" + DOT + b"^FS^XZ") == [
        (20, 10, 32, 18),
        (10, 5, 16, 9),
    ]
    assert scanned(label(field(b"^FO10,10^BCN,40,N^FDHALF1", b"^JMB"))) == [("Code 128", "HALF1")]


def test_a_label_keeps_its_size_on_a_finer_head() -> None:
    assert ink(field(b"^FO80,40^GB16,8,8"), 590, 440, target=300) == (118, 59, 142, 71)
    assert ink(field(b"^FO8,4" + DOT, b"^MUM"), 590, 440, target=300) == (94, 47, 165, 94)
    assert ink(field(b"^FO80,40^GFA,2,2,1,FFFF"), 590, 440, target=300) == (118, 59, 130, 62)
    assert scanned(label(field(b"^FO80,40^BY2^BCN,40,N^FDFINE"), 590, 440, target=300)) == [("Code 128", "FINE")]


# --- what a field holds


def test_data_in_hexadecimal() -> None:
    assert lines(label(field(b"^FO9,9^A0N,30^FH^FDa_2Db_"))) == ["a-b_"]
    assert lines(label(field(b"^FO9,9^A0N,30^FH#^FDa#2Db_41"))) == ["a-b_41"]
    assert lines(label(field(b"^FO9,9^A0N,30^FDa_2Db"))) == ["a_2Db"]
    assert lines(label(field(b"^FO9,9^A0N,30^FH^FDb_C3_B6", b"^CI28"))) == ["b\u00f6"]
    assert lines(label(b"^XA^FO9,9^A0N,30^FH^FDa_2Db^FS^FO9,90^A0N,30^FDa_2Db^FS^XZ")) == ["a-b", "a_2Db"]


def test_character_sets_hold_until_the_next_one() -> None:
    both = labels(
        b"^XA^CI28^FO9,9^A0N,30^FD\xc3\xa9^FS^XZ^XA^FO9,9^A0N,30^FD\xc3\xa9^FS^XZ^XA^CI27^FO9,9^A0N,30^FD\xe9^FS^XZ"
    )
    assert [lines(one) for one in both] == [["\u00e9"]] * 3


def test_variable_data_and_remarks() -> None:
    assert lines(label(field(b"^FO9,9^A0N,30^FVtext^FXa remark, 9"))) == ["text"]
    assert lines(label(b"^XA^FXall of this^FO9,9^A0N,30^FDone^FS^FXnothing^FS^XZ")) == ["one"]


def test_other_prefixes() -> None:
    zpl = b"^XA^CC+^FO9,9+FS+CD;+FO9;9+A0N;30+FDa^b,c+FS+CC^^XZ"
    assert lines(label(zpl)) == ["a^b,c"]
    assert inks(b"^XA^CT#^XZ#DGR:D,1,1,80" + field(b"^FO9,9^XGR:D,1,1")) == [(9, 9, 10, 10)]
    assert inks(b"^XA^CD;^XZ" + field(b"^FO9;9" + DOT.replace(b",", b";"))) == [(9, 9, 15, 13)]


def test_empty_data_prints_nothing_and_is_no_fault() -> None:
    for command in (b"^BCN,40", b"^BQN,2,4", b"^BXN,4", b"^B7N,4", b"^BEN,40", b"^A0N,30"):
        one = label(b"^XA^FO0,0^GB1,1,1^FS^FO9,9" + command + b"^FD^FS^XZ")
        assert (one.expected, one.remarks) == ((), ())
        assert bits(one).sum() == 1


def test_a_barcode_that_cannot_be_made_is_expected_and_missing() -> None:
    one = label(b"^XA^FO0,0^GB1,1,1^FS^FO9,9^BEN,40^FDletters^FS^XZ")
    (expected,) = one.expected
    assert (expected.name, expected.text, expected.start) == ("^BE", "letters", 20)
    assert expected.fault
    (said,) = one.remarks
    assert (said.start, said.severity) == (20, "error")
    assert said.reason == f"^BE does not print: {expected.fault}"
    assert one.missing == ()
    assert bits(one).sum() == 1


def test_barcodes_say_what_they_hold() -> None:
    one = label(field(b"^FO20,30^BCN,50,N^FDHELLO")[:-3] + b"^FO20,120^BQN,2,4^FDQA,world^FS^XZ")
    assert scanned(one) == [("Code 128", "HELLO"), ("QR Code", "world")]
    assert [(found.format, found.text) for found in one.expected] == [("Code 128", "HELLO"), ("QR Code", "world")]
    left, top, right, bottom = one.expected[0].box
    assert (left, top, bottom) == (20, 30, 80)
    assert bits(one)[top:bottom, left].all() and bits(one)[top:bottom, right - 1].all()


def test_the_data_of_bars_is_kept_on_the_next_field() -> None:
    both = labels(b"^XA^BY3,,60^XZ^XA^FO9,9^BCN,,N^FDA^FS^XZ^XA^BY,,^FO9,9^BCN,,N^FDA^FS^XZ")
    assert [one.expected[0].box for one in both] == [(9, 9, 147, 69)] * 2


# --- labels


def test_formats_that_only_set_print_nothing() -> None:
    assert labels(b"^XA^XZ^XA^MCY^XZ^XA^PW300^LH9,9^XZ") == []
    assert labels(b"^XA^FO9,9" + DOT) == [], "nor does one that never ends"
    assert inks(b"^XA^XA^FO9,9" + DOT + b"^FS^XZ") == [(9, 9, 15, 13)]


def test_copies_and_places() -> None:
    zpl = b"^XA^FO9,9" + DOT + b"^FS^PQ7,0,2^XZ\n^XA^FO9,9" + DOT + b"^FS^XZ"
    assert [(one.copies, one.start) for one in labels(zpl)] == [(7, 3), (1, zpl.rindex(b"^FO"))]
    with pytest.raises(AssetRefused, match=f"more than {MAX_LABELS} labels"):
        labels(b"^XA^GB9,9,9^FS^XZ" * (MAX_LABELS + 1))


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (b"", [("1", 1)]),
        (b"^PQ3", [("1", 1), ("2", 1), ("3", 1)]),
        (b"^PQ4,0,2", [("1", 2), ("2", 2)]),
        (b"^PQ5,0,2,Y", [("1", 2), ("2", 2), ("3", 1)]),
        (b"^PQ2,0,3", [("1", 2)]),
    ],
)
def test_fields_that_count(quantity: bytes, expected: list[tuple[str, int]]) -> None:
    found = labels(b"^XA^FO9,9^A0N,30^SN1,1,Y^FS" + quantity + b"^XZ")
    assert [("".join(lines(one)), one.copies) for one in found] == expected
    masked = labels(b"^XA^FO9,9^A0N,30^FD1^SFD^FS" + quantity + b"^XZ")
    assert [("".join(lines(one)), one.copies) for one in masked] == expected


def test_counting_barcodes_and_texts_beside_others() -> None:
    zpl = b"^XA^LH0,0^FO20,30^BCN,50,N^SNAB09,1,Y^FS^FO20,100^A0N,30^FDsame^FS^PQ2^LH50,0^XZ"
    found = labels(zpl)
    assert [scanned(one) for one in found] == [[("Code 128", "AB09")], [("Code 128", "AB10")]]
    assert [lines(one) for one in found] == [["same"]] * 2
    assert [one.expected[0].text for one in found] == ["AB09", "AB10"]
    assert found[0].expected[0].box == found[1].expected[0].box


def test_too_many_labels_that_count_are_refused() -> None:
    zpl = b"^XA^FO9,9^A0N,30^SN1,1,Y^FS^PQ%d^XZ"
    assert len(labels(zpl % MAX_LABELS)) == MAX_LABELS
    for wanted in (MAX_LABELS + 1, 99_999_999):
        with pytest.raises(AssetRefused, match="labels that count: more than"):
            labels(zpl % wanted)


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
    assert "'ELSE' is stored in the printer" in one.missing[0].reason
    assert one.remarks == one.missing


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
        assert "graphic 'ELSE' is stored in the printer" in one.missing[0].reason


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


# --- what is said


def test_what_prints_over_the_edges_is_told() -> None:
    def said(content: bytes, before: bytes = b"") -> list[str]:
        one = label(field(content, before))
        assert {remark.severity for remark in one.remarks} <= {"warning"}
        return [remark.reason for remark in one.remarks]

    over = "this prints %s of the label, where it is cut off"
    assert said(b"^FO394,5" + DOT) == said(b"^FO0,0^GB400,300,2") == []
    assert said(b"^FO396,5" + DOT) == [over % "2 dots over the right edge"]
    assert said(b"^FO396,299" + DOT) == [over % "2 dots over the right edge and 3 dots over the bottom edge"]
    assert said(b"^FO2,9,1" + DOT) == [over % "4 dots over the left edge"]
    assert said(b"^FT2,3" + DOT) == [over % "1 dot over the top edge"]
    assert said(b"^FO900,5" + DOT) == [over % "506 dots over the right edge"]
    assert said(b"^FO396,5^GB6,4,4,W") == [], "white is not missed"
    assert said(b"^FO396,5^GFA,2,2,1,8000") == [], "nor is what is blank"
    assert said(b"^FO390,5^GFA,2,2,1,8007") == said(b"^FO390,5^GFA,1,1,1,FF") == []
    assert said(b"^FO393,5^GFA,1,1,1,FF") == [over % "1 dot over the right edge"]
    assert said(b"^FO380,5^BY2^BCN,40,N^FDA") == [over % "72 dots over the right edge"]
    assert said(b"^FO396,5" + DOT, b"^POI") == [over % "2 dots over the right edge"], "as the label is written"


@given(
    st.sampled_from([b"N", b"R", b"I", b"B"]),
    st.integers(0, 390),
    st.integers(0, 290),
    st.sampled_from([b"Hg", b"i j"]),
)
def test_text_over_the_edges_is_told_to_the_dot(turn: bytes, x: int, y: int, text: bytes) -> None:
    content = b"^A0%b,40^FT%d,%d^FD%b" % (turn, x + 200, y + 200, text)
    whole = ink(field(content), 1000, 1000)
    assert whole is not None
    left, top, right, bottom = whole
    one = label(b"^XA^LS200^LT-200" + content + b"^FS^XZ")
    over = {"left": 200 - left, "top": 200 - top, "right": right - 600, "bottom": bottom - 500}
    told = " and ".join(f"{dots} dot{'s' * (dots > 1)} over the {edge} edge" for edge, dots in over.items() if dots > 0)
    misses = max(over["left"], 0) >= right - left or max(over["right"], 0) >= right - left
    misses = misses or over["top"] >= bottom - top or over["bottom"] >= bottom - top
    if told and not misses:
        (remark,) = one.remarks
        assert (remark.reason, remark.start) == (f"this prints {told} of the label, where it is cut off", 23)
    assert bool(one.remarks) == bool(told)
    assert bool(one.scene.marks) or misses
    assert not (bits(one).any() and misses)


# --- hostile labels


@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"^XA" + b"^GB1^FS" * 50_001 + b"^XZ", "more than 50000 shapes"),
        (b"^XA" + b"^FN1^FO1,1^FS" * 50_001 + b"^XZ", "more than 50000 shapes"),
        (b"^XA" + b"^GB400,300,300^FS" * 45_000 + b"^XZ", "draws too much"),
        (b"^XA" + b"^BCN,9^FDA^FS" * 5001 + b"^XZ", "more than 5000 barcodes"),
        (b"^XA^DFA^FS^FB0^FD" + b"H" * 9000 + b"^FS^XZ^XA" + b"^XFA^FS" * 999 + b"^XZ", "more than 2000000 characters"),
        (b"^XA" + b"^GFA,9,9000000,100,FF^FS" * 9 + b"^XZ", "too large"),
        (b"^XA^FT200,200^FB9,9,9,J^A0N,999999999^FD" + b"a b" * 3000 + b"^FS^XZ", "draws too much"),
        (b"~DGR:A,900000,100,FF^XA" + b"^XGA,9,9^FS^XGA,8,9^FS" + b"^XZ", "graphics are too large"),
        (b"^XA^FO0,0^GB9,9,9^FS" + b"^ISA,N^FS" * 5000 + b"^XZ", "graphics are too large"),
        (b"^XA" + b"^GB1^FS" * 20_000 + b"^ISA,N^FS" * 5000 + b"^XZ", "draws too much"),
    ],
)
def test_what_is_too_much_is_refused(zpl: bytes, words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        labels(zpl)


def test_a_graphic_counts_once_however_often_it_is_drawn() -> None:
    zpl = b"^XA^FO9,9^GFA,9,9000000,100,FF^FS^FO9,90^A0N,30^SN1,1,Y^FS^PQ20^XZ"
    assert len(labels(zpl)) == 20


@pytest.mark.parametrize(
    "content",
    [
        b"^A0N,32000^FD" + b"Hg" * 500,
        b"^A0R,32000,1^FD" + bytes(range(33, 94)) * 100,
        b"^A0N,30^FB300,9999,9999,J,300^FD" + b"a b" * 5000,
        b"^A0N,30^FB32000,9999^FD" + b"a " * 9000,
        b"^A0N,30^FB2,9999^FD" + b"a\\-" * 9000,
        b"^A0N,30^TBN,1,32000^FD" + b"a" * 19000,
        b"^A0N,30^FPV,9999^FD" + b"a" * 19000,
        b"^A0N,30^FPR,9999^FD" + b"a" * 19000,
        b"^GB999999999,999999999,999999999,B,8",
        b"^GC999999999,999999999",
        b"^GE999999999,999999999,999999999",
        b"^GD999999999,999999999,999999999",
        b"^BY999999999,3,999999999^BCN^FDA",
        b"^FB9,9,9,J^A0N,999999999^FD" + b"a b" * 30,
    ],
)
def test_huge_things_are_drawn_as_far_as_they_are_on_the_label(content: bytes) -> None:
    for place in (b"^FO1,1", b"^FT200,200", b"^FO999999999,999999999", b"^LH999999999,5^FO5,5", b"^MUI^FO9999999,1"):
        for target in (203, 600):
            (one,) = labels(field(place + content), target=target)
            assert len(one.scene.marks) <= 2001
            assert bits(one).shape == (300, 400)


PIECES = st.sampled_from(
    """
    ^XA ^XZ ^FS ^FO1,1 ^FO5,9,1 ^FT ^FT9,9 ^A0N,9 ^A@N,9,9,X ^AAR ^CF0,9 ^FWR,1 ^FDab ^FD ^FVz ^FN1 ^FN2 ^DFA ^XFA ^XFB
    ^SN1,2,N ^SFd ^PQ3,0,2 ^ISP,N ^ISP ^ILP ^XGP,2,2 ^IMP ^GB5,5,2 ^GC9 ^GD9,9 ^GE9,9 ^GFA,4,4,2,F:,! ^FR ^LRY ^LH3,3
    ^PW9 ^PMY ^POI ^MUM ^MUD ^JMB ^JMA ^FB20,2,1,J ^TBN,20,20 ^FPV ^FPR,2 ^BCN,9 ^BQN,2,2 ^BEN,9 ^B7 ^BY1 ^CI28 ^CWA,B
    ^FH ^FXx ~DGP,2,1,FFFF
    """.split()  # noqa: SIM905  # a table to be read by people
)


@given(st.lists(PIECES, max_size=40))
def test_any_order_of_commands_is_drawn_or_refused(pieces: list[str]) -> None:
    try:
        found = labels("".join(pieces).encode(), 24, 16)
    except AssetRefused:
        return
    for one in found:
        assert bits(one).shape == (16, 24)
        assert one.copies >= 1
        assert set(one.missing) <= set(one.remarks)
        assert list(one.remarks) == sorted(one.remarks, key=lambda said: said.start)
