"""A page as it lies on the stock, to be drawn whole or a closer look at a part of it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import placement
from .media import Resolution
from .placement import Placement
from .sheet import Sheet
from .symbols.regions import Window, grown


@dataclass(frozen=True, slots=True)
class Easel:
    """A page as it lies on the stock."""

    sheet: Sheet
    placed: Placement
    resolution: Resolution
    width: int
    height: int

    def draw(self, window: Window | None = None, fineness: float = 1.0) -> NDArray[np.uint8]:
        """Grey of a window of the stock; nothing but what the placement shows of the page."""
        window = window or (0, 0, self.width, self.height)
        grey = self.sheet.draw(self.placed, self.resolution, window, fineness)
        shown = placement.shown_window(self.placed, self.sheet.size, self.resolution)
        left, top = (max(round((shown[side] - window[side]) * fineness), 0) for side in (0, 1))
        right, bottom = (max(round((shown[side + 2] - window[side]) * fineness), 0) for side in (0, 1))
        for beyond in (grey[:top], grey[bottom:], grey[:, :left], grey[:, right:]):
            beyond[:] = 255
        return grey

    def dots(self, millimetres: float) -> int:
        """Whole dots that cover a length."""
        return math.ceil(millimetres * float(self.resolution.dots_per_mm))

    def grown(self, window: Window, millimetres: float) -> Window:
        """The window with a margin around it, within the stock."""
        return grown(window, self.dots(millimetres), self.width, self.height)
