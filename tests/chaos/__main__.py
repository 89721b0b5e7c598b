"""Faults in every order, and what became of the labels: `scripts/chaos --seeds N`.

Each seed is one run on a floor of its own: mosquitto, the daemon, two simulated Zebras. What happens is made from the
seed, so `--seed K` plays the same schedule again; how the machine's load shifts it against the daemon's work is not.
Exit status 1 says that a label was lost, doubled or not told of.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .entry import BUGS
from .floor import APART, die_with_parent, may_be_apart
from .schedule import schedule

#: a run that takes longer hangs
_LONGEST = 240.0
_FIGURES = ("events", "paper", "confirmed", "uncounted", "held", "cancelled", "rejected", "lost", "doubled")
#: runs in which a mistake that was put in must be found
_PROOFS = 12


@dataclass(slots=True)
class Report:
    """What is known so far."""

    totals: Counter[str] = field(default_factory=Counter)
    seeds: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0

    def add(self, seed: int, found: dict[str, Any]) -> None:
        """Take in one run."""
        self.seeds.append(seed)
        self.totals.update({name: found.get(name, 0) for name in _FIGURES})
        self.faults.update(fault.kind for fault in schedule(seed).faults)
        self.acts.update(act.partition(": ")[2] for act in found.get("acts", ()))
        self.cpu += found.get("cpu", 0.0)
        if found["wrongs"]:
            self.failed.append(seed)


async def one(seed: int, folder: Path, *, apart: bool, bug: str = "") -> dict[str, Any]:
    """Run a seed in a process of its own, and give its verdict."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.chaos.run", str(seed), str(folder), "--bug", bug]
    if apart:
        command = [*APART, *command, "--apart"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, preexec_fn=die_with_parent
    )
    try:
        async with asyncio.timeout(_LONGEST):
            out, errors = await process.communicate()
    except TimeoutError:
        return {"wrongs": [f"the run took longer than {_LONGEST:g} s"]}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        return {"wrongs": ["the run itself failed: " + errors.decode(errors="replace")[-2000:]]}
    found: dict[str, Any] = json.loads(out)
    return found


async def run(seeds: list[int], options: argparse.Namespace, folder: Path, bug: str = "") -> Report:
    """Run the seeds, some side by side; those that fail print why and what happened."""
    report = Report()
    waiting = iter(seeds)
    ends = time.monotonic() + 60 * options.minutes_limit
    apart = not options.together and may_be_apart()

    async def worker() -> None:
        for seed in waiting:
            if time.monotonic() > ends:
                return
            where = folder / f"{bug}{seed}"
            found = await one(seed, where, apart=apart, bug=bug)
            report.add(seed, found)
            if found["wrongs"]:
                print(f"\nFAILED --seed {seed}")
                print(*(f"  {wrong}" for wrong in found["wrongs"]), sep="\n")
                print(schedule(seed))
            if options.verbose:
                print(seed, json.dumps(found))
            if not (found["wrongs"] and options.keep):
                shutil.rmtree(where)
            if sys.stdout.isatty():
                print(f"\r{len(report.seeds)} of {len(seeds)} seeds, {len(report.failed)} failed ", end="", flush=True)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(options.jobs):
            tasks.create_task(worker())
    return report


def tell(report: Report, seconds: float) -> None:
    """The figures."""
    print(f"\n{len(report.seeds)} seeds in {seconds:.0f} s ({report.cpu:.0f} s of processor time)")
    print("  " + ", ".join(f"{name} {report.totals[name]}" for name in _FIGURES))
    print("  faults: " + ", ".join(f"{kind} {count}" for kind, count in sorted(report.faults.items())))
    for act, count in sorted(report.acts.items()):
        print(f"  cancel: {act}: {count}")
    print(f"  failed seeds: {' '.join(map(str, sorted(report.failed))) or 'none'}")


async def prove(options: argparse.Namespace, folder: Path) -> bool:
    """Whether the judge finds each mistake that is put in."""
    found = True
    for bug in BUGS:
        report = await run(list(range(1, _PROOFS + 1)), options, folder, bug)
        print(f"{bug}: {len(report.failed)} of {len(report.seeds)} seeds fail")
        found &= bool(report.failed)
    return found


def main() -> int:
    """Parse, run, tell."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=20, metavar="N", help="how many runs: seeds FIRST, FIRST+1, ... (20)"
    )
    parser.add_argument("--first", type=int, default=1, help="the first of them (1)")
    parser.add_argument("--seed", type=int, metavar="K", help="this one alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs side by side (one for each core)")
    parser.add_argument("--minutes-limit", type=float, default=60.0, help="begin no run after so many minutes (60)")
    parser.add_argument("--prove", action="store_true", help="put mistakes into labeld: the runs must fail")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs, paper and database of runs that fail")
    parser.add_argument(
        "--together", action="store_true", help="without namespaces: the disk is filled by a limit then"
    )
    parser.add_argument("--verbose", action="store_true", help="print the verdict of every run")
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="labeld-chaos-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.prove:
            return 0 if asyncio.run(prove(options, folder)) else 1
        seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
        report = asyncio.run(run(list(seeds), options, folder))
    tell(report, time.monotonic() - begun)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
