import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.errors import RenderError
from labeld.renderers.zpl.allowlist import screen
from labeld.renderers.zpl.graphic_field import decode, encode
from labeld.renderers.zpl.lexer import lex
from labeld.renderers.zpl.scaling import CannotRescale, rescaled

TO_300 = 300 / 25.4 / 8


def _scaled(zpl: bytes, factor: float = TO_300) -> bytes:
    return rescaled(lex(zpl), factor).zpl


@pytest.mark.parametrize(
    ("zpl", "scaled"),
    [
        (b"^XA^FO10,20,1^LH0,5^FT37.5,5^PW812^LL1218^XZ", b"^XA^FO15,30,1^LH0,7^FT55,7^PW1199^LL1798^XZ"),
        (b"^XA^FO1,0^GB812,1,1^FS^XZ", b"^XA^FO1,0^GB1199,1,1^FS^XZ"),
        (b"^XA^A0N,30,20^FB400,3,-5,C,0^FDa,b 1^FS^XZ", b"^XA^A0N,44,30^FB591,3,-7,C,0^FDa,b 1^FS^XZ"),
        (b"^XA^ADN,36,20^FDa^FS^XZ", b"^XA^ADN,54,30^FDa^FS^XZ"),
        (b"^XA^GB9,9^FS\r\n ^PQ2,,1,Y^MNY^PR4^XZ\r\n", b"^XA^GB13,13^FS\r\n ^PQ2,,1,Y^MNY^PR4^XZ\r\n"),
        (b"^XA^MUM^FO10.5,20^GB5,5^MUD^FO8,8^XZ", b"^XA^MUM^FO10.5,20^GB5,5^MUD^FO12,12^XZ"),
        (b"^XA^CC-\n-FO2,2-FDa^b-FS-XZ", None),
        (b"~DYR:A.TTF,B,T,1,,\0^XA^XZ", None),
    ],
)
def test_lengths_are_multiplied(zpl: bytes, scaled: bytes | None) -> None:
    if scaled is None:
        with pytest.raises(CannotRescale):
            _scaled(zpl)
    else:
        assert _scaled(zpl) == scaled


@pytest.mark.parametrize(
    ("zpl", "scaled"),
    [
        (b"^FO0,0^GB700,1^FS", b"^FO0,0^GB2067,3,3^FS"),
        (b"^FO0,0^GB700,0^FS", b"^FO0,0^GB2067,0,3^FS"),
        (b"^FO0,0^GB700,200,,W^FS", b"^FO0,0^GB2067,591,3,W^FS"),
        (b"^GC100^FS", b"^GC295,3^FS"),
        (b"^GD100,200^FS", b"^GD295,591,3^FS"),
        (b"^GE100,200,2^FS", b"^GE295,591,6^FS"),
    ],
)
def test_a_line_that_is_not_said_is_as_thick_as_before(zpl: bytes, scaled: bytes) -> None:
    assert _scaled(b"^XA" + zpl + b"^XZ", 600 / 25.4 / 8) == b"^XA" + scaled + b"^XZ"


def test_the_rows_of_a_codablock_are_counted_in_modules() -> None:
    assert b"^BBN,20^FDa" in _scaled(b"^XA^BY2^BBN,20^FDa^FS^XZ")


def test_modules_are_whole_dots_and_the_printers_usual_ones_are_named() -> None:
    result = rescaled(lex(b"^XA^BY3,2.5,100^BCN,80^FDa^FS^BQN,2,5^FDQA,b^FS^BXN,4,200^FDc^FS^BY1^XZ"), TO_300)
    assert result.zpl == b"^XA^BY3,3,15^BY4,2.5,148^BCN,118^FDa^FS^BQN,2,7^FDQA,b^FS^BXN,6,200^FDc^FS^BY1^XZ"
    assert result.notes == (
        "modules of 3 dots become 4: 10% less than the right size",
        "modules of 5 dots become 7: 5% less than the right size",
        "modules of 1 dots become 1: 32% less than the right size",
    )


def test_boxes_that_touch_still_touch() -> None:
    found = re.findall(rb"\^FO(\d+),0\^GB(\d+)", _scaled(b"^XA^FO1,0^GB50,9^FS^FO51,0^GB33,9^FS^FO84,0^GB7,9^FS^XZ"))
    edges = [(int(x), int(x) + int(width)) for x, width in found]
    assert edges[0][1] == edges[1][0] and edges[1][1] == edges[2][0]


@pytest.mark.parametrize(
    ("zpl", "words"),
    [
        (b"^XA^ADN,18,10^FDa^FS^XZ", "the bitmap font D at byte 3 has no size within 12%"),
        (b"^XA^FDa^FS^XZ", "text at byte 3 takes the printer's usual size"),
        (b"^XA^A0N^FDa^FS^XZ", "takes the printer's usual size"),
        (b"^XA^AZN,20,20^FDa^FS^XZ", "the font 'Z' at byte 3 is the printer's own"),
        (b"^XA^A@N,20,20,E:A.FNT^FDa^FS^XZ", "the font 'E:A.FNT' at byte 3"),
        (b"^XA^XGE:LOGO.GRF^FS^XZ", "'E:LOGO.GRF', whose dots are not known here"),
        (b"^XA^XFE:A^FS^XZ", "'E:A', whose dots are not known here"),
        (b"^XA^MUD,150,300^FO1,1^XZ", "converts between resolutions itself"),
        (b"^XA^BY8^BCN,9^FDa^FS^XZ", "would need 12 for its module, and may have 10"),
        (b"^XA^GFA,9^FS^XZ", "the graphic at byte 3 cannot be read"),
        (b"^XA^QQ^XZ", r"\^QQ at byte 3 is not known"),
    ],
)
def test_what_commands_cannot_say_is_left_to_dots(zpl: bytes, words: str) -> None:
    with pytest.raises(CannotRescale, match=words):
        _scaled(zpl)


def test_fonts_with_a_size_are_scaled_whoever_made_them() -> None:
    assert _scaled(b"^XA^A@N,20,20,E:A.TTF^FDa^FS^CF0,30^FDb^FS^A0R^FDc^FS^XZ") == (
        b"^XA^A@N,30,30,E:A.TTF^FDa^FS^CF0,44^FDb^FS^A0R^FDc^FS^XZ"
    )
    assert rescaled(lex(b"^XA^ADN,18,10^FDa^FS^XZ"), 2.0).zpl == b"^XA^ADN,36,20^FDa^FS^XZ"


@pytest.mark.parametrize("encoding", ["ascii", "rle", "b64", "z64"])
def test_graphics_are_resampled_and_packed_as_before(encoding: str) -> None:
    bits = np.zeros((20, 32), np.bool_)
    bits[4:12, 8:24] = True
    field = encode(Bitmap.from_bits(bits), encoding)  # type: ignore[arg-type]
    (_, graphic, _) = lex(_scaled(b"^XA" + field + b"^XZ", 2.0))
    assert decode(graphic.parameters) == Bitmap.from_bits(bits.repeat(2, axis=0).repeat(2, axis=1))
    assert graphic.parameters.split(b",")[3] == b"8"
    assert (b":Z64:" in graphic.parameters) == (encoding == "z64")


def test_binary_and_stored_graphics_are_resampled() -> None:
    zpl = b"~DGR:L.GRF,2,1,8001^XA^FO1,1^XGR:L.GRF,2,3^FS^GFB,2,2,1,^~ text^FS^XZ"
    assert _scaled(zpl, 2.0) == (
        b"~DGR:L.GRF,8,2,C000C00000030003^XA^FO2,2^XGR:L.GRF,2,3^FS^GFA,8,8,2,33FC33FC3FFC3FFC^FS^XZ"
    )


def test_graphics_that_would_be_too_large_are_left_to_others() -> None:
    with pytest.raises(CannotRescale, match=r"the graphic at byte 3 cannot be read: .* too many"):
        _scaled(b"^XA^GFA,8000000,8000000,1000,FF^FS^XZ", 3.0)


_PIECES = [
    "^XA", "^XZ", "^FS", "^FO9,9", "^FT", "^A0N,20", "^ADN,36,20", "^FDab", "^BY3", "^BCN,50", "^GB9,9,2", "^LH1,1",
    "^BQN,2,4", "^FR", "^GFA,2,2,1,FF00", "^CF0,20", "^MUM", "^MUD", "^FH", "^FB90,2", " text ", "\r\n", "^PQ2",
    "^GFB,2,2,1,~^", "^CD;", "^FO1;2", "^QQ", "~DGR:A,1,1,FF", "^XGR:A", "^FO,,", "^GB-5,1e3",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=15).map("".join), st.sampled_from([0.5, 1.0, TO_300, 2.95]))
@example("^XA^GFB,2,2,1,~^ text ^XZ", 1.5)
def test_what_is_scaled_is_zpl_again_or_refused(zpl: str, factor: float) -> None:
    commands = lex(zpl.encode())
    try:
        result = rescaled(commands, factor)
    except RenderError:
        return
    again = lex(result.zpl)
    if not any(command.name == "" for command in commands):
        named = [command.name for command in again if command.name != "^BY"]
        assert named == [c.name for c in commands if c.name not in ("^BY", "^CD")]
    try:
        screen(zpl.encode(), commands, 812)
    except RenderError:
        return
    screen(result.zpl, again, 812)
