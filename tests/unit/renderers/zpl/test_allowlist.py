import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labeld.renderers.errors import AssetRefused, CommandRefused, RenderError
from labeld.renderers.zpl.allowlist import ALLOWED, Policy, Screened, judged, screen
from labeld.renderers.zpl.lexer import is_binary, lex


def _screened(zpl: bytes, policy: Policy = "refuse") -> Screened:
    return screen(zpl, lex(zpl), 812, policy)


@pytest.mark.parametrize(
    "zpl",
    [
        b"^XA^DFR:A.ZPL^FO1,1^A0,20^FN1^FS^XZ\r\n^XA^XFR:A.ZPL^FN1^FDa^FS^XZ",
        b"^XA^DFA^FN1^FS^XZ^XA^XFA.ZPL^FN1^FDa^FS^XZ",
        b"^XA^GB9^FS^ISR:A,N^XZ^XA^ILR:A^XZ",
        b"~DYR:A,B,G,3,1,^\x02~^XA^IMR:A^FS^XZ",
        b"~DUR:A.TTF,2,0001^XA^FO1,1^A@N,9,9,R:A.TTF^FDa^FS^XZ",
        b"^XA^FO1,1^GFB,3,3,1,^~\x02^FS^XZ",
        b"^xa\n ^fo1,1^gb9^fs\t^xz",
    ],
)
def test_what_a_label_stores_for_itself_passes_byte_for_byte(zpl: bytes) -> None:
    assert _screened(zpl).zpl == zpl


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (name, target)
        for name in ("~DG", "~DY", "~DU", "^DF", "^IS", "^ID")
        for target in ("E:A", "b:A", "A:A", " E:A", "R:E:A", "R\n:A", "X:A", "R:A/B", "R:\\A", "R:A\xb2", "E: A")
    ],
)
def test_only_ram_is_written(name: str, target: str) -> None:
    zpl = f"^XA{name}{target},A,G,1,1,FF^XZ".encode("latin-1")
    with pytest.raises(CommandRefused, match=r"at byte 3 changes the printer's memory .* only R: may be written"):
        _screened(zpl)


def test_what_is_recalled_from_the_printer_is_told() -> None:
    assert _screened(b"^XA^XFE:A^FN1^FDa^FS^XZ").notes == ("^XF uses a format stored in the printer: 'E:A'",)
    assert _screened(b"~DGR:A,1,1,FF^XA^XGR:A.GRF^FS^XGR:B^FS^XZ").notes == (
        "^XG uses a graphic stored in the printer: 'R:B'",
    )


def test_other_prefixes_reach_the_printer_as_the_usual_ones() -> None:
    found = _screened(b"\x10CT++CD;+CC-\r\n-XA-FO1;1-FDa^b~c-FS-CC^^XZ")
    assert found.zpl == b"^XA^FO1,1^FH_^FDa_5Eb_7Ec^FS^XZ"
    with pytest.raises(CommandRefused, match="the ZPL command '~JA' at byte 10"):
        _screened(b"^XA~CT+^FS+JA^XZ")
    assert _screened(b"^XA~CT+^FO1,1^FD~JA^FS^XZ").zpl == b"^XA^FO1,1^FH_^FD_7EJA^FS^XZ"


@pytest.mark.parametrize("data", [b"\x10JA", b"\x1eJZY", b"a\x1e06", b"a\x10b", b"a\x1fb", b"\x05", b"\x18"])
def test_control_characters_with_a_meaning_are_refused(data: bytes) -> None:
    with pytest.raises(CommandRefused):
        _screened(b"^XA^FO1,1^FD" + data + b"^FS^XZ")


def test_stripped_commands_are_left_out_and_told() -> None:
    found = _screened(b'^XA^FO1,1^FDa^FS~JR^JZY! U1 setvar "a" "b"^FO1,9^FDb^FS^XZ', "strip")
    assert found.zpl == b"^XA^FO1,1^FDa^FS^FO1,9^FDb^FS^XZ"
    assert found.notes == (
        "left out: the ZPL command '~JR' at byte 16 is not allowed",
        "left out: the command '! U1 setvar' at byte 23 is not allowed",
    )


@pytest.mark.parametrize(
    "zpl", [b"^XA^DFE:A^FO1,1^FDa^FS^XZ", b"^XA^GB9^ISE:A,N^XZ", b"^XA^GFB,90,90,1,x^XZ", b"^XA^GB9"]
)
def test_what_cannot_be_left_out_alone_is_refused(zpl: bytes) -> None:
    with pytest.raises(AssetRefused):
        _screened(zpl, "strip")


@pytest.mark.parametrize("download", [b"~DUR:A,9,00", b"~DYR:A,A,T,9,,00 11", b"~DTA,3", b"~DYR:A,P,P,9,,8950"])
def test_downloads_that_would_leave_the_printer_waiting_are_refused(download: bytes) -> None:
    with pytest.raises(CommandRefused, match=r"at byte 0 declares . bytes and has"):
        _screened(download + b"^XA^GB9^FS^XZ")


def test_notes_have_a_limit() -> None:
    assert len(_screened(b"^XA" + b"~JA" * 500 + b"^XZ", "strip").notes) == 100


def test_set_get_do_in_field_data_is_stripped_with_the_field_data() -> None:
    assert _screened(b'^XA^FD! U1 setvar "a" "b"^FS^GB9^FS^XZ', "strip").zpl == b"^XA^FS^GB9^FS^XZ"


@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"^XA^XZ^GFB,3,3,1,~JR^FS^XA^GB9^FS^XZ", "at byte 6 stands outside of a format"),
        (b"^GFB,3,3,1,~JR^FS^XA^GB9^FS^XZ", "at byte 0 stands outside of a format"),
        (b"^XA^DFR:A^FO1,1^GFB,3,3,1,~JR^FS^XZ", "at byte 15 stands in a format that is stored"),
        (b"^XA^GFB,3,3,0,~JR^FS^XZ", "at byte 3 declares 3 bytes in rows of 0"),
        (b"^XA^GFB,3,3,4,~JR^FS^XZ", "at byte 3 declares 3 bytes in rows of 4"),
        (b"^XA^GFB,0,0,1,~JR^FS^XZ", "at byte 3 declares 0 bytes in rows of 1"),
        (b"~DYR:A.B.C,B,,8,,AB~JR123^XA^GB9^FS^XZ", "only R: may be written"),
        (b"~DYR:A-B,B,T,8,,AB~JR123^XA^GB9^FS^XZ", "needs a name of letters and digits"),
        (b"~DY,B,T,8,,AB~JR123^XA^GB9^FS^XZ", "needs a name"),
        (b"~DYR:A,B,,8,,AB~JR123^XA^GB9^FS^XZ", "sends 'B', ''"),
        (b"~DYR:A,B,Z,8,,AB~JR123^XA^GB9^FS^XZ", "sends 'B', 'Z'"),
        (b"~DYR:A,B,PAC,8,,AB~JR123^XA^GB9^FS^XZ", "sends 'B', 'PAC'"),
        (b"~DYR:A,C,T,8,,AB~JR123^XA^GB9^FS^XZ", "sends 'C', 'T'"),
        (b"~DYR:A,A,H,1,,FF^XA^GB9^FS^XZ", "sends 'A', 'H'"),
        (b"~DYR:A,Q,G,1,1,FF^XA^GB9^FS^XZ", "sends 'Q', 'G'"),
        (b"~DYR:A,B,G,8,,AB~JR123^XA^GB9^FS^XZ", "how long a row"),
        (b"~DYR:A,B,G,8,9,AB~JR123^XA^GB9^FS^XZ", "how long a row"),
        (b"~DYR:A,B,T,0,,^XA^GB9^FS^XZ", "declares 0 bytes"),
    ],
)
def test_binary_data_is_believed_only_where_a_printer_takes_the_command(zpl: bytes, words: str) -> None:
    with pytest.raises(CommandRefused, match=words):
        _screened(zpl)


@pytest.mark.parametrize(
    "text",
    [
        b'! U1 set\x00var "a" "b"',
        b'! U1 set\r\nvar "a" "b"',
        b'! U1\x00setvar "a" "b"',
        b'!\x00U\x001\r\nd\x00o "a" "b"',
        b'!U1\xa0GETVAR "a"',
        b'{}{"device.reset":""}',
        b'{} {\r\n"device.reset":""}',
    ],
)
@pytest.mark.parametrize("command", [b"^FD", b"^FX", b"^FV", b"^FN1"])
def test_other_languages_are_found_as_a_printer_reads_them(command: bytes, text: bytes) -> None:
    with pytest.raises(
        CommandRefused, match=r"the command '(! U1 (setvar|GETVAR|do)|\{\}\{)' .*at byte \d+ is not allowed"
    ):
        _screened(b"^XA^FO1,1" + command + text + b"\r\n^FS^XZ")


def test_no_text_holds_nul() -> None:
    with pytest.raises(CommandRefused, match=r"control character in \^FD at byte 9"):
        _screened(b"^XA^FO1,1^FDa\x00b^FS^XZ")


@pytest.mark.parametrize(
    ("clear", "passes"), [(b"", True), (b"Y", True), (b"y", True), (b"N", False), (b"\r\nn", False)]
)
def test_no_label_is_kept_for_the_next_one(clear: bytes, passes: bool) -> None:
    zpl = b"^XA^MC" + clear + b"^FO1,1^GB9^FS^XZ"
    if passes:
        assert _screened(zpl) == Screened(lex(zpl), zpl, ())
    else:
        with pytest.raises(CommandRefused, match=r"\^MCN at byte 3 would print this label on the next one too"):
            _screened(zpl)
        assert _screened(zpl, "strip").zpl == b"^XA^FO1,1^GB9^FS^XZ"


@pytest.mark.parametrize("letter", [b"0", b"A", b"a", b"\nH", b"P", b"V"])
def test_the_printers_own_fonts_keep_their_letters(letter: bytes) -> None:
    with pytest.raises(CommandRefused, match=r"\^CW at byte 3 gives the printer's own font"):
        _screened(b"^XA^CW" + letter + b",R:A.TTF^FO1,1^GB9^FS^XZ")
    assert _screened(b"^XA^CWZ,E:A.TTF^CW4,E:B.FNT^CWW^FO1,1^GB9^FS^XZ").zpl.startswith(b"^XA^CWZ")


def test_a_label_erases_what_it_stored_itself() -> None:
    zpl = b"~DGR:A.GRF,1,1,FF^XA^FO1,1^XGR:A.GRF^FS^XZ^XA^IDR:A.GRF^FS^XZ"
    assert _screened(zpl).zpl == zpl
    for other in (b"R:B.GRF", b"R:*.GRF", b"*.*"):
        found = _screened(zpl.replace(b"^IDR:A.GRF", b"^ID" + other))
        assert b"^ID" not in found.zpl
        assert "^ID (deletion of stored objects) is left to the printer" in found.notes
    assert _screened(b"^XA^IDR:A.GRF^XZ" + zpl).zpl == b"^XA^XZ" + zpl


def test_letters_in_an_unknown_character_set_are_told() -> None:
    zpl = b"^XA^FO1,1^FD\xe9^FS^FO1,9^FD\xe9^FS^XZ"
    assert _screened(zpl) == Screened(
        lex(zpl),
        zpl,
        ("letters beyond ASCII print in the character set that the printer was left with, for no ^CI is given",),
    )
    assert _screened(zpl.replace(b"^XA", b"^XA^CI27")).notes == ()


_PIECES = st.one_of(
    st.sampled_from(
        """^XA ^XZ ^FS ^FO1,1 ^FDa ^FDa^b ^FH ^FD_7EJA ~JA ~JR ^JUS ^DFR:A ^DFE:A ~DGR:A,1,1,F ~DGE:A,1,1,F
        ~DYA,B,G,2,1,~J ^GFB,3,3,1,^XZ ^GFB,9,3,1,~JA ^GFA,2,2,1,F,F ^BXN,5,200,,,,~ ^CC- ^CC^ -CC^ ~CT+ +CT~ +JA -JUS
        ^CD; ^CD, -FO1;2 -FS -FDx^JUS -FX~JA ^MN ^MCN ^PQ9,1 {}{" ! U1 setvar do ^ ~ - + _ , ; ^SN1 ^IDE:* ^IDR:* ^IDR:A
        ^XGE:A ^FX ^FV
        ^A""".split()  # noqa: SIM905
    ),
    st.sampled_from([b"\x10CT~", b"\x10JA", b"\x1eJUS", b"\r\n", b" ", b"\0", b"\x02", b"\x1b"]),
    st.sampled_from([b"~\nJA", b"^\rJUS", b"~J\nA"]),
    st.binary(max_size=3),
).map(lambda piece: piece if isinstance(piece, bytes) else piece.encode())  # fmt: skip


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=16).map(b"".join), st.sampled_from(["refuse", "strip"]))
@example(b"^XA^BXN,5,200,,,,~^MN~JA^XZ", "strip")
@example(b"^XA^FX^MNJ^XZ~CC-~MN^JUS^XZ", "strip")
def test_nothing_outside_the_table_comes_through(inside: bytes, policy: Policy) -> None:
    zpl = b"^XA" + inside + b"^XZ"
    try:
        found = _screened(zpl, policy)
    except RenderError:
        return
    again = lex(found.zpl)
    for command in again:
        assert command.name in ALLOWED | {"^ID"} or (
            command.name == "" and not command.parameters.strip(b"^~ \t\r\n\x0b\x0c")
        )
        if not is_binary(command):
            assert not re.search(rb"[\x02\x03\x05\x0f\x10\x11\x13\x18\x1b\x1e\x1f]", command.parameters)
    plain = re.sub(rb"[\x00-\x1f\x7f]", b"", found.zpl)
    assert not re.search(rb"!\s*U1?\s+(setvar|getvar|do)\b|\{\}\s*\{\s*\"", plain, re.IGNORECASE)
    assert all(verdict.action == "keep" for verdict in judged(again))
    assert screen(found.zpl, again, 812).zpl == found.zpl, "what was screened passes as it is"
