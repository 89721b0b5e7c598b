"""PDFs written byte by byte (ISO 32000-1), each a 4 x 6 inch label with a Code 128 and room for a feature."""

import io
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from tests.unit.renderers.paper import barcode

#: In points, origin at the left bottom; three dots of 203 dpi a module.
WIDTH, HEIGHT = 288.0, 432.0
TEXT = "ZOO123"
MODULE = 3 * 72 / 203.2
PointBox = tuple[float, float, float, float]
#: Left, bottom, right, top: the bars, and where a feature's ink is.
BARS: PointBox = (60, 40, 60 + 101 * MODULE, 100)
AREA: PointBox = (60, 200, 228, 380)
AREA_RE = b"60 200 168 180 re "


def runs(text: str) -> list[tuple[int, int]]:
    """First module and width of each bar."""
    row = np.asarray(barcode(text, 1))
    ink = row[row.shape[0] // 2] < 128
    edges = np.flatnonzero(np.diff(ink, prepend=False, append=False))
    return [(int(left - edges[0]), int(right - left)) for left, right in edges.reshape(-1, 2)]


def bars(text: str = TEXT, x: float = 60, y: float = 40, height: float = 60, module: float = MODULE) -> bytes:
    """Operators that draw a Code 128."""
    boxes = (b"%.4f %.4f %.4f %.4f re" % (x + left * module, y, wide * module, height) for left, wide in runs(text))
    return b" ".join(boxes) + b" f\n"


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object's body."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def flate(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object's body, deflated."""
    return stream(zlib.compress(data), entries + b" /Filter /FlateDecode")


@dataclass
class Document:
    """Objects numbered from 1, and the file made of them."""

    objects: list[bytes] = field(default_factory=list)

    def add(self, body: bytes = b"null") -> bytes:
        """A reference to a new object."""
        self.objects.append(body)
        return b"%d 0 R" % len(self.objects)

    def put(self, reference: bytes, body: bytes) -> None:
        """Give an object that was added its body."""
        self.objects[int(reference.split()[0]) - 1] = body

    def write(self, root: bytes, version: bytes = b"1.7", junk: bytes = b"") -> bytes:
        """The file, with a plain cross-reference table."""
        out = io.BytesIO()
        out.write(b"%%PDF-%s\n%%\xe2\xe3\xcf\xd3\n" % version)
        entries = [out_object(out, number, body) for number, body in enumerate(self.objects, 1)]
        at = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(entries) + 1, b"".join(entries)))
        out.write(b"trailer << /Size %d /Root %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(entries) + 1, root, at))
        return junk + out.getvalue()

    def packed(self, root: bytes) -> bytes:
        """The file with its objects in an object stream, found by a cross-reference stream (7.5.7, 7.5.8)."""
        plain = {number for number, body in enumerate(self.objects, 1) if b"\nstream\n" in body}
        inside = [number for number in range(1, len(self.objects) + 1) if number not in plain]
        holder, table = len(self.objects) + 1, len(self.objects) + 2
        rows = {0: (0, 0, 65535)}
        out = io.BytesIO()
        out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        for number in sorted(plain):
            rows[number] = (1, out.tell(), 0)
            out_object(out, number, self.objects[number - 1])
        bodies, index, at = b"", b"", 0
        for place, number in enumerate(inside):
            rows[number] = (2, holder, place)
            index += b"%d %d " % (number, at)
            bodies += self.objects[number - 1] + b"\n"
            at = len(bodies)
        rows[holder] = (1, out.tell(), 0)
        entries = b"/Type /ObjStm /N %d /First %d" % (len(inside), len(index))
        out_object(out, holder, flate(index + bodies, entries))
        start = out.tell()
        rows[table] = (1, start, 0)
        packed = b"".join(
            kind.to_bytes(1, "big") + second.to_bytes(4, "big") + third.to_bytes(2, "big")
            for _, (kind, second, third) in sorted(rows.items())
        )
        out_object(out, table, flate(packed, b"/Type /XRef /W [1 4 2] /Size %d /Root %s" % (table + 1, root)))
        out.write(b"startxref\n%d\n%%%%EOF\n" % start)
        return out.getvalue()


def out_object(out: io.BytesIO, number: int, body: bytes) -> bytes:
    """Write an object; its line of the cross-reference table."""
    entry = b"%010d 00000 n \n" % out.tell()
    out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    return entry


def label(
    content: bytes,
    resources: bytes = b"",
    page: bytes = b"",
    catalog: bytes = b"",
    document: Document | None = None,
    barcode: bytes | None = None,
) -> bytes:
    """A label with a Code 128 and `content`.

    `resources`, `page` and `catalog` are further entries of those dictionaries, `document` holds what they refer to.
    """
    made = document or Document()
    pages = made.add()
    drawing = made.add(stream(b"q\n%sQ\nq\n%s\nQ" % (bars() if barcode is None else barcode, content)))
    only = made.add(
        b"<< /Type /Page /Parent %s /MediaBox [0 0 288 432] /Resources << %s >> /Contents %s %s >>"
        % (pages, resources, drawing, page)
    )
    made.put(pages, b"<< /Type /Pages /Kids [%s] /Count 1 >>" % only)
    return made.write(made.add(b"<< /Type /Catalog /Pages %s %s >>" % (pages, catalog)))


def with_objects(build: Callable[[Document], tuple[bytes, bytes]]) -> bytes:
    """A label whose content and resources refer to objects that `build` adds."""
    document = Document()
    content, resources = build(document)
    return label(content, resources, document=document)


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def fax(image: Image.Image, compression: str, options: int = 0) -> bytes:
    """T.4 or T.6 code of a two-level picture, its black as black runs; by libtiff."""
    inverse = image.point(lambda value: 255 - value)  # libtiff codes zeros as white, and Pillow writes black as zero
    tags: dict[int, int] = {278: image.height}
    if compression == "group3":
        tags[292] = options
    data = file_of(inverse, "TIFF", compression=compression, tiffinfo=tags)
    with Image.open(io.BytesIO(data)) as tiff:
        offsets, counts = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    assert len(offsets) == 1
    return data[offsets[0] : offsets[0] + counts[0]]


def jbig2(image: Image.Image) -> bytes:
    """Segments of a JBIG2 page with one generic region in MMR code (ITU-T T.88 7.2, 7.4.6, 7.4.8), as PDF embeds it."""

    def segment(number: int, kind: int, data: bytes) -> bytes:
        return number.to_bytes(4, "big") + bytes((kind, 0, 1)) + len(data).to_bytes(4, "big") + data

    size = image.width.to_bytes(4, "big") + image.height.to_bytes(4, "big")
    region = size + bytes(8) + b"\0" + b"\1" + fax(image, "group4")
    return segment(0, 48, size + bytes(8) + b"\0" + bytes(2)) + segment(1, 38, region)


def packed(bits: Iterable[Iterable[bool]]) -> bytes:
    """One bit a pixel, rows padded to bytes."""
    return np.packbits(np.asarray(list(bits), bool), axis=1).tobytes()
