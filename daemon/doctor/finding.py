"""What a check found: a mark, a sentence, and what to do about it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How bad it is; only a fault keeps labels from paper."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, what was found, and what to do where it is not in order."""

    check: str
    mark: Mark
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    """It is in order."""
    return Finding(check, Mark.OK, found)


def warning(check: str, found: str, advice: str) -> Finding:
    """It prints, but may not always."""
    return Finding(check, Mark.WARNING, found, advice)


def fault(check: str, found: str, advice: str) -> Finding:
    """Labels are kept from paper."""
    return Finding(check, Mark.FAULT, found, advice)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing is a fault, else 1."""
    return int(any(one.mark is Mark.FAULT for one in findings))
