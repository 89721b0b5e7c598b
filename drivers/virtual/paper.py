"""What came out of the simulated Zebra: pictures, a log, and the counter that outlives the process."""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...renderers.media import Resolution
from .machine import Printed

_log = logging.getLogger(__name__)

#: ZPL, width and height in dots, resolution -> PNG (None: the format has nothing to draw), commands not drawn.
Draw = Callable[[bytes, int, int, Resolution], tuple[bytes | None, tuple[str, ...]]]

_STATE = "printer.json"
#: what draws in threads of one process takes turns: FreeType's faces are for one thread at a time
DRAWING = threading.Lock()
_HEX_COLUMNS, _HEX_ROWS, _HEX_PITCH = 16, 36, 32


@dataclass(frozen=True, slots=True)
class Label:
    """One label on paper.

    `sequence` counts from 1 over the life of the output folder (or of the process without one), `odometer` is
    the printer's counter with this label, `time` UTC, `sha256` of the format's bytes, `copy` of `copies` from 1,
    `png` the picture (None: not drawn), `not_drawn` what the drawing left out, `text` whether it is a line that
    the printer did not understand. `complete` is true for a picture that shows all of the format.
    """

    sequence: int
    odometer: int
    time: datetime
    sha256: str
    copy: int
    copies: int
    hex_dump: bool
    zpl: bytes
    png: bytes | None
    not_drawn: tuple[str, ...]
    text: bool = False

    @property
    def complete(self) -> bool:
        """Whether the picture shows the whole label that was asked for."""
        return self.png is not None and not (self.not_drawn or self.hex_dump or self.text)


def draw_format(zpl: bytes, width: int, height: int, resolution: Resolution) -> tuple[bytes | None, tuple[str, ...]]:
    """Draw one format with labeld's own interpreter."""
    from ...renderers.zpl.picture import draw

    with DRAWING:
        pictures = draw(zpl, width, height, resolution)
    if not pictures:
        return None, ()
    bitmap, not_drawn = pictures[0]
    return bitmap.to_png(resolution), not_drawn


def hex_page(zpl: bytes) -> bytes:
    """What diagnostic mode puts on paper instead of the format: its bytes, as ZPL that draws them as text."""
    rows = (zpl[at : at + _HEX_COLUMNS] for at in range(0, _HEX_COLUMNS * _HEX_ROWS, _HEX_COLUMNS))
    fields = (f"^FO10,{10 + row * _HEX_PITCH}^A0N,24,20^FD{data.hex(' ').upper()}^FS" for row, data in enumerate(rows))
    return ("^XA" + "".join(fields) + "^XZ").encode("ascii")


def text_page(line: bytes) -> bytes:
    """A line that the printer did not understand, as ZPL that draws it; `_` for what is not plain ASCII."""
    plain = re.sub(rb"[^ -~]|[\^~]", b"_", line)
    return b"^XA^FO10,10^A0N,30,24^FD" + plain + b"^FS^XZ"


class Paper:
    """The output tray. With a folder: `000001.png` by counter, `paper.jsonl`, and `printer.json` with the counter.

    Attributes:
        labels: everything that came out of this process, oldest first.
    """

    def __init__(
        self, out: Path | None, *, serial: str, size: tuple[int, int], resolution: Resolution, draw: Draw = draw_format
    ) -> None:
        self.labels: list[Label] = []
        self.odometer = 0
        self._out = out
        self._serial = serial
        self._size = size
        self._resolution = resolution
        self._draw = draw
        self._sequence = 0
        self._saving = threading.Lock()
        self._last: tuple[str, bytes | None, tuple[str, ...]] | None = None

    def open(self) -> None:
        """Make the folder and read its counter.

        Raises:
            ValueError: the folder holds the paper of a printer with another serial number.
            OSError: the folder cannot be used.
        """
        if self._out is None:
            return
        self._out.mkdir(parents=True, exist_ok=True)
        try:
            saved = json.loads((self._out / _STATE).read_text("utf-8"))
        except FileNotFoundError:
            return
        if saved["serial"] != self._serial:
            raise ValueError(f"{self._out} holds the paper of printer {saved['serial']}, not of {self._serial}")
        self.odometer = int(saved["odometer"])
        self._sequence = int(saved["sequence"])

    def count(self, printed: Printed) -> int:
        """Count one label; gives its sequence."""
        self.odometer = printed.odometer
        self._sequence += 1
        return self._sequence

    def save(self) -> None:
        """Write the counter down, for the next process; slow, for a worker thread."""
        if self._out is None:
            return
        fresh = self._out / f"{_STATE}.new"
        # a thread whose waiter was cancelled may still be writing: the last one writes the last count
        with self._saving:
            state = {"serial": self._serial, "odometer": self.odometer, "sequence": self._sequence}
            try:
                fresh.write_text(json.dumps(state), "utf-8")
                fresh.replace(self._out / _STATE)
            except OSError as error:
                _log.warning("the counter could not be kept in %s: %s", self._out, error)

    def keep(self, printed: Printed, sequence: int, time: datetime) -> Label:
        """Draw and store one label; slow, for a worker thread. Whatever goes wrong, the label is logged."""
        digest = hashlib.sha256(printed.zpl).hexdigest()
        png, not_drawn = self._picture(printed, digest)
        label = Label(
            sequence,
            printed.odometer,
            time.astimezone(UTC),
            digest,
            printed.copy,
            printed.copies,
            printed.hex_dump,
            printed.zpl,
            png,
            not_drawn,
            printed.text,
        )
        if self._out is not None:
            try:
                self._write(self._out, label)
            except OSError as error:
                _log.warning("label %d could not be kept in %s: %s", label.odometer, self._out, error)
        return label

    def _picture(self, printed: Printed, digest: str) -> tuple[bytes | None, tuple[str, ...]]:
        key = f"{digest} {printed.hex_dump} {printed.text}"
        if self._last is not None and self._last[0] == key:
            return self._last[1:]
        zpl = printed.zpl
        if printed.hex_dump or printed.text:
            zpl = hex_page(zpl) if printed.hex_dump else text_page(zpl)
        try:
            png, not_drawn = self._draw(zpl, *self._size, self._resolution)
        except Exception as error:  # noqa: BLE001 - a format we cannot draw must not stop a printer
            _log.warning("label %d was printed but not drawn: %s", printed.odometer, error)
            png, not_drawn = None, (f"{type(error).__name__}: {error}",)
        self._last = (key, png, not_drawn)
        return png, not_drawn

    @staticmethod
    def _write(out: Path, label: Label) -> None:
        if label.png is not None:
            (out / f"{label.odometer:06d}.png").write_bytes(label.png)
        line = {
            "sequence": label.sequence,
            "odometer": label.odometer,
            "time": label.time.isoformat(),
            "sha256": label.sha256,
            "copy": label.copy,
            "copies": label.copies,
            "hex_dump": label.hex_dump,
            "text": label.zpl.decode("ascii", "replace") if label.text else None,
            "complete": label.complete,
            "not_drawn": label.not_drawn,
        }
        with (out / "paper.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
