"""What is to be said about ZPL: where, how grave, what, and what to do."""

from dataclasses import dataclass
from typing import Literal

#: `error`: something does not print or must not be sent; `warning`: it may print otherwise than meant; else `note`.
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know: `start` is the byte at which it begins, `line` and `column` count from 1 (0: not counted
    yet); the message says what, the hint what to do (may be empty)."""

    start: int
    severity: Severity
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The line that compilers write."""
        return f"{self.line}:{self.column}: {self.severity}: {self.message}" + (f" ({self.hint})" if self.hint else "")
