"""Pictures in a PDF, in every coding and colour space that PDF writers use, come out as they are."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tests.unit.renderers.pdfmaker import Document, fax, file_of, flate, jbig2, label, packed, stream
from tests.unit.renderers.press import Ink, assert_prints, difference, poppler_prints

#: In pixels; on the page it is AREA, its black the left third and a bar along the foot.
_SIZE = (84, 90)
_PLACE = b"q 168 0 0 180 60 200 cm /Im Do Q"
_INKS = (Ink(0.99, 1.0, (60, 200, 116, 380)), Ink(0.99, 1.0, (60, 200, 228, 230)))


def _picture() -> Image.Image:
    image = Image.new("L", _SIZE, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 27, 89), 0)
    draw.rectangle((0, 75, 83, 89), 0)
    return image


_GREY = _picture()
_BLACK = np.asarray(_GREY) < 128
_CMYK = Image.merge("CMYK", [Image.new("L", _SIZE, 0)] * 3 + [_GREY.point(lambda value: 255 - value)])
_HEAD = b"/Type /XObject /Subtype /Image /Width 84 /Height 90 "
_BITS = b"/BitsPerComponent 1 /ColorSpace /DeviceGray "
_BYTES = b"/BitsPerComponent 8 /ColorSpace "


def _with(body: bytes, *others: bytes) -> bytes:
    """A label with an image; the other objects are numbered from 1."""
    document = Document(list(others))
    return label(_PLACE, b"/XObject << /Im %s >>" % document.add(body), document=document)


def _plain(entries: bytes, data: bytes) -> bytes:
    return _with(flate(data, _HEAD + entries))


def _coded(name: bytes, entries: bytes, data: bytes, parameters: bytes = b"") -> bytes:
    return _with(stream(data, _HEAD + entries + b" /Filter /" + name + b" /DecodeParms << %s >>" % parameters))


def _fax(compression: str, k: int, entries: bytes = b"", options: int = 0, *, inverse: bool = False) -> bytes:
    image = _GREY.point(lambda value: 255 - value) if inverse else _GREY
    data = fax(image.convert("1"), compression, options)
    return _coded(b"CCITTFaxDecode", _BITS, data, b"/K %d /Columns 84 /Rows 90 %s" % (k, entries))


def _inline(entries: bytes, data: bytes) -> bytes:
    return label(b"q 168 0 0 180 60 200 cm BI /W 84 /H 90 %s ID %s\nEI Q" % (entries, data))


def _jpeg(image: Image.Image, space: bytes, entries: bytes = b"", **options: object) -> bytes:
    return _coded(b"DCTDecode", _BYTES + space + entries, file_of(image, "JPEG", quality=90, **options))


def _masked(mask: Image.Image, entries: bytes = b"") -> bytes:
    """Black paint through a soft mask."""
    soft = flate(mask.tobytes(), _HEAD + _BYTES + b"/DeviceGray " + entries)
    return _with(flate(bytes(84 * 90), _HEAD + _BYTES + b"/DeviceGray /SMask 1 0 R"), soft)


_ROWS = packed(_BLACK)
_INVERSE = packed(~_BLACK)
_ADOBE = b" /Decode [1 0 1 0 1 0 1 0]"
_FLIPPED = _CMYK.point(lambda value: 255 - value)
CASES = {
    "1 bit": _plain(_BITS, _INVERSE),
    "1 bit, Decode [1 0]": _plain(_BITS + b"/Decode [1 0]", _ROWS),
    "2 bits": _plain(b"/BitsPerComponent 2 /ColorSpace /DeviceGray", packed(np.repeat(~_BLACK, 2, axis=1))),
    "4 bits": _plain(b"/BitsPerComponent 4 /ColorSpace /DeviceGray", packed(np.repeat(~_BLACK, 4, axis=1))),
    "16 bits": _plain(b"/BitsPerComponent 16 /ColorSpace /DeviceGray", np.repeat(np.asarray(_GREY), 2, 1).tobytes()),
    "stencil": _plain(b"/ImageMask true /BitsPerComponent 1", _INVERSE),
    "stencil, Decode [1 0]": _plain(b"/ImageMask true /BitsPerComponent 1 /Decode [1 0]", _ROWS),
    "grey": _plain(_BYTES + b"/DeviceGray", _GREY.tobytes()),
    "RGB": _plain(_BYTES + b"/DeviceRGB", _GREY.convert("RGB").tobytes()),
    "CMYK": _plain(_BYTES + b"/DeviceCMYK", _CMYK.tobytes()),
    "CMYK of all inks": _plain(_BYTES + b"/DeviceCMYK", np.repeat(~np.asarray(_GREY), 4, axis=1).tobytes()),
    "calibrated grey": _plain(_BYTES + b"[/CalGray << /WhitePoint [.95 1 1.09] /Gamma 2.2 >>]", _GREY.tobytes()),
    "ICC based": _with(
        flate(_GREY.tobytes(), _HEAD + _BYTES + b"[/ICCBased 1 0 R]"), stream(b"", b"/N 1 /Alternate /DeviceGray")
    ),
    "Separation Black": _with(
        flate(
            _GREY.point(lambda value: 255 - value).tobytes(), _HEAD + _BYTES + b"[/Separation /Black /DeviceCMYK 1 0 R]"
        ),
        b"<< /FunctionType 2 /Domain [0 1] /C0 [0 0 0 0] /C1 [0 0 0 1] /N 1 >>",
    ),
    "palette": _plain(b"/BitsPerComponent 1 /ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF000000>]", _ROWS),
    "palette of 8 bits": _plain(
        _BYTES + b"[/Indexed /DeviceGray 255 <%s>]" % (bytes(range(255, -1, -1)).hex().encode()),
        _GREY.point(lambda value: 255 - value).tobytes(),
    ),
    "palette of CMYK": _plain(
        _BYTES + b"[/Indexed /DeviceCMYK 1 <00000000000000FF>]", _BLACK.astype(np.uint8).tobytes()
    ),
    "PNG predictor": _with(
        flate(
            b"".join(b"\0" + row.tobytes() for row in np.asarray(_GREY)),
            _HEAD + _BYTES + b"/DeviceGray /DecodeParms << /Predictor 15 /Columns 84 >>",
        )
    ),
    "hexadecimal": _coded(b"ASCIIHexDecode", _BITS, _INVERSE.hex().encode() + b">"),
    "run lengths": _coded(
        b"RunLengthDecode", _BITS, b"".join(b"\x0a" + _INVERSE[at : at + 11] for at in range(0, 990, 11)) + b"\x80"
    ),
    "fax G4": _fax("group4", -1),
    "fax G4, BlackIs1": _fax("group4", -1, b"/BlackIs1 true", inverse=True),
    "fax G4, BlackIs1 and Decode [1 0]": _coded(
        b"CCITTFaxDecode",
        _BITS + b"/Decode [1 0]",
        fax(_GREY.convert("1"), "group4"),
        b"/K -1 /Columns 84 /Rows 90 /BlackIs1 true",
    ),
    "fax G4 without Rows": _coded(b"CCITTFaxDecode", _BITS, fax(_GREY.convert("1"), "group4"), b"/K -1 /Columns 84"),
    "fax G3": _fax("group3", 0, b"/EndOfLine true"),
    "fax G3, ends of lines not told": _fax("group3", 0),
    "fax G3, BlackIs1": _fax("group3", 0, b"/BlackIs1 true", inverse=True),
    "fax G3 in two dimensions": _fax("group3", 4, b"/EndOfLine true", options=1),
    "fax G3, ends of lines on bytes": _fax("group3", 0, b"/EndOfLine true", options=4),
    "fax stencil": _coded(
        b"CCITTFaxDecode",
        b"/ImageMask true /BitsPerComponent 1",
        fax(_GREY.convert("1"), "group4"),
        b"/K -1 /Columns 84 /Rows 90",
    ),
    "JBIG2": _coded(b"JBIG2Decode", _BITS, jbig2(_GREY.convert("1"))),
    "JPEG": _jpeg(_GREY, b"/DeviceGray"),
    "progressive JPEG": _jpeg(_GREY, b"/DeviceGray", progressive=True),
    "JPEG in RGB": _jpeg(_GREY.convert("RGB"), b"/DeviceRGB"),
    "JPEG in CMYK": _jpeg(_FLIPPED, b"/DeviceCMYK"),
    "JPEG in CMYK, inverted as by Adobe": _jpeg(_CMYK, b"/DeviceCMYK", _ADOBE),
    "JPEG 2000": _coded(b"JPXDecode", b"", file_of(_GREY, "JPEG2000")),
    "JPEG 2000 in RGB": _coded(b"JPXDecode", b"/ColorSpace /DeviceRGB", file_of(_GREY.convert("RGB"), "JPEG2000")),
    "soft mask": _masked(_GREY.point(lambda value: 255 - value)),
    "soft mask, Decode [1 0]": _masked(_GREY, b"/Decode [1 0]"),
    "stencil mask": _with(
        flate(bytes(84 * 90), _HEAD + _BYTES + b"/DeviceGray /Mask 1 0 R"),
        flate(_INVERSE, _HEAD + b"/ImageMask true /BitsPerComponent 1"),
    ),
    "colour key mask": _plain(
        _BYTES + b"/DeviceGray /Mask [128 128]", np.where(_BLACK, 0, 128).astype(np.uint8).tobytes()
    ),
    "inline": _inline(b"/BPC 1 /CS /G", _INVERSE),
    "inline in grey, hexadecimal": _inline(b"/BPC 8 /CS /G /F /AHx", _GREY.tobytes().hex().encode() + b">"),
    "inline stencil": _inline(b"/IM true /D [1 0]", _ROWS),
    "inline JPEG": _inline(b"/BPC 8 /CS /G /F /DCT", file_of(_GREY, "JPEG", quality=90)),
    "inline fax G4": _inline(
        b"/BPC 1 /CS /G /F /CCF /DP << /K -1 /Columns 84 /Rows 90 >>", fax(_GREY.convert("1"), "group4")
    ),
}


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", CASES)
def test_a_picture_prints(name: str, dpi: int) -> None:
    bits = assert_prints(CASES[name], dpi, *_INKS)
    assert difference(bits, poppler_prints(CASES[name], dpi)) < 0.01
