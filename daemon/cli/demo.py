"""`labeld demo`: broker, two simulated Zebras, sample labels and the status page, with nothing to set up."""

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from ...config.services import WebSettings
from ...drivers.virtual.faults import Fault
from ..errors import DaemonError, first_cause
from ..tiktok.sandbox.answers import EXPIRED
from ..tiktok.sandbox.server import Sandbox
from .common import fail, set_up_logs

if TYPE_CHECKING:
    from ..demo.stage import Result

_PATIENCE_SECONDS = 60.0
#: calls that fail are made again after a growing pause
_TIKTOK_PATIENCE_SECONDS = 300.0
_SHOPS = {"us": "US", "br": "BR", "vn": "VN"}
_PACKAGES = 8
_FAIL, _TOKEN_SECONDS, _SEED = 0.2, 2.0, 3


def demo(
    port: Annotated[int | None, typer.Option(help="Port of the status page.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the samples, show a table, end; 0 if confirmed.")] = False,
    fault: Annotated[
        list[str] | None, typer.Option(help="Give both printers a fault, as in `labeld virtual-printer`.")
    ] = None,
    source: Annotated[
        Literal["samples", "tiktok"],
        typer.Option(help="Labels as files, or packages of `labeld tiktok-sandbox` where a fifth of the calls fails."),
    ] = "samples",
) -> None:
    """Watch TikTok labels come out of two simulated Zebras."""
    set_up_logs("warning")
    try:
        faults = [Fault.parse(text) for text in fault or ()]
    except ValueError as error:
        fail(str(error), 2)
    web_port = port if port is not None else 0 if once else WebSettings().port
    sandbox = None
    if source == "tiktok":
        sandbox = Sandbox(shops=_SHOPS, packages=_PACKAGES, fail=_FAIL, token_seconds=_TOKEN_SECONDS, seed=_SEED)
    try:
        good = asyncio.run(_demo(web_port, once=once, faults=faults, sandbox=sandbox))
    except* (DaemonError, OSError) as group:
        fail(f"the demo cannot start: {first_cause(group)}", 1)
    if not good:
        raise typer.Exit(1)


async def _demo(port: int, *, once: bool, faults: list[Fault], sandbox: Sandbox | None) -> bool:
    # as in run.py
    from ..demo.samples import SAMPLES
    from ..demo.shops import samples
    from ..demo.stage import publish_samples, stage

    console = Console()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        if sandbox is not None:
            await stack.enter_async_context(sandbox)
        seconds = 0.2 if once else 1.5
        built = await stack.enter_async_context(
            stage(web_port=port, seconds_per_label=seconds, announce=not once, faults=faults, sandbox=sandbox)
        )
        settings = built.settings
        if not once:
            console.print(f"Status page: [bold]http://127.0.0.1:{port}/[/]")
            console.print(f"Broker:      127.0.0.1:{settings.mqtt.port}, topic {settings.topic_prefix}/labels/ready")
            if sandbox is not None:
                console.print(f"TikTok:      {sandbox.base_url}/sandbox/log")
            console.print("Ctrl-C ends the demo. Publish a label of your own:")
            topic = f"{settings.topic_prefix}/printers/zebra-203/print"
            console.print(f"  mosquitto_pub -p {settings.mqtt.port} -q 1 -t {topic} -f label.pdf\n", soft_wrap=True)
        wanted = SAMPLES if sandbox is None else samples(sandbox)
        patience = _PATIENCE_SECONDS if sandbox is None else _TIKTOK_PATIENCE_SECONDS
        publishing = asyncio.create_task(
            publish_samples(settings, wanted, pause=0.1 if once else 3.0, patience=patience)
        )
        ending = asyncio.create_task(stop.wait())
        await asyncio.wait({publishing, ending}, return_when=asyncio.FIRST_COMPLETED)
        results = publishing.result() if publishing.done() else []
        publishing.cancel()
        console.print(_table(results))
        printed = sum(len(printer.labels) for printer in built.printers)
        if sandbox is not None:
            console.print(f"\n{len(wanted)} packages, {printed} labels came out. {_failures(sandbox)}", soft_wrap=True)
        if not once:
            await stop.wait()
        ending.cancel()
    return bool(results) and all(result.outcome == "confirmed" for result in results) and printed == len(wanted)


def _failures(sandbox: Sandbox) -> str:
    log = sandbox.log()
    met = ", ".join(f"{count} {kind}" for kind, count in log["faults"].items())
    expired = log["codes"].get(str(EXPIRED), 0)
    return (
        f"Of {sum(log['calls'].values())} calls to the sandbox {sum(log['faults'].values())} failed: {met or 'none'}. "
        f"{expired} came with a token that had expired."
    )


def _table(results: "list[Result]") -> Table:
    table = Table("label", "printer", "state", "outcome", "evidence", "because", box=None)
    for one in results:
        table.add_row(
            one.sample.title, one.printer or "-", one.state, one.outcome or "-", one.evidence or "-", one.message
        )
    return table
