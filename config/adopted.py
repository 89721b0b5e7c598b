"""Adopted printers: one TOML file each in `<state_directory>/printers.d`, as a `[printers.<name>]` table holds it."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

from .printers import PrinterSettings


def folder(state_directory: Path) -> Path:
    """Where the files of adopted printers are."""
    return state_directory / "printers.d"


def as_toml(printer: PrinterSettings, note: str = "") -> str:
    """A printer's table without its heading: what differs from the defaults, below `note` as a comment."""
    values = printer.model_dump(mode="json", exclude_defaults=True)
    # the resolution and the stock are what a person looks for
    values |= {"resolution": printer.resolution, "media": printer.media}
    lines = [f"# {line}" for line in note.splitlines()]
    # what JSON writes of text, numbers, truth and lists, TOML reads, but for DEL
    lines += [
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f") for key, value in values.items()
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, name: str, text: str) -> None:
    """Put a printer's file in its place in one step, and on disk.

    Raises:
        OSError: it cannot be written; a former file is as it was.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=directory, prefix=".", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(_path(directory, name))
        except OSError:
            with contextlib.suppress(OSError):
                Path(file.name).unlink()
            raise
    _settle(directory)


def remove(directory: Path, name: str) -> None:
    """Delete a printer's file, and have that on disk.

    Raises:
        OSError: it cannot be deleted.
    """
    _path(directory, name).unlink(missing_ok=True)
    _settle(directory)


def exists(directory: Path, name: str) -> bool:
    """Whether a printer has a file."""
    return _path(directory, name).exists()


def files(directory: Path) -> list[Path]:
    """The files there are, in the order of their names.

    Raises:
        OSError: the directory cannot be read; one that is not there is empty.
    """
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".toml" and path.name[0] != ".")
    except FileNotFoundError:
        return []


def _path(directory: Path, name: str) -> Path:
    return directory / f"{name}.toml"


def _settle(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
