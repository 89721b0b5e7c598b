"""The composition root: builds the rooms, joins them, and takes them down in reverse."""

import asyncio
import contextlib
import fcntl
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..config.printers import PrinterSettings
from ..config.settings import Settings
from ..drivers.base import Driver
from ..drivers.evidence import Level, Outcome, Verdict
from ..drivers.located import LocatedDriver
from ..drivers.opening import open_driver
from . import sdnotify
from .actions import Actions
from .broker import BrokerLink
from .bus import Bus
from .discovery import Discovery
from .dispatcher import Dispatcher
from .errors import DaemonError
from .intake import Intake
from .job import Job, JobState, Reason
from .outbox import Outbox
from .preparer import Preparer
from .printer_acts import PrinterActs
from .printers import Printers, PrinterView
from .render_pool import RenderPool
from .sources.mqtt import MqttSource
from .spooler import Spooler
from .store import Store
from .web.server import serve
from .witness import Clocks

log = logging.getLogger(__name__)

#: time for labels on their way to be confirmed after SIGTERM; systemd would kill after TimeoutStopSec
DRAIN_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class App:
    """What the page, the API and the demo need of a running daemon."""

    settings: Settings
    store: Store
    intake: Intake
    actions: Actions
    printer_acts: PrinterActs
    printers: Printers
    discovery: Discovery
    pool: RenderPool
    broker: BrokerLink
    bus: Bus


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run the daemon until `stop` is set, then drain.

    Raises:
        DaemonError: the state directory is in use or the database cannot be opened.
    """
    with _lock(settings.state_directory):
        async with contextlib.AsyncExitStack() as stack:
            await _run(settings, stop, stack)


async def _run(settings: Settings, stop: asyncio.Event, stack: contextlib.AsyncExitStack) -> None:
    bus = Bus()
    spoolers: dict[str, Spooler] = {}
    clocks = Clocks(time.time, time.monotonic)

    def job_changed(job: Job) -> None:
        outbox.poke()
        dispatcher.changed(job)
        preparer.poke()
        if job.printer in spoolers:
            spoolers[job.printer].poke()
        bus.tell("job", job.id)

    def rejected() -> None:
        outbox.poke()
        bus.tell("rejection", "")

    states: asyncio.Queue[PrinterView] = asyncio.Queue()

    def printer_changed(view: PrinterView) -> None:
        states.put_nowait(view)
        dispatcher.poke()
        if view.settings.document_format is None:
            preparer.poke()  # its queue may have told only now what it takes
        bus.tell("printer", view.name)

    store = Store(
        settings.state_directory / "labeld.sqlite3",
        topic_prefix=settings.topic_prefix,
        batch=settings.intake.commit_batch,
        duplicate_window=settings.intake.duplicate_window_seconds,
        changed=job_changed,
        rejected=rejected,
    )
    pool = await stack.enter_async_context(RenderPool(settings.render))
    outbox = Outbox(store)
    printers = Printers(settings.printers, printer_changed)
    preparer = Preparer(settings, store, pool, printers, clocks.wall, clocks.monotonic)
    await stack.enter_async_context(store)
    dispatcher = Dispatcher(settings, store, printers, clocks.wall)
    await dispatcher.load()
    limits = settings.spooler
    open_at = partial(
        open_driver,
        connect_timeout=limits.connect_timeout_seconds,
        progress_timeout=limits.progress_timeout_seconds,
        reply_timeout=limits.reply_timeout_seconds,
    )
    discovery = Discovery(
        settings.discovery,
        settings.printers,
        open_at,
        changed=lambda: bus.tell("discovery", ""),
        moved=lambda name: spoolers[name].found(),
        clock=clocks.monotonic,
    )

    def driver_of(name: str, printer: PrinterSettings) -> Driver:
        if (wanted := printer.wanted) is None:
            return open_at(str(printer.uri), media=printer.media, ask=printer.ask)
        return LocatedDriver(wanted, printer.own_serial, discovery, open_at, partial(printers.met, name))

    for name, printer in settings.printers.items():
        driver = driver_of(name, printer)
        spoolers[name] = Spooler(name, printer, limits, driver, store, printers, preparer, clocks)
    await _hold_orphans(store, settings, clocks)
    intake = Intake(settings, store, dispatcher, clocks.wall)
    source = MqttSource(intake, settings.topic_prefix, settings.mqtt.max_inflight)
    broker = BrokerLink(settings, source, outbox, lambda: bus.tell("broker", ""))
    actions = Actions(store, dispatcher, clocks.wall)
    printer_acts = PrinterActs(store, printers, pool, lambda name: spoolers[name].found(), clocks.wall)
    await printer_acts.load()
    app = App(settings, store, intake, actions, printer_acts, printers, discovery, pool, broker, bus)
    if settings.web.enabled:
        await stack.enter_async_context(serve(app))
    await _serve(app, stop, preparer, dispatcher, spoolers, states)


async def _serve(
    app: App,
    stop: asyncio.Event,
    preparer: Preparer,
    dispatcher: Dispatcher,
    spoolers: dict[str, Spooler],
    states: "asyncio.Queue[PrinterView]",
) -> None:
    async with asyncio.TaskGroup() as tasks:
        helpers = [
            tasks.create_task(preparer.run(), name="preparer"),
            tasks.create_task(dispatcher.run(), name="dispatcher"),
            tasks.create_task(_tell_states(app, states), name="printer-states"),
            tasks.create_task(app.discovery.run(), name="discovery"),
            tasks.create_task(sdnotify.watchdog(), name="watchdog"),
        ]
        link = tasks.create_task(app.broker.run(stop), name="broker")
        printing = [tasks.create_task(one.run(stop), name=f"printer-{name}") for name, one in spoolers.items()]
        sdnotify.notify("READY=1")
        log.info("ready: %d printers", len(spoolers))
        await stop.wait()
        sdnotify.notify("STOPPING=1")
        log.info("stopping: waiting at most %.0f s for labels on their way", DRAIN_SECONDS)
        for one in spoolers.values():
            one.poke()
        _, late = await asyncio.wait([link, *printing], timeout=DRAIN_SECONDS)
        # a label cut off here is settled by its counter at the next start
        for task in (*late, *helpers):
            task.cancel()
    log.info("stopped")


async def _tell_states(app: App, states: "asyncio.Queue[PrinterView]") -> None:
    """Printer states to MQTT, retained; a state that could not be committed is overtaken by the next."""
    while True:
        view = await states.get()
        with contextlib.suppress(DaemonError):
            topic = f"{app.settings.topic_prefix}/printers/{view.name}/state"
            await app.store.publish(topic, view.payload(), retain=True)


async def _hold_orphans(store: Store, settings: Settings, clocks: Clocks) -> None:
    """Jobs of printers that the configuration lost would wait for ever, unseen."""
    for attempt in await store.open_attempts():
        if attempt.printer not in settings.printers:
            because = f"labeld stopped while it was sent, and printer {attempt.printer!r} is not configured any more"
            verdict = Verdict(Outcome.UNKNOWN, Level.NONE, because)
            await store.end_attempt(
                attempt.id,
                attempt.job_id,
                verdict,
                odometer=None,
                state=JobState.HELD,
                reason=Reason.OUTCOME_UNKNOWN,
                now=clocks.wall(),
            )
    for name, states in (await store.counts()).items():
        if name and name not in settings.printers and states.get(JobState.PENDING):
            because = f"printer {name!r} is not configured any more"
            for job in await store.queue(name, limit=states[JobState.PENDING]):
                await store.move(job.id, JobState.HELD, Reason.NO_DESTINATION, because, clocks.wall(), printer=None)


@contextlib.contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Hold the state directory: two daemons on one database would print each label twice."""
    path = directory / "labeld.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise DaemonError(f"{path}: cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DaemonError(f"{directory} is in use by another labeld") from None
        yield
