"""Annotations and form fields print by their flags (ISO 32000-1 12.5.3): Print counts, not what a screen shows."""

import pytest
from tests.unit.renderers.pdfmaker import Document, label, stream
from tests.unit.renderers.press import Ink, assert_prints, difference, poppler_prints

_RECT = b"/Rect [60 200 228 380]"
_FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 168 180] "
_BLOCK = b"0 0 168 180 re f"
_PRINT, _HIDDEN, _NO_VIEW = 4, 2, 32
_FONTS = b"/Font << /Helv << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"


def _annotated(kind: bytes, flags: int, look: bytes | None = _BLOCK, more: bytes = b"", form: bytes = _FORM) -> bytes:
    """A label with an annotation that covers AREA, `look` is its appearance stream's content."""
    document = Document()
    appearance = b"/AP << /N %s >>" % document.add(stream(look, form)) if look is not None else b""
    annotation = document.add(
        b"<< /Type /Annot /Subtype /%s %s /F %d %s %s >>" % (kind, _RECT, flags, appearance, more)
    )
    return label(b"", page=b"/Annots [%s]" % annotation, document=document)


def _field(kind: bytes, more: bytes, flags: int = _PRINT, form: bytes = b"", **looks: bytes) -> bytes:
    """A label with a form field that covers AREA; its appearance by state, or alone as `N`."""
    document = Document()
    streams = {
        name.encode(): document.add(stream(look, _FORM + b"/Resources << %s >>" % _FONTS))
        for name, look in looks.items()
    }
    states = b" ".join(b"/%s %s" % item for item in streams.items())
    appearance = b""
    if streams:
        appearance = b"/AP << %s >>" % (states if "N" in looks else b"/N << %s >>" % states)
    field = document.add(
        b"<< /Type /Annot /Subtype /Widget /FT /%s /T (field) %s /F %d %s %s >>"
        % (kind, _RECT, flags, appearance, more)
    )
    catalog = b"/AcroForm << /Fields [%s] /DR << %s >> /DA (/Helv 0 Tf 0 g) %s >>" % (field, _FONTS, form)
    return label(b"", page=b"/Annots [%s]" % field, catalog=catalog, document=document)


_TYPED = b"/V (HEHEHEH) /DA (/Helv 40 Tf 0 g)"
_LOOK = b"/Tx BMC BT /Helv 40 Tf 0 g 2 70 Td (HEHEH) Tj ET EMC"
_LETTERS = Ink(0.02, 0.5)
_STROKED = b"/C [0 0 0] /BS << /W 20 >>"

#: What is drawn, which ink is due, and the most that poppler's may differ; None: it draws as for a screen.
CASES: dict[str, tuple[bytes, tuple[Ink, ...], float | None]] = {
    "stamp": (_annotated(b"Stamp", _PRINT), (Ink(),), 0.005),
    "free text": (_annotated(b"FreeText", _PRINT, more=b"/DA (/Helv 12 Tf) /Contents (x)"), (Ink(),), 0.005),
    "watermark": (_annotated(b"Watermark", _PRINT), (Ink(),), 0.005),
    "line": (_annotated(b"Line", _PRINT, more=b"/L [60 200 228 380]"), (Ink(),), 0.005),
    "a kind nobody knows": (_annotated(b"Sticker", _PRINT), (Ink(),), None),
    "stamp not for print": (_annotated(b"Stamp", 0), (), None),
    "hidden stamp": (_annotated(b"Stamp", _HIDDEN | _PRINT), (), 0),
    "stamp for print alone": (_annotated(b"Stamp", _NO_VIEW | _PRINT), (Ink(),), None),
    "stamp for nobody": (_annotated(b"Stamp", _NO_VIEW), (), 0),
    "appearance of another size": (
        _annotated(b"Stamp", _PRINT, b"0 0 10 10 re f", form=b"/Type /XObject /Subtype /Form /BBox [0 0 10 10]"),
        (Ink(),),
        0.005,
    ),
    "appearance turned by its matrix": (
        _annotated(
            b"Stamp",
            _PRINT,
            b"0 0 10 5 re f",
            form=b"/Type /XObject /Subtype /Form /BBox [0 0 10 10] /Matrix [0 1 -1 0 0 0]",
        ),
        (Ink(0.99, 1, (144, 200, 228, 380)),),
        0.005,
    ),
    "note": (
        _annotated(b"Text", _PRINT, None, b"/Contents (see me) /Name /Note"),
        (Ink(0.2, 0.8, (60, 200, 80, 220)),),
        None,
    ),
    "note not for print": (_annotated(b"Text", 0, None, b"/Contents (see me) /Name /Note"), (), None),
    "pop-up": (_annotated(b"Popup", _PRINT, None, b"/Contents (see me) /Open true"), (), None),
    "link": (_annotated(b"Link", 0, None, b"/A << /S /URI /URI (https://example.com) >>"), (), None),
    "link without border": (_annotated(b"Link", _PRINT, None, b"/Border [0 0 0]"), (), 0),
    "square without appearance": (
        _annotated(b"Square", _PRINT, None, _STROKED),
        (Ink(0.99, 1, (60, 200, 80, 380)), Ink(0.3, 0.5)),
        0.005,
    ),
    "filled field": (_field(b"Tx", _TYPED, N=_LOOK), (_LETTERS,), None),
    "field without appearance": (_field(b"Tx", _TYPED), (_LETTERS,), None),
    "field without appearance, NeedAppearances": (
        _field(b"Tx", _TYPED, form=b"/NeedAppearances true"),
        (_LETTERS,),
        None,
    ),
    "empty field": (_field(b"Tx", b"/V () /DA (/Helv 40 Tf 0 g)", N=b"/Tx BMC EMC"), (), 0),
    "field not for print": (_field(b"Tx", _TYPED, 0, N=_LOOK), (), None),
    "hidden field": (_field(b"Tx", _TYPED, _PRINT | _HIDDEN, N=_LOOK), (), 0),
    "list field": (_field(b"Ch", b"/Ff 131072 /Opt [(HEHEH) (X)] " + _TYPED, N=_LOOK), (_LETTERS,), None),
    "ticked box": (_field(b"Btn", b"/V /Yes /AS /Yes", Yes=_BLOCK, Off=b""), (Ink(),), 0.005),
    "box not ticked": (_field(b"Btn", b"/V /Off /AS /Off", Yes=_BLOCK, Off=b""), (), 0),
    "ticked box without appearance": (
        _field(b"Btn", b"/V /Yes /AS /Yes /MK << /CA (4) >> /DA (/ZaDb 0 Tf 0 g)"),
        (Ink(0.02, 0.9),),
        None,
    ),
    "push button with a picture": (_field(b"Btn", b"/Ff 65536", N=_BLOCK), (Ink(),), 0.005),
    "unsigned signature": (_field(b"Sig", b""), (), 0),
    "signed and stamped": (_field(b"Sig", b"", N=_BLOCK), (Ink(),), 0.005),
}


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", CASES)
def test_an_annotation_prints(name: str, dpi: int) -> None:
    data, inks, most = CASES[name]
    bits = assert_prints(data, dpi, *inks)
    if most is not None:
        assert difference(bits, poppler_prints(data, dpi)) <= most
