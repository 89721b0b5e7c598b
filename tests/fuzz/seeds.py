"""What the fuzzer begins with: labels of every format labeld reads, wrapped and bare, and hostile documents."""

import base64
import gzip
import io
import json
from pathlib import Path

from PIL import Image
from tests.unit.daemon import hostile
from tests.unit.renderers import paper

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.write import to_pdf
from labeld.renderers.zpl.graphic_field import Encoding
from labeld.renderers.zpl.label import wrap

ROOT = Path(__file__).parents[2]
#: the label that must come out the same after every document
GOOD = ROOT / "daemon/demo/labels/usps-a6.pdf"

_ENCODINGS: tuple[Encoding, ...] = ("ascii", "rle", "b64", "z64")
_TEXT_ZPL = (
    b"^XA^PW812^LL1218^LH0,0^CF0,40^FO50,50^FDJane Doe^FS^FO50,120^GB700,3,3^FS^FO100,200^BY3,2,120^BCN,120,Y,N,N"
    b"^FDTT0123456789^FS^FO500,400^BQN,2,6^FDQA,TT0123456789^FS^FO60,900^GC80,4,B^FS^PQ2,0,1,Y^XZ"
)
_STORED_ZPL = b"~DGR:LOGO.GRF,32,2,FFFFI0^XA^MUD^FO20,20^XGR:LOGO.GRF,2,2^FS^FO0,100^GFB,4,4,2,\x5e\x7e\x00\xff^FS^XZ"
#: files beside the checkout that are larger cost more time than they teach
_MOST_BYTES = 100_000


def seeds(*, beside: bool = True) -> tuple[dict[str, bytes], ...]:
    """Families of documents by name, the same on every run; `beside`: with those that lie beside the checkout."""
    demo = {path.name: path.read_bytes() for path in sorted((ROOT / "daemon/demo/labels").iterdir())}
    pdfs, pictures, zpl = _pdfs(), _pictures(), _zpl()
    families = [demo, pdfs, pictures, zpl, _wrapped(demo["usps-a6.pdf"], zpl["text.zpl"]), _hostile()]
    if beside:
        families += [found for suffix in ("pdf", "zpl") if (found := _beside(suffix))]
    return tuple(families)


def costly() -> dict[str, bytes]:
    """Documents made to take all time or memory: a few of them go a long way."""
    return {
        "nested": hostile.nested(),
        "slow": hostile.slow(2),
        "inflating": hostile.inflating(),
        "gigabyte-in-zpl": hostile.zpl_bomb(),
        "large-picture": hostile.picture(20_000),
        "very-deep": hostile.deep(),
        "huge-jpeg": hostile.jpeg(9_000, 9_000),
        "large-png": hostile.png(9_000, 9_000),
    }


def _pdfs() -> dict[str, bytes]:
    bars = paper.shipping(size_mm=(60, 60), inset_mm=2)
    two = paper.pdf([lambda canvas: paper.code128(canvas, "ONE1", 10, 40)] * 2, (80, 80))
    field = (
        b"/AcroForm<</Fields[5 0 R]>>",
        b"5 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[9 9 99 40]/P 3 0 R/AP<</N 6 0 R>>>>endobj\n"
        + hostile.stream(6, b"0 0 50 20 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 90 31]"),
    )
    return {
        "vector.pdf": paper.shipping(),
        "turned.pdf": bars.replace(b"/Rotate 0", b"/Rotate 90"),
        "two-pages.pdf": two,
        "ours.pdf": to_pdf([Bitmap.from_bits(paper.dots(120, 90))], Resolution(203), 2),
        "form.pdf": hostile.pdf(b"9 9 99 99 re f", more=field[1], catalog=field[0], page=b"/Annots[5 0 R]"),
        "objects-packed.pdf": _packed_objects(),
        "user-unit.pdf": hostile.pdf(b"9 9 99 99 re f", page=b"/UserUnit 2.0", box=b"0 0 144 216"),
    }


def _packed_objects() -> bytes:
    """A PDF whose objects are in an object stream and whose cross references are one (ISO 32000-1 7.5.7, 7.5.8)."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Contents 4 0 R/Resources<<>>>>",
    )
    offsets = [sum(len(one) + 1 for one in objects[:index]) for index in range(len(objects))]
    index = b" ".join(b"%d %d" % (number, offset) for number, offset in enumerate(offsets, 1)) + b" "
    file = b"%PDF-1.5\n"
    content_at = len(file)
    file += hostile.stream(4, b"50 50 100 200 re f")
    packed_at = len(file)
    entries = b"/Type/ObjStm/N %d/First %d" % (len(objects), len(index))
    file += hostile.stream(5, index + b" ".join(objects), entries)
    table_at = len(file)
    rows = [(0, 0, 0), (2, 5, 0), (2, 5, 1), (2, 5, 2), (1, content_at, 0), (1, packed_at, 0), (1, table_at, 0)]
    table = b"".join(bytes([kind]) + place.to_bytes(2, "big") + bytes([extra]) for kind, place, extra in rows)
    file += hostile.stream(6, table, b"/Type/XRef/Size 7/W[1 2 1]/Root 1 0 R")
    return file + b"startxref\n%d\n%%%%EOF\n" % table_at


def _pictures() -> dict[str, bytes]:
    dots = paper.pixels(paper.dots(101, 67))
    label = paper.barcode("TT0123456789").resize((400, 200))
    animated, tiff = io.BytesIO(), io.BytesIO()
    dots.save(animated, "PNG", save_all=True, append_images=[dots.transpose(Image.Transpose.ROTATE_180)])
    dots.save(tiff, "TIFF", save_all=True, append_images=[dots, dots], compression="tiff_lzw")
    found = {
        "grey.png": paper.picture(label, dpi=203),
        "one-bit.png": paper.picture(dots.convert("1")),
        "clear.png": paper.picture(label.convert("RGBA")),
        "palette.png": paper.picture(label.convert("P")),
        "deep.png": paper.picture(dots.convert("I;16")),
        "animated.png": animated.getvalue(),
        "grey.jpg": paper.picture(label, "JPEG", 203),
        "cmyk.jpg": paper.picture(label.convert("CMYK"), "JPEG"),
        "lzw.tif": tiff.getvalue(),
        "plain.tif": paper.picture(label, "TIFF", 203),
    }
    for name, mode in (("group4", "1"), ("tiff_adobe_deflate", "RGB"), ("packbits", "L"), ("jpeg", "RGB")):
        buffer = io.BytesIO()
        dots.convert(mode).save(buffer, "TIFF", compression=name)
        found[f"{name}.tif"] = buffer.getvalue()
    return found


def _zpl() -> dict[str, bytes]:
    bitmap = Bitmap.from_bits(paper.dots(120, 60))
    found = {f"{encoding}.zpl": wrap(bitmap, encoding) for encoding in _ENCODINGS}
    found["text.zpl"], found["stored.zpl"] = _TEXT_ZPL, _STORED_ZPL
    found["prefix.zpl"] = b"^CC+\n+XA+FO9,9+GB9,9,9+FS+XZ"
    return found


def _wrapped(pdf: bytes, zpl: bytes) -> dict[str, bytes]:
    text = base64.b64encode(pdf)
    return {
        "base64": base64.encodebytes(pdf),
        "gzip": gzip.compress(pdf, mtime=0),
        "data-uri": b"data:application/pdf;base64," + text,
        "data-uri-plain": b"data:," + zpl.replace(b"^", b"%5E"),
        "json-string": json.dumps(zpl.decode()).encode(),
        "json-answer": b'{"code": 21001, "message": "package not found", "data": {}}',
        "web-page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "gzip-in-base64": base64.b64encode(gzip.compress(text, mtime=0)),
    }


def _hostile() -> dict[str, bytes]:
    """Those whose refusal costs little time; mutants of the others would cost a time limit each."""
    return {
        "encrypted": hostile.encrypted_aes(),
        "xfa": hostile.xfa(),
        "cyclic": hostile.cyclic(),
        "selfish": hostile.selfish(),
        "pages": hostile.pages(12),
        "picture": hostile.picture(500),
        "deep": hostile.pdf(b"0 0 99 99 re f " + b"[" * 500, page=b"/Deep " + b"[" * 500),
        "huge-png": hostile.png(50_000, 50_000),
        "empty-png": hostile.png(900, 900),
        "empty-tiff": hostile.tiff(900, 900),
        "empty-jpeg": hostile.jpeg(900, 900),
        "zpl-bomb": hostile.zpl_bomb()[:2000] + b"^FS^XZ",
        "gzip-bomb": gzip.compress(bytes(40 << 20), mtime=0),
    }


def _beside(suffix: str) -> dict[str, bytes]:
    """Carriers' labels or the ZPL conformance files, where they lie beside the checkout."""
    shared = ROOT.parent / "shared"
    paths = [path for name in ("labels", "conformance/zpl") for path in (shared / name).rglob(f"*.{suffix}")]
    files = {path.name: path.read_bytes() for path in sorted(paths)}
    return {name: data for name, data in files.items() if len(data) <= _MOST_BYTES}
