"""PDF to ZPL, labeld beside its peers, in one run.

Method. One process on one core, NumPy's threads off. Each page is a PDF file of its own and lies on stock of its own
size; labels are pages of about 4x6 in. In each round every page goes through every way, in an order by chance, once
to warm up, for the way before may have been another program, and once by the clock. Ratios are of the times of one
page in one round, a page counts with the median of its rounds, and a table says the median over pages [the tenth - the
ninetieth percentile]. Milliseconds are of this machine, now: compare ratios.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.bench import meters, ways
from tests.bench.corpus import Page, pages
from tests.integration.harness import ROOT

from labeld.renderers.asset import unwrap
from labeld.renderers.convert import Target, convert_page
from labeld.renderers.media import Media, Resolution

RESOLUTIONS = (203, 300)
#: Zebrafy's time by ours, and our bytes by zebrafy's.
FASTER = {203: 3.5, 300: 5.0}
SMALLER = 1.0
VERIFIED_PER_SECOND = 60.0
SCALING = 1.8
#: Below this, two cores are not ours: what scales worst cannot be told from what else runs.
QUIET = 1.9

#: Seconds of each round, of each page, of each way.
Times = Mapping[str, Sequence[Sequence[float]]]


def paired(chosen: Mapping[str, ways.Way], labels: Sequence[Page], dpi: int, rounds: int) -> Times:
    """Time every way on every page."""
    chance = random.Random(dpi)  # noqa: S311  # an order, no secret
    times: dict[str, list[list[float]]] = {name: [[] for _ in labels] for name in chosen}
    for _ in range(rounds):
        for index, page in enumerate(labels):
            for name in chance.sample(list(chosen), len(chosen)):
                chosen[name](page.path, page.data, page.stock, dpi)
                begun = time.perf_counter()
                chosen[name](page.path, page.data, page.stock, dpi)
                times[name][index].append(time.perf_counter() - begun)
    return times


def ratios(times: Times, name: str, to: str) -> list[float]:
    """One way's time by another's, of each page."""
    return [
        statistics.median(one / other for one, other in zip(mine, theirs, strict=True))
        for mine, theirs in zip(times[name], times[to], strict=True)
    ]


def per_page(times: Times, name: str) -> list[float]:
    """Seconds of each page."""
    return [statistics.median(rounds) for rounds in times[name]]


def spread(values: Iterable[float]) -> str:
    """The median and the tenth and ninetieth percentile."""
    ordered = sorted(values)
    low, high = (ordered[round((len(ordered) - 1) * part)] for part in (0.1, 0.9))
    return f"{statistics.median(ordered):5.2f} [{low:.2f} - {high:.2f}]"


def line(name: str, *columns: str) -> None:
    """A line of a table."""
    print(f"  {name:<28}", *(f"{column:>20}" for column in columns))


def goal(value: float, wanted: float, *, most: bool = False) -> str:
    """A goal and whether it is reached."""
    reached = value <= wanted if most else value >= wanted
    return f"goal {'<=' if most else '>='} {wanted:g}: {'reached' if reached else 'MISSED'} with {value:.2f}"


def unread(labels: Sequence[Page], rounds: int) -> None:
    """PDF to `^GFA:Z64:`, no barcode read, by all ways there are."""
    chosen = {}
    for name, way in ways.UNREAD.items():
        reason = ways.why_not(way)
        if reason:
            print(f"  SKIPPED {name}: {reason}")
        else:
            chosen[name] = way
    for dpi in RESOLUTIONS:
        times = paired(chosen, labels, dpi, rounds)
        sizes = {
            name: [len(way(page.path, page.data, page.stock, dpi)) for page in labels] for name, way in chosen.items()
        }
        print(f"\n1. PDF to ^GFA:Z64:, no barcode read, {dpi} dpi, {len(labels)} labels")
        line("", "ms", "x labeld's time", "labeld's bytes / its")
        smaller = {}
        for name in chosen:
            smaller[name] = [ours / its for ours, its in zip(sizes["labeld"], sizes[name], strict=True)]
            columns = (spread(ratios(times, name, "labeld")), spread(smaller[name])) if name != "labeld" else ()
            line(name, f"{statistics.median(per_page(times, name)) * 1000:.1f}", *columns)
        if "zebrafy, its dither" in chosen:
            faster = statistics.median(ratios(times, "zebrafy, its dither", "labeld"))
            print("  zebrafy's time / labeld's,", goal(faster, FASTER[dpi]))
            size = statistics.median(smaller["zebrafy, dither=False"])
            print("  labeld's bytes / zebrafy's without dither,", goal(size, SMALLER, most=True))


def verified(labels: Sequence[Page], rounds: int) -> None:
    """Labels per second with every barcode read from source and dots."""
    for dpi in RESOLUTIONS:
        times = paired(ways.VERIFIED, labels, dpi, rounds)
        ours, naive = ways.VERIFIED
        print(f"\n2. Everything verified, one core, {dpi} dpi, {len(labels)} labels")
        line("", "labels/s", "ms", "slowest ms")
        for name in times:
            each = per_page(times, name)
            per_second = f"{len(each) / sum(each):.1f}"
            line(name, per_second, f"{statistics.median(each) * 1000:.1f}", f"{max(each) * 1000:.1f}")
        print("  the naive way's time / labeld's:", spread(ratios(times, naive, ours)))
        if dpi == RESOLUTIONS[0]:
            each = per_page(times, ours)
            print("  labels/s,", goal(len(each) / sum(each), VERIFIED_PER_SECOND))
        for page in labels:
            target = Target(media=Media.parse(page.stock), resolution=Resolution(dpi), verify=False)
            lost = [symbol for made in convert_page(unwrap(page.data), 1, target) for symbol in made.lost]
            for symbol in lost:
                print(f"  held, not printed: {page.name}, whose {symbol.format} {symbol.text[:30]!r} does not scan")


class Fresh:
    """A process of its own, see `fresh.py`; it is warm once made, and works in `finish`."""

    def __init__(self, way: ways.Way, core: int, dpi: int, passes: int, labels: Iterable[Page]) -> None:
        places = [word for page in labels for word in (page.stock, str(page.path))]
        script = Path(__file__).with_name("fresh.py")
        name: str = getattr(way, "__name__", "")
        command = [sys.executable, str(script), name, str(core), str(dpi), str(passes), *places]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin and self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        if self._stdout.readline() != "ready\n":
            raise RuntimeError(f"{name} did not start in a process of its own")

    def begin(self) -> None:
        """Let it work."""
        self._stdin.write("\n")
        self._stdin.flush()

    def finish(self) -> dict[str, float]:
        """Its `seconds`, and its `peak_rss` in KiB."""
        report: dict[str, float] = json.loads(self._stdout.readline())
        self._process.communicate()
        return report


def per_second(way: ways.Way, cores: Sequence[int], labels: Sequence[Page], passes: int) -> float:
    """Labels per second of one process on each core, all at once."""
    together = [Fresh(way, core, RESOLUTIONS[0], passes, labels) for core in cores]
    for process in together:
        process.begin()
    return len(together) * passes * len(labels) / max(process.finish()["seconds"] for process in together)


def scaling(labels: Sequence[Page], cores: Sequence[int], rounds: int) -> None:
    """What a second process gives."""
    print(f"\n3. Scaling, 2 processes against 1 on the same list, {RESOLUTIONS[0]} dpi, {len(labels)} labels")
    if len(cores) < 2:
        print("  SKIPPED: there is one core")
        return
    chosen = {"labeld": ways.labeld, "labeld, everything verified": ways.labeld_verified, "a pure spin": ways.spin}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
    for _ in range(rounds):
        for name, way in chosen.items():
            passes = 20 if way is ways.labeld else 4
            found[name].append((per_second(way, cores[:1], labels, passes), per_second(way, cores[:2], labels, passes)))
    line("", "1 process, labels/s", "2 processes", "ratio")
    median = {name: statistics.median(two / one for one, two in pairs) for name, pairs in found.items()}
    for name, pairs in found.items():
        one, two = (f"{statistics.median(values):.1f}" for values in zip(*pairs, strict=True))
        line(name, *((one, two) if name != "a pure spin" else ("", "")), f"{median[name]:.2f}")
    print("  everything verified,", goal(median["labeld, everything verified"], SCALING))
    if median["a pure spin"] < QUIET:
        print(f"  THE MACHINE IS NOT QUIET: a spin, which shares nothing, scales x{median['a pure spin']:.2f} only")


def memory(everything: Sequence[Page], core: int) -> None:
    """The most memory that a fresh process ever holds for one page."""
    print("\n4. Peak memory of a fresh process, MiB")
    chosen = {"labeld": ways.labeld, "labeld, everything verified": ways.labeld_verified, "zebrafy": ways.zebrafy}
    chosen = {name: way for name, way in chosen.items() if not ways.why_not(way)}
    label = next(
        (page for page in everything if page.is_label and page.real and page.width < page.height), everything[0]
    )
    a4 = next((page for page in everything if page.is_a4), None)
    if a4 is None:
        print("  SKIPPED A4: there is no such page")
    line("", *chosen, "labeld / zebrafy")
    for page, dpi in [(label, 203), (label, 300), (label, 600)] + ([(a4, 300)] if a4 else []):
        held = []
        for way in chosen.values():
            process = Fresh(way, core, dpi, 0, [page])
            process.begin()
            held.append(process.finish()["peak_rss"] / 1024)
        ratio = f"{held[0] / held[-1]:.2f}" if "zebrafy" in chosen else ""
        line(f"{page.width:.0f}x{page.height:.0f} mm, {dpi} dpi", *(f"{each:.0f}" for each in held), ratio)


def profile(labels: Sequence[Page], rounds: int) -> None:
    """Where the time goes."""
    for dpi in RESOLUTIONS:
        print(f"\n5. Where the time goes, {dpi} dpi, {len(labels)} labels: ms per label, share, calls")
        columns: list[dict[str, str]] = []
        for way in (ways.labeld, ways.labeld_verified):
            for page in labels:
                way(page.path, page.data, page.stock, dpi)
            with meters.metered() as (seconds, calls):
                begun = time.perf_counter()
                for _ in range(rounds):
                    for page in labels:
                        way(page.path, page.data, page.stock, dpi)
                whole = time.perf_counter() - begun
            seconds["the rest: NumPy, Python"] = whole - sum(seconds.values())
            runs = rounds * len(labels)
            columns.append(
                {
                    part: f"{spent / runs * 1000:.2f}  {spent / whole:4.0%} {calls[part] / runs:5.1f}"
                    for part, spent in seconds.items()
                }
            )
        line("", "not read", "verified")
        for part in (*meters.PARTS, "the rest: NumPy, Python"):
            line(part, *(column.get(part, "") for column in columns))


def main() -> None:
    """Run what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="scripts/bench render", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a measurement")
    parser.add_argument("sections", nargs="*", type=int, help="1 to 5, all by default")
    options = parser.parse_args()
    rounds = 2 if options.quick else 9
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    print(__doc__)
    with tempfile.TemporaryDirectory(prefix="labeld-bench-") as name:
        everything, where = pages(Path(name))
        labels = [page for page in everything if page.is_label]
        carriers = [page for page in labels if page.real] or labels
        print(f"Measured on {where}: {len(labels)} labels, {sum(page.real for page in labels)} of them carriers'.")
        print(f"Load of the machine before: {os.getloadavg()[0]:.1f} on {len(cores)} cores.")
        sections: dict[int, Callable[[], None]] = {
            1: lambda: unread(labels, rounds),
            2: lambda: verified(carriers, rounds),
            3: lambda: scaling(carriers, cores, max(1, rounds // 2)),
            4: lambda: memory(everything, cores[0]),
            5: lambda: profile(carriers, rounds),
        }
        for number in options.sections or sections:
            sections[number]()


if __name__ == "__main__":
    main()
