"""Packages that TikTok has: one of them, and those that changed.

Source: TikTok's OpenAPI description of Get Package Detail and Search Package 202309. A package is `PROCESSING` from
the day its shipment is arranged until the carrier has it: its label can be had then.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...config.sources import TikTokSettings
from .client import Client
from .fields import objects, package_path, text, unix_time
from .shops import Shops

_PAGE_SIZE = "50"
#: a poll never goes on for ever; the next one begins where this one came to
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Package:
    """A package; what TikTok does not tell is None or empty, and words that are not known are kept."""

    id: str
    #: PROCESSING, FULFILLING, COMPLETED, CANCELLED
    status: str | None
    order_ids: tuple[str, ...] = ()
    tracking_number: str | None = None
    #: the carrier's name
    carrier: str | None = None
    #: TIKTOK, or SELLER where the seller has labels of a carrier of its own
    shipping_type: str | None = None
    #: Unix seconds
    updated_at: int = 0


class Packages:
    """The packages of all shops."""

    def __init__(self, client: Client, shops: Shops, settings: TikTokSettings) -> None:
        self._client = client
        self._shops = shops
        self._settings = settings

    async def detail(self, shop: str, package_id: str) -> Package:
        """One package.

        Raises:
            TryLater, NeedsPerson, NoLabel: as `Client.call`.
        """
        path = package_path(self._settings.versions.packages, package_id)
        data = await self._client.call(shop, "GET", path, {"shop_cipher": await self._shops.cipher(shop)})
        return read_package(data, package_id)

    async def search(self, shop: str, updated_since: float, status: str = "PROCESSING") -> AsyncIterator[Package]:
        """Packages that changed, the oldest change first; one that changes meanwhile may come twice.

        Args:
            shop: name of the shop.
            updated_since: Unix seconds, itself included.
            status: TikTok's; packages of others do not come.

        Raises:
            TryLater, NeedsPerson, NoLabel: as `Client.call`; what came before is good.
        """
        path = f"/fulfillment/{self._settings.versions.packages}/packages/search"
        body = {"package_status": status, "update_time_ge": int(updated_since)}
        query = {"page_size": _PAGE_SIZE, "sort_field": "update_time", "sort_order": "ASC"}
        query["shop_cipher"] = await self._shops.cipher(shop)
        for _ in range(_MOST_PAGES):
            data = await self._client.call(shop, "POST", path, query, body)
            for found in objects(data, "packages"):
                package = read_package(found, "")
                if package.id:
                    yield package
            following = data.get("next_page_token")
            if not isinstance(following, str) or following in ("", query.get("page_token")):
                return
            query["page_token"] = following


def read_package(data: Mapping[str, Any], package_id: str) -> Package:
    """A package as either call tells it; `package_id` stands where it tells no id. Pure."""
    return Package(
        id=text(data, "package_id") or text(data, "id") or package_id,
        status=text(data, "package_status") or text(data, "status"),
        order_ids=tuple(dict.fromkeys(order for one in objects(data, "orders") if (order := text(one, "id")))),
        tracking_number=text(data, "tracking_number"),
        carrier=text(data, "shipping_provider_name"),
        shipping_type=text(data, "shipping_type"),
        updated_at=int(unix_time(data, "update_time") or 0),
    )
