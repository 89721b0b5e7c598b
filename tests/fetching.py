"""What tests of fetching labels share, and what tests of other things need of it."""

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path

from labeld.config.settings import Settings
from labeld.daemon.events import from_json
from labeld.daemon.fetching.document import Document, FetchFailed
from labeld.daemon.fetching.fetcher import Fetcher
from labeld.daemon.fetching.wanted import Link, Package, Wanted, digest, to_text
from labeld.daemon.fetching.wanting import Wanting
from labeld.daemon.job import Job, Reason, new_job_id
from labeld.daemon.routing import Route
from labeld.daemon.store import Accepted, NewFetch, NewJob, Store
from labeld.daemon.tiktok.vault import CannotOpen

PATIENCE = 30.0
NUMBERS = itertools.count()
HERE = Route("zebra", "only")
ZPL = Document(b"^XA^XZ", "text/plain")
END = 10_000.0


class FetchDesk:
    """A store and a fetcher whose clock stands still until a test sets it; `answers` is what each try ends in."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "labeld.sqlite3", topic_prefix="p", changed=self._changed, wanted=self._wanted)
        self.now = 1.0
        self.steps = 0.0
        self.asked: list[Wanted] = []
        self.looked: list[bool] = []
        self.answers: dict[str, list[Document | FetchFailed]] = {}
        self.gate: asyncio.Event | None = None
        self.sealed_otherwise = False
        self.fetcher = self.new_fetcher()
        self.jobs: dict[str, Job] = {}
        self._news = asyncio.Event()

    def new_fetcher(self) -> Fetcher:
        wall = lambda: self.now + self.steps  # noqa: E731 - a clock
        return Fetcher(self.store, self.unseal, self._obtain, wall, lambda: self.now, lambda: 0.5)

    def unseal(self, data: bytes) -> str:
        if self.sealed_otherwise:
            raise CannotOpen("another key")
        return data.decode()

    def _wanted(self, job: Job, lane: str) -> None:
        self.fetcher.wanted(job, lane)

    def _changed(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.fetcher.job_changed(job)
        self._news.set()

    async def _obtain(self, job: Job, wanted: Wanted, *, look: bool) -> Document | None:
        self.asked.append(wanted)
        self.looked.append(look)
        if self.gate is not None:
            await self.gate.wait()
        answers = self.answers.get(job.event_id or "", [])
        answer = answers.pop(0) if answers else ZPL
        if isinstance(answer, FetchFailed):
            raise answer
        return None if wanted == Package("main", "P1", there=True) else answer

    async def take(
        self,
        event_id: str | None,
        url: str | None = "https://h/1",
        route: Route = HERE,
        look: bool = False,
        late: str | None = None,
        **more: object,
    ) -> Accepted:
        asset: dict[str, object] = {"content": "^XA^FDown^XZ"} if url is None else {"url": url}
        fields = {"asset": asset, "event_id": event_id, "package_id": "P1"} | more
        event = from_json("t", json.dumps(fields).encode(), max_bytes=1000)
        number = next(NUMBERS)
        fetch = None
        if url is not None or look:
            wanted = Package("main", "P1", there=True) if url is None else Link(url)
            fetch = NewFetch(wanted.lane, to_text(wanted).encode(), digest(wanted), self.now, END)
        job_id = new_job_id(float(number), number)
        new = NewJob(job_id, event, "test", "t", route, self.now, fetch=fetch, late=late)
        return await self.store.accept(new)

    async def until(self, job: Job, holds: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(PATIENCE):
            while not holds(self.jobs[job.id]):
                self._news.clear()
                await self._news.wait()
        return self.jobs[job.id]

    async def asked_for(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.asked) < times:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

    async def tried(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.asked) < times or self.fetcher._begun:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

    async def reason(self, job: Job, reason: Reason) -> Job:
        return await self.until(job, lambda now: now.reason == reason)


def nothing_fetched(settings: Settings) -> Wanting:
    """Takes what events want fetched, and fetches nothing."""
    return Wanting(settings, str.encode)
