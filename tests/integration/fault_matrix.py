"""Each fault of the simulated Zebra, begun before, during and after the bytes of a label: what labeld makes of it.

The real spooler, database and driver over loopback; the twin begins a fault at a byte, and its paper is the judge.
"""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from labeld.config.services import SpoolerSettings
from labeld.daemon.job import Job, JobState
from labeld.daemon.store import Store
from labeld.drivers.evidence import Outcome
from labeld.drivers.printer import Identity
from labeld.drivers.profile import Profile
from labeld.drivers.virtual import Fault, FaultKind, VirtualPrinter
from labeld.drivers.virtual.machine import OTHERS_LABEL

from .harness import PATIENCE
from .spooler_floor import Floor

PAGE = Path(__file__).parents[2] / "docs/printers.md"
BEGIN, END = "<!-- made by scripts/faults: begin -->\n", "<!-- made by scripts/faults: end -->\n"

#: Short, but none that a machine with much else to do would miss.
LIMITS = SpoolerSettings(
    poll_seconds=0.2,
    settle_seconds=0.3,
    silence_seconds=2.5,
    reply_timeout_seconds=0.5,
    progress_timeout_seconds=1.5,
    retry_max_seconds=0.5,
)
#: A job that is not done and did not change for so long is past all limits.
LASTS_SECONDS = 8.0
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


def label(number: int, copies: int = 1) -> bytes:
    """A label that is larger than what the kernels between host and printer hold."""
    row = f"{number:06X}".ljust(202, "A")
    rows = 3000
    size = rows * len(row) // 2
    return f"^XA^FO0,0^GFA,{size},{size},{len(row) // 2},{row * rows}^FS^PQ{copies}^XZ".encode()


def no_picture(*_: object) -> tuple[None, tuple[str, ...]]:
    """The twin's paper without the drawing."""
    return None, ()


def faults(row: Row, phase: str, size: int) -> tuple[Fault, ...]:
    """The faults of a row, begun at a byte of a label of `size` bytes."""
    at = {"before": 0, "during": size // 2, "after": size}[phase]
    if row.kind is FaultKind.RESET_AFTER:
        return (Fault(row.kind, number=at),)
    return tuple(Fault(kind, row.number, at, in_bytes=True) for kind in (row.kind, *row.others))


async def play(store: Store, row: Row, phase: str, number: int) -> Cell:
    """One healthy label, one with the fault, the end of the fault, and one healthy label more."""
    name = f"{row.kind}-{phase}"
    async with VirtualPrinter(port=0, serial=name, seconds_per_label=0.01, draw=no_picture) as zebra:
        floor = Floor(store, zebra, name, LIMITS, serial=name)
        # it is known for long to be quick, however much this machine has to do now
        known = Profile(0.0, 0.0, Identity(name), firsts=(0.1,) * 9, paces=(0.1,) * 9)
        await store.keep_profile(f"{name} {zebra.uri}", known)
        first, second, third = label(number, 2), label(number + 1), label(number + 2)
        async with floor.running():
            await floor.until(await floor.job(number, first, 2), JobState.COMPLETED)
        for fault in faults(row, phase, len(second)):
            zebra.set_fault(fault)
        job = await floor.job(number + 1, second)
        async with floor.running():
            met = await lasting(floor, job)
            view = floor.printers[name]
            for kind in (row.kind, *row.others):
                zebra.clear_fault(kind)
            await floor.until(job, *_ENDED)
            await floor.until(await floor.job(number + 2, third), JobState.COMPLETED)
            end = await floor.until(job, *_ENDED)
    hexed = sum(one.hex_dump for one in zebra.labels)
    paper = Counter(one.zpl for one in zebra.labels if not one.hex_dump)
    healthy = (paper.pop(first), paper.pop(third))
    assert healthy == (2, 1), f"{name}: the labels before and after came out {healthy} times"
    once = paper.pop(second, 0)
    if row.kind is FaultKind.BUSY:
        paper.pop(OTHERS_LABEL)
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


async def lasting(floor: Floor, job: Job) -> Job:
    """The job when it is done, or does not change any more."""
    now = asyncio.get_running_loop().time
    met, since = await floor.store.get(job.id), now()
    while met.state not in _ENDED and now() - since < LASTS_SECONDS:
        await asyncio.sleep(LIMITS.poll_seconds)
        seen = await floor.store.get(job.id)
        if (seen.state, seen.message) != (met.state, met.message):
            met, since = seen, now()
    return met


async def matrix(folder: Path) -> list[Cell]:
    """All cells in the order of the table, played at the same time: most of it is waiting."""

    async def cell(row: Row, phase: str, number: int) -> Cell:
        async with asyncio.timeout(PATIENCE):
            return await play(store, row, phase, number)

    async with Store(folder / "labeld.sqlite3", topic_prefix="p") as store:
        wanted = [(row, phase) for row in ROWS for phase in PHASES]
        return await asyncio.gather(*(cell(row, phase, 10 * n) for n, (row, phase) in enumerate(wanted, 1)))


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
