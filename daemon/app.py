"""The composition root: builds the rooms, joins them, and takes them down in reverse."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from ..config.load import Loaded
from ..config.printers import PrinterSettings
from ..config.settings import Settings
from ..drivers.base import Driver
from ..drivers.located import LocatedDriver
from ..drivers.opening import open_driver
from . import sdnotify
from .actions import Actions
from .attention.attention import Attention
from .broker import BrokerLink
from .bus import Bus
from .dispatcher import Dispatcher
from .errors import IllegalTransition, NoSuchJob
from .fetching.download import Downloads
from .fetching.fetcher import Fetcher
from .fetching.wanting import Wanting
from .fetching.ways import Ways
from .finding.adoption import Adoption
from .finding.discovery import Discovery
from .fleet import Fleet
from .holds import StaleGuard
from .importing.importer import Importer
from .in_hand import InHand
from .intake import Intake
from .job import Job, JobState, Reason
from .job_log import tell_job
from .lock import lock
from .metrics.metrics import Metrics
from .outbox import Outbox, PrinterStates
from .parcel_keeper import ParcelKeeper
from .parting import Parting
from .preparer import Preparer
from .printer_acts import PrinterActs
from .printers import Printers, PrinterView
from .reloading import Reloading
from .rendering.pool import RenderPool
from .restored import Restored
from .restored import begin as begin_restored
from .retention import Retention, SteadyClock
from .serials import Serials
from .sockets import inherited
from .sources.folder import Folder
from .sources.mqtt import MqttSource
from .spooler import Spooler
from .store import Store
from .tiktok.api import open_api
from .tiktok.following import Following, follow
from .tiktok.tokens import Tokens
from .tiktok.vault import Vault, open_vault
from .uploads.keeper import Uploads
from .wall_clock import WallClock, clock_synchronised
from .web.server import serve
from .witness import Clocks

log = logging.getLogger(__name__)

#: time for labels on their way to be confirmed after SIGTERM; systemd would kill after TimeoutStopSec
DRAIN_SECONDS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the page, the API and the demo need of a running daemon."""

    fleet: Fleet
    store: Store
    intake: Intake
    actions: Actions
    adoption: Adoption
    printer_acts: PrinterActs
    printers: Printers
    discovery: Discovery
    pool: RenderPool
    broker: BrokerLink
    bus: Bus
    wall_clock: WallClock
    uploads: Uploads
    vault: Vault
    #: None where TikTok's API is not used
    tokens: Tokens | None
    following: Following
    #: None where no folder is watched
    folder: Folder | None = None
    #: None where nobody asks for that
    reloading: Reloading | None = None
    #: None where the database never was restored
    restored: Restored | None = None
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.fleet.settings

    @property
    def warnings(self) -> tuple[str, ...]:
        """What everybody who looks must know first."""
        shops = self.tokens.warnings if self.tokens else ()
        folder = self.folder.trouble if self.folder else None
        reload = self.reloading.warnings if self.reloading else ()
        minutes = self.settings.holds.after_restore_minutes
        restored = self.restored.warning(time.time(), minutes) if self.restored else None
        first = (self.store.health.trouble, self.wall_clock.warning, restored, folder)
        polls = self.following.poller.warnings if self.following.poller else ()
        return tuple(one for one in (*first, *reload, *shops, *polls) if one)


async def run(loaded: Loaded, stop: asyncio.Event, reloading: Reloading | None = None) -> None:
    """Run the daemon until `stop` is set, then drain; meanwhile read the configuration again when `reloading` is asked.

    Raises:
        DaemonError: the state directory is in use or the database cannot be opened.
        ConfigError: a secret or a key that the configuration names cannot be used.
    """
    with lock(loaded.settings.state_directory):
        async with contextlib.AsyncExitStack() as stack:
            await _run(loaded, stop, reloading, stack)


async def _run(
    loaded: Loaded, stop: asyncio.Event, reloading: Reloading | None, stack: contextlib.AsyncExitStack
) -> None:
    settings = loaded.settings
    bus = Bus()
    wall_clock = WallClock(time.time, _steady, clock_synchronised, lambda: bus.tell("clock", ""))
    clocks = Clocks(time.time, time.monotonic, wall_clock.doubt)

    def job_changed(job: Job) -> None:
        outbox.poke()
        dispatcher.changed(job)
        preparer.poke(job)
        fleet.job_changed(job)
        keeper.job_changed(job)
        fetcher.job_changed(job)
        tell_job(job)
        bus.tell("job", job.id)

    def rejected() -> None:
        outbox.poke()
        bus.tell("rejection", "")

    def printer_changed(view: PrinterView) -> None:
        states.put(view.name, view.payload())
        dispatcher.poke()
        if view.settings.document_format is None:
            preparer.poke()  # its queue may have told only now what it takes
        bus.tell("printer", view.name)

    def shop_changed() -> None:
        outbox.poke()
        able = tiktok.tokens.newly_able() if tiktok else ()
        fetcher.shops_ready(able)
        following.shops_ready(able)
        bus.tell("shop", "")

    def printer_gone(name: str) -> None:
        # an empty message takes back what is retained (MQTT 3.1.1 section 3.3.1.3)
        states.put(name, b"")
        bus.tell("printer", name)

    vault, metrics = open_vault(settings), Metrics()
    store = Store(
        settings.state_directory / "labeld.sqlite3",
        topic_prefix=settings.topic_prefix,
        batch=settings.intake.commit_batch,
        duplicate_window=settings.intake.duplicate_window_seconds,
        changed=job_changed,
        wanted=lambda job, lane: fetcher.wanted(job, lane),
        rejected=rejected,
        troubled=lambda: bus.tell("store", ""),
        observer=metrics,
    )
    pool = await stack.enter_async_context(RenderPool(settings.render, metrics))
    outbox = Outbox(store)
    states = PrinterStates(store, outbox, settings.topic_prefix, clocks.wall)
    printers = Printers(settings.printers, printer_changed)
    dispatcher = Dispatcher(settings, store, printers, clocks.wall)
    in_hand = InHand(settings.state_directory / "in-hand.json")
    guard = StaleGuard(settings, store, printers, clocks.wall, _steady, clocks.doubt)
    parting = Parting(store, pool, dispatcher, clocks.wall)
    preparer = Preparer(settings, store, pool, printers, clocks.wall, clocks.monotonic, parting, in_hand)
    await stack.enter_async_context(store)
    restored = await begin_restored(store, settings.state_directory, clocks.wall())
    tiktok = await open_api(settings, store, vault, _steady, shop_changed, stack, metrics)
    downloads = await stack.enter_async_context(Downloads(settings.links, settings.intake.max_asset_bytes))
    documents, orders = (tiktok.documents, tiktok.orders) if tiktok else (None, None)
    ways = Ways(downloads, settings.links, documents, orders, settings.tiktok.shops)
    fetcher = Fetcher(store, vault.open, metrics.watched(ways), clocks.wall, clocks.monotonic, random.random)
    await fetcher.load()
    await dispatcher.load()
    limits = settings.spooler
    open_at = partial(
        open_driver,
        connect_timeout=limits.connect_timeout_seconds,
        progress_timeout=limits.progress_timeout_seconds,
        reply_timeout=limits.reply_timeout_seconds,
    )

    def found_changed() -> None:
        adoption.poke()
        bus.tell("discovery", "")

    discovery = Discovery(
        settings.discovery,
        settings.printers,
        open_at,
        changed=found_changed,
        moved=lambda name: fleet.found(name),
        clock=clocks.monotonic,
    )
    serials = Serials(store, clocks.wall)
    await serials.load()

    def build(name: str, printer: PrinterSettings) -> Spooler:
        driver = _driver(printer, open_at, discovery, serials, partial(printers.met, name))
        return Spooler(name, printer, limits, driver, store, printers, preparer, clocks, guard.late, in_hand)

    uploads = Uploads(settings, store, pool, dispatcher, clocks.wall)
    followers = (uploads.apply, dispatcher.apply, preparer.apply, discovery.apply, guard.apply)
    fleet = Fleet(settings, build, store, printers, followers, printer_gone, clocks.wall)
    adoption = Adoption(fleet, discovery, loaded.adopted, loaded.refused, clocks.wall)
    intake = Intake(settings, store, dispatcher, clocks.wall, Wanting(settings, vault.seal), restored)
    source = MqttSource(intake, settings.topic_prefix, settings.mqtt.max_inflight)
    broker = BrokerLink(settings, source, outbox, store.health.recovery, lambda: bus.tell("broker", ""))
    actions = Actions(store, dispatcher, fleet.recall, clocks.wall)
    keeper = ParcelKeeper(store, pool, actions, settings.intake.max_asset_bytes, clocks.wall)
    await keeper.load()
    await fleet.hold_orphans()
    await guard.load()
    await _hold_deadly(store, in_hand.load(settings.holds.after_deaths), clocks.wall())
    following = await follow(settings, tiktok, store, intake, actions, clocks.wall, _steady)
    printer_acts = PrinterActs(store, printers, pool, fleet.found, clocks.wall, lambda name: bus.tell("printer", name))
    await printer_acts.load()
    app = App(
        fleet=fleet,
        store=store,
        intake=intake,
        actions=actions,
        adoption=adoption,
        printer_acts=printer_acts,
        printers=printers,
        discovery=discovery,
        pool=pool,
        broker=broker,
        bus=bus,
        wall_clock=wall_clock,
        uploads=uploads,
        vault=vault,
        tokens=tiktok.tokens if tiktok else None,
        following=following,
        folder=_folder(fleet, intake, bus, clocks),
        reloading=reloading,
        restored=restored,
        metrics=metrics,
    )
    if settings.web.enabled:
        await stack.enter_async_context(serve(app, inherited()))
    steady = SteadyClock(clocks.wall, clocks.monotonic)
    retention = Retention(store, settings.retention, steady, lambda: bus.tell("retention", ""), metrics)
    loops = (
        preparer,
        dispatcher,
        keeper,
        fetcher,
        guard,
        retention,
        wall_clock,
        states,
        uploads,
        Attention(app, outbox.poke),
    )
    await _serve(app, stop, loops)


async def _hold_deadly(store: Store, job_ids: Iterable[str], now: float) -> None:
    """Hold the jobs at which labeld died again and again, before any of them is touched."""
    because = "labeld ended each time it had this label in hand: look at it before it is printed"
    for job_id in job_ids:
        with contextlib.suppress(NoSuchJob, IllegalTransition):
            job = await store.get(job_id)
            if job.state is JobState.PENDING:
                await store.move(job_id, JobState.HELD, Reason.FAILED, because, now, was=job)


def _folder(fleet: Fleet, intake: Intake, bus: Bus, clocks: Clocks) -> Folder | None:
    settings = fleet.settings
    if settings.folder.path is None:
        return None
    importer = Importer(lambda: fleet.settings, intake)
    largest, told = settings.intake.max_asset_bytes, partial(bus.tell, "folder", "")
    return Folder(settings.folder, settings.folder.path, intake, importer, largest, told, clocks.wall, clocks.monotonic)


def _driver(
    printer: PrinterSettings,
    open_at: Callable[..., Driver],
    discovery: Discovery,
    serials: Serials,
    met: Callable[[str], None],
) -> Driver:
    if (wanted := printer.wanted) is None:
        return open_at(str(printer.uri), media=printer.media, ask=printer.ask)
    serial = printer.own_serial or serials.of(wanted)
    asking = partial(open_at, hardware_address=wanted.kind == "mac")
    return LocatedDriver(wanted, serial, discovery, asking, met, partial(serials.learn, wanted))


class Loop(Protocol):
    """What runs for as long as the daemon does."""

    async def run(self) -> None:
        """Run until cancelled."""


async def _serve(
    app: App,
    stop: asyncio.Event,
    loops: Iterable[Loop],
) -> None:
    async with asyncio.TaskGroup() as tasks:
        helpers = [
            *(tasks.create_task(loop.run(), name=type(loop).__name__.lower()) for loop in loops),
            tasks.create_task(app.discovery.run(), name="discovery"),
            tasks.create_task(app.adoption.run(), name="adoption"),
            tasks.create_task(app.following.run(), name="following"),
            *([tasks.create_task(app.tokens.run(), name="tokens")] if app.tokens else ()),
            *([tasks.create_task(_reload(app, app.reloading), name="reloading")] if app.reloading else ()),
            tasks.create_task(sdnotify.watchdog(), name="watchdog"),
            *([tasks.create_task(app.folder.run(), name="folder")] if app.folder else []),
        ]
        link = tasks.create_task(app.broker.run(stop), name="broker")
        printing = tasks.create_task(app.fleet.run(stop), name="printers")
        sdnotify.notify("READY=1")
        log.info("ready: %d printers", len(app.settings.printers))
        await stop.wait()
        sdnotify.notify("STOPPING=1")
        log.info("stopping: waiting at most %.0f s for labels on their way", DRAIN_SECONDS)
        _, late = await asyncio.wait([link, printing], timeout=DRAIN_SECONDS)
        # a label cut off here is settled by its counter at the next start
        for task in (*late, *helpers):
            task.cancel()
    log.info("stopped")


async def _reload(app: App, reloading: Reloading) -> None:
    await reloading.run(app.adoption, app.settings, lambda: app.bus.tell("configuration", ""))


def _steady() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
