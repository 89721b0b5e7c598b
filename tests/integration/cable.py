"""A printer on one end of a cable is found from the other: by its link-local address, and by a broadcast.

Run in a network of its own: `python -m tests.integration.cable`. Prints what was found, each on a line.
"""

import asyncio
import socket
from ipaddress import IPv4Network

import ifaddr

from labeld.daemon.finding.browser import Browser
from labeld.daemon.finding.zebra_browser import ZebraBrowser
from labeld.drivers.devices import Device, merge
from labeld.drivers.opening import open_driver
from labeld.drivers.virtual.answers import Answers
from labeld.drivers.virtual.server import VirtualPrinter


def ready(interface: str) -> str | None:
    """The link-local address of an interface, once it may be used (RFC 4862 section 5.4)."""
    for card in ifaddr.get_adapters():
        for one in card.ips:
            if card.name == interface and one.is_IPv6:
                with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
                    try:
                        probe.bind((one.ip[0], 0, 0, card.index))
                    except OSError:
                        continue
                return str(one.ip[0])
    return None


async def tell(device: Device) -> None:
    """Print where it is and who answers there."""
    (place,) = device.endpoints
    async with open_driver(place.uri).connect() as session:
        print(place.uri, (await session.observe()).identity.serial)  # noqa: T201 - its way to answer


async def main() -> None:
    """Be the printer, and look for it."""
    while not ((here := ready("here")) and (there := ready("there"))):  # noqa: ASYNC110 - the kernel makes them
        await asyncio.sleep(0.05)
    printer = VirtualPrinter("::", 9100, serial="LINK1", announce=True, interfaces=[there])
    async with printer, Browser([here]) as browser:
        while not (found := merge(browser.services)):
            await browser.changed.wait()
            browser.changed.clear()
        await tell(found[0])
    zebras = ZebraBrowser([IPv4Network("10.99.0.0/24")], lambda: None)
    async with VirtualPrinter("10.99.0.1", 9100, serial="CAST1") as printer:
        answers = Answers(printer._machine)
        answers.begin("10.99.0.255")  # hears nothing but broadcasts
        await zebras.look()
        await answers.end()
        await tell(merge(zebras.services)[0])


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(), 60))
