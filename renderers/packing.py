"""Deflate (RFC 1950), as `:Z64:`, PDF and PNG carry it."""

try:
    from deflate import zlib_compress as _compress  # libdeflate

    _LEVEL = 8  # the lowest that is smaller than zlib's 6 on every label tried, and still faster
except ImportError:  # only where deflate has no wheel
    from zlib import compress as _compress  # type: ignore[assignment]  # the same two arguments

    _LEVEL = 6


def zlib_packed(raw: bytes) -> bytes:
    """`raw` as a zlib stream that begins with 78 9C."""
    # the header only tells how hard the packer tried: say the one that printers are known to take
    return b"\x78\x9c" + _compress(raw, _LEVEL)[2:]
