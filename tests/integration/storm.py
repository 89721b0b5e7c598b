"""Announces many printers by mDNS on loopback, as told on stdin: `python -m tests.integration.storm COUNT NAME`.

Printer N is at 127.1.0.N+1. `move FIRST LAST` takes these back and announces them at 127.2.0.N+1, `leave FIRST LAST`
takes them back. Each line is answered with `done`.
"""

import asyncio
import sys

from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from labeld.drivers.dnssd import SERVICE_TYPES, ZPL, Advert, to_txt

NAME = sys.argv[2]


def infos(number: int, net: int) -> list[ServiceInfo]:
    """What one printer announces: raw and IPP."""
    advert = Advert(make_and_model=f"ZTC ZD421-203dpi ZPL {number}", formats=(ZPL,), uuid=f"{NAME}-{number}")
    return [
        ServiceInfo(
            SERVICE_TYPES[scheme],
            f"{NAME} {number}.{SERVICE_TYPES[scheme]}",
            port=port,
            parsed_addresses=[f"127.{net}.0.{number + 1}"],
            properties=to_txt(advert),
            server=f"{NAME}-{number}.local.",
        )
        for scheme, port in (("socket", 9100), ("ipp", 631))
    ]


async def announce(zeroconf: AsyncZeroconf, numbers: range, net: int) -> None:
    """Announce printers, all at once."""

    async def register(info: ServiceInfo) -> None:
        await (await zeroconf.async_register_service(info, cooperating_responders=True, strict=False))

    await asyncio.gather(*[register(info) for number in numbers for info in infos(number, net)])


async def take_back(zeroconf: AsyncZeroconf, numbers: range) -> None:
    """Say goodbye for printers, all at once."""

    async def unregister(info: ServiceInfo) -> None:
        await (await zeroconf.async_unregister_service(info))

    await asyncio.gather(*[unregister(info) for number in numbers for info in infos(number, 1)])


async def main(count: int) -> None:
    """Announce `count` printers, then obey."""
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    try:
        await announce(zeroconf, range(count), 1)
        print("done", flush=True)  # noqa: T201 - its way to answer
        while line := await asyncio.to_thread(sys.stdin.readline):
            verb, first, last = line.split()
            numbers = range(int(first), int(last))
            await take_back(zeroconf, numbers)
            if verb == "move":
                await announce(zeroconf, numbers, 2)
            print("done", flush=True)  # noqa: T201
    finally:
        await zeroconf.async_close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
