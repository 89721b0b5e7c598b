"""What goes between the daemon and a render process: a JSON header and raw bytes.

A frame is the length of its header and of its bytes (two 32-bit big-endian numbers), then both. JSON and raw bytes
because the documents are hostile: a taken-over process must not be able to make the daemon run anything, as
unpickling its reply would.
"""

import json
import struct
from typing import Any, BinaryIO

SIZES = struct.Struct(">II")


def pack(header: dict[str, Any], data: bytes) -> bytes:
    """A frame but for its data, which follow it."""
    text = json.dumps(header).encode()
    return SIZES.pack(len(text), len(data)) + text


def read(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, None at the end."""
    sizes = stream.read(SIZES.size)
    if len(sizes) < SIZES.size:
        return None
    header_size, data_size = SIZES.unpack(sizes)
    return json.loads(stream.read(header_size)), stream.read(data_size)


def write(stream: BinaryIO, header: dict[str, Any], data: bytes) -> None:
    """Send a frame."""
    stream.write(pack(header, data))
    stream.write(data)
    stream.flush()
