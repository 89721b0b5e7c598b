"""The simulated Zebra itself: bytes and time in, replies and labels out. No sockets, no clock, no files."""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from ...renderers.media import Media, Resolution
from . import replies
from .faults import BLOCKING, MUTE, Fault, FaultKind
from .lines import LineScanner
from .scanner import CancelAll, Event, Format, Query, Scanner

#: Commands that put something on paper; a format without one only configures, and no label comes out.
_INK = re.compile(rb"\^(?:G[BCDEF]|XG|I[ML]|XF|(?:F[DV]|SN)[^\^~]*[^\s\^~])", re.IGNORECASE)
_STORES = re.compile(rb"\^DF([^\^~]*)", re.IGNORECASE)
_RECALLS = re.compile(rb"\^XF([^\^~]*)", re.IGNORECASE)
_QUANTITY = re.compile(rb"\^PQ([0-9]{1,8})", re.IGNORECASE)
_MOST_RECALLS = 20  # in a format
#: What somebody else prints.
OTHERS_LABEL = b"^XA^FO10,10^FDsomebody else^FS^XZ"
_DENSITY = {152: 6, 203: 8, 300: 12, 600: 24}


@dataclass(frozen=True, slots=True)
class Printed:
    """One label that came out: the printer's count with it, its format, which copy, and whether it is a hex dump or a
    line of text.
    """

    odometer: int
    zpl: bytes
    copy: int
    copies: int
    hex_dump: bool
    text: bool = False


@dataclass(slots=True)
class _Batch:
    zpl: bytes
    copies: int
    text: bool = False
    done: int = 0


def quantity(zpl: bytes) -> int:
    """How many labels a format makes: its last `^PQ`, at least 1; 0 when it prints nothing."""
    if _STORES.search(zpl) or not _INK.search(zpl):
        return 0
    return max([1, *(int(number) for number in _QUANTITY.findall(zpl)[-1:])])


def _name(command: re.Match[bytes]) -> bytes:
    """The name of a stored format without R: and extension, which are the usual ones."""
    return command[1].strip().upper().removeprefix(b"R:").removesuffix(b".ZPL")


class Machine:
    """A printer's state.

    Attributes:
        odometer: labels printed over its life; blank formats do not count.
        printed: labels printed since this object was made.
        asked: how often each question came; those inside a format count as `inside` too.
    """

    def __init__(
        self,
        *,
        name: str,
        serial: str,
        dpi: int,
        media: Media,
        seconds_per_label: float,
        buffer_bytes: int,
        odometer: int = 0,
        faults: Iterable[Fault] = (),
        language: str = "zpl",
    ) -> None:
        self.name = name
        self.serial = serial
        # of its own making (IEEE 802: bit 1 of the first byte), the same whenever it is switched on
        self.hardware_address = b"\x02" + hashlib.sha256(f"{serial}\n{name}".encode()).digest()[:5]
        self.model = f"ZTC ZD421-{dpi}dpi ZPL"
        self.firmware = "V93.21.26Z"
        self.dpi = dpi
        self.media = media
        self.width, self.length = Resolution(dpi).size(media)
        self.seconds_per_label = seconds_per_label
        self.buffer_bytes = buffer_bytes
        self.odometer = odometer
        self.printed = 0
        self.language = language
        self.asked: Counter[str] = Counter()
        self._scanner = Scanner()
        self._lines = LineScanner()
        self._others_scanner = Scanner()  # of the printer that got its address
        self._waiting: deque[Format] = deque()
        self._waiting_bytes = 0
        self._batch: _Batch | None = None
        self._due: float | None = None
        self._formats: dict[bytes, bytes] = {}
        #: with the labels and the bytes with which each begins
        self._faults: dict[FaultKind, tuple[Fault, int, int]] = {}
        self._power_lost = False
        for fault in faults:
            self.set_fault(fault)

    # --- faults

    def set_fault(self, fault: Fault) -> None:
        """Let `fault` begin: now, or when `fault.after` more labels are printed or bytes of formats came."""
        labels, taken = (0, fault.after) if fault.in_bytes else (fault.after, 0)
        self._faults[fault.kind] = (fault, self.printed + labels, self.taken + taken)
        self._count_anew()

    def clear_fault(self, kind: FaultKind) -> None:
        """Mend it; unknown to the printer or not."""
        self._faults.pop(kind, None)
        if kind is FaultKind.OTHER_PRINTER:
            self._others_scanner.clear()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that are set, begun or not."""
        return tuple(fault for fault, *_ in self._faults.values())

    def active(self, kind: FaultKind) -> Fault | None:
        """The fault of this kind if it has begun."""
        fault, labels, taken = self._faults.get(kind, (None, 0, 0))
        return fault if self.printed >= labels and self.taken >= taken else None

    @property
    def blocked(self) -> bool:
        """Whether no label can come out."""
        return any(self.active(kind) for kind in BLOCKING)

    def power_cycle(self) -> None:
        """Switch off and on: the buffer and the batch are lost, the life counter is not."""
        self._scanner.clear()
        self._lines.clear()
        self._cancel()
        self._formats.clear()
        self._faults.pop(FaultKind.POWER_CYCLE, None)

    def _count_anew(self) -> None:
        if self.active(FaultKind.ODOMETER_RESET):
            self.clear_fault(FaultKind.ODOMETER_RESET)
            self.odometer = 0

    def _lose_power(self) -> None:
        self.power_cycle()
        self._power_lost = True

    def take_power_loss(self) -> bool:
        """Whether the power went since the last question; the server then drops the connection."""
        lost, self._power_lost = self._power_lost, False
        return lost

    # --- bytes

    @property
    def room(self) -> int:
        """How many bytes it takes now. A format at the head of the queue is imaged as it arrives and needs none."""
        if not self._waiting:
            return self.buffer_bytes
        return max(0, self.buffer_bytes - self._waiting_bytes - self._scanner.partial_bytes)

    @property
    def taken(self) -> int:
        """Bytes of formats and text received in all, questions not counted."""
        return self._scanner.taken + self._lines.taken

    def receive(self, data: bytes) -> bytes:
        """Take bytes and give the replies to the questions among them."""
        answers = bytearray()
        for event in self._cut(data):
            if isinstance(event, Query):
                self.asked[event.name] += 1
                self.asked["inside"] += event.inside
                answers += self._answer(event)
            elif isinstance(event, CancelAll):
                self._cancel()
            else:
                self._accept(event)
        self._count_anew()
        fault = self.active(FaultKind.POWER_CYCLE)
        if fault and fault.in_bytes:
            self._lose_power()
        return bytes(answers)

    def _cut(self, data: bytes) -> list[Event]:
        if self.active(FaultKind.OTHER_PRINTER):
            return self._others_scanner.feed(data)
        if self.active(FaultKind.LINE_MODE) or "zpl" not in self.language:
            return self._lines.feed(data, sgd=not self.active(FaultKind.LINE_MODE))
        return self._scanner.feed(data)

    def _accept(self, arrived: Format) -> None:
        fault = self.active(FaultKind.POWER_CYCLE)
        if fault and not fault.after and not fault.in_bytes:
            self._lose_power()
        elif not self.active(FaultKind.SWALLOW):
            self._waiting.append(arrived)
            self._waiting_bytes += len(arrived.zpl)

    def _cancel(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0
        self._batch = None
        self._due = None

    def _answer(self, query: Query) -> bytes:
        if self.active(FaultKind.SILENT):
            return b""
        blocked = query.name == "HS" and any(self.active(kind) for kind in MUTE)
        if blocked and self.active(FaultKind.SILENT_WHEN_BLOCKED):
            return b""
        return replies.reply(query.name, self.facts(), sgd=query.sgd)

    def facts(self) -> replies.Facts:
        """Everything a reply can tell, as of now."""
        other = self.active(FaultKind.OTHER_PRINTER) is not None
        # the other one's count is just what would speak for our label
        odometer = self.odometer + other
        waiting = len(self._waiting) + (self.active(FaultKind.BUSY) is not None)
        remaining = self._batch.copies - self._batch.done if self._batch else 0
        return replies.Facts(
            serial=self.answers_as,
            hardware_address=self.hardware_address,
            name=self.name,
            model=self.model,
            firmware=self.firmware,
            dpi=self.dpi,
            density=_DENSITY.get(self.dpi, round(self.dpi / 25.4)),
            width=self.width,
            length=self.length,
            odometer=None if self.active(FaultKind.NO_COUNTER) else odometer,
            printed_mm=odometer * self.media.length // 100,
            formats=0 if other else min(waiting, 999),
            remaining=0 if other else remaining,
            buffer_full=self.room == 0,
            partial=self._scanner.partial and not other,
            media_out=self.active(FaultKind.MEDIA_EMPTY) is not None,
            ribbon_out=self.active(FaultKind.RIBBON_OUT) is not None,
            head_open=self.active(FaultKind.COVER_OPEN) is not None,
            over_temperature=self.active(FaultKind.OVER_TEMPERATURE) is not None,
            paused=self.active(FaultKind.PAUSED) is not None,
            label_waiting=self.active(FaultKind.LABEL_WAITING) is not None,
            hex_dump=self.active(FaultKind.HEX_DUMP) is not None,
            language=self.language,
        )

    @property
    def answers_as(self) -> str:
        """The serial number that is told at its address."""
        return f"{self.serial}-OTHER" if self.active(FaultKind.OTHER_PRINTER) else self.serial

    # --- paper

    @property
    def next_due(self) -> float | None:
        """When the label in motion will be out, on the clock given to `advance`; None when nothing moves."""
        return self._due

    def advance(self, now: float) -> Printed | None:
        """Let time pass until `now`, in seconds; at most one label comes out. Call again while one does."""
        if self.blocked:
            self._due = None  # the label in motion is begun anew when the fault is mended
            return None
        while self._batch is None and self._waiting:
            head = self._waiting.popleft()
            self._waiting_bytes -= len(head.zpl)
            as_it_is = head.text or self.active(FaultKind.HEX_DUMP)
            zpl = head.zpl if as_it_is else self._whole(head.zpl)
            copies = 1 if as_it_is else quantity(zpl)
            self._batch = _Batch(zpl, copies, head.text) if copies else None
        if self._batch is None and self.active(FaultKind.BUSY):
            self._batch = _Batch(OTHERS_LABEL, 1)
        if self._batch is None:
            self._due = None
            return None
        if self._due is None:
            self._due = now + self.seconds_per_label
        if self._due > now:
            return None
        return self._print(self._batch, self._due)

    def _whole(self, zpl: bytes) -> bytes:
        """A format with those in memory that it recalls; one that is to be stored is, until the printer is off."""
        if stores := _STORES.search(zpl):
            self._formats[_name(stores)] = zpl[stores.end() : zpl.upper().rfind(b"^XZ")]
            return zpl
        return _RECALLS.sub(lambda recalls: self._formats.get(_name(recalls), recalls[0]), zpl, _MOST_RECALLS)

    def _print(self, batch: _Batch, due: float) -> Printed:
        batch.done += 1
        self.odometer += 1
        self.printed += 1
        # the next one follows without a pause, however late this was noticed
        self._due = due + self.seconds_per_label if batch.done < batch.copies or self._waiting else None
        hex_dump = self.active(FaultKind.HEX_DUMP) is not None
        printed = Printed(self.odometer, batch.zpl, batch.done, batch.copies, hex_dump, batch.text)
        if batch.done == batch.copies:
            self._batch = None
        self._count_anew()
        fault = self.active(FaultKind.POWER_CYCLE)
        if fault and fault.after and not fault.in_bytes:
            self._lose_power()
        return printed
