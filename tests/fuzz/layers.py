"""Documents inside out: wrap them, spoil what is packed in them, write sizes into pictures' headers."""

import base64
import binascii
import gzip
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import quote_from_bytes

Change = Callable[[bytes], bytes | None]

_PNG = b"\x89PNG\r\n\x1a\n"
#: What is unpacked to be spoiled.
_MOST = 2_000_000
_STREAM = re.compile(rb"/Length (\d+)(.{0,300}?)stream\r?\n", re.DOTALL)
_GRAPHIC = re.compile(rb":(B64|Z64):([A-Za-z0-9+/=]+):[0-9A-Fa-f]{4}")
_SIZES = (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2")


def wrapped(rng: Random, data: bytes) -> bytes:
    """One to five wrappings around `data`, some of them not quite right."""
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        data = rng.choice(_WRAPPINGS)(data)
        if rng.random() < 0.15:
            data = data[: rng.randrange(len(data) + 1)]
    return data


def inside(rng: Random, data: bytes, change: Change) -> bytes | None:
    """Change what one layer holds and close it again; None where `data` has no layer, or `change` gives nothing."""
    if data.startswith(b"\x1f\x8b"):
        return _closed(change(_inflated(data, 31)), lambda content: gzip.compress(content, 1, mtime=0))
    if data.startswith(_PNG):
        return _png(rng, data, change)
    graphics, streams = list(_GRAPHIC.finditer(data)), list(_STREAM.finditer(data))
    if graphics:
        return _graphic(data, rng.choice(graphics), change)
    if streams:
        return _stream(data, rng.choice(streams), change)
    if re.fullmatch(rb"[A-Za-z0-9+/\s]{16,}=*\s*", data):
        return _closed(change(_decoded(data)), base64.b64encode)
    return None


def picture_header(rng: Random, data: bytes, number: int) -> bytes | None:
    """Write `number` into a PNG's or JPEG's size, or into a TIFF's directory; None for other documents."""
    if data.startswith(_PNG):
        return _with_sums(data[:at] + _word(number, 4) + data[at + 4 :] if (at := rng.choice((16, 20))) else data)
    if data.startswith(b"\xff\xd8"):
        frame = max(data.find(mark) for mark in _SIZES)
        at = frame + rng.choice((5, 7))
        return None if frame < 0 else data[:at] + _word(number, 2) + data[at + 2 :]
    if data.startswith(b"II*\0") and len(data) > 8:
        (start,) = struct.unpack("<I", data[4:8])
        if start + 2 > len(data):
            return None
        (entries,) = struct.unpack("<H", data[start : start + 2])
        # type, count or value of an entry
        offset, size = rng.choice(((0, 2), (2, 2), (4, 4), (8, 4), (8, 4)))
        at = start + 2 + 12 * rng.randrange(max(1, min(entries, 40))) + offset
        return data[:at] + _word(number, size)[::-1] + data[at + size :]
    return None


_WRAPPINGS: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64encode,
    base64.encodebytes,
    base64.urlsafe_b64encode,
    lambda data: gzip.compress(data, 1, mtime=0),
    lambda data: b"data:application/pdf;base64," + base64.b64encode(data),
    lambda data: b"data:;charset=utf-8;BASE64," + quote_from_bytes(base64.b64encode(data)).encode(),
    lambda data: b"data:," + quote_from_bytes(data).encode(),
    lambda data: json.dumps(data.decode("latin-1")).encode(),
    lambda data: b'"' + base64.b64encode(data) + b'"',
    lambda data: b'{"message": ' + json.dumps(data.decode("latin-1")).encode() + b"}",
    lambda data: b"\xef\xbb\xbf \n" + data,
    lambda data: b"\0" * 900 + data,
)


def _closed(content: bytes | None, close: Callable[[bytes], bytes]) -> bytes | None:
    return None if content is None else close(content)


def _inflated(data: bytes, wbits: int = 15) -> bytes:
    """What can be unpacked of a stream, however it ends."""
    try:
        return zlib.decompressobj(wbits).decompress(data, _MOST)
    except zlib.error:
        return b""


def _decoded(text: bytes) -> bytes:
    """Base64 as far as it goes in whole groups of three bytes."""
    bare = text.translate(None, b"= \t\r\n\f\v")
    return base64.b64decode(bare[: len(bare) // 4 * 4])


def _graphic(data: bytes, found: re.Match[bytes], change: Change) -> bytes | None:
    """The bytes of a `:B64:` or `:Z64:` graphic field, with the checksum they need."""
    content = _decoded(found[2])
    changed = change(_inflated(content) if found[1] == b"Z64" else content)
    if changed is None:
        return None
    text = base64.b64encode(zlib.compress(changed) if found[1] == b"Z64" else changed)
    return data[: found.start()] + b":%s:%s:%04X" % (found[1], text, binascii.crc_hqx(text, 0)) + data[found.end() :]


def _stream(data: bytes, found: re.Match[bytes], change: Change) -> bytes | None:
    """The content of a PDF stream, unpacked where it is deflated, with its new length."""
    end = found.end() + int(found[1])
    content = data[found.end() : end]
    unpacked = _inflated(content)
    changed = change(unpacked or content)
    if changed is None:
        return None
    packed = zlib.compress(changed) if unpacked else changed
    head = b"/Length %d%sstream\n" % (len(packed), found[2])
    return data[: found.start()] + head + packed + data[end:]


def _png(rng: Random, data: bytes, change: Change) -> bytes | None:
    """The pixels of a PNG, or another chunk of it, with the checksum it needs."""
    chunks = list(_chunks(data))
    if not chunks:
        return None
    chosen = rng.randrange(len(chunks))
    kind, content = chunks[chosen]
    unpacked = _inflated(content) if kind == b"IDAT" else b""
    changed = change(unpacked or content)
    if changed is None:
        return None
    chunks[chosen] = kind, zlib.compress(changed) if unpacked else changed
    return _PNG + b"".join(_chunk(*chunk) for chunk in chunks)


def _with_sums(data: bytes) -> bytes:
    return _PNG + b"".join(_chunk(*chunk) for chunk in _chunks(data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at + 8 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _word(number: int, size: int) -> bytes:
    return (number % (1 << 8 * size)).to_bytes(size, "big")
