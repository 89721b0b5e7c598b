"""The simulated Zebra tells the network of itself by DNS-SD."""

import socket
import uuid
from collections.abc import Awaitable

from zeroconf import InterfaceChoice, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from ..dnssd import SERVICE_TYPE, ZPL, Advert, to_txt
from .machine import Machine

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_NAMESPACE = uuid.UUID("6f1f6f6c-6c61-5265-6c64-0a5a504c0000")


class Announcement:
    """A machine that tells where it is, until it is closed."""

    def __init__(self, machine: Machine, interfaces: list[str] | None) -> None:
        self._machine = machine
        self._interfaces = interfaces
        self._zeroconf: AsyncZeroconf | None = None
        self._telling: Awaitable[None] | None = None
        self._name = f"{machine.name}.{SERVICE_TYPE}"

    async def begin(self, host: str, port: int) -> None:
        """Tell that the machine listens on `host` and `port`.

        Speaks from `interfaces`; where they are None from `host`, or from all where it listens on all.
        """
        own = self._interfaces or (None if host in _EVERYWHERE else [host])
        zeroconf = AsyncZeroconf(interfaces=own or InterfaceChoice.All)
        info = self._info(host, port)
        try:
            self._telling = await zeroconf.async_register_service(info, allow_name_change=True)
        except BaseException:
            await zeroconf.async_close()
            raise
        self._name, self._zeroconf = info.name, zeroconf

    async def moved(self, host: str, port: int) -> None:
        """Tell that it listens there from now on."""
        if self._zeroconf is not None:
            if self._telling is not None:
                await self._telling  # it would go on to tell the former address
            self._telling = await self._zeroconf.async_update_service(self._info(host, port))

    async def end(self) -> None:
        """Say goodbye."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    def _info(self, host: str, port: int) -> ServiceInfo:
        machine, everywhere = self._machine, host in _EVERYWHERE
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
        return ServiceInfo(
            SERVICE_TYPE,
            self._name,
            port=port,
            parsed_addresses=[host] if not everywhere else self._interfaces or [_own_address()],
            properties=to_txt(advert),
            server=f"labeld-{machine.serial.lower()}.local.",
        )


def _own_address() -> str:
    """The address that others reach this host by: the one a datagram to elsewhere would leave from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation range (RFC 5737); nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
