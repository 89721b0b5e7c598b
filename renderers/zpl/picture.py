"""ZPL as dots, label by label: what the simulated printer puts on paper and the status page shows."""

from typing import NamedTuple

from ..bitmap import Bitmap
from ..media import Resolution
from .interpreter import interpret
from .raster import rasterise


class Picture(NamedTuple):
    """One printed label: its dots, and what is missing on it in words (empty: the picture is whole)."""

    bitmap: Bitmap
    undrawn: tuple[str, ...]


def draw(zpl: bytes, width: int, height: int, resolution: Resolution = Resolution(203)) -> list[Picture]:  # noqa: B008  # a frozen value
    """Draw the labels of `zpl` on paper of `width` x `height` dots, as a printer of `resolution` does.

    A format is drawn once, whatever its `^PQ`, unless its fields count. A `^PW` narrower than the paper is centred.

    Raises:
        AssetRefused: the ZPL cannot be split, a graphic is damaged, or there is too much to draw.
    """
    return [
        Picture(rasterise(label.scene), tuple(one.message for one in label.findings if one.severity == "error"))
        for label in interpret(zpl, (width, height), resolution, resolution)
    ]
