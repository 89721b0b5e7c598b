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


def test_set_get_do_in_field_data_is_stripped_with_the_field_data() -> None:
    assert _screened(b'^XA^FD! U1 setvar "a" "b"^FS^GB9^FS^XZ', "strip").zpl == b"^XA^FS^GB9^FS^XZ"


_PIECES = st.one_of(
    st.sampled_from(
        """^XA ^XZ ^FS ^FO1,1 ^FDa ^FDa^b ^FH ^FD_7EJA ~JA ~JR ^JUS ^DFR:A ^DFE:A ~DGR:A,1,1,F ~DGE:A,1,1,F
        ~DYA,B,G,2,1,~J ^GFB,3,3,1,^XZ ^GFB,9,3,1,~JA ^GFA,2,2,1,F,F ^BXN,5,200,,,,~ ^CC- ^CC^ -CC^ ~CT+ +CT~ +JA -JUS
        ^CD; ^CD, -FO1;2 -FS -FDx^JUS -FX~JA ^MN ^PQ9,1 ! U1 setvar do ^ ~ - + _ , ; ^SN1 ^IDE:* ^IDR:* ^XGE:A ^FX ^FV
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
        assert command.name in ALLOWED or (command.name == "" and not command.parameters.strip(b"^~ \t\r\n\x0b\x0c"))
        if not is_binary(command):
            assert not re.search(rb"[\x02\x03\x05\x0f\x10\x11\x13\x18\x1b\x1e\x1f]", command.parameters)
    assert not re.search(rb"!\s*U1?\s+(setvar|getvar|do)\b", found.zpl, re.IGNORECASE)
    assert all(verdict.action == "keep" for verdict in judged(again))
    assert screen(found.zpl, again, 812).zpl == found.zpl, "what was screened passes as it is"
