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
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.integration.harness import ROOT, die_with_parent

from .entry import BUGS
from .floor import APART, may_be_apart
from .report import Report, between, steps_page
from .schedule import schedule

#: a run that takes longer hangs
_LONGEST = 300.0
#: runs in which a mistake that was put in must be found
_PROOFS = 20
_PAGE = ROOT / "docs/reliability.md"


async def process(module: str, *arguments: str, apart: bool) -> dict[str, Any]:
    """Run a module of this folder in a process of its own; gives the JSON that it prints."""
    command = [sys.executable, "-m", f"tests.chaos.{module}", *arguments]
    if apart:
        command = [*APART, *command, "--apart"]
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, preexec_fn=die_with_parent
    )
    try:
        async with asyncio.timeout(_LONGEST):
            out, errors = await running.communicate()
    except TimeoutError:
        return {"wrongs": [f"the run took longer than {_LONGEST:g} s"]}
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    if running.returncode:
        return {"wrongs": ["the run itself failed: " + errors.decode(errors="replace")[-2000:]]}
    found: dict[str, Any] = json.loads(out)
    return found


class Runs:
    """Runs of many seeds, some side by side."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._ends = time.monotonic() + 60 * options.minutes_limit
        self._apart = not options.together and may_be_apart()

    async def seeds(self, seeds: Iterable[int], bug: str = "") -> Report:
        """Run them; a seed that fails prints why and what happened. With a `bug`, until one fails."""
        report = Report()
        waiting = iter(seeds)

        async def worker() -> None:
            for seed in waiting:
                if time.monotonic() > self._ends or (bug and report.failed):
                    return
                report.add(seed, await self._one(seed, bug))
                if sys.stdout.isatty():
                    print(f"\r{len(report.seeds)} seeds, {len(report.failed)} failed ", end="", flush=True)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._options.jobs):
                tasks.create_task(worker())
        return report

    async def _one(self, seed: int, bug: str) -> dict[str, Any]:
        folder = self._folder / f"{bug}{seed}"
        folder.mkdir()
        found = await process("run", str(seed), str(folder), "--bug", bug, apart=self._apart)
        if found["wrongs"]:
            print(f"\nFAILED --seed {seed}", *found["wrongs"], sep="\n  ")
            if not bug:
                print(schedule(seed))
        if self._options.verbose:
            print(seed, json.dumps(found))
        if not (found["wrongs"] and self._options.keep):
            shutil.rmtree(folder)
        return found

    async def prove(self, bugs: Iterable[str]) -> bool:
        """Whether the judge finds each mistake that is put in."""
        proven = True
        for bug in bugs:
            report = await self.seeds(range(self._options.first, self._options.first + _PROOFS), bug)
            print(f"{bug}: {'found' if report.failed else 'NOT FOUND'} in {len(report.seeds)} seeds")
            proven &= bool(report.failed)
        return proven

    async def steps(self) -> tuple[str, list[str]]:
        """The table of deaths at each step of a job's life, and what was wrong."""
        both = []
        for printer in ("--counted", "--mute"):
            folder = self._folder / printer
            folder.mkdir()
            both.append(process("steps", str(folder), printer, apart=self._apart))
        counted, mute = await asyncio.gather(*both)
        wrongs = counted["wrongs"] + mute["wrongs"]
        return "" if wrongs else steps_page(counted["outcomes"], mute["outcomes"]), wrongs


def write(mark: str, text: str) -> None:
    """Put a table into the manual."""
    _PAGE.write_text(between(_PAGE.read_text("utf-8"), mark, text), "utf-8")


def surroundings(options: argparse.Namespace) -> str:
    """On what the figures were made."""
    load = os.getloadavg()[2]
    return f"{os.cpu_count()} cores with a load of {load:.1f} in the last 15 minutes, {options.jobs} runs side by side"


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=20, metavar="N", help="how many runs: seeds FIRST, FIRST+1 ... (20)"
    )
    parser.add_argument("--first", type=int, default=1, help="the first of them (1)")
    parser.add_argument("--seed", type=int, metavar="K", help="this one alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs side by side (one for each core)")
    parser.add_argument("--minutes-limit", type=float, default=60.0, help="begin no run after so many minutes (60)")
    parser.add_argument(
        "--prove", nargs="*", choices=BUGS, help="put these mistakes, or all, into labeld: runs must fail"
    )
    parser.add_argument("--steps", action="store_true", help="kill -9 at each step of a job's life")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/reliability.md")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and paper of runs that fail")
    parser.add_argument("--together", action="store_true", help="without namespaces: a limit is the full disk then")
    parser.add_argument("--verbose", action="store_true", help="print the verdict of every run")
    return parser.parse_args()


async def main(options: argparse.Namespace, folder: Path) -> int:
    """Run what was asked for, and tell."""
    runs, begun = Runs(options, folder), time.monotonic()
    if options.prove is not None:
        return 0 if await runs.prove(options.prove or BUGS) else 1
    if options.steps:
        table, wrongs = await runs.steps()
        print(table, *wrongs, sep="\n")
        if options.write and not wrongs:
            write("steps", table)
        return 1 if wrongs else 0
    every = range(options.first, options.first + options.seeds) if options.seed is None else [options.seed]
    report = await runs.seeds(every)
    print("\n" + report.words(time.monotonic() - begun))
    if options.write:
        write("figures", report.page(time.monotonic() - begun, surroundings(options)))
    return 1 if report.failed else 0


if __name__ == "__main__":
    chosen = parsed()
    with tempfile.TemporaryDirectory(prefix="labeld-chaos-") as temporary:
        where = chosen.keep or Path(temporary)
        where.mkdir(parents=True, exist_ok=True)
        sys.exit(asyncio.run(main(chosen, where)))
