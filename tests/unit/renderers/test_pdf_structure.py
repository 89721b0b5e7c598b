"""However a PDF is put together and its page is turned, cut and scaled, the same label prints."""

import io

import pypdfium2 as pdfium
import pytest
from tests.unit.renderers.pdfmaker import Document, bars, flate, label, out_object, stream
from tests.unit.renderers.press import Ink, assert_prints, difference, poppler_prints

#: A corner that shows which way is up and that nothing is mirrored.
MARK = b"60 200 60 180 re 60 200 168 60 re f\n"
DRAWING = bars() + MARK
_INKS = (Ink(0.99, 1.0, (60, 200, 120, 380)), Ink(0.99, 1.0, (60, 200, 228, 260)))
_TURNED = {
    0: b"",
    90: b"0 1 -1 0 432 0 cm\n",
    180: b"-1 0 0 -1 288 432 cm\n",
    270: b"0 -1 1 0 0 288 cm\n",
}


def _page(entries: bytes, matrix: bytes = b"", parent: bytes = b"", *, packed: bool = False) -> bytes:
    """A label whose page has these entries, with its drawing moved by a matrix."""
    document = Document()
    pages = document.add()
    content = document.add(stream(matrix + DRAWING))
    page = document.add(b"<< /Type /Page /Parent %s /Contents %s %s >>" % (pages, content, entries))
    document.put(pages, b"<< /Type /Pages /Kids [%s] /Count 1 %s >>" % (page, parent))
    root = document.add(b"<< /Type /Catalog /Pages %s >>" % pages)
    return document.packed(root) if packed else document.write(root)


def _turned(rotate: int) -> bytes:
    turn = rotate % 360
    size = b"0 0 432 288" if turn in (90, 270) else b"0 0 288 432"
    return _page(b"/MediaBox [%s] /Rotate %d" % (size, rotate), _TURNED[turn])


def _nested() -> bytes:
    """What pages inherit comes from three levels of the page tree."""
    document = Document()
    top, middle, low = document.add(), document.add(), document.add()
    form = document.add(stream(MARK, b"/Type /XObject /Subtype /Form /BBox [0 0 288 432]"))
    content = document.add(stream(_TURNED[90] + bars() + b"/Mark Do"))
    page = document.add(b"<< /Type /Page /Parent %s /Contents %s >>" % (low, content))
    document.put(top, b"<< /Type /Pages /Kids [%s] /Count 1 /MediaBox [0 0 432 288] >>" % middle)
    document.put(
        middle,
        b"<< /Type /Pages /Parent %s /Kids [%s] /Count 1 /Resources << /XObject << /Mark %s >> >> >>"
        % (top, low, form),
    )
    document.put(low, b"<< /Type /Pages /Parent %s /Kids [%s] /Count 1 /Rotate 90 >>" % (middle, page))
    return document.write(document.add(b"<< /Type /Catalog /Pages %s >>" % top))


def _plain() -> tuple[Document, bytes]:
    document = Document()
    pages = document.add()
    content = document.add(flate(DRAWING))
    page = document.add(
        b"<< /Type /Page /Parent %s /MediaBox [0 0 288 432] /Resources << >> /Contents %s >>" % (pages, content)
    )
    document.put(pages, b"<< /Type /Pages /Kids [%s] /Count 1 >>" % page)
    return document, document.add(b"<< /Type /Catalog /Pages %s >>" % pages)


def _split() -> bytes:
    """Contents in three streams, cut between an operator and its operands."""
    document, root = _plain()
    cut = DRAWING.index(b"re", 400)
    parts = [document.add(stream(part)) for part in (DRAWING[:cut], DRAWING[cut:], b"")]
    document.put(b"3 0 R", document.objects[2].replace(b"/Contents 2 0 R", b"/Contents [%s]" % b" ".join(parts)))
    return document.write(root)


def _updated() -> bytes:
    """A label that was first saved with a black page, and then with what counts."""
    document, root = _plain()
    document.put(b"2 0 R", flate(b"0 0 288 432 re f"))
    first = document.write(root)
    out = io.BytesIO()
    out.write(first)
    entry = out_object(out, 2, flate(DRAWING))
    at = out.tell()
    before = int(first.split(b"startxref\n")[1].split()[0])
    out.write(b"xref\n2 1\n%strailer << /Size 5 /Root %s /Prev %d >>\n" % (entry, root, before))
    out.write(b"startxref\n%d\n%%%%EOF\n" % at)
    return out.getvalue()


def _linearized() -> bytes:
    """Annex F, with the first page in front; numbers are padded, so a second pass fits them in."""
    document, root = _plain()
    last, hint = document.objects[0], len(document.objects) + 1
    length, end, main, hint_at, hint_length, first_at = 0, 0, 0, 0, 0, 0
    data = b""
    for _ in range(2):
        out = io.BytesIO()
        out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        lines = {}
        parameters = b"<< /Linearized 1 /L %06d /H [%06d %06d] /O 3 /E %06d /N 1 /T %06d >>"
        number = hint + 1
        lines[number] = out_object(out, number, parameters % (length, hint_at, hint_length, end, main))
        first_at = out.tell()
        table = b"xref\n2 %d\n" % hint
        out.write(table)
        table_at = out.tell()
        out.write(b"0" * 20 * hint)
        out.write(b"trailer << /Size %d /Root %s /Prev %06d >>\nstartxref\n0\n%%%%EOF\n" % (hint + 2, root, main))
        hint_at = out.tell()
        lines[hint] = out_object(out, hint, stream(bytes(36), b"/S 36"))
        hint_length = out.tell() - hint_at
        for other in (4, 3, 2):
            lines[other] = out_object(out, other, document.objects[other - 1])
        end = out.tell()
        entry = out_object(out, 1, last)
        main = out.tell() + len(b"xref\n0 2")
        out.write(b"xref\n0 2\n0000000000 65535 f \n%strailer << /Size 2 >>\n" % entry)
        out.write(b"startxref\n%d\n%%%%EOF\n" % first_at)
        length = out.tell()
        out.seek(table_at)
        out.write(b"".join(lines[one] for one in range(2, hint + 2)))
        data = out.getvalue()
    return data


def _saved_again() -> bytes:
    """What PDFium itself writes."""
    document, root = _plain()
    opened = pdfium.PdfDocument(document.write(root))
    out = io.BytesIO()
    opened.save(out)
    opened.close()
    return out.getvalue()


_A4 = b"/MediaBox [0 0 595 842]"
CASES = {
    **{f"rotate {turn}": _turned(turn) for turn in (90, 180, 270, -90, 450, -270, 360)},
    "nested page tree": _nested(),
    "inherited box and turn": _page(b"", _TURNED[270], b"/MediaBox [0 0 432 288] /Rotate 270 /Resources << >>"),
    "cropped": _page(_A4 + b" /CropBox [100 200 388 632]", b"1 0 0 1 100 200 cm\n"),
    "cropped and turned": _page(
        b"/MediaBox [0 0 842 595] /CropBox [200 100 632 388] /Rotate 90", b"1 0 0 1 200 100 cm\n" + _TURNED[90]
    ),
    "crop box beyond the media box": _page(b"/MediaBox [0 0 288 432] /CropBox [-50 -50 500 500]"),
    "negative origin": _page(b"/MediaBox [-144 -216 144 216]", b"1 0 0 1 -144 -216 cm\n"),
    "box with its corners the other way": _page(b"/MediaBox [288 432 0 0]"),
    "box of fractions": _page(b"/MediaBox [.0 -0.0 288.0 +432.]"),
    "user unit": _page(b"/MediaBox [0 0 144 216] /UserUnit 2", b".5 0 0 .5 0 0 cm\n"),
    "user unit and crop box": _page(
        b"/MediaBox [0 0 300 300] /CropBox [20 30 164 246] /UserUnit 2", b".5 0 0 .5 20 30 cm\n"
    ),
    "user unit in an object stream": _page(b"/MediaBox [0 0 144 216] /UserUnit 2", b".5 0 0 .5 0 0 cm\n", packed=True),
    "turned page in an object stream": _page(b"/MediaBox [0 0 432 288] /Rotate 90", _TURNED[90], packed=True),
    "trim and bleed boxes": _page(b"/MediaBox [0 0 288 432] /TrimBox [50 50 90 90] /BleedBox [40 40 99 99]"),
    "PDF 2.0": _plain()[0].write(_plain()[1], b"2.0"),
    "PDF 1.0": _plain()[0].write(_plain()[1], b"1.0"),
    "junk before the header": _plain()[0].write(_plain()[1], junk=b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n"),
    "object streams": _plain()[0].packed(_plain()[1]),
    "contents in three streams": _split(),
    "incremental update": _updated(),
    "linearized": _linearized(),
    "saved by PDFium": _saved_again(),
    "no cross-reference table": _plain()[0].write(_plain()[1]).replace(b"xref\n0", b"xxxx\n0"),
    "offsets that are wrong": _plain()[0].write(_plain()[1]).replace(b"%PDF-1.7\n", b"%PDF-1.7\n\n\n\n"),
    "CR line ends in the table": _plain()[0].write(_plain()[1]).replace(b" n \n", b" n\r\n"),
}


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", CASES)
def test_the_same_label_prints(name: str, dpi: int) -> None:
    data = CASES[name]
    plain = assert_prints(label(MARK), dpi, *_INKS)
    bits = assert_prints(data, dpi, *_INKS)
    assert difference(bits, plain) == 0
    assert (bits != plain).mean() < 0.002
    assert difference(bits, poppler_prints(data, dpi)) < 0.005
