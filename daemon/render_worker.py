"""A render process: requests on stdin, replies on stdout. Its limits are memory, time and no new privileges.

A frame is the length of its JSON header and of its bytes (two 32-bit big-endian numbers), then both.
JSON and raw bytes because the documents are hostile: a taken-over worker must not be able to make the
daemon run anything, as unpickling its reply would.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from ..renderers import convert
from ..renderers.asset import unwrap
from ..renderers.errors import AssetRefused, RenderError, SymbolLost
from ..renderers.media import Media, Resolution
from ..renderers.zpl.picture import draw

HEADER = struct.Struct(">II")

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # prctl(2)


def main() -> None:
    """Serve frames until stdin ends."""
    memory = int(sys.argv[1])
    _confine(memory)
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    # what a library prints must not end up between two frames
    sys.stdout = sys.stderr
    while (frame := _read(requests)) is not None:
        header, data = frame
        try:
            reply, payload = _REQUESTS[header["kind"]](header, data)
        except RenderError as error:
            reply = {"error": str(error), "reason": error.reason, "kind": type(error).__name__}
            faulty = error.artwork if isinstance(error, SymbolLost) else None
            payload = b"" if faulty is None else faulty.data
        except MemoryError:
            # the heap may be in pieces: a fresh process takes over
            reply, payload = _refusal("the document needs more memory than a label should"), b""
            _write(replies, reply, payload)
            return
        _write(replies, reply, payload)


def _render(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    target = convert.Target(
        media=Media.parse(header["media"]),
        resolution=Resolution(header["dpi"]),
        graphic_encoding=header["graphic_encoding"],
        scaling=header["scaling"],
        design_dpi=header["design_dpi"],
        copies=header["copies"],
        tracking_number=header["tracking_number"],
    )
    asset = unwrap(data, header["media_type"], header["max_bytes"])
    artwork = convert.convert(asset, target)
    return {"labels": artwork.labels, "notes": list(artwork.notes)}, artwork.data


def _preview(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    labels = draw(data, header["width"], header["height"])
    if not labels:
        raise AssetRefused("there is no picture in this label")
    bitmap, missing = labels[min(header["page"], len(labels)) - 1]
    picture = bitmap.to_png(Resolution(header["dpi"]))
    return {"pages": len(labels), "missing": list(missing)}, picture


_REQUESTS = {"render": _render, "preview": _preview}


def _refusal(message: str) -> dict[str, Any]:
    return {"error": message, "reason": AssetRefused.reason, "kind": AssetRefused.__name__}


def _confine(memory: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # stopping is the daemon's decision: Ctrl-C reaches the whole group
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)


def _read(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    sizes = stream.read(HEADER.size)
    if len(sizes) < HEADER.size:
        return None
    header_size, data_size = HEADER.unpack(sizes)
    return json.loads(stream.read(header_size)), stream.read(data_size)


def _write(stream: BinaryIO, header: dict[str, Any], data: bytes) -> None:
    text = json.dumps(header).encode()
    stream.write(HEADER.pack(len(text), len(data)) + text)
    stream.write(data)
    stream.flush()


if __name__ == "__main__":
    main()
