import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.errors import AssetRefused, CommandRefused, RenderError
from labeld.renderers.zpl.allowlist import refused, screen
from labeld.renderers.zpl.graphic_field import decode
from labeld.renderers.zpl.label import labels_in
from labeld.renderers.zpl.lexer import formats, lex


def test_lexer_names_commands_and_keeps_every_byte() -> None:
    zpl = b"junk\r\n^XA^fo10,20^A0N,30^A@N,9,9,E:X.TTF^FDa, b^FS text ~DGR:A,1,1,FF^BXN,5,200,,,,~^XZ"
    commands = lex(zpl)
    names = [command.name for command in commands]
    assert names == ["", "^XA", "^FO", "^A", "^A@", "^FD", "^FS", "", "~DG", "^BX", "^XZ"]
    assert commands[3].parameters == b"0N,30"
    assert commands[5].parameters == b"a, b"
    assert commands[9].fields()[-1] == "~"
    assert b"".join(zpl[command.start : command.end] for command in commands) == zpl


def test_binary_fields_may_hold_carets() -> None:
    commands = lex(b"^XA^GFB,8,8,2,^XZ^~JA!^FS^XZ")
    assert [command.name for command in commands] == ["^XA", "^GF", "^FS", "^XZ"]
    assert decode(commands[1].parameters).rows.tobytes() == b"^XZ^~JA!"


def test_binary_fields_with_two_lengths_or_no_end_are_refused() -> None:
    with pytest.raises(CommandRefused, match="two lengths"):
        _screened(b"^XA^GFB,2,8,2,^X^FS^XZ")
    with pytest.raises(AssetRefused, match="is cut off: it declares 800 bytes and has 0"):
        _screened(b"^XA^GFB,800,800,2,^XZ")


@pytest.mark.parametrize(
    "lengths", [b"8,,2", b",8,2", b"8,8,", b"8", b"x,8,2", b"%d,8,2" % 10**4000, b"8,%s,2" % (b"8" * 5000)]
)
@pytest.mark.parametrize("kind", [b"B", b"b", b"C", b"\r\nB "])
def test_binary_fields_give_all_their_lengths(kind: bytes, lengths: bytes) -> None:
    with pytest.raises(AssetRefused, match=r"^the binary \^GF at byte 3 does not begin with its lengths$"):
        _screened(b"^XA^GF" + kind + b"," + lengths + b",~JR^XZ~JA^FS^XZ")


def test_what_follows_binary_data_is_text() -> None:
    zpl = b"^XA^GF B , 2,2, 1,^X\x02\x03J\r\n^FS^XZ"
    assert [command.parameters for command in lex(zpl)][1:3] == [b" B , 2,2, 1,^X", b"\x02\x03J\r\n"]
    assert _screened(zpl)[0] == b"^XA^GF B , 2,2, 1,^X^FS^XZ"


def test_formats_begin_once_and_must_end() -> None:
    inside = [[command.name for command in found] for found in formats(lex(b"^FS^XA^XA^FO^XZ^XA^XZ^XA^GB"))]
    assert inside == [["^FO"], []]


@given(st.binary(max_size=80).map(lambda tail: b"^XA^FO1,1" + tail))
def test_any_bytes_are_lexed_without_gaps_or_refused(zpl: bytes) -> None:
    try:
        commands = lex(zpl)
    except RenderError:
        return
    assert b"".join(zpl[command.start : command.end] for command in commands) == zpl


def _screened(zpl: bytes) -> tuple[bytes, tuple[str, ...]]:
    result = screen(zpl, lex(zpl), 812)
    return result.zpl, result.notes


def test_a_harmless_label_passes_byte_for_byte() -> None:
    zpl = b"^XA\r\n^CI28^PW812^LH0,0^FO10,10^A0N,30,30^FDJane ~1a Doe^FS\r\n^BY2,3^BCN,100^FDABC^FS^PQ2^XZ\r\n"
    assert _screened(zpl) == (zpl, ())


def test_settings_are_dropped_and_named() -> None:
    zpl, notes = _screened(b"\x10CT~~CD,~CC^~CT~\r\n^XA^MNY^PR6~SD25^JUS^IDR:*.*^FO1,1^GB9,9,9^FS^XZ")
    assert zpl == b"\r\n^XA^FO1,1^GB9,9,9^FS^XZ" or zpl == b"^XA^FO1,1^GB9,9,9^FS^XZ"
    assert "^MN (media tracking) is left to the printer" in notes
    assert "^JU (saving of settings) is left to the printer" in notes


def test_text_between_commands_never_reaches_the_printer() -> None:
    zpl, notes = _screened(b'{}{"head.latch":null}^XA^FO1,1^GB9,9,9^FS EPL^XZ\nN\nP1\n')
    assert zpl == b"^XA^FO1,1^GB9,9,9^FS^XZ"
    assert notes == ("text between commands is left out",)


@pytest.mark.parametrize(
    "command",
    [
        "~JR",
        "~JC",
        "~JA",
        "~WC",
        "^SX",
        "^KN",
        "^NS",
        "~NC",
        "^JZY",
        "^DFE:A",
        "^ISB:A",
        "~DUE:A.TTF,1,00",
        "~DYE:A,B,G,1,1,x",
        "~DGE:A,1,1,FF",
        "^IDE:A.GRF",
        "^HH",
        "^QQ",
        "^GFC,1,1,1,x",
    ],
)
def test_dangerous_and_unknown_commands_are_refused_with_their_place(command: str) -> None:
    zpl = b"^XA^FO1,1" + command.encode() + b"^FDx^FS^XZ"
    with pytest.raises(CommandRefused) as caught:
        screen(zpl, lex(zpl), 812)
    assert "at byte 9" in str(caught.value)
    assert [found.start for found in refused(lex(zpl))] == [9]


@pytest.mark.parametrize("text", [b'! U1 setvar "a" "b"', b'!u1 DO "x"', b'! U1 getvar "x"'])
def test_set_get_do_is_refused_wherever_it_hides(text: bytes) -> None:
    for zpl in (b"^XA^FO1,1\r\n" + text + b"\r\n^FS^XZ", b"^XA^XZ" + text, b"^XA^FD" + text + b"^FS^XZ"):
        with pytest.raises(CommandRefused, match="U1"):
            screen(zpl, lex(zpl), 812)


def test_control_characters_that_spell_commands_are_refused() -> None:
    zpl = b"^XA^FO1,1^FDa\x03b^FS^XZ"
    with pytest.raises(CommandRefused, match="control character"):
        screen(zpl, lex(zpl), 812)


def test_a_label_without_end_is_cut_off() -> None:
    with pytest.raises(AssetRefused, match="no end"):
        _screened(b"^XA^FO1,1^GB9,9,9^FS")


@pytest.mark.parametrize(
    "hidden", [b"~\r\nJR", b"~J\nR", b"~\nJA", b"~ JR", b"~J R", b"^\r\nJUS", b"~\0JR", b"~J\xa0R"]
)
@pytest.mark.parametrize(
    "around",
    [
        (b"", b"^XA^GB9^FS^XZ"),
        (b"^XA^FD", b"^FS^XZ"),
        (b"^XA^FX", b"^FS^XZ"),
        (b"^XA^GB9^FS", b"^XZ"),
        (b"^XA^XZ", b""),
    ],
)
def test_no_command_hides_behind_line_ends(hidden: bytes, around: tuple[bytes, bytes]) -> None:
    zpl = hidden.join(around)
    with pytest.raises(CommandRefused, match=f"at byte {len(around[0])} is not allowed"):
        screen(zpl, lex(zpl), 812)


@pytest.mark.parametrize("data", [b"a~", b"a^", b"~", b"a~5", b"a ~ b"])
def test_a_prefix_in_printed_text_is_refused_not_left_out(data: bytes) -> None:
    zpl = b"^XA^FD" + data + b"^FS^XZ"
    with pytest.raises(CommandRefused, match="is not allowed"):
        screen(zpl, lex(zpl), 812)


@pytest.mark.parametrize("parameter", [b"~", b"~\r\n", b"~,1", b"~\\r\\n"])
def test_a_tilde_may_be_the_escape_of_a_data_matrix(parameter: bytes) -> None:
    zpl = b"^XA^FO1,1^BXN,5,200,,,," + parameter + b"^FD~1ab~d029^FS^XZ"
    assert _screened(zpl) == (zpl, ())


def test_two_prefixes_in_a_row_are_one() -> None:
    assert _screened(b"^XA^FO3,5,^^FO2,1^GB9^FS~^XZ")[0] == b"^XA^FO3,5,^FO2,1^GB9^FS^XZ"


@pytest.mark.parametrize("pause", [b"9" * 5000, "²".encode("latin-1"), b"", b"0", b"01"])
def test_a_pause_is_read_whatever_is_written(pause: bytes) -> None:
    zpl = b"^XA^GB9^FS^PQ1," + pause + b"^XZ"
    pauses = pause[-1:] in (b"9", b"1")
    assert _screened(zpl)[1] == (("^PQ makes the printer pause between labels",) if pauses else ())


def test_ascii_graphics_hold_no_control_characters() -> None:
    with pytest.raises(CommandRefused, match=r"control character in \^GF at byte 3"):
        _screened(b"^XA^GFA,1,1,1,F\x03F^FS^XZ")


def test_what_would_stay_for_the_next_label_is_set_back() -> None:
    zpl, notes = _screened(b"^XA^POI^LH30,40^LRN^PMY^FO1,1^GB9,9,9^FS^XZ")
    assert zpl.endswith(b"^FS^XZ^XA^PON^LH0,0^PMN^XZ")
    assert notes == ("settings that would stay for the next label are set back afterwards",)
    assert labels_in(zpl) == 1


@pytest.mark.parametrize(
    ("setting", "back"),
    [
        (b"^FWR", b"^FWN,0"),
        (b"^FWN,1", b"^FWN,0"),
        (b"^FWN,1^FWN", b"^FWN,0"),
        (b"^FWR^FWN,0", b""),
        (b"^FWN", b""),
        (b"^BY3", b"^BY2,3.0,10"),
        (b"^BY2,2.5", b"^BY2,3.0,10"),
        (b"^BY2,3,100^BY,,10", b"^BY2,3.0,10"),
        (b"^BY2,3.0,10", b""),
        (b"^CF0,30", b"^CFA,9,5"),
        (b"^CFA", b""),
        (b"^CVY", b"^CVN"),
        (b"^PA1,1,1,1", b"^PA0,0,0,0"),
        (b"^PA,1", b"^PA0,0,0,0"),
        (b"^PA", b""),
        (b"^PW400", b"^PW812"),
        (b"^PW400^PW812", b""),
        (b"^PW812", b""),
        (b"^PW400^FWB^JMB^MUM", b"^MUD,300,300^JMA^FWN,0^PW812"),
    ],
)
def test_defaults_of_fields_are_set_back(setting: bytes, back: bytes) -> None:
    zpl, _ = _screened(b"^XA" + setting + b"^FO1,1^GB9,9,9^FS^XZ")
    assert zpl == b"^XA" + setting + b"^FO1,1^GB9,9,9^FS^XZ" + (b"^XA" + back + b"^XZ" if back else b"")
    assert labels_in(zpl) == 1


def test_a_changed_font_letter_is_told() -> None:
    _, notes = _screened(b"^XA^CWZ,E:ARIAL.TTF^FO1,1^GB9,9,9^FS^XZ")
    assert notes == ("^CW gives font letter 'Z' another font until the printer is off",)
