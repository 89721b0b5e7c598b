"""`labeld convert`: between PDF, pictures, ZPL and base64, at the right resolution and size."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from rich.console import Console
from rich.progress import track

from ...renderers.asset import unwrap
from ...renderers.convert import BlankPage, Target, convert_page, fault, page_count
from ...renderers.errors import MediaError, RenderError, SymbolLost
from ...renderers.media import Media, Resolution
from .common import fail, read_input
from .destination import Destination, Format, Page

_HEADS = (203, 300, 600)


class Scale(StrEnum):
    """Whether a label may be shrunk."""

    AUTO = "auto"
    NONE = "none"
    FIT = "fit"


class Rotate(StrEnum):
    """Clockwise degrees."""

    AUTO = "auto"
    R0 = "0"
    R90 = "90"
    R180 = "180"
    R270 = "270"


class GraphicEncoding(StrEnum):
    """Encoding of `^GF`."""

    ASCII = "ascii"
    RLE = "rle"
    B64 = "b64"
    Z64 = "z64"


def convert(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="PDF, PNG, JPEG, TIFF, ZPL or base64; - for stdin.")
    ],
    to: Annotated[Format, typer.Option("--to", help="What to write.")],
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="File, folder, or pattern with {name} and {page}; stdout when absent."),
    ] = None,
    dpi: Annotated[int, typer.Option(help="Resolution of the head: 203, 300 or 600.")] = 203,
    media: Annotated[str, typer.Option(help="Label stock, e.g. 4x6in, a6, 100x150mm.")] = "4x6in",
    page: Annotated[int | None, typer.Option(min=1, help="Only this page.")] = None,
    scale: Annotated[Scale, typer.Option(help="none refuses what does not fit 1:1.")] = Scale.AUTO,
    rotate: Annotated[Rotate, typer.Option(help="Clockwise degrees.")] = Rotate.AUTO,
    gf: Annotated[GraphicEncoding, typer.Option(help="Encoding of ^GF in ZPL.")] = GraphicEncoding.Z64,
    design_dpi: Annotated[int | None, typer.Option(help="Resolution that ZPL input was made for.")] = None,
    to_base64: Annotated[bool, typer.Option("--base64", help="Wrap the output in base64.")] = False,
    strip: Annotated[bool, typer.Option("--strip", help="Leave out ZPL commands that labels may not use.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Draw bars anew on whole dots where they are not.")] = False,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Fail when a barcode does not scan.")] = True,
) -> None:
    """Convert labels; exit 0 when all converted and scan, 1 not written, 3 symbol lost, 4 refused, 5 does not fit.

    With --no-verify what does not scan is written too, and ZPL then counts as converted.
    """
    for option, head in (("--dpi", dpi), ("--design-dpi", design_dpi)):
        if head is not None and head not in _HEADS:
            fail(f"{option} is 203, 300 or 600, not {head}", 2)
    try:
        target = Target(
            media=Media.parse(media),
            resolution=Resolution(dpi),
            document_format=to.media_type,
            graphic_encoding=gf.value,
            scaling=scale.value,
            rotation="auto" if rotate is Rotate.AUTO else cast("Literal[0, 90, 180, 270]", int(rotate)),
            design_dpi=design_dpi,
            repair=repair,
            zpl_policy="strip" if strip else "refuse",
        )
    except (MediaError, RenderError) as error:
        fail(str(error), 4)
    work: list[Page | _Unread] = []
    for path in inputs:
        try:
            asset = unwrap(read_input(path))
            numbers = [page] if page else range(1, page_count(asset) + 1)
        except RenderError as error:
            work.append(_Unread(path, error))
        else:
            work.extend(Page(path, asset, number, len(numbers)) for number in numbers)
    destination = Destination(out, to, target, to_base64=to_base64)
    destination.check([one for one in work if isinstance(one, Page)])
    shown = track(work, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    codes = _attempt(shown, target, destination, verify=verify)
    codes.append(destination.close())
    raise typer.Exit(next(filter(None, codes), 0))


@dataclass(frozen=True, slots=True)
class _Unread:
    path: Path
    error: RenderError


def _attempt(
    work: Iterable[Page | _Unread], target: Target, destination: Destination, *, verify: bool
) -> list[int | None]:
    """Convert all, whatever fails; the exit codes in order."""
    codes: list[int | None] = []
    printed: dict[Path, list[bool]] = {}
    for one in work:
        if isinstance(one, _Unread):
            codes.append(_complain(str(one.path), one.error))
            continue
        codes.append(_convert(one, target, destination, verify=verify))
        printed.setdefault(one.path, []).append(codes[-1] is not None)
    for path, some in printed.items():
        if not any(some):
            codes.append(_complain(str(path), BlankPage(f"all {len(some)} pages are blank")))
    return codes


def _convert(page: Page, target: Target, destination: Destination, *, verify: bool) -> int | None:
    """The exit code of a page; None for a blank one among others."""
    try:
        labels = convert_page(page.asset, page.number, replace(target, verify=verify), hold=False)
    except BlankPage as error:
        return None if page.of > 1 else _complain(str(page), error)
    except RenderError as error:
        return _complain(str(page), error)
    codes = []
    for label in labels:
        lost = fault(label, target)
        if lost:
            code = _complain(f"{page} label {label.part}" if label.part else str(page), SymbolLost(lost))
            # drawn ZPL shows what it says: what does not scan of it was not lost on the way
            codes.append(0 if label.engine == "zpl" and not verify else code)
        if not (lost and verify):
            codes.append(destination.write(page, label))
    return next(filter(None, codes), 0)


def _complain(where: str, error: RenderError) -> int:
    sys.stderr.write(f"labeld: {where}: {error}\n")
    return error.exit_code
