"""What became of a barcode on its way from the source to the dots."""

from dataclasses import dataclass
from typing import Literal

from .quality import Quality
from .reading import Symbol

#: `scans`: read from the dots with the source's text. `lost`: not. `unverified`: present, and unreadable in the
#: source too, as some MaxiCodes are.
Status = Literal["scans", "lost", "unverified"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One barcode: where it is on the dots, whether it scans from them, and what was done for it.

    `quality` is how well it sits on the dots, where that was measured: of linear symbols that scan. `sampler` says
    how its dots were chosen, where not like the rest of the label; `repaired` that its bars were drawn anew on
    whole dots, and how. `note` is what else a technician should know of it, in words.
    """

    symbol: Symbol
    status: Status
    quality: Quality | None = None
    sampler: str = ""
    repaired: str = ""
    note: str = ""
