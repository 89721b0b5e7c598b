"""What a hand scanner or a person may mean by a number. Pure."""

import re

from .. import normal

#: AIM symbology identifier that some scanners send ahead, e.g. `]C1` for GS1-128
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
#: a USPS barcode: 420, ZIP or ZIP+4, then the tracking number (Publication 199, IMpb)
_IMPB = re.compile(r"^420(?:\d{5}|\d{9})(9\d{19,25})$")


def meanings(text: str) -> tuple[str, ...]:
    """The exact numbers to look for, likeliest first; empty for blank text."""
    typed = text.strip()
    scanned = re.sub(r"[\s\x00-\x1f]", "", _AIM.sub("", typed))
    found = [typed, scanned]
    # both lengths of ZIP are tried: 420 + ZIP+4 + 22 digits also reads as 420 + ZIP + 26 digits
    if _IMPB.match(scanned):
        found += [scanned[12:], scanned[8:]]
    # as numbers are kept
    found += [normal.tracking_number(typed), normal.number(typed)]
    return tuple(dict.fromkeys(number for number in found if number))
