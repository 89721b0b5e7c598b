"""`labeld demo`: broker, two simulated Zebras, sample labels and the status page, with nothing to set up."""

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ...config.services import WebSettings
from ...drivers.virtual.faults import Fault
from ..errors import DaemonError, first_cause
from .common import fail, set_up_logs

if TYPE_CHECKING:
    from ..demo.stage import Result


def demo(
    port: Annotated[int | None, typer.Option(help="Port of the status page.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the samples, show a table, end; 0 if confirmed.")] = False,
    fault: Annotated[
        list[str] | None, typer.Option(help="Give both printers a fault, as in `labeld virtual-printer`.")
    ] = None,
) -> None:
    """Watch TikTok labels come out of two simulated Zebras."""
    set_up_logs("warning")
    try:
        faults = [Fault.parse(text) for text in fault or ()]
    except ValueError as error:
        fail(str(error), 2)
    web_port = port if port is not None else 0 if once else WebSettings().port
    try:
        good = asyncio.run(_demo(web_port, once=once, faults=faults))
    except* (DaemonError, OSError) as group:
        fail(f"the demo cannot start: {first_cause(group)}", 1)
    if not good:
        raise typer.Exit(1)


async def _demo(port: int, *, once: bool, faults: list[Fault]) -> bool:
    from ..demo.stage import publish_samples, stage  # as in run.py

    console = Console()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    seconds = 0.2 if once else 1.5
    async with stage(web_port=port, seconds_per_label=seconds, announce=not once, faults=faults) as built:
        settings = built.settings
        if not once:
            console.print(f"Status page: [bold]http://127.0.0.1:{port}/[/]")
            console.print(f"Broker:      127.0.0.1:{settings.mqtt.port}, topic {settings.topic_prefix}/labels/ready")
            console.print("Ctrl-C ends the demo. Publish a label of your own:")
            topic = f"{settings.topic_prefix}/printers/zebra-203/print"
            console.print(f"  mosquitto_pub -p {settings.mqtt.port} -q 1 -t {topic} -f label.pdf\n", soft_wrap=True)
        publishing = asyncio.create_task(publish_samples(settings, pause=0.1 if once else 3.0))
        ending = asyncio.create_task(stop.wait())
        await asyncio.wait({publishing, ending}, return_when=asyncio.FIRST_COMPLETED)
        results = publishing.result() if publishing.done() else []
        publishing.cancel()
        console.print(_table(results))
        if not once:
            await stop.wait()
        ending.cancel()
    return bool(results) and all(result.outcome == "confirmed" for result in results)


def _table(results: "list[Result]") -> Table:
    table = Table("label", "printer", "state", "outcome", "evidence", "because", box=None)
    for one in results:
        table.add_row(
            one.sample.title, one.printer or "-", one.state, one.outcome or "-", one.evidence or "-", one.message
        )
    return table
