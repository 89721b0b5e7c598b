"""Notices that labels are void: an order was canceled, a package split or combined (docs/mqtt.md). Pure."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from .errors import EventRejected
from .event_fields import Fields, Id, Number, in_words, read_object
from .events import LabelReady
from .job import Job, JobState

Kind = Literal["canceled", "superseded"]
CLOUDEVENT_TYPES: dict[Kind, str] = {
    "canceled": "com.tiktokshop.label.canceled.v1",
    "superseded": "com.tiktokshop.label.superseded.v1",
}
#: bytes of a notice; it holds numbers only
MAX_BYTES = 256 * 1024


class LabelCanceled(Fields):
    """An order or a package was canceled: the payload of `<prefix>/labels/canceled`."""

    event_id: Id | None = None
    """Identity of the event; a notice that says the same is a duplicate without it too."""
    shop_id: Number | None = None
    """TikTok shop id; labels of another shop are left alone."""
    package_ids: tuple[Number, ...] = Field(default=(), max_length=100)
    """TikTok package ids whose labels are void."""
    order_ids: tuple[Number, ...] = Field(default=(), max_length=100)
    """TikTok order ids; of a parcel with other orders too the label is held, and a person decides."""
    reason: Id | None = None
    """Why, for whoever reads the page."""

    @model_validator(mode="after")
    def _some(self) -> "LabelCanceled":
        if not self.package_ids and not self.order_ids:
            raise ValueError("give package_ids or order_ids")
        return self


class LabelSuperseded(LabelCanceled):
    """A package was split or combined, its labels are void: the payload of `<prefix>/labels/superseded`."""

    replaced_by: tuple[Number, ...] = Field(min_length=1, max_length=100)
    """TikTok package ids in its place; their labels are left alone."""

    @field_validator("replaced_by", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


_MODELS: dict[Kind, type[LabelCanceled]] = {"canceled": LabelCanceled, "superseded": LabelSuperseded}


class _Envelope(Fields):
    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is understood; `identity` is a digest of what it says, so that equal ones are one."""

    identity: str
    kind: Kind
    event_id: str | None
    shop_id: str | None
    package_ids: tuple[str, ...]
    order_ids: tuple[str, ...]
    replaced_by: tuple[str, ...]
    reason: str | None


def read(kind: Kind, payload: bytes) -> Notice:
    """Understand a notice, plain or as a CloudEvent.

    Raises:
        EventRejected: with the first faults in words.
    """
    if len(payload) > MAX_BYTES:
        raise EventRejected(f"the notice has {len(payload)} bytes: it may have {MAX_BYTES}")
    if not payload.strip():
        raise EventRejected("the notice is empty: expected a JSON object with package_ids or order_ids")
    document = read_object(payload, "package_ids or order_ids")
    try:
        event_id = None
        if "specversion" in document:
            envelope = _Envelope.model_validate(document)
            if envelope.type != CLOUDEVENT_TYPES[kind]:
                raise EventRejected(f"type: should be {CLOUDEVENT_TYPES[kind]} (got {envelope.type[:80]!r})")
            document, event_id = envelope.data, json.dumps([envelope.source, envelope.id])
        found = _MODELS[kind].model_validate(document)
    except ValidationError as error:
        raise EventRejected(in_words(error)) from None
    event_id = event_id or found.event_id
    replaced_by: tuple[str, ...] = found.replaced_by if isinstance(found, LabelSuperseded) else ()
    packages, orders, replaced_by = (
        tuple(sorted(set(some))) for some in (found.package_ids, found.order_ids, replaced_by)
    )
    said = json.dumps([kind, event_id, found.shop_id, packages, orders, replaced_by])
    return Notice(
        identity="sha256:" + hashlib.sha256(said.encode()).hexdigest(),
        kind=kind,
        event_id=event_id,
        shop_id=found.shop_id,
        package_ids=packages,
        order_ids=orders,
        replaced_by=replaced_by,
        reason=found.reason,
    )


def reaches(notice: Notice, label: Job | LabelReady) -> Literal["whole", "partly"] | None:
    """Whether a label is void by a notice, wholly or because of some of its orders; None where it is not.

    Where the notice names packages and the label's is known, packages decide: an order may be in several.
    """
    if None not in (notice.shop_id, label.shop_id) and notice.shop_id != label.shop_id:
        return None
    if label.package_id is not None:
        if label.package_id in notice.replaced_by:
            return None
        if label.package_id in notice.package_ids:
            return "whole"
        if notice.package_ids:
            return None
    orders = set(label.order_ids)
    if not orders & set(notice.order_ids):
        return None
    return "whole" if notice.kind == "superseded" or orders <= set(notice.order_ids) else "partly"


def void_words(job: Job, into: JobState) -> str:
    """What is to be done about a job that was withdrawn too late, once it is in a state."""
    what = "it was canceled" if job.withdrawn == "canceled" else "its package was replaced"
    return f"{what} {too_late(job, into)}"


def too_late(job: Job, into: JobState) -> str:
    """When a job was withdrawn, and what is to be done about it."""
    if into is JobState.COMPLETED:
        return "after it was printed: take it out of the pile"
    if into is JobState.CANCELED:
        return "and is not printed any more"
    if into.under_way:
        return f"while it was on its way to {job.printer}"
    return "but may be on paper: look for it in the pile"


def words(notice: Notice, label: Job | LabelReady) -> str:
    """What a notice says of a label that it reaches."""
    because = f" ({' '.join(notice.reason.split())})" if notice.reason else ""
    if notice.kind == "superseded":
        return f"its package was replaced by {', '.join(notice.replaced_by[:5])}{because}"
    if reaches(notice, label) == "partly":
        gone = sorted(set(label.order_ids) & set(notice.order_ids))
        return f"order {', '.join(gone[:5])} of its {len(label.order_ids)} orders was canceled{because}"
    what = "package" if label.package_id in notice.package_ids else "order"
    return f"its {what} was canceled{because}"
