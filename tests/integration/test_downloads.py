"""What each answer of a host makes of a label, from real servers on loopback."""

import asyncio
import gzip
import re

import pytest
from aiohttp import web

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching.document import FetchFailed, NoLabel, TryLater
from labeld.daemon.fetching.download import Downloads

from .hosts import (
    ENDED,
    LABEL,
    LIMIT,
    QUERY,
    Server,
    answer,
    failed,
    fetched,
    served,
)


@pytest.mark.parametrize(
    ("raw", "media_type"),
    [
        (answer("200 OK", LABEL, "Content-Type: application/pdf; charset=binary"), "application/pdf"),
        (answer("206 Partial Content", LABEL, f"Content-Range: bytes 0-{len(LABEL) - 1}/{len(LABEL)}"), None),
        (answer("206 Partial Content", LABEL, "Content-Range: bytes 0-33/*"), None),
        (answer("206 Partial Content", LABEL), None),
        (answer(), None),
        (answer("200 OK", LABEL, "Content-Type: what is this"), None),
        (answer("200 OK", LABEL, length=False), None),
        (answer("200 OK", gzip.compress(LABEL), "Content-Encoding: gzip"), None),
        (
            answer("200 OK", b"5\r\n%PDF-\r\n6\r\n%%EOF\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
            None,
        ),
    ],
)
async def test_a_label_comes_as_its_host_sent_it(raw: bytes, media_type: str | None) -> None:
    server = Server()
    async with server.up(raw), Downloads(LinksSettings(sandbox=server.origin), LIMIT) as downloads:
        document = await downloads.get(f"{server.origin}/doc%2Fx?{QUERY}&b=a%2Bc")
    assert document.data.startswith(b"%PDF-") and document.data.endswith(b"%%EOF\n")
    assert document.media_type == media_type
    assert list(server.requests) == [f"/doc%2Fx?{QUERY}&b=a%2Bc"]
    assert server.headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & set(server.headers)


@pytest.mark.parametrize(
    ("raw", "kind", "why"),
    [
        (answer("200 OK", b""), TryLater, "empty"),
        (answer("200 OK", LABEL, "Content-Length: 500", length=False), TryLater, "cut off"),
        (answer("200 OK", LABEL[:-8], length=False), TryLater, "cut off"),
        (answer("200 OK", b"\x89PNG\r\n\x1a\n....", length=False), TryLater, "cut off"),
        (answer("200 OK", b"fff\r\n%PDF-", "Transfer-Encoding: chunked", length=False), TryLater, "cut off"),
        (answer("200 OK", gzip.compress(LABEL)[:-9], "Content-Encoding: gzip"), TryLater, "cut off"),
        (answer("200 OK", LABEL, "Content-Encoding: gzip"), TryLater, "cut off"),
        (answer("200 OK", LABEL, "Content-Encoding: br"), TryLater, "not asked for"),
        (answer("206 Partial Content", LABEL, "Content-Range: bytes 0-33/5000"), TryLater, "part of the file"),
        (answer("206 Partial Content", LABEL, "Content-Range: bytes 9-42/43"), TryLater, "part of the file"),
        (answer("206 Partial Content", LABEL, "Content-Range: lines 0-33/34"), TryLater, "part of the file"),
        # larger than a label, told and not told, packed and not
        (answer("200 OK", LABEL, f"Content-Length: {LIMIT + 1}", length=False), NoLabel, "0.2 MiB"),
        (answer("200 OK", b"%" * (LIMIT + 1), length=False), NoLabel, "0.2 MiB"),
        (answer("200 OK", gzip.compress(bytes(50 * LIMIT)), "Content-Encoding: gzip"), NoLabel, "0.2 MiB"),
        # not a label
        (answer("200 OK", b"\xef\xbb\xbf \n<!DOCTYPE html><title>Log in</title>"), NoLabel, 'page .*"Log in".* login'),
        (answer("200 OK", b"<HTML><body>hello"), NoLabel, "a web page"),
        (answer("200 OK", b'{"code":36009003,"message":"internal error"}'), TryLater, 'message .*"internal error"'),
        (answer("200 OK", b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"), TryLater, '"NoSuchKey"'),
        # statuses
        (answer("404 Not Found"), NoLabel, "404: there is no file at the link; publish the event again"),
        (answer("410 Gone"), NoLabel, "410: there is no file"),
        (answer("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>"), TryLater, '403 ."AccessDenied".'),
        (answer("401 Unauthorized"), TryLater, "refused"),
        (answer("400 Bad Request"), NoLabel, "not understood"),
        (answer("304 Not Modified", b""), TryLater, "304"),
        (answer("302 Found", b""), TryLater, "302"),
        (answer("204 No Content", b""), TryLater, "204"),
        (answer("500 Internal Server Error"), TryLater, "500"),
        (
            answer("503 Service Unavailable", b'{"message":"sign=5ec2e7\\nis wrong"}'),
            TryLater,
            '503 ."sign=… is wrong".',
        ),
        (answer("429 Too Many Requests", b'{"message":{"a":1}}'), TryLater, "answers 429$"),
        (answer("429 Too Many Requests", b"{" * 4000), TryLater, "answers 429$"),
        # no HTTP
        (b"", TryLater, "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9", TryLater, "broke"),
        (b"220 mail.example ESMTP\r\n", TryLater, "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", TryLater, "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", TryLater, "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", TryLater, "no HTTP"),
    ],
)
async def test_what_is_no_label_is_said(raw: bytes, kind: type[FetchFailed], why: str) -> None:
    error = await failed(raw)
    assert type(error) is kind, error
    assert re.search(why, str(error)), error


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "400 Bad Request", "410 Gone"])
async def test_a_link_that_is_refused_at_its_end_has_ended(status: str) -> None:
    error = await failed(answer(status), ENDED)
    assert isinstance(error, NoLabel)
    assert re.search(r"the link ended at 2026-11-24 19:59 UTC .* publish the event again with a new link", str(error))


async def test_a_file_that_is_an_error_at_the_links_end_says_so_too() -> None:
    assert isinstance(await failed(answer("200 OK", b'{"message":"expired"}'), ENDED), NoLabel)
    assert isinstance(await failed(answer("503 Service Unavailable"), ENDED), TryLater)
    assert await fetched(answer(), ENDED) == LABEL


@pytest.mark.parametrize(
    ("told", "after"),
    [
        ("Retry-After: 7", 7.0),
        ("Retry-After: 999999999", 3600.0),
        ("Retry-After: 99999999999999999999", None),
        ("Retry-After: Tue, 24 Nov 2026 20:00:30 GMT", 30.0),
        ("Retry-After: Tue, 24 Nov 2020 20:00:30 GMT", 0.0),
        ("Retry-After: Tue, 24 Nov 9999 20:00:30 GMT", 3600.0),
        ("Retry-After: -5", None),
        ("Retry-After: soon", None),
        ("X: y", None),
    ],
)
async def test_a_host_is_left_alone_as_long_as_it_asks_for(told: str, after: float | None) -> None:
    for status in ("429 Too Many Requests", "503 Service Unavailable"):
        error = await failed(answer(status, b"", told))
        assert isinstance(error, TryLater) and error.after == after


async def test_a_host_that_falls_silent_is_left() -> None:
    raw = answer("200 OK", LABEL, "Content-Length: 100", length=False)
    error = await failed(raw, stays=True, silence_seconds=0.1)
    assert isinstance(error, TryLater) and "too slow" in str(error)
    assert "too slow" in str(await failed(b"", stays=True, timeout_seconds=0.1))


async def test_an_endless_file_is_cut_by_size_and_by_time() -> None:
    sent = 0

    async def drip(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        pause = float(request.query["pause"])
        while True:
            await response.write(b"%" * 10_000)
            sent += 10_000
            await asyncio.sleep(pause)

    async with served(drip) as (origin, _):
        settings = LinksSettings(sandbox=origin, timeout_seconds=60)
        async with Downloads(settings, LIMIT) as downloads:
            with pytest.raises(NoLabel, match="more than a label"):
                await downloads.get(f"{origin}/?pause=0")
        assert sent < 100 * LIMIT
        async with Downloads(settings.model_copy(update={"timeout_seconds": 0.1}), LIMIT) as downloads:
            with pytest.raises(TryLater, match="too slow"):
                await downloads.get(f"{origin}/?pause=0.02")
