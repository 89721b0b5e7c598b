"""ShipStation's label: the answer of its `POST /shipments/createlabel` or `/orders/createlabelfororder`. Pure."""

from collections.abc import Mapping
from typing import Any

from ..errors import EventRejected
from ..normal import carrier, company
from .reading import own_of, text_of


def is_label(body: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such an answer."""
    return "labelData" in body and "asset" not in body


def event_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The label event: `labelData` is the label, `trackingNumber` its number, `shipmentId` the event's identity.

    Raises:
        EventRejected: it has no label, or the label is void.
    """
    content = text_of(body, "labelData")
    if content is None:
        raise EventRejected("labelData is empty: ShipStation has no label for this shipment")
    if body.get("voided") is True:
        raise EventRejected("voided: this label is void at the carrier, and not to be printed")
    shipment, order = text_of(body, "shipmentId"), text_of(body, "orderNumber")
    event: dict[str, Any] = {
        "event_id": None if shipment is None else f"shipstation:{shipment}",
        "tracking_number": text_of(body, "trackingNumber"),
        "carrier": _carrier(body),
        "order_ids": [] if order is None else [order],
        "asset": {"content": content},
    }
    return event | own_of(body)


def _carrier(body: Mapping[str, Any]) -> str | None:
    """Its name; `stamps_com` and the like only sell labels, and the service tells whose they are."""
    code, service = text_of(body, "carrierCode"), text_of(body, "serviceCode")
    if service is not None and company(service) is not None:
        return carrier(service)
    return code
