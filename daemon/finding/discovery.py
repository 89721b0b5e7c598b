"""Printers on the network: who announces what, who answered where, and what the configuration wants of them."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...config.printers import PrinterSettings
from ...config.services import DiscoverySettings
from ...config.settings import Settings
from ...drivers.base import Driver
from ...drivers.devices import Device, Endpoint, Service, Wanted, merge
from ...drivers.errors import DriverError, PrinterOffline, ReplyMalformed
from ...drivers.printer import Identity
from .browser import Browser, named
from .candidates import Candidate
from .zebra_browser import ZebraBrowser

log = logging.getLogger(__name__)

#: announcements that come together are taken in together
_GATHER_SECONDS = 0.25
#: before mDNS is tried again where it cannot be used
_RETRY_SECONDS = 30.0
#: candidates that are asked at a time
_ASKED_AT_ONCE = 4
#: a candidate that hangs up on questions so often is not asked any more
_HANG_UPS = 3
#: an answer stands for so long against an announcement that says otherwise
_FRESH_SECONDS = 30.0
#: pause before a candidate is asked again, twice as long each time
_AGAIN_SECONDS, _LONGEST_PAUSE_SECONDS = 3.0, 600.0
#: how long names of static printers stand for the same addresses, and how long finding one out may take
_RESOLVED_SECONDS, _RESOLVE_SECONDS = 60.0, 5.0
#: how long one conversation waits for the other at the same address
_TURN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """Who answered at an address, and when (monotonic); `mute`: it took the questions and said nothing."""

    identity: Identity
    at: float
    mute: bool = False


@dataclass(slots=True)
class _Asked:
    """How often a candidate was asked, how often it hung up on that, and when it may be asked again."""

    times: int = 0
    hung_up: int = 0
    not_before: float = 0.0


class Discovery:
    """The registry of what announces itself. It prints nothing and sends nothing but questions, and those only to
    candidates that say they speak ZPL: others would put them on paper.

    Args:
        settings: whether and where to listen.
        printers: the configured printers.
        open_at: the driver for a URI (`opening.open_driver`).
        changed: told when candidates or their answers changed.
        moved: told the names of printers that may be found now.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: DiscoverySettings,
        printers: Mapping[str, PrinterSettings],
        open_at: Callable[..., Driver],
        changed: Callable[[], None],
        moved: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._printers = printers
        self._open_at = open_at
        self._changed = changed
        self._moved = moved
        self._clock = clock
        self._devices: tuple[Device, ...] = ()
        self._answers: dict[Endpoint, _Answer] = {}
        self._homes: dict[str, str] = {}
        self._asked: dict[str, _Asked] = {}
        self._turns: dict[Endpoint, asyncio.Lock] = {}
        self._places: dict[Endpoint, str] = {}
        self._fixed: dict[Endpoint, str] = {}
        self._fixed_at: float | None = None
        self._wake = asyncio.Event()
        self._heard_more = asyncio.Event()
        self._zebras = ZebraBrowser(settings.zebras, self._heard_more.set)
        self.message = "not listening yet" if settings.enabled else "switched off in the configuration"

    def apply(self, settings: Settings) -> None:
        """Take over new settings of printers."""
        self._printers = settings.printers
        self._fixed_at = None
        self._heard_more.set()
        self._wake.set()
        self._changed()

    # --- what it shows

    def candidates(self) -> list[Candidate]:
        """Everything that announces itself, with the printer's name where the configuration has it; labels first."""
        found = [Candidate(device, self._answered(device), self._owner(device)) for device in self._devices]
        return sorted(found, key=lambda one: (not one.zpl, not one.device.advert.label_printer, one.device.name))

    # --- what drivers ask (located.Locator)

    def where(self, wanted: Wanted, serial: str | None) -> tuple[Endpoint, ...]:
        """Where a printer may be: where its number answered last, then where it announces itself."""
        now = self._clock()
        known = {at: answer for at, answer in self._answers.items() if serial and answer.identity.serial == serial}
        found = sorted(known, key=lambda at: -known[at].at)
        for device in self._devices:
            fixed = not self._fixed.keys().isdisjoint(device.endpoints)
            if not fixed and (wanted.fits(device) or self._is_home(device, serial)):
                found += [at for at in device.endpoints if not self._contradicted(at, serial, now)]
        return tuple(at for at in dict.fromkeys(found) if at not in self._fixed)

    def heard(self, endpoint: Endpoint, identity: Identity) -> None:
        """Take in who answered at an address."""
        old = self._answers.get(endpoint)
        key = self._places.get(endpoint)
        if key is None:
            return  # it left meanwhile
        if identity.serial is not None:
            for at, answer in self._answers.items():
                if answer.identity.serial == identity.serial:
                    # it is not where it answered before; who is there now is not known
                    self._answers[at] = _Answer(Identity(), answer.at)
            self._homes[identity.serial] = key
        self._answers[endpoint] = _Answer(identity, self._clock())
        if old is None or old.identity != identity:
            for name, printer in self._printers.items():
                if printer.wanted is not None and identity.serial is not None and printer.own_serial == identity.serial:
                    self._moved(name)
            self._wake.set()
            self._changed()

    def missing(self) -> None:
        """A printer is not where it was thought to be."""
        self._zebras.missing()

    @asynccontextmanager
    async def turn(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """Hold an address for one conversation: printers mix overlapping ones.

        Raises:
            PrinterOffline: another conversation goes on for too long.
        """
        lock = self._turns.setdefault(endpoint, asyncio.Lock())
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await lock.acquire()
        except TimeoutError as error:
            raise PrinterOffline(
                f"{endpoint.address}:{endpoint.port} is in use by another of labeld's printers"
            ) from error
        try:
            yield
        finally:
            lock.release()

    # --- life

    async def run(self) -> None:
        """Listen until cancelled; where that cannot be, static printers work all the same."""
        if not self._settings.enabled:
            return
        while True:
            try:
                await self._listen()
            except OSError as error:
                self.message = f"printers cannot be found by mDNS: {error.strerror or error}"
                log.warning("%s; next try in %.0f s", self.message, _RETRY_SECONDS)
            except Exception as error:
                self.message = f"printers cannot be found by mDNS: {type(error).__name__}"
                log.exception("discovery")
            self.take(())
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        more = self._heard_more
        async with Browser(self._settings.interfaces, more) as browser, asyncio.TaskGroup() as tasks:
            self.message = "listening"
            await self._settle_fixed()
            tasks.create_task(self._ask_all(), name="discovery-ask")
            tasks.create_task(self._zebras.run(), name="discovery-zebras")
            while True:
                await more.wait()
                await asyncio.sleep(_GATHER_SECONDS)
                more.clear()
                await self.hear([*browser.services, *self._zebras.services])

    async def hear(self, services: Iterable[Service]) -> None:
        """Take in all services that are announced now, knowing where static printers are."""
        await self._settle_fixed()
        self.take(services)

    def take(self, services: Iterable[Service]) -> None:
        """Take in all services that are announced now."""
        old = {device.key: device for device in self._devices}
        self._devices = merge(services)
        new = {device.key: device for device in self._devices}
        if old == new:
            return
        self._places = places = {at: device.key for device in self._devices for at in device.endpoints}
        for key, device in new.items():
            before = set(old[key].endpoints) if key in old else set()
            for at in set(device.endpoints) - before:
                self._answers.pop(at, None)  # whoever answered there was another one, or is asked again
                self._asked.pop(key, None)
        self._answers = {at: answer for at, answer in self._answers.items() if at in places}
        self._asked = {key: asked for key, asked in self._asked.items() if key in new}
        serials = {printer.own_serial for printer in self._printers.values()}
        self._homes = {serial: key for serial, key in self._homes.items() if key in new or serial in serials}
        self._turns = {at: lock for at, lock in self._turns.items() if at in places or lock.locked()}
        changed = [device for key, device in new.items() if old.get(key) != device]
        for name, printer in self._printers.items():
            wanted, serial = printer.wanted, printer.own_serial
            if wanted is not None and any(wanted.fits(one) or self._is_home(one, serial) for one in changed):
                self._moved(name)
        self._wake.set()
        self._changed()

    # --- who is who

    def _is_home(self, device: Device, serial: str | None) -> bool:
        """Whether the printer with this serial number answered at this device last."""
        return serial is not None and self._homes.get(serial) == device.key

    def _answered(self, device: Device) -> Identity | None:
        answers = [self._answers[at] for at in device.endpoints if at in self._answers]
        return max(answers, key=lambda answer: answer.at).identity if answers else None

    def _owner(self, device: Device) -> str | None:
        """The configured printer that this device is."""
        identity = self._answered(device)
        serial = identity.serial if identity else None
        for name, printer in self._printers.items():
            if serial is not None and printer.own_serial == serial:
                return name
            if printer.wanted is not None and printer.wanted.fits(device):
                return name
        return next((self._fixed[at] for at in device.endpoints if at in self._fixed), None)

    def _contradicted(self, at: Endpoint, serial: str | None, now: float) -> bool:
        answer = self._answers.get(at)
        told = answer.identity.serial if answer else None
        return answer is not None and None not in (serial, told) and told != serial and now - answer.at < _FRESH_SECONDS

    # --- asking candidates

    async def _ask_all(self) -> None:
        while True:
            self._wake.clear()
            while batch := self._askable()[:_ASKED_AT_ONCE]:
                await asyncio.gather(*(self._ask(device) for device in batch))
            try:
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _askable(self) -> list[Device]:
        now = self._clock()
        adopted = [printer for printer in self._printers.values() if printer.wanted is not None]
        lost = {
            printer.own_serial
            for printer in adopted
            if printer.own_serial and printer.wanted and not self.where(printer.wanted, printer.own_serial)
        }
        if not lost:  # when one is lost again, all are asked soon
            for key in {self._places[at] for at in self._answers if not self._answers[at].mute}:
                self._asked.pop(key, None)
        taken = {at for printer in adopted if printer.wanted for at in self.where(printer.wanted, printer.own_serial)}
        return [device for device in self._devices if self._to_be_asked(device, lost, taken, now)]

    def _to_be_asked(self, device: Device, lost: set[str], taken: set[Endpoint], now: float) -> bool:
        places = device.endpoints
        if not places or not taken.isdisjoint(places) or not self._fixed.keys().isdisjoint(places):
            return False
        names = " ".join((*device.names, *device.hosts)).casefold()
        if not (device.advert.speaks_zpl or any(serial and serial.casefold() in names for serial in lost)):
            return False
        if device.key in self._asked and now < self._asked[device.key].not_before:
            return False
        answers = [self._answers[at] for at in places if at in self._answers]
        return not answers or (bool(lost) and not any(answer.mute for answer in answers))

    async def identify(self, device: Device) -> tuple[Endpoint, Identity]:
        """Ask a device who it is because it is to be adopted; gives where it answered, and as whom.

        Raises:
            DriverError: it cannot be reached, or answers nothing in ZPL.
        """
        failure: DriverError = PrinterOffline(f"{device.name} offers no address for raw data")
        for at in device.endpoints[:2]:
            try:
                driver = self._open_at(at.uri, hardware_address=True)
                async with self.turn(at), driver.connect() as session:
                    seen = await session.observe()
            except PrinterOffline as error:
                failure = error
                continue
            if seen.identity == Identity():
                raise ReplyMalformed(f"{at.address}:{at.port} gives no answer in ZPL")
            self.heard(at, seen.identity)
            return at, seen.identity
        raise failure

    async def _ask(self, device: Device) -> None:
        """Ask one candidate who it is, at the first address that takes a connection; next time after a longer pause."""
        asked = self._asked.setdefault(device.key, _Asked())
        pause = min(_AGAIN_SECONDS * 2.0 ** min(asked.times, 10), _LONGEST_PAUSE_SECONDS)
        asked.times, asked.not_before = asked.times + 1, self._clock() + pause
        for at in device.endpoints[:2]:
            try:
                async with self.turn(at), self._open_at(at.uri).connect() as session:
                    seen = await session.observe()
            except PrinterOffline as error:
                log.debug("candidate %s: %s", device.name, error)
                continue
            except ReplyMalformed:
                self._mute(at)
                return
            except DriverError as error:
                log.debug("candidate %s: %s", device.name, error)
                asked.hung_up += 1
                if asked.hung_up >= _HANG_UPS:
                    self._mute(at)
                continue
            if seen.identity == Identity():
                self._mute(at)
            else:
                self.heard(at, seen.identity)
            return

    def _mute(self, at: Endpoint) -> None:
        """It said nothing, or nothing in ZPL: it is not asked again, for it may put the question on paper."""
        if at in self._places:
            self._answers[at] = _Answer(Identity(), self._clock(), mute=True)

    # --- static printers

    async def _settle_fixed(self) -> None:
        """Where the printers with a configured address are: these belong to their own writers."""
        now = self._clock()
        if self._fixed_at is not None and now - self._fixed_at < _RESOLVED_SECONDS:
            return
        printers, before = self._printers, self._fixed
        # a queue's name is not that of a host
        uris = {name: one.uri for name, one in printers.items() if one.uri is not None and not one.queued}
        places = await asyncio.gather(*map(_resolved, uris.values()))
        fixed = {at: name for name, found in zip(uris, places, strict=True) for at in found}
        self._fixed, self._fixed_at = fixed, now if printers is self._printers else None
        if fixed != before:
            self._changed()


async def _resolved(uri: str) -> set[Endpoint]:
    parts = urlsplit(uri)
    loop, port = asyncio.get_running_loop(), parts.port or 9100
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a TimeoutError is one
        return set()
    return {Endpoint(_scoped(*address), int(address[1])) for *_, address in found}


def _scoped(host: str, _port: int, _flow: int = 0, scope: int = 0) -> str:
    """An address of `getaddrinfo` as announcements have it: a link-local one with its interface."""
    return named(f"{host}%{scope}") if scope else host
