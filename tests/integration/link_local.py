"""A printer announces its link-local address on one end of a cable, and is found and asked from the other end.

Run in a network of its own: `python -m tests.integration.link_local`. Prints its URI and its serial number.
"""

import asyncio
import socket

import ifaddr

from labeld.daemon.browser import Browser
from labeld.drivers.devices import merge
from labeld.drivers.opening import open_driver
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


async def main() -> None:
    """Be the printer, and look for it."""
    while not ((here := ready("here")) and (there := ready("there"))):  # noqa: ASYNC110 - the kernel makes them
        await asyncio.sleep(0.05)
    printer = VirtualPrinter("::", 9100, serial="LINK1", announce=True, interfaces=[there])
    async with printer, Browser([here]) as browser:
        while not (places := [at for device in merge(browser.services) for at in device.endpoints]):
            await browser.changed.wait()
            browser.changed.clear()
        async with open_driver(places[0].uri).connect() as session:
            print(places[0].uri, (await session.observe()).identity.serial)  # noqa: T201 - its way to answer


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(), 60))
