"""Hears printers announce themselves by mDNS, and keeps what they announce current."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from types import TracebackType
from typing import Self

from zeroconf import InterfaceChoice, IPVersion, ServiceInfo, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from ...drivers.devices import Service
from ...drivers.dnssd import SERVICE_TYPES, from_txt, shown

log = logging.getLogger(__name__)

#: whoever announces more than this is not heard; and addresses of one service
_MOST, _ADDRESSES = 2000, 8
#: names that are asked for their address and port at a time, and for how long each
_RESOLVERS, _RESOLVE_MS = 8, 3000
#: a service is read again from what zeroconf keeps, which forgets what was not repeated
_READ_AGAIN_SECONDS = 10.0
#: soon after a change, when zeroconf has let go of the former address (RFC 6762 section 10.2: one second)
_SETTLED_SECONDS = 1.5
_LONGEST_PAUSE_SECONDS = 300.0
_SCHEMES = {kind: scheme for scheme, kind in SERVICE_TYPES.items()}


@dataclass(slots=True)
class _Heard:
    """A name that was announced; `service` is None while nobody tells its place."""

    service: Service | None = None
    failures: int = 0
    not_before: float = 0.0


class Browser:
    """Listens as long as its context: `async with Browser(interfaces) as browser: browser.services`.

    Attributes:
        changed: set whenever `services` may have changed; whoever waits clears it.

    Args:
        interfaces: addresses of this host to listen from, of IPv4 and IPv6; all when empty.
        changed: the event to set, where there is one already.
    """

    def __init__(self, interfaces: Collection[str] = (), changed: asyncio.Event | None = None) -> None:
        self.changed = changed or asyncio.Event()
        self._interfaces = list(interfaces)
        self._own = any(ip_address(one).is_loopback for one in interfaces)
        self._names: dict[tuple[str, str], _Heard] = {}
        self._unresolved: dict[tuple[str, str], None] = {}
        self._work = asyncio.Event()
        self._full = False
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def services(self) -> list[Service]:
        """All services whose place is known."""
        return [heard.service for heard in self._names.values() if heard.service is not None]

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            OSError: an interface is not there, or takes no multicast.
        """
        try:
            self._zeroconf = self._open()
        except RuntimeError as error:  # no interface at all
            raise OSError(str(error)) from error
        inner = self._zeroconf.zeroconf
        self._browser = AsyncServiceBrowser(inner, list(SERVICE_TYPES.values()), handlers=[self._announced])
        self._tasks = [asyncio.create_task(self._resolve(inner), name="mdns-resolve") for _ in range(_RESOLVERS)]
        self._tasks.append(asyncio.create_task(self._read_again(self._zeroconf), name="mdns-read"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            await self._zeroconf.async_close()

    def _open(self) -> AsyncZeroconf:
        if self._interfaces:
            return AsyncZeroconf(interfaces=self._interfaces)  # the versions of IP are those of the addresses
        try:
            return AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.All)
        except OSError:  # a kernel without IPv6
            return AsyncZeroconf(interfaces=InterfaceChoice.All)

    def _announced(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        key = service_type, name
        if state_change is ServiceStateChange.Removed:
            self._unresolved.pop(key, None)
            if self._names.pop(key, None) is not None:
                self.changed.set()
            return
        if key not in self._names:
            if len(self._names) >= _MOST:
                if not self._full:
                    log.warning("more than %d services are announced by mDNS: others are not heard", _MOST)
                self._full = True
                return
            self._names[key] = _Heard()
        self._read(zeroconf, key)
        asyncio.get_running_loop().call_later(_SETTLED_SECONDS, self._read, zeroconf, key)

    def _read(self, zeroconf: Zeroconf, key: tuple[str, str]) -> None:
        """Take over what zeroconf knows of a name now; what it does not know is asked for."""
        if (heard := self._names.get(key)) is None:
            return
        info = AsyncServiceInfo(*key)
        if info.load_from_cache(zeroconf):
            self._take(key, info)
        elif heard.not_before <= asyncio.get_running_loop().time():
            self._unresolved[key] = None
            self._work.set()

    def _take(self, key: tuple[str, str], info: AsyncServiceInfo | None) -> None:
        if (heard := self._names.get(key)) is None:
            return
        service = None if info is None else self._service(key, info)
        if service is None:
            heard.failures += 1
            pause = min(_READ_AGAIN_SECONDS * 2.0 ** min(heard.failures, 10), _LONGEST_PAUSE_SECONDS)
            heard.not_before = asyncio.get_running_loop().time() + pause
        else:
            heard.failures, heard.not_before = 0, 0.0
        if service != heard.service:
            heard.service = service
            self.changed.set()

    def _service(self, key: tuple[str, str], info: ServiceInfo) -> Service | None:
        kind, name = key
        addresses = sorted({named(address) for address in info.parsed_scoped_addresses() if self._usable(address)})
        if not addresses:
            return None
        return Service(
            _SCHEMES[kind],
            shown(name.removesuffix(f".{kind}")),
            shown((info.server or "").rstrip(".")),
            info.port or 0,
            tuple(addresses[:_ADDRESSES]),
            from_txt(info.properties),
        )

    def _usable(self, text: str) -> bool:
        """Whether a printer can be there: nobody outside names this very host, or everybody, as a printer."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
            return False
        if isinstance(address, IPv6Address) and (
            address.ipv4_mapped is not None or (address.is_link_local and address.scope_id is None)
        ):
            return False
        return self._own or not address.is_loopback

    async def _resolve(self, zeroconf: Zeroconf) -> None:
        while True:
            while self._unresolved:
                key = next(iter(self._unresolved))
                del self._unresolved[key]
                info = AsyncServiceInfo(*key)
                found = await info.async_request(zeroconf, _RESOLVE_MS)
                self._take(key, info if found else None)
            self._work.clear()
            await self._work.wait()

    async def _read_again(self, zeroconf: AsyncZeroconf) -> None:
        """Follow addresses that ended without a word, and interfaces that came later than labeld."""
        while True:
            await asyncio.sleep(_READ_AGAIN_SECONDS)
            for key in list(self._names):
                self._read(zeroconf.zeroconf, key)
            if not self._interfaces:
                with contextlib.suppress(OSError, RuntimeError):
                    await zeroconf.async_update_interfaces(InterfaceChoice.All)


def named(address: str) -> str:
    """A link-local address with the name of its interface, as people write it (RFC 4007 section 11), not its number."""
    plain, _, scope = address.partition("%")
    with contextlib.suppress(OSError):  # the interface has gone
        return f"{plain}%{socket.if_indextoname(int(scope))}" if scope.isdecimal() else address
    return address
