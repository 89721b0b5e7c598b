"""Sockets as a printer's print server has them."""

import asyncio
import contextlib
import socket
import struct

#: The kernel's own receive buffer is kept small, or it would hide that the printer stopped reading.
_KERNEL_BUFFER = 16384
_RESET = struct.pack("ii", 1, 0)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that does not block; `OSError` when the address cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BUFFER)
        listener.setblocking(False)
        listener.bind((host, port))
        listener.listen(16)
    except BaseException:
        listener.close()
        raise
    return listener


async def accept(listener: socket.socket) -> socket.socket:
    """The next connection, which does not block; `OSError` when it cannot be had.

    `loop.sock_accept` loses a connection, open, where it is cancelled in the moment that one comes.
    """
    loop = asyncio.get_running_loop()
    while True:
        ready = asyncio.Event()
        loop.add_reader(listener, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(listener)
        with contextlib.suppress(BlockingIOError):  # it went again
            peer, _ = listener.accept()
            peer.setblocking(False)
            return peer


def reset(peer: socket.socket) -> None:
    """Close with RST, as a printer does that lost power or gave up."""
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    peer.close()
