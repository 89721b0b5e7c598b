"""Barcodes: where they are, what they say, how well they are drawn."""

from .quality import Quality, measure
from .reading import (
    LINEAR,
    MAXICODE,
    Symbol,
    lost,
    matches_tracking,
    read,
    read_again,
    read_dots,
    read_maxicodes,
    read_part,
    same,
)
from .repair import Repaired, resnap
from .verdict import Verdict

__all__ = [
    "LINEAR",
    "MAXICODE",
    "Quality",
    "Repaired",
    "Symbol",
    "Verdict",
    "lost",
    "matches_tracking",
    "measure",
    "read",
    "read_again",
    "read_dots",
    "read_maxicodes",
    "read_part",
    "resnap",
    "same",
]
