"""Where tests, benchmarks and the fuzzer enter the ZPL renderer: the one place to change when its door does."""

from dataclasses import replace

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.symbols import Verdict
from labeld.renderers.zpl.interpreter import interpret
from labeld.renderers.zpl.raster import rasterise
from labeld.renderers.zpl.scanning import verdicts
from labeld.renderers.zpl.scene import Boxes

#: For which ZPL is written that says nothing else: 8 dots/mm.
DESIGN = Resolution(203)
_READ = 10


def labels(zpl: bytes, width: int, height: int, dpi: int = DESIGN.dpi) -> list[Bitmap]:
    """Each label that `zpl`, which is made for 8 dots/mm, prints on `width` x `height` dots of a `dpi` head.

    Raises:
        RenderError: it cannot be drawn.
    """
    return [rasterise(label.scene) for label in interpret(zpl, (width, height), DESIGN, Resolution(dpi))]


def read(zpl: bytes, width: int, height: int, dpi: int = DESIGN.dpi) -> list[tuple[Bitmap, tuple[Verdict, ...]]]:
    """The same labels, and what becomes of the barcodes of the first ones.

    Raises:
        RenderError: it cannot be drawn.
    """
    found: list[tuple[Bitmap, tuple[Verdict, ...]]] = []
    for label in interpret(zpl, (width, height), DESIGN, Resolution(dpi)):
        bitmap = rasterise(label.scene)
        found.append((bitmap, verdicts(label.expected, bitmap, label.scene) if len(found) < _READ else ()))
    return found


def barcodes(zpl: bytes, width: int, height: int, dpi: int = DESIGN.dpi) -> list[Bitmap]:
    """The same labels with nothing but what barcode commands draw, without its text."""
    scenes = [label.scene for label in interpret(zpl, (width, height), DESIGN, Resolution(dpi))]
    return [
        rasterise(replace(scene, marks=tuple(mark for mark in scene.marks if isinstance(mark.shape, Boxes))))
        for scene in scenes
    ]
