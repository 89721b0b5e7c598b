"""Ways from a PDF of one page to ZPL: labeld's and its peers', each with the page's own size as stock.

What only some ways need is imported by those: a fresh process that measures its memory holds nothing else.
"""

import base64
import binascii
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

_PBM = re.compile(rb"P4\s+(?:#[^\n]*\n)*(\d+)\s+(\d+)\s")

#: From a file, its content, its stock and dots per inch to a payload.
Way = Callable[[Path, bytes, str, int], bytes]


def labeld(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """As labeld draws and packs a page, without reading a barcode."""
    from labeld.renderers import tone
    from labeld.renderers.asset import unwrap
    from labeld.renderers.bitmap import Bitmap
    from labeld.renderers.convert import Target
    from labeld.renderers.media import Media, Resolution
    from labeld.renderers.plan import place_labels
    from labeld.renderers.sheet import open_sheet
    from labeld.renderers.zpl.label import wrap

    target = Target(media=Media.parse(stock), resolution=Resolution(dpi))
    payload = b""
    with open_sheet(unwrap(data), 1, target.media) as sheet:
        for placed in place_labels(sheet, 1, target):
            grey = sheet.draw(placed, target.resolution, (0, 0, *target.size))
            bits, area = tone.to_dots(grey)
            payload += wrap(Bitmap.from_bits(tone.halftone(bits, grey, area, ())), "z64")
    return payload


def labeld_verified(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """All of labeld: every barcode read from the source and from the dots, and drawn anew where it is lost."""
    from labeld.renderers.asset import unwrap
    from labeld.renderers.convert import Target, convert_page
    from labeld.renderers.media import Media, Resolution

    # a loss is noted, not raised: the same work
    target = Target(media=Media.parse(stock), resolution=Resolution(dpi), verify=False)
    return b"".join(page.data for page in convert_page(unwrap(data), 1, target))


def naive_verified(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """What one would write first: dots and a 300 dpi reference, all formats read in both with zxing's defaults.

    It holds nothing and repairs nothing: a text that is missing costs it nothing.
    """
    import numpy as np
    import pypdfium2
    import zxingcpp

    from labeld.renderers.symbols.reading import CARRIER_FORMATS

    formats = zxingcpp.BarcodeFormats(CARRIER_FORMATS)
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    grey, reference = (page.render(scale=each / 72, grayscale=True).to_numpy().copy() for each in (dpi, 300))
    bits = grey < 128
    found, wanted = (
        {(str(one.format), one.text) for one in zxingcpp.read_barcodes(np.ascontiguousarray(picture), formats=formats)}
        for picture in (np.where(bits, np.uint8(0), np.uint8(255)), reference)
    )
    page.close()
    document.close()
    note = b"" if wanted <= found else b"^FXlost^FS"
    return note + _graphic(np.packbits(bits, axis=1).tobytes(), -(-bits.shape[1] // 8))


def zebrafy(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """Zebrafy with its defaults but for the packing: it dithers."""
    from zebrafy.zebrafy_pdf import ZebrafyPDF

    return ZebrafyPDF(data, dpi=dpi, format="Z64").to_zpl().encode()


def zebrafy_plain(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """Zebrafy with a threshold, as labeld has one."""
    from zebrafy.zebrafy_pdf import ZebrafyPDF

    return ZebrafyPDF(data, dpi=dpi, format="Z64", dither=False).to_zpl().encode()


def pdf2image(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """Poppler through pdf2image, a threshold, zlib."""
    import numpy as np
    import pdf2image

    (picture,) = pdf2image.convert_from_bytes(data, dpi=dpi, grayscale=True)
    bits = np.asarray(picture) < 128
    return _graphic(np.packbits(bits, axis=1).tobytes(), -(-bits.shape[1] // 8))


def pdftoppm(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """Poppler's own dots, zlib."""
    return _of_pbm("pdftoppm", "-mono", "-r", str(dpi), str(path))


def ghostscript(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """Ghostscript's own dots, zlib."""
    return _of_pbm("gs", "-q", "-dSAFER", "-sDEVICE=pbmraw", f"-r{dpi}", "-o", "-", str(path))


def spin(path: Path, data: bytes, stock: str, dpi: int) -> bytes:
    """Nothing but work for one core, to see what two of them give."""
    total = 0
    for number in range(400_000):
        total ^= number
    return b"%d" % total


#: By their names in the tables; the first is what the others are measured against.
UNREAD: dict[str, Way] = {
    "labeld": labeld,
    "zebrafy, its dither": zebrafy,
    "zebrafy, dither=False": zebrafy_plain,
    "pdf2image, threshold, zlib": pdf2image,
    "pdftoppm -mono, zlib": pdftoppm,
    "Ghostscript pbmraw, zlib": ghostscript,
}
VERIFIED: dict[str, Way] = {"labeld, everything verified": labeld_verified, "the naive way": naive_verified}


def why_not(way: Way) -> str | None:
    """What a way lacks on this machine, in words; None: nothing."""
    programs: dict[Way, str] = {pdf2image: "pdftoppm", pdftoppm: "pdftoppm", ghostscript: "gs"}
    program = programs.get(way)
    if program and shutil.which(program) is None:
        return f"{program} is not installed: scripts/setup bench"
    if way in (zebrafy, zebrafy_plain) and find_spec("zebrafy") is None:
        return "zebrafy is not installed: scripts/setup bench"
    return None


def _of_pbm(*command: str) -> bytes:
    picture = subprocess.run(command, check=True, capture_output=True).stdout
    head = _PBM.match(picture)
    if head is None:
        raise ValueError(f"{command[0]} wrote no PBM: {picture[:20]!r}")
    return _graphic(picture[head.end() :], -(-int(head[1]) // 8))


def _graphic(rows: bytes, per_row: int) -> bytes:
    """Packed rows as a label, by zlib's defaults."""
    text = base64.b64encode(zlib.compress(rows))
    check = binascii.crc_hqx(text, 0)
    return b"^XA^FO0,0^GFA,%d,%d,%d,:Z64:%s:%04X^FS^XZ" % (len(rows), len(rows), per_row, text, check)
