"""Words to systemd (sd_notify(3)): READY, STOPPING, WATCHDOG."""

import asyncio
import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send `state` to the service manager; False when there is none."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        # a leading @ is the abstract namespace (unix(7))
        try:
            channel.connect("\0" + address[1:] if address.startswith("@") else address)
            channel.sendall(state.encode())
        except OSError as error:
            # no reason to stop printing; a watchdog that hears nothing acts by itself
            log.warning("the service manager cannot be told %s: %s", state, error)
            return False
    return True


async def watchdog(environ: Mapping[str, str] = os.environ) -> None:
    """Tell systemd at half of its interval that the event loop turns, until cancelled (sd_watchdog_enabled(3))."""
    interval = int(environ.get("WATCHDOG_USEC", "0")) / 1_000_000
    while interval > 0:
        notify("WATCHDOG=1", environ)
        await asyncio.sleep(interval / 2)
