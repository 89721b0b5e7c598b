"""The simulated Zebra on the network: TCP, one connection at a time as a real print server takes them."""

import asyncio
import contextlib
import inspect
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ...renderers.media import Media, Resolution
from . import wire
from .announce import Announcement
from .answers import Answers
from .faults import Fault, FaultKind
from .machine import Machine, Printed
from .paper import Draw, Label, Paper, draw_format

_log = logging.getLogger(__name__)

_CHUNK = 4096

OnLabel = Callable[[Label], Awaitable[None] | None]


class VirtualPrinter:
    """A label printer that prints pictures: `async with VirtualPrinter(...) as printer: printer.port`.

    Args:
        host: address to listen on.
        port: 0 takes a free one; `port` tells it after `start`.
        name: friendly name, also the DNS-SD instance.
        serial: what identifies it.
        dpi: 203, 300 or 600.
        media: stock loaded.
        seconds_per_label: time from one label to the next.
        out: folder for pictures, log and counter; None keeps labels in memory only.
        buffer_bytes: receive buffer; when it is full the printer stops reading.
        faults: what is wrong from the start, as values or as people type them.
        announce: whether DNS-SD tells others of it.
        interfaces: addresses that DNS-SD uses (None: the one it listens on).
        zebra_discovery: whether it answers Zebra's own discovery, on UDP port 4201 of its address.
        draw: how a format becomes a picture.
        language: what SGD calls its language; on `line_print` and `epl` it prints what is no SGD as text.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 9100,
        *,
        name: str = "labeld virtual printer",
        serial: str = "LBLD00000001",
        dpi: int = 203,
        media: Media | None = None,
        seconds_per_label: float = 1.0,
        out: Path | None = None,
        buffer_bytes: int = 1 << 20,
        faults: Iterable[Fault | str] = (),
        announce: bool = False,
        interfaces: list[str] | None = None,
        zebra_discovery: bool = False,
        draw: Draw = draw_format,
        language: str = "zpl",
    ) -> None:
        self._host = host
        self._port = port
        stock = media or Media.parse("4x6in")
        resolution = Resolution(dpi)
        self._paper = Paper(out, serial=serial, size=resolution.size(stock), resolution=resolution, draw=draw)
        self._machine = Machine(
            name=name,
            serial=serial,
            dpi=dpi,
            media=stock,
            seconds_per_label=seconds_per_label,
            buffer_bytes=buffer_bytes,
            faults=[_fault(fault) for fault in faults],
            language=language,
        )
        self._listeners: list[OnLabel] = []
        self._wake = asyncio.Event()  # something to print, or a fault set or mended
        self._changed = asyncio.Condition()
        self._tray: asyncio.Queue[tuple[Printed, int, datetime]] = asyncio.Queue()
        self._listener: socket.socket | None = None
        self._connection: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._announcement = Announcement(self._machine, interfaces) if announce else None
        self._answers = Answers(self._machine) if zebra_discovery else None

    # --- life

    async def start(self) -> None:
        """Listen, print, announce.

        Raises:
            OSError: the port is taken, or the folder cannot be used.
            ValueError: the folder belongs to another printer.
        """
        await asyncio.to_thread(self._paper.open)
        self._machine.odometer = self._paper.odometer
        self._tasks = [
            self._listen(),
            asyncio.create_task(self._print(), name=f"virtual printer {self.serial}: print"),
            asyncio.create_task(self._draw(), name=f"virtual printer {self.serial}: draw"),
        ]
        try:
            if self._answers is not None:
                self._answers.begin(self._host)
            if self._announcement is not None:
                await self._announcement.begin(self._host, self._port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the connection and the port; labels that came out are still drawn and logged."""
        if self._announcement is not None:
            await self._announcement.end()
        if self._answers is not None:
            await self._answers.end()
        tasks, self._tasks = self._tasks, []
        if tasks:
            accept, printing, drawing = tasks
            await _end(accept, printing)
            if not drawing.done():
                await self._tray.join()
            await _end(drawing)
            # printing may have been ended between a label and the note of its count
            await asyncio.to_thread(self._paper.save)
        self._close()

    async def unplug(self) -> None:
        """Pull the network cable: connections break, what it holds is printed; its announcement is not taken back."""
        await _end(self._tasks[0])
        if self._answers is not None:
            await self._answers.end()
        self._close()

    def plug(self, host: str) -> None:
        """Plug it in where it gets the address `host`, and the same port; nobody is told yet (`tell`)."""
        self._host = host
        self._tasks[0] = self._listen()
        if self._answers is not None:
            self._answers.begin(host)

    async def tell(self) -> None:
        """Announce the address that it has now."""
        if self._announcement is not None:
            await self._announcement.moved(self._host, self._port)

    def _listen(self) -> asyncio.Task[None]:
        self._bind()
        return asyncio.create_task(self._accept(), name=f"virtual printer {self.serial}: accept")

    def _bind(self) -> socket.socket:
        self._listener = wire.listen(self._host, self._port)
        self._port = self._listener.getsockname()[1]
        return self._listener

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # --- what it shows

    @property
    def host(self) -> str:
        """Address it listens on."""
        return self._host

    @property
    def port(self) -> int:
        """Port it listens on."""
        return self._port

    @property
    def uri(self) -> str:
        """How a driver reaches it."""
        return f"socket://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    @property
    def name(self) -> str:
        """Its friendly name."""
        return self._machine.name

    @property
    def serial(self) -> str:
        """Its serial number."""
        return self._machine.serial

    @property
    def dpi(self) -> int:
        """Resolution of its head by nominal name."""
        return self._machine.dpi

    @property
    def media(self) -> Media:
        """Label stock loaded."""
        return self._machine.media

    @property
    def odometer(self) -> int:
        """Labels printed over its life."""
        return self._machine.odometer

    @property
    def labels(self) -> tuple[Label, ...]:
        """What came out of this process and is drawn, oldest first."""
        return tuple(self._paper.labels)

    @property
    def received(self) -> int:
        """Bytes of formats received so far, questions not counted."""
        return self._machine.taken

    @property
    def asked(self) -> Counter[str]:
        """How often each question came to it; `inside` counts those in the middle of a format."""
        return Counter(self._machine.asked)

    def set_language(self, language: str) -> None:
        """Somebody changes its language (`device.languages`)."""
        self._machine.language = language

    def on_label(self, listener: OnLabel) -> None:
        """Call `listener` with each label, in order, when it is drawn and logged."""
        self._listeners.append(listener)

    async def wait_printed(self, odometer: int) -> None:
        """Wait until the counter stands at `odometer` or beyond, without a limit of time."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._machine.odometer >= odometer)

    async def wait_labels(self, count: int) -> tuple[Label, ...]:
        """Wait until `count` labels of this process are drawn, without a limit of time; gives them."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._paper.labels) >= count)
        return self.labels

    # --- faults

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that are set."""
        return self._machine.faults

    def set_fault(self, fault: Fault | str) -> None:
        """Let a fault begin; `ValueError` for a text that names none."""
        self._machine.set_fault(_fault(fault))
        self._wake.set()

    def clear_fault(self, kind: FaultKind | str) -> None:
        """Mend it: put labels in, close the head, press PAUSE."""
        self._machine.clear_fault(FaultKind(kind))
        self._wake.set()

    def power_cycle(self) -> None:
        """Switch off and on now: connection and buffer are lost, the counter is not."""
        self._machine.power_cycle()
        self._wake.set()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.cancel()

    # --- network

    async def _accept(self) -> None:
        while True:
            try:
                if self._machine.active(FaultKind.UNPLUGGED):
                    self._close()
                    await self._until(lambda: not self._machine.active(FaultKind.UNPLUGGED))
                peer = await wire.accept(self._listener or self._bind())
            except OSError as error:
                _log.warning("virtual printer %s could not accept: %s", self.serial, error)
                await asyncio.sleep(0.1)  # e.g. out of file descriptors
                continue
            if self._machine.active(FaultKind.UNPLUGGED):
                wire.reset(peer)
                continue
            with peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connection = asyncio.create_task(self._serve(peer), name=f"virtual printer {self.serial}: serve")
                try:
                    await asyncio.wait([self._connection])  # who comes meanwhile waits in the backlog
                finally:
                    (failure,) = await _end(self._connection)
                    self._connection = None
                if isinstance(failure, Exception):
                    _log.error("virtual printer %s failed on a connection", self.serial, exc_info=failure)

    async def _serve(self, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        machine = self._machine
        before, answered_as = machine.taken, machine.answers_as
        try:
            while True:
                slow, reset = machine.active(FaultKind.SLOW_READER), machine.active(FaultKind.RESET_AFTER)
                await self._until(lambda: machine.room > 0 and not machine.active(FaultKind.STALLED))
                length = min(_CHUNK, machine.room)
                if slow:
                    length = min(length, max(1, slow.number // 10))
                data = await loop.sock_recv(peer, length)
                if not data:
                    return
                replies = machine.receive(data)
                self._wake.set()
                if (
                    machine.take_power_loss()
                    or (reset and machine.taken - before >= reset.number)
                    or machine.active(FaultKind.UNPLUGGED)
                    or machine.answers_as != answered_as
                ):
                    wire.reset(peer)
                    return
                if replies:
                    await loop.sock_sendall(peer, replies)
                if slow:
                    await asyncio.sleep(len(data) / slow.number)
        except OSError as error:
            _log.debug("virtual printer %s: the host went away: %s", self.serial, error)
        except asyncio.CancelledError:
            wire.reset(peer)
            raise

    async def _until(self, condition: Callable[[], bool]) -> None:
        if not condition():
            async with self._changed:
                await self._changed.wait_for(condition)

    # --- paper

    async def _print(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            while printed := self._machine.advance(loop.time()):
                await self._emit(printed)
            async with self._changed:
                self._changed.notify_all()
            due = self._machine.next_due
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()

    async def _emit(self, printed: Printed) -> None:
        self._tray.put_nowait((printed, self._paper.count(printed), datetime.now(UTC)))
        if self._machine.take_power_loss():
            self._drop()
        async with self._changed:
            self._changed.notify_all()
        # before the next label; and a batch of labels that take no time must not stop the answers
        await asyncio.to_thread(self._paper.save)

    async def _draw(self) -> None:
        while True:
            printed, sequence, time = await self._tray.get()
            try:
                label = await asyncio.to_thread(self._paper.keep, printed, sequence, time)
                self._paper.labels.append(label)
                for listener in self._listeners:
                    await _tell(listener, label)
                async with self._changed:
                    self._changed.notify_all()
            finally:
                self._tray.task_done()


def _fault(fault: Fault | str) -> Fault:
    return Fault.parse(fault) if isinstance(fault, str) else fault


async def _end(*tasks: asyncio.Task[None]) -> list[BaseException | None]:
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(listener: OnLabel, label: Label) -> None:
    try:
        result = listener(label)
        if inspect.isawaitable(result):
            await result
    except Exception:  # noqa: BLE001 - whatever a listener does, the printer goes on
        _log.exception("a listener failed on label %d", label.odometer)
