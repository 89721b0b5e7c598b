"""Fuzzing of the document entry: spoiled labels through the real render processes and through the pure functions.

A run is a sequence of documents that `--seed` fixes; each has random numbers of its own, so that `--first N --count 1`
makes document N again. The judge is `judge.py`; exit status 1 says that it found a fault.
"""

import argparse
import asyncio
import hashlib
import itertools
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.rendering import REQUEST

from labeld.daemon.rendering import confine
from labeld.daemon.rendering.pool import RenderRequest

from . import judge, pure
from .judge import Outcome
from .minimise import minimised
from .mutations import mutate
from .seeds import GOOD, costly, seeds
from .surroundings import Surroundings

_MOST_FAULTS = 20
_SLOWEST = 5
#: the share of documents that are made from costly ones
_COSTLY = 0.005


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a run: its number, where it comes from, and what is asked of it."""

    number: int
    story: str
    data: bytes
    request: RenderRequest


@dataclass(slots=True)
class Run:
    """What is known of a run so far."""

    out: Path | None
    suspects: bool
    seed: str
    by_pool: Counter[str] = field(default_factory=Counter)
    by_functions: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: list[tuple[float, Document]] = field(default_factory=list)

    def slow(self, outcome: Outcome, document: Document) -> None:
        """Keep the slowest."""
        self.slowest.append((outcome.seconds, document))
        self.slowest.sort(key=lambda one: -one[0])
        del self.slowest[_SLOWEST:]

    def save(self, document: Document, words: str, data: bytes | None = None, kind: str = "fault") -> None:
        """Write a document and its story, where there is a folder for them."""
        if self.out is None:
            return
        path = self.out / f"{kind}-{document.number}"
        path.with_suffix(".bin").write_bytes(document.data)
        if data is not None and data != document.data:
            path.with_suffix(".min").write_bytes(data)
        story = (
            f"--seed {self.seed} --first {document.number} --count 1\n{document.story}\n{document.request}\n{words}\n"
        )
        path.with_suffix(".txt").write_text(story)


def documents(seed: str, first: int, beside: bool) -> Iterator[Document]:
    """The endless sequence of a seed, from number `first` on."""
    families = seeds(beside=beside)
    rare = costly() if beside else {}
    for number in itertools.count(first):
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - to be repeated
        (name, known), (other, stolen) = (rng.choice(list(rng.choice(families).items())) for _ in range(2))
        if rare and rng.random() < _COSTLY:
            name, known = rng.choice(list(rare.items()))
        data, how = mutate(rng, known, stolen)
        request = judge.request(rng) if rng.random() < 0.5 else REQUEST
        story = (
            f"{name} with {other}: {', '.join(how)}; {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]}"
        )
        yield Document(number, story, data, request)


def replayed(paths: list[Path]) -> Iterator[Document]:
    """Files as they are."""
    for number, path in enumerate(paths):
        yield Document(number, path.name, path.read_bytes(), REQUEST)


async def fuzz(todo: Iterator[Document], run: Run, around: Surroundings, options: argparse.Namespace) -> None:
    """Judge documents until time, count or patience with faults is over."""
    ends = time.monotonic() + options.seconds
    async with judge.Pool(around.log, GOOD.read_bytes(), options.limit) as pool:
        for done, document in enumerate(todo):
            if (time.monotonic() > ends and not options.count) or len(run.faults) >= _MOST_FAULTS:
                break
            await _judged(pool, document, run)
            if done % options.every == 0 or run.faults:
                worse = await pool.still_good()
                if worse:
                    run.faults.append(f"{document.number}: {worse}")
                    run.save(document, worse)
            if done >= 50 or options.count:  # caches are filled
                around.weigh()
            if sys.stdout.isatty():
                print(f"\r{done + 1} documents", end="", flush=True)
        run.by_pool["render processes started"] = pool.starts


async def _judged(pool: judge.Pool, document: Document, run: Run) -> None:
    """One document through both targets."""
    looked = pure.look(document.data)
    rendered = await pool.render(document.request, document.data)
    run.by_functions[looked.kind] += 1
    run.by_pool[rendered.kind] += 1
    run.words[f"{rendered.kind}: {''.join('#' if c.isdigit() else c for c in rendered.words)[:60]}"] += 1
    run.slow(rendered, document)
    if rendered.suspect or looked.suspect:
        if worse := await pool.still_good():
            run.faults.append(f"{document.number}: {worse}")
        if run.suspects:
            run.save(document, f"{rendered}\n{looked}", kind="suspect")
    fault = rendered.fault or looked.fault
    if not fault:
        return
    run.faults.append(f"{document.number} ({document.story}): {fault}")

    async def fails(data: bytes) -> bool:
        again = await pool.render(document.request, data) if rendered.fault else pure.look(data)
        return again.fault[:40] == fault[:40]

    smaller = await minimised(document.data, fails) if run.out else None
    run.save(document, f"{fault}\n{rendered}\n{looked}", smaller)


def tell(run: Run, around: Surroundings, begun: float) -> None:
    """The table."""
    starts = run.by_pool.pop("render processes started")
    total, seconds = run.by_pool.total(), time.monotonic() - begun
    print(f"\n{total} documents in {seconds:.0f} s, {total / seconds:.1f} a second; --seed {run.seed}")
    for title, counts in (("render pool", run.by_pool), ("pure functions", run.by_functions)):
        print(f"{title}:")
        for kind, count in counts.most_common():
            print(f"  {count:7}  {kind}")
    print("most frequent words:")
    for words, count in run.words.most_common(25):
        print(f"  {count:7}  {words}")
    print("slowest:")
    for took, document in run.slowest:
        print(f"  {took:6.2f} s  {document.number}  {document.story}")
    print(f"render processes started: {starts}")
    print(f"memory of the serving process: {around.memory}")
    if around.new_in_tmp:
        print(f"new in /tmp, by this user: {', '.join(around.new_in_tmp[:8])}")
    for fault in run.faults:
        print(f"FAULT {fault}")
    print(f"{len(run.faults)} faults")


def main() -> int:
    """Parse, run, tell."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=300.0, help="how long (300)")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="what fixes the sequence; a new one if left out")
    parser.add_argument("--first", type=int, default=0, help="number of the first document (0)")
    parser.add_argument("--count", type=int, default=0, help="so many documents, however long they take")
    parser.add_argument("--every", type=int, default=10, help="a good label after every so many documents (10)")
    parser.add_argument("--limit", type=float, default=3.0, help="render.timeout_seconds (3)")
    parser.add_argument("--out", type=Path, help="folder for documents with a fault, and then for the slowest")
    parser.add_argument(
        "--suspects", action="store_true", help="write those too that crashed a process or took too long"
    )
    parser.add_argument("--alone", action="store_true", help="no seeds from beside the checkout: the same run anywhere")
    parser.add_argument("--replay", type=Path, nargs="+", default=[], help="documents to judge as they are")
    options = parser.parse_args()
    todo = replayed(options.replay) if options.replay else documents(options.seed, options.first, not options.alone)
    if options.replay:
        options.count = len(options.replay)
    if options.count:
        todo = itertools.islice(todo, options.count)
    out = options.out.resolve() if options.out else None
    if out:
        out.mkdir(parents=True, exist_ok=True)
    options.replay = []
    begun = time.monotonic()
    run = Run(out, options.suspects, options.seed)
    print(f"--seed {options.seed}; confined: {'; '.join(confine.lacks()) or 'wholly'}", flush=True)
    with tempfile.TemporaryDirectory(prefix="labeld-fuzz-") as folder:
        around = Surroundings(Path(folder))
        try:
            asyncio.run(fuzz(todo, run, around, options))
        finally:
            around.close()
        run.faults += around.faults()
        if run.faults:
            for _, document in run.slowest:
                run.save(document, "one of the slowest", kind="slow")
        tell(run, around, begun)
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
