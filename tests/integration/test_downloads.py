"""Labels by link, from real servers on loopback; the name service is the only stand-in."""

import asyncio
import gzip
import re
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching.document import FetchFailed, NoLabel, TryLater
from labeld.daemon.fetching.download import Downloads

LABEL = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"
HOST = "open-fs-va.tiktokshop.com"
#: nothing that is raised may show it
SECRET = "5ec2e7"
NOW = 1_795_550_400.0
QUERY = f"expire={NOW + 86400:.0f}&sign={SECRET}"
ENDED = f"expire={NOW - 60:.0f}&sign={SECRET}"
LIMIT = 200_000


class Names(AbstractResolver):
    """A name service in which names lead where the test says, at the port of its server."""

    def __init__(self, port: int, *addresses: str) -> None:
        self.port, self.addresses = port, addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=self.port,
                family=kinds[ip_address(address).version],
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


class Server:
    """Answers on loopback as a test says, and counts connections and requests."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.port = 0
        self.origin = ""

    @asynccontextmanager
    async def up(self, answer: bytes, tls: ssl.SSLContext | None = None, *, stays: bool = False) -> AsyncIterator[None]:
        """Send `answer` to every request, and close the connection unless it `stays`."""
        finished = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests[head.split()[1]] += 1
                self.headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
                writer.write(answer.replace(b"PORT", str(self.port).encode()))
                await writer.drain()
                if stays:
                    await finished.wait()
            except (OSError, EOFError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        self.origin = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self.port}"
        async with server:
            yield
            finished.set()


def answer(status: str = "200 OK", body: bytes = LABEL, *headers: str, length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers, *([f"Content-Length: {len(body)}"] * length)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def fetched(raw: bytes, query: str = QUERY, *, stays: bool = False, **settings: float) -> bytes:
    """What `Downloads` makes of an answer of the sandbox."""
    server = Server()
    async with server.up(raw, stays=stays):
        chosen = LinksSettings.model_validate({"sandbox": server.origin, **settings})
        async with Downloads(chosen, LIMIT, clock=lambda: NOW) as downloads:
            return (await downloads.get(f"{server.origin}/doc?{query}")).data


async def failed(raw: bytes, query: str = QUERY, *, stays: bool = False, **settings: float) -> FetchFailed:
    """How an answer of the sandbox fails; never with a word of the link."""
    with pytest.raises(FetchFailed) as error:
        await fetched(raw, query, stays=stays, **settings)
    assert SECRET not in str(error.value) and "expire=" not in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__cause__ is None
    return error.value


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server that is open-fs-va.tiktokshop.com and localhost, and of a client that trusts its authority."""
    folder = tmp_path_factory.mktemp("authority")
    day = timedelta(days=1)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)

    def signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder(
            issuer, name, key.public_key(), x509.random_serial_number(), now - day, now + day
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root = signed(issuer, keys[0], x509.BasicConstraints(ca=True, path_length=0))
    leaf = signed(subject, keys[1], x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")]))
    secret = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(leaf + secret)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(folder / "server.pem")
    return served, ssl.create_default_context(cadata=root.decode())


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
    error = await failed(raw, stays=True, silence_seconds=0.05)
    assert isinstance(error, TryLater) and "too slow" in str(error)
    assert "too slow" in str(await failed(b"", stays=True, timeout_seconds=0.05))


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


@asynccontextmanager
async def served(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, Counter[str]]]:
    """An aiohttp server on loopback: its origin, and its requests by path."""
    requests: Counter[str] = Counter()

    async def count(request: web.Request) -> web.StreamResponse:
        requests[request.path] += 1
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", count)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        yield (f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"), requests
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://evil.example/x", "not fetched from evil.example"),
        ("https://eviltiktokshop.com/x", "not fetched from eviltiktokshop.com"),
        (f"http://{HOST}/x", "not https"),
        ("http://127.0.0.1:PORT2/x", "not https"),
        ("http://127.0.0.1/x", "not https"),
        ("http://2130706433/x", "not https"),
        ("https://127.0.0.1:PORT2/x", "an address"),
        ("https://[::ffff:127.0.0.1]/x", "an address"),
        ("//127.0.0.1:PORT2/x", "not https"),
        ("//evil.example/x", "not https"),
        ("file:///etc/passwd", "not https"),
        (f"https://me@{HOST}/x", "user name"),
        (f"https://{HOST}:PORT2/x", "port"),
        ("http://[/x", "not https"),
        (f"https://{HOST}\\@evil.example/x", r"U\+005C"),
        ("/x y", r"U\+0020"),
        ("", "redirects more than 3 times"),
        ("/x", "redirects more than 3 times"),
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(location: str, why: str) -> None:
    async def label(request: web.Request) -> web.Response:
        return web.Response(body=LABEL)

    async with served(label) as (inside, requests):
        to = location.replace("PORT2", inside.rpartition(":")[2])
        error = await failed(answer("302 Found", b"", f"Location: {to}"))
    assert isinstance(error, NoLabel) and re.search(why, str(error)), error
    assert not requests


async def test_redirects_within_the_list_are_followed_and_seen_one_by_one() -> None:
    hops = {"/doc": "a/b?sign=1", "/a/b": "../c", "/c": "/label"}

    async def hop(request: web.Request) -> web.Response:
        if request.path in hops:
            raise web.HTTPFound(hops[request.path])
        return web.Response(body=LABEL)

    async with served(hop) as (origin, requests), Downloads(LinksSettings(sandbox=origin), LIMIT) as downloads:
        assert (await downloads.get(f"{origin}/doc?{QUERY}")).data == LABEL
    assert requests == {"/doc": 1, "/a/b": 1, "/c": 1, "/label": 1}


_INSIDE = (
    "127.0.0.1 127.0.0.2 10.0.0.1 192.168.1.1 172.16.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 "
    "::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 2001::1 fd00::1 fe80::1 ff02::1"
)


@pytest.mark.parametrize("address", _INSIDE.split())
async def test_a_name_that_leads_inside_is_not_connected_to(
    address: str, authority: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    served_by, trusted = authority
    server = Server()
    async with server.up(answer(), served_by):
        names = Names(server.port, address)
        for sandbox in (None, "http://127.0.0.1:1"):
            async with Downloads(LinksSettings(sandbox=sandbox), LIMIT, trusted=trusted, names=names) as downloads:
                with pytest.raises(TryLater, match=f"{HOST} leads to {address}, which is .*: not connected"):
                    await downloads.get(f"https://{HOST}/doc?{QUERY}")
    assert names.asked == [HOST, HOST]
    assert server.connections == 0


async def test_one_address_inside_among_public_ones_is_enough_to_refuse() -> None:
    names = Names(443, "93.184.216.34", "127.0.0.1")
    async with Downloads(LinksSettings(), LIMIT, names=names) as downloads:
        with pytest.raises(TryLater, match=r"leads to 127\.0\.0\.1, which is loopback"):
            await downloads.get(f"https://{HOST}/doc?{QUERY}")


async def test_a_sandbox_by_name_must_be_on_loopback(authority: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    served_by, trusted = authority
    server = Server()
    async with server.up(answer(), served_by):
        settings = LinksSettings(sandbox=server.origin)
        for address, kind in (("127.0.0.1", None), ("93.184.216.34", TryLater), ("10.0.0.1", TryLater)):
            names = Names(server.port, address)
            async with Downloads(settings, LIMIT, trusted=trusted, names=names) as downloads:
                if kind is None:
                    assert (await downloads.get(f"{server.origin}/doc")).data == LABEL
                else:
                    with pytest.raises(kind, match="not connected"):
                        await downloads.get(f"{server.origin}/doc")
    assert server.connections == 1


async def test_a_certificate_that_nobody_trusts_ends_it(authority: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server = Server()
    async with server.up(answer(), authority[0]), Downloads(LinksSettings(sandbox=server.origin), LIMIT) as downloads:
        with pytest.raises(TryLater, match="certificate is not trusted; look at this host's clock"):
            await downloads.get(f"{server.origin}/doc?{QUERY}")
    assert not server.requests


async def test_a_host_that_is_off_or_unknown_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Downloads(LinksSettings(sandbox=origin), LIMIT) as downloads:
            with pytest.raises(TryLater, match=r"127\.0\.0\.1: not reached \(.*refused"):
                await downloads.get(f"{origin}/doc?{QUERY}")

    class Nobody(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with Downloads(LinksSettings(), LIMIT, names=Nobody(0)) as downloads:
        with pytest.raises(TryLater, match="name service does not know it"):
            await downloads.get(f"https://{HOST}/doc?{QUERY}")


async def test_the_hosts_own_name_service_is_asked() -> None:
    server = Server()
    async with server.up(answer()):
        origin = server.origin.replace("127.0.0.1", "localhost")
        async with Downloads(LinksSettings(sandbox=origin), LIMIT) as downloads:
            assert (await downloads.get(f"{origin}/doc")).data == LABEL


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = Server(), Server()
    async with proxy.up(answer()), server.up(answer()):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        async with Downloads(LinksSettings(sandbox=server.origin), LIMIT) as downloads:
            assert (await downloads.get(f"{server.origin}/doc")).data == LABEL
    assert (proxy.connections, server.connections) == (0, 1)
