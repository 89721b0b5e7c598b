"""Documents by kind: how long render processes take for them, and what becomes of them."""

import base64
import binascii

from prometheus_client import CollectorRegistry, Counter, Histogram

from ...renderers.asset import JPEG, PDF, PNG, TIFF, ZPL, sniff
from ...renderers.errors import RenderError
from .bounds import OTHER

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_RESULTS = ("done", "refused", "slow", "crashed")
_KINDS = {PDF: "pdf", PNG: "png", JPEG: "jpeg", TIFF: "tiff", ZPL: "zpl"}
#: of a document that is looked at; ZPL begins within it
_HEAD = 4096


def kind_of(data: bytes) -> str:
    """The kind of a document by its first bytes, also as base64, which most events have; else `other`. Pure."""
    head = data[:_HEAD].lstrip()
    try:
        return _KINDS.get(sniff(head) or sniff(_decoded(head)) or "", OTHER)
    except RenderError:
        return OTHER


def _decoded(head: bytes) -> bytes:
    """What the beginning of base64, or of a data URI, stands for; nothing where it is neither."""
    text = head[head.find(b",") + 1 :] if head.startswith(b"data:") else head
    text = b"".join(text.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


class Rendering:
    """What render processes do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._documents = Counter(
            "labeld_renders", "Documents drawn, by what became of them", ("document", "result"), registry=registry
        )
        self._took = Histogram(
            "labeld_render_seconds",
            "Time in a render process",
            ("document",),
            buckets=_SECONDS,
            registry=registry,
        )

        for kind in (*_KINDS.values(), OTHER):
            for result in _RESULTS:
                self._documents.labels(kind, result)

    def drawn(self, data: bytes, result: str, seconds: float) -> None:
        """A document was drawn, or could not be."""
        kind = kind_of(data)
        self._documents.labels(kind, result).inc()
        self._took.labels(kind).observe(seconds)
