"""Parts documents: labels stay with the label printer, A4 and Letter pages go to the printer that is for them."""

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..renderers.contents import Contents, PageSurvey
from .events import LabelReady
from .job import Job, Role, new_job_id
from .render_pool import RenderFailed, RenderPool, RenderRequest
from .routing import Plan, Route, documents_of, wish_of
from .store import NewPart, Store

if TYPE_CHECKING:
    from .dispatcher import Dispatcher

log = logging.getLogger(__name__)

#: document types that hold the parcel's label, whose barcodes carry the tracking number
WITH_LABEL = frozenset({"SHIPPING_LABEL", "SHIPPING_LABEL_AND_PACKING_SLIP", "SHIPPING_LABEL_PICTURE"})
_WITH_SLIP = "SHIPPING_LABEL_AND_PACKING_SLIP"
#: those that may well have A4 pages
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
        way = self._dispatcher.documents(job)
        if job.media is not None and job.document_type not in WITH_LABEL:
            return job, ()  # its event says what all of it is for
        if way is None or not (way.printers or job.document_type in _OF_PAPER):
            return job, ()
        try:
            found = await self._pool.survey(request, asset, contents_of(job))
        except RenderFailed as error:
            log.info("job %s is not parted: %s", job.id, error)  # drawing it says what is wrong with it
            return job, ()
        here = job.printer or ""
        if not way.printers or not _pages(found, "document"):
            return job, tuple(staying(found, way, here))
        part_id = new_job_id(self._clock(), secrets.randbits(62))
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


def contents_of(source: LabelReady | Job) -> Contents:
    """What an event or its job says of its document."""
    return Contents(
        label=source.document_type in WITH_LABEL,
        slip=source.document_type == _WITH_SLIP,
        numbers=(*source.order_ids, *filter(None, (source.package_id,))),
    )


def parted(found: Sequence[PageSurvey], here: str, route: Route) -> str:
    """Where each page goes: labels stay `here`, documents take their own way. Pure."""
    there = f"{route.printer} ({route.because})"
    return "; ".join(
        f"page {page.number} is {page.words}" + {"document": f": {there}", "blank": ""}.get(page.kind, f": {here}")
        for page in found
    )


def staying(found: Sequence[PageSurvey], way: Plan, here: str) -> list[str]:
    """What is to be said of pages that stay `here` and may be documents. Pure."""
    return [
        f"page {page.number} is {page.words}: {here}" + (f", as {way.because}" if page.kind == "document" else "")
        for page in found
        if page.kind in ("document", "doubt")
    ]


def _pages(found: Sequence[PageSurvey], *kinds: str) -> tuple[int, ...]:
    return tuple(page.number for page in found if page.kind in kinds)
