"""PrintNode's print job: the body of its `POST /printjobs`, and its whole numbers for names. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...renderers.errors import MediaError
from ...renderers.media import Media
from .. import normal
from ..errors import EventRejected
from .reading import own_of, tag, text_of, whole_of

CONTENT_TYPES = ("pdf_base64", "raw_base64", "pdf_uri", "raw_uri")
#: what an event's identity begins with where the request had an idempotency key
KEY = "printnode:"
#: letters of such a key
KEY_LETTERS = 190
_MOST_SECONDS = 366 * 24 * 3600


def number_of(name: str) -> int:
    """The whole number of a printer, a group or a computer: SHA-256 of its name, 31 bits of it, the same for ever."""
    digest = hashlib.sha256(name.encode()).digest()
    return (int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF) or 1


def is_job(body: Mapping[str, Any]) -> bool:
    """Whether a JSON object is such a body."""
    return body.get("contentType") in CONTENT_TYPES and "content" in body and "asset" not in body


def event_of(body: Mapping[str, Any], names: Iterable[str], now: float, key: str | None = None) -> dict[str, Any]:
    """The label event.

    Args:
        body: the print job.
        names: printers and groups.
        now: Unix seconds, from which `expireAfter` counts.
        key: its `X-Idempotency-Key`: the same is never printed twice.

    Raises:
        EventRejected: it is no print job, or asks for what would print another thing than it means.
    """
    kind, asset = _asset(body)
    tags = [tag("printnode", kind)]
    tags += [tag(name, value) for name in ("title", "source") if (value := text_of(body, name)) is not None]
    event: dict[str, Any] = {
        "asset": asset,
        "printer": _printer(body, names),
        "copies": whole_of(body, "qty", 1),
        "useful_until": _until(body, now),
    }
    options = body.get("options") or {}
    if not isinstance(options, Mapping):
        raise EventRejected("options: should be an object")
    if kind.startswith("pdf"):
        # as PrintNode has it, options do nothing to raw bytes
        _check(options)
        event["copies"] *= whole_of(options, "copies", 1, where="options.")
        if paper := text_of(options, "paper"):
            # a name that only some printer's driver knows says nothing of the label, and is kept to be seen
            event |= {"media": normal.media(paper)} if _is_stock(paper) else {}
            tags.append(tag("paper", paper))
    if key is not None:
        if not 0 < len(key) <= KEY_LETTERS:
            raise EventRejected(f"X-Idempotency-Key has 1 to {KEY_LETTERS} letters")
        event["event_id"] = f"{KEY}{key}"
    own = own_of(body)
    return event | own | {"tags": [*tags, *own["tags"]] if isinstance(own.get("tags"), list) else tags}


def _asset(body: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The content's type, and where the label is."""
    kind, content = text_of(body, "contentType"), body.get("content")
    if kind not in CONTENT_TYPES:
        raise EventRejected(f"contentType: should be one of {', '.join(CONTENT_TYPES)} (got {str(kind)[:40]!r})")
    if not isinstance(content, str) or not content.strip():
        raise EventRejected("content is empty: put the label in it as base64, or its address")
    if kind.endswith("_uri") and body.get("authentication"):
        raise EventRejected("authentication: links with a user name are not fetched; send the label itself")
    asset = {"url": content.strip()} if kind.endswith("_uri") else {"content": content}
    return kind, asset | ({"media_type": "application/pdf"} if kind.startswith("pdf") else {})


def _printer(body: Mapping[str, Any], names: Iterable[str]) -> str:
    wanted = text_of(body, "printerId")
    if wanted is None:
        raise EventRejected("printerId is missing: GET /printers tells the numbers, and a name will do")
    known = sorted(names)
    if wanted in known:
        return wanted
    found = [name for name in known if str(number_of(name)) == wanted]
    if len(found) != 1:
        those = ", ".join(f"{number_of(name)} ({name})" for name in known) or "none"
        why = f"names {' and '.join(found)}" if found else f"is no printer (there are {those})"
        raise EventRejected(f"printerId {wanted[:40]} {why}")
    return found[0]


def _until(body: Mapping[str, Any], now: float) -> str | None:
    if body.get("expireAfter") is None:
        return None
    seconds = min(whole_of(body, "expireAfter", 1), _MOST_SECONDS)
    return (datetime.fromtimestamp(now, UTC) + timedelta(seconds=seconds)).isoformat()


def _check(options: Mapping[str, Any]) -> None:
    """Refuse what would come out otherwise than it was meant."""
    pages = text_of(options, "pages")
    if pages not in (None, "-"):
        raise EventRejected("options.pages: send only the pages that are to be printed")
    if whole_of(options, "nup", 1, where="options.") != 1:
        raise EventRejected("options.nup: labels are printed one to a page")


def _is_stock(paper: str) -> bool:
    try:
        Media.parse(normal.media(paper))
    except MediaError:
        return False
    return True
