"""Documents that should not print: broken, locked, or made to take all time or memory. All small, all made here."""

import base64
import binascii
import gzip
import io
import struct
import zlib

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

MIB = 1 << 20


def pdf(content: bytes, resources: bytes = b"", more: bytes = b"", box: bytes = b"0 0 288 432", **keys: bytes) -> bytes:
    """A PDF of one page, without a cross-reference table: readers rebuild it. `keys`: more entries of its objects."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R" + keys.get("catalog", b"") + b">>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[" + box + b"]" + keys.get("page", b"") + b"/Contents 4 0 R"
        b"/Resources<<"
        + resources
        + b">>>>endobj\n"
        + stream(4, content, keys.get("filter", b""))
        + more
        + b"trailer<</Root 1 0 R"
        + keys.get("trailer", b"")
        + b">>\n%%EOF\n"
    )


def deflated_zeros(mebibytes: int) -> bytes:
    """So many zeros in a zlib stream, a thousandth as long."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    # an empty last block, and Adler-32 of zeros (RFC 1950)
    return first + again * (mebibytes - 1) + b"\x03\x00" + struct.pack(">HH", mebibytes * MIB % 65521, 1)


def stream(number: int, content: bytes, entries: bytes = b"") -> bytes:
    """A PDF stream object."""
    return b"%d 0 obj<<%s/Length %d>>stream\n%s\nendstream endobj\n" % (number, entries, len(content), content)


def encrypted_aes() -> bytes:
    """A PDF that needs a password, AES with 256 bits."""
    keys = b"/O<%s>/U<%s>/OE<%s>/UE<%s>/Perms<%s>" % (b"1a" * 48, b"2b" * 48, b"3c" * 32, b"4d" * 32, b"5e" * 16)
    standard = b"/Filter/Standard/V 5/R 6/Length 256/P -4/StmF/StdCF/StrF/StdCF" + keys
    cipher = b"/CF<</StdCF<</CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>"
    entries = b"/Encrypt<<" + standard + cipher + b">>/ID[<00><00>]"
    return pdf(b"0 0 100 100 re f", trailer=entries)


def encrypted_rc4(strength: int) -> bytes:
    """A PDF that needs a password, RC4 with 40 or 128 bits."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, (288, 432), encrypt=StandardEncryption("secret", "owner", strength=strength))
    canvas.rect(10, 10, 100, 100, fill=1)
    canvas.save()
    return buffer.getvalue()


def xfa() -> bytes:
    """A form whose content is in an XML description and not on its page."""
    template = (
        b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template xmlns="http://www.xfa.org/schema/xfa-template/3.3/">'
        b"<subform/></template></xdp:xdp>"
    )
    form = b"/AcroForm<</Fields[]/XFA 5 0 R>>/NeedsRendering true"
    return pdf(b"0 0 100 100 re f", more=stream(5, template), catalog=form)


def pages(count: int, last: bytes = b"", resources: bytes = b"", content: bytes = b"0 0 9 9 re f") -> bytes:
    """A PDF of `count` pages with the same content; `last`: objects, of which 7 is the last page's content."""
    numbers = range(10, 10 + count)
    leaves = b"".join(
        b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Contents %d 0 R%s>>endobj\n"
        % (number, 7 if last and number == numbers[-1] else 4, resources)
        for number in numbers
    )
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids["
        + kids
        + b"]/Count %d>>endobj\n" % count
        + stream(4, content)
        + leaves
        + last
        + b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def nested() -> bytes:
    """Forms that draw the next form twice, 60 deep: 2^60 drawings."""
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 288 432]/Resources<</XObject<</F %d 0 R>>>>"
    forms = b"".join(stream(number, b"/F Do /F Do ", entries % (number + 1)) for number in range(10, 70))
    last = stream(70, b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return pdf(b"/F Do", b"/XObject<</F 10 0 R>>", forms + last)


def slow(page_count: int = 1) -> bytes:
    """A shade whose every dot takes ten thousand steps of PostScript: minutes of drawing; on the last page only."""
    shading = b"<</ShadingType 1/ColorSpace/DeviceGray/Domain[0 1 0 1]/Matrix[288 0 0 432 0 0]/Function 6 0 R>>"
    function = stream(6, b"{pop " + b"dup mul " * 5000 + b"}", b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1]")
    resources = b"/Resources<</Shading<</S 5 0 R>>>>"
    return pages(page_count, stream(7, b"/S sh") + b"5 0 obj" + shading + b"endobj\n" + function, resources)


def picture(side: int) -> bytes:
    """A PDF with a grey picture of `side` x `side` pixels."""
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray" % (side, side)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(side)) for _ in range(side)) + packer.flush()
    image = stream(5, data, entries + b"/Filter/FlateDecode")
    return pdf(b"288 0 0 432 0 0 cm /I Do", b"/XObject<</I 5 0 R>>", image)


def inflating() -> bytes:
    """Content that becomes a gigabyte when it is unpacked twice."""
    return pdf(zlib.compress(deflated_zeros(1024), 9), filter=b"/Filter[/FlateDecode/FlateDecode]")


def cyclic() -> bytes:
    """A page tree that contains itself."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Parent 3 0 R/Kids[3 0 R]/Count 2>>endobj\n"
        b"3 0 obj<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 2>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def selfish() -> bytes:
    """A form that draws itself."""
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 288 432]/Resources<</XObject<</F 5 0 R>>>>"
    return pdf(b"/F Do", b"/XObject<</F 5 0 R>>", stream(5, b"/F Do 0 0 99 99 re f", entries))


def deep() -> bytes:
    """Arrays in arrays in arrays."""
    return pdf(b"0 0 99 99 re f " + b"[" * 200_000, page=b"/Deep " + b"[" * 200_000)


def png(width: int, height: int) -> bytes:
    """A PNG that claims a size and has hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(MIB), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff(width: int, height: int) -> bytes:
    """A TIFF, deflated, that claims a size and has hardly any data."""
    data = zlib.compress(bytes(MIB), 9)
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 8), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(data)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)


def jpeg(width: int, height: int) -> bytes:
    """A JPEG that claims a size and has no data."""
    frame = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    table = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    code = b"\xff\xc4\x00\x14\x00" + b"\x01" + bytes(15) + b"\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(100)
    return b"\xff\xd8" + table + b"\xff\xc0\x00\x0b" + frame + code + scan + b"\xff\xd9"


def zpl_bomb() -> bytes:
    """A picture in ZPL whose few bytes unpack to a gigabyte."""
    data = base64.b64encode(deflated_zeros(1024))
    check = binascii.crc_hqx(data, 0)
    return b"^XA^GFA,%d,99999999,100,:Z64:%s:%04X^FS^XZ" % (len(data), data, check)


def gzip_bomb() -> bytes:
    """64 MiB of nothing, wrapped."""
    return gzip.compress(bytes(64 * MIB))
