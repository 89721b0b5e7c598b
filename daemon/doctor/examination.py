"""All checks, in the order in which a technician would ask."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ...config.settings import Settings
from ...renderers import testlabel
from ...renderers.asset import PDF, ZPL
from ...renderers.media import Resolution
from ...renderers.payload import paper_of
from ..rendering.pool import RenderFailed, RenderPool, RenderRequest
from . import broker, machine, printers, service, tiktok
from .bounds import Check, run_all
from .finding import Finding, fault, ok, warning

_MEDIA, _DPI = "4x6in", 203
#: above what the checks themselves wait for, so that they can say what they waited for
_SECONDS = 15.0
#: for those that find printers first, or start a process
_LONG_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was read: the settings, or the faults that keep from having any; and adopted printers that are left out."""

    source: str
    settings: Settings | None
    faults: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def judge_configuration(read: Configuration) -> list[Finding]:
    """The configuration, a line for each fault."""
    if (settings := read.settings) is None:
        return [fault("configuration", line, "correct it: nothing starts before") for line in read.faults]
    count = len(settings.printers)
    words = f"{read.source}: site {settings.site}, {count} printer{'s' * (count != 1)}"
    advice = "correct or delete its file; run this as root where it may not be read"
    return [ok("configuration", words), *(warning("configuration", line, advice) for line in read.left_out)]


async def examine(read: Configuration) -> list[Finding]:
    """Look at everything; without settings, at this machine alone."""
    machine_checks = [
        Check("rendering", _SECONDS, lambda: asyncio.to_thread(machine.rendering)),
        Check("systemd", _SECONDS, service.unit),
    ]
    if (settings := read.settings) is None:
        return [*judge_configuration(read), *await run_all([*machine_checks, Check("clock", _SECONDS, machine.clock)])]
    answer = await service.ask(settings.state_directory, settings.web)
    path = settings.state_directory / "labeld.sqlite3"
    running = answer.running

    def blocking(function: Callable[[], Sequence[Finding]]) -> "Callable[[], asyncio.Future[Sequence[Finding]]]":
        return lambda: asyncio.get_running_loop().run_in_executor(None, function)

    checks = [
        Check("web port", _SECONDS, lambda: service.port(answer, settings.web)),
        Check("broker", _SECONDS, lambda: broker.look(settings)),
        Check("printers", _LONG_SECONDS, lambda: printers.look(settings, answer)),
        Check("CUPS", _SECONDS, lambda: printers.look_at_cups(settings)),
        Check("tiktok", _SECONDS, lambda: tiktok.look(settings, answer)),
        Check("disk", _SECONDS, blocking(partial(machine.disk, settings.state_directory))),
        Check("database", _SECONDS, blocking(partial(machine.database, path, running=running))),
        Check("clock", _SECONDS, lambda: machine.clock((answer.ready or {}).get("clock"))),
        *machine_checks,
        Check("test label", _LONG_SECONDS, lambda: render(settings)),
    ]
    daemon = service.judge_daemon(answer, settings.web)
    return [*judge_configuration(read), daemon, *await run_all(checks)]


async def render(settings: Settings) -> list[Finding]:
    """Have a confined render process make a test label as a PDF, and dots of that."""
    resolution = Resolution(_DPI)
    width, height = resolution.size(paper_of(_MEDIA, None, _DPI, ZPL))
    zpl = testlabel.write(["labeld doctor"], width, height, resolution)
    try:
        async with RenderPool(settings.render.model_copy(update={"workers": 1})) as pool:
            picture = await pool.preview(zpl, width=width, height=height, dpi=_DPI)
            page = await pool.render(_request(PDF), picture)
            label = await pool.render(_request(ZPL), page.payload)
    except (RenderFailed, OSError) as error:
        return [fault("test label", f"it could not be drawn: {error}", "install labeld again; see docs/operations.md")]
    if label.notes:
        return [warning("test label", "; ".join(label.notes), "report it as a bug")]
    return [ok("test label", "drawn from ZPL and from PDF in a confined process; its barcodes scan")]


def _request(document_format: str) -> RenderRequest:
    return RenderRequest(
        media=_MEDIA,
        dpi=_DPI,
        document_format=document_format,
        graphic_encoding="z64",
        scaling="auto",
        design_dpi=None,
        copies=1,
        tracking_number=None,
        media_type=None,
        max_bytes=machine.MIB,
    )
