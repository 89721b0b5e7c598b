"""The ways to a label: a link is downloaded, a package is asked of TikTok, which gives a link."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ...config.sources import LinksSettings, ShopSettings
from .. import normal
from ..job import Job
from ..tiktok.orders import Check, Standing
from . import links
from .document import Document, NoLabel, OrderCanceled, OrderOnHold, TryLater
from .download import Downloads
from .wanted import Link, Package, Wanted


class FoundDocument(Protocol):
    """What TikTok says of a document."""

    @property
    def url(self) -> str:
        """The link to it."""
        ...

    @property
    def tracking_number(self) -> str | None:
        """The carrier's number, where it is told."""
        ...


class Asking(Protocol):
    """What asks TikTok for documents (`ShippingDocuments`)."""

    async def link(self, shop: str, package_id: str, document_type: str) -> FoundDocument:
        """Where a document of a package is; raises `FetchFailed`."""
        ...


class Looking(Protocol):
    """What looks at orders (`Orders`)."""

    async def check(self, shop: str, package_id: str, order_ids: Sequence[str]) -> Check:
        """Whether a package's label should print; raises `FetchFailed`."""
        ...


class Ways:
    """Obtains labels by whatever way they are wanted.

    Args:
        downloads: what follows links.
        allowed: which links are followed.
        documents: what asks TikTok; None without an app.
        orders: what looks at a label's orders first, where its shop is configured so; None without an app.
        shops: the shops by name.
    """

    def __init__(
        self,
        downloads: Downloads,
        allowed: LinksSettings,
        documents: Asking | None,
        orders: Looking | None,
        shops: Mapping[str, ShopSettings],
    ) -> None:
        self._downloads = downloads
        self._allowed = allowed
        self._documents = documents
        self._orders = orders
        self._shops = shops

    async def __call__(self, job: Job, wanted: Wanted, *, look: bool) -> Document | None:
        """The label of a job; see `Obtain`."""
        package = self._package(job) if isinstance(wanted, Link) else wanted
        if package is not None and look:
            await self._look(job, package)
        if isinstance(wanted, Package):
            return None if wanted.there else await self._ask(job, wanted)
        try:
            return await self._downloads.get(wanted.url)
        except NoLabel:
            # a link that is of no use any more: TikTok gives another one
            if package is None:
                raise
        return await self._ask(job, package)

    async def _look(self, job: Job, package: Package) -> None:
        """Raise why a label is not to be printed now."""
        if self._orders is None:
            return
        check = await self._orders.check(package.shop, package.package_id, job.order_ids)
        if check.standing is Standing.HOLD:
            raise OrderOnHold(check.because)
        if check.standing is Standing.CANCEL:
            raise OrderCanceled(check.because)

    def _package(self, job: Job) -> Package | None:
        shop = next((name for name, shop in self._shops.items() if shop.shop_id == job.shop_id), None)
        if self._documents is None or shop is None or job.package_id is None:
            return None
        return Package(shop, job.package_id)

    async def _ask(self, job: Job, wanted: Package) -> Document:
        if self._documents is None:
            raise NoLabel("TikTok's API is not configured: tiktok.app_key is missing")
        found = await self._documents.link(wanted.shop, wanted.package_id, job.document_type or "SHIPPING_LABEL")
        links.check(found.url, self._allowed)
        try:
            document = await self._downloads.get(found.url)
        except NoLabel as error:
            raise TryLater(f"{error}; TikTok is asked for another link") from error
        number = found.tracking_number and normal.tracking_number(found.tracking_number)
        return replace(document, tracking_number=number)
