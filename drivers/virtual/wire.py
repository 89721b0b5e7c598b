"""Sockets as a printer's print server has them."""

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


def reset(peer: socket.socket) -> None:
    """Close with RST, as a printer does that lost power or gave up."""
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    peer.close()
