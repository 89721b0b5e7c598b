"""All figures of one daemon, and their text for Prometheus."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from ...drivers.evidence import Verdict
from ..errors import StoreUnavailable
from ..fetching.fetcher import Obtain
from ..job import Job
from ..observer import Observer
from .obtaining import Obtaining
from .printing import Printing
from .rendering import Rendering
from .standing import Snapshot, Standings, Stored

if TYPE_CHECKING:
    from ..app import App

_DAY = 86400.0
#: the database is asked at most so often, however often and by how many it is scraped
_FRESH_SECONDS = 2.0
#: a scrape waits so long for them
_WAIT_SECONDS = 0.03
#: a database that does not answer by then is told as down
_PATIENCE_SECONDS = 5.0


class Metrics(Observer):
    """Counts what it is told of, and asks the rest when it is scraped.

    Args:
        wall: Unix seconds.
        monotonic: seconds; only differences count.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._printing = Printing(self._registry)
        self._rendering = Rendering(self._registry)
        self._obtaining = Obtaining(self._registry)
        self._standings = Standings()
        self._registry.register(self._standings)
        self._asking: asyncio.Task[None] | None = None
        self._stored: Stored | None = None
        self._asked_at: float | None = None

    def event(self, source: str, result: str) -> None:
        """See `Observer`."""
        self._printing.event(source, result)

    def attempt(self, job: Job, verdict: Verdict, sent_at: float | None) -> None:
        """See `Observer`."""
        self._printing.attempt(job, verdict, sent_at)

    def drawn(self, data: bytes, result: str, seconds: float) -> None:
        """See `Observer`."""
        self._rendering.drawn(data, result, seconds)

    def called(self, shop: str, path: str, result: str, seconds: float) -> None:
        """See `Observer`."""
        self._obtaining.called(shop, path, result, seconds)

    def cleaned(self) -> None:
        """See `Observer`."""
        self._standings.cleaned_at = self._wall()

    def watched(self, obtain: Obtain) -> Obtain:
        """The same way to labels, each try counted and timed."""
        return self._obtaining.watched(obtain)

    async def scrape(self, app: "App") -> bytes:
        """All figures in Prometheus' text format; those of the database are missing while it cannot be read.

        A database that is slow to count is not waited for: its last figures are told, with their age.
        """
        self._printing.know(view.name for view in app.printers)
        self._obtaining.know(app.tokens.shops if app.tokens else ())
        asked = self._asked_at
        if self._asking is None and (asked is None or self._monotonic() - asked >= _FRESH_SECONDS):
            self._asking = asyncio.create_task(self._ask(app), name="metrics")
        if self._asking is not None:
            await asyncio.wait([self._asking], timeout=None if asked is None else _WAIT_SECONDS)
        age = self._monotonic() - (self._asked_at or 0.0)
        self._standings.snapshot = Snapshot(self._wall(), app, self._stored, age)
        return generate_latest(_Uncreated(self._registry))

    async def _ask(self, app: "App") -> None:
        began, before = self._monotonic(), self._wall() - app.settings.retention.label_days * _DAY
        store = app.store
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self._stored = Stored(await store.open_work(), await store.size(), await store.held_since(before))
        except (StoreUnavailable, TimeoutError):
            self._stored = None
        finally:
            self._asked_at, self._asking = began, None


class _Uncreated(Collector):
    """Without the time at which each series began, which doubles their number and nobody asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric
