"""Labels as PDF, and what PDFium, poppler and Ghostscript see in them."""

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.unit.renderers.zpl.scenes import MARKS, SHAPES, boxes, line, scene

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.zpl.fonts import style
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scene import Diagonal, Dots, Ellipse, Frame, Mark, Scene, Shape
from labeld.renderers.zpl.vector import to_pdf

_Bits = NDArray[np.bool_]
HEADS = [203, 300, 600]
NOISE = Bitmap.from_bits(np.random.default_rng(4).random((61, 83)) < 0.5)


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    with pypdfium2.PdfDocument(data) as document:
        yield document


def pdfium(data: bytes, resolution: Resolution) -> _Bits:
    with opened(data) as document, closing(document[0]) as page:
        grey = page.render(scale=float(resolution.dots_per_point), grayscale=True).to_numpy()
        return np.asarray(grey.reshape(grey.shape[:2]) < 128)


def text_of(data: bytes, page: int = 0) -> str:
    with opened(data) as document, closing(document[page]) as sheet, closing(sheet.get_textpage()) as text:
        return str(text.get_text_range())


def program(command: list[str], data: bytes, folder: Path) -> _Bits:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    file = folder / "label.pdf"
    file.write_bytes(data)
    done = subprocess.run([*command, str(file)], stdout=subprocess.PIPE, check=True)
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("L")) < 128


def poppler(data: bytes, resolution: Resolution, folder: Path) -> _Bits:
    return program(["pdftoppm", "-r", _dpi(resolution), "-gray"], data, folder)


def ghostscript(data: bytes, resolution: Resolution, folder: Path) -> _Bits:
    silent = ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pngmono", "-sOutputFile=-"]
    return program([*silent, "-r" + _dpi(resolution)], data, folder)


def _dpi(resolution: Resolution) -> str:
    return f"{float(resolution.dots_per_mm * 254 / 10):.6f}"


def wide(bits: _Bits) -> _Bits:
    """The dots and those beside them."""
    padded = np.pad(bits, 1)
    high, across = bits.shape
    return np.asarray(np.any([padded[y : y + high, x : x + across] for y in range(3) for x in range(3)], axis=0))


def likeness(one: _Bits, other: _Bits) -> float:
    """F1 of black dots that have a black one within one dot in the other picture."""
    assert one.shape == other.shape
    near = int(np.count_nonzero(one & wide(other))) + int(np.count_nonzero(other & wide(one)))
    return near / max(int(np.count_nonzero(one)) + int(np.count_nonzero(other)), 1)


def bars(count: int = 40, high: int = 60) -> list[tuple[int, int, int, int]]:
    return [(6 * n, 0, 6 * n + 2 + n % 3, high) for n in range(count)]


def modules() -> list[tuple[int, int, int, int]]:
    black = np.argwhere(np.random.default_rng(2).random((24, 24)) < 0.5).tolist()
    return [(3 * x, 3 * y, 3 * x + 3, 3 * y + 3) for y, x in black]


def label(*, inverted: bool = False, mirrored: bool = False) -> Scene:
    """Everything that a label may have, over and beside each other."""
    large = style("0", 60, 45, 1.0)
    upright = scene(
        boxes(10, 10, *bars()),
        boxes(280, 10, *modules()),
        line("Hello W\u00f6rld (42) \\ ok", 10, 110),
        line("fixed pitch", 10, 140, font=style("A", 18, 10, 1.0)),
        line("down", 380, 100, 90),
        line("over", 340, 390, 180),
        line("up", 360, 300, 270),
        Frame(10, 160, 120, 60, 4),
        Frame(140, 160, 120, 60, 8, 20),
        Ellipse(270, 160, 70, 60, 6),
        Diagonal(10, 230, 60, 40, 6, "R"),
        Diagonal(90, 230, 60, 40, 6, "L"),
        Dots(200, 230, NOISE),
        Dots(-30, 380, NOISE),
        Frame(10, 290, 300, 70, 70),
        (line("WHITE", 20, 340, font=large), "white"),
        (line("INV", 180, 375, font=large), "reverse"),
        (Ellipse(120, 270, 60, 110, 12), "reverse"),
        (boxes(290, 280, *modules()), "reverse"),
        (Dots(30, 330, NOISE), "reverse"),
        (Diagonal(20, 292, 20, 20, 20, "L"), "white"),
        width=400,
        height=400,
    )
    return replace(upright, inverted=inverted, mirrored=mirrored)


@pytest.mark.parametrize("dpi", HEADS)
def test_bars_frames_and_graphics_are_the_same_dots_in_every_program(dpi: int, tmp_path: Path) -> None:
    drawn = scene(
        boxes(10, 10, *bars()),
        boxes(280, 10, *modules()),
        Frame(10, 160, 120, 60, 4),
        Frame(140, 160, 90, 50, 25),
        Frame(-(10**6), -(10**6), 2 * 10**6, 2 * 10**6, 10**6 - 1),
        Dots(200, 230, NOISE),
        Dots(370, 390, NOISE),
        (boxes(15, 165, *modules()), "reverse"),
        (Frame(0, 100, 300, 200, 90), "reverse"),
        (Dots(130, 150, NOISE), "reverse"),
        (boxes(20, 20, *bars(20, 20)), "white"),
        width=401,
        height=403,
    )
    resolution, expected = Resolution(dpi), rasterise(drawn).bits()
    data = to_pdf([drawn], resolution)
    assert np.array_equal(pdfium(data, resolution), expected)
    assert np.array_equal(poppler(data, resolution, tmp_path), expected)
    assert np.array_equal(ghostscript(data, resolution, tmp_path), expected)


@pytest.mark.parametrize("dpi", HEADS)
@pytest.mark.parametrize("turned", [{}, {"inverted": True}, {"mirrored": True}])
def test_a_label_is_nearly_the_same_dots_in_every_program(dpi: int, turned: dict[str, bool], tmp_path: Path) -> None:
    resolution, drawn = Resolution(dpi), label(**turned)
    data, expected = to_pdf([drawn], resolution), rasterise(drawn).bits()
    assert np.count_nonzero(pdfium(data, resolution) != expected) < np.count_nonzero(expected) / 100
    assert likeness(pdfium(data, resolution), expected) > 0.999
    assert likeness(poppler(data, resolution, tmp_path), expected) > 0.99
    assert likeness(ghostscript(data, resolution, tmp_path), expected) > 0.99


@settings(max_examples=40)
@given(MARKS.filter(bool), SHAPES)
def test_any_list_of_marks_is_nearly_the_same_dots_in_pdfium(marks: tuple[Mark, ...], shape: Shape) -> None:
    drawn = Scene(120, 90, (*marks, Mark(shape, "black", 0)))
    expected = rasterise(drawn).bits()
    seen = pdfium(to_pdf([drawn], Resolution(203)), Resolution(203))
    # the edges of curves and slanted lines may fall to either side
    far = (seen & ~wide(expected)) | (expected & ~wide(seen))
    assert np.count_nonzero(far) <= np.count_nonzero(expected) / 50 + 2


def test_text_can_be_searched() -> None:
    seen = text_of(to_pdf([label()], Resolution(203))).split()
    for word in ("Hello", "W\u00f6rld", "(42)", "\\", "fixed", "pitch", "WHITE", "INV", "down", "over", "up"):
        assert word in seen


def test_every_character_keeps_its_meaning_however_many_a_size_has() -> None:
    chars = [chr(code) for code in [*range(0x21, 0x7F), *range(0xA1, 0x180), *range(0x391, 0x3A1), 0x4E2D]]
    rows = ["".join(chars[first : first + 20]).replace("\u00ad", "") for first in range(0, len(chars), 20)]
    drawn = scene(*(line(row, 10, 30 + 30 * n) for n, row in enumerate(rows)), width=600, height=600)
    seen = text_of(to_pdf([drawn], Resolution(203)))
    for row in rows:
        assert row in seen.replace(" ", "")


def test_text_that_is_not_on_the_paper_is_left_out() -> None:
    drawn = scene(line("seen", 10, 50), line("gone", -(10**6), 50), line("lost", 50, 10**6))
    assert text_of(to_pdf([drawn], Resolution(203))).split() == ["seen"]


@pytest.mark.parametrize("dpi", HEADS)
def test_pages_are_as_large_as_their_dots_and_are_repeated(dpi: int) -> None:
    data = to_pdf([scene(line("one", 5, 40), width=812, height=1219), scene(width=70, height=50)], Resolution(dpi), 2)
    with opened(data) as document:
        sizes = [document.get_page_size(page) for page in range(len(document))]
    unit = float(Resolution(dpi).dots_per_point)
    assert np.allclose(np.array(sizes) * unit, [(812, 1219)] * 2 + [(70, 50)] * 2, atol=0.02)
    assert [text_of(data, page).strip() for page in range(4)] == ["one", "one", "", ""]
    assert b"/PrintScaling /None" in data


def test_equal_labels_give_equal_bytes_without_a_date() -> None:
    data = to_pdf([label()], Resolution(203))
    assert data == to_pdf([label()], Resolution(203))
    assert not re.search(rb"/(CreationDate|ModDate|ID)\b", data)


def test_a_graphic_shown_twice_is_stored_once() -> None:
    data = to_pdf([scene(Dots(0, 0, NOISE), Dots(30, 20, Bitmap(83, 61, NOISE.rows.copy())))], Resolution(203))
    assert data.count(b"/ImageMask true") == 1


@pytest.mark.parametrize(("scenes", "copies"), [([], 1), ([scene()], 0), ([Scene(0, 5, ())], 1)])
def test_a_pdf_needs_labels_and_copies(scenes: list[Scene], copies: int) -> None:
    with pytest.raises(ValueError, match="a PDF needs"):
        to_pdf(scenes, Resolution(203), copies)


@given(st.sampled_from([Frame, Ellipse, Diagonal]), st.integers(-(10**6), 10**6), st.integers(1, 10**6))
@settings(max_examples=30)
def test_shapes_of_any_size_are_drawn(kind: type, place: int, side: int) -> None:
    drawn = scene(kind(place, place // 2, side, side, max(side // 3, 1)))
    expected = rasterise(drawn).bits()
    seen = pdfium(to_pdf([drawn], Resolution(203)), Resolution(203))
    assert not (seen & ~wide(expected)).any() and not (expected & ~wide(seen)).any()
