"""Printers of other languages than ZPL, as their manuals describe them; nothing here comes from labeld's own code.

Bytes may come in any pieces, over any number of connections: what is open stays open.
"""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Dots = NDArray[np.bool_]


@dataclass
class Machine:
    """What is common: pictures of plain bytes in an image buffer, printed so many times.

    Attributes:
        width, height: of the image buffer in dots.
        labels: what was printed: black dots of shape (height, width), and how many times.
        strange: lines that are no command.
        settings: lines that set what a printer keeps.
    """

    dots_per_mm: float = 8.0
    width: int = 832
    height: int = 1200
    labels: list[tuple[Dots, int]] = field(default_factory=list)
    strange: list[bytes] = field(default_factory=list)
    settings: list[bytes] = field(default_factory=list)
    _image: Dots = field(default_factory=lambda: np.zeros((1200, 832), np.bool_))
    _waiting: bytes = b""

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._waiting += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Take one command, if it is there whole."""
        raise NotImplementedError

    def _take(self, size: int) -> bytes:
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken

    def clear(self) -> None:
        """White paper of the buffer's size."""
        self._image = np.zeros((self.height, self.width), np.bool_)

    def paint(self, x: int, y: int, row_bytes: int, data: bytes) -> None:
        """Black where a bit is 0, clipped at the buffer's edges."""
        black = np.unpackbits(np.frombuffer(data, np.uint8).reshape(-1, row_bytes), axis=1) == 0
        part = self._image[y : y + black.shape[0], x : x + black.shape[1]]
        part |= black[: part.shape[0], : part.shape[1]]


class TsplMachine(Machine):
    """TSPL: lines that end with CR LF, spaces ignored; BITMAP x,y,bytes,rows,mode,data with mode 1 = OR."""

    _BITMAP = re.compile(rb"BITMAP (\d+),(\d+),(\d+),(\d+),([012]),")

    def _step(self) -> bool:
        waiting = self._waiting
        if found := self._BITMAP.match(waiting):
            x, y, row_bytes, rows, mode = map(int, found.groups())
            size = found.end() + row_bytes * rows
            if len(waiting) < size:
                return False
            data = self._take(size)[found.end() :]
            assert mode == 1, "the other modes are not needed"
            self.paint(x, y, row_bytes, data)
            return True
        if b"\n" not in waiting:
            return False
        line = self._take(waiting.index(b"\n") + 1).strip()
        if found := re.fullmatch(rb"SIZE ([\d.]+) mm,([\d.]+) mm", line):
            # a tenth of a millimetre is given, so that the float must not fall below the whole dot
            self.width, self.height = (int(float(side) * self.dots_per_mm + 1e-9) for side in found.groups())
        elif line == b"CLS":
            self.clear()
        elif found := re.fullmatch(rb"PRINT (\d+),(\d+)", line):
            self.labels.append((self._image.copy(), int(found[1]) * int(found[2])))
        elif re.match(rb"(REFERENCE|DIRECTION|GAP|SPEED|DENSITY|SET|OFFSET|SHIFT)\b", line):
            self.settings.append(line)
        elif line:
            self.strange.append(line)
        return True


class EplMachine(Machine):
    """EPL2: lines that end with LF; GWx,y,bytes,rows, a comma or a line feed, then the data; q clears the image."""

    _GRAPHIC = re.compile(rb"GW(\d+),(\d+),(\d+),(\d+)[,\n]")

    def _step(self) -> bool:
        waiting = self._waiting
        if found := self._GRAPHIC.match(waiting):
            x, y, row_bytes, rows = map(int, found.groups())
            size = found.end() + row_bytes * rows
            if len(waiting) < size:
                return False
            self.paint(x, y, row_bytes, self._take(size)[found.end() :])
            return True
        if b"\n" not in waiting:
            return False
        line = self._take(waiting.index(b"\n") + 1).strip()
        if found := re.fullmatch(rb"q(\d+)", line):
            self.width = int(found[1])
            self.clear()
        elif line == b"N":
            self.clear()
        elif found := re.fullmatch(rb"P(\d+)", line):
            self.labels.append((self._image.copy(), int(found[1])))
        elif re.match(rb"[DSQRZO]", line):
            self.settings.append(line)
        elif line:
            self.strange.append(line)
        return True
