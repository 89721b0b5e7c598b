"""No question that is asked again and again reads the jobs, the attempts or the ledger from end to end."""

import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from labeld.daemon.errors import NoSuchJob
from labeld.daemon.events import from_json
from labeld.daemon.job import Job, JobState, Reason, Removed, new_job_id
from labeld.daemon.routing import Route
from labeld.daemon.store import NewJob, Store

_OPEN = (JobState.PENDING, JobState.HELD, JobState.PROCESSING, JobState.STOPPED)
#: a plan that reads all rows; along an index in its order and up to a limit it is no scan, nor is a partial index
_SCAN = re.compile(
    r"^SCAN (jobs|attempts|ledger|assets|artworks|orders|rejections|notices|aliases)\b"
    r"(?! USING INDEX (sqlite_autoindex_jobs_1|ix_rejections_last_at|ix_attempts_unended)\b)"
)
#: indexes over all ended jobs, which serve lists only
_LONG = re.compile(r"ix_jobs_(state|printer)\b(?!.*\bid=\?)")
_LISTS = {"by state", "by printer", "by both", "undone", "comparing", "held long", "open jobs"}

Question = Callable[[Store, Job], Awaitable[Any]]
QUESTIONS: dict[str, Question] = {
    "front page": lambda store, _: store.jobs(limit=60),
    "older": lambda store, job: store.jobs(limit=50, before=job.id),
    "search": lambda store, _: store.jobs(search="94001"),
    "search with filters": lambda store, job: store.jobs(search="1", state="completed", printer="zebra", before=job.id),
    "by state": lambda store, job: store.jobs(state="completed", before=job.id),
    "by printer": lambda store, job: store.jobs(printer="zebra", before=job.id),
    "by both": lambda store, _: store.jobs(printer="zebra", state="aborted"),
    "counts": lambda store, _: store.counts(_OPEN),
    "queue": lambda store, job: store.queue("zebra", skip=[job.id]),
    "to be drawn": lambda store, job: store.queue("zebra", reason=Reason.TRANSFORMING, skip=[job.id], limit=8),
    "undone": lambda store, _: store.undone((JobState.PENDING, JobState.PROCESSING, JobState.STOPPED)),
    "open jobs": lambda store, _: store.open_jobs("zebra", _OPEN, limit=12),
    "sent by": lambda store, _: store.sent_by("zebra", limit=12),
    "open attempts": lambda store, _: store.open_attempts(),
    "open attempts of one": lambda store, _: store.open_attempts("zebra"),
    "attempts": lambda store, job: store.attempts(job.id),
    "timeline": lambda store, job: store.timeline(job.id),
    "parts": lambda store, job: store.parts(job),
    "related": lambda store, job: store.related(job),
    "rivals": lambda store, job: store.rivals(job),
    "attempts of a printer": lambda store, _: store.ended_attempts("zebra", limit=9),
    "comparing": lambda store, _: store.comparing(),
    "void": lambda store, _: store.void(limit=12),
    "asset": lambda store, job: store.asset(job.id),
    "artwork": lambda store, job: store.artwork(job.id),
    "counter": lambda store, _: store.has_counter("zebra", "D4J1"),
    "counter without serial": lambda store, _: store.has_counter("zebra", None),
    "counter moving": lambda store, _: store.counter_seen_moving("zebra", "D4J1"),
    "rejections": lambda store, _: store.rejections(limit=20),
    "outbox": lambda store, _: store.outbox(),
    "held long": lambda store, _: store.held_since(1e9),
    "outlived, whole": lambda store, job: store.outlived(None, 1e9, after=job.id),
    "outlived, label gone": lambda store, job: store.outlived(Removed.LABEL, 1e9, after=job.id),
    "outlived, numbers gone": lambda store, job: store.outlived(Removed.PERSONAL, 1e9, after=job.id),
    "old messages": lambda store, _: store.remove_messages(0.0),
    "old notices": lambda store, _: store.remove_notices(0.0),
    "accept": lambda store, _: accept(store, "e-2"),
}


async def accept(store: Store, event_id: str) -> Job:
    payload = f'{{"event_id": "{event_id}", "package_id": "1", "order_ids": ["2"], "asset": {{"content": "XlhB"}}}}'
    label = from_json("topic", payload.encode(), max_bytes=1000)
    route = Route("zebra", "it is the only printer")
    return (await store.accept(NewJob(new_job_id(1000.0, 1), label, "mqtt", "topic", route, 1000.0))).job


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "labeld.sqlite3", topic_prefix="labeld/test") as opened:
        yield opened


@pytest.mark.parametrize("name", QUESTIONS)
async def test_no_question_scans(store: Store, tmp_path: Path, name: str) -> None:
    job = Job(
        id=new_job_id(1000.0, 7),
        received_at=1000.0,
        updated_at=1000.0,
        source="mqtt",
        state=JobState.PENDING,
        reason=Reason.QUEUED,
        message="",
        printer="zebra",
        package_id="1",
        tracking_number="94001",
    )
    asked: list[tuple[str, Any]] = []
    event.listen(
        store._engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, parameters, _context, _many: asked.append((statement, parameters)),
    )
    try:
        await QUESTIONS[name](store, job)
    except NoSuchJob:
        pass
    finally:
        base = sqlite3.connect(tmp_path / "labeld.sqlite3")
    plans = []
    for statement, parameters in asked:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            rows = base.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append((statement, [row[3] for row in rows]))
    base.close()
    assert plans
    scans = [(line, statement) for statement, plan in plans for line in plan if _SCAN.match(line)]
    sorts = [(line, statement) for statement, plan in plans for line in plan if "TEMP B-TREE FOR ORDER BY" in line]
    assert scans == []
    long = [(line, statement) for statement, plan in plans for line in plan if _LONG.search(line)]
    assert long == [] or name in _LISTS
    # what is sorted has to be few rows: those of one job, of one printer's open jobs or of one search
    few = {"search", "search with filters", "undone", "open jobs", "sent by", "parts", "related", "rivals", "accept"}
    assert sorts == [] or name in few | {"by printer", "by both", "comparing"}, sorts
