"""What is to be said about ZPL: where, how grave, why, and what to do."""

from dataclasses import dataclass
from typing import Literal

#: `error`: something does not print or must not be sent; `warning`: it may print otherwise than meant; else `note`.
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the command that begins at byte `start`."""

    start: int
    severity: Severity
    reason: str
    hint: str = ""
