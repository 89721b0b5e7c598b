"""What announces itself by DNS-SD, or answers Zebra's own discovery, merged to one device per printer. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple, Self

from .dnssd import SERVICE_TYPES, Advert, shown

_ORDER = {scheme: rank for rank, scheme in enumerate(SERVICE_TYPES)}
_LONGEST = 255
_HARDWARE = re.compile("[0-9a-f]{12}")
_NOTHING = Advert()


class Endpoint(NamedTuple):
    """An address and a port."""

    address: str
    port: int

    @property
    def uri(self) -> str:
        """`socket://address:port`."""
        return f"socket://{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Service:
    """One announced service: `scheme` of SERVICE_TYPES, instance name, host, port of its SRV record, addresses.

    A printer announces one for each protocol, and each interface tells it again.
    """

    scheme: str
    instance: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    advert: Advert = _NOTHING

    @property
    def offered(self) -> bool:
        """Port 0 only defends the name (Bonjour Printing Specification 1.2.1, section on flagship naming)."""
        return self.scheme in SERVICE_TYPES and 0 < self.port < 65536


@dataclass(frozen=True, slots=True)
class Device:
    """One printer with all that it offers; raw services come first."""

    services: tuple[Service, ...]

    @property
    def name(self) -> str:
        """Its instance name, as people see it."""
        return self.services[0].instance

    @property
    def names(self) -> frozenset[str]:
        """All its instance names."""
        return frozenset(service.instance for service in self.services)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Its host names."""
        return tuple(dict.fromkeys(service.host for service in self.services))

    @property
    def schemes(self) -> tuple[str, ...]:
        """How it can be reached: `socket`, `ipp`, `ipps`, `lpd`."""
        return tuple(dict.fromkeys(service.scheme for service in self.services))

    @property
    def uuid(self) -> str | None:
        """Its UUID, where it tells one."""
        return next((service.advert.uuid for service in self.services if service.advert.uuid), None)

    @property
    def hardware_address(self) -> str | None:
        """Its hardware address (MAC), where it tells one."""
        return next((one.advert.hardware_address for one in self.services if one.advert.hardware_address), None)

    @property
    def key(self) -> str:
        """What it is known by while it comes, changes and goes."""
        if self.uuid:
            return f"uuid:{self.uuid}"
        if self.hardware_address:
            return f"mac:{self.hardware_address}"
        first = self.services[0]
        return f"name:{_called(first)} at {first.host.lower()}"

    @property
    def advert(self) -> Advert:
        """What its services say of it together; the first that says a thing counts."""
        adverts = [service.advert for service in self.services]
        return Advert(
            make_and_model=_first(one.make_and_model for one in adverts),
            product=_first(one.product for one in adverts),
            note=_first(one.note for one in adverts),
            formats=tuple(dict.fromkeys(name for one in adverts for name in one.formats)),
            uuid=self.uuid,
            manufacturer=_first(one.manufacturer for one in adverts),
            model=_first(one.model for one in adverts),
            languages=tuple(dict.fromkeys(name for one in adverts for name in one.languages)),
            label_printer=any(one.label_printer for one in adverts),
            hardware_address=self.hardware_address,
        )

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where it takes raw bytes, the likeliest to be reached first."""
        found = {Endpoint(a, s.port) for s in self.services if s.scheme == "socket" for a in s.addresses}
        return tuple(sorted(found, key=_reach))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a configuration names a printer that is found wherever it is: `serial:`, `uuid:`, `mac:` or `name:`."""

    kind: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `serial:D4J204501234`, `uuid:cbf40622-…`, `mac:00:07:4d:…` or `name:Zebra packing line 2`.

        Raises:
            ValueError: it is neither, or names nothing.
        """
        kind, _, value = text.partition(":")
        kind, value = kind.strip().lower(), value.strip()
        if kind == "uuid":
            value = value.lower().removeprefix("urn:uuid:")
        if kind == "mac":
            value = value.lower().translate({ord(":"): None, ord("-"): None})
        known = kind in ("serial", "uuid", "name") or (kind == "mac" and _HARDWARE.fullmatch(value))
        if not known or not value or len(value) > _LONGEST or value != shown(value):
            raise ValueError(f"{text!r} is not of the form serial:…, uuid:…, mac:001122334455 or name:…")
        return cls(kind, value)

    def fits(self, device: Device) -> bool:
        """Whether what is announced says that it is this one; a serial number is only told when asked.

        Many a UUID ends with the hardware address (RFC 9562 section 5.1).
        """
        if self.kind == "uuid":
            return device.uuid == self.value
        if self.kind == "mac":
            return device.hardware_address == self.value or (device.uuid or "").endswith(f"-{self.value}")
        return self.kind == "name" and self.value.casefold() in {name.casefold() for name in device.names}

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def merge(services: Iterable[Service]) -> tuple[Device, ...]:
    """Devices of services in any order: by UUID, else by (`ty`, host).

    A service without UUID belongs to the one device that has its `ty` and host. What tells its hardware address is one
    device by that, with what announces itself under its host name, else at its address.
    """
    offered = sorted({service for service in services if service.offered}, key=_sorted)
    cards: dict[str, list[Service]] = {}
    announced: list[Service] = []
    for service in offered:
        card = None if service.advert.uuid else service.advert.hardware_address
        (cards.setdefault(card, []) if card else announced).append(service)
    homes: dict[tuple[str, str], set[str]] = {}
    for service in announced:
        if service.advert.uuid:
            homes.setdefault(_place(service), set()).add(service.advert.uuid)
    groups: dict[tuple[str, ...], list[Service]] = {}
    for service in announced:
        uuid, place = service.advert.uuid, _place(service)
        near = homes.get(place, set())
        if uuid is None and len(near) == 1:
            (uuid,) = near
        groups.setdefault((uuid,) if uuid else place, []).append(service)
    # anybody may announce thousands: each is looked at once
    by_name: dict[str, tuple[str, ...]] = {}
    by_address: dict[str, tuple[str, ...]] = {}
    for key, group in groups.items():
        for service in group:
            by_name.setdefault(_first_label(service.host), key)
            by_address |= {address: key for address in service.addresses if address not in by_address}
    by_name.pop("", None)
    for card, group in cards.items():
        named = (by_name.get(_first_label(service.host)) for service in group)
        placed = (by_address.get(address) for service in group for address in service.addresses)
        home = next(filter(None, (*named, *placed)), (card, "", ""))
        groups.setdefault(home, []).extend(group)
    return tuple(Device(tuple(group)) for group in groups.values())


def _first_label(host: str) -> str:
    return host.lower().removesuffix(".local")


def _sorted(service: Service) -> tuple[object, ...]:
    return (_ORDER[service.scheme], service.instance, service.host, service.port, service.addresses, str(service))


def _called(service: Service) -> str:
    # without `ty` two queues of one host would pass for one printer
    return (service.advert.make_and_model or service.instance).casefold()


def _place(service: Service) -> tuple[str, str]:
    return _called(service), service.host.lower()


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _reach(endpoint: Endpoint) -> tuple[object, ...]:
    at: IPv4Address | IPv6Address = ip_address(endpoint.address)
    return at.is_loopback, at.is_link_local, at.version, endpoint
