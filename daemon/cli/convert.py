"""`labeld convert`: between PDF, pictures, ZPL and base64, at the right resolution and size."""

import base64
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from rich.console import Console
from rich.progress import track

from ...renderers.asset import PDF, PNG, ZPL, Asset, unwrap
from ...renderers.convert import BlankPage, PageArtwork, Target, convert_page, page_count
from ...renderers.errors import MediaError, RenderError, SymbolLost
from ...renderers.media import Media, Resolution
from .common import fail, read_input

_HEADS = (203, 300, 600)


class Format(StrEnum):
    """What to write."""

    ZPL = "zpl"
    PDF = "pdf"
    PNG = "png"

    @property
    def media_type(self) -> str:
        """Its media type."""
        return {"zpl": ZPL, "pdf": PDF, "png": PNG}[self]


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
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Fail when a barcode does not scan.")] = True,
) -> None:
    """Convert labels; exit 0 when all converted and scan, 1 not written, 3 symbol lost, 4 refused, 5 does not fit."""
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
        )
    except (MediaError, RenderError) as error:
        fail(str(error), 4)
    work: list[_Page | _Unread] = []
    for path in inputs:
        try:
            asset = unwrap(read_input(path))
            numbers = [page] if page else range(1, page_count(asset) + 1)
        except RenderError as error:
            work.append(_Unread(path, error))
        else:
            work.extend(_Page(path, asset, number, len(numbers)) for number in numbers)
    destination = _Destination(out, to, to_base64=to_base64)
    destination.check([one for one in work if isinstance(one, _Page)])
    shown = track(work, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    codes = [
        _complain(str(one.path), one.error)
        if isinstance(one, _Unread)
        else _convert(one, target, destination, verify=verify)
        for one in shown
    ]
    codes.append(destination.close())
    raise typer.Exit(next(filter(None, codes), 0))


@dataclass(frozen=True, slots=True)
class _Unread:
    path: Path
    error: RenderError


@dataclass(frozen=True, slots=True)
class _Page:
    path: Path
    asset: Asset
    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.path} page {self.number}" if self.of > 1 else str(self.path)


def _convert(page: _Page, target: Target, destination: "_Destination", *, verify: bool) -> int:
    try:
        return max(destination.write(page, label) for label in convert_page(page.asset, page.number, target))
    except BlankPage as error:
        return 0 if page.of > 1 else _complain(str(page), error)
    except SymbolLost as error:
        if not verify and error.artwork is not None:
            destination.write(page, error.artwork)
        return _complain(str(page), error)
    except RenderError as error:
        return _complain(str(page), error)


def _complain(where: str, error: RenderError) -> int:
    sys.stderr.write(f"labeld: {where}: {error}\n")
    return error.exit_code


def _not_written(where: str, error: OSError) -> int:
    sys.stderr.write(f"labeld: {where}: cannot be written: {error.strerror or error}\n")
    return 1


class _Destination:
    """Where labels go: stdout, one file, or a file each in a folder or by a pattern."""

    def __init__(self, out: str | None, to: Format, *, to_base64: bool) -> None:
        self._base64 = to_base64
        suffix = f".{to}.b64" if to_base64 else f".{to}"
        self._pattern: str | None = None
        self._file = None if out is None else Path(out)
        self._joins = to is Format.ZPL
        self._kept: list[bytes] = []
        if out is not None and "{" in out:
            self._pattern = out
        elif out is not None and (out.endswith("/") or Path(out).is_dir()):
            self._pattern = f"{out.rstrip('/')}/{{name}}-{{page}}{suffix}"

    def check(self, pages: Sequence[_Page]) -> None:
        """End the program where `pages` cannot go where they should, before the first one goes anywhere."""
        if self._pattern is not None:
            self._check_pattern(pages)
            return
        if len(pages) > 1 and not self._joins:
            fail(
                f"{len(pages)} labels do not go into one file: "
                "give -o a folder, or a pattern with {name} and {page}",
                2,
            )
        if self._file is None and sys.stdout.isatty() and not (self._joins or self._base64):
            fail("the output is binary: give -o a file", 2)

    def _check_pattern(self, pages: Sequence[_Page]) -> None:
        taken: dict[Path, _Page] = {}
        for page in pages:
            try:
                path = self._path(page)
            except (LookupError, ValueError, TypeError, AttributeError):  # as many as str.format has
                fail(f"-o {self._pattern}: braces may hold name or page, and nothing else", 2)
            if path in taken:
                fail(f"{taken[path]} and {page} would both become {path}: use {{page}} in -o, or other names", 2)
            taken[path] = page

    def write(self, page: _Page, label: PageArtwork) -> int:
        """Take one label; the exit code."""
        if self._pattern is None:
            self._kept.append(label.data)
            return 0
        path = self._path(page, label.part)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._wrapped(label.data))
        except OSError as error:
            return _not_written(str(path), error)
        return 0

    def close(self) -> int:
        """Write what goes into one place; the exit code."""
        data = self._wrapped(b"".join(self._kept))
        if self._pattern is not None or not self._kept:
            return 0
        try:
            if self._file is None:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            else:
                self._file.write_bytes(data)
        except OSError as error:
            if self._file is None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
            return _not_written(str(self._file or "stdout"), error)
        return 0

    def _path(self, page: _Page, part: int = 0) -> Path:
        name = "label" if str(page.path) == "-" else page.path.stem
        path = Path((self._pattern or "").format(name=name, page=page.number))
        return path.with_name(f"{path.name.removesuffix(path.suffix)}-{part}{path.suffix}") if part else path

    def _wrapped(self, data: bytes) -> bytes:
        return base64.encodebytes(data) if self._base64 else data
