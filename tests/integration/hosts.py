"""Hosts of labels on loopback, and the name service, which is the only stand-in."""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from labeld.config.sources import LinksSettings
from labeld.daemon.fetching.document import FetchFailed
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
