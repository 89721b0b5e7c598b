"""PNG, JPEG and TIFF pages as grey pictures with a physical size."""

import io
import math
import struct
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .asset import JPEG, PNG, TIFF, Asset
from .bitmap import MAX_DOTS, Rotation
from .errors import AssetRefused
from .media import Media, Resolution
from .placement import Box, Placement, Size
from .symbols.regions import Window

MAX_PAGES = 100
#: Largest page side in 1/100 mm: the largest stock. A PDF of 541 bytes can ask for 5 m and 3.5 GB.
_MAX_SIDE = 200_000.0
#: Greys below this are ink: fainter ones never print black, JPEG noise around white must not count.
INK = 250

_PILLOW = {PNG: "PNG", JPEG: "JPEG", TIFF: "TIFF"}
_HEADS = (Resolution(203), Resolution(300), Resolution(600))
#: What Pillow's decoders raise on damaged files.
_DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, struct.error, zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RasterSheet:
    """A page of pixels: `grey` of shape (height, width), 0 = black, and its pixels per millimetre."""

    grey: NDArray[np.uint8]
    pixels_per_mm: tuple[float, float]
    engine: str = "pillow"
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> Size:
        """Width and height in 1/100 mm."""
        height, width = self.grey.shape
        return width * 100 / self.pixels_per_mm[0], height * 100 / self.pixels_per_mm[1]

    def ink_box(self) -> Box | None:
        """The box around everything that is not white, in 1/100 mm; None for an empty page."""
        return ink_box(self.grey, self.pixels_per_mm)

    def draw(
        self, placement: Placement, resolution: Resolution, window: Window, fineness: float = 1.0
    ) -> NDArray[np.uint8]:
        """What of the page lies in a window of the stock; see `sheet.Sheet`.

        Pixels of the printer's own resolution become dots one by one; at whole multiples each becomes a
        block; otherwise they are resampled (area average down, Lanczos up).
        """
        scale = float(resolution.dots_per_mm) * placement.scale
        height, width = self.grey.shape
        across, down = (scale / per_mm for per_mm in self.pixels_per_mm)
        wide, high = _drawn_length(width, across, fineness), _drawn_length(height, down, fineness)
        left, top, right, bottom = (side * fineness for side in window)
        canvas = np.full((round(bottom - top), round(right - left)), 255, np.uint8)
        size = (wide, high) if placement.rotation in (0, 180) else (high, wide)
        x, y = placement.x * fineness, placement.y * fineness
        # the part of the turned page that is seen, in fine dots of its own
        seen = (
            max(round(left - x), 0),
            max(round(top - y), 0),
            min(round(left - x) + canvas.shape[1], size[0]),
            min(round(top - y) + canvas.shape[0], size[1]),
        )
        if seen[0] < seen[2] and seen[1] < seen[3]:
            part = self._part(seen, placement.rotation, (wide, high))
            at_x, at_y = seen[0] - round(left - x), seen[1] - round(top - y)
            canvas[at_y : at_y + part.shape[0], at_x : at_x + part.shape[1]] = part
        return canvas

    def second_opinion(self) -> None:
        """A picture is what it is."""

    def _part(self, seen: Window, rotation: Rotation, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A part of the turned page; `size` is the unturned page's in fine dots."""
        wide, high = size
        left, top, right, bottom = seen
        if rotation == 90:
            left, top, right, bottom = top, high - right, bottom, high - left
        elif rotation == 180:
            left, top, right, bottom = wide - right, high - bottom, wide - left, high - top
        elif rotation == 270:
            left, top, right, bottom = wide - bottom, left, wide - top, right
        part = _resampled(self.grey, (left, top, right, bottom), (wide, high))
        return np.rot90(part, -(rotation // 90))


def page_count(asset: Asset) -> int:
    """Number of pages: frames of a TIFF, else 1.

    Raises:
        AssetRefused: damaged, or more than `MAX_PAGES`.
    """
    if asset.document_format != TIFF:
        return 1
    try:
        frames = int(getattr(_open(asset), "n_frames", 1))
    except _DAMAGE as exc:
        raise AssetRefused(f"the TIFF cannot be read: {_why(exc)}") from exc
    if frames > MAX_PAGES:
        raise AssetRefused(f"the TIFF has {frames} pages, more than {MAX_PAGES}")
    return frames


def open_page(asset: Asset, number: int, media: Media) -> RasterSheet:
    """Page `number` (from 1) in grey: upright by EXIF, flattened on white, with its size.

    The size comes from the file's resolution where that is believable for a label (150 to 1300 dpi), else
    from `media`: pixels that cover the stock at a head's resolution have that resolution, any others are
    fitted to the stock.

    Raises:
        AssetRefused: damaged, cut off, more than 100 megapixels, or of a size that no label has.
    """
    kind = _PILLOW[asset.document_format]
    try:
        picture = _open(asset)
        if number > 1:
            picture.seek(number - 1)
        if picture.width * picture.height > MAX_DOTS:
            raise AssetRefused(f"the {kind} has {picture.width}x{picture.height} pixels: too many")
        stated = picture.info.get("dpi")
        picture = ImageOps.exif_transpose(picture)
        grey = _grey(picture)
    except _DAMAGE as exc:
        raise AssetRefused(f"the {kind} is damaged or cut off: {_why(exc)}") from exc
    height, width = grey.shape
    density = _stated_density(stated)
    if density:
        sheet = RasterSheet(grey, density)
        check_size(sheet.size)
        return sheet
    head = _head_covering(width, height, media)
    if head:
        per_mm = float(head.dots_per_mm)
        note = f"the {kind} states no resolution: its {width}x{height} pixels cover {media.short} at {head.dpi} dpi"
        return RasterSheet(grey, (per_mm, per_mm), notes=(note,))
    upright = max(width / media.width, height / media.length)
    turned = max(width / media.length, height / media.width)
    per_mm = min(upright, turned) * 100
    note = f"the {kind} states no resolution: its {width}x{height} pixels are fitted to {media.short}"
    return RasterSheet(grey, (per_mm, per_mm), notes=(note,))


def check_size(size: Size) -> None:
    """Whether a page can be a label, by its width and height in 1/100 mm.

    Raises:
        AssetRefused: beyond 2 m, or under 1 mm.
    """
    if max(size) > _MAX_SIDE:
        raise AssetRefused(f"the page measures {size[0] / 100:.0f} x {size[1] / 100:.0f} mm, more than 2 m")
    if min(size) < 100:
        raise AssetRefused(f"the page measures {size[0] / 100:.2f} x {size[1] / 100:.2f} mm: too small")


def ink_box(grey: NDArray[np.uint8], per_mm: tuple[float, float]) -> Box | None:
    """The box in 1/100 mm around the pixels darker than white; None when there are none."""
    ink = grey < INK
    lines, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not lines.size:
        return None
    across, down = 100 / per_mm[0], 100 / per_mm[1]
    return (
        float(columns[0] * across),
        float(lines[0] * down),
        float((columns[-1] + 1) * across),
        float((lines[-1] + 1) * down),
    )


def _open(asset: Asset) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata and Pillow's own, lower, pixel limit
        return Image.open(io.BytesIO(asset.data), formats=[_PILLOW[asset.document_format]])


def _why(exc: Exception) -> str:
    """Pillow's reason, without its name for bytes in memory."""
    if isinstance(exc, UnidentifiedImageError):
        return "its header cannot be read"
    return str(exc)[:200] or type(exc).__name__


def _grey(picture: Image.Image) -> NDArray[np.uint8]:
    """Flatten any Pillow mode to 8-bit grey on white."""
    if picture.mode.startswith("I"):  # 16 bits in 16 or 32
        deep = np.asarray(picture).astype(np.int64)
        return np.asarray(np.clip(deep >> 8 if deep.max(initial=0) > 255 else deep, 0, 255), np.uint8)
    if picture.mode == "F":
        real = np.nan_to_num(np.asarray(picture, np.float64))
        return np.asarray(np.clip(real * 255 if real.max(initial=0.0) <= 1 else real, 0, 255), np.uint8)
    if picture.has_transparency_data:
        colours = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours)
    elif picture.mode in ("CMYK", "LAB", "YCbCr", "HSV", "P"):
        picture = picture.convert("RGB")
    return np.asarray(picture.convert("L"))


def _stated_density(dpi: object) -> tuple[float, float] | None:
    """Pixels per millimetre from Pillow's `dpi`, a head's exact value where it is meant; None if not believable."""
    try:
        across, down = (float(value) for value in dpi)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not (150 <= across <= 1300 and 150 <= down <= 1300 and 0.5 <= across / down <= 2):
        return None
    return _snapped(across), _snapped(down)


def _snapped(dpi: float) -> float:
    per_mm = dpi / 25.4
    for head in _HEADS:
        if abs(per_mm / float(head.dots_per_mm) - 1) < 0.006:  # 203 is written as 202.99, 203 or 203.2
            return float(head.dots_per_mm)
    return per_mm


def _head_covering(width: int, height: int, media: Media) -> Resolution | None:
    for head in _HEADS:
        across, down = head.size(media)
        for pixels in ((width, height), (height, width)):
            if abs(pixels[0] / across - 1) <= 0.02 and abs(pixels[1] / down - 1) <= 0.02:
                return head
    return None


def _drawn_length(pixels: int, ratio: float, fineness: float) -> int:
    """Fine dots for `pixels`, of which each is `ratio` dots: whole dots as long as the pixels are not themselves fine
    dots, which are copied as they are.
    """
    if abs(ratio * fineness - 1) * pixels < 0.01:
        return pixels
    return round(max(1, round(pixels * ratio)) * fineness)


def _resampled(grey: NDArray[np.uint8], window: Window, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A window of the picture resampled to `size`."""
    height, width = grey.shape
    left, top, right, bottom = window
    if (width, height) == size:
        return grey[top:bottom, left:right]
    if (right - left) * (bottom - top) > MAX_DOTS:
        raise AssetRefused(f"the picture would become {size[0]}x{size[1]} dots: too many")
    across, down = size[0] / width, size[1] / height
    if across >= 2 and down >= 2 and size[0] % width == 0 and size[1] % height == 0:
        method = Image.Resampling.NEAREST
    else:
        method = Image.Resampling.BOX if across < 1 else Image.Resampling.LANCZOS
    # Pillow takes the cheaper direction first and cuts off what overshoots in between: with an order of its own a
    # window is what the whole picture shows there
    reach = math.ceil(3 * max(1.0, 1 / down)) + 1
    first, last = max(int(top / down) - reach, 0), min(math.ceil(bottom / down) + reach, height)
    lines = Image.fromarray(np.ascontiguousarray(grey[first:last]))
    box = (left / across, 0.0, min(right / across, width), float(last - first))
    lines = lines.resize((right - left, last - first), method, box=box)
    box = (0.0, top / down - first, float(right - left), min(bottom / down, height) - first)
    return np.asarray(lines.resize((right - left, bottom - top), method, box=box))
