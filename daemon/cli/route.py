"""`labeld route`: where a label event would go, and why."""

from pathlib import Path
from typing import Annotated

import typer

from ...config.settings import Settings
from ...renderers.errors import AssetRefused
from ...renderers.media import Media
from ..errors import EventRejected
from ..events import parse
from ..routing import Plan, Wish, misfit, plan, wish_of
from .common import ConfigOption, fail, read_input, settings_from


def route(
    event: Annotated[Path, typer.Argument(metavar="EVENT", help="A label event as JSON, or - for stdin.")],
    config: ConfigOption = None,
) -> None:
    """Tell which rule sends a label event where; exit 0 when it would print, 1 when it goes nowhere, 4 when the event
    is refused, 5 when no printer there has its stock."""
    settings = settings_from(config)
    try:
        fields, _ = parse(read_input(event))
    except (AssetRefused, EventRejected) as error:
        fail(f"{event}: {error}", 4)
    wish = wish_of(fields)
    found = plan(settings, wish)
    for line in explain(settings, wish, found):
        typer.echo(line)
    if not found.printers:
        raise typer.Exit(1)
    if all(misfit(wish.media, name, settings.printers[name].media) for name in found.printers):
        raise typer.Exit(5)


def explain(settings: Settings, wish: Wish, found: Plan) -> list[str]:
    """The way to a destination in words, a line for each step. Pure."""
    verdicts = {True: "matches", False: "does not match", None: ""}
    lines = [
        f"rule {one.rule} -> {settings.routes[one.rule - 1].to}: "
        + ": ".join(filter(None, (verdicts[one.matches], one.because)))
        for one in found.rules
    ]
    if settings.routes and wish.printer is not None:
        lines.append("the rules are not asked, as the event names its printer")
    if not found.printers:
        return [*lines, f"held: {found.because}"]
    lines.append(found.because)
    if found.group is not None:
        lines.append(f"group {found.group}: one of {', '.join(found.printers)}, ready and with least to print")
    for name in found.printers:
        printer = settings.printers[name]
        asked = "the event asks for no stock" if wish.media is None else "as asked"
        lack = misfit(wish.media, name, printer.media)
        stock = f"not printed unasked, as {lack}" if lack else f"{Media.parse(printer.media).short} stock, {asked}"
        lines.append(f"{name} ({printer.uri or printer.identity}, {printer.resolution} dpi): {stock}")
    return lines
