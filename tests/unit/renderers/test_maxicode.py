import functools
import json
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tests.unit.renderers.paper import barcode

from labeld.renderers.bitmap import Rotation
from labeld.renderers.symbols.maxicode import Bullseye, Found, locate, read

Pixels = NDArray[np.uint8]
#: Millimetres to a pixel of the picture that zint draws at its scale 5: a module is 25 pixels or 0.88 mm.
ZINT_MM = 0.88 / 25
UPS = "[)>\x1e01\x1d96841706672\x1d840\x1d002\x1d1Z12345675\x1dUPSN\x1d12345E\x1d089\x1d\x1d1/1\x1d10.1\x1dY\x1d\x1dUT"
UPS += "\x1e\x04"
SHOWN = str.maketrans({"\x1d": "␝", "\x1e": "␞", "\x04": "␄"})
TURNS: tuple[Rotation, ...] = (0, 90, 180, 270)

SHARED = Path(__file__).resolve().parents[4] / "shared"
ZPL, LABELS = SHARED / "conformance/zpl/cases", SHARED / "labels"


@functools.cache
def zint(text: str) -> Image.Image:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.MaxiCode)
    return Image.fromarray(np.array(code.to_image(scale=5, add_quiet_zones=False)))


def maxicode(text: str = UPS, dots_per_mm: float = 8, threshold: int | None = 128) -> Pixels:
    """A symbol's dots without a quiet zone; grey without a threshold."""
    large = zint(text)
    size = (round(large.width * ZINT_MM * dots_per_mm), round(large.height * ZINT_MM * dots_per_mm))
    grey = np.asarray(large.resize(size, Image.Resampling.BOX))
    return grey if threshold is None else np.where(grey < threshold, np.uint8(0), np.uint8(255))


def label(dots_per_mm: float = 8, kinds: bool = True) -> Pixels:
    """A 4x6in label of text and, with `kinds`, barcodes of every other kind."""
    paper = Image.new("L", (round(101.6 * dots_per_mm), round(152.4 * dots_per_mm)), "white")
    draw = ImageDraw.Draw(paper)
    for line in range(14):
        draw.text((20, 20 + line * 22), "SHIP TO: III OOO 000 888 (((((( @@@ |||||| JANE DOE", "black", font_size=20)
    if kinds:
        names = ("QRCode", "Aztec", "DataMatrix", "PDF417", "Code128")
        for place, name in enumerate(names):
            picture = barcode("1Z12345675 0123456789", 4, getattr(zxingcpp.BarcodeFormat, name))
            paper.paste(picture, (20 + place % 2 * 300, 350 + place // 2 * 200))
    return np.array(paper)


def pasted(paper: Pixels, symbol: Pixels, x: int, y: int) -> Pixels:
    """`paper` with `symbol` at (x, y) in a quiet zone, cut off at the paper's edges."""
    pixels = paper.copy()
    quiet = np.pad(symbol, 8, constant_values=255)
    left, top = x - 8, y - 8
    right, bottom = left + quiet.shape[1], top + quiet.shape[0]
    part = quiet[max(-top, 0) : quiet.shape[0] - max(bottom - paper.shape[0], 0)]
    pixels[max(top, 0) : bottom, max(left, 0) : right] = part[
        :, max(-left, 0) : quiet.shape[1] - max(right - paper.shape[1], 0)
    ]
    return pixels


def turned(pixels: Pixels, turn: Rotation) -> Pixels:
    return np.rot90(pixels, -(turn // 90))


def near(one: tuple[int, ...], other: tuple[int, ...], pixels: int) -> bool:
    return all(abs(a - b) <= pixels for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_it_is_read_at_every_turn_and_resolution_among_other_barcodes(dpi: int, turn: Rotation) -> None:
    symbol = turned(maxicode(dots_per_mm=dpi / 25.4), turn)
    x, y = 331, 417 if dpi > 203 else 900
    (found,) = read(pasted(label(dpi / 25.4), symbol, x, y))
    assert (found.text, found.turn) == (UPS.translate(SHOWN), turn)
    assert near(found.position, (x, y, x + symbol.shape[1], y + symbol.shape[0]), pixels=dpi // 100)


def test_the_bullseye_is_measured() -> None:
    symbol = maxicode()
    # module 14 of 30 and line 16 of 33; the ring's outer edge is 3.87 mm from there nominally, zint's 3.96
    x, y = 400 + 14.5 * 0.88 * 8, 880 + symbol.shape[0] / 2
    (bullseye,) = locate(pasted(label(), symbol, 400, 880))
    assert isinstance(bullseye, Bullseye)
    assert abs(bullseye.x - x) < 2
    assert abs(bullseye.y - y) < 2
    assert abs(bullseye.radius - 3.96 * 8) < 2


@pytest.mark.parametrize("threshold", [64, 200, None])
def test_thin_fat_and_grey_drawings_are_read(threshold: int | None) -> None:
    (found,) = read(pasted(label(), maxicode(threshold=threshold), 100, 900))
    assert found.text == UPS.translate(SHOWN)


@pytest.mark.parametrize("text", ["plain words", "1234567890" * 8, "É mode 4 ünd \x1d"])
def test_contents_other_than_a_carriers_are_read(text: str) -> None:
    (found,) = read(pasted(label(), maxicode(text), 300, 900))
    (direct,) = zxingcpp.read_barcodes(np.pad(np.asarray(zint(text)), 50, constant_values=255))
    assert found.text == direct.text


def test_two_on_one_label_come_top_to_bottom() -> None:
    paper = pasted(pasted(label(), turned(maxicode("LOWER"), 90), 500, 950), maxicode("UPPER"), 40, 700)
    assert [found.text for found in read(paper)] == ["UPPER", "LOWER"]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("x", "y"), [(-40, 700), (650, 700), (300, -60), (300, 1080)])
def test_one_cut_off_by_the_papers_edge_is_there_but_not_read(x: int, y: int, turn: Rotation) -> None:
    symbol = turned(maxicode(), turn)
    paper = pasted(label(), symbol, x, y)
    (found,) = read(paper)
    assert found.text is None
    assert near(found.position, (x, y, x + symbol.shape[1], y + symbol.shape[0]), pixels=6)


def test_rings_cut_off_by_the_upper_or_lower_edge_are_found() -> None:
    symbol = maxicode()
    middle = symbol.shape[0] // 2
    for part in (symbol[middle - 20 :], symbol[: middle + 20]):
        (found,) = read(np.pad(part, ((0, 0), (30, 30)), constant_values=255))
        assert found.text is None


def test_a_symbol_that_fills_the_picture_is_read() -> None:
    for turn in TURNS:
        (found,) = read(np.ascontiguousarray(turned(maxicode(), turn)))
        assert found.text == UPS.translate(SHOWN)


def test_a_few_damaged_modules_are_corrected_and_many_are_not() -> None:
    symbol = maxicode()
    symbol[10:40, 10:60] = 255
    (found,) = read(pasted(label(), symbol, 300, 900))
    assert found.text == UPS.translate(SHOWN)
    symbol[-70:] = 255
    (found,) = read(pasted(label(), symbol, 300, 900))
    assert found.text is None
    assert near(found.position, (300, 900, 300 + symbol.shape[1], 900 + symbol.shape[0]), pixels=6)


def test_other_barcodes_and_text_have_no_bullseye() -> None:
    for turn in TURNS:
        for dots_per_mm in (8, 12):
            assert locate(turned(label(dots_per_mm), turn)) == ()


def test_a_square_target_has_no_bullseye_and_a_round_one_is_no_maxicode() -> None:
    for shape in ("rectangle", "ellipse"):
        paper = Image.fromarray(label(kinds=False))
        draw = ImageDraw.Draw(paper)
        for place, radius in enumerate((31, 25.6, 20.2, 14.9, 9.4, 4.1)):
            box = (300 - radius, 800 - radius, 300 + radius, 800 + radius)
            getattr(draw, shape)(box, fill="white" if place % 2 else "black")
        pixels = np.array(paper)
        assert bool(locate(pixels)) is (shape == "ellipse")
        assert read(pixels) == ()


@settings(max_examples=25, deadline=None)
@given(
    dots_per_mm=st.floats(6.5, 24),
    turn=st.sampled_from(TURNS),
    x=st.integers(0, 300),
    y=st.integers(0, 300),
)
def test_any_scale_place_and_turn_is_read(dots_per_mm: float, turn: Rotation, x: int, y: int) -> None:
    symbol = turned(maxicode(dots_per_mm=dots_per_mm), turn)
    paper = np.full((symbol.shape[0] + 310, symbol.shape[1] + 310), 255, np.uint8)
    (found,) = read(pasted(paper, symbol, x, y))
    assert (found.text, found.turn) == (UPS.translate(SHOWN), turn)


@given(
    arrays.arrays(
        np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=80), elements=st.sampled_from((0, 255))
    )
)
def test_any_picture_can_be_looked_at(pixels: Pixels) -> None:
    assert read(pixels) == ()


def test_a_picture_full_of_targets_is_bounded() -> None:
    grid = np.hypot(*(np.mgrid[0:80, 0:80] - 39.5))
    rings = (grid < 31) & ~((grid > 20.2) & (grid < 25.6)) & ~((grid > 9.4) & (grid < 14.9)) & (grid > 4.1)
    target = np.where(rings, np.uint8(0), np.uint8(255))
    assert len(locate(np.tile(target, (30, 30)))) == 16


@pytest.mark.skipif(not ZPL.is_dir(), reason="no reference pictures of ZPL beside this checkout")
@pytest.mark.parametrize("turn", TURNS)
def test_labelarys_pictures_of_carriers_labels_are_read(turn: Rotation) -> None:
    starts = {
        "carrier_ups": "[)>␞01␝965000",
        "unit_ups_maxicode": "[)>␞01␝965000",
        "carrier_ups_surepost": "[)>␞01␝960000",
    }
    for name, start in starts.items():
        pixels = np.asarray(Image.open(ZPL / f"{name}.png").convert("L"))
        (found,) = read(turned(pixels, turn))
        assert found.text is not None
        assert found.text.startswith(start)
        assert found.turn == (turn + 180) % 360


@pytest.mark.skipif(not ZPL.is_dir(), reason="no reference pictures of ZPL beside this checkout")
def test_no_other_reference_picture_has_one() -> None:
    with_one = {path.stem for path in ZPL.glob("*.zpl") if b"^BD" in path.read_bytes()}
    found = {path.stem for path in ZPL.glob("*.png") if locate(np.asarray(Image.open(path).convert("L")))}
    assert found == with_one


def rendered(path: Path, page: int, dpi: int) -> Pixels:
    with pypdfium2.PdfDocument(path) as document:
        return np.array(document[page].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze())


@pytest.mark.skipif(not LABELS.is_dir(), reason="no carriers' labels beside this checkout")
@pytest.mark.parametrize("dpi", [150, 203, 300, 400, 600])
def test_a_carriers_resampled_picture_is_read(dpi: int) -> None:
    grey = rendered(LABELS / "cases/ups_gif_4x6_7in.pdf", 0, dpi)
    texts = set()
    for pixels in (grey, np.where(grey < 128, np.uint8(0), np.uint8(255))):
        (found,) = read(pixels)
        texts.add(found.text)
    (text,) = texts
    assert text is not None
    assert text.startswith("[)>␞01␝96328199998␝840␝988␝1Z99940373␝UPSN␝Y9319W")


@pytest.mark.skipif(not LABELS.is_dir(), reason="no carriers' labels beside this checkout")
def test_no_other_carriers_label_has_one() -> None:
    found: list[tuple[str, Found | Bullseye]] = []
    for case in json.loads((LABELS / "manifest.json").read_text())["cases"]:
        if case["file"] != "ups_gif_4x6_7in.pdf":
            for page in range(case["pages"]):
                pixels = rendered(LABELS / "cases" / case["file"], page, 203)
                found.extend((case["file"], bullseye) for bullseye in locate(pixels))
    assert found == []
