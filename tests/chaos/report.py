"""What became of the labels, in words and for docs/reliability.md. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .schedule import schedule

FIGURES = ("events", "paper", "confirmed", "uncounted", "held", "cancelled", "rejected", "lost", "doubled")


@dataclass(slots=True)
class Report:
    """What is known of a series of runs so far."""

    totals: Counter[str] = field(default_factory=Counter)
    seeds: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0

    def add(self, seed: int, found: Mapping[str, Any]) -> None:
        """Take in one run."""
        self.seeds.append(seed)
        self.totals.update({name: found.get(name, 0) for name in FIGURES})
        self.faults.update(fault.kind for fault in schedule(seed).faults)
        self.acts.update(act.partition(": ")[2] for act in found.get("acts", ()))
        self.cpu += found.get("cpu", 0.0)
        if found["wrongs"]:
            self.failed.append(seed)

    def words(self, seconds: float) -> str:
        """The figures for a terminal."""
        return "\n".join(
            [
                f"{len(self.seeds)} seeds in {seconds:.0f} s ({self.cpu:.0f} s of processor time)",
                "  " + ", ".join(f"{name} {self.totals[name]}" for name in FIGURES),
                "  " + ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items())),
                *(f"  cancel: {act}: {count}" for act, count in sorted(self.acts.items())),
                f"  failed seeds: {' '.join(map(str, sorted(self.failed))) or 'none'}",
            ]
        )

    def page(self, seconds: float, surroundings: str) -> str:
        """The figures for the manual."""
        faults = ", ".join(f"{kind} ({count})" for kind, count in self.faults.most_common())
        rows = (f"| {name} | {self.totals[name]} |" for name in FIGURES)
        return "\n".join(
            [
                f"Seeds {min(self.seeds)} to {max(self.seeds)}: {len(self.failed)} failed.",
                f"{seconds / 60:.0f} minutes on {surroundings}.",
                "",
                "| of all runs | |",
                "|---|---|",
                *rows,
                "",
                f"What happened: {faults}.",
            ]
        )


def steps_page(counted: Mapping[str, Mapping[str, Any]], mute: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of deaths at each step: on a printer with a counter, and on one that answers nothing."""
    rows = (
        f"| {number} | {step} | {_outcome(counted[step])} | {_outcome(mute[step])} |"
        for number, step in enumerate(counted, 1)
    )
    return "\n".join(
        ["| | killed when | printer with a counter | printer that answers nothing |", "|---|---|---|---|", *rows]
    )


def _outcome(found: Mapping[str, Any]) -> str:
    asked = ", a person is asked" if found["state"] == "pending-held" else ""
    return f"on paper {found['paper']}; {found['state']}, `{found['outcome']}`{asked}"


def between(text: str, mark: str, new: str) -> str:
    """A page with what stands between two marks replaced.

    Raises:
        ValueError: the page has no such marks.
    """
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    head, found, rest = text.partition(begin)
    _, also, tail = rest.partition(end)
    if not (found and also):
        raise ValueError(f"the page has no marks {mark}")
    return f"{head}{begin}\n{new}\n\n{end}{tail}"
