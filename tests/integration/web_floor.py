"""A served status page over a real store and render pool; printers are told what they are."""

import asyncio
import base64
import contextlib
import io
import json
import time
from pathlib import Path
from typing import Any, Self

import aiohttp
import zxingcpp
from PIL import Image, ImageDraw, ImageFont
from tests.fetching import nothing_fetched

from labeld.config.printers import PrinterSettings
from labeld.config.settings import Settings
from labeld.daemon.actions import Actions
from labeld.daemon.app import App
from labeld.daemon.broker import BrokerLink
from labeld.daemon.bus import Bus
from labeld.daemon.dispatcher import Dispatcher
from labeld.daemon.finding.adoption import Adoption
from labeld.daemon.finding.discovery import Discovery
from labeld.daemon.fleet import Fleet
from labeld.daemon.in_hand import InHand
from labeld.daemon.intake import Intake
from labeld.daemon.job import Job, JobState, Reason
from labeld.daemon.metrics.metrics import Metrics
from labeld.daemon.outbox import Outbox
from labeld.daemon.parting import Parting
from labeld.daemon.preparer import Preparer
from labeld.daemon.printer_acts import PrinterActs
from labeld.daemon.printers import Printers
from labeld.daemon.rendering.pool import RenderPool
from labeld.daemon.sources.mqtt import MqttSource
from labeld.daemon.spooler import Spooler
from labeld.daemon.store import Store
from labeld.daemon.tiktok.following import Following
from labeld.daemon.tiktok.vault import Vault, new_key
from labeld.daemon.uploads.keeper import Uploads
from labeld.daemon.wall_clock import WallClock
from labeld.daemon.web.server import serve
from labeld.drivers.evidence import Level, Outcome, Verdict
from labeld.drivers.opening import open_driver
from labeld.drivers.printer import Identity, Observation, PrinterState, PrinterStatus

PATIENCE = 60.0
NUMBER = "9400100000000000001061"
#: ZPL without a barcode
BOX = b"^XA^FO50,50^GB300,200,8^FS^XZ"


def settings(folder: Path, *, port: int = 0, **more: object) -> Settings:
    """Three printers, one page, on loopback."""
    printers = {
        "zebra-01": {"uri": "socket://127.0.0.1:9101", "stations": ["pack-01", "pack-02"]},
        "zebra-02": {"uri": "socket://127.0.0.1:9102", "resolution": 300, "stations": ["pack-03"]},
        "returns": {"uri": "socket://127.0.0.1:9103", "media": "100x150mm", "stations": ["returns"]},
    }
    tables: dict[str, Any] = {
        "site": "test",
        "state_directory": folder,
        "web": {"port": port},
        "render": {"workers": 1},
        "printers": printers,
        "default_printer": "zebra-01",
    }
    return Settings.model_validate(tables | more)


def label(number: str, *, name: str = "Sample Person", carrier: str = "USPS") -> bytes:
    """A 4x6 in label at 203 dpi as PNG, with `number` in its barcode."""
    paper = Image.new("L", (812, 1219), 255)
    draw = ImageDraw.Draw(paper)

    def text(x: int, y: int, words: str, size: int) -> None:
        draw.text((x, y), words, 0, ImageFont.load_default(size))

    draw.rectangle((20, 20, 791, 1198), outline=0, width=4)
    text(40, 30, carrier[:1], 150)
    text(420, 90, f"{carrier} GROUND", 44)
    for y in (200, 420, 700, 1080):
        draw.line((20, y, 791, y), 0, 4)
    text(40, 215, "FROM  Example Store, 1 Sample Road, Springfield", 26)
    text(60, 450, f"{name}\n500 Example Street\nSPRINGFIELD XX 00000", 46)
    bars = zxingcpp.create_barcode(number, zxingcpp.BarcodeFormat.Code128).to_image(scale=2, add_hrt=False)
    bars_image = Image.fromarray(bars).crop((0, 0, bars.shape[1], bars.shape[0])).resize((bars.shape[1], 240))
    paper.paste(bars_image, ((812 - bars_image.width) // 2, 760))
    text(170, 1020, number, 34)
    text(40, 1100, "SKU SAMPLE-1  x1", 40)
    file = io.BytesIO()
    paper.save(file, "PNG")
    return file.getvalue()


def event(number: str, data: bytes, **more: object) -> dict[str, Any]:
    """A label event for `number`."""
    return {
        "event_id": f"event-{number}",
        "tracking_number": number,
        "package_id": f"115292{number[-6:]}",
        "carrier": "USPS",
        "asset": {"content": base64.b64encode(data).decode()},
    } | more


class Floor:
    """The parts of a daemon that the page needs; `url` is where it is served, `http` a client for it."""

    def __init__(self, folder: Path, chosen: Settings | None = None) -> None:
        self.settings = chosen or settings(folder)
        self.bus = Bus()
        self._stack = contextlib.AsyncExitStack()
        self.url = ""
        self.printed = 1000

    async def __aenter__(self) -> Self:
        chosen, enter, metrics = self.settings, self._stack.enter_async_context, Metrics()

        def job_changed(job: Job) -> None:
            self._preparer.poke()
            self.bus.tell("job", job.id)

        store = Store(
            chosen.state_directory / "labeld.sqlite3",
            topic_prefix=chosen.topic_prefix,
            changed=job_changed,
            rejected=lambda: self.bus.tell("rejection", ""),
            observer=metrics,
        )
        pool = await enter(RenderPool(chosen.render, metrics))
        self.printers = Printers(chosen.printers, lambda view: self.bus.tell("printer", view.name))
        dispatcher = Dispatcher(chosen, store, self.printers, time.time)
        parting = Parting(store, pool, dispatcher, time.time)
        self._preparer = Preparer(
            chosen,
            store,
            pool,
            self.printers,
            time.time,
            time.monotonic,
            parting,
            InHand(chosen.state_directory / "in-hand.json"),
        )
        self.store = await enter(store)
        intake = Intake(chosen, store, dispatcher, time.time, nothing_fetched(chosen))
        source = MqttSource(intake, chosen.topic_prefix, chosen.mqtt.max_inflight)
        broker = BrokerLink(chosen, source, Outbox(store), store.health.recovery)
        self.discovery = Discovery(
            chosen.discovery,
            chosen.printers,
            open_driver,
            changed=lambda: self.bus.tell("discovery", ""),
            moved=lambda _name: None,
            clock=time.monotonic,
        )
        uploads = Uploads(chosen, store, pool, dispatcher, time.time)
        followers = (uploads.apply, dispatcher.apply, self._preparer.apply, self.discovery.apply)
        fleet = Fleet(chosen, self._nobody, store, self.printers, followers, self._gone, time.time)
        actions = Actions(store, dispatcher, fleet.recall, time.time)
        self.adoption = Adoption(fleet, self.discovery, (), (), time.time)
        acts = PrinterActs(store, self.printers, pool, fleet.found, time.time)
        self.app = App(
            fleet=fleet,
            store=store,
            intake=intake,
            actions=actions,
            adoption=self.adoption,
            printer_acts=acts,
            printers=self.printers,
            discovery=self.discovery,
            pool=pool,
            broker=broker,
            bus=self.bus,
            wall_clock=WallClock(time.time, time.monotonic, lambda: None),
            uploads=uploads,
            vault=Vault([new_key()]),
            tokens=None,
            following=Following(),
            metrics=metrics,
        )
        await acts.load()
        self.url = await enter(serve(self.app))
        self.http = await enter(aiohttp.ClientSession(self.url))
        for loop in (self._preparer, uploads):
            self._stack.push_async_callback(self._end, asyncio.create_task(loop.run()))
        return self

    @staticmethod
    def _nobody(name: str, _printer: PrinterSettings) -> Spooler:
        raise AssertionError(f"nobody prints on {name} here")

    def _gone(self, name: str) -> None:
        self.bus.tell("printer", name)

    @staticmethod
    async def _end(task: "asyncio.Task[None]") -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def submit(self, number: str, data: bytes | None = None, **more: object) -> Job:
        """Take in a label event and wait until it is rendered, or cannot be."""
        body = json.dumps(event(number, label(number) if data is None else data, **more)).encode()
        accepted = await self.app.intake.json(body, source="mqtt", topic="labeld/test/labels/ready")
        async with asyncio.timeout(PATIENCE):
            while (job := await self.store.get(accepted.job.id)).reason == Reason.TRANSFORMING:  # noqa: ASYNC110 - the store tells of changes once
                await asyncio.sleep(0.01)
        return job

    async def send(self, job: Job) -> int:
        """Begin to print a rendered job."""
        return await self.store.begin_attempt(
            job.id,
            printer=job.printer or "",
            serial="TEST0203",
            payload_sha256="0" * 64,
            labels=job.labels or 1,
            odometer=self.printed,
            now=time.time(),
        )

    async def finish(self, job: Job, state: JobState, reason: Reason, verdict: Verdict) -> Job:
        """Print a rendered job with the outcome given."""
        attempt = await self.send(job)
        return await self.store.end_attempt(
            attempt, job.id, verdict, odometer=self.printed, state=state, reason=reason, now=time.time()
        )

    async def confirm(self, job: Job) -> Job:
        """Print a rendered job; the printer counts it."""
        self.printed += 1
        verdict = Verdict(Outcome.CONFIRMED, Level.COUNTED, "the printer's counter moved by 1, as it should")
        return await self.finish(job, JobState.COMPLETED, Reason.COMPLETED, verdict)

    async def lose_sight(self, job: Job) -> Job:
        """Print a rendered job; nobody knows what came of it."""
        verdict = Verdict(Outcome.UNKNOWN, Level.NONE, "the printer has not answered for 60 s")
        return await self.finish(job, JobState.HELD, Reason.OUTCOME_UNKNOWN, verdict)

    def see(self, name: str, state: PrinterState, *reasons: str, model: str = "ZD421") -> None:
        """A printer tells its state."""
        identity = Identity(serial=f"TEST-{name}", model=model)
        status = PrinterStatus(state, frozenset(reasons), 0, 0)
        self.printers.observed(name, Observation(identity, status, self.printed), time.time())


async def problem(reply: aiohttp.ClientResponse, status: int) -> str:
    """The detail of a problem document with `status`."""
    assert reply.status == status, await reply.text()
    assert reply.content_type == "application/problem+json"
    document = await reply.json(content_type=None)
    assert document["status"] == status
    assert document["title"]
    return str(document["detail"])


async def get(floor: Floor, path: str) -> Any:
    """A JSON answer."""
    async with floor.http.get(path) as reply:
        assert reply.status == 200, await reply.text()
        return await reply.json()


async def page(floor: Floor) -> str:
    """The front page."""
    async with floor.http.get("/") as reply:
        assert reply.status == 200
        assert reply.content_type == "text/html"
        return await reply.text()
