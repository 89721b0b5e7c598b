"""Carriers' tracking numbers, as barcodes hold them and as labels print them. Pure.

A number of no known shape is taken as it is: what it means is its carrier's business.
"""

import re
from dataclasses import dataclass

_NOT_ALNUM = re.compile(r"[^0-9A-Z]")
#: GS1-128 of USPS in brackets: `(420)` ZIP `(92)` rest (Publication 199, IMpb)
_IMPB_BRACKETS = re.compile(r"\(420\)(?:\d{5}|\d{9})\((9[1-5])\)(\d{18,24})")
#: the same without them, and where it has no ZIP
_IMPB, _PIC = re.compile(r"420(\d{5}|\d{9})(9[1-5]\d{18,24})"), re.compile(r"9[1-5]\d{18}(?:\d{2}|\d{6})?")
_UPS = re.compile(r"1Z[0-9A-Z]{16}")
#: FedEx: the last 14 of 34 digits, the last 15 of 22 that begin with 96
_FEDEX_34, _FEDEX_96 = re.compile(r"(?:10|96)\d{18}(\d{14})"), re.compile(r"96\d{5}(\d{15})")
#: J&T, and international post (UPU S10)
_OTHERS = re.compile(r"J[A-Z]{1,2}\d{10,13}|[A-Z]{2}\d{9}[A-Z]{2}")
#: TikTok's ids of orders and packages are as long, and begin like this
_OF_SHOP = re.compile(r"(?:5\d{17}|1[01]\d{17})")
_PRINTED = re.compile(
    r"\b(?:9[1-5]\d{2}(?:[ -]?\d{4}){4}(?:[ -]?\d{2})?|1Z(?:[ -]?[0-9A-Z]){16}|J[A-Z]{1,2}\d{10,13})\b", re.IGNORECASE
)
_AFTER_WORD = re.compile(
    r"\b(?:tracking|waybill|awb|trk)\s*(?:number|no|id|code)?\s*[.:#]*\s*([0-9A-Z](?:[ -]?[0-9A-Z]){7,39})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[0-9A-Z]{8,40}")


@dataclass(frozen=True, slots=True, order=True)
class Tracking:
    """A tracking number as a page shows it; the lower `rank` is, the surer it is one.

    0 is a carrier's in a barcode, 1 one that is only printed, 2 any other barcode's.
    """

    rank: int
    number: str
    carrier: str | None = None


def of_barcode(text: str) -> Tracking | None:
    """The tracking number in the text of a barcode, None where it can be none."""
    capitals = text.upper().strip()
    bare = _NOT_ALNUM.sub("", capitals)
    if brackets := _IMPB_BRACKETS.match(capitals):
        return Tracking(0, brackets[1] + brackets[2], "USPS")
    if found := _known(bare):
        return Tracking(0, *found)
    if not 8 <= len(bare) <= 40 or sum(map(str.isdigit, bare)) < 5 or _OF_SHOP.fullmatch(bare):
        return None
    return Tracking(2, bare)


def in_text(text: str) -> list[Tracking]:
    """The tracking numbers that are printed on a page, those after the word first."""
    said = [_NOT_ALNUM.sub("", found.upper()) for found in _AFTER_WORD.findall(text)]
    seen = [_NOT_ALNUM.sub("", found.upper()) for found in _PRINTED.findall(text)]
    numbers = dict.fromkeys(one for one in (*said, *seen) if sum(map(str.isdigit, one)) >= 5)
    found = [Tracking(1, *(_known(one) or (one, None))) for one in numbers]
    return [one for one in found if not _OF_SHOP.fullmatch(one.number)]


def mentions(text: str, most: int = 50) -> tuple[str, ...]:
    """Numbers of any kind on a page, by which pages of one parcel find each other."""
    found = (token for token in _TOKEN.findall(text.upper()) if sum(map(str.isdigit, token)) >= 6)
    return tuple(list(dict.fromkeys(found))[:most])


def _known(bare: str) -> tuple[str, str | None] | None:
    """The number and carrier of letters and digits of a known shape."""
    if pic := _pic(bare):
        return pic, "USPS"
    if _UPS.fullmatch(bare):
        return bare, "UPS"
    if fedex := _FEDEX_34.fullmatch(bare):
        return fedex[1].lstrip("0").rjust(12, "0"), "FedEx"
    if fedex := _FEDEX_96.fullmatch(bare):
        return fedex[1], "FedEx"
    return (bare, None) if _OTHERS.fullmatch(bare) else None


def _pic(bare: str) -> str | None:
    """USPS' number without 420 and ZIP; of two readings the one with a right check digit."""
    if _PIC.fullmatch(bare) and _checks(bare):
        return bare
    if not _IMPB.fullmatch(bare):
        return None
    readings = [rest for rest in (bare[8:], bare[12:]) if _PIC.fullmatch(rest)]
    return next((rest for rest in readings if _checks(rest)), readings[0] if readings else None)


def _checks(digits: str) -> bool:
    """Whether the last digit is the check digit (Publication 199, mod 10)."""
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits[:-1])))
    return (weighed + int(digits[-1])) % 10 == 0
