"""How a page goes onto the stock: a value that can be shown, tested and carried out (promise 4)."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from .bitmap import Rotation
from .errors import DoesNotFit
from .media import Media, Resolution

Size = tuple[float, float]
#: left, top, right, bottom from the page's top left corner
Box = tuple[float, float, float, float]
Scaling = Literal["auto", "none", "fit"]

#: Rounding that no ruler shows (1/100 mm): PDF points and inches never meet exactly.
_SLACK = 15.0
#: White kept around ink that had to be moved or scaled, where there is room (1/100 mm).
_MARGIN = 100.0
#: A turned page must become this much larger before `auto` turns it for scaling.
_WORTH_TURNING = 1.15
#: Scales this close to 1 are 1: a barcode gains nothing and loses whole dots.
_NEAR_ONE = 0.005
#: Letter and A4 have sides of at least these, 1/100 mm.
_SHEET = (20_000.0, 27_000.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Turn the page clockwise by `rotation`, scale it by `scale` (1.0 = 1:1), put its corner at dot (x, y).

    `x` and `y` are whole dots and may be negative. `clip` is the part of the unturned page, in 1/100 mm,
    that lies on the stock; what is cut off is white. `because` says in words why this was chosen.
    """

    rotation: Rotation
    scale: float
    x: int
    y: int
    clip: Box
    because: str


def large_as_sheet(size: Size) -> bool:
    """Whether a page or stock of this size (1/100 mm) is as large as Letter and A4: paper, and no label."""
    return min(size) >= _SHEET[0] and max(size) >= _SHEET[1]


def page_fits(page: Size, media: Media) -> bool:
    """Whether a page of this size (1/100 mm) lies on the stock unturned, so that its ink need not be known."""
    return page[0] <= media.width + _SLACK and page[1] <= media.length + _SLACK


def place(
    page: Size,
    ink: Box,
    media: Media,
    resolution: Resolution,
    scaling: Scaling = "auto",
    rotation: Literal["auto", 0, 90, 180, 270] = "auto",
) -> Placement:
    """Choose the placement of a page of size `page` whose black lies within `ink`, both in 1/100 mm.

    1:1 wherever the page, or else its ink, fits the stock; then unturned rather than turned. `none` stops
    there; `auto` scales the ink down to the stock; `fit` does that too, and enlarges a page smaller than
    the stock to it.

    Raises:
        DoesNotFit: the ink is larger than the stock and `scaling` is `none`.
    """
    turns: tuple[Rotation, ...] = (0, 90) if rotation == "auto" else (rotation,)
    if scaling == "fit" and (enlarged := _enlarged(page, media, resolution, turns)):
        return enlarged
    for turn in turns:
        placement = _at_own_size(page, ink, media, resolution, turn)
        if placement:
            return placement
    if scaling == "none":
        raise DoesNotFit(
            f"the label's ink measures {_mm(_extent(ink))} and does not fit {media.short} "
            f"({_mm((media.width, media.length))}) at its own size: load larger stock or allow scaling"
        )
    return _scaled_down(page, ink, media, resolution, turns)


def place_part(
    page: Size,
    part: Box,
    media: Media,
    resolution: Resolution,
    scaling: Scaling = "auto",
    rotation: Literal["auto", 0, 90, 180, 270] = "auto",
) -> Placement:
    """Choose the placement of a label that is `part` of a page, as if it were a page of its own; see `place`.

    Raises:
        DoesNotFit: the part is larger than the stock and `scaling` is `none`.
    """
    own = place(_extent(part), (0.0, 0.0, *_extent(part)), media, resolution, scaling, rotation)
    unit = float(resolution.dots_per_mm) / 100 * own.scale
    left, top = _turned_box(part, page, own.rotation)[:2]
    clip = own.clip[0] + part[0], own.clip[1] + part[1], own.clip[2] + part[0], own.clip[3] + part[1]
    because = own.because.replace("the page (", "the label (")
    return replace(own, x=own.x - round(left * unit), y=own.y - round(top * unit), clip=clip, because=because)


def recentred(
    page: Size, box: Box, media: Media, resolution: Resolution, placed: Placement, scale: float, because: str
) -> Placement:
    """The same placement at another scale, with `box` of the page in the middle of the stock."""
    unit = float(resolution.dots_per_mm) / 100 * scale
    left, top, right, bottom = _turned_box(box, page, placed.rotation)
    dots = resolution.size(media)
    x, y = round((dots[0] - (left + right) * unit) / 2), round((dots[1] - (top + bottom) * unit) / 2)
    return Placement(placed.rotation, scale, x, y, box, because)


def shown_window(placement: Placement, page: Size, resolution: Resolution) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in dots of the stock between which `placement.clip` lies."""
    unit = float(resolution.dots_per_mm) / 100 * placement.scale
    left, top, right, bottom = (side * unit for side in _turned_box(placement.clip, page, placement.rotation))
    x, y = placement.x, placement.y
    return math.floor(left) + x, math.floor(top) + y, math.ceil(right) + x, math.ceil(bottom) + y


def at_own_size(page: Size, region: Box, resolution: Resolution) -> tuple[Placement, int, int]:
    """The placement that draws `region` of a page unturned at 1:1, with its width and height in dots."""
    unit = float(resolution.dots_per_mm) / 100
    left, top = math.floor(region[0] * unit), math.floor(region[1] * unit)
    width, height = math.ceil(region[2] * unit) - left, math.ceil(region[3] * unit) - top
    clip = (max(region[0], 0.0), max(region[1], 0.0), min(region[2], page[0]), min(region[3], page[1]))
    return Placement(0, 1.0, -left, -top, clip, "1:1: the source itself"), max(width, 1), max(height, 1)


def _at_own_size(page: Size, ink: Box, media: Media, resolution: Resolution, turn: Rotation) -> Placement | None:
    unit = float(resolution.dots_per_mm) / 100
    size, (left, top, right, bottom) = _turned_size(page, turn), _turned_box(ink, page, turn)
    stock = (media.width, media.length)
    dots = resolution.size(media)
    offsets, whole = [], True
    for axis, (start, end) in enumerate(((left, right), (top, bottom))):
        centred = round((dots[axis] - size[axis] * unit) / 2)
        if size[axis] > stock[axis] + _SLACK:
            if end - start > stock[axis] + _SLACK:
                return None
            whole = False
            # heads do not print to the very edge: keep white where there is some to spare
            margin = min(max(dots[axis] - (end - start) * unit, 0) / 2, _MARGIN * unit)
            # a dot of rounding may be missing at both ends: then the ink's start wins
            centred = min(centred, math.floor(dots[axis] - end * unit - margin + 0.01))
            centred = max(centred, math.ceil(margin - start * unit - 0.01))
        offsets.append(centred)
    if whole:
        because = f"1:1: the page ({_mm(page)}) fits {media.short}"
    else:
        because = f"1:1: the ink ({_mm(_extent(ink))}) fits {media.short}, only white margin is cut off"
    return _placement(page, media, resolution, turn, 1.0, (offsets[0], offsets[1]), because)


def _enlarged(page: Size, media: Media, resolution: Resolution, turns: tuple[Rotation, ...]) -> Placement | None:
    scale, turn = _best([(_ratio(page, media, turn), turn) for turn in turns])
    if scale < 1 + _NEAR_ONE:
        return None
    unit = float(resolution.dots_per_mm) / 100
    dots, size = resolution.size(media), _turned_size(page, turn)
    offset = (round((dots[0] - size[0] * unit * scale) / 2), round((dots[1] - size[1] * unit * scale) / 2))
    because = f"enlarged to {scale:.1%}: the page ({_mm(page)}) is smaller than {media.short}"
    return _placement(page, media, resolution, turn, scale, offset, because)


def _scaled_down(page: Size, ink: Box, media: Media, resolution: Resolution, turns: tuple[Rotation, ...]) -> Placement:
    room = Media(media.name, round(media.width - 2 * _MARGIN), round(media.length - 2 * _MARGIN))
    scale, turn = _best([(_ratio(_extent(ink), room, turn), turn) for turn in turns])
    scale = min(scale, 1.0)  # the margin alone may be what is missing
    left, top, right, bottom = _turned_box(ink, page, turn)
    unit = float(resolution.dots_per_mm) / 100 * scale
    dots = resolution.size(media)
    offset = round((dots[0] - (left + right) * unit) / 2), round((dots[1] - (top + bottom) * unit) / 2)
    because = f"scaled to {scale:.1%}: the ink ({_mm(_extent(ink))}) is larger than {media.short}"
    return _placement(page, media, resolution, turn, scale, offset, because)


def _best(choices: list[tuple[float, Rotation]]) -> tuple[float, Rotation]:
    """The first choice unless a later one is distinctly larger."""
    best = choices[0]
    for choice in choices[1:]:
        if choice[0] > best[0] * _WORTH_TURNING:
            best = choice
    return best


def _ratio(size: Size, media: Media, turn: Rotation) -> float:
    width, height = _turned_size(size, turn)
    return min(media.width / max(width, 1.0), media.length / max(height, 1.0))


def _placement(
    page: Size,
    media: Media,
    resolution: Resolution,
    turn: Rotation,
    scale: float,
    offset: tuple[int, int],
    because: str,
) -> Placement:
    unit = float(resolution.dots_per_mm) / 100 * scale
    dots, (width, height) = resolution.size(media), _turned_size(page, turn)
    seen = (
        max(0.0, -offset[0] / unit),
        max(0.0, -offset[1] / unit),
        min(width, (dots[0] - offset[0]) / unit),
        min(height, (dots[1] - offset[1]) / unit),
    )
    back: Rotation = {0: 0, 90: 270, 180: 180, 270: 90}[turn]  # type: ignore[assignment]  # closed over Rotation
    if turn:
        because = f"turned by {turn} degrees, {because}"
    return Placement(turn, scale, *offset, _turned_box(seen, (width, height), back), because)


def _turned_size(size: Size, turn: Rotation) -> Size:
    return size if turn in (0, 180) else (size[1], size[0])


def _turned_box(box: Box, size: Size, turn: Rotation) -> Box:
    """Where `box` of a page of `size` lies once the page is turned clockwise."""
    left, top, right, bottom = box
    width, height = size
    if turn == 90:
        return height - bottom, left, height - top, right
    if turn == 180:
        return width - right, height - bottom, width - left, height - top
    if turn == 270:
        return top, width - right, bottom, width - left
    return box


def _extent(box: Box) -> Size:
    return box[2] - box[0], box[3] - box[1]


def _mm(size: Size) -> str:
    return f"{size[0] / 100:.1f} x {size[1] / 100:.1f} mm"
