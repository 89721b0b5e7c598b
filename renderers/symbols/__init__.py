"""Barcodes: where they are, what they say, how well they are drawn."""

from .reading import (
    MAXICODE,
    Symbol,
    lost,
    matches_tracking,
    read,
    read_again,
    read_dots,
    read_maxicodes,
    read_part,
)
from .verdict import Verdict

__all__ = [
    "MAXICODE",
    "Symbol",
    "Verdict",
    "lost",
    "matches_tracking",
    "read",
    "read_again",
    "read_dots",
    "read_maxicodes",
    "read_part",
]
