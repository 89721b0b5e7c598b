"""What a printer is told beside a label's dots, taken from a label as `write` writes it, its data left out."""

import re
from functools import lru_cache
from typing import Final

import numpy as np

from .asset import EPL, PDF, TSPL, ZPL
from .bitmap import Bitmap
from .media import Resolution
from .write import LANGUAGES, write
from .zpl.allowlist import DROPPED
from .zpl.graphic_field import Encoding
from .zpl.lexer import lex

#: What labels leave as it is in a printer: of ZPL, settings that labels of others lose (`allowlist.DROPPED`).
LEFT_ALONE: Final = {
    ZPL: tuple(
        f"{DROPPED[name]} ({name})" for name in ("^MD", "^PR", "^MN", "^MT", "^MM", "~TA", "^LT", "^ML", "~JS", "^JU")
    ),
    TSPL: ("GAP", "BLINE", "DENSITY", "SPEED", "DIRECTION", "OFFSET", "SHIFT", "SET"),
    EPL: (
        "label length and gap (Q)",
        "reference point (R)",
        "direction (Z)",
        "density (D)",
        "speed (S)",
        "options (O)",
    ),
    PDF: ("what the queue and its driver are set to: darkness, speed, media tracking",),
}
_DATA = "…"
_FIELDS_BEFORE_DATA = 4  # of ^GF
_SIDES = re.compile(rb"/MediaBox \[([0-9. ]+)\]")
_MM_PER_POINT = 25.4 / 72


@lru_cache(maxsize=64)  # a page that is looked at is drawn at each change
def said(document_format: str, width: int, height: int, resolution: Resolution, encoding: Encoding) -> tuple[str, ...]:
    """The commands of a label of `width` x `height` dots in order, one a line; for PDF, its page in words.

    Args:
        document_format: media type of what the printer is sent.
        width: in dots.
        height: in dots.
        resolution: of its head.
        encoding: of pictures in ZPL.
    """
    dots = np.zeros((height, width), np.bool_)
    dots[0, 0] = True
    payload = write([Bitmap.from_bits(dots)], document_format, resolution, encoding)
    if document_format == ZPL:
        return tuple(_command(payload[one.start : one.end], one.name) for one in lex(payload))
    if document_format == PDF:
        return (_page(payload, width, height),)
    language, row_bytes = LANGUAGES[document_format], -(-width // 8)
    lines = _bands(payload, language.band % (0, row_bytes, 1))
    return (*lines, (language.finish % 1).decode().strip())


def _command(text: bytes, name: str) -> str:
    if name != "^GF":
        return text.decode("latin-1").strip()
    *numbers, data = text.decode("latin-1").split(",", _FIELDS_BEFORE_DATA)
    encoded = data[: data.index(":", 1) + 1] if data.startswith(":") else ""
    return ",".join((*numbers, encoded + _DATA))


def _bands(payload: bytes, band: bytes) -> list[str]:
    """The lines of a label whose one band is `band`; what it begins with says nothing, and is counted."""
    before, _, _ = payload.partition(band)
    start = before.lstrip()
    lines = (start + band).decode().splitlines()
    blank = len(before) - len(start)
    return [f"{blank} bytes of blank lines", *lines[:-1], lines[-1] + _DATA]


def _page(payload: bytes, width: int, height: int) -> str:
    (sides,) = _SIDES.findall(payload)
    across, down = (float(side) * _MM_PER_POINT for side in sides.split()[2:])
    return f"a PDF page of {across:.1f} x {down:.1f} mm that holds {width} x {height} dots and nothing else"
