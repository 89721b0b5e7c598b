"""ZPL to a picture, labeld beside zebrash's WASM build (npm zpl-renderer-js), in one run.

Method. Two programs that stay up, both bound to the same core, each with its libraries loaded and every label drawn
before. In each round every label goes to both, in an order by chance, once to warm up, for the other program ran
before, and once by the clock. Each tells the time from ZPL in memory to PNG in memory; labeld also that to the dots.
Pictures are of the same size, 8 dots/mm. Ratios are of the times of one label in one round, and a label counts with
the median of its rounds. Memory is the most that a program ever held, with its interpreter. Milliseconds are of this
machine, now: compare ratios.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.fresh import peak_rss
from tests.bench.render import goal
from tests.conformance.cases import cases
from tests.fuzz.seeds import ROOT, seeds

#: Milliseconds from ZPL to dots at the median, and zebrash's time by ours.
MOST_MS = 15.0
FASTER = 5.0
HERE = Path(__file__).parent


@dataclass(slots=True)
class Label:
    """A label in a file, its job, and what came of it: seconds by program, and why a program did not draw it."""

    name: str
    job: dict[str, Any]
    times: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


class Program:
    """A renderer that answers jobs, a JSON line each."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Have a label drawn."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> float:
        """End it; gives the most memory that it held, in MiB."""
        held = peak_rss(self._process.pid)
        self._process.communicate()
        return held / 1024

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the renderer ended: {self._process.args!r}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def labels(folder: Path) -> tuple[list[Label], str]:
    """The labels, written into `folder` where they are our own, and where they come from in words."""
    found = cases(("carrier", "carrier-mock"))
    if found:
        where = f"{len(found)} carriers' labels beside the checkout"
        given = [(case.name, case.zpl, case.width, case.height, case.index) for case in found]
    else:
        own = seeds(beside=False)[3]
        where = f"ONLY {len(own)} labels of our own: there are no carriers' labels beside this checkout"
        given = [(name, zpl, 812, 1218, 0) for name, zpl in own.items()]
    made = []
    for name, zpl, width, height, index in given:
        (folder / f"{name}.zpl").write_bytes(zpl)
        job = {
            "zpl": str(folder / f"{name}.zpl"),
            "png": str(folder / "out.png"),
            "index": index,
            "dpi": 203,
            "dpmm": 8,
        }
        job |= {"width_px": width, "height_px": height, "width_mm": width / 8, "height_mm": height / 8}
        made.append(Label(name, job))
    return made, where


def drawn(program: Program, name: str, label: Label) -> dict[str, Any] | None:
    """Have a label drawn and look at the size of the picture."""
    png = Path(label.job["png"])
    png.unlink(missing_ok=True)
    answer = program.ask(label.job)
    if not answer["ok"]:
        label.refused[name] = str(answer["error"])
        return None
    size = struct.unpack(">II", png.read_bytes()[16:24])
    if size != (label.job["width_px"], label.job["height_px"]):
        label.refused[name] = f"the picture has {size[0]}x{size[1]} dots"
        return None
    return answer


def measure(programs: dict[str, Program], todo: Sequence[Label], rounds: int) -> None:
    """Fill in the times."""
    chance = random.Random(8)  # noqa: S311  # an order, no secret
    for label in todo:
        for name, program in programs.items():
            drawn(program, name, label)
    for _ in range(rounds):
        for label in chance.sample(list(todo), len(todo)):
            for name in chance.sample(list(programs), len(programs)):
                if name in label.refused:
                    continue
                programs[name].ask(label.job)
                answer = programs[name].ask(label.job)
                label.times.setdefault(name, []).append(answer["seconds"])
                if "dots_seconds" in answer:
                    label.times.setdefault("dots", []).append(answer["dots_seconds"])


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    ordered = sorted(values)
    return ordered[round(0.95 * (len(ordered) - 1))]


def ratio(label: Label) -> float | None:
    """Zebrash's time by ours, both to a PNG, where both draw it."""
    if "labeld" not in label.times or "zebrash" not in label.times:
        return None
    pairs = zip(label.times["zebrash"], label.times["labeld"], strict=True)
    return statistics.median(its / ours for its, ours in pairs)


def milliseconds(values: Sequence[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(values) * 1000:.1f} / {p95(values) * 1000:.1f}"


def line(name: str, *columns: str) -> None:
    """A line of the table."""
    print(f"  {name:<30}", *(f"{column:>16}" for column in columns))


def tell(todo: Sequence[Label]) -> None:
    """The tables."""
    ways = ("dots", "labeld", "zebrash")
    print("\nMilliseconds, median / 95th percentile")
    line("", "labeld, dots", "labeld, PNG", "zebrash, PNG", "zebrash / labeld")
    for label in todo:
        columns = [milliseconds(label.times[way]) if way in label.times else "refused" for way in ways]
        by = ratio(label)
        line(label.name, *columns, "" if by is None else f"{by:.1f}")
    medians = {way: [statistics.median(one.times[way]) for one in todo if way in one.times] for way in ways}
    line(f"all {len(todo)}: medians", *(milliseconds(medians[way]) if medians[way] else "" for way in ways))
    ratios = [by for label in todo if (by := ratio(label)) is not None]
    for label in todo:
        for name, why in label.refused.items():
            print(f"  {name} does not draw {label.name}: {why[:120]}")
    if medians["dots"]:
        print("  milliseconds to dots,", goal(statistics.median(medians["dots"]) * 1000, MOST_MS, most=True))
    if ratios:
        low, high = min(ratios), max(ratios)
        print(f"  zebrash's time / labeld's, to PNG, {len(ratios)} labels [{low:.1f} - {high:.1f}],", end=" ")
        print(goal(statistics.median(ratios), FASTER))


def main() -> None:
    """Run both and print it."""
    parser = argparse.ArgumentParser(prog="scripts/bench zpl", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a measurement")
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    print(__doc__)
    programs = {"labeld": Program(sys.executable, ROOT / "tests/conformance/shim.py")}
    if shutil.which("node") and (HERE / "node_modules").is_dir():
        programs["zebrash"] = Program("node", HERE / "zebrash.mjs")
    else:
        print("SKIPPED zebrash: node or its package is not installed: scripts/setup bench")
    with tempfile.TemporaryDirectory(prefix="labeld-bench-") as name:
        todo, where = labels(Path(name))
        print(f"Measured on {where}. Load of the machine before: {os.getloadavg()[0]:.1f}.")
        measure(programs, todo, 3 if options.quick else 15)
    tell(todo)
    for name, program in programs.items():
        print(f"  peak memory of {name}: {program.close():.0f} MiB")


if __name__ == "__main__":
    main()
