"""Raw TCP printing (port 9100): `socket://host:port`, with status in ZPL and SGD where the printer speaks it."""

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from . import zebra
from .dialogue import Dialogue
from .errors import ConnectionLost, OtherLanguage, PrinterOffline, PrinterStalled, Recalled, ReplyMalformed
from .printer import Identity, Observation, PrinterState, PrinterStatus, Spare, ask_all

#: Bytes per write, and the most that the kernel may hold for us: what is in there counts as sent, so it is small.
_CHUNK = 16 * 1024
_KERNEL_BUFFER = 64 * 1024
_READ = 4096
#: Seconds between two looks at what the printer has acknowledged.
_ARRIVAL_POLL = 0.005
#: linux/tcp.h: the state with which `struct tcp_info` begins, TCP_CLOSE.
_TCP_CLOSED = b"\x07"
_PORT = 9100


class RawDriver:
    """A printer behind a raw TCP port.

    Args:
        host: name or address.
        port: usually 9100.
        connect_timeout: seconds to reach the printer; sleeping Wi-Fi models take several.
        progress_timeout: seconds in which at least one byte must be taken. Never a limit on the whole job: a full
            receive buffer throttles large labels.
        reply_timeout: seconds for the answer to one question.
        close_timeout: seconds for the printer to close after us.
        ask: False for a printer that must not be asked, e.g. one that would put the question on paper.
        hardware_address: whether it is asked for its hardware address too.
    """

    def __init__(
        self,
        host: str,
        port: int = _PORT,
        *,
        connect_timeout: float = 5.0,
        progress_timeout: float = 30.0,
        reply_timeout: float = 2.5,
        close_timeout: float = 3.0,
        ask: bool = True,
        hardware_address: bool = False,
    ) -> None:
        self.host = host
        self.port = port
        self._connect_timeout = connect_timeout
        self._progress_timeout = progress_timeout
        self._reply_timeout = reply_timeout
        self._close_timeout = close_timeout
        self._ask = ask
        self._hardware_address = hardware_address

    @property
    def uri(self) -> str:
        """`socket://host:port`."""
        return f"socket://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["RawSession"]:
        """Open a conversation (`base.Driver`).

        Raises:
            PrinterOffline: no connection within `connect_timeout`.
        """
        reader, writer = await self._open()
        session = RawSession(
            reader,
            writer,
            name=f"{self.host}:{self.port}",
            progress_timeout=self._progress_timeout,
            reply_timeout=self._reply_timeout,
            close_timeout=self._close_timeout,
            ask=self._ask,
            hardware_address=self._hardware_address,
        )
        try:
            yield session
            await session.finish()
        finally:
            # after a clean finish nothing is left to lose; after a failure or cancellation nothing may linger
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = f"{self.host}:{self.port}"
        limit = asyncio.timeout(self._connect_timeout)
        try:
            async with limit:
                reader, writer = await asyncio.open_connection(self.host, self.port)
        except (OSError, UnicodeError) as error:
            if limit.expired():
                raise PrinterOffline(f"{where} did not answer within {self._connect_timeout:g} s") from error
            raise PrinterOffline(f"{where} cannot be reached: {_why(error)}") from error
        connection: socket.socket = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):  # already reset: the first write tells
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        writer.transport.set_write_buffer_limits(high=0)  # `drain` then means: handed to the kernel
        return reader, writer


class RawSession:
    """One connection; see `base.Session`.

    Attributes:
        sent: payload bytes that may have reached the printer so far, also after a cancellation.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        name: str,
        progress_timeout: float,
        reply_timeout: float,
        close_timeout: float,
        ask: bool,
        hardware_address: bool,
    ) -> None:
        self.sent = 0
        self._reader = reader
        self._writer = writer
        self._name = name
        self._progress_timeout = progress_timeout
        self._close_timeout = close_timeout
        self._used = False
        self._recalled = False
        self._dialogue: Dialogue | None = None
        if ask:
            self._dialogue = Dialogue(
                reader, writer, name=name, reply_timeout=reply_timeout, hardware_address=hardware_address
            )

    async def observe(self, spare: Spare = ask_all, *, thorough: bool = False) -> Observation:
        """Ask who and how the printer is (`dialogue.Dialogue.observe`).

        Raises:
            ConnectionLost: the printer closed or reset the connection.
            OtherLanguage: the printer is not set to ZPL.
            ReplyMalformed: the first answer was not ZPL's; nothing is asked on this connection any more.
        """
        if self._dialogue is None:
            return Observation(Identity(), PrinterStatus(PrinterState.UNKNOWN))
        try:
            return await self._dialogue.observe(spare, thorough=thorough)
        except OSError as error:
            raise self._lost(error) from error
        except (OtherLanguage, ReplyMalformed) as error:
            error.sent = self.sent
            raise

    async def send(self, payload: bytes) -> None:
        """Hand over the payload (`base.Session`).

        Raises:
            ConnectionLost: closed or reset by the printer; `sent` bytes may have arrived.
            PrinterStalled: nothing was taken for `progress_timeout` seconds.
            Recalled: it was called back before.
            RuntimeError: a payload was sent in this session before.
        """
        if self._used:
            raise RuntimeError("a session sends one payload")
        self._used = True
        if self._recalled:
            raise Recalled(f"{self._name} was sent nothing: the label was called back")
        if self._reader.at_eof() or self._writer.transport.is_closing():
            raise ConnectionLost(f"{self._name} closed the connection before anything was sent")
        try:
            for at in range(0, len(payload), _CHUNK):
                chunk = payload[at : at + _CHUNK]
                self.sent += len(chunk)  # before the write: an upper bound, whatever happens in it
                self._writer.write(chunk)
                await self._drain()
            if self._dialogue is None:
                await self._arrival()
        except OSError as error:
            raise self._lost(error) from error

    async def discard_partial(self) -> None:
        """Cancel an unfinished format (`base.Session`).

        Raises:
            ConnectionLost: closed or reset by the printer.
        """
        try:
            self._writer.write(zebra.CANCEL_PARTIAL)
            await self._drain()
        except OSError as error:
            raise self._lost(error) from error

    async def recall(self) -> bool:
        """Keep the payload from the printer (`base.Session`): what is on a raw port cannot be taken back."""
        self._recalled = not self.sent
        return self._recalled

    async def _drain(self) -> None:
        left = self._unacknowledged()
        while True:
            try:
                async with asyncio.timeout(self._progress_timeout) as limit:
                    await self._writer.drain()
                    return
            except TimeoutError:
                if not limit.expired():
                    raise
                now = self._unacknowledged()
                if now >= left:
                    words = f"{self._name} took nothing for {self._progress_timeout:g} s"
                    raise PrinterStalled(words, sent=self.sent) from None
                left = now

    async def _arrival(self) -> None:
        """Wait until the printer's TCP has every byte: of a printer that cannot be asked no more will be known."""
        connection = self._writer.get_extra_info("socket")
        now = asyncio.get_running_loop().time
        left, moved = self._unacknowledged(), now()
        while left:
            await asyncio.sleep(_ARRIVAL_POLL)
            still = self._unacknowledged()
            if still < left:
                moved = now()
            elif now() - moved >= self._progress_timeout:
                raise PrinterStalled(f"{self._name} took nothing for {self._progress_timeout:g} s", sent=self.sent)
            left = still
        # a reset throws away what was queued: looked at last, since it cannot be taken back
        if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == _TCP_CLOSED:
            raise ConnectionResetError("not all bytes had arrived")

    def _unacknowledged(self) -> int:
        """Bytes that the printer's TCP has not acknowledged: falls with each byte it takes."""
        queued = struct.pack("i", 0)
        with contextlib.suppress(OSError, ValueError):
            queued = fcntl.ioctl(self._writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, queued)
        return self._writer.transport.get_write_buffer_size() + int(struct.unpack("i", queued)[0])

    async def finish(self) -> None:
        """Say that nothing more comes, then wait at most `close_timeout` for the printer to close too.

        The next connection before that mixes labels on some printers (apple/cups issue 5689). After questions
        alone there is nothing to wait for. A failure here is no news about the payload and raises nothing.
        """
        if not self.sent:
            return
        with contextlib.suppress(OSError):
            async with asyncio.timeout(self._close_timeout):
                await self._writer.drain()
                self._writer.write_eof()
                while await self._reader.read(_READ):
                    pass

    def _lost(self, error: OSError) -> ConnectionLost:
        return ConnectionLost(f"{self._name} broke the connection: {_why(error)}", sent=self.sent)


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def address(uri: str) -> tuple[str, int]:
    """Host and port of `socket://host:port`, port 9100 if absent.

    Raises:
        ValueError: the URI is not of that form.
    """
    parts = urlsplit(uri)
    port = parts.port if parts.port is not None else _PORT  # raises ValueError beyond 65535
    if not parts.hostname or parts.username or parts.path.strip("/") or parts.query or parts.fragment or not port:
        raise ValueError(f"{uri!r} is not of the form {parts.scheme}://host:port")
    return parts.hostname, port
