"""Where converted labels go."""

import base64
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...renderers.artwork import PageArtwork, Target
from ...renderers.asset import EPL, PDF, PNG, TSPL, ZPL, Asset
from ...renderers.convert import join
from .common import fail

_ELSEWHERE = "give -o a folder, or a pattern with {name} and {page}"


class Format(StrEnum):
    """What to write."""

    ZPL = "zpl"
    TSPL = "tspl"
    EPL = "epl"
    PDF = "pdf"
    PNG = "png"

    @property
    def media_type(self) -> str:
        """Its media type."""
        return {"zpl": ZPL, "tspl": TSPL, "epl": EPL, "pdf": PDF, "png": PNG}[self]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an input, of so many; of ZPL, which is one page, all labels or `part` alone, from 1."""

    path: Path
    asset: Asset
    number: int
    of: int
    part: int = 0

    def __str__(self) -> str:
        return f"{self.path} page {self.number}" if self.of > 1 else str(self.path)


class Destination:
    """Where labels go: stdout, one file, or a file each in a folder or by a pattern."""

    def __init__(self, out: str | None, to: Format, target: Target, *, to_base64: bool) -> None:
        self._base64 = to_base64
        suffix = f".{to}.b64" if to_base64 else f".{to}"
        self._pattern: str | None = None
        self._file = None if out is None else Path(out)
        self._to = to
        self._target = target
        self._kept: list[PageArtwork] = []
        self._spoilt = False
        self._written: set[Path] = set()
        if out is not None and "{" in out:
            self._pattern = out
        elif out is not None and (out.endswith("/") or Path(out).is_dir()):
            self._pattern = f"{out.rstrip('/')}/{{name}}-{{page}}{suffix}"

    def check(self, pages: Sequence[Page]) -> None:
        """End the program where `pages` cannot go where they should, before the first one goes anywhere."""
        if self._pattern is not None:
            self._check_pattern(pages)
            return
        if len(pages) > 1 and self._to is Format.PNG:
            fail(f"{len(pages)} labels do not go into one file: {_ELSEWHERE}", 2)
        if self._file is None and sys.stdout.isatty() and self._to is not Format.ZPL and not self._base64:
            fail("the output is binary: give -o a file", 2)

    def _check_pattern(self, pages: Sequence[Page]) -> None:
        taken: dict[Path, Page] = {}
        for page in pages:
            try:
                path = self._path(page)
            except (LookupError, ValueError, TypeError, AttributeError):  # as many as str.format has
                fail(f"-o {self._pattern}: braces may hold name or page, and nothing else", 2)
            if path in taken:
                fail(f"{taken[path]} and {page} would both become {path}: use {{page}} in -o, or other names", 2)
            taken[path] = page

    def write(self, page: Page, label: PageArtwork) -> int:
        """Take one label; the exit code."""
        if self._pattern is None:
            if self._spoilt:
                return 0
            if (
                self._to is Format.PNG
                and page.asset.document_format == ZPL
                and self._file is not None
                and not page.part
            ):
                if label.part > 1:
                    return self._beside(page, self._file, label)
            elif self._to is Format.PNG and self._kept:
                self._spoilt = True
                self._kept.clear()
                sys.stderr.write(f"labeld: {page} holds several labels, which do not go into one file: {_ELSEWHERE}\n")
                return 2
            self._kept.append(label)
            return 0
        path = self._path(page, label.part)
        if path in self._written:
            sys.stderr.write(f"labeld: {page}: {path} holds another label already: use other names in -o\n")
            return 2
        self._written.add(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._wrapped(label.data))
        except OSError as error:
            return not_written(str(path), error)
        return 0

    def _beside(self, page: Page, first: Path, label: PageArtwork) -> int:
        """Write a further label of a ZPL file next to the first one's place, `out-2.png`, and say so; the exit code."""
        path = first.with_name(f"{first.stem}-{label.part}{first.suffix}")
        try:
            path.write_bytes(self._wrapped(label.data))
        except OSError as error:
            return not_written(str(path), error)
        sys.stderr.write(f"labeld: {page}: label {label.part} is in {path}\n")
        return 0

    def close(self) -> int:
        """Write what goes into one place; the exit code."""
        if self._pattern is not None or not self._kept:
            return 0
        data = self._wrapped(self._joined())
        try:
            if self._file is None:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            else:
                self._file.write_bytes(data)
        except OSError as error:
            if self._file is None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
            return not_written(str(self._file or "stdout"), error)
        return 0

    def _joined(self) -> bytes:
        if self._to is Format.PDF and len(self._kept) > 1:
            return join(self._kept, self._target)
        return b"".join(label.data for label in self._kept)

    def _path(self, page: Page, part: int = 0) -> Path:
        name = "label" if str(page.path) == "-" else page.path.stem
        path = Path((self._pattern or "").format(name=name, page=page.number))
        suffix = f".{self._to}.b64" if path.name.endswith(f".{self._to}.b64") else path.suffix
        return path.with_name(f"{path.name.removesuffix(suffix)}-{part}{suffix}") if part else path

    def _wrapped(self, data: bytes) -> bytes:
        return base64.encodebytes(data) if self._base64 else data


def not_written(where: str, error: OSError) -> int:
    """Say so; the exit code."""
    sys.stderr.write(f"labeld: {where}: cannot be written: {error.strerror or error}\n")
    return 1
