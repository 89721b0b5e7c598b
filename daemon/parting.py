"""Parts documents: labels stay with the label printer, A4 and Letter pages go to the printer that is for them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ..renderers.contents import Contents, PageSurvey
from .events import LabelReady
from .job import Job, Role
from .rendering.pool import RenderFailed, RenderPool, RenderRequest
from .routing import Plan, Route, documents_of, wish_of
from .store import NewPart, Store

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

log = logging.getLogger(__name__)

#: document types that hold the parcel's label, whose barcodes carry the tracking number
WITH_LABEL = frozenset({"SHIPPING_LABEL", "SHIPPING_LABEL_AND_PACKING_SLIP", "SHIPPING_LABEL_PICTURE"})
_WITH_SLIP = "SHIPPING_LABEL_AND_PACKING_SLIP"
#: those whose pages may well be A4
_OF_PAPER = frozenset({_WITH_SLIP, "PACKING_SLIP", "HAZMAT_LABEL"})
_ROLES: dict[str | None, Role] = {"HAZMAT_LABEL": "hazmat", "INVOICE_LABEL": "invoice"}


class Parting:
    """Looks at the pages of a job before it is drawn, and makes those that are documents a job of their own."""

    def __init__(self, store: Store, pool: RenderPool, dispatcher: "Dispatcher", clock: Callable[[], float]) -> None:
        self._store = store
        self._pool = pool
        self._dispatcher = dispatcher
        self._clock = clock

    async def sort(self, job: Job, request: RenderRequest, asset: bytes) -> tuple[Job, tuple[str, ...]]:
        """Part a job where its pages are for different printers.

        Args:
            job: pending, its artwork still to be made.
            request: what would be drawn of it, for its own printer.
            asset: its document as it came.

        Returns:
            The job as it is now, with its own pages only or at a document printer, and what there is to say of pages
            that stay where one might not expect them.

        Raises:
            IllegalTransition: the job changed meanwhile.
        """
        way = self._dispatcher.documents(job) if may_be_parted(job) else None
        if way is None or not (way.printers or may_hold_paper(job)):
            return job, ()
        try:
            found = await self._pool.survey(request, asset, contents_of(job))
        except RenderFailed as error:
            log.info("job %s is not parted: %s", job.id, error)  # drawing it says what is wrong with it
            return job, ()
        here = job.printer or ""
        if not way.printers or not _pages(found, "document"):
            return job, tuple(staying(found, way, here))
        part_id = self._store.new_id(self._clock())
        route = self._dispatcher.route(documents_of(wish_of(job)), job_id=part_id, copies=job.copies)
        try:
            return await self._part(job, found, part_id, route), ()
        except BaseException:
            self._dispatcher.forget(part_id)
            raise

    async def _part(self, job: Job, found: Sequence[PageSurvey], part_id: str, route: Route) -> Job:
        words = parted(found, job.printer or "", route)
        role = _ROLES.get(job.document_type, "slip")
        labels, documents = _pages(found, "label", "doubt"), _pages(found, "document")
        if labels:
            part = NewPart(part_id, documents, role, route)
            return await self._store.split(job, labels, part, words, self._clock())
        self._dispatcher.forget(part_id)
        return await self._store.reroute(job, role, str(route.printer), words, self._clock())


def may_be_parted(source: LabelReady | Job) -> bool:
    """Whether an event leaves open where its document pages go: where it asks for stock, that is its label's."""
    return source.media is None or source.document_type in WITH_LABEL


def may_hold_paper(source: LabelReady | Job) -> bool:
    """Whether a document may well have A4 pages, by its type."""
    return source.document_type in _OF_PAPER


def contents_of(source: LabelReady | Job) -> Contents:
    """What an event or its job says of its document."""
    return Contents(
        label=source.document_type in WITH_LABEL,
        slip=source.document_type == _WITH_SLIP,
        numbers=(*source.order_ids, *filter(None, (source.package_id,))),
    )


def parted(found: Iterable[PageSurvey], here: str, route: Route) -> str:
    """Where each page goes: labels stay `here`, documents take their own way. Pure."""
    places = {"document": f": {route.printer} ({route.because})", "blank": ""}
    return "; ".join(words + places.get(kind, f": {here}") for kind, words in runs(found))


def staying(found: Iterable[PageSurvey], way: Plan, here: str) -> list[str]:
    """What is to be said of pages that stay `here` and may be documents. Pure."""
    because = {"document": f"{here}, as {way.because}", "doubt": here}
    return [f"{words}: {because[kind]}" for kind, words in runs(found) if kind in because]


def runs(found: Iterable[PageSurvey]) -> Iterator[tuple[str, str]]:
    """The kind of each page, and it in words; those in a row that are alike are said together. Pure."""
    for (kind, words), alike in groupby(found, lambda page: (page.kind, page.words)):
        numbers = [page.number for page in alike]
        if len(numbers) == 1:
            yield kind, f"page {numbers[0]} is {words}"
        else:
            yield kind, f"pages {numbers[0]} to {numbers[-1]} are {words}"


def _pages(found: Sequence[PageSurvey], *kinds: str) -> tuple[int, ...]:
    return tuple(page.number for page in found if page.kind in kinds)
