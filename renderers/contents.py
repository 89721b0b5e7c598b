"""What a document holds: the values that go in and out of `survey`."""

from dataclasses import dataclass
from typing import Literal


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
