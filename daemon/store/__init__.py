"""The print ledger: jobs, their assets and artwork, attempts, the append-only timeline, and the outbox."""

from .rows import (
    Accepted,
    Artwork,
    Attempt,
    Fetch,
    HeldGroup,
    LedgerEntry,
    NewFetch,
    NewJob,
    NewPart,
    NewReprint,
    NoticeTaken,
    OutboxMessage,
    Pause,
    Rejection,
    Roll,
    Upload,
)
from .store import Store

__all__ = [
    "Accepted",
    "Artwork",
    "Attempt",
    "Fetch",
    "HeldGroup",
    "LedgerEntry",
    "NewFetch",
    "NewJob",
    "NewPart",
    "NewReprint",
    "NoticeTaken",
    "OutboxMessage",
    "Pause",
    "Rejection",
    "Roll",
    "Store",
    "Upload",
]
