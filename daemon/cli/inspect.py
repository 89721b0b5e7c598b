"""`labeld inspect`: what a document is, and what printing would make of it."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...renderers.artwork import PageArtwork, Target
from ...renderers.asset import unwrap
from ...renderers.errors import MediaError, RenderError
from ...renderers.inspection import Inspection, PageInspection, ZplInspection, as_json, inspect, notes_of
from ...renderers.media import Media, Resolution
from ...renderers.overview import overview
from ...renderers.symbols import Quality, Verdict
from .common import fail, read_input

_HEADINGS = ("", "barcode", "text", "module", "quiet zone", "")


def inspect_document(
    path: Annotated[Path, typer.Argument(metavar="INPUT", help="PDF, PNG, JPEG, TIFF, ZPL or base64; - for stdin.")],
    dpi: Annotated[int, typer.Option(help="Resolution of the head: 203, 300 or 600.")] = 203,
    media: Annotated[str, typer.Option(help="Label stock, e.g. 4x6in, a6, 100x150mm.")] = "4x6in",
    page: Annotated[int | None, typer.Option(min=1, help="Only this page.")] = None,
    design_dpi: Annotated[int | None, typer.Option(help="Resolution that ZPL input was made for.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Show bars drawn anew on whole dots.")] = False,
    to_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Write a PNG of each page and its labels; {page} is its number.")
    ] = None,
) -> None:
    """Tell what a document is: pages, sizes, placement, barcodes; exit codes as for convert."""
    for option, head in (("--dpi", dpi), ("--design-dpi", design_dpi)):
        if head not in (203, 300, 600, None):
            fail(f"{option} is 203, 300 or 600, not {head}", 2)
    try:
        target = Target(
            media=Media.parse(media),
            resolution=Resolution(dpi),
            design_dpi=design_dpi,
            repair=repair,
            pages=() if page is None else (page,),
            verify=False,
        )
        asset = unwrap(read_input(path))
        found = inspect(asset, target)
        if picture is not None:
            _draw(found, overview(asset, found, target), picture)
    except (MediaError, RenderError) as error:
        fail(f"{path}: {error}", getattr(error, "exit_code", 4))
    if to_json:
        sys.stdout.write(json.dumps(as_json(found, target), ensure_ascii=False, indent=2) + "\n")
    else:
        _show(found, str(path))
    raise typer.Exit(found.exit_code)


def _draw(found: Inspection, pictures: list[bytes], path: Path) -> None:
    for page, data in zip(found.pages, pictures, strict=True):
        several = len(found.pages) > 1 and "{page}" not in path.name
        name = f"{path.stem}-{page.number}{path.suffix}" if several else path.name.replace("{page}", str(page.number))
        try:
            path.with_name(name).write_bytes(data)
        except OSError as error:
            fail(f"{path.with_name(name)}: cannot be written: {error.strerror or error}", 1)


def _show(found: Inspection, name: str) -> None:
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
    console.print(f"{found.document_format}, {found.size} bytes, {len(found.pages)} page(s)", markup=False)
    if found.zpl is not None:
        _show_zpl(console, found.zpl, name)
    for page in found.pages:
        _show_page(console, page)


def _show_zpl(console: Console, zpl: ZplInspection, name: str) -> None:
    made = f"made for {zpl.design_dpi} dpi" if zpl.design_dpi else "resolution unknown"
    count = "unknown number of" if zpl.labels is None else zpl.labels
    console.print(f"  {count} label(s), {made}: {zpl.because}", markup=False)
    used = ", ".join(f"{name} {count}" for name, count in zpl.commands.items())
    console.print(f"  commands: {used}", markup=False)
    if zpl.refused:
        console.print(f"  refused: {', '.join(zpl.refused)}", markup=False)
    for finding in zpl.findings:
        console.print(f"{name}:{finding}", markup=False)


def _show_page(console: Console, page: PageInspection) -> None:
    if page.size is not None:
        width, height = (side / 100 for side in page.size)
        console.print(f"page {page.number}: {width:.1f} x {height:.1f} mm{_ink(page)}", markup=False)
    if page.error:
        console.print(f"  cannot be printed so: {page.error}", markup=False)
    for label in page.labels:
        _show_label(console, label)


def _ink(page: PageInspection) -> str:
    if page.ink is None:
        return ", blank"
    left, top, right, bottom = (side / 100 for side in page.ink)
    return f", ink {right - left:.1f} x {bottom - top:.1f} mm at {left:.1f}, {top:.1f}"


def _show_label(console: Console, label: PageArtwork) -> None:
    because = "" if label.placement is None else f": {label.placement.because}"
    console.print(f"  label {label.name}, drawn by {label.engine}{because}", markup=False)
    rows = [_row(verdict) for verdict in label.verdicts]
    if rows:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading, cells in zip(_HEADINGS, zip(*rows, strict=True), strict=True):
            width = None if heading == "text" else max(map(len, (heading, *cells)))
            table.add_column(heading, no_wrap=True, min_width=width)
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
    for note in notes_of(label):
        console.print(f"    {note}", markup=False)


def _row(verdict: Verdict) -> tuple[str, ...]:
    quality = verdict.quality
    module, quiet = ("", "") if quality is None else (_module(quality), f"{min(quality.quiet):.0f} modules")
    how = ", ".join(filter(None, (verdict.sampler, "repaired" if verdict.repaired else "")))
    return f"    {verdict.status}", verdict.symbol.format, _short(verdict.symbol.text), module, quiet, how


def _module(quality: Quality) -> str:
    cut = ", at the edge" if quality.clipped else ""
    return f"{quality.module:.2f} dots{', whole' if quality.whole else ''}{cut}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
