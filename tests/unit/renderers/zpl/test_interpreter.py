"""What a label looks like after the commands that set, store and recall; shapes stand for fields where they will do."""

import pytest

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
    assert [(one.severity, one.start, one.message) for one in named.findings] == [
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
    assert [said.severity for said in one.findings] == ["note"]


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
    assert lines(label(field(b"^FO9,9^A0N,30^FVtext^FXa finding, 9"))) == ["text"]
    assert lines(label(b"^XA^FXall of this^FO9,9^A0N,30^FDone^FS^FXnothing^FS^XZ")) == ["one"]


def test_other_prefixes() -> None:
    zpl = b"^XA^CC+^FO9,9+FS+CD;+FO9;9+A0N;30+FDa^b,c+FS+CC^^XZ"
    assert lines(label(zpl)) == ["a^b,c"]
    assert inks(b"^XA^CT#^XZ#DGR:D,1,1,80" + field(b"^FO9,9^XGR:D,1,1")) == [(9, 9, 10, 10)]
    assert inks(b"^XA^CD;^XZ" + field(b"^FO9;9" + DOT.replace(b",", b";"))) == [(9, 9, 15, 13)]


def test_empty_data_prints_nothing_and_is_no_fault_but_told() -> None:
    for command in (b"^BCN,40", b"^BQN,2,4", b"^BXN,4", b"^B7N,4", b"^BEN,40", b"^A0N,30"):
        one = label(b"^XA^FO0,0^GB1,1,1^FS^FO9,9" + command + b"^FD^FS^XZ")
        assert one.expected == ()
        said = [(found.severity, found.start, found.message) for found in one.findings]
        name = command[:3].decode()
        assert said == ([("warning", 20, f"{name} has no data, so it does not print")] if name[1] == "B" else [])
        assert bits(one).sum() == 1


def test_a_barcode_that_cannot_be_made_is_expected_and_missing() -> None:
    one = label(b"^XA^FO0,0^GB1,1,1^FS^FO9,9^BEN,40^FDletters^FS^XZ")
    (expected,) = one.expected
    assert (expected.name, expected.text, expected.start) == ("^BE", "letters", 20)
    assert expected.fault
    (said,) = one.findings
    assert (said.start, said.severity) == (20, "error")
    assert said.message == f"^BE does not print: {expected.fault}"
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


# --- what is kept, and what only a printer knows


def test_a_picture_that_is_not_cleared_is_where_the_next_label_begins() -> None:
    one, two, three = inks(b"^XA^MCN^FO20,30^GB6,4,4^FS^XZ^XA^FO50,60^GB6,4,4^FS^MCY^XZ^XA^FO80,90^GB6,4,4^FS^XZ")
    assert (one, two, three) == ((20, 30, 26, 34), (20, 30, 56, 64), (80, 90, 86, 94))
    assert inks(b"^XA^MCN^FO20,30^GB6,4,4^FS^XZ^XA^XZ^XA^MCY^FO50,60^GB6,4,4^FS^XZ") == [one, two]
    kept = b"^XA^MCN^XZ" + b"^XA^FO0,0^GB300,300,300^FS^XZ" * 150
    assert len(labels(kept)) == 150
    many = b"^XA" + b"^FO0,0^GB9,9,9^FS" * 1000 + b"^XZ"
    with pytest.raises(AssetRefused, match="draws too much"):
        labels(b"^XA^MCN^XZ" + many * 30)


@pytest.mark.parametrize(
    ("zpl", "starts"),
    [
        (b"^XA^FO9,9^A0N,30^FC%^FD%d/%m/%y^FS^XZ", [3]),
        (b"^XA^FO9,9^A0N,30^FC^FD%H^FS^XZ", [3]),
        (b"^XA^FO9,9^A0N,30^FC%,{,#^FD#H^FS^XZ", [3]),
        (b"^XA^FO9,9^A0N,30^FC%,{,#^FDplain^FS^XZ", []),
        (b"^XA^FO9,9^A0N,30^FD100 %^FS^XZ", []),
        (b"^XA^DFA^FO9,9^A0N,30^FC%^FN1^FS^XZ^XA^XFA^FN1^FD%H^FS^XZ", [7]),
        (b"^XA^FO9,9^FM9,9,9,90^B7N,4,0,2,2^FDsome text^FS^XZ", [9]),
    ],
)
def test_what_only_the_printer_knows_is_missing(zpl: bytes, starts: list[int]) -> None:
    one = label(zpl)
    assert [found.start for found in one.missing] == starts
    assert [found.start for found in one.findings if found.severity == "error"] == starts


def test_letters_without_a_face_are_missing() -> None:
    one = label("^XA^CI28^FO9,9^A0N,30^FD\ud55c\uae00 Seoul^FS^FO9,90^A0N,30^FD\u4e2d\u00e9^FS^XZ".encode())
    assert [(found.start, found.message) for found in one.missing] == [
        (8, "no font here has '\ud55c\uae00', so it is left out")
    ]
    below = label("^XA^CI28^FO9,9^A0N,30^BCN,90,Y^FD\ud55c^FS^XZ".encode())
    assert all("no font" in found.message or "^BC" in found.message for found in below.missing)


@pytest.mark.parametrize("text", ["\u05e9\u05dc\u05d5\u05dd", "a \u0633\u0644\u0627\u0645"])
def test_text_from_the_right_is_told(text: str) -> None:
    one = label(f"^XA^CI28^FO9,9^A0N,30^FD{text}^FS^XZ".encode())
    assert [(found.start, found.severity) for found in one.findings] == [(8, "warning")]
    assert "Hebrew and Arabic print in the order of the data" in one.findings[0].message
    assert one.missing == ()
