"""An order as Get Order Detail tells it, and the label events of its packages. Pure.

Source: TikTok's OpenAPI description of Get Order Detail 202309 and 202507: `orders[]` with `id`, `status`,
`shipping_type`, `fulfillment_type`, `packages[].id` and `line_items[].package_id`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...config.sources import ShopSettings
from ..messages import iso
from .fields import is_id, objects, text
from .packages import Package

CANCELED = frozenset({"CANCELLED", "CANCELED", "CANCEL"})
#: the carrier has it, so TikTok prints its label no more
_GONE = frozenset({"IN_TRANSIT", "DELIVERED", "COMPLETED"})
#: packages without a label to print; one that is not arranged yet is waited for
_OVER = frozenset({"FULFILLING", "COMPLETED", *CANCELED})


@dataclass(frozen=True, slots=True)
class Order:
    """An order; what TikTok does not tell is None or empty."""

    id: str
    status: str | None
    package_ids: tuple[str, ...] = ()
    #: SELLER: the seller has labels of a carrier of its own
    shipping_type: str | None = None
    #: FULFILLMENT_BY_TIKTOK: TikTok's own warehouse sends it
    fulfillment_type: str | None = None

    @property
    def canceled(self) -> bool:
        """Whether it is canceled."""
        return self.status in CANCELED

    @property
    def no_label(self) -> str | None:
        """Why there is no label of TikTok's to print for it, None where there is or will be one."""
        if self.status in CANCELED or self.status in _GONE:
            return f"order {self.id} is {self.status}"
        if self.shipping_type == "SELLER":
            return f"order {self.id} is shipped by its seller, so TikTok has no label for it"
        if self.fulfillment_type == "FULFILLMENT_BY_TIKTOK":
            return f"order {self.id} is sent by TikTok's own warehouse"
        return None


def read_order(data: Mapping[str, Any]) -> Order:
    """An order of an answer."""
    named = [text(one, "id") for one in objects(data, "packages")]
    named += [text(one, "package_id") for one in objects(data, "line_items")]
    return Order(
        id=text(data, "id") or "",
        status=text(data, "status"),
        package_ids=tuple(dict.fromkeys(one for one in named if one is not None and is_id(one))),
        shipping_type=text(data, "shipping_type"),
        fulfillment_type=text(data, "fulfillment_type"),
    )


def over(package: Package) -> bool:
    """Whether there is no label to print for a package any more, or none of TikTok's."""
    return package.status in _OVER or package.shipping_type == "SELLER"


def event_id(shop: ShopSettings, package_id: str) -> str:
    """The id of the event that a package's label is ready: the same, however that was learned."""
    return f"tiktok:{shop.shop_id}:{package_id}:label"


def label_event(name: str, shop: ShopSettings, package: Package, at: float | None) -> bytes:
    """The event that a package's label is ready.

    Args:
        name: of the shop in the configuration.
        shop: its settings.
        package: the package.
        at: when its shipment was arranged, Unix seconds, as far as that is known.
    """
    event = {
        "event_id": event_id(shop, package.id),
        "shop_id": shop.shop_id,
        "package_id": package.id,
        "order_ids": package.order_ids[:100],
        "carrier": package.carrier,
        "station": shop.station,
        "time": iso(at or None),
        "asset": {"tiktok": {"shop": name, "package_id": package.id}},
    }
    return json.dumps({key: value for key, value in event.items() if value}).encode()
