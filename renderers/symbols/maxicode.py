"""MaxiCode: find it, measure it and read it; zxing-cpp itself reads only an upright, cropped one."""

from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat, BarcodeFormats, Binarizer

from ..bitmap import Rotation

_Floats = NDArray[np.float64]

#: The edges within the outermost ring, by its radius: 0.51, 1.18, 1.86, 2.53 and 3.20 of 3.87 mm (ISO/IEC 16023
#: section 4.11.4).
_EDGES = np.array([0.51, 1.18, 1.86, 2.53, 3.20]) / 3.87
#: How many of those must be left on each side where the picture's edge cuts the rings.
_FEWEST = 3
#: The middles of the three dark rings and of the two light ones between them, and the angles to look at.
_RINGS = np.array([0.218, 0.393, 0.567, 0.740, 0.913])
_RING_DARK = np.array([True, False, True, False, True])
_ANGLES = np.arange(32) * (2 * np.pi / 32)

#: Every how many lines a bullseye is looked for: its light centre, 1.02 mm, is 6 lines high at 150 dpi.
_STEP = 4
#: Widths in pixels, within the outermost ring, that are looked for: nominally 6.40 mm, at 130 and at 1200 dpi.
_SMALLEST, _LARGEST = 33, 303
#: Where the middle dark ring is above or below the centre, and where edges are counted, by the diameter.
_MIDDLE_RING = np.array([0.25, 0.28, 0.31])
_DOWNWARDS = np.linspace(-0.58, 0.58, 33)
#: How many MaxiCodes are looked for, and at how many places: far more than paper has, for hostile pictures.
_MOST_SYMBOLS, _MOST_PLACES = 16, 50_000

#: 33 lines of 30 modules, every second line half a module to the right and one module shorter.
_LINES, _COLUMNS = 33, 30
_LINE, _COLUMN = np.mgrid[0:_LINES, 0:_COLUMNS]
#: Modules and lines from the centre of the bullseye, which is module 14 of line 16 (ISO/IEC 16023 section 4.2.1.1).
_ACROSS = _COLUMN - 14 + 0.5 * (_LINE & 1)
_DOWN = _LINE - 16.0
#: Modules clear of the bullseye, but for the last of the longer lines: nothing is opposite to it.
_OUTSIDE = (np.hypot(_ACROSS, _DOWN * 0.866) > 5.6) & (_ACROSS <= 14)
#: The six groups of three modules that tell which way is up (ISO/IEC 16023): line, module, dark.
_ORIENTATION = np.array(
    [
        *((9, 10, 1), (9, 11, 1), (10, 11, 1), (9, 17, 0), (10, 17, 0), (10, 18, 0)),
        *((15, 7, 1), (16, 7, 0), (16, 8, 1), (16, 20, 1), (16, 21, 0), (17, 20, 1)),
        *((22, 10, 1), (22, 11, 0), (23, 10, 1), (22, 17, 1), (23, 16, 0), (23, 17, 1)),
    ]
)
#: How many of those 18 must agree: white paper around a target agrees in 7.
_AGREEING = 12
#: Which turns a lattice with lines across, and one with lines down, can have.
_TURNS: tuple[tuple[bool, tuple[Rotation, Rotation]], ...] = ((True, (0, 180)), (False, (90, 270)))
#: Radius of the bullseye in modules, and lines by modules, that are tried: nominally 4.40 and 0.87. Where a module is
#: whole dots, drawings differ: Labelary's at 203 dpi has 4.19 and 6/7, zint's smallest 4.7 and 4/5.
_RADII = np.linspace(3.9, 5.0, 12)
_HEIGHTS = (0.82, 0.85, 0.88, 0.91)
#: Pixels per module of the picture that zxing is given.
_SCALE = 4


@dataclass(frozen=True, slots=True)
class Bullseye:
    """A MaxiCode's finder: centre (x, y) in pixels, `radius` of its outermost dark ring in pixels."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Found:
    """A MaxiCode: its `text`, None when it is there but cannot be read; its box; how it is turned.

    `position` is left, top, right, bottom in pixels, beyond the picture when the symbol leaves it; `turn`
    is in degrees clockwise, a guess when the text is None. In `text`, control characters are written the
    way zxing writes them for people: `␝` for GS, `␞` for RS and `␄` for EOT in an ISO 15434 message.
    """

    text: str | None
    position: tuple[int, int, int, int]
    turn: Rotation


def locate(pixels: NDArray[np.uint8]) -> tuple[Bullseye, ...]:
    """Three dark rings around a light centre in the grey picture `pixels`, top to bottom.

    0 is black, values above 127 are white. Rings that the upper or lower edge cuts are found if little more
    than half of them is left; those that the left or right edge cuts are not.
    """
    found: list[Bullseye] = []
    for x, y, diameter in _candidates(pixels):
        if any(abs(x - other.x) + abs(y - other.y) < other.radius for other in found):
            continue
        bullseye = _measured(pixels, x, y, diameter)
        if bullseye is not None and _has_rings(pixels, bullseye):
            found.append(bullseye)
            if len(found) == _MOST_SYMBOLS:
                break
    return tuple(found)


def read(pixels: NDArray[np.uint8]) -> tuple[Found, ...]:
    """Every MaxiCode in the grey picture `pixels` (0 is black), read or not.

    One that reaches beyond the picture has no text, even if error correction could supply what is cut off.
    """
    symbols = (_symbol(pixels, bullseye) for bullseye in locate(pixels))
    return tuple(symbol for symbol in symbols if symbol is not None)


def _candidates(pixels: NDArray[np.uint8]) -> list[tuple[int, int, float]]:
    """Where a line crosses eleven runs as a bullseye's: x, y and the width over all."""
    height, width = pixels.shape
    first = _STEP // 2
    lines = -(-(height - first) // _STEP)
    if width < _SMALLEST or lines < 1:
        return []
    # a white pixel at both ends of each line: runs end with the line, so starts and ends alternate
    dark = np.zeros((lines, width + 2), np.bool_)
    np.less_equal(pixels[first::_STEP], 127, out=dark[:, 1:-1])
    flat = dark.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]).astype(np.int32)
    if edges.size < 12:
        return []
    starts, ends = edges[0::2].copy(), edges[1::2].copy()
    inks, gaps = ends - starts, starts[1:] - ends[:-1]
    # the outer ring may touch modules: four inks count whole, and the edges between the first and the sixth
    (thin, tight), (thick, wide) = _extremes(np.minimum, inks, gaps), _extremes(np.maximum, inks, gaps)
    left, right = ends[:-5], starts[5:]
    span, twice = right - left, left + right
    fits = (thick <= 2 * thin + 1) & (wide <= 2 * tight + 1) & (span >= _SMALLEST) & (span <= _LARGEST)
    fits &= np.abs(starts[3:-2] + ends[2:-3] - twice) <= (span >> 4)
    place = np.flatnonzero(fits)
    for near, far in ((1, 4), (2, 3)):
        place = place[np.abs(starts[place + near] + ends[place + far] - twice[place]) <= (span[place] >> 4)]
    place = place[2 * np.minimum(inks[place], inks[place + 5]) >= thin[place]]
    place = place[:_MOST_PLACES]
    line, x = np.divmod(twice[place] // 2, width + 2)
    x, y, diameter = np.minimum(x, width - 1), line * _STEP + first, span[place] / _EDGES[-1]

    def column(offsets: _Floats) -> NDArray[np.bool_]:
        rows = y[:, None] + (offsets * diameter[:, None]).astype(np.intp)
        ink: NDArray[np.bool_] = pixels[np.clip(rows, 0, height - 1), x[:, None]] <= 127
        return ink

    # up and down the pattern is the same: bars have no edges there at all, most letters too few
    crossed = column(_MIDDLE_RING).any(axis=1) | column(-_MIDDLE_RING).any(axis=1)
    x, y, diameter = x[crossed], y[crossed], diameter[crossed]
    down = column(_DOWNWARDS)
    changes = down[:, 1:] != down[:, :-1]
    half = changes.shape[1] // 2
    edges = np.minimum(changes[:, :half].sum(axis=1), changes[:, half:].sum(axis=1))
    whole = (y > 0.6 * diameter) & (y + 0.6 * diameter < height)
    crossed = edges >= np.where(whole, _EDGES.size, _FEWEST)
    return list(zip(x[crossed].tolist(), y[crossed].tolist(), diameter[crossed].tolist(), strict=True))


def _extremes(
    extreme: np.ufunc, inks: NDArray[np.int32], gaps: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The extreme of each six inks in a row but the outer two, and of the gaps between them but the middle one."""
    two = extreme(inks[:-1], inks[1:])
    beside = extreme(gaps[:-1], gaps[1:])
    return extreme(two[1:-3], two[3:-1]), extreme(beside[:-3], beside[3:])


def _measured(pixels: NDArray[np.uint8], x: int, y: int, diameter: float) -> Bullseye | None:
    """The bullseye around (x, y), by the edges that its centre's row and column cross; None without rings."""
    reach = int(diameter * 0.6)
    down = _edges(pixels[:, x], y, reach)
    if down is None:
        return None
    middle = float(down.mean())
    across = _edges(pixels[min(int(middle), pixels.shape[0] - 1)], x, reach)
    if across is None:
        return None
    high, wide = (float(((both[1] - both[0]) / _EDGES[: both.shape[1]])[1:].mean() / 2) for both in (down, across))
    if abs(high - wide) > 0.1 * wide + 1:
        return None
    return Bullseye(float(across.mean()), middle, (high + wide) / 2)


def _edges(line: NDArray[np.uint8], centre: int, reach: int) -> NDArray[np.intp] | None:
    """The five edges before and after `centre`, from it outwards: shape (2, 5).

    Fewer where the picture's edge cuts the rest off; None when there are too few.
    """
    low, high = max(centre - reach, 0), min(centre + reach, line.size)
    dark = line[low:high] <= 127
    edges = np.flatnonzero(dark[1:] != dark[:-1]) + (1 + low)
    split = int(np.searchsorted(edges, centre, side="right"))
    before, after = edges[:split][::-1], edges[split:]
    count = min(before.size, after.size, _EDGES.size)
    if count < (_FEWEST if low == 0 or high == line.size else _EDGES.size):
        return None
    return np.stack((before[:count], after[:count]))


def _has_rings(pixels: NDArray[np.uint8], bullseye: Bullseye) -> bool:
    """Whether the rings are rings all around, and round: not a frame, not letters."""
    height, width = pixels.shape
    x = np.floor(bullseye.x + bullseye.radius * _RINGS[:, None] * np.cos(_ANGLES)).astype(np.intp)
    y = np.floor(bullseye.y + bullseye.radius * _RINGS[:, None] * np.sin(_ANGLES)).astype(np.intp)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    dark = pixels[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] <= 127
    right = (dark == _RING_DARK[:, None]) & inside
    seen = inside.sum(axis=1)
    return bool((right.sum(axis=1) >= 0.8 * seen).all() and right.sum() >= 0.9 * inside.sum() and seen[-1] >= 16)


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Where modules lie: the bullseye's centre, the step from module to module, and from line to line."""

    centre: tuple[float, float]
    step: tuple[float, float]
    line: tuple[float, float]

    def reversed(self) -> "_Lattice":
        """The same, turned by 180 degrees."""
        (a, b), (c, d) = self.step, self.line
        return _Lattice(self.centre, (-a, -b), (-c, -d))

    def sampled(self, grey: NDArray[np.uint8], across: _Floats, down: _Floats) -> NDArray[np.uint8]:
        """The pixels `across` modules and `down` lines from the centre."""
        x = self.centre[0] + across * self.step[0] + down * self.line[0]
        y = self.centre[1] + across * self.step[1] + down * self.line[1]
        height, width = grey.shape
        return grey[np.clip(y, 0, height - 1).astype(np.intp), np.clip(x, 0, width - 1).astype(np.intp)]

    def box(self, corner: tuple[int, int]) -> tuple[int, int, int, int]:
        """The symbol without its quiet zone, in the picture whose pixel `corner` is pixel (0, 0) here."""
        # a hexagon is as high as 4/3 lines
        across, down = np.array([-14.5, 15.5]), np.array([-16 - 2 / 3, 16 + 2 / 3])
        x = self.centre[0] + corner[0] + across * self.step[0] + down * self.line[0]
        y = self.centre[1] + corner[1] + across * self.step[1] + down * self.line[1]
        return round(x.min()), round(y.min()), round(x.max()), round(y.max())


def _symbol(pixels: NDArray[np.uint8], bullseye: Bullseye) -> Found | None:
    """The MaxiCode around `bullseye`; None when nothing around it is like one."""
    grey, corner = _surroundings(pixels, bullseye)
    line, column, dark = _ORIENTATION.T
    candidates: list[tuple[int, _Lattice, Rotation, NDArray[np.bool_]]] = []
    for upright, turns in _TURNS:
        lattice = _fitted(grey, bullseye.x - corner[0], bullseye.y - corner[1], bullseye.radius, upright=upright)
        # the other way round it is the same lattice, read from its other end
        for turn, end in zip(turns, (lattice, lattice.reversed()), strict=True):
            values = end.sampled(grey, _ACROSS, _DOWN)
            # by the mean, not by 127: thin modules are never quite black
            modules = values < values[_OUTSIDE].mean()
            agreeing = int((modules[line, column] == dark).sum())
            candidates.append((agreeing, end, turn, modules))
    candidates.sort(key=lambda candidate: -candidate[0])
    agreeing, lattice, turn, _ = candidates[0]
    position = lattice.box(corner)
    if _within(position, pixels, slack=bullseye.radius / 8):
        for _, end, turned, modules in candidates:
            text = _decoded(modules)
            if text is not None:
                return Found(text, end.box(corner), turned)
    return Found(None, position, turn) if agreeing >= _AGREEING else None


def _surroundings(pixels: NDArray[np.uint8], bullseye: Bullseye) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The picture where the symbol must be, smoothed by half a module, and its corner; white beyond the edges."""
    reach = int(4.6 * bullseye.radius)
    left, top = int(bullseye.x) - reach, int(bullseye.y) - reach
    square = np.full((2 * reach, 2 * reach), 255, np.uint8)
    part = pixels[max(top, 0) : max(top + 2 * reach, 0), max(left, 0) : max(left + 2 * reach, 0)]
    square[max(-top, 0) : max(-top, 0) + part.shape[0], max(-left, 0) : max(-left, 0) + part.shape[1]] = part
    half = max(round(bullseye.radius * 0.05), 1)
    return _smoothed(_smoothed(square, half).T, half).T, (left, top)


def _smoothed(grey: NDArray[np.uint8], half: int) -> NDArray[np.uint8]:
    """Each pixel the mean of itself and of `half` ones above and below."""
    padded = np.pad(grey, ((half + 1, half), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0, dtype=np.int32)
    size = 2 * half + 1
    return ((sums[size:] - sums[:-size]) // size).astype(np.uint8)


def _fitted(grey: NDArray[np.uint8], x: float, y: float, radius: float, *, upright: bool) -> _Lattice:
    """The lattice around (x, y) whose modules are most clearly dark or light."""
    across, down = _ACROSS[_OUTSIDE], _DOWN[_OUTSIDE]

    def lattice(parameters: _Floats) -> _Lattice:
        step, line, right, below = parameters.tolist()
        centre = (x + right, y + below)
        return _Lattice(centre, (step, 0), (0, line)) if upright else _Lattice(centre, (0, step), (-line, 0))

    def clarity(parameters: _Floats) -> float:
        return float(lattice(parameters).sampled(grey, across, down).std())

    best = max((np.array([step, step * height, 0, 0]) for step in radius / _RADII for height in _HEIGHTS), key=clarity)
    clearest = clarity(best)
    for stride in radius * np.array([0.0025, 0.00125, 0.0006]):
        # over 16 modules a step that is a little too long is as wrong as a centre off by 16 times that
        for change in np.diag([stride, stride, 16 * stride, 16 * stride]):
            for changed in (change, -change):
                while (clear := clarity(best + changed)) > clearest:
                    best, clearest = best + changed, clear
    return lattice(best)


def _within(box: tuple[int, int, int, int], pixels: NDArray[np.uint8], slack: float) -> bool:
    height, width = pixels.shape
    return box[0] >= -slack and box[1] >= -slack and box[2] <= width + slack and box[3] <= height + slack


def _decoded(modules: NDArray[np.bool_]) -> str | None:
    """The text of a symbol's modules, shape (33, 30), True is dark; None when errors are too many."""
    lines = np.repeat(modules, _SCALE, axis=1)
    lines[1::2] = np.roll(lines[1::2], _SCALE // 2, axis=1)
    picture = np.repeat(lines, _SCALE, axis=0)
    # zxing takes the box around all ink as the symbol: a frame, between the places that it looks at
    picture[0], picture[-1], picture[:, 0], picture[:, -1] = True, True, True, True
    grey = np.where(np.pad(picture, _SCALE), np.uint8(0), np.uint8(255))
    barcodes = zxingcpp.read_barcodes(
        grey,
        formats=BarcodeFormats((BarcodeFormat.MaxiCode,)),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        binarizer=Binarizer.BoolCast,
        is_pure=True,
    )
    return (barcodes[0].text or None) if barcodes else None
