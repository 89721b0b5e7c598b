"""One-bit pictures in the printer's dots."""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import AssetRefused
from .media import Resolution
from .packing import zlib_packed

#: More dots than any label needs (4x6in at 1200 dpi has 35 million); bounds memory against hostile sizes.
MAX_DOTS = 100_000_000

Rotation = Literal[0, 90, 180, 270]


@dataclass(frozen=True, slots=True, eq=False)
class Bitmap:
    """`width` x `height` dots; `rows` has shape (height, ceil(width / 8)), packed MSB first, 1 = black.

    The padding bits at the end of each row are 0, so equal pictures have equal bytes. Two bitmaps are
    equal when their dots are.
    """

    width: int
    height: int
    rows: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or self.width * self.height > MAX_DOTS:
            raise ValueError(f"a bitmap of {self.width}x{self.height} dots cannot be made")
        if self.rows.dtype != np.uint8 or self.rows.shape != (self.height, -(-self.width // 8)):
            raise ValueError(f"rows {self.rows.dtype}{self.rows.shape} do not hold {self.width}x{self.height} dots")
        rows = self.rows
        padding = 0xFF >> (self.width % 8) if self.width % 8 else 0
        if padding and np.any(rows[:, -1] & padding):
            rows = rows.copy()
            rows[:, -1] &= 0xFF ^ padding
        rows = rows.view()
        rows.flags.writeable = False
        object.__setattr__(self, "rows", rows)

    @classmethod
    def blank(cls, width: int, height: int) -> Self:
        """White paper of `width` x `height` dots."""
        if width < 1 or height < 1 or width * height > MAX_DOTS:
            raise ValueError(f"a bitmap of {width}x{height} dots cannot be made")
        return cls(width, height, np.zeros((height, -(-width // 8)), np.uint8))

    @classmethod
    def from_bits(cls, bits: NDArray[np.bool_]) -> Self:
        """Pack an array of shape (height, width) in which True is black."""
        height, width = bits.shape
        return cls(width, height, np.packbits(bits, axis=1))

    @classmethod
    def from_grey(cls, grey: NDArray[np.uint8], threshold: int = 128) -> Self:
        """Pack a grey picture of shape (height, width): values below `threshold` become black."""
        return cls.from_bits(grey < threshold)

    @classmethod
    def from_png(cls, data: bytes, threshold: int = 128) -> Self:
        """Read a PNG file as dots, one per pixel; transparent parts are white.

        Raises:
            AssetRefused: the bytes are no PNG, are damaged, or hold more than `MAX_DOTS` pixels.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
                picture = Image.open(io.BytesIO(data), formats=["PNG"])
            if picture.width * picture.height > MAX_DOTS:
                raise AssetRefused(f"the PNG has {picture.width}x{picture.height} pixels: too many")
            if picture.mode not in ("1", "L"):
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture.convert("RGBA"))  # type: ignore[assignment]
            return cls.from_grey(np.asarray(picture.convert("L")), threshold)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
            raise AssetRefused(f"the PNG cannot be read: {exc}") from exc

    def bits(self) -> NDArray[np.bool_]:
        """A fresh array of shape (height, width) in which True is black."""
        return np.unpackbits(self.rows, axis=1, count=self.width).view(np.bool_)

    def grey(self) -> NDArray[np.uint8]:
        """A fresh array of shape (height, width): 0 is black, 255 is white."""
        return np.where(self.bits(), np.uint8(0), np.uint8(255))

    def rotated(self, degrees: Rotation) -> "Bitmap":
        """The picture turned clockwise."""
        if degrees == 0:
            return self
        return Bitmap.from_bits(np.rot90(self.bits(), -(degrees // 90)))

    def pasted_on(self, width: int, height: int, x: int, y: int) -> "Bitmap":
        """White paper of `width` x `height` with this picture's top left corner at (x, y), clipped at the edges."""
        canvas = np.zeros((height, width), np.bool_)
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + self.width, width), min(y + self.height, height)
        if left < right and top < bottom:
            canvas[top:bottom, left:right] = self.bits()[top - y : bottom - y, left - x : right - x]
        return Bitmap.from_bits(canvas)

    def crop(self, left: int, top: int, right: int, bottom: int) -> "Bitmap":
        """The part between the edges, `right` and `bottom` exclusive.

        Raises:
            ValueError: the part is empty or reaches beyond the picture.
        """
        if not (0 <= left < right <= self.width and 0 <= top < bottom <= self.height):
            raise ValueError(f"({left}, {top}, {right}, {bottom}) is no part of {self.width}x{self.height} dots")
        return Bitmap.from_bits(self.bits()[top:bottom, left:right])

    def ink_box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the black dots, the last two exclusive; None for white paper."""
        lines = np.flatnonzero(self.rows.any(axis=1))
        if not lines.size:
            return None
        columns = np.flatnonzero(np.unpackbits(np.bitwise_or.reduce(self.rows, axis=0)))
        return int(columns[0]), int(lines[0]), int(columns[-1]) + 1, int(lines[-1]) + 1

    def to_image(self) -> Image.Image:
        """The picture as a Pillow image of mode `1`."""
        return Image.frombytes("1", (self.width, self.height), self.rows.tobytes(), "raw", "1;I")

    def to_png(self, resolution: Resolution) -> bytes:
        """A 1-bit grey PNG file (ISO/IEC 15948) that states its physical size (pHYs)."""
        lines = np.zeros((self.height, 1 + self.rows.shape[1]), np.uint8)  # each begins with its filter: none
        np.invert(self.rows, out=lines[:, 1:])
        per_metre = round(resolution.dots_per_mm * 1000)
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
            for name, content in (
                (b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 1, 0, 0, 0, 0)),
                (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
                (b"IDAT", zlib_packed(lines.tobytes())),
                (b"IEND", b""),
            )
        )

    def digest(self) -> str:
        """SHA-256 in hex of the size and the dots: what makes two labels the same paper."""
        head = f"{self.width}x{self.height}:".encode("ascii")
        return hashlib.sha256(head + self.rows.tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bitmap):
            return NotImplemented
        return (self.width, self.height) == (other.width, other.height) and bool(np.array_equal(self.rows, other.rows))

    def __hash__(self) -> int:
        return hash((self.width, self.height, self.rows.tobytes()))

    def __repr__(self) -> str:
        return f"Bitmap({self.width}x{self.height}, {self.digest()[:12]})"
