"""Dots as PDF and PNG files, and what other programs see in them."""

import io
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.unit.renderers.paper import DPI_203, FOUR_BY_SIX, code128, dots, pdf

from labeld.renderers.asset import PDF, PNG, ZPL, unwrap
from labeld.renderers.bitmap import Bitmap
from labeld.renderers.convert import Target, convert, page_count
from labeld.renderers.errors import AssetRefused
from labeld.renderers.media import Media, Resolution
from labeld.renderers.write import to_pdf, write
from labeld.renderers.zpl.label import wrap

HEADS = [203, 300, 600]
STOCKS = ["4x6in", "a6", "100x150mm", "30.3x17.7mm"]


def noise(width: int, height: int) -> Bitmap:
    """Dots that show any shift or resampling, inked to the edges; too dense for fax coding."""
    bits = dots(width, height)
    bits[0] = bits[-1] = bits[:, 0] = bits[:, -1] = True
    return Bitmap.from_bits(bits)


def rings(width: int, height: int) -> Bitmap:
    """Curves of many widths, inked to the edges; fax coding suits them, as it does letters."""
    down, across = np.ogrid[:height, :width]
    bits = np.hypot(across - width * 0.4, (down - height * 0.45) * 1.3) // max(width // 16, 2) % 2 < 1
    bits[0] = bits[-1] = bits[:, 0] = bits[:, -1] = True
    return Bitmap.from_bits(bits)


def _pdfium(data: bytes, resolution: Resolution) -> Bitmap:
    with pypdfium2.PdfDocument(data) as document:
        page = document[0]
        picture = page.render(scale=float(resolution.dots_per_point), grayscale=True).to_numpy()
        page.close()
    return Bitmap.from_grey(np.ascontiguousarray(picture.reshape(picture.shape[:2])))


def _program(command: str, arguments: list[str], data: bytes, folder: Path) -> Bitmap:
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")
    file = folder / "label.pdf"
    file.write_bytes(data)
    done = subprocess.run([command, *arguments, str(file)], stdout=subprocess.PIPE, check=True)
    return Bitmap.from_grey(np.asarray(Image.open(io.BytesIO(done.stdout)).convert("L")))


def _dpi(resolution: Resolution) -> str:
    return f"{float(resolution.dots_per_mm) * 25.4:.10g}"


@pytest.mark.parametrize("make", [noise, rings])
@pytest.mark.parametrize("stock", STOCKS)
@pytest.mark.parametrize("dpi", HEADS)
@pytest.mark.parametrize("viewer", ["pdfium", "poppler -mono", "poppler -gray", "ghostscript"])
def test_viewers_give_every_dot_back(
    viewer: str, dpi: int, stock: str, make: Callable[[int, int], Bitmap], tmp_path: Path
) -> None:
    resolution = Resolution(dpi)
    bitmap = make(*resolution.size(Media.parse(stock)))
    data = to_pdf([bitmap], resolution)
    if viewer == "pdfium":
        seen = _pdfium(data, resolution)
    elif viewer == "ghostscript":
        options = ["-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-sDEVICE=pbmraw", f"-r{_dpi(resolution)}"]
        seen = _program("gs", [*options, "-sOutputFile=-"], data, tmp_path)
    else:
        seen = _program("pdftoppm", ["-r", _dpi(resolution), viewer.split()[1]], data, tmp_path)
    assert seen == bitmap


@settings(max_examples=60)
@given(st.integers(1, 700), st.integers(1, 700), st.sampled_from([100, *HEADS, 1200]))
def test_no_size_gains_or_loses_a_dot(width: int, height: int, dpi: int) -> None:
    bitmap = noise(width, height)
    assert _pdfium(to_pdf([bitmap], Resolution(dpi)), Resolution(dpi)) == bitmap


def test_each_picture_takes_the_smaller_coding() -> None:
    assert b"/FlateDecode" in to_pdf([noise(812, 1219)], DPI_203)
    assert b"/CCITTFaxDecode" in to_pdf([rings(812, 1219)], DPI_203)


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="poppler is not installed")
def test_poppler_finds_the_file_sound_and_the_page_as_large_as_its_dots(tmp_path: Path) -> None:
    for dpi, size in ((203, "287.716 x 431.929"), (300, "288 x 432"), (600, "288 x 432")):
        resolution = Resolution(dpi)
        file = tmp_path / "label.pdf"
        file.write_bytes(to_pdf([rings(*resolution.size(FOUR_BY_SIX))] * 2, resolution, 3))
        done = subprocess.run(["pdfinfo", str(file)], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert re.search(rf"^Page size: +{size} pts$", done.stdout, re.MULTILINE), done.stdout
        assert re.search(r"^Pages: +6$", done.stdout, re.MULTILINE)
        images = subprocess.run(["pdfimages", "-list", str(file)], capture_output=True, text=True, check=True)
        listed = [line.split() for line in images.stdout.splitlines()[2:]]
        assert [(row[2], row[5], row[6], row[7], row[9], row[12]) for row in listed] == [
            ("image", "gray", "1", "1", "no", str(round(float(_dpi(resolution))))) for _ in range(6)
        ]
        assert len({row[10] for row in listed}) == 2, "copies share their picture"


def test_copies_cost_a_page_each_and_no_more() -> None:
    bitmap = noise(400, 300)
    one, many = to_pdf([bitmap], DPI_203), to_pdf([bitmap], DPI_203, 50)
    assert page_count(unwrap(many)) == 50
    assert len(many) - len(one) < 49 * 250
    assert many.count(b"/Subtype /Image") == 1
    assert b"/ViewerPreferences << /PrintScaling /None >>" in one
    assert b"/Interpolate false" in one
    assert b"/ID" not in one and b"Date" not in one
    assert one == to_pdf([bitmap], DPI_203)


def test_every_object_is_where_the_table_says() -> None:
    data = to_pdf([noise(40, 30), rings(50, 60)], DPI_203, 2)
    start = int(data.split(b"startxref\n")[1].split()[0])
    lines = data[start:].split(b"\n")
    assert lines[0] == b"xref"
    count = int(lines[1].split()[1])
    assert count == 1 + 2 + 2 * 4
    for number in range(1, count):
        entry = lines[2 + number]
        assert len(entry) == 19  # and the line end: 20 bytes each
        assert data[int(entry.split()[0]) :].startswith(b"%d 0 obj\n" % number)


@pytest.mark.parametrize("dpi", HEADS)
def test_a_pdf_of_dots_converts_to_the_same_dots_for_ever(dpi: int) -> None:
    resolution = Resolution(dpi)
    pages = [lambda canvas: code128(canvas, "FIRST1", 10, 50), lambda canvas: code128(canvas, "SECOND2", 10, 50)]
    target = Target(media=FOUR_BY_SIX, resolution=resolution, document_format=PDF, copies=2)
    first = convert(unwrap(pdf(pages)), target)
    again = convert(unwrap(first.data), Target(media=FOUR_BY_SIX, resolution=resolution, document_format=PDF))
    assert first.labels == again.labels == 4
    originals = [page.bitmap for page in first.pages for _ in range(2)]
    assert [page.bitmap for page in again.pages] == originals
    assert all(page.notes == () for page in again.pages)


@pytest.mark.parametrize("stock", STOCKS[:3])
@pytest.mark.parametrize("dpi", HEADS)
def test_ink_to_the_edges_converts_to_itself(dpi: int, stock: str) -> None:
    media, resolution = Media.parse(stock), Resolution(dpi)
    bitmap = rings(*resolution.size(media))
    for wanted in (PDF, PNG, ZPL):
        target = Target(media=media, resolution=resolution, document_format=wanted, verify=False)
        artwork = convert(unwrap(to_pdf([bitmap], resolution)), target)
        assert artwork.pages[0].bitmap == bitmap
        assert convert(unwrap(artwork.data), target).pages[0].bitmap == bitmap


@pytest.mark.parametrize(
    ("dpi", "encoding"), [(203, "ascii"), (203, "rle"), (203, "b64"), (203, "z64"), (300, "rle"), (600, "z64")]
)
def test_zpl_of_dots_becomes_the_same_picture(dpi: int, encoding: str) -> None:
    resolution = Resolution(dpi)
    bitmap = rings(*resolution.size(FOUR_BY_SIX))
    zpl = unwrap(wrap(bitmap, encoding))  # type: ignore[arg-type]
    picture = convert(zpl, Target(media=FOUR_BY_SIX, resolution=resolution, document_format=PNG)).data
    assert Bitmap.from_png(picture) == bitmap
    document = convert(zpl, Target(media=FOUR_BY_SIX, resolution=resolution, document_format=PDF)).data
    assert _pdfium(document, resolution) == bitmap
    for data in (picture, document):
        back = convert(unwrap(data), Target(media=FOUR_BY_SIX, resolution=resolution, graphic_encoding=encoding))  # type: ignore[arg-type]
        assert back.data == zpl.data


def test_png_is_as_the_standard_says() -> None:
    bitmap = noise(13, 5)
    data = write([bitmap], PNG, Resolution(300), "z64")
    names, rest = [], data[8:]
    while rest:
        length = int.from_bytes(rest[:4], "big")
        assert zlib.crc32(rest[4 : 8 + length]) == int.from_bytes(rest[8 + length : 12 + length], "big")
        names.append(rest[4:8])
        rest = rest[12 + length :]
    assert names == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]
    picture = Image.open(io.BytesIO(data))
    assert (picture.mode, picture.size) == ("1", (13, 5))
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert np.array_equal(np.asarray(picture), ~bitmap.bits())


def test_what_cannot_be_written_is_refused() -> None:
    bitmap = noise(8, 8)
    with pytest.raises(AssetRefused, match="a PNG holds one label, this asset has 2"):
        write([bitmap, bitmap], PNG, DPI_203, "z64")
    with pytest.raises(AssetRefused, match="not text/plain"):
        write([bitmap], "text/plain", DPI_203, "z64")
    with pytest.raises(ValueError, match="0 labels"):
        write([], PDF, DPI_203, "z64")
    with pytest.raises(ValueError, match="0 copies"):
        write([bitmap], PDF, DPI_203, "z64", 0)
    assert write([bitmap, bitmap], ZPL, DPI_203, "ascii", 3) == wrap(bitmap, "ascii", 3) * 2
