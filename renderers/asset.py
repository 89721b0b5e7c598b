"""What arrived: peel the wrappings off, say which of the formats that labeld reads it is."""

import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from .errors import AssetRefused, CommandRefused

PDF: Final = "application/pdf"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TIFF: Final = "image/tiff"
ZPL: Final = "application/vnd.zebra-zpl"
#: Written, but not read from others; LPrint's names, for neither is registered with IANA.
TSPL: Final = "application/vnd.tsc-tspl"
EPL: Final = "application/vnd.eltron-epl"

MAX_BYTES = 16 * 1024 * 1024
_MAX_LAYERS = 4

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+=*")
_DATA_URI = re.compile(rb"data:([^,]{0,200}),", re.IGNORECASE)
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FORMAT_START = re.compile(rb"\^XA", re.IGNORECASE)
_OTHER_PREFIX = re.compile(rb"[\^~]CC(?=([^\^\s]))")
_GZIP = b"\x1f\x8b"
_SPACE = b" \t\r\n\f\v\0"


@dataclass(frozen=True, slots=True)
class Asset:
    """A document without wrappings: its bytes and its `document_format`, one of the first five above."""

    data: bytes
    document_format: str


def unwrap(data: bytes, media_type: str | None = None, max_bytes: int = MAX_BYTES) -> Asset:
    """Find the document in `data`: peels data URIs, base64, JSON strings and gzip, at most four layers.

    The bytes decide what it is; `media_type` only makes error messages clearer.

    Raises:
        AssetRefused: empty, too large, cut off, a web page, or no format that labeld reads.
    """
    declared = f" (it was announced as {media_type[:60]})" if media_type else ""
    if len(data) > 2 * max_bytes:  # base64 of base64 is 1.8 times as long as its content
        raise _too_large(len(data), max_bytes)
    for layer in range(_MAX_LAYERS + 1):
        data = data.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
        if not data:
            raise AssetRefused("the asset is empty" if layer == 0 else "the asset is empty once it is unpacked")
        found = sniff(data)
        if found is not None:
            if len(data) > max_bytes:
                raise _too_large(len(data), max_bytes)
            return Asset(data, found)
        inner = _peel(data, max_bytes)
        if inner is None:
            raise AssetRefused(f"{_unreadable(data, wrapped=layer > 0)}{declared}")
        data = inner
    raise AssetRefused(f"the asset is wrapped more than {_MAX_LAYERS} times")


def sniff(data: bytes) -> str | None:
    """The document format of `data`, None when it is a wrapping or unknown.

    Raises:
        CommandRefused: ZPL whose command prefix is another.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith((b"II*\0", b"MM\0*")):
        return TIFF
    if data.startswith(_GZIP):
        return None
    if b"%PDF-" in data[:1029]:  # ISO 32000-1 annex H.3: up to 1024 bytes may precede the header
        return PDF
    if data.startswith((b'"', b"{", b"[", b"data:")) or _HTML.search(data[:1024]):
        return None  # these may quote ZPL without being it
    if _FORMAT_START.search(data):
        return ZPL
    if _begins_otherwise(data[:65536]):
        raise CommandRefused("this ZPL changes its command prefix (^CC), which is not supported")
    return None


def _begins_otherwise(zpl: bytes) -> bool:
    """Whether the command prefix is changed and a format begins with the new one; in time linear in `zpl`."""
    capitals = zpl.upper()
    changes = [(change[1], change.end(1)) for change in _OTHER_PREFIX.finditer(capitals)]
    last = {prefix: capitals.rfind(prefix + b"XA") for prefix, _ in changes}
    return any(end <= last[prefix] for prefix, end in changes)


def _peel(data: bytes, max_bytes: int) -> bytes | None:
    """The content of one wrapping, None when `data` is not wrapped."""
    if data.startswith(_GZIP):
        return _inflate(data, max_bytes)
    uri = _DATA_URI.match(data)
    if uri:
        body = data[uri.end() :]
        if uri[1].lower().endswith(b";base64"):
            return _decode_base64(unquote_to_bytes(body))
        return unquote_to_bytes(body)
    if data.startswith(b'"'):
        try:
            text = json.loads(data)
            return text.encode() if isinstance(text, str) else None
        except (ValueError, RecursionError):  # also half a surrogate pair, which is no character
            return None
    if len(data) >= 16 and _BASE64.fullmatch(bare := data.rstrip(_SPACE).translate(None, b"\r\n\t")):
        return _decode_base64(bare)
    return None


def _decode_base64(text: bytes) -> bytes:
    bare = text.translate(None, _SPACE).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if len(bare) % 4 == 1:
        raise AssetRefused(f"the base64 text is cut off or damaged: {len(bare)} characters cannot be whole bytes")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except binascii.Error as exc:
        raise AssetRefused(f"the base64 text is damaged: {exc}") from exc


def _inflate(data: bytes, max_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(data, 2 * max_bytes + 1)
    except zlib.error as exc:
        raise AssetRefused(f"the gzip data is damaged: {exc}") from exc
    if len(content) > 2 * max_bytes:
        raise AssetRefused(
            f"the asset has {_megabytes(len(data))} but unpacks to more than the limit of {_megabytes(max_bytes)}"
        )
    if not unpacker.eof:
        raise AssetRefused(f"the gzip data is cut off after {len(data)} bytes")
    return content


def _unreadable(data: bytes, *, wrapped: bool) -> str:
    """One line that says what `data` is instead of a label."""
    if _HTML.search(data[:1024]):
        return "this is a web page, not a label: the link has probably expired"
    if data.startswith((b"{", b"[")):
        return f"this is JSON, not a label{_json_message(data)}"
    if data.startswith(b"<"):
        return f"this is XML, not a label: it begins with {_glimpse(data)}"
    if data.startswith(b"PK\x03\x04"):
        return "this is a ZIP archive, not a label: unpack it first"
    where = "inside the base64 or gzip wrapping is" if wrapped else "this is"
    return f"{where} no PDF, PNG, JPEG, TIFF or ZPL: it begins with {_glimpse(data)}"


def _json_message(data: bytes) -> str:
    """The error text that a JSON answer carries, as far as one can be found."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return f": it begins with {_glimpse(data)}"
    if isinstance(answer, dict):
        for key in ("message", "error_description", "error", "detail", "msg"):
            if isinstance(answer.get(key), str):
                return f": it says {answer[key][:200]!r}"
    return f": it begins with {_glimpse(data)}"


def _glimpse(data: bytes) -> str:
    """The first bytes, as text where they are text."""
    head = data[:24]
    printable = all(32 <= byte < 127 for byte in head)
    return repr(head.decode("ascii")) if printable else f"bytes {head[:12].hex(' ')}"


def _too_large(size: int, limit: int) -> AssetRefused:
    return AssetRefused(f"the asset has {_megabytes(size)}, more than the limit of {_megabytes(limit)}")


def _megabytes(size: int) -> str:
    return f"{size / 1048576:.1f} MiB" if size >= 104858 else f"{size} bytes"
