"""A package's documents: which parameters a market takes, and the link that TikTok answers with.

Source: TikTok's OpenAPI description of Get Package Shipping Document 202309.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from ...config.printers import DocumentType
from ...config.sources import ShopSettings, TikTokSettings
from ..fetching.document import NoLabel, TryLater
from .client import Client
from .fields import package_path, text
from .shops import Shops

#: of a fixed size or format, so neither is asked for
_FIXED = frozenset({"SHIPPING_LABEL_PICTURE", "HAZMAT_LABEL", "INVOICE_LABEL"})
_LONGEST_LINK = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """Where a document is; the link is good for 24 hours, for whoever has it."""

    url: str = field(repr=False)
    tracking_number: str | None = None


class ShippingDocuments:
    """Get Package Shipping Document, for all shops."""

    def __init__(self, client: Client, shops: Shops, settings: TikTokSettings) -> None:
        self._client = client
        self._shops = shops
        self._settings = settings

    async def link(self, shop: str, package_id: str, document_type: str) -> Found:
        """Where a document of a package is.

        Args:
            shop: name of the shop.
            package_id: TikTok's.
            document_type: TikTok's; the market's rules decide about size and format.

        Raises:
            TryLater: it is not there yet, or TikTok cannot be asked now.
            NeedsPerson: a person must act first.
            NoLabel: there is none and will be none.
        """
        query = parameters(document_type, shop, self._shops.named(shop), self._settings)
        path = f"{package_path(self._settings.versions.shipping_documents, package_id)}/shipping_documents"
        query["shop_cipher"] = await self._shops.cipher(shop)
        found = found_in(await self._client.call(shop, "GET", path, query))
        if found is None:
            raise TryLater(f"TikTok shop {shop}: no document of package {package_id} yet")
        return found


def parameters(document_type: str, shop: str, its: ShopSettings, settings: TikTokSettings) -> dict[str, str]:
    """What to ask for: type, size and format. Pure.

    PICTURE is PNG of one size, HAZMAT_LABEL A4 and INVOICE_LABEL A6: these take neither size nor format.
    PDF is what TikTok gives unasked; `document_size` goes with it only.

    Raises:
        NoLabel: the type does not exist, or not in the shop's market.
    """
    if document_type not in get_args(DocumentType):
        raise NoLabel(f"TikTok has no document {document_type!r:.60}; it has {', '.join(get_args(DocumentType))}")
    if document_type == "INVOICE_LABEL" and its.market not in settings.invoice_markets:
        markets = ", ".join(settings.invoice_markets) or "no market"
        raise NoLabel(f"TikTok has INVOICE_LABEL in {markets} only, and shop {shop} is in {its.market}")
    if document_type in _FIXED:
        return {"document_type": document_type}
    if its.document_format == "ZPL":
        return {"document_type": document_type, "document_format": "ZPL"}
    return {"document_type": document_type, "document_size": its.document_size}


def found_in(data: Mapping[str, Any]) -> Found | None:
    """The link in an answer; None: there is none yet. Pure."""
    url = data.get("doc_url")
    if not isinstance(url, str) or not url.strip() or len(url) > _LONGEST_LINK:
        return None
    return Found(url.strip(), text(data, "tracking_number"))
