"""What the translators share: fields of a body, and the event's own keys beside them. Pure."""

from collections.abc import Mapping
from typing import Any

from ..errors import EventRejected
from ..event_fields import ID_LETTERS
from ..events import LabelReady

#: keys of a label event that may stand in a foreign body too, and then win
_OWN = frozenset(LabelReady.model_fields) - {"asset"}


def own_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The label event's own keys that a body has."""
    return {key: body[key] for key in _OWN if body.get(key) is not None}


def text_of(body: Mapping[str, Any], key: str) -> str | None:
    """A field that is text or a number; None where it is absent or empty.

    Raises:
        EventRejected: it is something else.
    """
    value = body.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise EventRejected(f"{key}: should be text")
    return str(value)


def whole_of(body: Mapping[str, Any], key: str, default: int, *, where: str = "") -> int:
    """A field that is a whole number from 1 on, as JSON or as a form has it.

    Raises:
        EventRejected: it is something else.
    """
    value = body.get(key)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 10**9:
        raise EventRejected(f"{where}{key}: should be a whole number from 1 on (got {str(value)[:40]!r})")
    return value


def tag(name: str, value: str) -> str:
    """A tag that keeps what an event has no place for."""
    return f"{name}:{' '.join(value.split())}"[:ID_LETTERS]
