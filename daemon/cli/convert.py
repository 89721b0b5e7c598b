"""`labeld convert`: between PDF, pictures, ZPL and base64, at the right resolution and size."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from rich.console import Console
from rich.progress import track

from ...renderers.artwork import PageArtwork
from ...renderers.asset import ZPL, Asset, unwrap
from ...renderers.convert import BlankPage, Target, convert_page, fault, page_count
from ...renderers.errors import AssetRefused, MediaError, RenderError, SymbolLost
from ...renderers.inspection import notes_of
from ...renderers.media import Media, Resolution
from .common import fail, read_input
from .destination import Destination, Format, Page

_HEADS = (203, 300, 600)
#: Notes that need not be said where people look at what they get: of the printer's settings and memory, and of what
#: is well or said in other words besides.
_USUAL = re.compile(
    r".* is left to the printer|settings .* are set back afterwards|text between commands is left out"
    r"|nothing to verify: no barcode on the label|.* in the printer until it is off|the ZPL prints \d+ labels"
    r"|\^\w\w uses an? .* stored in the printer: .*"
)


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
    page: Annotated[int | None, typer.Option(min=1, help="Only this page; of ZPL that is drawn, this label.")] = None,
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

    With --no-verify what does not scan is written too, and ZPL then counts as converted. What else there is to say
    of a label is one line each on stderr, and changes no exit code.
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
            work.extend(_pages(path, asset, page, target))
        except RenderError as error:
            work.append(_Unread(path, error))
    destination = Destination(out, to, target, to_base64=to_base64)
    destination.check([one for one in work if isinstance(one, Page)])
    shown = track(work, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    codes = _attempt(shown, target, destination, verify=verify)
    codes.append(destination.close())
    raise typer.Exit(next(filter(None, codes), 0))


def _pages(path: Path, asset: Asset, page: int | None, target: Target) -> Iterator[Page]:
    """The pages of an input that are wanted.

    Raises:
        AssetRefused: it cannot be opened, or should be turned and is ZPL.
    """
    if asset.document_format == ZPL:
        if target.rotation not in ("auto", 0):
            raise AssetRefused(
                "ZPL is not turned, for its fields say how they lie: leave --rotate out, or use ^POI in it"
            )
        if page and target.document_format != ZPL:
            yield Page(path, asset, 1, 1, page)
            return
    numbers = [page] if page else range(1, page_count(asset) + 1)
    for number in numbers:
        yield Page(path, asset, number, len(numbers))


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
        labels = _wanted(page, convert_page(page.asset, page.number, replace(target, verify=verify), hold=False))
    except BlankPage as error:
        return None if page.of > 1 else _complain(str(page), error)
    except RenderError as error:
        return _complain(str(page), error)
    codes = []
    told: set[str] = set()
    for label in labels:
        where = f"{page} label {label.part}" if label.part else str(page)
        lost = fault(label, target)
        for note in notes_of(label):
            if note not in told and note != lost and not _USUAL.fullmatch(note):
                told.add(note)  # what is said of all labels is in the notes of each
                sys.stderr.write(f"labeld: {where}: note: {note}\n")
        if lost:
            code = _complain(where, SymbolLost(lost))
            # drawn ZPL shows what it says: what does not scan of it was not lost on the way
            codes.append(0 if label.engine == "zpl" and not verify else code)
        if not (lost and verify):
            codes.append(destination.write(page, label))
    return next(filter(None, codes), 0)


def _wanted(page: Page, labels: tuple[PageArtwork, ...]) -> tuple[PageArtwork, ...]:
    """All labels of a page, or the one that is wanted of ZPL.

    Raises:
        AssetRefused: there is no such label.
    """
    if not page.part:
        return labels
    if page.part > len(labels):
        raise AssetRefused(f"the ZPL prints {len(labels)} different label(s), there is no label {page.part}")
    return labels[page.part - 1 : page.part]


def _complain(where: str, error: RenderError) -> int:
    sys.stderr.write(f"labeld: {where}: {error}\n")
    return error.exit_code
