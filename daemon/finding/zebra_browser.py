"""Asks configured networks for Zebras (UDP 4201), and keeps what answered current."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from ...drivers import zebra_discovery
from ...drivers.devices import Service

log = logging.getLogger(__name__)

#: pause after a look, twice as long each time; and while a printer is missing
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 5.0, 300.0
_SOON_SECONDS, _LONGEST_SOON_SECONDS = 3.0, 60.0
#: each address is asked so often in a look, for datagrams get lost; and how long replies are waited for after each
_TIMES, _REPLY_SECONDS = 2, 1.0
#: so many questions go out at once, then a pause: a sweep of 1022 addresses takes two thirds of a second
_AT_ONCE, _PAUSE_SECONDS = 32, 0.02
#: who answers in none of so many looks is gone
_LOOKS = 3
#: replies taken in one look, bytes looked at of each, and printers kept
_MOST_REPLIES, _MOST_BYTES, _MOST = 8192, 1500, 2000


@dataclass(frozen=True, slots=True)
class Answered:
    """What answered from an address, and how many looks ago it did last."""

    service: Service
    ago: int = 0


def follow(known: Mapping[str, Answered], replies: Mapping[str, Service]) -> dict[str, Answered]:
    """What is known by address after a look that brought `replies`.

    One that stays silent is kept for some looks, unless its hardware address answered elsewhere: it has moved.
    """
    moved = {service.advert.hardware_address for service in replies.values()} - {None}
    kept = {
        at: Answered(one.service, one.ago + 1)
        for at, one in known.items()
        if at not in replies and one.ago + 1 < _LOOKS and one.service.advert.hardware_address not in moved
    }
    now = kept | {at: Answered(service) for at, service in replies.items()}
    newest = sorted(now, key=lambda at: (now[at].ago, at))[:_MOST]
    return {at: now[at] for at in newest}


class ZebraBrowser:
    """Looks for Zebras on networks that a person named, gently: at the start, then ever more seldom.

    Args:
        networks: where to ask, and whose replies count; nothing is sent elsewhere.
        changed: called whenever `services` may have changed.
    """

    def __init__(self, networks: Sequence[IPv4Network], changed: Callable[[], None]) -> None:
        self._networks = networks
        self._changed = changed
        self._known: dict[str, Answered] = {}
        self._missing = asyncio.Event()

    @property
    def services(self) -> list[Service]:
        """All that answered of late."""
        return [one.service for one in self._known.values()]

    def missing(self) -> None:
        """A printer is missing: look again soon."""
        self._missing.set()

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        pause, soon = _FIRST_PAUSE_SECONDS, _SOON_SECONDS
        while self._networks:
            try:
                if await self.look():
                    soon = _SOON_SECONDS  # who is missing may have been on its way
            except OSError as error:
                log.warning("Zebras cannot be asked for (UDP %d): %s", zebra_discovery.PORT, error.strerror or error)
            ended = loop.time()
            self._missing.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._missing.wait()
            except TimeoutError:
                pause, soon = min(2 * pause, _LONGEST_PAUSE_SECONDS), _SOON_SECONDS
            else:
                await asyncio.sleep(ended + soon - loop.time())
                soon = min(2 * soon, _LONGEST_SOON_SECONDS)

    async def look(self) -> bool:
        """Ask all networks once, and take in who answers; no port stays open after it. Gives whether that is news.

        Raises:
            OSError: there is no socket for it.
        """
        if not self._networks:
            return False
        replies = _Replies(self._networks)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: replies,
            family=socket.AF_INET,
            local_addr=("0.0.0.0", 0),  # noqa: S104 - replies come from the networks asked; others are dropped
            allow_broadcast=True,
        )
        try:
            for _ in range(_TIMES):
                for number, address in enumerate(self._targets(), 1):
                    transport.sendto(zebra_discovery.QUESTION, (str(address), zebra_discovery.PORT))
                    if number % _AT_ONCE == 0:
                        await asyncio.sleep(_PAUSE_SECONDS)
                await asyncio.sleep(_REPLY_SECONDS)
        finally:
            transport.close()
        before = self.services
        self._known = follow(self._known, replies.services)
        news = self.services != before
        if news:
            self._changed()
        return news

    def _targets(self) -> Iterator[IPv4Address]:
        for network in self._networks:
            if _is_own(network):
                yield network.broadcast_address
            else:  # routers pass no broadcasts on
                yield from network.hosts()


def _is_own(network: IPv4Network) -> bool:
    """Whether the last address of a network is a broadcast to this host: its kernel then asks for SO_BROADCAST."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(network.broadcast_address), zebra_discovery.PORT))  # nothing is sent
        except PermissionError:
            return True
        except OSError:
            return False
    return False


class _Replies(asyncio.DatagramProtocol):
    """Takes in the replies of one look, from the networks that were asked, a bounded number of them."""

    def __init__(self, networks: Sequence[IPv4Network]) -> None:
        self.services: dict[str, Service] = {}
        self._networks = networks
        self._left = _MOST_REPLIES

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one."""
        self._left -= 1
        if self._left < 0 or (len(self.services) >= _MOST and addr[0] not in self.services):
            return
        with contextlib.suppress(AddressValueError):
            at = IPv4Address(addr[0])
            if any(at in network for network in self._networks) and (
                reply := zebra_discovery.parse(data[:_MOST_BYTES])
            ):
                self.services[str(at)] = zebra_discovery.service(reply, str(at))

    def error_received(self, exc: Exception) -> None:
        """An address that cannot be reached is none of a printer."""
        log.debug("asking for Zebras: %s", exc)
