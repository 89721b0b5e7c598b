"""Labels on a page that is larger than the label stock: half a Letter page, a quarter of A4, four on one page.

White and cut lines divide the page into blocks; a label is the blocks that lie together, hold a barcode and
fit the stock. Whatever could as well be otherwise is not decided: no label is found then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from .blocks import Cluster, Paper, area, around, clusters, gap, inside, joined, of_one_width, overlap, stacked
from .cutlines import Cell, divide, divides, erase_crosses
from .media import Media
from .placement import Box, Size

#: Rounding that no ruler shows (1/100 mm), as in placement.
_SLACK = 15.0
#: Sizes that carriers make labels in (1/100 mm); the stock is one too.
_USUAL: tuple[Size, ...] = ((10160, 15240), (10500, 14800), (10000, 15000), (10160, 20320), (9900, 20000))
#: Ink fills this much of a label in both directions.
_FILL = 0.8
#: What does not lie together on this is not one label of any carrier (1/100 mm).
_LARGEST: Size = (10800, 20500)
#: Blocks nearer than this are read as one (1/100 mm).
_NEAR = 400.0
#: What is farther from a frame is not of the label in it (1/100 mm).
_BESIDE = 1000.0
#: White this much wider than any inside a label sets it apart.
_APART = 1.5
#: Blocks of one column nearer than this may be one label on longer stock (1/100 mm).
_BELOW = 1500.0
#: So many rules from side to side make a label of what is between them.
_RULES = 3
#: Smaller blocks are not labels of their own: least side of a framed one (1/100 mm), least share of the stock.
_FRAMED_SIDE, _FRAMED_SHARE, _SHARE = 6000.0, 0.35, 0.4
#: A label without a barcode covers this much of the stock.
_UNMARKED_SHARE = 0.6
#: A receipt is less than this share of the label, and its barcode less than that.
_RIVAL, _RIVAL_CODE = 0.6, 0.4
#: A page with more blocks is a document.
_MAX_BLOCKS = 300
#: Labels in columns and rows: how a page is divided, fine first.
_DIVISIONS = ((2, 5), (2, 4), (4, 2), (3, 3), (2, 3), (3, 2), (1, 4), (2, 2), (1, 3), (3, 1), (1, 2), (2, 1))


@dataclass(frozen=True, slots=True)
class Region:
    """A label on a page: its ink box in 1/100 mm from the page's top left corner, and why it was taken."""

    box: Box
    because: str
    #: ink that was judged not to be of the label
    left_out: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """Blocks that may be a label, in cell `cell`."""

    box: Box
    loose: float
    symbols: int
    framed: bool
    #: rules run along two opposite sides, or several from side to side
    ruled: bool
    cell: int


def find_labels(grey: NDArray[np.uint8], per_mm: float, symbols: Sequence[Box], media: Media) -> tuple[Region, ...]:
    """The labels on a page whose ink is larger than the stock, top to bottom and left to right; none when in doubt.

    `grey` is the page drawn at `per_mm` pixels to the millimetre (4 to 8), shape (height, width), 0 = black;
    `symbols` are the boxes in 1/100 mm of the barcodes read on it. Every region fits the stock at its own size,
    upright or turned, and its border crosses only white or a cut line.
    """
    paper = Paper(grey, per_mm)
    height, width = paper.grid.shape
    whole = paper.box((0, 0, width, height))
    if whole is None:
        return ()
    if _fits(whole, media, paper):
        return (Region(_trimmed(whole, media), "all ink of the page", ()),)
    crosses = erase_crosses(paper)
    cells, dropped = divide(paper, lambda box: _fits(box, media, paper), max(media.width, media.length))
    if not 0 < sum(len(cell.blocks) for cell in cells) <= _MAX_BLOCKS:
        return ()
    search = _Search(paper, media, symbols, cells)
    found = search.grid() or search.free()
    labels = _in_reading_order([label.box for label in found])
    if not all(_fits(box, media, paper) and paper.clear(box) for box in labels):
        return ()
    rest = [block for cell in cells for block in cell.blocks if not any(inside(block, box) for box in labels)]
    if any(overlap(one, two) for one, two in (*product(rest, labels), *combinations(labels, 2))):
        return ()
    left_out = (*rest, *dropped, *crosses)
    return tuple(
        Region(_trimmed(box, media), _because(box, labels, paper.size, bool(rest)), left_out) for box in labels
    )


class _Search:
    """The blocks of a page and the questions that are asked of them."""

    def __init__(self, paper: Paper, media: Media, symbols: Sequence[Box], cells: Sequence[Cell]) -> None:
        self.paper, self.media, self.symbols, self.cells = paper, media, symbols, cells
        self.marks = {
            block for cell in cells for block in cell.blocks if paper.mark(block) and self._on_a_division(block)
        }
        self.trees = [
            clusters(self._tied([block for block in cell.blocks if block not in self.marks])) for cell in cells
        ]

    def _tied(self, blocks: list[Box]) -> list[Box]:
        """The blocks, but those between rules of one length and one place as one: a label is drawn so."""
        rules = [(block, self.paper.ruled(block)) for block in blocks]
        for axis in (0, 1):
            for block in blocks:
                alike = [
                    other
                    for other, ruled in rules
                    if ruled[axis] and all(abs(other[side] - block[side]) <= 60 for side in (axis, axis + 2))
                ]
                if len(alike) > 1 and block in alike and _within(around(alike), _LARGEST):
                    blocks = joined(blocks, around(alike))
                    return self._tied(blocks)
        return blocks

    def grid(self) -> list[_Found]:
        """Labels in columns and rows of equal size, each with a barcode and nothing else on the page."""
        if len(self.symbols) < 2:
            return []
        blocks = [block for cell in self.cells for block in cell.blocks if block not in self.marks]
        for columns, rows in _DIVISIONS:
            groups: dict[tuple[int, int], list[Box]] = {}
            width, height = self.paper.size[0] / columns, self.paper.size[1] / rows
            for block in blocks:
                place = (int((block[0] + block[2]) / 2 // width), int((block[1] + block[3]) / 2 // height))
                groups.setdefault(place, []).append(block)
            boxes = [around(group) for group in groups.values()]
            if len(boxes) < 2 or not all(self._held(box) and _fits(box, self.media, self.paper) for box in boxes):
                continue
            found = [self._found(box, 0.0, -1) for box in boxes]
            if self._alike(found) and not any(overlap(one, two) for one, two in combinations(boxes, 2)):
                return found
        return []

    def free(self) -> list[_Found]:
        """Labels anywhere on the page, apart from everything else."""
        found = [label for index in range(len(self.cells)) for label in self._candidates(index)]
        if not self.symbols:
            return self._unmarked(found)
        marked = [label for label in found if label.symbols]
        good = marked if len(marked) > 1 and self._alike(marked) else self._likeliest(marked)
        if any(self._rivals(label, marked, good) or not self._alone(label, good) for label in good):
            return []
        return good

    def _likeliest(self, marked: Sequence[_Found]) -> list[_Found]:
        """Those of a usual size; else the only one in a frame; else the only large one."""
        good = [label for label in marked if self._usual(label)]
        for fits in (self._framed, self._large):
            if not good:
                good = [label for label in marked if fits(label)]
                good = good if len(good) == 1 else []
        return good

    def _rivals(self, label: _Found, marked: Sequence[_Found], good: Sequence[_Found]) -> bool:
        """Whether something else with a barcode may be a label too, and not a receipt or the number of an order."""
        others = [
            other for other in marked if other not in good and not any(inside(other.box, one.box) for one in good)
        ]
        unseen = (symbol for symbol in self.symbols if not any(inside(symbol, other.box, 100) for other in marked))
        code = max((*(self._code(other) for other in others), *map(area, unseen)), default=0.0)
        size = max((area(other.box) for other in others if self._like_a_label(other)), default=0.0)
        return size > _RIVAL * area(label.box) or code > _RIVAL_CODE * self._code(label)

    def _code(self, label: _Found) -> float:
        """The area of its largest barcode."""
        return max((area(symbol) for symbol in self.symbols if inside(symbol, label.box, 100)), default=0.0)

    def _unmarked(self, found: list[_Found]) -> list[_Found]:
        """The label of a page without barcodes, where the layout leaves no doubt."""
        sure = []
        for label in found:
            cell = self.cells[label.cell]
            if cell.bounded:
                alone = all(inside(block, label.box) or block in self.marks for block in cell.blocks)
                ruled = self.paper.rules(label.box) >= 2  # prose has none
                certain = alone and ruled and self._share(label) >= _UNMARKED_SHARE
            else:
                pieces = self._pieces(label.cell, label.box)
                alone = all(gap(piece, label.box) >= _BELOW for piece in pieces)
                certain = alone and label.framed and self._usual(label)
            if certain:
                sure.append(label)
        return sure if len(sure) == 1 else []

    def _candidates(self, index: int) -> Iterator[_Found]:
        """The largest clusters of a cell that fit the stock."""
        tree = self.trees[index]
        fitting = [_fits(cluster.box, self.media, self.paper) for cluster in tree]
        for cluster, fits in zip(tree, fitting, strict=True):
            largest = cluster.parent is None or not fitting[cluster.parent]
            if fits and largest and (self._held(cluster.box) or not self.symbols):
                yield self._extended(cluster, index)

    def _extended(self, cluster: Cluster, index: int) -> _Found:
        """The cluster with what else of its cell fits the stock together with it, unless it stands for itself."""
        found = self._found(cluster.box, cluster.loose, index)
        if not found.symbols:
            return found
        pieces = self._pieces(index, found.box)
        while pieces:
            near = min(pieces, key=lambda piece: (not of_one_width(piece, found.box), gap(piece, found.box)))
            space = gap(near, found.box)
            if not of_one_width(near, found.box):
                if found.framed and space > _BESIDE:
                    break
                if self._usual(found) and space > max(_APART * found.loose, 2 * _NEAR):
                    break
            both = around([found.box, near])
            hit = [piece for piece in pieces if overlap(piece, both)]
            both = around([found.box, *hit, near])
            pieces = [piece for piece in pieces if piece != near and piece not in hit]
            if _fits(both, self.media, self.paper) and not any(overlap(piece, both) for piece in pieces):
                found = self._found(both, max(found.loose, space), index)
        return found

    def _found(self, box: Box, loose: float, cell: int) -> _Found:
        sides = self.paper.sides(box)
        ruled = any(sides) or self.paper.rules(box) >= _RULES
        return _Found(box, loose, self._held(box), all(sides), ruled, cell)

    def _held(self, box: Box) -> int:
        return sum(inside(symbol, box, 100) for symbol in self.symbols)

    def _pieces(self, index: int, box: Box) -> list[Box]:
        """What else lies in a cell: blocks near each other as one."""
        tree = self.trees[index]
        pieces = [
            cluster.box for cluster in tree if cluster.loose <= _NEAR < cluster.apart and not inside(cluster.box, box)
        ]
        if any(overlap(piece, box) for piece in pieces):
            pieces = [cluster.box for cluster in tree if len(cluster.members) == 1 and not inside(cluster.box, box)]
        return pieces

    def _alone(self, label: _Found, labels: Sequence[_Found]) -> bool:
        """Whether nothing else in the label's cell may be a part of it."""
        rest = [
            piece
            for piece in self._pieces(label.cell, label.box)
            if not any(inside(piece, other.box) for other in labels)
        ]
        if label.framed and self._usual(label):
            return True
        if rest and _within(around([*rest, label.box]), _LARGEST):
            return False  # all may be one label on longer stock
        return all(self._apart(piece, label) for piece in rest)

    def _apart(self, piece: Box, label: _Found) -> bool:
        """Whether a piece is no part of a label: too far away, or of no use to it."""
        space = gap(piece, label.box)
        separate = not _within(around([piece, label.box]), _LARGEST)
        if not separate and of_one_width(piece, label.box):
            return False
        if not self._usual(label):
            lone = self.cells[label.cell].bounded and space > _APART * label.loose
            return space >= _BELOW and (label.framed or (label.ruled and separate) or lone)
        if not label.ruled:
            return space >= max(_APART * label.loose, _BELOW * (1 if self.cells[label.cell].bounded else 2))
        least = _NEAR
        if stacked(piece, label.box):
            least = 2 * _NEAR
        if any(inside(symbol, piece, 100) for symbol in self.symbols):
            least = 2 * _BELOW
        return separate or space >= max(_APART * label.loose, least)

    def _like_a_label(self, label: _Found) -> bool:
        return self._framed(label) or self._usual(label)

    def _framed(self, label: _Found) -> bool:
        """Whether it has a frame of its own and is not as small as a field of a form."""
        least = min(label.box[2] - label.box[0], label.box[3] - label.box[1])
        return label.framed and least >= _FRAMED_SIDE and self._share(label) >= _FRAMED_SHARE

    def _large(self, label: _Found) -> bool:
        return self._share(label) >= (0.3 if self.cells[label.cell].bounded else _SHARE)

    def _share(self, label: _Found) -> float:
        return area(label.box) / (self.media.width * self.media.length)

    def _usual(self, label: _Found) -> bool:
        """Whether the ink fills a label of a usual size, upright or turned."""
        short, long = sorted((label.box[2] - label.box[0], label.box[3] - label.box[1]))
        for size in (*_USUAL, (self.media.width, self.media.length)):
            narrow, high = sorted(size)
            if _FILL <= short / narrow <= 1.02 and _FILL <= long / high <= 1.02:
                return True
        return False

    def _alike(self, labels: Sequence[_Found]) -> bool:
        """Whether they are labels of one make: of one size, and each like a label or all drawn alike."""
        sides = np.array([(label.box[2] - label.box[0], label.box[3] - label.box[1]) for label in labels])
        if not all(_fits(label.box, self.media, self.paper) for label in labels):
            return False
        if ((sides.max(axis=0) - sides.min(axis=0)) > np.maximum(800, sides.max(axis=0) * 0.12)).any():
            return False
        if all(self._like_a_label(label) for label in labels):
            return True
        return self._share(labels[0]) >= 0.2 and all(self._drawn_alike(labels[0], label) for label in labels[1:])

    def _drawn_alike(self, one: _Found, two: _Found) -> bool:
        """Whether the ink of two boxes lies alike, to 2 mm."""
        pictures: list[NDArray[np.bool_]] = []
        side = round(2 * self.paper.per_mm)
        for box in (one.box, two.box):
            window = self.paper.pixels(box)
            tall, wide = (length // side for length in window.shape)
            cells = window[: tall * side, : wide * side].reshape(tall, side, wide, side)
            pictures.append(np.asarray(cells.any(axis=(1, 3))))
        tall, wide = (min(lengths) for lengths in zip(*(picture.shape for picture in pictures), strict=True))
        first, second = (picture[:tall, :wide] for picture in pictures)
        return bool((first & second).sum() >= 0.5 * (first | second).sum())

    def _on_a_division(self, box: Box) -> bool:
        """Whether a cut mark stands where pages are divided, or at the page's edge."""
        across, down = self.paper.size
        return (box[0] < 1200 or box[2] > across - 1200 or divides((box[0] + box[2]) / 2, across)) or (
            box[1] < 1200 or box[3] > down - 1200 or divides((box[1] + box[3]) / 2, down)
        )


def _fits(box: Box, media: Media, paper: Paper) -> bool:
    """Whether it fits the stock upright or turned; a hairline at its edge may be drawn a pixel too wide."""
    return _within(box, (media.width, media.length), _SLACK + 100 / paper.per_mm)


def _trimmed(box: Box, media: Media) -> Box:
    """The box without the part of a pixel by which it was drawn larger than the stock."""
    width, height = box[2] - box[0], box[3] - box[1]
    sizes = ((media.width + _SLACK, media.length + _SLACK), (media.length + _SLACK, media.width + _SLACK))
    wide, high = min(
        ((max(width - size[0], 0.0) / 2, max(height - size[1], 0.0) / 2) for size in sizes), key=lambda over: max(over)
    )
    return box[0] + wide, box[1] + high, box[2] - wide, box[3] - high


def _within(box: Box, size: Size, slack: float = _SLACK) -> bool:
    width, height = box[2] - box[0] - slack, box[3] - box[1] - slack
    return (width <= size[0] and height <= size[1]) or (width <= size[1] and height <= size[0])


def _in_reading_order(boxes: Sequence[Box]) -> list[Box]:
    """Rows from top to bottom, each from left to right: boxes whose middles lie beside each other are a row."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box[1], box[0])):
        middle = (box[1] + box[3]) / 2
        if rows and rows[-1][0][1] <= middle <= rows[-1][0][3]:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row)]


def _because(box: Box, labels: Sequence[Box], page: Size, rest: bool) -> str:
    if len(labels) > 1:
        where = f"one of {len(labels)} labels on the page"
    else:
        across = _part(box[0], box[2], page[0], ("left", "right"))
        down = _part(box[1], box[3], page[1], ("upper", "lower"))
        if across and down:
            where = f"the label in the {down} {across} quarter of the page"
        elif across or down:
            where = f"the label in the {across or down} half of the page"
        else:
            where = "the label on the page"
    return f"{where}; what lies apart from it is left off" if rest else where


def _part(start: float, end: float, side: float, names: tuple[str, str]) -> str:
    if end <= side / 2 + 300:
        return names[0]
    return names[1] if start >= side / 2 - 300 else ""
