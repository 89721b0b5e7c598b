"""A barcode scans whatever a PDF draws it with, and where PDFium cannot draw it, poppler does."""

import numpy as np
import pytest
from PIL import Image
from tests.unit.renderers.pdfmaker import (
    AREA_RE,
    MODULE,
    TEXT,
    Document,
    bars,
    fax,
    file_of,
    flate,
    jbig2,
    label,
    runs,
    stream,
)
from tests.unit.renderers.press import bits_of, difference, poppler_prints, printed

from labeld.renderers.errors import SymbolLost

_MODULES = 101
_WIDE = _MODULES * MODULE
_PAGE = b"/Type /XObject /Subtype /Form /BBox [0 0 288 432] "


def _picture(per_module: int, high: int = 169) -> Image.Image:
    """The bars alone, some pixels a module."""
    ink = np.zeros((high, _MODULES * per_module), bool)
    for left, wide in runs(TEXT):
        ink[:, left * per_module : (left + wide) * per_module] = True
    return Image.fromarray(np.where(ink, 0, 255).astype(np.uint8))


def _image(image: Image.Image, filters: bytes, data: bytes, page: bytes = b"", move: bytes = b"") -> bytes:
    document = Document()
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d " % image.size
    picture = document.add(stream(data, head + filters))
    place = b"%s q %.4f 0 0 60 60 40 cm /Im Do Q" % (move, _WIDE)
    return label(place, b"/XObject << /Im %s >>" % picture, page, document=document, barcode=b"")


def _grey(filters: bytes, data: bytes, image: Image.Image, page: bytes = b"", move: bytes = b"") -> bytes:
    return _image(image, b"/BitsPerComponent 8 /ColorSpace /DeviceGray " + filters, data, page, move)


def _jpeg(per_module: int, quality: int = 75, page: bytes = b"", move: bytes = b"") -> bytes:
    image = _picture(per_module)
    return _grey(b"/Filter /DCTDecode", file_of(image, "JPEG", quality=quality), image, page, move)


def _fax(name: bytes, data: bytes, image: Image.Image) -> bytes:
    parameters = b"<< /K -1 /Columns %d /Rows %d >>" % image.size if name == b"CCITTFaxDecode" else b"null"
    filters = b"/Filter /%s /DecodeParms %s" % (name, parameters)
    return _image(image, b"/BitsPerComponent 1 /ColorSpace /DeviceGray " + filters, data)


def _soft_mask() -> bytes:
    document = Document()
    image = _picture(3)
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace " % image.size
    mask = document.add(flate(image.point(lambda value: 255 - value).tobytes(), head + b"/DeviceGray"))
    picture = document.add(flate(bytes(image.width * image.height * 3), head + b"/DeviceRGB /SMask " + mask))
    place = b"q %.4f 0 0 60 60 40 cm /Im Do Q" % _WIDE
    return label(place, b"/XObject << /Im %s >>" % picture, document=document, barcode=b"")


def _type3(mode: bytes = b"") -> bytes:
    """A font with a bar or a gap of one module for each letter."""
    document = Document()
    bar = document.add(stream(b"1000 0 0 0 1000 1000 d1 0 0 1000 1000 re f"))
    gap = document.add(stream(b"1000 0 d0"))
    font = document.add(
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0] /FirstChar 97 "
        b"/LastChar 98 /Widths [1000 1000] /Encoding << /Type /Encoding /Differences [97 /a /b] >> "
        b"/CharProcs << /a %s /b %s >> /Resources << >> >>" % (bar, gap)
    )
    letters = bytearray(b"b" * _MODULES)
    for left, wide in runs(TEXT):
        letters[left : left + wide] = b"a" * wide
    content = b"BT %s /F 1 Tf %.4f 0 0 60 60 40 Tm (%s) Tj ET" % (mode, MODULE, letters)
    return label(content, b"/Font << /F %s >>" % font, document=document, barcode=b"")


def _tile() -> bytes:
    """The whole barcode is one cell of a tiling pattern, as some writers put pictures in."""
    document = Document()
    entries = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 120 60] /XStep 200 /YStep 200 "
    pattern = document.add(stream(bars(x=0, y=0), entries + b"/Matrix [1 0 0 1 60 40] /Resources << >>"))
    content = b"/Pattern cs /P scn 60 40 120 60 re f"
    return label(content, b"/Pattern << /P %s >>" % pattern, document=document, barcode=b"")


def _form(
    group: bytes = b"", content: bytes = b"/X Do", states: bytes = b"", depth: int = 1, more: bytes = b""
) -> bytes:
    """A form XObject within so many others, and `more` on the page."""
    document = Document()
    form = document.add(stream(bars(), _PAGE + group))
    for _ in range(depth - 1):
        form = document.add(stream(b"/X Do", _PAGE + b"/Resources << /XObject << /X %s >> >>" % form))
    resources = b"/XObject << /X %s >> /ExtGState << %s >>" % (form, states)
    return label(content + more, resources, document=document, barcode=b"")


def _stamp(flags: int = 4) -> bytes:
    document = Document()
    look = document.add(stream(bars(x=10, y=0), b"/Type /XObject /Subtype /Form /BBox [0 0 128 60]"))
    stamp = document.add(
        b"<< /Type /Annot /Subtype /Stamp /Rect [50 40 178 100] /F %d /AP << /N %s >> >>" % (flags, look)
    )
    return label(AREA_RE + b"f", page=b"/Annots [%s]" % stamp, document=document, barcode=b"")


def _lines(more: bytes) -> bytes:
    """A Line annotation for each bar, without appearance streams."""
    document = Document()
    marks = []
    for left, wide in runs(TEXT):
        x, width = 60 + (left + wide / 2) * MODULE, wide * MODULE
        rect = b"/Rect [%.3f 40 %.3f 100] /L [%.3f 40 %.3f 100]" % (x - width / 2, x + width / 2, x, x)
        marks.append(
            document.add(b"<< /Type /Annot /Subtype /Line /F 4 /C [0 0 0] /BS << /W %.3f >> %s >>" % (width, rect))
        )
    return label(more, page=b"/Annots [%s]" % b" ".join(marks), document=document, barcode=b"")


def _dashes(more: bytes) -> bytes:
    """One thick line, its dashes the bars: more dashes than the 16 that PDFium keeps."""
    edges = [edge for left, wide in runs(TEXT) for edge in (left, left + wide)]
    widths = b" ".join(b"%.4f" % (width * MODULE) for width in [*np.diff(edges), 10])
    return label(b"60 w [%s] 0 d 60 70 m %.4f 70 l S %s" % (widths, 60 + _WIDE, more), barcode=b"")


def _strokes() -> bytes:
    lines = (
        b"%.4f w %.4f 40 m %.4f 100 l S" % (wide * MODULE, *[60 + (left + wide / 2) * MODULE] * 2)
        for left, wide in runs(TEXT)
    )
    return label(b" ".join(lines), barcode=b"")


def _clip() -> bytes:
    return label(bars().replace(b" f\n", b" W n ") + b"0 0 288 432 re f", barcode=b"")


def _white_gaps() -> bytes:
    """A black block with white gaps over it."""
    edges = [edge for left, wide in runs(TEXT) for edge in (left, left + wide)][1:-1]
    gaps = b" ".join(
        b"%.4f 40 %.4f 60 re" % (60 + left * MODULE, (right - left) * MODULE)
        for left, right in zip(edges[::2], edges[1::2], strict=True)
    )
    return label(b"60 40 %.4f 60 re f 1 g %s f" % (_WIDE, gaps), barcode=b"")


_G4 = _picture(3)
_OFTEN = _picture(2)
CASES = {
    "picture of the head's dots": _grey(b"", _picture(3).tobytes(), _picture(3)),
    "picture of 1 pixel a module": _grey(b"/Interpolate true", _picture(1, 20).tobytes(), _picture(1, 20)),
    "picture of 2 pixels a module": _grey(b"", _OFTEN.tobytes(), _OFTEN),
    "picture of 7 pixels a module": _grey(b"", _picture(7).tobytes(), _picture(7)),
    "JPEG": _jpeg(3),
    "coarse JPEG": _jpeg(2, 30),
    "fax G4": _fax(b"CCITTFaxDecode", fax(_G4.convert("1"), "group4"), _G4),
    "JBIG2": _fax(b"JBIG2Decode", jbig2(_G4.convert("1")), _G4),
    "soft mask": _soft_mask(),
    "Type 3 font": _type3(),
    "tiling pattern": _tile(),
    "stroked lines": _strokes(),
    "clip": _clip(),
    "white gaps on black": _white_gaps(),
    "form within 8 forms": _form(depth=9),
    "transparency group": _form(
        b"/Group << /S /Transparency /I true >>", b"/G gs /X Do", b"/G << /ca 1 /BM /Multiply >>"
    ),
    "dark grey": label(b"", barcode=b".25 g " + bars()),
    "blue": label(b"", barcode=b"0 0 .7 rg " + bars()),
    "CMYK black": label(b"", barcode=b"0 0 0 1 k " + bars()),
    "half transparent twice": label(b"/G gs " + bars() + bars(), b"/ExtGState << /G << /ca .6 >> >>", barcode=b""),
}


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", CASES)
def test_a_barcode_scans(name: str, dpi: int) -> None:
    page = printed(CASES[name], dpi)
    assert [symbol.text for symbol in page.symbols] == [TEXT]
    assert (page.lost, page.engine, page.notes) == ((), "pdfium", ())
    bits = bits_of(page)
    plain = bits_of(printed(label(b""), dpi))
    assert difference(bits, plain) < 0.005
    if "of 1 pixel" not in name:  # poppler blurs what it enlarges
        assert difference(bits, poppler_prints(CASES[name], dpi)) < 0.02


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(
    ("turn", "box", "move"),
    [
        (90, b"0 0 432 288", b"0 1 -1 0 432 0 cm"),
        (180, b"0 0 288 432", b"-1 0 0 -1 288 432 cm"),
        (270, b"0 0 432 288", b"0 -1 1 0 0 288 cm"),
    ],
)
def test_a_jpeg_on_a_turned_page_scans(turn: int, box: bytes, move: bytes, dpi: int) -> None:
    data = _jpeg(3, page=b"/Rotate %d" % turn, move=move).replace(b"/MediaBox [0 0 288 432]", b"/MediaBox [%s]" % box)
    page = printed(data, dpi)
    assert [symbol.text for symbol in page.symbols] == [TEXT]
    assert difference(bits_of(page), bits_of(printed(label(b""), dpi))) < 0.001


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_stamped_barcode_scans(dpi: int) -> None:
    page = printed(_stamp(), dpi, tracking_number=TEXT)
    assert ([symbol.text for symbol in page.symbols], page.engine, page.notes) == ([TEXT], "pdfium", ())


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_lines(AREA_RE + b"f"), id="lines without appearance"),
        pytest.param(_dashes(AREA_RE + b"f"), id="dashes of one line"),
        pytest.param(_form(depth=60, more=b" " + AREA_RE + b"f"), id="form within 59 forms"),
        pytest.param(_stamp(0), id="stamp without the print flag"),
    ],
)
def test_poppler_draws_a_barcode_that_pdfium_does_not(data: bytes, dpi: int) -> None:
    page = printed(data, dpi, tracking_number=TEXT)
    assert [symbol.text for symbol in page.symbols] == [TEXT]
    assert page.engine == "poppler"
    assert page.notes == ("drawn by poppler: PDFium lost a barcode",)
    assert difference(bits_of(page), bits_of(printed(label(AREA_RE + b"f"), dpi))) < 0.005


@pytest.mark.parametrize("name", [b"Code128", b"IDAutomationHC39M", b"Free3of9"])
def test_a_barcode_font_that_is_missing_is_held(name: bytes) -> None:
    """Its text prints in another font, so the barcode is none."""
    fonts = b"/Font << /F << /Type /Font /Subtype /TrueType /BaseFont /%s /Encoding /WinAnsiEncoding >> >>" % name
    data = label(b"BT /F 40 Tf 60 240 Td (*ZOO123*) Tj ET", fonts, barcode=b"")
    with pytest.raises(SymbolLost, match=f"no barcode was found, tracking number {TEXT} should be in one"):
        printed(data, 203, tracking_number=TEXT)
