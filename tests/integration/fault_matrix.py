"""Each fault of the simulated Zebra, begun before, during and after the bytes of a label: what labeld makes of it.

The real spooler, database and driver over loopback; the twin begins a fault at a byte, and its paper is the judge.
"""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from labeld.config.services import SpoolerSettings
from labeld.daemon.job import Job, JobState
from labeld.daemon.printers import Printers, PrinterView
from labeld.daemon.spooler import Spooler
from labeld.daemon.store import Store
from labeld.daemon.witness import Clocks
from labeld.drivers.errors import DriverError
from labeld.drivers.evidence import Outcome
from labeld.drivers.printer import Observation
from labeld.drivers.virtual import Fault, FaultKind, VirtualPrinter
from labeld.drivers.virtual.machine import OTHERS_LABEL

from .harness import PATIENCE
from .spooler_floor import Floor

PAGE = Path(__file__).parents[2] / "docs/printers.md"
BEGIN, END = "<!-- made by scripts/faults: begin -->\n\n", "\n<!-- made by scripts/faults: end -->\n"

#: Limits of the wait for evidence are the usual ones, by a clock that the test moves on; others are short.
LIMITS = SpoolerSettings(
    poll_seconds=0.05, reply_timeout_seconds=0.3, progress_timeout_seconds=1.5, retry_max_seconds=0.5
)
#: Seconds by which the clock goes on after each look at the printer, and looks that a fault lasts: past all limits.
_STEP_SECONDS, _LOOKS = 30.0, 6
#: Where a fault begins that begins during the bytes; what is left is more than kernels hold for a host and a printer.
_DURING = 4096
_ENDED = (JobState.COMPLETED, JobState.HELD)
PHASES = ("before", "during", "after")


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, with others that it needs; `shown` is the printer-state-reason that must be seen while a label waits."""

    kind: FaultKind
    shown: str | None
    number: int = 0
    others: tuple[FaultKind, ...] = ()

    @property
    def name(self) -> str:
        """As it is written in the table."""
        return ", ".join(f"`{kind}`" for kind in (self.kind, *self.others))


ROWS = (
    Row(FaultKind.MEDIA_EMPTY, "media-empty"),
    Row(FaultKind.RIBBON_OUT, "marker-supply-empty"),
    Row(FaultKind.COVER_OPEN, "cover-open"),
    Row(FaultKind.OVER_TEMPERATURE, "over-temperature"),
    Row(FaultKind.PAUSED, "paused"),
    Row(FaultKind.SILENT_WHEN_BLOCKED, "media-empty", others=(FaultKind.MEDIA_EMPTY,)),
    Row(FaultKind.LABEL_WAITING, "output-area-full"),
    Row(FaultKind.BUSY, "other"),
    Row(FaultKind.SILENT, "timed-out"),
    Row(FaultKind.STALLED, "timed-out"),
    Row(FaultKind.RESET_AFTER, "connecting-to-device"),
    Row(FaultKind.UNPLUGGED, "offline"),
    Row(FaultKind.OTHER_PRINTER, "printer-identity-mismatch"),
    Row(FaultKind.POWER_CYCLE, None),
    Row(FaultKind.SLOW_READER, None, number=1_000_000),
    Row(FaultKind.SWALLOW, None),
    Row(FaultKind.HEX_DUMP, "diagnostic-mode"),
    Row(FaultKind.NO_COUNTER, "other"),
    Row(FaultKind.ODOMETER_RESET, None),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one label.

    `state`, `outcome` and `because` are the job's as long as the fault lasts, `shown` and `words` the printer's
    reasons and message then, `end` and `end_outcome` the job's after it. `paper` is how often the label came out,
    `hex_pages` how many pages of hexadecimal did, `strangers` what else came out that nobody sent.
    """

    row: Row
    phase: str
    state: JobState
    outcome: Outcome | None
    because: str
    shown: tuple[str, ...]
    words: str
    end: JobState
    end_outcome: Outcome | None
    paper: int
    hex_pages: int
    strangers: int

    @property
    def wrong(self) -> str | None:
        """What labeld promises and did not keep."""
        if self.paper > 1:
            return "printed more than once"
        if self.strangers:
            return "something came out that nobody sent"
        if (self.end_outcome is Outcome.CONFIRMED) != (self.end is JobState.COMPLETED):
            return "completed without proof, or proven and not completed"
        if self.end_outcome is Outcome.CONFIRMED and self.paper != 1:
            return "confirmed, and not on paper"
        if self.end_outcome is Outcome.NOT_PRINTED and self.paper:
            return "said not to be printed, and on paper"
        if self.state in _ENDED and (self.state, self.outcome) != (self.end, self.end_outcome):
            return "changed after it was done"
        if self.state not in _ENDED and self.row.shown not in self.shown:
            return f"waits, and does not show {self.row.shown}"
        return None


def small(number: int, copies: int) -> bytes:
    """A label of its own."""
    return b"^XA^FO10,10^FD%d^FS^PQ%d^XZ" % (number, copies)


def large(number: int) -> bytes:
    """A label of its own of 242 kB, as a full 4x6 in one is without compression."""
    row = f"{number:06X}".ljust(202, "A")
    size = 1200 * len(row) // 2
    return f"^XA^FO0,0^GFA,{size},{size},{len(row) // 2},{row * 1200}^FS^PQ1^XZ".encode()


def no_picture(*_: object) -> tuple[None, tuple[str, ...]]:
    """The twin's paper without the drawing."""
    return None, ()


def faults(row: Row, phase: str, size: int) -> tuple[Fault, ...]:
    """The faults of a row, begun at a byte of a label of `size` bytes."""
    at = {"before": 0, "during": _DURING, "after": size}[phase]
    if row.kind is FaultKind.RESET_AFTER:
        return (Fault(row.kind, number=at),)
    return tuple(Fault(kind, row.number, at, in_bytes=True) for kind in (row.kind, *row.others))


class Watched(Printers):
    """Counts the looks at a printer."""

    looks = 0

    def observed(self, name: str, seen: Observation, now: float, obstacle: str | None = None) -> PrinterView:
        """A look that came about."""
        self.looks += 1
        return super().observed(name, seen, now, obstacle)

    def failed(self, name: str, error: DriverError) -> PrinterView:
        """One that did not."""
        self.looks += 1
        return super().failed(name, error)


class Stage(Floor):
    """A floor with a clock of its own."""

    def __init__(self, store: Store, zebra: VirtualPrinter) -> None:
        super().__init__(store, zebra, zebra.serial, LIMITS, serial=zebra.serial)
        self.later = 0.0
        self.printers = self.watched = Watched({self.name: self.settings})
        self.clocks = Clocks(time.time, lambda: time.monotonic() + self.later)

    async def lasting(self, job: Job, spooler: Spooler) -> Job:
        """The job when it is done, or when all limits are over and it is not."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(_LOOKS):
                looks = self.watched.looks
                while self.watched.looks == looks:
                    spooler.found()  # look again now
                    met = await self.store.get(job.id)
                    if met.state in _ENDED:
                        return met
                    await asyncio.sleep(LIMITS.poll_seconds)
                self.later += _STEP_SECONDS
        return await self.store.get(job.id)


async def play(store: Store, row: Row, phase: str, number: int) -> Cell:
    """One healthy label, one with the fault, the end of the fault, and one healthy label more."""
    name = f"{row.kind}-{phase}"
    async with VirtualPrinter(port=0, serial=name, seconds_per_label=0.01, draw=no_picture) as zebra:
        floor = Stage(store, zebra)
        first, second, third = small(number, 2), large(number + 1), small(number + 2, 1)
        async with floor.running():
            await floor.until(await floor.job(number, first, 2), JobState.COMPLETED)
        for fault in faults(row, phase, len(second)):
            zebra.set_fault(fault)
        job = await floor.job(number + 1, second)
        async with floor.running() as spooler:
            met = await floor.lasting(job, spooler)
            view = floor.printers[name]
            for kind in (row.kind, *row.others):
                zebra.clear_fault(kind)
            await floor.until(job, *_ENDED)
            await floor.until(await floor.job(number + 2, third), JobState.COMPLETED)
            end = await floor.until(job, *_ENDED)
    hexed = sum(one.hex_dump for one in zebra.labels)
    paper = Counter(one.zpl for one in zebra.labels if not one.hex_dump)
    healthy = (paper.pop(first, 0), paper.pop(third, 0))
    assert healthy == (2, 1), f"{name}: the labels before and after came out {healthy} times"
    once = paper.pop(second, 0)
    if row.kind is FaultKind.BUSY:
        paper.pop(OTHERS_LABEL, None)
    return Cell(
        row=row,
        phase=phase,
        state=met.state,
        outcome=met.outcome,
        because=met.message,
        shown=view.reasons,
        words=view.message,
        end=end.state,
        end_outcome=end.outcome,
        paper=once,
        hex_pages=hexed,
        strangers=paper.total(),
    )


async def matrix(folder: Path) -> list[Cell]:
    """All cells in the order of the table, played at the same time: most of it is waiting."""
    async with Store(folder / "labeld.sqlite3", topic_prefix="p") as store:
        wanted = [(row, phase) for row in ROWS for phase in PHASES]
        return await asyncio.gather(*(play(store, row, phase, 10 * n) for n, (row, phase) in enumerate(wanted, 1)))


def table(cells: list[Cell]) -> str:
    """The cells as Markdown; phases of a fault in which all is the same share a line."""
    lines = [
        "| fault | begins | the job meanwhile | why | when it is over | on paper |",
        "|---|---|---|---|---|---|",
    ]
    told: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        told.setdefault((cell.row.name, _rest(cell)), []).append(cell.phase)
    lines += [f"| {name} | {', '.join(phases)} | {rest} |" for (name, rest), phases in told.items()]
    return "\n".join(lines) + "\n"


def _rest(cell: Cell) -> str:
    why = ", ".join(f"`{reason}`" for reason in cell.shown)
    if cell.state in _ENDED:
        why = _plain(cell.because)
    elif "other" in cell.shown:
        why += f": {cell.words}"
    paper = f"{cell.paper}" + (f", and {cell.hex_pages} page of hexadecimal" if cell.hex_pages else "")
    after = "stays" if cell.state in _ENDED else _job(cell.end, cell.end_outcome)
    return f"{_job(cell.state, cell.outcome)} | {why} | {after} | {paper}"


def _plain(words: str) -> str:
    """A message without what is another one each time: the driver's error, serial numbers, seconds and counts."""
    words = re.sub(r": \S+ instead of \S+$", "", re.sub(r" \(.*\)$", "", words))
    return re.sub(r"-?[0-9]+(?= s\b| instead)", "…", words)


def _job(state: JobState, outcome: Outcome | None) -> str:
    return f"`{state}`" + (f", `{outcome}`" if outcome else "")


def page(text: str, cells: list[Cell]) -> str:
    """The page with the table of these cells between the markers."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + table(cells) + END + tail
