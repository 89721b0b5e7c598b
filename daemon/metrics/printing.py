"""Events by source, attempts by printer, and how long a label takes from its event to paper."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from ...drivers.evidence import Outcome, Verdict
from ..job import TEST, Job
from .bounds import Bounded

_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_SOURCES, _PRINTERS = 20, 200
#: where events come from; each begins at 0, for a series that begins with its first event shows no increase
_KNOWN = ("mqtt", "http", "printnode", "folder", "import", "upload", "tiktok-webhook", "tiktok-poll", TEST)
_RESULTS = ("accepted", "duplicate", "rejected")


class Printing:
    """What the database commits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "labeld_events", "Events committed, by what became of them", ("source", "result"), registry=registry
        )
        self._attempts = Counter(
            "labeld_attempts", "Attempts to print that ended", ("printer", "outcome"), registry=registry
        )
        self._sent = Histogram(
            "labeld_event_to_last_byte_seconds",
            "From an event's acceptance to the last byte at its printer; without labels that a person released",
            ("printer",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._confirmed = Histogram(
            "labeld_event_to_confirmed_seconds",
            "From an event's acceptance to the proof that its label is on paper; without labels that a person released",
            ("printer",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._source = Bounded(_SOURCES)
        self._printer = Bounded(_PRINTERS)
        for source in _KNOWN:
            for result in _RESULTS:
                self._events.labels(self._source(source), result)

    def know(self, printers: Iterable[str]) -> None:
        """There are these printers: their counts begin at 0."""
        for printer in printers:
            for outcome in Outcome:
                self._attempts.labels(self._printer(printer), outcome)

    def event(self, source: str, result: str) -> None:
        """An event was committed."""
        self._events.labels(self._source(source), result).inc()

    def attempt(self, job: Job, verdict: Verdict, sent_at: float | None) -> None:
        """An attempt ended."""
        printer = self._printer(job.printer or "none")
        self._attempts.labels(printer, verdict.outcome).inc()
        # what a person let wait, or printed again, says nothing of labeld's pace
        if job.source == TEST or job.reprint_of is not None or job.waits_since is not None:
            return
        if sent_at is not None:
            self._sent.labels(printer).observe(max(0.0, sent_at - job.received_at))
        if verdict.outcome is Outcome.CONFIRMED:
            self._confirmed.labels(printer).observe(max(0.0, job.updated_at - job.received_at))
