import base64
import gzip
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeld.renderers.asset import JPEG, PDF, PNG, TIFF, ZPL, _begins_otherwise, unwrap
from labeld.renderers.errors import AssetRefused, CommandRefused, RenderError

PDF_BYTES = b"%PDF-1.7\n" + bytes(range(256)) + b"\n%%EOF\n"
ZPL_BYTES = b"^XA^FO0,0^GB9,9,9^FS^XZ"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PDF_BYTES, PDF),
        (b"junk " * 200 + PDF_BYTES, PDF),
        (b"\x89PNG\r\n\x1a\n....", PNG),
        (b"\xff\xd8\xff\xe0", JPEG),
        (b"II*\0...", TIFF),
        (b"MM\0*...", TIFF),
        (ZPL_BYTES, ZPL),
        (b"\x10CT~~CD,~CC^~CT~\r\n^xa^xz", ZPL),
        (b"~DGR:A.GRF,1,1,FF^XA^XZ", ZPL),
    ],
)
def test_the_bytes_tell_the_format(data: bytes, expected: str) -> None:
    asset = unwrap(data, "text/plain")
    assert asset.document_format == expected
    assert asset.data == data


def _data_uri(data: bytes) -> bytes:
    return b"data:application/pdf;base64," + base64.b64encode(data)


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64 in lines": base64.encodebytes,
    "urlsafe": base64.urlsafe_b64encode,
    "no padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64 twice": lambda data: base64.b64encode(base64.b64encode(data)),
    "data URI": _data_uri,
    "plain data URI": lambda data: b"data:," + data.replace(b"%", b"%25"),
    "gzip": gzip.compress,
    "gzip in base64": lambda data: base64.b64encode(gzip.compress(data)),
    "JSON string": lambda data: json.dumps(base64.b64encode(data).decode()).encode(),
    "JSON string of a data URI": lambda data: json.dumps(_data_uri(data).decode()).encode(),
    "byte order mark and blanks": lambda data: b"\xef\xbb\xbf \r\n" + base64.b64encode(data),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("data", [PDF_BYTES, ZPL_BYTES])
def test_wrappings_come_off(wrapping: str, data: bytes) -> None:
    assert unwrap(WRAPPINGS[wrapping](data)).data == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the asset is empty"),
        (b" \r\n", "the asset is empty"),
        (b"\n<!DOCTYPE html><html>^XA", "this is a web page, not a label: the link has probably expired"),
        (b'{"code": 1, "message": "link expired"}', "this is JSON, not a label: it says 'link expired'"),
        (b'{"zpl": "^XA^XZ"}', "this is JSON"),
        (b"<?xml version='1.0'?><Error/>", "this is XML"),
        (b"PK\x03\x04....", "ZIP archive"),
        (b"hello, world", "it begins with 'hello, world'"),
        (b"\x00\x01\x02" + b"\xfe" * 30, "it begins with bytes 01 02 fe"),
        (base64.b64encode(PDF_BYTES).rstrip(b"=")[:-1][:41], "base64 text is cut off"),
        (base64.b64encode(b"nothing that we know"), "inside the base64 or gzip wrapping is no PDF"),
        (gzip.compress(PDF_BYTES)[:-20], "gzip data is"),
        (b"+CC-+XA", "no PDF"),
        (b"+XA^CC+ and text", "no PDF"),
        (b'"\\ud800 is half a pair"', "no PDF"),
    ],
)
def test_refusals_say_what_it_is_instead(data: bytes, words: str) -> None:
    with pytest.raises(AssetRefused) as caught:
        unwrap(data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_announced_type_is_named_when_it_misleads() -> None:
    with pytest.raises(AssetRefused, match=r"announced as application/pdf"):
        unwrap(b"hello, world", "application/pdf")


def test_an_announced_type_stays_on_the_line() -> None:
    with pytest.raises(AssetRefused) as caught:
        unwrap(b"hello, world", "text/html;\r\n\x1b[31mcharset=x")
    assert str(caught.value).isprintable()


@given(st.lists(st.sampled_from([b"^CC", b"~cc", b"+", b"-", b"a", b"A", b"XA", b"xa", b"\n"])).map(b"".join))
def test_a_changed_prefix_is_found_where_a_format_begins_with_it(data: bytes) -> None:
    wanted = re.search(rb"[\^~]CC([^\^\s]).*?\1XA", data, re.IGNORECASE | re.DOTALL)
    assert _begins_otherwise(data) == bool(wanted)


def test_changed_zpl_prefix_is_refused_by_name() -> None:
    with pytest.raises(CommandRefused, match="prefix"):
        unwrap(b"~CC+\r\n+XA+FDx+FS+XZ")


def test_too_large_names_both_sizes() -> None:
    with pytest.raises(AssetRefused, match=r"the asset has 3000 bytes, more than the limit of 1000 bytes"):
        unwrap(b"%PDF-" + b"x" * 2995, max_bytes=1000)


def test_a_gzip_bomb_is_refused_unexploded() -> None:
    with pytest.raises(AssetRefused, match="unpacks to more than the limit of 10000 bytes"):
        unwrap(gzip.compress(bytes(10_000_000)), max_bytes=10_000)


def test_endless_wrapping_ends() -> None:
    data = PDF_BYTES
    for _ in range(5):
        data = gzip.compress(data)
    with pytest.raises(AssetRefused, match="more than 4 times"):
        unwrap(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_asset_or_a_refusal(data: bytes) -> None:
    try:
        asset = unwrap(data)
    except RenderError as exc:
        assert str(exc)
    else:
        assert asset.data


@given(st.text())
def test_any_message_is_one_line_that_can_be_shown(text: str) -> None:
    message = str(AssetRefused(f"refused: {text}"))
    assert message.isprintable()
    assert message.startswith("refused:")
    assert str(AssetRefused(message)) == message
