"""Ways to spoil a document. Each takes the random numbers, a document and another one to steal from, and gives bytes.

What a mutation cannot be applied to, it answers with None; `mutate` takes another then.
"""

import re
from collections.abc import Callable
from random import Random

from . import layers

#: No document becomes longer: time is better spent on another one.
MOST_BYTES = 400_000

Mutation = Callable[[Random, bytes, bytes], bytes | None]

_BYTES = (0x00, 0x01, 0x0A, 0x20, 0x28, 0x3C, 0x5B, 0x5E, 0x7E, 0x7F, 0x80, 0xFE, 0xFF)
_WORDS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 100_000)
_NUMBERS = (
    b"0", b"-1", b"1", b"2", b"7", b"17", b"255", b"256", b"32767", b"32768", b"65536", b"99999", b"100000",
    b"2147483647", b"2147483648", b"4294967295", b"4294967296", b"999999999", b"1e9", b"0.00001", b"-0.5", b"14400",
    b"1" + b"0" * 40, b"1" + b"0" * 400,
)  # fmt: skip
_NUMBER = re.compile(rb"(?<![0-9A-Fa-f])-?\d{1,10}(?:\.\d{1,6})?(?![0-9A-Fa-f])")
_KEYED = re.compile(
    rb"/(?:Length1?|Width|Height|Columns|Rows|Colors|Predictor|BitsPerComponent|Count|N|First|Size|Prev|W|Index|K|Rotate"
    rb"|UserUnit|MediaBox|CropBox|BBox|Matrix|Domain|Range|FunctionType|ShadingType|Early?Change|V|R)\s*\[?\s*(-?[\d.]+)"
    rb"|\^GF[ABC],(\d+)|\^GF[ABC],\d+,(\d+)|\^GF[ABC],\d+,\d+,(\d+)|\^(?:PQ|PW|LL|FO|FT|LH|GB|BY)(\d+)|~DG[^,]*,(\d+)"
)
_TOKENS = (
    b"/FlateDecode", b"/LZWDecode", b"/DCTDecode", b"/JPXDecode", b"/JBIG2Decode", b"/CCITTFaxDecode",
    b"/RunLengthDecode", b"/ASCIIHexDecode", b"/ASCII85Decode", b"/Crypt", b"/DeviceGray", b"/DeviceCMYK", b"/Indexed",
    b"/Pattern", b"/ICCBased", b"/Separation", b"/Image", b"/Form", b"/Page", b"/Pages", b"/Catalog",
    b"/ImageMask true", b"/Rotate 90", b"/Rotate 45", b"/UserUnit 3", b"/UserUnit 1e9", b"/UserUnit 0",
    b"/Encrypt<</Filter/Standard>>", b"/XFA 5 0 R", b"/Kids[2 0 R]", b"/Contents 3 0 R", b"/Resources 2 0 R",
    b"/SMask 5 0 R", b"/AcroForm<</Fields[]>>", b"/MediaBox[0 0 0 0]", b"/MediaBox[0 0 1e9 1e9]",
    b"/MediaBox[0 0 5000 1]", b"<<", b">>", b"[", b"]", b"(", b"stream", b"endstream", b"endobj", b"1 0 R", b"null",
    b"true", b"%%EOF", b"%PDF-1.7\n", b" Do ", b" Q ", b" q ", b" cm ", b"^XA", b"^XZ", b"^FS", b"^FD", b"^GFA,",
    b"^GFA,8,8,1,", b"^GFB,9,9,3,", b"^GFC,9,9,3,", b"^GFA,9,99999999,1,", b":Z64:", b":B64:", b":eJwDAAAAAAE=:",
    b"~DGR:X,64,8,", b"~DGE:X,64,8,", b"^XGR:X,9,9", b"^PQ99999", b"^PQ100,1", b"^MUI", b"^CC+", b"~CT^", b"^CD;",
    b"~JR", b"^JUS", b"^FO32000,32000", b"^GB32000,32000,9", b"^PON", b"^POI", b"^LRY", b"^BXN,5,200,,,,~",
    b"! U1 setvar", b"\x02", b"\x1b", b"<html>", b"data:,", b"data:;base64,", b'"', b'"\\ud800"', b"\\u0000",
    b"\xef\xbb\xbf", b"\x1f\x8b", b"PK\x03\x04", b"II*\0", b"MM\0*", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n",
)  # fmt: skip
_TOKEN = re.compile(
    rb"/[A-Za-z0-9]{2,20}|[\^~][A-Z@][A-Z0-9@]|\b(?:obj|endobj|stream|endstream|xref|trailer|R|cm|re|Do)\b"
)


def mutate(rng: Random, data: bytes, other: bytes) -> tuple[bytes, tuple[str, ...]]:
    """One to four mutations of `data`, and their names; `other` is a document to splice with."""
    names = []
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        while True:
            mutation = rng.choice(MUTATIONS)
            spoiled = mutation(rng, data, other)
            if spoiled is not None and len(spoiled) <= max(MOST_BYTES, len(data)):
                break
        data = spoiled
        names.append(mutation.__name__.strip("_"))
    return data, tuple(names)


def _flip_bits(rng: Random, data: bytes, _: bytes) -> bytes | None:
    if not data:
        return None
    spoiled = bytearray(data)
    for _unused in range(rng.choice((1, 1, 4, 32))):
        spoiled[_place(rng, data)] ^= 1 << rng.randrange(8)
    return bytes(spoiled)


def _overwrite_byte(rng: Random, data: bytes, _: bytes) -> bytes | None:
    if not data:
        return None
    spoiled = bytearray(data)
    for _unused in range(rng.choice((1, 1, 3, 9))):
        spoiled[_place(rng, data)] = rng.choice(_BYTES)
    return bytes(spoiled)


def _overwrite_word(rng: Random, data: bytes, _: bytes) -> bytes | None:
    size = rng.choice((2, 4))
    if len(data) < size:
        return None
    at = min(_place(rng, data), len(data) - size)
    word = (rng.choice(_WORDS) % (1 << 8 * size)).to_bytes(size, rng.choice(("big", "little")))
    return data[:at] + word + data[at + size :]


def _truncate(rng: Random, data: bytes, _: bytes) -> bytes | None:
    # with the end mark again, or labeld looks no further
    return data[: rng.randrange(len(data))] + rng.choice((b"", b"\n%%EOF\n", b"^FS^XZ")) if data else None


def _repeat_block(rng: Random, data: bytes, _: bytes) -> bytes | None:
    begin, end = _block(rng, data)
    times = rng.choice((2, 2, 3, 50, 2000))
    return data[:begin] + data[begin:end] * times + data[end:] if (end - begin) * times < MOST_BYTES else None


def _remove_block(rng: Random, data: bytes, _: bytes) -> bytes | None:
    begin, end = _block(rng, data)
    return data[:begin] + data[end:]


def _swap_blocks(rng: Random, data: bytes, _: bytes) -> bytes | None:
    first, second = sorted((_block(rng, data), _block(rng, data)))
    if first[1] > second[0]:
        return None
    return (
        data[: first[0]] + data[slice(*second)] + data[first[1] : second[0]] + data[slice(*first)] + data[second[1] :]
    )


def _splice(rng: Random, data: bytes, other: bytes) -> bytes | None:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _insert_stolen(rng: Random, data: bytes, other: bytes) -> bytes | None:
    at, (begin, end) = rng.randrange(len(data) + 1), _block(rng, other)
    return data[:at] + other[begin:end] + data[at:]


def _change_number(rng: Random, data: bytes, _: bytes) -> bytes | None:
    return _with_number(rng, data, [match.span() for match in _NUMBER.finditer(data[:50_000])])


def _change_keyed_number(rng: Random, data: bytes, _: bytes) -> bytes | None:
    return _with_number(rng, data, [match.span(match.lastindex or 0) for match in _KEYED.finditer(data)])


def _swap_tokens(rng: Random, data: bytes, _: bytes) -> bytes | None:
    spans = [match.span() for match in _TOKEN.finditer(data[:50_000])]
    if not spans:
        return None
    begin, end = rng.choice(spans)
    return data[:begin] + rng.choice((*_TOKENS, data[slice(*rng.choice(spans))])) + data[end:]


def _insert_token(rng: Random, data: bytes, _: bytes) -> bytes | None:
    spots = [match.end() for match in re.finditer(rb"<<|>>|obj|\s|\^FS", data[:50_000])]
    at = rng.choice(spots) if spots and rng.random() < 0.7 else rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_TOKENS) * rng.choice((1, 1, 1, 300)) + data[at:]


def _wrap(rng: Random, data: bytes, _: bytes) -> bytes | None:
    return layers.wrapped(rng, data)


def _inside(rng: Random, data: bytes, other: bytes) -> bytes | None:
    """Spoil what is in a wrapping or a packed stream, and pack it again with right lengths and checksums."""
    return layers.inside(rng, data, lambda content: rng.choice(_PLAIN)(rng, content, other))


def _header(rng: Random, data: bytes, _: bytes) -> bytes | None:
    return layers.picture_header(rng, data, rng.choice(_WORDS))


def _with_number(rng: Random, data: bytes, spans: list[tuple[int, int]]) -> bytes | None:
    if not spans:
        return None
    begin, end = rng.choice(spans)
    old = data[begin:end]
    near = [b"%d" % (int(old) + step) for step in (-1, 1)] if old.isdigit() else []
    return data[:begin] + rng.choice((*_NUMBERS, *near, old + b"0", old * 2)) + data[end:]


def _place(rng: Random, data: bytes) -> int:
    """Headers are where most is decided."""
    return rng.randrange(min(len(data), 200) if rng.random() < 0.4 else len(data))


def _block(rng: Random, data: bytes) -> tuple[int, int]:
    if not data:
        return 0, 0
    begin = _place(rng, data)
    return begin, min(len(data), begin + rng.choice((1, 4, 16, 64, 256, 1024, 8192)))


_PLAIN: tuple[Mutation, ...] = (
    _flip_bits, _overwrite_byte, _overwrite_word, _truncate, _repeat_block, _remove_block, _swap_blocks, _splice,
    _insert_stolen, _change_number, _change_keyed_number, _swap_tokens, _insert_token,
)  # fmt: skip
#: numbers, and what is behind lengths and checksums, find more than blind damage does
MUTATIONS: tuple[Mutation, ...] = (
    *_PLAIN, _wrap, _inside, _inside, _inside, _header, _header, _change_keyed_number, _swap_tokens,
)  # fmt: skip
