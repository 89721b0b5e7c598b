"""The ways to a label: a link is downloaded, a package is asked of TikTok, which gives a link."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from ...config.sources import LinksSettings, ShopSettings
from ..job import Job
from . import links
from .document import Document, NoLabel, TryLater
from .download import Downloads
from .wanted import Package, Wanted


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


class Ways:
    """Obtains labels by whatever way they are wanted.

    Args:
        downloads: what follows links.
        allowed: which links are followed.
        documents: what asks TikTok; None without an app.
        shops: the shops by name.
    """

    def __init__(
        self,
        downloads: Downloads,
        allowed: LinksSettings,
        documents: Asking | None,
        shops: Mapping[str, ShopSettings],
    ) -> None:
        self._downloads = downloads
        self._allowed = allowed
        self._documents = documents
        self._shops = shops

    async def __call__(self, job: Job, wanted: Wanted) -> Document:
        """The label of a job; see `Obtain`."""
        if isinstance(wanted, Package):
            return await self._ask(job, wanted)
        try:
            return await self._downloads.get(wanted.url)
        except NoLabel:
            # a link that is of no use any more: TikTok gives another one
            package = self._package(job)
            if package is None:
                raise
        return await self._ask(job, package)

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
        return replace(document, tracking_number=found.tracking_number)
