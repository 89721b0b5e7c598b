"""Log lines as journald keeps them: with the job, printer and event that they are about in fields of their own.

The native protocol of systemd-journald (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram of fields for a line.
"""

import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

SOCKET = Path("/run/systemd/journal/socket")
#: letters of a line; a datagram must fit into the socket's buffer
_MOST = 32_000
_PRIORITY = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
#: what a message is about, where its words begin with that: the place-holder is the name or id
_ABOUT = {"job": "LABELD_JOB_ID", "printer": "LABELD_PRINTER", "shop": "LABELD_SHOP"}
_PLACES = re.compile(r"(?:\b(job|printer|shop) )?%(?:%|[-#0-9.]*[a-z])")


def priority(level: int) -> int:
    """The syslog priority of a level of logging (sd-daemon(3))."""
    return next((number for least, number in _PRIORITY if level >= least), 7)


def is_journal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is the one that systemd connected to the journal (systemd.exec(5), `$JOURNAL_STREAM`)."""
    try:
        place = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}"


def fields(record: logging.LogRecord) -> dict[str, str]:
    """What a line is about: names of fields to values.

    What the line's words say, as in `"job %s: …"`, and what the caller gave as `extra={"about": {…}}`. Pure.
    """
    found: dict[str, str] = {}
    values = record.args if isinstance(record.args, tuple) else ()
    places = [match[1] for match in _PLACES.finditer(str(record.msg)) if not match[0].endswith("%%")]
    for word, value in zip(places, values, strict=False):
        if word and value is not None:
            found.setdefault(_ABOUT[word], str(value))
    return found | {name: str(value) for name, value in getattr(record, "about", {}).items() if value is not None}


def datagram(values: Mapping[str, str]) -> bytes:
    """Fields in the journal's own form. Pure."""
    parts = []
    for name, value in values.items():
        data = value.encode(errors="replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


class JournalHandler(logging.Handler):
    """Sends each line to journald; where that fails, to stderr as before.

    Args:
        path: journald's socket.

    Raises:
        OSError: it is not there.
    """

    def __init__(self, path: Path = SOCKET) -> None:
        super().__init__()
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._path = path
        try:
            self._channel.connect(str(path))
        except OSError:
            self._channel.close()
            raise

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line."""
        number = priority(record.levelno)
        text = self.format(record)[:_MOST]
        values = {
            "MESSAGE": text,
            "PRIORITY": str(number),
            "SYSLOG_IDENTIFIER": "labeld",
            "LABELD_LOGGER": record.name,
            **fields(record),
        }
        try:
            self._send(datagram(values))
        except OSError:
            sys.stderr.write("".join(f"<{number}>{line}\n" for line in text.splitlines()))

    def close(self) -> None:
        """Close the socket."""
        self._channel.close()
        super().close()

    def _send(self, data: bytes) -> None:
        try:
            self._channel.send(data)
        except (ConnectionError, FileNotFoundError):
            # journald was restarted
            self._channel.connect(str(self._path))
            self._channel.send(data)
