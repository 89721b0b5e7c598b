"""Which pages of a merged file are one job: a parcel's label, its packing slip, a label without a number. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from ...renderers.contents import PageReading
from ...renderers.tracking import Tracking

ItemKind = Literal["label", "unnumbered", "slip"]


@dataclass(frozen=True, slots=True)
class Item:
    """Pages that are one job.

    Attributes:
        kind: a parcel's label, a label of which no number can be read, or a packing slip.
        pages: from 1, in their order.
        number: the tracking number; of a slip that of its label, where it has one.
        carrier: as far as the number tells.
        key: of what the pages look like; equal ones are the same job.
    """

    kind: ItemKind
    pages: tuple[int, ...]
    number: str | None
    carrier: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """All pages of a merged file: those that become jobs, and those that do not."""

    items: tuple[Item, ...]
    blank: tuple[int, ...] = ()
    #: pages that are in the file twice, with the page that they are the same as
    same: Mapping[int, int] = field(default_factory=dict)


def sort_pages(readings: Sequence[PageReading]) -> Sorted:
    """Sort the pages of a merged file; labels first in their order, each with its slip behind it.

    Pages with one carrier's number are one job. A number of an unknown shape that several pages show is not taken for
    a parcel's: it may be a route, and labels of many parcels would become one.
    """
    first, same = dict[str, int](), dict[int, int]()
    for page in readings:
        if page.kind != "blank" and first.setdefault(page.digest, page.number) != page.number:
            same[page.number] = first[page.digest]
    here = [page for page in readings if page.kind != "blank" and page.number not in same]
    slips = _slips(here)
    numbers = _numbers([page for page in here if page.number not in slips])
    # a slip may show its label's number too, even as bars
    slips |= {
        page.number
        for page in here
        if page.slip
        and any(
            other.number != page.number and not other.slip and numbers.get(other.number) == numbers.get(page.number)
            for other in here
            if numbers.get(page.number) is not None
        )
    }
    labels = [page for page in here if page.number not in slips]
    grouped = defaultdict[str | int, list[PageReading]](list)
    for page in labels:
        found = numbers[page.number]
        grouped[page.number if found is None else found.number].append(page)
    items = [_label(pages, numbers[pages[0].number]) for pages in grouped.values()]
    of_label = _owners([page for page in here if page.number in slips], labels, grouped)
    for owner, pages in of_label.items():
        place = next((place for place, item in enumerate(items) if owner in item.pages and item.kind != "slip"), None)
        label = None if place is None else items[place]
        number, carrier = (None, None) if label is None else (label.number, label.carrier)
        slip = Item("slip", tuple(page.number for page in pages), number, carrier, _key(pages))
        items.insert(len(items) if place is None else place + 1, slip)
    return Sorted(tuple(items), tuple(page.number for page in readings if page.kind == "blank"), same)


def _slips(pages: Iterable[PageReading]) -> set[int]:
    """Those that are no labels: their text says so, they are large and without bars, or they go on with one."""
    found = set[int]()
    before = False
    for page in pages:
        goes_on = before and page.kind == "plain" and page.written and not page.numbers
        before = page.kind == "sheet" or (page.kind == "plain" and page.slip) or goes_on
        if before:
            found.add(page.number)
    return found


def _numbers(pages: Sequence[PageReading]) -> dict[int, Tracking | None]:
    """The tracking number of each page."""
    shown = defaultdict[str, int](int)
    for page in pages:
        for one in page.numbers:
            shown[one.number] += 1
    # a printed number may be quoted on other pages too, as of another parcel of the order: bars are not
    return {
        page.number: next((one for one in page.numbers if one.rank == 0 or shown[one.number] == 1), None)
        for page in pages
    }


def _owners(
    slips: Sequence[PageReading], labels: Sequence[PageReading], grouped: Mapping[str | int, list[PageReading]]
) -> dict[int, list[PageReading]]:
    """The pages of each slip by the page of its label; by their own first one, negative, where there is no label."""
    tokens = defaultdict[str, set[int]](set)
    head = {page.number: pages[0].number for pages in grouped.values() for page in pages}
    for page in labels:
        for token in (*page.mentions, *(one.number for one in page.numbers)):
            tokens[token].add(head[page.number])
    owners = defaultdict[int, list[PageReading]](list)
    last: tuple[int, int] | None = None
    for page in slips:
        named = {owner for token in page.mentions for owner in tokens.get(token, ()) if len(tokens[token]) == 1}
        before = max((number for number in head if number < page.number), default=None)
        if len(named) == 1:
            owner = next(iter(named))
        elif last is not None and last[0] == page.number - 1 and not page.slip:
            owner = last[1]  # it goes on
        else:
            after = min((number for number in head if number > page.number), default=None)
            near = before if before is not None else after
            owner = -page.number if near is None else head[near]
        owners[owner].append(page)
        last = page.number, owner
    return owners


def _label(pages: Sequence[PageReading], found: Tracking | None) -> Item:
    numbers = tuple(page.number for page in pages)
    if found is None:
        return Item("unnumbered", numbers, None, None, _key(pages))
    return Item("label", numbers, found.number, found.carrier, _key(pages))


def _key(pages: Sequence[PageReading]) -> str:
    looks = [page.digest for page in pages]
    return f"pages:{looks[0] if len(looks) == 1 else sha256(''.join(looks).encode()).hexdigest()}"
