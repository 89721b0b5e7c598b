"""What all events have in common: fields of their models, JSON to objects, faults in words. Pure."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from ..config.printers import DocumentType
from . import normal
from .errors import EventRejected

#: letters of a name or a number
ID_LETTERS = 200
Id = Annotated[str, StringConstraints(min_length=1, max_length=ID_LETTERS, strip_whitespace=True)]


def _of_text(change: Callable[[str], str]) -> BeforeValidator:
    """What is no text is left to the type that follows."""
    return BeforeValidator(lambda value: change(value) if isinstance(value, str) else value)


# in one spelling from here on
Number = Annotated[Id, AfterValidator(normal.number)]
TrackingNumber = Annotated[Id, AfterValidator(normal.tracking_number)]
Carrier = Annotated[Id, AfterValidator(normal.carrier)]
Stock = Annotated[Id, AfterValidator(normal.media)]
MediaType = Annotated[str, AfterValidator(normal.media_type)]
Document = Annotated[DocumentType, _of_text(normal.document_type)]

#: TikTok's links have some 250 letters
Link = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class Fields(BaseModel):
    """A part of an event."""

    # Publishers add fields of their own: those are ignored, wrong ones among ours are not.
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


def read_object(payload: bytes, wanted: str) -> dict[str, Any]:
    """The JSON object of an event; `wanted` is what it should have, for the message.

    Raises:
        EventRejected: it is none.
    """
    try:
        document: Any = json.loads(payload)
    except UnicodeDecodeError as error:
        raise EventRejected(f"the event is not JSON: byte {error.start} is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise EventRejected(f"the event is not JSON: {_brief(error)}") from None
    if not isinstance(document, dict):
        raise EventRejected(f"the event is a JSON {_KINDS[type(document)]}: expected an object with {wanted}")
    return document


def in_words(error: ValidationError) -> str:
    """The first faults of an event, for whoever publishes it."""
    faults = [_say(fault) for fault in error.errors(include_url=False)[:3]]
    more = error.error_count() - len(faults)
    return "; ".join(faults) + (f"; and {more} more" if more else "")


_KINDS = {list: "array", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def _say(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"]) or "event"
    if fault["type"] == "missing":
        return f"{where} is missing"
    message = str(fault["ctx"]["error"]) if fault["type"] == "value_error" and "ctx" in fault else fault["msg"]
    value = fault["input"]
    shown = f" (got {str(value)[:40]!r})" if isinstance(value, str | int | float | bool) else ""
    return f"{where}: {message[:1].lower()}{message[1:]}{shown}"


def _brief(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
