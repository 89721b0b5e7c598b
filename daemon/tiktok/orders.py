"""Whether a label should print: TikTok is asked for its package and orders.

Sources: Partner Center, "Fulfillment API overview" (an order ON_HOLD must not be fulfilled, a pending cancellation
blocks shipping); "Get Order Detail" 202507: `orders[]` with `id`, `status`, `is_on_hold_order` and
`is_buyer_request_cancel`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ...config.sources import TikTokSettings
from .client import Client
from .fields import is_id, objects, text
from .order import CANCELED
from .packages import Package, Packages
from .shops import Shops

#: that one call takes
_MOST_IDS = 50
_GONE = frozenset({"FULFILLING", "COMPLETED"})


class Standing(StrEnum):
    """What is to be done with a label."""

    PRINT = "print"
    HOLD = "hold"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Check:
    """What TikTok's answers say about a label, and why."""

    standing: Standing
    because: str = ""


class Orders:
    """Looks at orders before their labels print."""

    def __init__(self, client: Client, shops: Shops, packages: Packages, settings: TikTokSettings) -> None:
        self._client = client
        self._shops = shops
        self._packages = packages
        self._settings = settings

    async def check(self, shop: str, package_id: str, order_ids: Sequence[str] = ()) -> Check:
        """Whether a package's label should print; always PRINT where the shop has no `check_order`.

        Args:
            shop: name of the shop.
            package_id: TikTok's.
            order_ids: that the event told; asked for where TikTok names no order of the package.

        Raises:
            TryLater, NeedsPerson, NoLabel: as `Client.call`; nothing is known then.
        """
        if not self._shops.named(shop).check_order:
            return Check(Standing.PRINT)
        package = await self._packages.detail(shop, package_id)
        first = of_package(package)
        if first.standing is not Standing.PRINT:
            return first
        wanted = tuple(dict.fromkeys(order for order in package.order_ids or order_ids if is_id(order)))
        return of_orders(wanted, await self.details(shop, wanted))

    async def details(self, shop: str, order_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Orders as TikTok tells them; those that it does not know are left out.

        Args:
            shop: name of the shop.
            order_ids: TikTok's.

        Raises:
            TryLater, NeedsPerson, NoLabel: as `Client.call`.
        """
        path = f"/order/{self._settings.versions.orders}/orders"
        orders: list[dict[str, Any]] = []
        for start in range(0, len(order_ids), _MOST_IDS):
            query = {
                "ids": ",".join(order_ids[start : start + _MOST_IDS]),
                "shop_cipher": await self._shops.cipher(shop),
            }
            orders += objects(await self._client.call(shop, "GET", path, query), "orders")
        return orders


def of_package(package: Package) -> Check:
    """What a package says by itself. Pure."""
    if package.status in CANCELED:
        return Check(Standing.CANCEL, f"package {package.id} is canceled at TikTok")
    if package.status in _GONE:
        return Check(
            Standing.HOLD,
            f"TikTok says the carrier has package {package.id} already ({package.status}): cancel this label",
        )
    return Check(Standing.PRINT)


def of_orders(wanted: Sequence[str], orders: Iterable[Mapping[str, Any]]) -> Check:
    """What a package's orders say: it takes one to hold it, and all to cancel it. Pure.

    A status that is not known hinders nothing.
    """
    found = {order: one for one in orders if (order := text(one, "id")) is not None and order in wanted}
    if not wanted:
        return Check(Standing.HOLD, "TikTok names no order of this package: look at it in Seller Center")
    if missing := [order for order in wanted if order not in found]:
        return Check(Standing.HOLD, f"TikTok does not know order {missing[0]}: look at it in Seller Center")
    canceled = [order for order, one in found.items() if text(one, "status") in CANCELED]
    if len(canceled) == len(found):
        return Check(Standing.CANCEL, f"{_orders(canceled)} canceled at TikTok")
    for order, one in found.items():
        if because := _hold(one):
            return Check(Standing.HOLD, f"order {order} {because}")
    return Check(Standing.PRINT)


def _hold(order: Mapping[str, Any]) -> str | None:
    """Why an order is not to be shipped now."""
    status = text(order, "status")
    if status in CANCELED:
        return "is canceled at TikTok and others in this package are not: take its goods out, get a new label"
    if order.get("is_buyer_request_cancel") is True:
        return "is to be canceled, its buyer asks: answer that in Seller Center first"
    if status == "ON_HOLD" or order.get("is_on_hold_order") is True:
        return "is ON_HOLD at TikTok, its buyer may still change it: release it when TikTok has"
    return "is not paid" if status == "UNPAID" else None


def _orders(ids: Sequence[str]) -> str:
    return f"order {ids[0]} is" if len(ids) == 1 else f"orders {', '.join(ids[:3])}{' …' if ids[3:] else ''} are"
