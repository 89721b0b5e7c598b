"""Broker, printers, daemon and publisher in one process; every label takes the same way as in a warehouse."""

import asyncio
import contextlib
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from ...config.load import Loaded
from ...config.printers import PrinterSettings
from ...config.services import DiscoverySettings, MqttSettings, SpoolerSettings, WebSettings
from ...config.settings import Settings
from ...drivers.virtual.faults import Fault
from ...drivers.virtual.server import VirtualPrinter
from ...renderers.media import Media
from .. import app
from ..tiktok.sandbox.server import Sandbox
from .broker import embedded_broker
from .samples import Sample
from .shops import with_shops

_ENDED = {"completed", "aborted", "canceled", "pending-held"}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a sample, as labeld told it over MQTT."""

    sample: Sample
    state: str
    outcome: str | None
    evidence: str | None
    printer: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The running demo."""

    settings: Settings
    printers: tuple[VirtualPrinter, ...]


@contextlib.asynccontextmanager
async def stage(
    *,
    web_port: int,
    seconds_per_label: float,
    announce: bool,
    faults: Iterable[Fault] = (),
    sandbox: Sandbox | None = None,
) -> AsyncIterator[Stage]:
    """Build everything on free loopback ports and a temporary folder, and take it down again.

    The shops of a running `sandbox` are configured, and their sellers have authorized labeld.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labeld-demo-")))
        broker_port = await stack.enter_async_context(embedded_broker())
        printers = tuple(
            [
                await stack.enter_async_context(
                    VirtualPrinter(
                        port=0,
                        name=f"labeld demo {dpi} dpi",
                        serial=f"DEMO{dpi:05d}",
                        dpi=dpi,
                        media=Media.parse("4x6in"),
                        seconds_per_label=seconds_per_label,
                        out=folder / f"zebra-{dpi}",
                        faults=faults,
                        announce=announce,
                        interfaces=["127.0.0.1"],
                    )
                )
                for dpi in (203, 300)
            ]
        )
        settings = Settings(
            site="demo",
            state_directory=folder,
            default_printer="zebra-203",
            mqtt=MqttSettings(port=broker_port),
            web=WebSettings(port=web_port),
            discovery=DiscoverySettings(enabled=announce, interfaces=("127.0.0.1",)),
            spooler=SpoolerSettings(poll_seconds=0.1, settle_seconds=2.0),
            printers={
                "zebra-203": PrinterSettings(uri=printers[0].uri, resolution=203, stations=("pack-01",)),
                "zebra-300": PrinterSettings(uri=printers[1].uri, resolution=300, stations=("pack-02",)),
            },
        )
        if sandbox is not None:
            settings = await with_shops(settings, sandbox)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(app.run(Loaded(settings), stop), name="labeld")
            try:
                yield Stage(settings, printers)
            finally:
                stop.set()


async def publish_samples(
    settings: Settings,
    samples: Sequence[Sample],
    *,
    pause: float,
    patience: float = 60.0,
    told: Callable[[Result], None] = lambda _result: None,
) -> list[Result]:
    """Publish the samples one by one, and wait for what labeld says of each.

    Args:
        settings: the daemon's, for broker and topics.
        samples: what to publish.
        pause: seconds between two events.
        patience: seconds for all outcomes; a label takes about one.
        told: called with each state change.
    """
    run = secrets.token_hex(4)
    results: dict[str, Result] = {}
    by_package = {sample.package_id: sample for sample in samples}
    async with aiomqtt.Client(settings.mqtt.host, settings.mqtt.port, identifier="demo-publisher") as client:
        await client.subscribe([(f"{settings.topic_prefix}/jobs/+", 1), (f"{settings.topic_prefix}/hosts/+", 1)])
        async for message in client.messages:
            # before its first subscription a broker keeps nothing for labeld
            if bytes(message.payload) == b"online":
                break
        async with asyncio.TaskGroup() as tasks:
            publishing = tasks.create_task(_publish(client, settings, samples, run, pause))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience + pause * len(samples)):
                    async for message in client.messages:
                        job = json.loads(bytes(message.payload))
                        sample = by_package.get(job["package_id"])
                        if sample is None or job["event_id"] != sample.event(run)["event_id"]:
                            continue
                        result = Result(
                            sample, job["state"], job["outcome"], job["evidence"], job["printer"], job["message"]
                        )
                        results[sample.package_id] = result
                        told(result)
                        if len(results) == len(samples) and all(one.state in _ENDED for one in results.values()):
                            break
            publishing.cancel()
    missing = "no word from labeld"
    return [results.get(s.package_id, Result(s, "unknown", None, None, None, missing)) for s in samples]


async def _publish(
    client: aiomqtt.Client, settings: Settings, samples: Sequence[Sample], run: str, pause: float
) -> None:
    for sample in samples:
        await client.publish(f"{settings.topic_prefix}/labels/ready", json.dumps(sample.event(run)), 1)
        await asyncio.sleep(pause)
