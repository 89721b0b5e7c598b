"""Labels by link, from real servers on loopback; the name service is the only stand-in."""

import asyncio
import contextlib
import gzip
import json
import os
import re
import socket
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching.document import FetchFailed, NoLabel, TryLater
from labeld.daemon.fetching.download import Downloads
from labeld.daemon.fetching.names import PublicNames

from . import outside
from .authority import make, server_side
from .harness import ROOT

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


class Unknown(Names):
    """A name service that knows nobody."""

    def __init__(self) -> None:
        super().__init__(0)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


class Server:
    """Answers on loopback as a test says, and counts connections and requests."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.port = 0
        self.origin = ""

    @contextlib.asynccontextmanager
    async def up(self, answer: bytes, tls: ssl.SSLContext | None = None, *, stays: bool = False) -> AsyncIterator[None]:
        """Send `answer` to every request, and close the connection unless it `stays`."""
        finished = asyncio.Event()
        accepted = asyncio.Event()
        serving: list[asyncio.Task[None] | None] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            serving.append(asyncio.current_task())
            accepted.set()
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests[head.split()[1]] += 1
                self.headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
                writer.write(answer)
                await writer.drain()
                if stays:
                    await finished.wait()
            except (OSError, EOFError):
                pass
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        self.origin = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self.port}"
        async with server:
            try:
                yield
            finally:
                if stays:
                    # a client that is quick to leave may be gone before it is seen
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(accepted.wait(), 5)
                finished.set()
                await asyncio.gather(*(task for task in serving if task is not None))


def answer(status: str = "200 OK", body: bytes = LABEL, *headers: str, length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers, *([f"Content-Length: {len(body)}"] * length)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def fetched(raw: bytes, query: str = QUERY, *, stays: bool = False, **settings: float) -> bytes:
    """What `Downloads` makes of an answer of the sandbox."""
    server = Server()
    async with server.up(raw, stays=stays):
        chosen = LinksSettings.model_validate({"sandbox": server.origin, **settings})
        async with Downloads(chosen, LIMIT, names=Unknown(), clock=lambda: NOW) as downloads:
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
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    make(folder, HOST, "localhost", outside.OTHER, "eviltiktokshop.com")
    return folder


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


@contextlib.asynccontextmanager
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


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_to_this_host_is_not_connected_to(address: str, certificates: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificates / "root.pem")
    server = Server()
    async with server.up(answer(), server_side(certificates)):
        names = Names(server.port, address)
        for sandbox in (None, "http://127.0.0.1:1", f"http://localhost:{server.port}"):
            async with Downloads(LinksSettings(sandbox=sandbox), LIMIT, trusted=trusted, names=names) as downloads:
                with pytest.raises(TryLater, match=f"{HOST} leads to {address}, which is loopback: not connected"):
                    await downloads.get(f"https://{HOST}/doc?{QUERY}")
    assert names.asked == [HOST] * 3
    assert server.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("64:ff9b::7f00:1",),
        ("fd00:ec2::254",),
        ("93.184.216.34", "127.0.0.1"),
        ("2606:2800:220:1::34", "93.184.216.34", "fe80::1"),
    ],
)
async def test_one_address_inside_is_enough_to_refuse_a_name(addresses: tuple[str, ...]) -> None:
    with pytest.raises(TryLater, match=f"{HOST} leads to {addresses[-1]}, which is"):
        await PublicNames(Names(443, *addresses), None).resolve(HOST, 443)


async def test_public_addresses_are_passed_on_as_they_are() -> None:
    names = Names(443, "2606:2800:220:1::34", "93.184.216.34")
    found = await PublicNames(names, "localhost").resolve(HOST, 443)
    assert [one["host"] for one in found] == ["2606:2800:220:1::34", "93.184.216.34"]
    with pytest.raises(TryLater, match="which is not loopback"):
        await PublicNames(names, "localhost").resolve("localhost", 443)


async def test_a_sandbox_may_have_https_and_a_name(certificates: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificates / "root.pem")
    server = Server()
    async with server.up(answer(), server_side(certificates)):
        settings, names = LinksSettings(sandbox=server.origin), Names(server.port, "127.0.0.1")
        async with Downloads(settings, LIMIT, trusted=trusted, names=names) as downloads:
            assert (await downloads.get(f"{server.origin}/doc")).data == LABEL


async def test_a_certificate_that_nobody_trusts_ends_it(certificates: Path) -> None:
    server = Server()
    async with (
        server.up(answer(), server_side(certificates)),
        Downloads(LinksSettings(sandbox=server.origin), LIMIT) as downloads,
    ):
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

    async with Downloads(LinksSettings(), LIMIT, names=Unknown()) as downloads:
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


async def test_names_that_change_lead_nowhere_inside(certificates: Path) -> None:
    """Nothing is replaced: a network and a mount namespace whose loopback has public addresses too."""
    hosts = certificates / "hosts"
    hosts.write_text("")
    addresses = " && ".join(
        f"ip address add {address} dev lo"
        for address in (f"{outside.PUBLIC}/32", f"{outside.PUBLIC6}/128", f"{outside.INSIDE}/32")
    )
    apart = ("unshare", "--map-root-user", "--net", "--mount", "sh", "-c")
    inside = f'ip link set lo up && {addresses} && mount --bind "$1" /etc/hosts && shift && exec "$@"'

    async def run(*command: str) -> tuple[int | None, bytes]:
        ours = await asyncio.create_subprocess_exec(
            *apart,
            inside,
            "sh",
            str(hosts),
            *command,
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT / '.src'}:{ROOT}",
                "SSL_CERT_FILE": str(certificates / "root.pem"),
            },
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await ours.communicate()
        return ours.returncode, out

    if (await run("true"))[0] != 0:
        pytest.skip("no namespaces here")
    code, out = await run(sys.executable, "-W", "error", "-m", "tests.integration.outside", str(certificates))
    assert code == 0
    result = json.loads(out)
    told = result["told"]
    for what in ("public", "public by IPv6", "redirected"):
        assert told[what] == "%PDF-1.7 %%EOF"
    assert "not fetched from eviltiktokshop.com" in told["evil"]
    assert "redirects elsewhere: labels are not fetched from eviltiktokshop.com" in told["redirected to evil"]
    for address, why in (("127.0.0.1", "loopback"), ("::1", "loopback"), (outside.INSIDE, "private")):
        assert f"{HOST} leads to {address}, which is {why}: not connected" in told[f"rebound to {address}"]
    assert "redirects elsewhere: the link is not https" in told["redirected to the sandbox"]
    assert f"{outside.OTHER} leads to 127.0.0.1, which is loopback" in told["redirected inside"]
    # and no request came to an address inside
    assert result["seen"] == {outside.PUBLIC: 6, outside.PUBLIC6: 1}
