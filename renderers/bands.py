"""Labels as bands of plain dots, for printers whose language takes pictures byte by byte: TSPL and EPL2.

Such a printer waits for the bytes of a picture that a broken connection cut off, and would take them from the label
that comes next. So a picture is sent in bands of at most `BAND_BYTES`, and a label begins with as many bytes that say
nothing: they end what was left open, and the label's own beginning clears it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .bitmap import Bitmap
from .errors import AssetRefused
from .media import Resolution

#: A row that is longer is a band for itself.
BAND_BYTES = 1024
_MOST_COPIES = 65_535


class Printed(NamedTuple):
    """A label's dots, and how many of it print."""

    bitmap: Bitmap
    copies: int


@dataclass(frozen=True, slots=True)
class Language:
    """How a label is said; in the data of a band 0 is black, whatever the language.

    Attributes:
        name: for people.
        begin: what stands before the bands, of width and height in dots and the resolution.
        band: with `%d` for its first row, its bytes in a row, and its rows; the data follow.
        end: what stands after the data.
        finish: with `%d` for the copies.
    """

    name: str
    begin: Callable[[int, int, Resolution], bytes]
    band: bytes
    end: bytes
    finish: bytes

    def encode(self, bitmap: Bitmap, resolution: Resolution, copies: int = 1) -> bytes:
        """A label; rows without ink are left out.

        Raises:
            ValueError: fewer than one copy, or more than 65535.
        """
        if not 1 <= copies <= _MOST_COPIES:
            raise ValueError(f"{copies} copies")
        row_bytes = bitmap.rows.shape[1]
        parts = [self.begin(bitmap.width, bitmap.height, resolution)]
        for top, bottom in _bands(bitmap):
            data = np.invert(bitmap.rows[top:bottom]).tobytes()
            parts += (self.band % (top, row_bytes, bottom - top), data, self.end)
        return b"".join((*parts, self.finish % copies))

    def decode(self, payload: bytes, width: int, height: int, resolution: Resolution) -> Iterator[Printed]:
        """The labels of a payload of `encode`, on paper of `width` x `height` dots, one at a time.

        Raises:
            AssetRefused: anything in it that `encode` would not have written.
        """
        begin = self.begin(width, height, resolution)
        band, finish = _pattern(self.band), _pattern(self.finish)
        at = 0
        while at < len(payload):
            start, at = at, at + len(begin)
            rows = np.zeros((height, -(-width // 8)), np.uint8)
            while found := band.match(payload, at):
                top, row_bytes, count = (int(number) for number in found.groups())
                size = row_bytes * count
                data = payload[found.end() : found.end() + size]
                if row_bytes != rows.shape[1] or top + count > height or len(data) != size:
                    raise self._refusal(at)
                rows[top : top + count] = np.invert(np.frombuffer(data, np.uint8)).reshape(count, row_bytes)
                at = found.end() + size + len(self.end)
            last = finish.match(payload, at)
            if last is None or not 1 <= int(last[1]) <= _MOST_COPIES:
                raise self._refusal(at)
            at = last.end()
            label = Printed(Bitmap(width, height, rows), int(last[1]))
            # what else there is to say of a label is said the same way each time
            if self.encode(label.bitmap, resolution, label.copies) != payload[start:at]:
                raise self._refusal(start)
            yield label

    def _refusal(self, at: int) -> AssetRefused:
        return AssetRefused(f"byte {at} is not {self.name} as labeld writes it")


def nothing(filler: bytes, width: int) -> bytes:
    """`filler`, which says nothing, for as long as a band of a label of `width` dots may be."""
    return filler * -(-max(BAND_BYTES, -(-width // 8)) // len(filler))


def _bands(bitmap: Bitmap) -> Iterator[tuple[int, int]]:
    """First and last row, the latter exclusive, of each band: rows with ink that follow each other."""
    most = max(1, BAND_BYTES // bitmap.rows.shape[1])
    inked = np.flatnonzero(bitmap.rows.any(axis=1))
    for run in np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1):
        for at in range(0, run.size, most):
            yield int(run[at]), int(run[min(at + most, run.size) - 1]) + 1


def _pattern(said: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(said).replace(b"%d", rb"([0-9]{1,9})"))
