import io

import numpy as np
import pytest
from PIL import Image
from tests.unit.renderers.paper import DPI_203, DPI_300, FOUR_BY_SIX, dots, picture, pixels

from labeld.renderers.asset import JPEG, PNG, TIFF, Asset
from labeld.renderers.errors import AssetRefused
from labeld.renderers.image import open_page, page_count
from labeld.renderers.media import Resolution
from labeld.renderers.placement import place


def _draw(data: bytes, kind: str = PNG, dpi: Resolution = DPI_203) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sheet = open_page(Asset(data, kind), 1, FOUR_BY_SIX)
    placed = place(sheet.size, (0, 0, *sheet.size), FOUR_BY_SIX, dpi)
    return sheet.draw(placed, dpi, (0, 0, *dpi.size(FOUR_BY_SIX)))


@pytest.mark.parametrize("dpi", [203, 203.2, 202.99])
def test_pixels_of_the_heads_resolution_become_dots_one_by_one(dpi: float) -> None:
    array = dots(400, 600)
    grey = _draw(picture(pixels(array), dpi=dpi))
    assert np.array_equal(grey[310:910, 206:606] < 128, array)


@pytest.mark.parametrize("size", [(812, 1218), (800, 1200), (812, 1219)])
def test_a_picture_without_resolution_that_covers_the_stock_is_copied(size: tuple[int, int]) -> None:
    array = dots(*size)
    sheet = open_page(Asset(picture(pixels(array)), PNG), 1, FOUR_BY_SIX)
    assert sheet.pixels_per_mm == (8.0, 8.0)
    assert "at 203 dpi" in sheet.notes[0]
    left, top = round((812 - size[0]) / 2), round((1219 - size[1]) / 2)
    grey = _draw(picture(pixels(array)))
    assert np.array_equal(grey[top : top + size[1], left : left + size[0]] < 128, array)


def test_a_landscape_picture_that_covers_the_stock_is_recognised() -> None:
    sheet = open_page(Asset(picture(pixels(dots(1800, 1200))), PNG), 1, FOUR_BY_SIX)
    assert sheet.pixels_per_mm == pytest.approx((300 / 25.4, 300 / 25.4))


def test_a_picture_without_any_size_is_fitted_to_the_stock() -> None:
    sheet = open_page(Asset(picture(pixels(dots(500, 500)), dpi=72), PNG), 1, FOUR_BY_SIX)
    assert sheet.size == pytest.approx((10160, 10160))
    assert "fitted to 4x6in" in sheet.notes[0]


def test_stated_size_wins_over_pixel_count() -> None:
    sheet = open_page(Asset(picture(pixels(dots(812, 1218)), dpi=300), PNG), 1, FOUR_BY_SIX)
    assert sheet.size == pytest.approx((812 / 300 * 2540, 1218 / 300 * 2540))
    assert sheet.notes == ()


def test_whole_multiples_become_blocks() -> None:
    array = dots(100, 100)
    grey = _draw(picture(pixels(array), dpi=300), dpi=Resolution(600))
    top, left = np.argwhere(grey < 128).min(axis=0)
    first_row, first_column = np.argwhere(array).min(axis=0)
    block = grey[top - 2 * first_row :, left - 2 * first_column :][:200, :200] < 128
    assert np.array_equal(block, array.repeat(2, axis=0).repeat(2, axis=1))


def test_other_resolutions_are_resampled_to_size() -> None:
    ink = np.zeros((600, 400), np.bool_)
    ink[:300] = True
    grey = _draw(picture(pixels(ink), dpi=300))
    lines = np.flatnonzero((grey < 128).any(axis=1))
    assert abs(len(lines) - 203.2) < 1.5


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16"])
def test_every_mode_of_png_is_flattened(mode: str) -> None:
    image = pixels(dots(50, 60))
    deep = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    image = deep if mode == "I;16" else image.convert(mode)
    sheet = open_page(Asset(picture(image), PNG), 1, FOUR_BY_SIX)
    assert np.array_equal(sheet.grey < 128, dots(50, 60))


def test_cmyk_and_float_tiff() -> None:
    cmyk = picture(pixels(dots(50, 60)).convert("RGB").convert("CMYK"), "TIFF")
    assert np.array_equal(open_page(Asset(cmyk, TIFF), 1, FOUR_BY_SIX).grey < 128, dots(50, 60))
    real = picture(Image.fromarray(np.where(dots(50, 60), 0, 1).astype(np.float32)), "TIFF")
    assert np.array_equal(open_page(Asset(real, TIFF), 1, FOUR_BY_SIX).grey < 128, dots(50, 60))


def test_transparency_is_paper() -> None:
    clear = Image.new("RGBA", (30, 30), (0, 0, 0, 0))
    assert open_page(Asset(picture(clear), PNG), 1, FOUR_BY_SIX).ink_box() is None


def test_exif_orientation_turns_the_picture() -> None:
    image = Image.new("L", (40, 20), 255)
    image.paste(0, (0, 0, 10, 20))  # ink at the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned 90 degrees clockwise
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, quality=95)
    grey = open_page(Asset(buffer.getvalue(), JPEG), 1, FOUR_BY_SIX).grey
    assert grey.shape == (40, 20)
    assert grey[2].max() < 60  # now at the top
    assert grey[37].min() > 200


def test_tiff_frames_are_pages() -> None:
    buffer = io.BytesIO()
    pixels(dots(30, 40, 1)).save(buffer, "TIFF", save_all=True, append_images=[pixels(dots(35, 45, 2))])
    asset = Asset(buffer.getvalue(), TIFF)
    assert page_count(asset) == 2
    assert np.array_equal(open_page(asset, 2, FOUR_BY_SIX).grey < 128, dots(35, 45, 2))
    with pytest.raises(AssetRefused):
        open_page(asset, 3, FOUR_BY_SIX)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_cut_off_pictures_are_refused(kind: str) -> None:
    data = picture(pixels(dots(300, 300)), kind)
    media_type = {"PNG": PNG, "JPEG": JPEG, "TIFF": TIFF}[kind]
    with pytest.raises(AssetRefused, match="damaged or cut off"):
        open_page(Asset(data[: len(data) // 2], media_type), 1, FOUR_BY_SIX)


@pytest.mark.parametrize("kind", [PNG, JPEG, TIFF])
def test_a_picture_that_pillow_does_not_recognise_is_refused_in_plain_words(kind: str) -> None:
    with pytest.raises(AssetRefused, match="its header cannot be read"):
        open_page(Asset(b"nothing of the kind", kind), 1, FOUR_BY_SIX)


@pytest.mark.parametrize(("size", "words"), [((40, 20_000), "more than 2 m"), ((40, 4), "too small")])
def test_a_picture_of_a_size_that_no_label_has_is_refused(size: tuple[int, int], words: str) -> None:
    with pytest.raises(AssetRefused, match=words):
        open_page(Asset(picture(Image.new("L", size), dpi=203), PNG), 1, FOUR_BY_SIX)


def test_a_decompression_bomb_is_refused() -> None:
    for size in ((11_000, 10_000), (20_000, 20_000)):
        data = picture(Image.new("1", size))
        with pytest.raises(AssetRefused):
            open_page(Asset(data, PNG), 1, FOUR_BY_SIX)


def test_ink_box_in_hundredths_of_a_millimetre() -> None:
    ink = np.zeros((600, 400), np.bool_)
    ink[80:160, 40:80] = True
    sheet = open_page(Asset(picture(pixels(ink), dpi=203.2), PNG), 1, FOUR_BY_SIX)
    assert sheet.ink_box() == pytest.approx((500, 1000, 1000, 2000))
    assert sheet.size == pytest.approx((5000, 7500))
    assert DPI_300.dots(5000) == 590
