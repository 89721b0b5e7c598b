"""Label stock and print-head resolution: sizes in hundredths of a millimetre, PWG 5101.1 names."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from .errors import MediaError

_HMM_PER_INCH = 2540

#: PWG self-describing names of the stock that shops use, by the short form that people type.
_NAMES = {
    "4x6in": "na_index-4x6_4x6in",
    "a4": "iso_a4_210x297mm",
    "a5": "iso_a5_148x210mm",
    "a6": "iso_a6_105x148mm",
    "100x150mm": "om_small-photo_100x150mm",
    "letter": "na_letter_8.5x11in",
}
_SIZE = re.compile(r"(?:^|_)(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$")


@dataclass(frozen=True, slots=True)
class Media:
    """A label stock: PWG self-describing `name`, `width` across the head and `length` along the feed in 1/100 mm."""

    name: str
    width: int
    length: int

    @classmethod
    def parse(cls, text: str) -> "Media":
        """Read a PWG name (`na_index-4x6_4x6in`) or a short form (`4x6in`, `a6`, `100x150mm`).

        Raises:
            MediaError: the text is neither, or the size is beyond 5 to 2000 mm.
        """
        key = text.strip().lower()
        name = _NAMES.get(key, key)
        match = _SIZE.search(name)
        if match is None:
            raise MediaError(
                f"media {text!r} is not known: write a size such as 4x6in or 100x150mm, or one of {', '.join(_NAMES)}"
            )
        unit = _HMM_PER_INCH if match[3] == "in" else 100
        # halves go up: 101.625 mm are 813 dots of 1/8 mm, which must not become 812
        width, length = (int(Fraction(side) * unit + Fraction(1, 2)) for side in (match[1], match[2]))
        if not (500 <= width <= 200_000 and 500 <= length <= 200_000):
            raise MediaError(f"media {text!r} is outside 5 to 2000 mm")
        return cls(name if "_" in name else f"custom_{name}_{name}", width, length)

    def narrowed(self, width: int | None) -> "Media":
        """The stock as far as a head of `width` 1/100 mm reaches; itself where that is all of it."""
        return self if width is None or width >= self.width else Media(self.name, width, self.length)

    def whole_at(self, dpi: int) -> bool:
        """Whether both sides are whole numbers of dots at `dpi` dots to the inch."""
        return all(side * dpi % _HMM_PER_INCH == 0 for side in (self.width, self.length))

    def drawn_at(self, resolution: "Resolution") -> "Media":
        """The stock as far as programs fill it that take a nominal resolution at its word.

        CUPS has 203 dots to the inch, not 203.2: 4x6 in are 812x1218 dots to it, not 812x1219.
        """
        return Media(self.name, *(resolution.inches_filled(side) for side in (self.width, self.length)))

    @property
    def short(self) -> str:
        """The form people use: the size with its unit."""
        match = _SIZE.search(self.name)
        return self.name if match is None else f"{match[1]}x{match[2]}{match[3]}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Resolution:
    """A head's resolution by its nominal name; 203 is exactly 8 dots/mm, the others are dpi/25.4 dots/mm."""

    dpi: int

    def __post_init__(self) -> None:
        if not 100 <= self.dpi <= 1200:
            raise MediaError(f"resolution {self.dpi} dpi is outside 100 to 1200")

    @property
    def dots_per_mm(self) -> Fraction:
        """Dots per millimetre, exact."""
        return _per_mm(self.dpi)

    @property
    def dots_per_point(self) -> Fraction:
        """Dots per PDF point (1/72 inch), exact."""
        return _per_point(self.dpi)

    def dots(self, hmm: int) -> int:
        """Whole dots in a length of `hmm` hundredths of a millimetre."""
        numerator, denominator = self.dots_per_mm.as_integer_ratio()
        return numerator * hmm // (100 * denominator)

    def inches_filled(self, hmm: int) -> int:
        """The length, at most `hmm` and both in 1/100 mm, of as many dots as `hmm` has at `dpi` dots to the inch."""
        dots = hmm * self.dpi // _HMM_PER_INCH
        return min(hmm, int(-(-dots * 100 // self.dots_per_mm)))

    def size(self, media: Media) -> tuple[int, int]:
        """Width and height in dots of the bitmap that covers `media` (4x6in: 812x1219 at 203 dpi)."""
        return self.dots(media.width), self.dots(media.length)


@cache  # fractions are slow, and resolutions few
def _per_mm(dpi: int) -> Fraction:
    return Fraction(8) if dpi == 203 else Fraction(dpi * 10, 254)


@cache
def _per_point(dpi: int) -> Fraction:
    return _per_mm(dpi) * Fraction(254, 720)
