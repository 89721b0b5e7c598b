"""What a month of labels in the database costs: page and API, room, removal by age, and a start with many open jobs.

Method. A database is filled past labeld (bulk inserts, real schema): `--days` of `--per-day` ended jobs over 50
printers (98 % completed; the rest canceled, aborted, or held: 200), each with its ledger lines and its attempt, and
with a file and dots of 8 KB together for the last `--kept` days. The real daemon is started on it, and on an empty
database in the same run. While a label a second is printed on a simulated Zebra, each address is asked in turn over one
connection; times are of whole answers. `removal`: the daemon is started again with retention that takes all files,
without its wait for a steady clock; counted are files that are gone, and the same labels are printed. `start`: 50,000
open jobs on top, 20 of each printer drawn, one of each being sent when labeld was killed; all printers are one group.
READY is what systemd is told. Loopback, real mosquitto; the machine's load is printed. Compare ratios.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from tests.integration.harness import LABELS, Broker, Labeld, event, publish, publisher

from labeld.config.printers import PrinterSettings
from labeld.daemon.job import new_job_id
from labeld.daemon.preparer import made_for
from labeld.daemon.store.engine import migrate
from labeld.drivers.virtual.server import VirtualPrinter
from labeld.renderers.asset import ZPL

PRINTERS = 50
OPEN = 50_000
ROUNDS = 60
PDF = (LABELS / "usps-a6.pdf").read_bytes()
#: bytes that are kept of a label: few, so that the month fits on any disk
FILE, DOTS = 3000, 5000
#: labeld that believes its clock at once, and tells when it is ready
ENTRY = """
import functools, time, sys
from labeld.daemon import app, sdnotify
from labeld.daemon.__main__ import main
app.SteadyClock = functools.partial(app.SteadyClock, even_for=0.0)
begun, notify = time.monotonic(), sdnotify.notify
def told(text):
    if text == "READY=1":
        print(f"READY {time.monotonic() - begun:.2f}", flush=True)
    notify(text)
sdnotify.notify = told
main()
"""


class Daemon(Labeld):
    """The daemon with the clock believed; `ready` are its seconds from `main` to READY."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._command = (sys.executable, "-c", ENTRY, "run", "--config", self.config)

    @property
    def ready(self) -> float:
        """Seconds to READY, of the last start."""
        return float(self.log.rsplit("READY ", 1)[1].split()[0])


# --- a month


def name(number: int) -> str:
    """A printer's name."""
    return f"zebra-{number:02}"


def serial(number: int) -> str:
    """Its serial number."""
    return f"D4J2{number:08}"


def file(number: str, size: int) -> bytes:
    """A label whose barcode says its number, of so many bytes."""
    return f"^XA^BY2^FO60,100^BCN,200^FD{number}^FS^XZ".encode().ljust(size)


Rows = Iterator[tuple[dict[str, Any], str, str | None]]


def ended(days: float, per_day: int, now: float, chance: random.Random) -> Rows:
    """Jobs of the past days, oldest first: their columns, and state and reason in the ledger's last line."""
    count = round(days * per_day)
    held = set(chance.sample(range(count), min(200, count)))
    for number in range(count):
        at = now - days * 86400 + number * 86400 / per_day
        kind = chance.random()
        state, reason = "completed", "job-completed-successfully"
        if number in held:
            state, reason = "pending-held", "outcome-unknown"
        elif kind < 0.012:
            state, reason = "canceled", "job-canceled-by-user"
        elif kind < 0.02:
            state, reason = "aborted", "document-format-error"
        yield job(number, at, state, reason, chance), state, reason


def job(number: int, at: float, state: str, reason: str, chance: random.Random) -> dict[str, Any]:
    """A job's columns."""
    job_id = new_job_id(at, chance.getrandbits(62))
    return {
        "id": job_id,
        "identity": f"id:bench-{job_id}",
        "event_key": f"id:bench-{job_id}",
        "received_at": at,
        "updated_at": at + 4,
        "revision": number + 1,
        "source": "mqtt",
        "state": state,
        "reason": reason,
        "message": "the counter went from 1000 to 1001: one label",
        "printer": name(number % PRINTERS),
        "outcome": "confirmed" if state == "completed" else None,
        "level": "counted" if state == "completed" else None,
        "labels": 1,
        "event_id": f"bench-{job_id}",
        "shop_id": "7495000000000000001",
        "package_id": f"11529215{number:011}",
        "order_ids": json.dumps([f"5766{number:014}"]),
        "tracking_number": f"94001{number:017}",
        "carrier": "USPS",
        "document_type": "SHIPPING_LABEL",
        "station": f"pack-{number % PRINTERS:02}",
        "requested_printer": None,
        "copies": 1,
        "priority": 50,
        "tags": "[]",
        "duplicates": 0,
    }


def lines(row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The ledger of an ended job."""
    at, where = row["received_at"], row["printer"]
    said = [
        ("pending", "job-transforming", f"accepted from mqtt; {where} serves station {row['station']}"),
        ("pending", "job-queued", f"rendered for {where} at 203 dpi on 4x6in: Code 128 {row['tracking_number']}"),
        ("processing", "job-printing", f"sending 1 label to {where} (D4J200000000, counter 1000)"),
        (row["state"], row["reason"], f"confirmed: {row['message']}"),
    ]
    return [(row["id"], at + place, *line) for place, line in enumerate(said)]


class Filler:
    """Writes rows past labeld."""

    def __init__(self, path: Path) -> None:
        self.base = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
            self.base.execute(f"PRAGMA {pragma}")
        self.base.execute("BEGIN")

    def many(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        """Insert rows."""
        marks = ", ".join("?" * len(rows[0])) if rows else ""
        self.base.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our own names

    def jobs(self, rows: list[dict[str, Any]], *, labels: bool, mark: str = "none") -> None:
        """Jobs with their orders, and with their files; `mark` is what the dots were made for."""
        self.many("jobs", ", ".join(rows[0]), [tuple(row.values()) for row in rows])
        self.many("orders", "order_id, job_id", [(json.loads(row["order_ids"])[0], row["id"]) for row in rows])
        if labels:
            self.many("assets", "job_id, data", [(row["id"], file(row["tracking_number"], FILE)) for row in rows])
        drawn = [row for row in rows if labels and row["labels"]]
        columns = "job_id, made_for, payload, labels, width, height, dpi, notes"
        dots = [(row["id"], mark, file(row["tracking_number"], DOTS), 1, 812, 1219, 203, "[]") for row in drawn]
        if dots:
            self.many("artworks", columns, dots)

    def attempts(self, rows: list[dict[str, Any]], *, open_at: int | None = None) -> None:
        """An attempt of each; with `open_at` it began at that count and has no outcome."""
        columns = (
            "job_id, printer, serial, payload_sha256, labels, odometer_before, started_at, odometer_after, ended_at, "
            "outcome, level, because"
        )
        done = (1001, "confirmed", "counted", "the counter went from 1000 to 1001: one label")
        found = []
        for row in rows:
            at, place = row["received_at"] + 2, int(row["printer"][-2:])
            after, *rest = done if open_at is None else (None, None, None, None)
            ended_at = None if open_at is not None else at + 2
            before = 1000 if open_at is None else open_at
            found.append((row["id"], row["printer"], serial(place), "0" * 64, 1, before, at, after, ended_at, *rest))
        self.many("attempts", columns, found)

    def close(self) -> None:
        """Keep it."""
        self.base.execute("COMMIT")
        self.base.close()


def fill(path: Path, days: float, per_day: int, kept: float) -> int:
    """A month of ended jobs; gives how many."""
    migrate(path)
    now, chance, count = time.time() - 60, random.Random(6), 0  # noqa: S311 - no secret
    filler = Filler(path)
    batch: list[dict[str, Any]] = []
    wanted = round(days * per_day)
    for row, _, _ in ended(days, per_day, now, chance):
        count += 1
        batch.append(row)
        if len(batch) == 2000 or count == wanted:
            with_files = batch[-1]["received_at"] > now - kept * 86400
            filler.jobs(batch, labels=with_files)
            if not with_files:
                ids = [(row["id"],) for row in batch if row["state"] != "pending-held"]
                filler.base.executemany("UPDATE jobs SET removed = 'label' WHERE id = ?", ids)
            filler.many("ledger", "job_id, at, state, reason, words", [line for row in batch for line in lines(row)])
            filler.attempts([row for row in batch if row["state"] in ("completed", "pending-held")])
            batch = []
    filler.close()
    return count


def add_open(path: Path, first: int, count: int, printer: PrinterSettings) -> None:
    """Open jobs over all printers, which are all as `printer`."""
    chance, now = random.Random(7), time.time() - 30  # noqa: S311 - no secret
    mark = made_for(printer, ZPL)
    filler = Filler(path)
    rows = []
    for number in range(count):
        row = job(first + number, now + number / count, "pending", "job-transforming", chance)
        row |= {"printer": name(number % PRINTERS), "outcome": None, "level": None, "requested_printer": "all"}
        row |= {"labels": None, "message": "waits"}
        place = number // PRINTERS
        if place == 0:
            row |= {"state": "processing", "reason": "job-printing", "labels": 1}
        elif place <= 20:
            row |= {"reason": "job-queued", "labels": 1}
        rows.append(row)
    filler.jobs(rows, labels=True, mark=mark)
    filler.attempts(rows[:PRINTERS], open_at=0)
    filler.close()


# --- measuring


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` of them are."""
    return sorted(values)[min(int(part * len(values)), len(values) - 1)]


def addresses(path: Path) -> dict[str, tuple[str, str, dict[str, str] | None]]:
    """What is asked: method, address, form."""
    reader = sqlite3.connect(path)
    rows = reader.execute("SELECT id, tracking_number, printer FROM jobs ORDER BY id DESC LIMIT 1 OFFSET ?", (999,))
    found = rows.fetchone() or reader.execute("SELECT id, tracking_number, printer FROM jobs LIMIT 1").fetchone()
    reader.close()
    job_id, tracking, printer = found
    return {
        "page": ("GET", "/", None),
        "page, older labels": ("GET", f"/?before={job_id}", None),
        "page, search": ("POST", "/", {"q": tracking}),
        "page of a job": ("GET", f"/jobs/{job_id}", None),
        "page of a printer": ("GET", f"/printers/{printer}", None),
        "API, newest jobs": ("GET", "/api/v1/jobs", None),
        "API, jobs by state: completed": ("GET", "/api/v1/jobs?state=completed", None),
        "API, jobs by state: on hold": ("GET", "/api/v1/jobs?state=pending-held", None),
        "API, jobs by state: aborted": ("GET", "/api/v1/jobs?state=aborted", None),
        "API, jobs of a printer": ("GET", f"/api/v1/jobs?printer={printer}", None),
        "API, both": ("GET", f"/api/v1/jobs?printer={printer}&state=canceled", None),
        "API, tracking number": ("GET", f"/api/v1/jobs?q={tracking}", None),
        "API, job": ("GET", f"/api/v1/jobs/{job_id}", None),
        "API, printers": ("GET", "/api/v1/printers", None),
        "readyz": ("GET", "/readyz", None),
    }


async def ask(daemon: Labeld, path: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds by address."""
    asked = addresses(path)
    times: dict[str, list[float]] = {what: [] for what in asked}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{daemon.web_port}") as http:
        for turn in range(rounds + 2):
            for what, (method, where, form) in asked.items():
                begun = time.perf_counter()
                async with http.request(method, where, data=form) as reply:
                    await reply.read()
                    if reply.status != 200:
                        raise RuntimeError(f"{where}: {reply.status}")
                if turn >= 2:
                    times[what].append(1000 * (time.perf_counter() - begun))
    return times


@contextlib.asynccontextmanager
async def printing(port: int, zebra: VirtualPrinter, name: str) -> AsyncIterator[list[float]]:
    """A label a second meanwhile; gives the seconds from its event to the printer having it."""
    seconds: list[float] = []
    label = 0

    async def go_on(client: Any) -> None:
        nonlocal label
        while True:
            label += 1
            before, begun = zebra.odometer, time.time()
            await publish(client, event(f"{name}-{label}-{begun}", PDF, printer="zebra-00"))
            await zebra.wait_labels(before + 1)
            if label > 1:  # the first finds everything cold
                seconds.append(zebra.labels[-1].time.timestamp() - begun)
            await asyncio.sleep(1.0)

    async with publisher(port) as client:
        going = asyncio.create_task(go_on(client))
        try:
            yield seconds
        finally:
            going.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await going


def rows_of(path: Path, table: str) -> int:
    """How many rows."""
    reader = sqlite3.connect(path)
    (count,) = reader.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    reader.close()
    return int(count)


def tell_labels(what: str, seconds: list[float]) -> None:
    """How long labels took meanwhile."""
    if seconds:
        p50, worst = 1000 * statistics.median(seconds), 1000 * max(seconds)
        print(f"  {what:<44} p50 {p50:6.0f} ms   longest {worst:6.0f} ms   n {len(seconds)}")


async def run(days: float, per_day: int, kept: float, rounds: int, folder: Path) -> None:
    """Everything."""
    print(__doc__)
    print(f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())} on {os.cpu_count()} cores")
    state, empty = folder / "month", folder / "empty"
    path = state / "labeld.sqlite3"
    begun = time.perf_counter()
    count = fill(path, days, per_day, kept)
    size = path.stat().st_size
    print(f"{count} ended jobs, files of {kept:g} days, filled in {time.perf_counter() - begun:.0f} s")
    print(f"  database {size / 2**20:.0f} MiB, {size / count:.0f} bytes a job, all counted")
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        broker = await enter(Broker(folder / "broker", autosave=False))
        zebras = {
            name(number): await enter(
                VirtualPrinter(port=0, serial=serial(number), seconds_per_label=0.0, draw=lambda *_: (None, ()))
            )
            for number in range(PRINTERS)
        }
        first = zebras[name(0)]
        times = {}
        for what, where in (("empty", empty), ("month", state)):
            async with Daemon(where, broker.port, zebras) as daemon:
                print(f"{what}: READY after {daemon.ready:.1f} s")
                async with printing(broker.port, first, what) as seconds:
                    await asyncio.sleep(3.0)
                    times[what] = await ask(daemon, where / "labeld.sqlite3", rounds)
                    found = await daemon.get("/readyz")
                tell_labels(f"labels meanwhile, {what}", seconds)
                log = found["database"]["wal_bytes"]
                await daemon.stop()
        print(f"  write-ahead log at the end {log / 2**20:.1f} MiB")
        print(f"\n  {'ms':<34}{'empty p50':>10}{'p99':>8}{'month p50':>12}{'p99':>8}{'p50 ratio':>11}")
        for what, month in times["month"].items():
            other = times["empty"][what]
            mine, its = statistics.median(month), statistics.median(other)
            values = f"{its:10.1f}{percentile(other, 0.99):8.1f}{mine:12.1f}{percentile(month, 0.99):8.1f}"
            print(f"  {what:<34}{values}{mine / its:11.1f}")
        both = [value for values in times["month"].values() for value in values]
        print(f"  all answers of the month: p99 {percentile(both, 0.99):.1f} ms, n {len(both)}\n")
        await removal(state, broker, zebras, first)
        await start(state, broker, zebras, count)
    print(f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())} on {os.cpu_count()} cores")


async def removal(state: Path, broker: Broker, zebras: Mapping[str, VirtualPrinter], first: VirtualPrinter) -> None:
    """How fast files go, and what labels notice of it."""
    path = state / "labeld.sqlite3"
    before = rows_of(path, "assets")
    more = "[retention]\nlabel_days = 0.0001\nmessage_days = 0.0001\npersonal_days = 10000\naudit_days = 10000"
    async with Daemon(state, broker.port, zebras, more=more) as daemon:
        begun = time.perf_counter()
        async with printing(broker.port, first, "removal") as seconds:
            await asyncio.sleep(20.0)
        gone, passed = before - rows_of(path, "assets"), time.perf_counter() - begun
        found = (await daemon.get("/readyz"))["database"]
        await daemon.stop()
    rate = gone / passed
    print(f"removal: {gone} files in {passed:.0f} s, {rate:.0f} a second: 20,000 labels take {20_000 / rate:.0f} s")
    print(f"  {found['free_bytes'] / 2**20:.0f} MiB free, log {found['wal_bytes'] / 2**20:.1f} MiB")
    tell_labels("labels meanwhile", seconds)


async def start(state: Path, broker: Broker, zebras: Mapping[str, VirtualPrinter], count: int) -> None:
    """A start with many open jobs."""
    path = state / "labeld.sqlite3"
    top = sqlite3.connect(path)
    (revision,) = top.execute("SELECT max(revision) FROM jobs").fetchone()
    top.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    top.close()
    more = f"[groups.all]\nprinters = {json.dumps(list(zebras))}"
    daemon = Daemon(state, broker.port, zebras, more=more)
    table = tomllib.loads(daemon.config.read_text())["printers"][name(0)]
    add_open(path, max(revision, count), OPEN, PrinterSettings.model_validate(table))
    top = sqlite3.connect(path)
    for key, one in zebras.items():  # what was being sent had not begun to print
        top.execute(
            "UPDATE attempts SET odometer_before = ? WHERE ended_at IS NULL AND printer = ?", (one.odometer, key)
        )
    top.commit()
    top.close()
    begun = time.perf_counter()
    going = asyncio.create_task(daemon.start())
    labels = [asyncio.create_task(one.wait_labels(one.odometer + 1)) for one in zebras.values()]
    try:
        await asyncio.wait([*labels], return_when=asyncio.FIRST_COMPLETED)
        label = time.perf_counter() - begun
        await going
        await asyncio.wait([*labels])
        everywhere = time.perf_counter() - begun
        asked = await ask(daemon, path, 5)
    finally:
        await daemon.stop()
    pages = [value for values in asked.values() for value in values]
    print(f"start with {OPEN} open jobs, one of each of {PRINTERS} printers cut off by a crash:")
    print(f"  READY after {daemon.ready:.1f} s of labeld's own; since the process began: first label {label:.1f} s,")
    print(f"  a label on every printer {everywhere:.1f} s; page and API while it prints all: p50", end=" ")
    print(f"{statistics.median(pages):.0f} ms, p99 {percentile(pages, 0.99):.0f} ms")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description="A month of labels in the database.")
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--per-day", type=int, default=20_000)
    parser.add_argument("--kept", type=float, default=2, help="days whose files are kept")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="one day, 20 rounds")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.days, chosen.kept, chosen.rounds = 1, 0.5, 20
    os.nice(10)
    with tempfile.TemporaryDirectory(prefix="labeld-bench-") as where:
        asyncio.run(run(chosen.days, chosen.per_day, chosen.kept, chosen.rounds, Path(where)))


if __name__ == "__main__":
    main()
