"""`labeld route`: where a label event would go, and why."""

from pathlib import Path
from typing import Annotated

import typer

from ...config.settings import Settings
from ...renderers.artwork import Target
from ...renderers.asset import PDF, unwrap
from ...renderers.errors import AssetRefused, RenderError
from ...renderers.media import Media, Resolution
from ...renderers.payload import paper_of
from ...renderers.survey import survey
from ..errors import EventRejected
from ..events import LabelReady, parse
from ..parting import contents_of, may_be_parted, may_hold_paper, runs
from ..routing import Plan, Wish, documents_of, misfit, plan, wish_of
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
    if not found.printers or found.hold:
        raise typer.Exit(1)
    if wish.printer is None:
        for line in explain_pages(settings, fields, found):
            typer.echo(line)
    if all(misfit(wish.media, name, settings.printers[name].media) for name in found.printers):
        raise typer.Exit(5)


def explain_pages(settings: Settings, fields: LabelReady, found: Plan) -> list[str]:
    """Where the document pages of an event go, and which they are where the event has its file."""
    if not may_be_parted(fields):
        return []
    way = plan(settings, documents_of(wish_of(fields)))
    apart = bool(way.printers) and not set(way.printers) & set(found.printers)
    lines = _rules(settings, way)
    if apart or may_hold_paper(fields):
        lines.append(f"pages of A4 or Letter without a label: {way.because}")
    if not lines or fields.asset.content is None:
        return lines
    printer = settings.printers[found.printers[0]]
    try:
        target = Target(
            media=paper_of(printer.media, None, printer.resolution, printer.document_format or PDF),
            resolution=Resolution(printer.resolution),
            printable_width=printer.printable_width,
            scaling=printer.scaling,
            tracking_number=fields.tracking_number,
        )
        asset = unwrap(fields.asset.content.encode(), fields.asset.media_type, settings.intake.max_asset_bytes)
        pages = survey(asset, target, contents_of(fields))
    except RenderError as error:
        return [*lines, f"its pages cannot be told apart: {error}"]
    here = found.group or found.printers[0]
    places = {"document": f": {way.group or way.printers[0]}" if apart else f": {here}", "blank": ""}
    return [*lines, *(words + places.get(kind, f": {here}") for kind, words in runs(pages))]


def explain(settings: Settings, wish: Wish, found: Plan) -> list[str]:
    """The way to a destination in words, a line for each step. Pure."""
    lines = _rules(settings, found)
    if settings.routes and wish.printer is not None:
        asked = "only those that hold count" if found.rules else "the rules are not asked"
        lines.append(f"{asked}, as the event names its printer")
    if not found.printers:
        return [*lines, f"held: {found.because}"]
    if found.hold:
        lines.append(f"held: {found.hold}")
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


def _rules(settings: Settings, found: Plan) -> list[str]:
    verdicts = {True: "matches", False: "does not match", None: ""}
    return [
        f"rule {one.rule} -> {settings.routes[one.rule - 1].to or 'held'}: "
        + ": ".join(filter(None, (verdicts[one.matches], one.because)))
        for one in found.rules
    ]
