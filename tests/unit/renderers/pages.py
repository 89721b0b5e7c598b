"""Pages larger than their labels, in the manner of carriers and marketplaces: made on the spot, with what is true."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from labeld.renderers import pdf
from labeld.renderers.image import ink_box
from labeld.renderers.media import Resolution
from labeld.renderers.placement import Box, at_own_size

from . import paper

A4, LETTER, A5 = (210.0, 297.0), (215.9, 279.4), (148.0, 210.0)
#: 8 and about 4 pixels to the millimetre
FINE, COARSE = Resolution(203), Resolution(102)
PROSE = (
    "Fold this page along the line and place the label in a pouch so that the barcode can be read. Do not tape over "
    "the barcode. Keep the lower part as your receipt. The carrier accepts parcels until the evening of the day "
    "that is printed on the label. Each label is valid once and may not be copied or used again for another parcel."
)
WORDS = PROSE.split()


@dataclass(frozen=True, slots=True)
class Label:
    """A label of `width` x `height` mm with its corner at (x, y), turned clockwise by `turn` within that box."""

    x: float
    y: float
    width: float
    height: float
    manner: str = "framed"
    turn: int = 0
    seed: int = 1


@dataclass(slots=True)
class Pen:
    """Draws in millimetres from the top left corner, and notes where barcodes are."""

    canvas: Canvas
    size: tuple[float, float]
    symbols: list[Box] = field(default_factory=list)
    _turn: tuple[float, float, float, float, int] | None = None

    def text(self, x: float, y: float, words: str, points: float = 9) -> None:
        self.canvas.setFont("Helvetica", points)
        self.canvas.drawString(x * mm, (self.size[1] - y) * mm, words)

    def rule(self, x1: float, y1: float, x2: float, y2: float, points: float = 0.8, dash: Sequence[float] = ()) -> None:
        self.canvas.saveState()
        self.canvas.setLineWidth(points)
        if dash:
            self.canvas.setDash([length * mm for length in dash])
        self.canvas.line(x1 * mm, (self.size[1] - y1) * mm, x2 * mm, (self.size[1] - y2) * mm)
        self.canvas.restoreState()

    def box(self, x: float, y: float, width: float, height: float, points: float = 0.8, grey: float = 1) -> None:
        self.canvas.saveState()
        self.canvas.setLineWidth(points)
        self.canvas.setFillGray(grey)
        fill = int(grey < 1)
        self.canvas.rect(
            x * mm, (self.size[1] - y - height) * mm, width * mm, height * mm, stroke=points > 0, fill=fill
        )
        self.canvas.restoreState()

    def bars(self, x: float, y: float, width: float, height: float, random: Random) -> None:
        """Bars like a barcode's, from edge to edge."""
        place, self_end = x, x + width
        while place < self_end - 1:
            wide = random.choice((0.4, 0.8, 1.2))
            self.canvas.rect(place * mm, (self.size[1] - y - height) * mm, wide * mm, height * mm, stroke=0, fill=1)
            place += wide + random.choice((0.4, 0.8, 1.2))
        self.canvas.rect(
            (self_end - 0.4) * mm, (self.size[1] - y - height) * mm, 0.4 * mm, height * mm, stroke=0, fill=1
        )
        self.symbols.append(self._placed((x * 100, y * 100, self_end * 100, (y + height) * 100)))

    def prose(self, x: float, y: float, width: float, lines: int, random: Random, points: float = 9) -> float:
        """Lines of words, ragged on the right; gives where the next block may start."""
        step = points * 0.45
        for line in range(lines):
            start = random.randrange(len(WORDS))
            words = " ".join((WORDS * 3)[start : start + 60])
            share = random.uniform(0.4, 0.95) if line == lines - 1 else random.uniform(0.85, 1)
            while self.canvas.stringWidth(words, "Helvetica", points) > width * mm * share:
                words = words[:-1]
            self.text(x, y + step * (line + 0.8), words, points)
        return y + step * lines

    @contextmanager
    def turned(self, x: float, y: float, width: float, height: float, turn: int) -> Iterator[tuple[float, float]]:
        """Draw in a box turned clockwise; gives its width and height before turning, its corner is then (0, 0)."""
        wide, high = (width, height) if turn in (0, 180) else (height, width)
        before = self.size
        self.canvas.saveState()
        self.canvas.translate((x + width / 2) * mm, (before[1] - y - height / 2) * mm)
        self.canvas.rotate(-turn)
        self.canvas.translate(-wide / 2 * mm, -high / 2 * mm)
        self.size, self._turn = (wide, high), (x * 100, y * 100, width * 100, height * 100, turn)
        yield wide, high
        self.size, self._turn = before, None
        self.canvas.restoreState()

    def _placed(self, box: Box) -> Box:
        if self._turn is None:
            return box
        x, y, width, height, turn = self._turn
        left, top, right, bottom = box
        if turn == 90:
            left, top, right, bottom = width - bottom, left, width - top, right
        elif turn == 180:
            left, top, right, bottom = width - right, height - bottom, width - left, height - top
        elif turn == 270:
            left, top, right, bottom = top, height - right, bottom, height - left
        return x + left, y + top, x + right, y + bottom


def draw_label(pen: Pen, label: Label) -> None:
    """A shipping label: address, barcode, and between them what its manner says.

    `framed`: a frame and rules; `ruled`: rules from side to side; `loose`: white between the parts;
    `panel`: on a light tint.
    """
    random = Random(label.seed)  # noqa: S311  # layouts, not secrets
    with pen.turned(label.x, label.y, label.width, label.height, label.turn) as (width, height):
        low = 0.25 * height if height > width else 0.35 * height
        if label.manner == "panel":
            pen.box(0, 0, width, height, points=0, grey=0.93)
        if label.manner == "framed":
            pen.box(0.2, 0.2, width - 0.4, height - 0.4)
        if label.manner != "loose":
            pen.rule(0, low * 0.5, width, low * 0.5, 1.5)
            pen.rule(0, height * 0.55, width, height * 0.55, 1.5)
        inset = 0.0 if label.manner in ("loose", "ruled") else 4.0
        pen.text(max(inset, 0.5), 7, "CARRIER EXPRESS", 16)
        pen.text(width - inset - 22, 6, "1 of 1  2 kg", 10)
        for line, words in enumerate(("Jane Doe", "12 Market Street", "Suite 4", "Springfield 12345")):
            pen.text(inset + 4, height * 0.3 + line * 5, words, 11)
        pen.text(inset, height * 0.6 + 2, "TRACKING", 9)
        pen.bars(inset, height * 0.65, width - 2 * inset, height * 0.2, random)
        pen.text(width / 2 - 25, height * 0.85 + 5, "1Z 999 AA1 01 2345 6784", 10)
        if label.manner == "loose":
            pen.text(0, height - 0.8, "Reference 42", 8)
            pen.box(width - 9.2, 0.2, 9, 9)
        elif label.manner == "ruled":
            pen.rule(0, 0.3, width, 0.3)
            pen.rule(0, height - 0.3, width, height - 0.3)


@dataclass(frozen=True, slots=True)
class Scene:
    """A page: its size in mm, the labels on it, and what else is drawn."""

    size: tuple[float, float]
    labels: tuple[Label, ...]
    rest: Callable[[Pen], None] = lambda pen: None
    tint: float = 1.0

    def page(self, resolution: Resolution = FINE) -> tuple[NDArray[np.uint8], float, list[Box], list[Box]]:
        """The page in grey, its pixels per mm, its barcodes, and the ink boxes of its labels in 1/100 mm."""
        symbols: list[Box] = []

        def whole(canvas: Canvas) -> None:
            pen = Pen(canvas, self.size)
            if self.tint < 1:
                pen.box(0, 0, *self.size, points=0, grey=self.tint)
            for label in self.labels:
                draw_label(pen, label)
            self.rest(pen)
            symbols.extend(pen.symbols)

        def alone(label: Label) -> paper.Draw:
            return lambda canvas: draw_label(Pen(canvas, self.size), label)

        data = paper.pdf([whole, *(alone(label) for label in self.labels)], self.size)
        per_mm = float(resolution.dots_per_mm)
        pictures = [_drawn(data, number, resolution) for number in range(1, len(self.labels) + 2)]
        boxes = [ink_box(picture, (per_mm, per_mm)) for picture in pictures[1:]]
        return pictures[0], per_mm, symbols, [box for box in boxes if box is not None]


def _drawn(data: bytes, number: int, resolution: Resolution) -> NDArray[np.uint8]:
    with pdf.open_page(data, number) as sheet:
        placement, width, height = at_own_size(sheet.size, (0.0, 0.0, *sheet.size), resolution)
        return sheet.draw(placement, resolution, (0, 0, width, height))


def scissors(pen: Pen, x: float, y: float) -> None:
    """Two rings and two blades, 6 mm long, on a line at `y`."""
    for side in (-1, 1):
        pen.canvas.circle((x + 1) * mm, (pen.size[1] - y + side * 1.3) * mm, 1 * mm)
        pen.rule(x + 2, y - side * 1, x + 6, y + side * 0.8)


def cross(pen: Pen, x: float, y: float, arm: float = 4) -> None:
    """A cut cross."""
    pen.rule(x - arm, y, x + arm, y, 0.4)
    pen.rule(x, y - arm, x, y + arm, 0.4)
