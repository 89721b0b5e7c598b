"""What content streams can ask for prints where it must: fonts, paints, patterns, transparency, layers, hairlines."""

import pytest
from tests.unit.renderers.pdfmaker import AREA_RE, Document, label, stream, with_objects
from tests.unit.renderers.press import Ink, assert_prints, difference, poppler_prints

#: One dot, and at most two.
_HAIR, _UPRIGHT = Ink(0.04, 0.16, (60, 297, 228, 303)), Ink(0.04, 0.16, (141, 200, 147, 380))


def _font(name: bytes, size: int = 40, text: bytes = b"HEHEHEH", mode: int = 0, kind: bytes = b"Type1") -> bytes:
    return label(
        b"BT /F %d Tf %d Tr 60 240 Td (%s) Tj ET" % (size, mode, text),
        b"/Font << /F << /Type /Font /Subtype /%s /BaseFont /%s /Encoding /WinAnsiEncoding >> >>" % (kind, name),
    )


def _symbols(name: bytes, text: bytes) -> bytes:
    return label(
        b"BT /F 40 Tf 60 240 Td (%s) Tj ET" % text,
        b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /%s >> >>" % name,
    )


def _clipped_by_text() -> bytes:
    return label(
        b"BT /F 80 Tf 7 Tr 60 240 Td (HHH) Tj ET " + AREA_RE + b"f",
        b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >>",
    )


def _type3_block(document: Document) -> tuple[bytes, bytes]:
    glyph = document.add(stream(b"1000 0 0 0 1000 1000 d1 0 0 1000 1000 re f"))
    font = document.add(
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0] /FirstChar 97 "
        b"/LastChar 97 /Widths [1000] /Encoding << /Type /Encoding /Differences [97 /a] >> /CharProcs << /a %s >> "
        b"/Resources << >> >>" % glyph
    )
    return b"BT /F 56 Tf 60 200 Td (aaa) Tj ET", b"/Font << /F %s >>" % font


def _tiles(document: Document) -> tuple[bytes, bytes]:
    """Stripes, half of them black."""
    entries = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 8 8] /XStep 8 /YStep 8 "
    pattern = document.add(stream(b"0 0 8 4 re f", entries + b"/Resources << >>"))
    return b"/Pattern cs /P scn " + AREA_RE + b"f", b"/Pattern << /P %s >>" % pattern


def _uncoloured_tiles(document: Document) -> tuple[bytes, bytes]:
    entries = b"/Type /Pattern /PatternType 1 /PaintType 2 /TilingType 1 /BBox [0 0 8 8] /XStep 8 /YStep 8 "
    pattern = document.add(stream(b"0 0 8 4 re f", entries + b"/Resources << >>"))
    resources = b"/Pattern << /P %s >> /ColorSpace << /C [/Pattern /DeviceGray] >>" % pattern
    return b"/C cs 0 /P scn " + AREA_RE + b"f", resources


_RAMP = b"<< /FunctionType 2 /Domain [0 1] /C0 [0] /C1 [1] /N 1 >>"


def _shading(kind: bytes) -> bytes:
    return label(
        AREA_RE + b"W n /S sh", b"/Shading << /S << /ColorSpace /DeviceGray /Function %s %s >> >>" % (_RAMP, kind)
    )


def _function_shading(document: Document) -> tuple[bytes, bytes]:
    function = document.add(stream(b"{ pop }", b"/FunctionType 4 /Domain [0 1 0 1] /Range [0 1]"))
    shading = b"/Shading << /S << /ShadingType 1 /ColorSpace /DeviceGray /Function %s >> >>" % function
    return AREA_RE + b"W n 168 0 0 180 60 200 cm /S sh", shading


def _state(entries: bytes, content: bytes) -> bytes:
    return label(content, b"/ExtGState << /G << %s >> >>" % entries)


def _group(content: bytes, entries: bytes, drawing: bytes, states: bytes = b"") -> bytes:
    document = Document()
    form = document.add(
        stream(drawing, b"/Type /XObject /Subtype /Form /BBox [0 0 288 432] /Group << /S /Transparency %s >>" % entries)
    )
    return label(content, b"/XObject << /X %s >> /ExtGState << %s >>" % (form, states), document=document)


def _soft_masked(kind: bytes, mask: bytes) -> bytes:
    document = Document()
    group = document.add(
        stream(mask, b"/Type /XObject /Subtype /Form /BBox [0 0 288 432] /Group << /S /Transparency /CS /DeviceGray >>")
    )
    return label(
        b"/G gs " + AREA_RE + b"f",
        b"/ExtGState << /G << /SMask << /S /%s /G %s >> >> >>" % (kind, group),
        document=document,
    )


def _layer(content: bytes, layer: bytes = b"", config: bytes = b"", membership: bytes = b"") -> bytes:
    """Content in an optional content group, `%s` is its reference."""
    document = Document()
    group = document.add(b"<< /Type /OCG /Name (Layer) %s >>" % layer)
    named = document.add(membership % group) if membership else group
    refer = config.replace(b"%s", group)
    return label(
        b"/OC /L BDC %s EMC" % content,
        b"/Properties << /L %s >>" % named,
        catalog=b"/OCProperties << /OCGs [%s] /D << %s >> >>" % (group, refer),
        document=document,
    )


_OFF = b"/BaseState /ON /OFF [%s]"
_ON = b"/BaseState /OFF /ON [%s]"
_NOT_PRINTED = b"/Usage << /Print << /PrintState /OFF >> >>"
_ONLY_PRINTED = b"/Usage << /Print << /PrintState /ON >> /View << /ViewState /OFF >> >>"
_BY_EVENT = b"/AS [<< /Event /Print /OCGs [%s] /Category [/Print] >> << /Event /View /OCGs [%s] /Category [/View] >>]"
_BLOCK = AREA_RE + b"f"

#: What is drawn, which ink is due, and the most that poppler's may differ; None: see the reason beside it.
CASES: dict[str, tuple[bytes, tuple[Ink, ...], float | None]] = {
    # Fonts that are not in the file: the engines put their own in.
    **{
        name: (_font(name.encode()), (Ink(0.05, 0.5, (58, 236, 282, 274)),), None)
        for name in ("Helvetica", "Helvetica-Bold", "Times-Roman", "Times-BoldItalic", "Arial,Bold", "NoSuchFont")
    },
    "Courier": (_font(b"Courier"), (Ink(0.05, 0.5, (58, 236, 282, 274)),), None),
    "a TrueType font not in the file": (
        _font(b"ArialMT", kind=b"TrueType"),
        (Ink(0.05, 0.5, (58, 236, 282, 274)),),
        None,
    ),
    "ZapfDingbats": (_symbols(b"ZapfDingbats", b"nnnn"), (Ink(0.3, 1.0, (60, 234, 184, 270)),), 0.03),
    "Symbol": (_symbols(b"Symbol", b"SWSWSW"), (Ink(0.1, 0.6, (60, 238, 240, 272)),), None),
    "Type 3 font": (with_objects(_type3_block), (Ink(0.99, 1.0, (60, 200, 228, 256)),), 0.005),
    # Text render modes
    "invisible text": (_font(b"Helvetica", mode=3), (), 0),
    "outlined text": (_font(b"Helvetica", mode=1), (Ink(0.05, 0.4, (58, 236, 282, 274)),), None),
    "filled and outlined text": (_font(b"Helvetica", mode=2), (Ink(0.1, 0.7, (58, 236, 282, 274)),), None),
    "text as a clip": (_clipped_by_text(), (Ink(0.3, 0.8, (62, 240, 228, 300)),), 0.03),
    # Paints
    "CMYK black": (label(b"0 0 0 1 k " + _BLOCK), (Ink(),), 0.005),
    "rich black": (label(b".6 .5 .5 1 k " + _BLOCK), (Ink(),), 0.005),
    "RGB blue": (label(b"0 0 1 rg " + _BLOCK), (Ink(),), 0.005),
    "a spot colour": (
        label(
            b"/C cs 1 scn " + _BLOCK,
            b"/ColorSpace << /C [/Separation /Spot /DeviceRGB << /FunctionType 2 /Domain [0 1] /C0 [1 1 1] "
            b"/C1 [0 0 .4] /N 1 >>] >>",
        ),
        (Ink(),),
        0.005,
    ),
    "white": (label(b"1 g " + _BLOCK), (), 0),
    "a block under white": (label(_BLOCK + b" 1 g 50 190 188 200 re f"), (), 0),
    "even-odd": (
        label(AREA_RE + b"100 240 88 100 re f*"),
        (Ink(0.99, 1, (60, 200, 228, 240)), Ink(0.99, 1, (60, 340, 228, 380)), Ink(0.6, 0.75)),
        0.005,
    ),
    "a clip": (label(AREA_RE + b"W n 0 0 288 432 re f"), (Ink(),), 0.005),
    "a wide stroke": (label(b"30 w 75 200 m 75 380 l S"), (Ink(0.99, 1, (60, 200, 90, 380)),), 0.005),
    # Greys, patterns and shadings
    "grey area": (label(b".5 g " + _BLOCK), (Ink(0.4, 0.6),), None),
    "light grey area": (label(b".8 g " + _BLOCK), (Ink(0.12, 0.28),), None),
    # engines make a tile a whole number of dots
    "tiling pattern": (with_objects(_tiles), (Ink(0.45, 0.55),), None),
    "uncoloured tiling pattern": (with_objects(_uncoloured_tiles), (Ink(0.45, 0.55),), None),
    "axial shading": (
        _shading(b"/ShadingType 2 /Coords [60 0 228 0]"),
        (Ink(0.35, 0.65), Ink(0.8, 1, (60, 200, 80, 380)), Ink(0, 0.15, (208, 200, 228, 380))),
        None,
    ),
    "radial shading": (
        _shading(b"/ShadingType 3 /Coords [144 290 0 144 290 120]"),
        (Ink(0.2, 0.8), Ink(0.8, 1, (134, 280, 154, 300))),
        None,
    ),
    "function shading": (
        with_objects(_function_shading),
        (Ink(0.4, 0.6), Ink(0.8, 1, (60, 200, 80, 380)), Ink(0, 0.15, (208, 200, 228, 380))),
        None,
    ),
    # Transparency
    "half see-through": (_state(b"/ca .5", b"/G gs " + _BLOCK), (Ink(0.4, 0.6),), None),
    "wholly see-through": (_state(b"/ca 0", b"/G gs " + _BLOCK), (), 0),
    "Multiply": (_state(b"/BM /Multiply", b".9 g " + _BLOCK + b" /G gs 0 g " + _BLOCK), (Ink(),), 0.005),
    "Screen": (_state(b"/BM /Screen", _BLOCK + b" /G gs 1 g " + _BLOCK), (), 0),
    "Difference": (_state(b"/BM /Difference", b"1 g " + _BLOCK + b" /G gs " + _BLOCK), (Ink(),), 0.005),
    "Darken": (_state(b"/BM /Darken", _BLOCK + b" /G gs 1 g " + _BLOCK), (Ink(),), 0.005),
    "group": (_group(b"/X Do", b"/I true /K false", _BLOCK), (Ink(),), 0.005),
    "knockout group": (_group(b"/X Do", b"/I true /K true", b"1 g " + _BLOCK + b" 0 g " + _BLOCK), (Ink(),), 0.005),
    "faint group": (
        _group(b"/G gs /X Do", b"/I true", _BLOCK + b" " + _BLOCK, b"/G << /ca .5 >>"),
        (Ink(0.4, 0.6),),
        None,
    ),
    "luminosity mask": (
        _soft_masked(b"Luminosity", b"1 g 60 200 84 180 re f"),
        (Ink(0.99, 1, (60, 200, 144, 380)),),
        0.005,
    ),
    "alpha mask": (_soft_masked(b"Alpha", b"60 200 84 180 re f"), (Ink(0.99, 1, (60, 200, 144, 380)),), 0.005),
    "overprint": (_state(b"/OP true /op true /OPM 1", b"/G gs 0 0 0 1 k " + _BLOCK), (Ink(),), 0.005),
    # Layers
    "a layer that is on": (_layer(_BLOCK, config=_ON), (Ink(),), 0.005),
    "a layer that is off": (_layer(_BLOCK, config=_OFF), (), 0),
    "a layer off by membership": (
        _layer(_BLOCK, config=_OFF, membership=b"<< /Type /OCMD /OCGs %s /P /AllOn >>"),
        (),
        0,
    ),
    "a layer on because another is off": (
        _layer(_BLOCK, config=_OFF, membership=b"<< /Type /OCMD /OCGs [%s] /P /AllOff >>"),
        (Ink(),),
        0.005,
    ),
    "a layer on by an expression": (
        _layer(_BLOCK, config=_OFF, membership=b"<< /Type /OCMD /VE [/Not %s] >>"),
        (Ink(),),
        0.005,
    ),
    # pdftoppm draws as for a screen
    "a layer that is not to be printed": (_layer(_BLOCK, _NOT_PRINTED, _BY_EVENT), (), None),
    "a layer for print alone": (_layer(_BLOCK, _ONLY_PRINTED, _BY_EVENT), (Ink(),), None),
    # Thin lines
    "hairline": (label(b"0 w 60 300 m 228 300 l S"), (_HAIR,), None),
    "upright hairline": (label(b"0 w 144 200 m 144 380 l S"), (_UPRIGHT,), None),
    "thin grey line": (label(b".5 G .2 w 60 300 m 228 300 l S"), (_HAIR,), None),
    "dashes": (label(b"4 w [8 8] 0 d 60 300 m 228 300 l S"), (Ink(0.45, 0.65, (60, 298, 228, 302)),), 0.02),
    "a rectangle without height": (label(b"60 300 168 0 re f"), (_HAIR,), None),
}


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", CASES)
def test_a_feature_prints(name: str, dpi: int) -> None:
    data, inks, most = CASES[name]
    bits = assert_prints(data, dpi, *inks)
    if most is not None:
        assert difference(bits, poppler_prints(data, dpi)) <= most
