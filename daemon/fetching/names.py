"""The name service for links: a name is looked up once, and only public addresses are connected to."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from .document import TryLater
from .links import why_not_public

#: a name server that is silent blocks these threads, and nobody else's
_THREADS = 4


class SystemNames(AbstractResolver):
    """The host's own name service (getaddrinfo), asked in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`.

        Raises:
            OSError: it has none, or nobody answers.
        """
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
        )
        return [
            ResolveResult(
                hostname=host,
                # an address of one interface only is told as such, for it is refused
                host=f"{address[0]}%{address[3]}" if len(address) == 4 and address[3] else str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class PublicNames(AbstractResolver):
    """Passes on what `names` says only if every address of a name is public.

    aiohttp connects to exactly the addresses that it gets here and asks no second time, so that a name that changes
    between check and use (DNS rebinding) gains nothing.
    """

    def __init__(self, names: AbstractResolver, sandbox: str | None) -> None:
        """Guard `names`; `sandbox` is the one host's name that leads to loopback instead."""
        self._names = names
        self._sandbox = sandbox

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`.

        Raises:
            OSError: it has none, or nobody answers.
            TryLater: one of them is not public.
        """
        found = await self._names.resolve(host, port, family)
        for one in found:
            why = why_not_public(one["host"])
            if (why != "loopback") if host == self._sandbox else why:
                raise TryLater(
                    f"{host} leads to {one['host']}, which is {why or 'not loopback'}: not connected; look at this "
                    "host's name service"
                )
        return found

    async def close(self) -> None:
        """Let the name service go."""
        await self._names.close()
