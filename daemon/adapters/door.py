"""One door for all bodies: a label event as it is, ShipStation's and PrintNode's translated. Pure."""

import json
from collections.abc import Collection
from typing import Any

from . import printnode, shipstation

#: without one of these a body is a label event, and is not read twice
_MARKS = (b'"labelData"', b'"contentType"')


def translate(
    payload: bytes, *, names: Collection[str], now: float, printer: str | None = None, station: str | None = None
) -> bytes:
    """A body as a label event's JSON; one that is no other software's comes back as it is.

    Args:
        payload: the JSON as it was posted.
        names: printers and groups.
        now: Unix seconds.
        printer: where the address said that a foreign body's label is to be printed.
        station: the desk that it named.

    Raises:
        EventRejected: a foreign body makes no label event.
    """
    if not any(mark in payload for mark in _MARKS):
        return payload
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return payload  # whoever reads the event says what is wrong with it
    if not isinstance(body, dict):
        return payload
    if shipstation.is_label(body):
        event = shipstation.event_of(body)
    elif printnode.is_job(body):
        event = printnode.event_of(body, names, now)
    else:
        return payload
    said = {"printer": printer, "station": station}
    return dumped({name: value for name, value in said.items() if value is not None} | _without_none(event))


def dumped(event: dict[str, Any]) -> bytes:
    """An event as JSON."""
    return json.dumps(_without_none(event)).encode()


def _without_none(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}
