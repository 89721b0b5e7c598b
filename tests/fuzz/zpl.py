"""Fuzzing of the ZPL renderer in this process: labels made to cost most, written by chance, and spoiled ones.

A run is a sequence of labels that `--seed` fixes, the costly ones first; `--first N --count 1` makes label N again.
Every label has its time on the processor and its memory measured. A fault is an error that is not of our own family,
a message that is not one clear line, or too much time or memory. Exit status 1 says that there was one.
"""

import argparse
import asyncio
import ctypes
import itertools
import random
import resource
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.conformance import door

from labeld.renderers.errors import RenderError
from labeld.renderers.media import Media, Resolution
from labeld.renderers.zpl import allowlist, design, label, lexer

from .judge import unclear
from .minimise import minimised
from .pure import named
from .seeds import ROOT, seeds
from .zpl_documents import mutate, written
from .zpl_hostile import hostile

#: What a label may take: seconds on the processor, and bytes more than before it.
MOST_SECONDS = 5.0
MOST_MEMORY = 500 * 10**6
#: Where the process is stopped: of the seconds allowed, and bytes in all.
_FAR_TOO_LONG = 6
_ADDRESS_SPACE = 4 << 30
_MOST_FAULTS = 20
_HEADS = (203, 203, 300, 600)
_STOCKS = ("4x6in", "4x6in", "4x6in", "100x150mm", "30x20mm", "4x8in")


class TooLong(BaseException):
    """The time is over; nobody catches it by mistake."""


@dataclass(frozen=True, slots=True)
class Document:
    """One label of a run: where it comes from, and what it is drawn for."""

    number: int
    story: str
    zpl: bytes
    stock: str = "4x6in"
    dpi: int = 203


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a label, in a word, what is wrong with that, and what it took."""

    kind: str
    fault: str
    seconds: float
    memory: int


def documents(seed: str, first: int, *, beside: bool) -> Iterator[Document]:
    """The endless sequence of a seed, from number `first` on; `beside`: with labels that lie beside the checkout."""
    costly = list(hostile().items())
    known = _known(beside=beside)
    for number in itertools.count(first):
        if number < len(costly):
            yield Document(number, *costly[number])
            continue
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - to be repeated
        (name, zpl), (other, stolen) = rng.choice(known), rng.choice(known)
        how: tuple[str, ...] = ("as written",)
        if rng.random() < 0.3:
            name, zpl = "by chance", written(rng)
        if name != "by chance" or rng.random() < 0.3:
            zpl, how = mutate(rng, zpl, stolen)
        story = f"{name} with {other}: {', '.join(how)}"
        yield Document(number, story, zpl, rng.choice(_STOCKS), rng.choice(_HEADS))


def _known(*, beside: bool) -> list[tuple[str, bytes]]:
    found = list(seeds(beside=False)[3].items())
    paths = sorted((ROOT.parent / "shared/conformance/zpl").rglob("*.zpl")) if beside else []
    return found + [(path.stem, path.read_bytes()) for path in paths]


def judged(document: Document, most_seconds: float = MOST_SECONDS) -> Found:
    """Draw a label, and judge."""
    fault, kind = "", "drawn"
    before = _peak(forget=True)
    signal.signal(signal.SIGVTALRM, _over)
    signal.setitimer(signal.ITIMER_VIRTUAL, most_seconds * _FAR_TOO_LONG)
    began = time.process_time()
    try:
        fault = _drawn(document)
    except RenderError as error:
        kind, fault = type(error).__name__, unclear(str(error))
    except TooLong:
        kind = "stopped"
    except MemoryError:
        kind, fault = "no memory", f"it wanted more than {_ADDRESS_SPACE >> 20} MiB"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        kind, fault = "raised", f"an error that is not ours: {named(error)}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    took, memory = time.process_time() - began, _peak() - before
    if took > most_seconds:
        fault = fault or f"it took {took:.1f} s"
    if memory > MOST_MEMORY:
        fault = fault or f"it took {memory / 1e6:.0f} MB"
    return Found(kind, fault, took, memory)


def _drawn(document: Document) -> str:
    """All that is done with a label; gives what is wrong with what comes out."""
    stock, resolution = Media.parse(document.stock), Resolution(document.dpi)
    size = resolution.size(stock)
    try:
        allowlist.screen(document.zpl, lexer.lex(document.zpl), size[0])
        label.quantities(document.zpl)
        design.design_resolution(document.zpl, stock, resolution)
    except RenderError as error:
        if fault := unclear(str(error)):
            return fault
    drawn = [bitmap for bitmap, _ in door.read(document.zpl, *size, document.dpi)]
    if any((one.width, one.height) != size for one in drawn):
        return f"labels of other sizes than {size}: {drawn}"
    return ""


def _over(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def _peak(*, forget: bool = False) -> int:
    """The most bytes resident since they were last forgotten; forgetting begins with what is resident now."""
    if forget:
        ctypes.CDLL(None).malloc_trim(0)  # what is free already would hide what is taken
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): the peak becomes what is resident
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _smaller(document: Document, fault: str, most_seconds: float) -> bytes:
    """The label with what the fault does not need left out."""

    async def fails(zpl: bytes) -> bool:
        again = judged(Document(document.number, "", zpl, document.stock, document.dpi), most_seconds)
        return again.fault[:30] == fault[:30]

    return asyncio.run(minimised(document.zpl, fails))


def main() -> int:
    """Parse, run, tell."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz zpl", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=300.0, help="how long (300)")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="what fixes the sequence; a new one if left out")
    parser.add_argument("--first", type=int, default=0, help="number of the first label (0)")
    parser.add_argument("--count", type=int, default=0, help="so many labels, however long they take")
    parser.add_argument("--limit", type=float, default=MOST_SECONDS, help="seconds for a label (5)")
    parser.add_argument("--out", type=Path, help="folder for labels with a fault")
    parser.add_argument(
        "--alone", action="store_true", help="no labels from beside the checkout: the same run anywhere"
    )
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))
    todo = documents(options.seed, options.first, beside=not options.alone)
    if options.count:
        todo = itertools.islice(todo, options.count)
    print(f"--seed {options.seed}", flush=True)
    kinds, faults, worst = Counter[str](), 0, list[tuple[Found, Document]]()
    ends = time.monotonic() + options.seconds
    for document in todo:
        if (time.monotonic() > ends and not options.count) or faults >= _MOST_FAULTS:
            break
        found = judged(document, options.limit)
        kinds[found.kind] += 1
        worst.append((found, document))
        if len(worst) > 1000:
            worst = list(dict.fromkeys(_slowest(worst) + _largest(worst)))
        if found.fault:
            faults += 1
            print(f"FAULT {document.number} ({document.story}): {found.fault}", flush=True)
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                (options.out / f"{document.number}.zpl").write_bytes(document.zpl)
                smaller = _smaller(document, found.fault, options.limit)
                (options.out / f"{document.number}.min.zpl").write_bytes(smaller)
                story = f"--seed {options.seed} --first {document.number} --count 1\n{document.story}\n{found}\n"
                (options.out / f"{document.number}.txt").write_text(story)
    for kind, count in kinds.most_common():
        print(f"  {count:7}  {kind}")
    for title, those in (("slowest", _slowest(worst)), ("largest", _largest(worst))):
        print(f"{title}:")
        for found, document in those:
            print(f"  {found.seconds:6.2f} s {found.memory / 1e6:6.0f} MB  {document.number}  {document.story[:80]}")
    print(f"{kinds.total()} labels, {faults} faults")
    return 1 if faults else 0


def _slowest(found: list[tuple[Found, Document]]) -> list[tuple[Found, Document]]:
    return sorted(found, key=lambda one: -one[0].seconds)[:6]


def _largest(found: list[tuple[Found, Document]]) -> list[tuple[Found, Document]]:
    return sorted(found, key=lambda one: -one[0].memory)[:6]


if __name__ == "__main__":
    sys.exit(main())
