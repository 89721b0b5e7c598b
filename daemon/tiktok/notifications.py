"""What TikTok's webhooks say, as far as labels are concerned: numbers and states, nothing of a buyer. Pure.

Sources: Partner Center, "TTS webhooks overview" and the pages of types 1, 3, 4, 6, 7 and 11.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .fields import is_id, objects, text, unix_time

#: numbers of one notification that are kept
_MOST = 100


class Kind(IntEnum):
    """Types of notifications that labels depend on."""

    ORDER_STATUS_CHANGE = 1
    RECIPIENT_ADDRESS_UPDATE = 3
    PACKAGE_UPDATE = 4
    SELLER_DEAUTHORIZATION = 6
    UPCOMING_AUTHORIZATION_EXPIRATION = 7
    CANCELLATION_STATUS_CHANGE = 11


#: states that something is done about; of the others (UNPAID, IN_TRANSIT, …) nothing follows for labels
_STATES = {
    Kind.ORDER_STATUS_CHANGE: frozenset({"AWAITING_COLLECTION", "CANCEL", "CANCELLED", "ON_HOLD"}),
    Kind.CANCELLATION_STATUS_CHANGE: frozenset(
        {"CANCELLATION_REQUEST_PENDING", "CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"}
    ),
}
_OF_ORDERS = frozenset(Kind) - {Kind.SELLER_DEAUTHORIZATION, Kind.UPCOMING_AUTHORIZATION_EXPIRATION}


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification, without what is not needed of it.

    Attributes:
        identity: TikTok's `tts_notification_id`; a digest of the body where it has none, as some have not.
        kind: a `Kind`, or a number that nothing is done about.
        shop_id: TikTok's.
        sent_at: when TikTok made it, Unix seconds.
        status: the state of its order or its cancellation, or what became of its packages.
        order_ids: of its packages too.
        package_ids: the packages that there are now.
        at: when the change was, or when the authorization will end; Unix seconds, None where it is not told.
        on_hold: whether its order was or will be ON_HOLD.
    """

    identity: str
    kind: int
    shop_id: str
    sent_at: float
    status: str | None = None
    order_ids: tuple[str, ...] = ()
    package_ids: tuple[str, ...] = ()
    at: float | None = None
    on_hold: bool = False

    @property
    def concerns_labels(self) -> bool:
        """Whether anything is to be done about it."""
        if self.kind not in frozenset(Kind) or (self.kind in _OF_ORDERS and not self.order_ids):
            return False
        states = _STATES.get(Kind(self.kind))
        return states is None or self.status in states


def read(body: bytes) -> Notification:
    """Understand the body of a webhook.

    Raises:
        ValueError: it is none; in words.
    """
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    kind = said.get("type") if isinstance(said, dict) else None
    shop_id = text(said, "shop_id") if isinstance(said, dict) else None
    if not isinstance(kind, int) or isinstance(kind, bool) or shop_id is None:
        raise ValueError("it has no type or no shop_id")
    data = said.get("data")
    data = data if isinstance(data, dict) else {}
    packages = objects(data, "package_list")
    orders = [text(data, "order_id"), *(one for package in packages for one in _texts(package, "order_id_list"))]
    told = text(said, "tts_notification_id")
    return Notification(
        identity=told or f"sha256:{hashlib.sha256(body).hexdigest()}",
        kind=kind,
        shop_id=shop_id,
        sent_at=unix_time(said, "timestamp") or 0.0,
        status=text(data, "order_status") or text(data, "cancel_status") or text(data, "sc_type"),
        order_ids=_ids(orders),
        package_ids=_ids(text(package, "package_id") for package in packages),
        at=unix_time(data, "update_time") or unix_time(data, "create_time") or unix_time(data, "expiration_time"),
        on_hold=data.get("is_on_hold_order") is True,
    )


def _texts(data: dict[str, Any], name: str) -> list[str | None]:
    value = data.get(name)
    return [text({name: one}, name) for one in value] if isinstance(value, list) else []


def _ids(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if one is not None and is_id(one)))[:_MOST]
