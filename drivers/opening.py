"""From a device URI to its driver."""

from urllib.parse import urlsplit

from . import cups, raw
from .base import Driver


def open_driver(
    uri: str,
    *,
    media: str | None = None,
    connect_timeout: float = 5.0,
    progress_timeout: float = 30.0,
    reply_timeout: float = 2.5,
    close_timeout: float = 3.0,
    ask: bool = True,
    hardware_address: bool = False,
) -> Driver:
    """The driver for a device URI: `socket://host:port` (9100 if absent), `cups://queue`, `cups://host:port/queue`.

    Args:
        uri: where the printer is.
        media: PWG name of the stock, for printers that must be told.
        connect_timeout: seconds to reach it.
        progress_timeout: seconds in which it must take some of a payload.
        reply_timeout: seconds for the answer to one question.
        close_timeout: seconds for the other end to close after us.
        ask: False for a printer that must not be asked how it is.
        hardware_address: whether a printer on raw TCP is asked for its hardware address.

    Raises:
        ValueError: the scheme is not known, or the URI is not of its form.
    """
    scheme = urlsplit(uri).scheme
    if scheme == "socket":
        host, port = raw.address(uri)
        return raw.RawDriver(
            host,
            port,
            connect_timeout=connect_timeout,
            progress_timeout=progress_timeout,
            reply_timeout=reply_timeout,
            close_timeout=close_timeout,
            ask=ask,
            hardware_address=hardware_address,
        )
    if scheme == "cups":
        server, queue = cups.address(uri)
        return cups.CupsDriver(
            queue,
            server,
            media=media,
            connect_timeout=connect_timeout,
            progress_timeout=progress_timeout,
            reply_timeout=reply_timeout,
            close_timeout=close_timeout,
        )
    raise ValueError(
        f"{uri!r}: no driver for {scheme or 'a URI without scheme'!r}; known are socket://host:port and cups://queue"
    )
