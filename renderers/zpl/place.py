"""Turning and placing a field: its own upright dots to the paper's (`^FO`, `^FT`, ZPL II guide)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..bitmap import Rotation


@dataclass(frozen=True, slots=True)
class Placed:
    """An upright box of `width` x `height` dots that is turned and laid with its top left corner at (x, y)."""

    x: float
    y: float
    width: float
    height: float
    turn: Rotation

    @classmethod
    def at(cls, x: float, y: float, width: float, height: float, turn: Rotation, *, typeset: bool) -> "Placed":
        """By `^FO` (x, y) is the top left corner of the turned box; `typeset` (`^FT`): its own bottom left corner."""
        if typeset:
            left, top = {
                0: (x, y - height),
                90: (x, y),
                180: (x - width, y),
                270: (x - height, y - width),
            }[turn]
            return cls(left, top, width, height, turn)
        return cls(x, y, width, height, turn)

    def point(self, across: float, down: float) -> tuple[float, float]:
        """Where a point of the upright box lies on the paper."""
        if self.turn == 0:
            return self.x + across, self.y + down
        if self.turn == 90:
            return self.x + self.height - down, self.y + across
        if self.turn == 180:
            return self.x + self.width - across, self.y + self.height - down
        return self.x + down, self.y + self.width - across

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom on the paper."""
        across, down = (self.width, self.height) if self.turn in (0, 180) else (self.height, self.width)
        return self.x, self.y, self.x + across, self.y + down


def turned(edges: NDArray[np.int32], width: int, height: int, turn: Rotation) -> NDArray[np.int32]:
    """Rectangles (left, top, right, bottom) of an upright box of `width` x `height` in the turned one."""
    if turn == 0 or not len(edges):
        return edges
    left, top, right, bottom = edges.T
    if turn == 90:
        columns = (height - bottom, left, height - top, right)
    elif turn == 180:
        columns = (width - right, height - bottom, width - left, height - top)
    else:
        columns = (top, width - right, bottom, width - left)
    return np.stack(columns, axis=1).astype(np.int32)
