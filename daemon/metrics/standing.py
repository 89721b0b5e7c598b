"""How things stand at a scrape: queues, printers, shops, broker and database, asked and not counted a second time."""

import functools
import importlib.metadata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ...config.settings import Settings
from ...drivers.printer import PrinterState
from ...renderers.errors import RenderError
from ..attention.needs import needs
from ..job import Reason
from ..sharing import Readiness, readiness
from ..store.figures import OpenWork
from ..store.space import Size
from ..tiktok.standing import Standing
from .bounds import OTHER, one_of

if TYPE_CHECKING:
    from ..app import App


def _reasons(kind: type[RenderError]) -> set[str]:
    return {kind.reason}.union(*map(_reasons, kind.__subclasses__()))


#: why a job may be held; another reason is one that a document made up
_REASONS = {*map(str, Reason), *_reasons(RenderError)}


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database says."""

    work: OpenWork
    size: Size
    held_long: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment; `stored` is None while the database cannot be read, `age` its age in seconds."""

    now: float
    app: "App"
    stored: Stored | None
    age: float


class Standings(Collector):
    """Tells of the last snapshot."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        #: when retention went through the database last, Unix seconds
        self.cleaned_at: float | None = None

    def collect(self) -> Iterator[Metric]:
        """The figures of the snapshot; none before the first."""
        if (seen := self.snapshot) is None:
            return
        yield _many("labeld_info", "The version that runs", ["version"], {(_version(),): 1})
        yield from self._daemon(seen)
        yield from _printers(seen.app)
        yield from _shops(seen.app.tokens.standings() if seen.app.tokens else (), seen.now)
        kinds = needs(seen.app, seen.stored.work if seen.stored else None)
        words = "What needs a person, by kind"
        yield _many("labeld_needs_person", words, ["kind"], {(kind,): count for kind, count in kinds.items()})
        if seen.stored is not None:
            yield from _work(seen.stored.work, seen.app.settings, seen.now)
            yield _single("labeld_held_long_jobs", "Held longer than ended labels are kept", seen.stored.held_long)
            yield from _size(seen.stored.size)
            yield _single("labeld_figures_age_seconds", "Since the database was asked for its figures", seen.age)

    def _daemon(self, seen: Snapshot) -> Iterator[Metric]:
        app, sound = seen.app, seen.stored is not None and seen.app.store.health.trouble is None
        yield _single("labeld_database_up", "1 while the database can be read and written", sound)
        yield _single("labeld_broker_connected", "1 while the MQTT broker is connected", app.broker.state.connected)
        yield _single("labeld_clock_doubted", "1 while the clock is not believed", app.wall_clock.doubt() is not None)
        trouble = None if app.folder is None else app.folder.trouble is not None
        yield _single("labeld_folder_trouble", "1 while nothing can be taken from the watched folder", trouble)
        words = "When retention went through the database last, Unix time; not before it did once"
        yield _single("labeld_retention_last_round_timestamp_seconds", words, self.cleaned_at)


@functools.cache
def _version() -> str:
    try:
        return importlib.metadata.version("labeld")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _printers(app: "App") -> Iterator[Metric]:
    states: dict[tuple[str, ...], float] = {}
    ready: dict[tuple[str, ...], float] = {}
    paused: dict[tuple[str, ...], float] = {}
    for view in app.printers:
        states |= {(view.name, state): view.state is state for state in PrinterState}
        ready[view.name,] = readiness(view) is Readiness.READY
        paused[view.name,] = view.pause is not None
    yield _many("labeld_printer_state", "1 for the state that a printer is in", ["printer", "state"], states)
    yield _many("labeld_printer_ready", "1 while a printer can be sent a label", ["printer"], ready)
    yield _many("labeld_printer_paused", "1 while labeld sends a printer nothing", ["printer"], paused)


def _shops(shops: Collection[Standing], now: float) -> Iterator[Metric]:
    usable = _by_name((one.shop, one.trouble is None) for one in shops)
    rows = [(one.shop, one.row) for one in shops if one.row is not None]
    access = _by_name((shop, row.access_expires - now) for shop, row in rows)
    ends = _by_name((shop, row.refresh_expires - now) for shop, row in rows if row.refresh_expires is not None)
    yield _many("labeld_shop_usable", "1 while TikTok can be asked for a shop", ["shop"], usable)
    yield _many("labeld_shop_access_token_seconds", "Until a shop's access token ends", ["shop"], access)
    yield _many("labeld_shop_authorization_seconds", "Until a shop's authorization ends", ["shop"], ends)


def _work(work: OpenWork, settings: Settings, now: float) -> Iterator[Metric]:
    names, stations = settings.printers, settings.stations
    waiting: Counter[tuple[str, ...]] = Counter()
    oldest: dict[tuple[str, ...], float] = {}
    for name, queue in work.waiting.items():
        key = (one_of(name, names),)
        waiting[key] += queue.count
        if queue.oldest != inf:
            oldest[key] = max(oldest.get(key, 0.0), now - queue.oldest)
    busy: Counter[tuple[str, ...]] = Counter()
    for name, number in work.under_way.items():
        busy[one_of(name, names),] += number
    for name in names:
        waiting.setdefault((name,), 0)
        oldest.setdefault((name,), 0.0)
        busy.setdefault((name,), 0)
    held: Counter[tuple[str, ...]] = Counter()
    for group in work.held:
        held[one_of(group.reason, _REASONS, OTHER), one_of(group.station, stations)] += group.count
    yield _many("labeld_waiting_jobs", "Jobs that wait for their printer", ["printer"], waiting)
    yield _many("labeld_oldest_waiting_seconds", "Since the first of them was received", ["printer"], oldest)
    yield _many("labeld_jobs_under_way", "Jobs on their way to paper", ["printer"], busy)
    yield _many("labeld_held_jobs", "Jobs that wait for a person", ["reason", "station"], held)
    yield _single("labeld_void_jobs", "Void labels on paper that nobody has taken out of the pile", work.void)
    yield _single("labeld_fetches_waiting", "Labels that are still to be fetched", work.to_fetch)
    yield _single("labeld_outbox_messages", "Messages that are not at the broker yet", work.unsent)


def _size(size: Size) -> Iterator[Metric]:
    yield _single("labeld_database_bytes", "Size of the database file", size.bytes)
    yield _single("labeld_database_free_bytes", "Free room in it", size.free_bytes)
    yield _single("labeld_database_wal_bytes", "Size of its write-ahead log", size.wal_bytes)


def _by_name(values: Iterable[tuple[str, float]]) -> dict[tuple[str, ...], float]:
    return {(name,): value for name, value in values}


def _single(name: str, words: str, value: float | None) -> Metric:
    return _many(name, words, [], {} if value is None else {(): value})


def _many(name: str, words: str, labels: list[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family
