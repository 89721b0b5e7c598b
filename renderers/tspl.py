"""Labels in TSPL, the language of TSC's printers and of most printers sold for shipping labels.

Source: TSC's "TSPL/TSPL2 Programming Language": SIZE, REFERENCE, CLS, BITMAP, PRINT, and "Document Conventions", by
which spaces are ignored. Nothing else is said: GAP, DENSITY, SPEED, DIRECTION, OFFSET, SHIFT and SET are the printer's
own business, some of them kept without power ("will be saved in printer memory", as of SET GAP), and some printers drop
a whole label for one command that they do not know.
"""

import math

from .bands import Language, nothing
from .media import Resolution

_LINE = b" " * 62 + b"\r\n"


def _begin(width: int, height: int, resolution: Resolution) -> bytes:
    """The size of the image, in which a smaller one left by others would cut the label; its origin; white paper."""
    sides = (_tenths(side, resolution) for side in (width, height))
    return nothing(_LINE, width) + b"SIZE %s mm,%s mm\r\nREFERENCE 0,0\r\nCLS\r\n" % tuple(sides)


def _tenths(dots: int, resolution: Resolution) -> bytes:
    """A length in mm, to the next tenth: never less than the dots."""
    whole, tenths = divmod(math.ceil(dots * 10 / resolution.dots_per_mm), 10)
    return b"%d.%d" % (whole, tenths)


#: Drawn by OR, as the drivers of TSC and others do; on cleared paper that is the same as overwriting it.
TSPL = Language("TSPL", _begin, b"BITMAP 0,%d,%d,%d,1,", b"\r\n", b"PRINT 1,%d\r\n")
