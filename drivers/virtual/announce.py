"""The simulated Zebra tells the network of itself by DNS-SD."""

import socket
import uuid

from zeroconf import InterfaceChoice, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from ..dnssd import SERVICE_TYPE, ZPL, Advert, to_txt
from .machine import Machine

_NAMESPACE = uuid.UUID("6f1f6f6c-6c61-5265-6c64-0a5a504c0000")


async def announce(machine: Machine, host: str, port: int, *, interfaces: list[str] | None) -> AsyncZeroconf:
    """Register `machine`, listening on `host` and `port`; the caller unregisters and closes what it gets.

    Args:
        machine: the printer.
        host: address it listens on.
        port: port it listens on.
        interfaces: addresses to speak from; None for `host`, or for all where it listens on all.
    """
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    own = interfaces or (None if everywhere else [host])
    advert = Advert(
        make_and_model=machine.model,
        product=f"({machine.model})",
        formats=(ZPL,),
        uuid=str(uuid.uuid5(_NAMESPACE, machine.serial)),
        manufacturer="Zebra Technologies",
        model=machine.model,
        languages=("ZPL",),
        label_printer=True,
    )
    info = ServiceInfo(
        SERVICE_TYPE,
        f"{machine.name}.{SERVICE_TYPE}",
        port=port,
        parsed_addresses=[host] if not everywhere else own or [_own_address()],
        properties=to_txt(advert),
        server=f"labeld-{machine.serial.lower()}.local.",
    )
    zeroconf = AsyncZeroconf(interfaces=own or InterfaceChoice.All)
    try:
        await zeroconf.async_register_service(info, allow_name_change=True)
    except BaseException:
        await zeroconf.async_close()
        raise
    return zeroconf


def _own_address() -> str:
    """The address that others reach this host by: the one a datagram to elsewhere would leave from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation range (RFC 5737); nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
