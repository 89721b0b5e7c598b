"""Label events as they arrive (docs/mqtt.md): bytes in, a `LabelEvent` or a rejection out. Pure."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, field_validator, model_validator

from ..renderers.errors import MediaError
from ..renderers.media import Media
from .errors import EventRejected
from .event_fields import (
    Carrier,
    Document,
    Fields,
    Id,
    Link,
    MediaType,
    Number,
    Stock,
    TrackingNumber,
    in_words,
    read_object,
)
from .job import Job, Removed

CLOUDEVENT_TYPE = "com.tiktokshop.label.ready.v1"


class TikTokAsset(Fields):
    """A label to be asked of the TikTok Shop API."""

    shop: Id
    """Shop as the configuration names it, or its TikTok shop id."""
    package_id: Number
    """TikTok package id."""


class AssetSource(Fields):
    """Where the label is: exactly one of `content`, `url` and `tiktok`."""

    content: Annotated[str, StringConstraints(min_length=1)] | None = None
    """The label itself: base64, a data URI, or ZPL as text."""
    media_type: MediaType | None = None
    """Media type as the publisher knows it; the bytes decide."""
    url: Link | None = None
    """TikTok's `doc_url`, good for 24 hours: it is fetched at once."""
    tiktok: TikTokAsset | None = None
    """A label to be asked of the TikTok Shop API."""
    design_dpi: Literal[203, 300, 600] | None = None
    """Resolution that ZPL was made for, when its publisher knows."""

    @model_validator(mode="after")
    def _one(self) -> "AssetSource":
        if sum(part is not None for part in (self.content, self.url, self.tiktok)) != 1:
            raise ValueError("give exactly one of content, url and tiktok")
        return self


class LabelReady(Fields):
    """A label is ready to be printed: the payload of `<prefix>/labels/ready`."""

    asset: AssetSource
    """The label."""
    event_id: Id | None = None
    """Identity of the event: the same id never prints twice."""
    shop_id: Number | None = None
    """TikTok shop id."""
    package_id: Number | None = None
    """TikTok package id."""
    order_ids: tuple[Number, ...] = Field(default=(), max_length=100)
    """TikTok order ids."""
    tracking_number: TrackingNumber | None = None
    """Carrier's number; it must be in one of the label's barcodes."""
    carrier: Carrier | None = None
    """Carrier's name."""
    document_type: Document = "SHIPPING_LABEL"
    """TikTok's document_type."""
    station: Id | None = None
    """Packing desk that wants it."""
    printer: Id | None = None
    """Printer or group by name; wins over rules and station."""
    media: Stock | None = None
    """Stock the label is meant for; where other stock is loaded the label is held, and a person decides."""
    copies: int = Field(default=1, ge=1, le=100)
    """Number of copies."""
    priority: int = Field(default=50, ge=1, le=100)
    """IPP job-priority: 100 first."""
    useful_until: AwareDatetime | None = None
    """After this the label is not printed without asking."""
    time: AwareDatetime | None = None
    """When the event was made, a CloudEvent's own `time` if this is absent; one that comes
    `holds.after_outage_minutes` later is not printed without asking."""
    tags: tuple[Id, ...] = Field(default=(), max_length=50)
    """Words for routing."""

    @field_validator("useful_until", "time")
    @classmethod
    def _a_time_of_our_own(cls, moment: datetime | None) -> datetime | None:
        # year 1 is what some languages write for "none", and in another zone it is year 0
        if moment is not None and not 2000 <= moment.year <= 2200:
            raise ValueError("must be between the years 2000 and 2200")
        return moment

    @model_validator(mode="after")
    def _media(self) -> "LabelReady":
        if self.media is not None:
            try:
                Media.parse(self.media)
            except MediaError as error:
                raise ValueError(str(error)) from error
        return self


class CloudEvent(Fields):
    """CloudEvents 1.0 structured JSON around a label event; `source` and `id` are its identity."""

    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: Literal["com.tiktokshop.label.ready.v1"]
    time: AwareDatetime | None = None
    data: LabelReady

    @property
    def label(self) -> LabelReady:
        """What it tells, with its own time where that is the event's and makes sense."""
        if self.data.time is not None or self.time is None or not 2000 <= self.time.year <= 2200:
            return self.data
        return self.data.model_copy(update={"time": self.time})


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """A label event that is understood: its identity, its fields and its asset's bytes as received.

    The bytes are None where they are to be fetched.
    """

    #: unique text; `bare` ones are a digest of topic and payload, good only within the duplicate window
    identity: str
    bare: bool
    fields: LabelReady
    asset: bytes | None
    media_type: str | None

    def is_of(self, job: Job) -> bool:
        """Whether this event and the one that `job` came from tell of the same parcel, as far as that is known."""
        if job.removed is Removed.PERSONAL:
            return False
        names = ("shop_id", "package_id", "tracking_number")
        pairs = [(getattr(self.fields, name), getattr(job, name)) for name in names]
        return all(None in pair or pair[0] == pair[1] for pair in pairs)


def from_json(topic: str, payload: bytes, *, max_bytes: int) -> LabelEvent:
    """Understand a JSON label event, plain or as a CloudEvent.

    Args:
        topic: where it came from; part of the identity of events without an id.
        payload: the JSON text, UTF-8.
        max_bytes: limit of the decoded asset; the text may be 1.5 times that and 64 KiB.

    Raises:
        EventRejected: with the first faults in words.
    """
    limit = max_bytes * 3 // 2 + 65536
    if len(payload) > limit:
        raise EventRejected(
            f"the event is {_megabytes(len(payload))}; with labels up to {_megabytes(max_bytes)} it may be "
            f"{_megabytes(limit)} (intake.max_asset_bytes)"
        )
    if not payload.strip():
        raise EventRejected("the event is empty: expected a JSON object with an asset")
    fields, identity = parse(payload)
    if fields.asset.content is None:
        return LabelEvent(identity or digest(topic, payload), identity is None, fields, None, fields.asset.media_type)
    if not fields.asset.content.strip():
        raise EventRejected("asset.content is empty: put the label in it as base64")
    return LabelEvent(
        identity or digest(topic, payload),
        identity is None,
        fields,
        fields.asset.content.encode(),
        fields.asset.media_type,
    )


def from_bytes(
    topic: str, payload: bytes, *, printer: str | None, station: str | None = None, max_bytes: int
) -> LabelEvent:
    """Understand raw asset bytes meant for one printer or station.

    Raises:
        EventRejected: the payload is empty or too large.
    """
    if not payload:
        raise EventRejected("the message is empty: publish the bytes of a label")
    if len(payload) > max_bytes * 3 // 2:
        raise EventRejected(
            f"the label is {_megabytes(len(payload))}; the limit is {_megabytes(max_bytes)} (intake.max_asset_bytes)"
        )
    try:
        fields = LabelReady(asset=AssetSource(content="raw"), printer=printer, station=station)
    except ValidationError as error:
        raise EventRejected(in_words(error)) from None
    return LabelEvent(digest(topic, payload), True, fields, payload, None)


def from_file(
    data: bytes, sidecar: bytes | None, *, printer: str | None, station: str | None, max_bytes: int
) -> LabelEvent:
    """Understand a label that came as a file, and the JSON fields that came with it.

    Without an `event_id` its bytes alone are its identity, wherever the file was and whatever it was called.

    Args:
        data: the file's bytes.
        sidecar: a label event without its asset, as JSON; it says more than `printer` and `station`.
        printer: where it prints.
        station: or whose label it is.
        max_bytes: limit of the decoded label.

    Raises:
        EventRejected: with the first faults in words.
    """
    if not data.strip():
        raise EventRejected("the file is empty: put it there again")
    if len(data) > max_bytes * 3 // 2:
        raise EventRejected(
            f"the file is {_megabytes(len(data))}; the limit is {_megabytes(max_bytes)} (intake.max_asset_bytes)"
        )
    said = {} if sidecar is None else read_object(sidecar, "fields of a label event")
    if "asset" in said:
        raise EventRejected("asset: the file itself is the label: leave asset out")
    try:
        fields = LabelReady.model_validate(
            {"printer": printer, "station": station, **said, "asset": {"content": "file"}}
        )
    except ValidationError as error:
        raise EventRejected(in_words(error)) from None
    if fields.event_id is not None:
        return LabelEvent(f"id:{fields.event_id}", False, fields, data, None)
    return LabelEvent(digest("file", data), True, fields, data, None)


def digest(topic: str, payload: bytes) -> str:
    """Identity of an event that has none: SHA-256 of topic and payload."""
    return "sha256:" + hashlib.sha256(topic.encode() + b"\0" + payload).hexdigest()


def unix_time(moment: datetime | None) -> float | None:
    """Unix seconds of an aware time."""
    return None if moment is None else moment.timestamp()


def parse(payload: bytes) -> tuple[LabelReady, str | None]:
    """Read a JSON label event, plain or as a CloudEvent: its fields, and its identity if it has one.

    Raises:
        EventRejected: with the first faults in words.
    """
    document = read_object(payload, "an asset")
    try:
        if "specversion" in document:
            event = CloudEvent.model_validate(document)
            return event.label, "ce:" + json.dumps([event.source, event.id])
        fields = LabelReady.model_validate(document)
    except ValidationError as error:
        raise EventRejected(in_words(error)) from None
    return fields, None if fields.event_id is None else f"id:{fields.event_id}"


def _megabytes(size: int) -> str:
    return f"{size / (1024 * 1024):.1f} MiB"
