"""Labels in EPL2, the page mode of Eltron's and older Zebra printers.

Source: Zebra's "EPL Programming Guide" 14245L: N, q, GW, P. Form length and gap (Q), reference point (R), direction
(Z), density (D), speed (S) and options (O) are the printer's own business.
"""

from .bands import Language, nothing
from .media import Resolution


def _begin(width: int, _height: int, _resolution: Resolution) -> bytes:
    """The width of the image, which others may have left narrower, and which centres it under the head; white paper.

    The width is a whole number of bytes, as a row of `GW` is. It clears the image too (`GW`, "Description"), so it
    goes first.
    """
    return nothing(b"\n", width) + b"q%d\nN\n" % (-(-width // 8) * 8)


EPL = Language("EPL2", _begin, b"GW0,%d,%d,%d,", b"\n", b"P%d\n")
