"""Sockets that systemd opened for labeld (sd_listen_fds(3)): they stay open while it restarts."""

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from ipaddress import ip_address

from .errors import DaemonError

_FIRST = 3


def inherited(environ: MutableMapping[str, str] = os.environ, first: int = _FIRST) -> list[socket.socket]:
    """The listening sockets that were handed over; none where labeld is to open its own.

    Children neither inherit them nor are told of them.

    Raises:
        DaemonError: one is no TCP socket on a loopback address; for others there is web.host, with login and TLS.
    """
    count, process = environ.pop("LISTEN_FDS", "0"), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or not count.isdigit():
        return []
    found = []
    for number in range(first, first + int(count)):
        os.set_inheritable(number, False)
        found.append(socket.socket(fileno=number))
    strange = [one.getsockname() for one in found if not _is_local(one)]
    if strange:
        for one in found:
            one.close()
        raise DaemonError(
            f"labeld.socket listens on {strange[0]!r}: it takes a loopback address; for others set web.host"
        )
    return found


def _is_local(one: socket.socket) -> bool:
    if one.family not in (socket.AF_INET, socket.AF_INET6) or one.type != socket.SOCK_STREAM:
        return False
    with suppress(OSError, ValueError):
        address = ip_address(str(one.getsockname()[0]))
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback
    return False
