"""Where tests, benchmarks and the fuzzer enter the ZPL renderer: the one place to change when its door does."""

from importlib.util import find_spec

from labeld.renderers.bitmap import Bitmap
from labeld.renderers.media import Resolution
from labeld.renderers.zpl import picture

#: For which ZPL is written that says nothing else: 8 dots/mm.
DESIGN = Resolution(203)
#: Whether text and barcodes are drawn, and for heads of other resolutions; without, there is little to score.
INTERPRETS = find_spec("labeld.renderers.zpl.interpreter") is not None


def labels(zpl: bytes, width: int, height: int, dpi: int = DESIGN.dpi) -> list[Bitmap]:
    """Each label that `zpl`, which is made for 8 dots/mm, prints on `width` x `height` dots of a `dpi` head.

    Raises:
        RenderError: it cannot be drawn.
        NotImplementedError: not for a head of this resolution.
    """
    if dpi != DESIGN.dpi:
        raise NotImplementedError(f"drawn for {DESIGN.dpi} dpi only, not {dpi}")
    return [drawn.bitmap for drawn in picture.draw(zpl, width, height)]
