"""What labeld says on MQTT: topics and JSON payloads (docs/mqtt.md). Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from typing_extensions import TypedDict

from ..drivers.evidence import Outcome
from .job import Job, JobState, Role, Withdrawal


class JobMessage(TypedDict):
    """A change of a job."""

    job_id: str
    event_id: str | None
    duplicate_event_id: str | None
    shop_id: str | None
    package_id: str | None
    tracking_number: str | None
    state: JobState
    reasons: list[str]
    message: str
    printer: str | None
    outcome: Outcome | None
    evidence: str | None
    labels: int | None
    part_of: str | None
    pages: tuple[int, ...] | None
    role: Role | None
    rival: str | None
    withdrawn: Withdrawal | None
    reprint_of: str | None
    reprint: int | None
    duplicates: int
    at: str | None


class RejectionMessage(TypedDict):
    """An event that could not become a job."""

    topic: str
    source: str
    reason: str
    size: int
    digest: str
    at: str | None


class AlertMessage(TypedDict):
    """What a person must see to before labels stop."""

    kind: str
    message: str
    shop: str
    ends_at: str | None
    at: str | None


def iso(seconds: float | None) -> str | None:
    """RFC 3339 UTC time with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job_topic(prefix: str, job_id: str) -> str:
    """Topic of one job's state changes."""
    return f"{prefix}/jobs/{job_id}"


def job_payload(job: Job, again: str | None = None) -> bytes:
    """A state change of a job; `again` is the id of another event whose label it is too, when that just came."""
    told: JobMessage = {
        "job_id": job.id,
        "event_id": job.event_id,
        "duplicate_event_id": again,
        "shop_id": job.shop_id,
        "package_id": job.package_id,
        "tracking_number": job.tracking_number,
        "state": job.state,
        "reasons": [job.reason],
        "message": job.message,
        "printer": job.printer,
        "outcome": job.outcome,
        "evidence": job.level,
        "labels": job.labels,
        "part_of": job.part_of,
        "pages": job.pages,
        "role": job.role,
        "rival": job.rival,
        "withdrawn": job.withdrawn,
        "reprint_of": job.reprint_of,
        "reprint": job.reprint,
        "duplicates": job.duplicates,
        "at": iso(job.updated_at),
    }
    return _json(told)


def rejection_payload(*, topic: str, source: str, because: str, size: int, digest: str, at: float) -> bytes:
    """An event that was refused, for `<prefix>/events/rejected`."""
    told: RejectionMessage = {
        "topic": topic,
        "source": source,
        "reason": because,
        "size": size,
        "digest": digest,
        "at": iso(at),
    }
    return _json(told)


def alert_payload(*, kind: str, message: str, shop: str, ends_at: float | None, at: float) -> bytes:
    """Something that a person must see to before labels stop, for `<prefix>/alerts`."""
    told: AlertMessage = {"kind": kind, "message": message, "shop": shop, "ends_at": iso(ends_at), "at": iso(at)}
    return _json(told)


def attention_payload(counts: Mapping[str, int], at: float) -> bytes:
    """How many of each kind need a person, for `<prefix>/attention`; `at` is when that changed."""
    return _json({"total": sum(counts.values()), "counts": counts, "at": iso(at)})


def attention_post(
    *, site: str, started: Sequence[str], stopped: Sequence[str], counts: Mapping[str, int], at: float
) -> bytes:
    """What begins and ends to need a person, for a webhook, and how many of each kind do now."""
    return _json({"site": site, "started": started, "stopped": stopped, "counts": counts, "at": iso(at)})


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
