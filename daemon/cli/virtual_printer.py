"""`labeld virtual-printer`: a simulated Zebra for sandboxes and training."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from ...drivers.virtual.faults import Fault, FaultKind, form
from ...drivers.virtual.paper import Label
from ...drivers.virtual.server import VirtualPrinter
from ...renderers.errors import MediaError
from ...renderers.media import Media
from .common import fail, set_up_logs


def virtual_printer(
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 9100,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    dpi: Annotated[int, typer.Option(help="Resolution of the head: 203, 300 or 600.")] = 203,
    media: Annotated[str, typer.Option(help="Label stock, e.g. 4x6in, a6, 100x150mm.")] = "4x6in",
    out: Annotated[Path | None, typer.Option(help="Folder for a PNG of each label and the paper log.")] = None,
    name: Annotated[str, typer.Option(help="Name to be announced under.")] = "Virtual Zebra",
    serial: Annotated[str, typer.Option(help="Serial number to answer with.")] = "VIRTUAL0001",
    seconds: Annotated[float, typer.Option(help="Seconds that a label takes.")] = 0.5,
    language: Annotated[
        Literal["zpl", "line_print", "epl"],
        typer.Option(help="Language it is set to; but on zpl it prints what it does not understand as text."),
    ] = "zpl",
    announce: Annotated[bool, typer.Option("--announce", help="Announce it by mDNS.")] = False,
    zebra_discovery: Annotated[
        bool, typer.Option("--zebra-discovery", help="Answer Zebra's own discovery, on UDP port 4201.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="What is wrong, from now, with @3 after three labels, with @2000B after 2000 bytes of labels; may be "
            f"given again. One of {', '.join(map(form, FaultKind))}."
        ),
    ] = None,
) -> None:
    """Print on pictures instead of paper, and answer like a Zebra, until Ctrl-C."""
    set_up_logs("info")
    try:
        stock = Media.parse(media)
        faults = [Fault.parse(text) for text in fault or ()]
    except (MediaError, ValueError) as error:
        fail(str(error), 2)
    printer = VirtualPrinter(
        host,
        port,
        name=name,
        serial=serial,
        dpi=dpi,
        media=stock,
        seconds_per_label=seconds,
        out=out,
        faults=faults,
        announce=announce,
        language=language,
        zebra_discovery=zebra_discovery,
    )
    try:
        asyncio.run(_serve(printer))
    except (OSError, ValueError) as error:
        fail(f"the virtual printer cannot start: {error}", 1)


async def _serve(printer: VirtualPrinter) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def show(label: Label) -> None:
        left_out = f", not drawn: {', '.join(label.not_drawn)}" if label.not_drawn else ""
        words = f": {label.zpl.decode('ascii', 'replace')!r} as text" if label.text else left_out
        typer.echo(f"label {label.odometer} came out{words}")

    printer.on_label(show)
    async with printer:
        typer.echo(f"{printer.name} ({printer.serial}) listens on {printer.uri}")
        await stop.wait()
