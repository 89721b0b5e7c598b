"""`^GF` graphic fields: dots to bytes and back.

ZPL II guide, `^GF`, `~DG` and "ZB64 encoding and compression": `:B64:` and `:Z64:` are base64 of the bytes and of a
zlib stream (RFC 1950) of them, then CRC-16/XMODEM over the base64 text as four hex digits.
"""

import base64
import binascii
import re
import zlib
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..bitmap import MAX_DOTS, Bitmap
from ..errors import AssetRefused
from ..packing import zlib_packed

#: How dots are written: plain hex, run lengths (ACS), base64, or deflated and base64.
Encoding = Literal["ascii", "rle", "b64", "z64"]

_MAX_BYTES = MAX_DOTS // 8
_HEADER = re.compile(rb"\s*([ABCabc])\s*,\s*(\d{0,9})\s*,\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,")
_WRAPPED = re.compile(rb":(B64|Z64):([A-Za-z0-9+/=]*):([0-9A-Fa-f]{4})")
_RUN = re.compile(rb"([0-9A-Fa-f]+)|([G-Yg-z]+)([0-9A-Fa-f])|([,!:])")
_BLANKS = b" \t\r\n\0"
_LONGEST_RUN = 419  # z (400) and Y (19)


def encode(bitmap: Bitmap, encoding: Encoding) -> bytes:
    """The whole command `^GFA,b,c,d,data`; b is c, the size before it is packed, as carriers write it."""
    per_row = bitmap.rows.shape[1]
    total = per_row * bitmap.height
    if encoding == "ascii":
        data = binascii.hexlify(bitmap.rows.tobytes()).upper()
    elif encoding == "rle":
        data = _run_lengths(bitmap.rows)
    elif encoding == "b64":
        data = _wrap(b"B64", bitmap.rows.tobytes())
    else:
        data = _wrap(b"Z64", zlib_packed(bitmap.rows.tobytes()))
    return b"^GFA,%d,%d,%d,%s" % (total, total, per_row, data)


def decode(parameters: bytes, max_bytes: int = _MAX_BYTES) -> Bitmap:
    """The dots of a `^GF` command from what follows its name: `A,b,c,d,data`.

    Reads hex with and without run lengths, `:B64:`, `:Z64:` and binary. Data that is too short is padded
    with white, as printers do; the byte count b is not trusted.

    Raises:
        AssetRefused: unreadable, a checksum that is wrong, compressed binary (`^GFC`, whose packing the guide leaves
            to Zebra's own software), or more than `max_bytes` bytes.
    """
    header = _HEADER.match(parameters)
    if header is None:
        raise AssetRefused("^GF does not begin with format, two lengths and a width")
    total, per_row = int(header[3]), int(header[4])
    data = parameters[header.end() :]
    if header[1] in b"Cc":
        raise AssetRefused("^GFC packs its dots in a way that is not published: send them as ^GFA or ^GFB")
    if header[1] in b"Bb":
        return _bitmap(data[:total], total, per_row, max_bytes)
    return decode_graphic(data, total, per_row, max_bytes)


def decode_graphic(data: bytes, total: int, per_row: int, max_bytes: int = _MAX_BYTES) -> Bitmap:
    """The dots of ASCII graphic data, as `^GFA` and `~DG` carry it: `total` bytes, `per_row` in a row.

    Raises:
        AssetRefused: unreadable, a checksum that is wrong, or more than `max_bytes` bytes.
    """
    _check_size(total, per_row, max_bytes)
    bare = data.translate(None, _BLANKS)
    if bare.startswith((b":B64:", b":Z64:")):
        content = _unwrap(bare, total)
    elif re.fullmatch(rb"[0-9A-Fa-f]*", bare):
        content = binascii.unhexlify(bare[: 2 * total] + b"0" * (len(bare[: 2 * total]) % 2))
    else:
        content = _expand(bare, total, per_row)
    return _bitmap(content, total, per_row, max_bytes)


def _check_size(total: int, per_row: int, max_bytes: int) -> None:
    if not (1 <= per_row <= total):
        raise AssetRefused(f"a graphic of {total} bytes cannot have {per_row} in a row")
    if total > min(max_bytes, _MAX_BYTES):
        raise AssetRefused(f"a graphic of {total} bytes is too large")


def _bitmap(content: bytes, total: int, per_row: int, max_bytes: int) -> Bitmap:
    _check_size(total, per_row, max_bytes)
    height = -(-total // per_row)
    if 8 * per_row * height > MAX_DOTS:
        raise AssetRefused(f"a graphic of {total} bytes is too large")
    padded = content[:total].ljust(height * per_row, b"\0")
    return Bitmap(8 * per_row, height, np.frombuffer(padded, np.uint8).reshape(height, per_row))


def _wrap(name: bytes, content: bytes) -> bytes:
    text = base64.b64encode(content)
    return b":%s:%s:%04X" % (name, text, binascii.crc_hqx(text, 0))


def _unwrap(bare: bytes, total: int) -> bytes:
    wrapped = _WRAPPED.match(bare)
    if wrapped is None:
        raise AssetRefused("the graphic's base64 text is cut off or has no checksum")
    text, checksum = wrapped[2], int(wrapped[3], 16)
    if binascii.crc_hqx(text, 0) != checksum:
        raise AssetRefused(f"the graphic's checksum is {checksum:04X}, its data gives {binascii.crc_hqx(text, 0):04X}")
    try:
        content = base64.b64decode(text, validate=True)
        return _inflate(content, total) if wrapped[1] == b"Z64" else content
    except (binascii.Error, zlib.error) as exc:
        raise AssetRefused(f"the graphic's data is damaged: {exc}") from exc


def _inflate(packed: bytes, total: int) -> bytes:
    """The stream's first `total` bytes, and never many more: what a bomb holds beyond is not unpacked."""
    stream = zlib.decompressobj()
    content = stream.decompress(packed, total + 1)  # one more lets zlib reach its own checksum
    if len(content) <= total and not stream.eof:
        raise AssetRefused("the graphic's data is damaged: its zlib stream is cut off")
    return content


def _run_lengths(rows: NDArray[np.uint8]) -> bytes:
    """ACS: `,` and `!` fill a row, `:` repeats it, `G..Y` and `g..z` count the digit that follows."""
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    kept = rows[fresh]
    nibbles = np.empty((len(kept), rows.shape[1] * 2), np.uint8)
    nibbles[:, 0::2], nibbles[:, 1::2] = kept >> 4, kept & 15
    begins = np.ones(nibbles.shape, np.bool_)  # where a run of equal digits begins; always at a row's start
    begins[:, 1:] = nibbles[:, 1:] != nibbles[:, :-1]
    starts = np.flatnonzero(begins)
    values = nibbles.reshape(-1)[starts]
    ends = np.append(starts[1:], nibbles.size)
    closing = ends % nibbles.shape[1] == 0
    texts = [
        _FILLS[value] if closes and value in _FILLS else _run(length, value)
        for length, value, closes in zip((ends - starts).tolist(), values.tolist(), closing.tolist(), strict=True)
    ]
    bounds = np.append(0, np.flatnonzero(closing) + 1).tolist()
    lines = iter([b"".join(texts[begin:end]) for begin, end in pairwise(bounds)])
    return b"".join(next(lines) if is_fresh else b":" for is_fresh in fresh.tolist())


_FILLS = {0: b",", 15: b"!"}


@cache
def _run(length: int, value: int) -> bytes:
    digit = b"%X" % value
    if length <= 2:
        return digit * length
    text = b""
    while length > _LONGEST_RUN:
        text += b"zY" + digit
        length -= _LONGEST_RUN
    if length <= 2:
        return text + digit * length
    twenties, ones = divmod(length, 20)
    if twenties:
        text += bytes([ord("g") + twenties - 1])
    if ones:
        text += bytes([ord("G") + ones - 1])
    return text + digit


def _expand(bare: bytes, total: int, per_row: int) -> bytes:
    """Hex digits of ACS data to bytes; the size never exceeds what `total` allows."""
    width = 2 * per_row
    size = width * -(-total // per_row)
    out = bytearray()
    position = 0
    for token in _RUN.finditer(bare):
        if len(out) >= size or token.start() != position:
            break
        position = token.end()
        digits, letters, digit, fill = token.groups()
        if digits:
            out += digits[: size - len(out)]
        elif letters:
            out += digit * min(_count(letters), size - len(out))
        else:
            into = len(out) % width
            above = len(out) - width
            if fill == b":":
                out += out[above : above + width - into] if above >= into else b"0" * (width - into)
            else:
                out += (b"0" if fill == b"," else b"F") * (width - into)
    if len(out) < size and position < len(bare):
        raise AssetRefused(f"the graphic's data has {bare[position : position + 1]!r}, which is no run length")
    return binascii.unhexlify(out + b"0" * (len(out) % 2))


def _count(letters: bytes) -> int:
    return sum(letter - 70 if letter < 97 else (letter - 102) * 20 for letter in letters)
