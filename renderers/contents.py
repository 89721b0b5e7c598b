"""What a document holds: the values that go in and out of `survey` and `merged`."""

from dataclasses import dataclass
from typing import Literal

from .tracking import Tracking

#: Pages of a file that is parted page by page, and never drawn as one.
MAX_MERGED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is said to be in a document.

    Attributes:
        label: the parcel's label; where it is not, every page as large as A4 is a document.
        slip: a packing slip, beside the label.
        numbers: those of orders and packages, which are the shop's own and no carrier's.
    """

    label: bool
    slip: bool = False
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageSurvey:
    """What page `number` (from 1) is; `words` go after "page 1 is".

    A `label` is for label stock, a `document` for paper, a `blank` page for neither; of a page in `doubt` nobody can be
    sure that it holds no label.
    """

    number: int
    kind: Literal["label", "document", "doubt", "blank"]
    words: str


@dataclass(frozen=True, slots=True)
class PageReading:
    """What page `number` (from 1) of a merged file shows.

    Attributes:
        kind: a `sheet` is as large as A4 or Letter and nothing on it looks like a carrier's; a `plain` page is smaller
            and has no bars; a page with bars is a `label`.
        slip: its text says that it is a packing slip.
        written: it has text, and is no scan.
        numbers: what may be its tracking number, likeliest first.
        mentions: numbers of any kind in its text.
        digest: of its picture; equal pages have equal ones.
    """

    number: int
    kind: Literal["label", "sheet", "plain", "blank"]
    slip: bool
    written: bool
    numbers: tuple[Tracking, ...]
    mentions: tuple[str, ...]
    digest: str
