"""A label that shows whether a printer prints as it should: where it is on the stock, how fine, and what scans.

It is written as ZPL to be drawn by `zpl.picture`, so that any printer gets it as dots.
"""

import re
from collections.abc import Iterator, Sequence

from .media import Resolution

#: What its barcodes say.
BARCODE, QR_CODE = "LABELD TEST", "labeld test label: this square scans"
_MODULES = (1, 2, 3, 4)
_RULER_MM = 5
#: modules of the Code 128: a start, eleven letters, a check, and the stop with its two
_BARCODE_MODULES = 11 * (len(BARCODE) + 3) + 2
#: the QR code of so many bytes is version 3 at level M
_QR_MODULES = 29


def write(lines: Sequence[str], width: int, height: int, resolution: Resolution) -> bytes:
    """A test label for paper of `width` x `height` dots; what does not fit on it is left out.

    From the outside in: a frame in the outermost dots and a mark every 5 mm along each edge; `lines` for people, the
    first of them large; a Code 128 and a QR code; bars and gaps of 1, 2, 3 and 4 dots, upright and lying.
    """
    millimetre = float(resolution.dots_per_mm)
    margin, gap = round(4 * millimetre), round(2 * millimetre)
    parts = ["^XA^CI28", *_frame(width, height, millimetre)]
    at = margin
    room = width - 2 * margin
    for number, line in enumerate(lines):
        size = round((4.5 if number == 0 else 2.8) * millimetre)
        if at + size > height - margin:
            break
        # about as many letters as the line holds
        text = line[: max(int(room / (0.5 * size)), 1)]
        parts.append(f"^FO{margin},{at}^A0N,{size}^FH_^FD{_spelled(text)}^FS")
        at += round(size * 1.25)
    at += gap
    module = max(round(millimetre / 4), 1)
    left, below, quiet = margin, at, 10 * module
    for across, along, field in (
        (_BARCODE_MODULES * module, round(14 * millimetre), f"^BY{module}^BCN,{{along}},N,N,N,A^FD{BARCODE}^FS"),
        (_QR_MODULES * 2 * module, _QR_MODULES * 2 * module, f"^BQN,2,{2 * module}^FDMA,{QR_CODE}^FS"),
    ):
        if left > margin and left + across + 2 * quiet > width - margin:
            left, at = margin, below  # not beside the other one, but under it
        if left + across + 2 * quiet <= width - margin and at + along <= height - margin:
            parts.append(f"^FO{left + quiet},{at}{field.format(along=along)}")
            left, below = left + across + 2 * quiet, max(below, at + along + 2 * gap)
    at = below
    for upright in (True, False):
        side = round(6 * millimetre)
        if at + side > height - margin:
            break
        parts += _stripes(margin, at, side, width - margin, upright=upright)
        at += side + gap
    return "".join((*parts, "^XZ")).encode()


def _spelled(text: str) -> str:
    """Text as `^FH_` takes it: a printer's name for itself may hold anything."""
    return re.sub(rb"[^A-Za-z0-9 ]", lambda found: b"_%02X" % ord(found[0]), text.encode()).decode()


def _frame(width: int, height: int, millimetre: float) -> Iterator[str]:
    yield f"^FO0,0^GB{width},{height},2^FS"
    for mark in range(1, int(max(width, height) / millimetre / _RULER_MM) + 1):
        place = round(mark * _RULER_MM * millimetre)
        reach = round((2 if mark % 2 else 3) * millimetre)
        if place < width:
            yield f"^FO{place},0^GB1,{reach},1^FS^FO{place},{height - reach}^GB1,{reach},1^FS"
        if place < height:
            yield f"^FO0,{place}^GB{reach},1,1^FS^FO{width - reach},{place}^GB{reach},1,1^FS"


def _stripes(left: int, top: int, side: int, right: int, *, upright: bool) -> Iterator[str]:
    """A square of stripes for each module, as many as fit."""
    for module in _MODULES:
        if left + side > right:
            return
        for at in range(0, side - module + 1, 2 * module):
            if upright:
                yield f"^FO{left + at},{top}^GB{module},{side},{module}^FS"
            else:
                yield f"^FO{left},{top + at}^GB{side},{module},{module}^FS"
        left += side + side // 3
