"""Who hears of what happened at the edges: the database, render processes, TikTok's API."""

from ..drivers.evidence import Verdict
from .job import Job


class Observer:
    """Is told, and changes nothing; this one does not listen. Calls come on the event loop and must be quick."""

    def event(self, source: str, result: str) -> None:
        """An event was committed: `accepted`, `duplicate` or `rejected`."""

    def attempt(self, job: Job, verdict: Verdict, sent_at: float | None) -> None:
        """An attempt to print a job ended; `sent_at` is when the last byte was handed over, Unix seconds."""

    def drawn(self, data: bytes, result: str, seconds: float) -> None:
        """A render process was done with a document: `done`, `refused`, `slow` or `crashed`."""

    def called(self, shop: str, path: str, result: str, seconds: float) -> None:
        """TikTok was asked once: what its answer asks for (`Action`, in lower case), or `unreached`."""

    def cleaned(self) -> None:
        """Retention went through the database once."""
