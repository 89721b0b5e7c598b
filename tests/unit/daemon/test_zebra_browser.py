"""Zebras asked for on loopback, with simulated ones and with whoever else answers."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from typing import cast

import pytest

from labeld.daemon.finding.zebra_browser import _LOOKS, Answered, ZebraBrowser, follow
from labeld.drivers.devices import Service
from labeld.drivers.dnssd import Advert
from labeld.drivers.virtual.server import VirtualPrinter
from labeld.drivers.zebra_discovery import QUESTION


def told(address: str, card: str | None) -> Service:
    return Service("socket", "Z", address, 9100, (address,), Advert(hardware_address=card))


def test_who_stays_silent_is_kept_for_a_while() -> None:
    known = follow({}, {"192.0.2.1": told("192.0.2.1", None)})
    for _ in range(_LOOKS - 1):
        known = follow(known, {})
        assert set(known) == {"192.0.2.1"}
    assert follow(known, {}) == {}
    assert follow(known, {"192.0.2.1": told("192.0.2.1", "aa")}) == {"192.0.2.1": Answered(told("192.0.2.1", "aa"))}


def test_a_card_that_answers_elsewhere_has_moved() -> None:
    known = follow({}, {"192.0.2.1": told("192.0.2.1", "aa"), "192.0.2.2": told("192.0.2.2", "bb")})
    swapped = {"192.0.2.1": told("192.0.2.1", "bb"), "192.0.2.2": told("192.0.2.2", "aa")}
    assert follow(known, swapped) == {at: Answered(one) for at, one in swapped.items()}
    assert set(follow(known, {"192.0.2.3": told("192.0.2.3", "aa")})) == {"192.0.2.2", "192.0.2.3"}


@pytest.fixture
def network() -> IPv4Network:
    """Sixteen addresses of loopback that hardly anybody else tests with."""
    _, second, third, fourth = uuid.uuid4().bytes[:4]
    return IPv4Network((f"127.{16 + second // 2}.{third}.{fourth & 0xF0}", 28))


@contextlib.asynccontextmanager
async def answering(host: str, *packets: bytes) -> AsyncIterator[list[bytes]]:
    """Somebody at UDP 4201 who answers each question with all packets; gives what it is asked."""
    asked: list[bytes] = []

    class Somebody(asyncio.DatagramProtocol):
        transport: asyncio.DatagramTransport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asked.append(data)
            for packet in packets:
                self.transport.sendto(packet, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Somebody, local_addr=(host, 4201))
    try:
        yield asked
    finally:
        transport.close()


async def test_printers_of_a_network_are_found_and_others_are_not_asked(network: IPv4Network) -> None:
    changes: list[None] = []
    hosts = [str(host) for host in network]
    asked_part = next(network.subnets(1))
    browser = ZebraBrowser([asked_part], lambda: changes.append(None))
    async with (
        VirtualPrinter(hosts[1], 0, name="One", serial="ONE", zebra_discovery=True),
        VirtualPrinter(hosts[5], 0, name="Two", serial="TWO", zebra_discovery=True) as two,
        answering(hosts[2], b"", b"no Zebra", b":,.\x03" + bytes(60000)) as asked,
        answering(hosts[9], b":,.\x03" + bytes(100)) as outside,
    ):
        assert await browser.look()
        assert {(one.instance, *one.addresses) for one in browser.services} == {
            ("One", hosts[1]),
            ("Two", hosts[5]),
            (f"Zebra at {hosts[2]}", hosts[2]),
        }
        assert len(changes) == 1
        assert set(asked) == {QUESTION}
        assert outside == []
        await two.unplug()
        two.plug(hosts[6])
        await browser.look()
        assert {one.addresses[0] for one in browser.services if one.instance == "Two"} == {hosts[6]}


async def test_a_flood_is_bounded_and_a_missing_one_is_looked_for_soon(network: IPv4Network) -> None:
    found = asyncio.Event()
    browser = ZebraBrowser([network], found.set)
    hosts = [str(host) for host in network]
    async with answering(hosts[1], *(b":,.\x03" + number.to_bytes(60) for number in range(100))) as asked:
        looking = asyncio.create_task(browser.run())
        try:
            async with asyncio.timeout(30):
                await found.wait()
                assert len(browser.services) == 1  # one for each address
                found.clear()
                async with VirtualPrinter(hosts[3], 0, zebra_discovery=True):
                    browser.missing()
                    while len(browser.services) < 2:
                        await found.wait()
                        found.clear()
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        assert len(asked) <= 8


async def test_no_network_is_no_question() -> None:
    browser = ZebraBrowser([], lambda: None)
    await browser.run()
    assert not await browser.look()
    assert browser.services == []
