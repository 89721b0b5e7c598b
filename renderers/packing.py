"""Deflate (RFC 1950), as `:Z64:`, PDF and PNG carry it."""

import zlib

try:
    from deflate import zlib_compress as _compress  # libdeflate

    _LEVEL = 8  # the lowest that beats zlib's level 6 on all but nearly white labels; still faster than it
except ImportError:  # only where deflate has no wheel
    from zlib import compress as _compress  # type: ignore[assignment]  # the same two arguments

    _LEVEL = 6

_NEARLY_WHITE = 4000  # bytes


def zlib_packed(raw: bytes) -> bytes:
    """`raw` as a zlib stream that begins with 78 9C, no larger than zlib's level 6 makes it."""
    packed = bytes(_compress(raw, _LEVEL))
    if len(packed) < _NEARLY_WHITE:
        packed = min(packed, zlib.compress(raw, 6), key=len)
    # the header only tells how hard the packer tried: say the one that printers are known to take
    return b"\x78\x9c" + packed[2:]
