"""Found printers become printers: by a person, or by a rule of the configuration; and are forgotten again."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Literal

from pydantic import ValidationError

from ...config import adopted
from ...config.load import Loaded
from ...config.printers import PrinterSettings
from ...config.section import MediaName, Name, Section
from ...config.services import AdoptSettings
from ...config.settings import Settings
from ...drivers.devices import Endpoint, Wanted
from ...drivers.errors import DriverError
from ...drivers.printer import Identity
from ..errors import AdoptionRefused, DaemonError, NoSuchPrinter
from ..fleet import Fleet
from ..messages import iso
from .candidates import Candidate, free_name
from .discovery import Discovery

log = logging.getLogger(__name__)

#: printers that rules may adopt: on a network where anybody announces anything they do not become thousands
_MOST = 100
#: before a rule tries a printer again that could not be adopted
_AGAIN_SECONDS = 60.0
#: how long the answer to "forget it" waits for the printer's writer to end
_END_SECONDS = 5.0


class Terms(Section):
    """What is said of a printer that is adopted or changed; what is absent is as it told, or as it was."""

    identity: str | None = None
    """Which found printer: `serial:…`, `uuid:…`, `mac:…` or `name:…` as /api/v1/candidates gives it."""
    resolution: Literal[203, 300, 600] | None = None
    """Resolution of its head in dpi, where it does not tell it."""
    media: MediaName | None = None
    """Label stock loaded; the one in its name when absent, else `4x6in`."""
    stations: tuple[Name, ...] | None = None
    """Packing stations whose labels it prints."""
    language: Literal["zpl", "tspl", "epl"] | None = None
    """What it speaks; `zpl` when absent and it says so. Others are not asked, and are known by their address."""


def settings_for(candidate: Candidate, at: Endpoint, identity: Identity, terms: Terms) -> PrinterSettings:
    """The settings of a found printer that answered `at` an address as `identity`. Pure.

    Raises:
        AdoptionRefused: its resolution is not known, or another one than it tells.
    """
    name, advert = candidate.device.name, candidate.device.advert
    dpi = terms.resolution or identity.dpi
    if dpi is None:
        hint = f" (its name says {advert.dpi} dpi)" if advert.dpi else ""
        raise AdoptionRefused(f"{name} does not tell its resolution: say 203, 300 or 600 dpi{hint}")
    if identity.dpi not in (None, dpi):
        raise AdoptionRefused(f"{name} says that its head has {identity.dpi} dpi, not {dpi}")
    known = {"uri": at.uri}
    if identity.serial is not None:
        known = {"identity": f"serial:{identity.serial}"}
    elif identity.hardware_address is not None:
        known = {"identity": f"mac:{identity.hardware_address}"}
    media = terms.media or (advert.stock.short if advert.stock else "4x6in")
    more = {"resolution": dpi, "media": media, "stations": terms.stations or ()}
    return _valid(known | more | ({"language": terms.language} if terms.language else {}))


class Adoption:
    """Adopts, changes and forgets printers, each a file in the state directory; one after the other.

    Args:
        fleet: the printers in force.
        discovery: knows what was found.
        names: printers that were adopted before.
        refused: what is wrong with the files of others, a line each.
        clock: Unix seconds.
    """

    def __init__(
        self,
        fleet: Fleet,
        discovery: Discovery,
        names: Collection[str],
        refused: tuple[str, ...],
        clock: Callable[[], float],
    ) -> None:
        self._fleet = fleet
        self._discovery = discovery
        self._directory = adopted.folder(fleet.settings.state_directory)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._failed: dict[str, float] = {}
        self._by_rule = 0
        self.names = set(names)
        self.refused = refused
        for line in refused:
            log.warning("%s", line)

    def poke(self) -> None:
        """What was found has changed."""
        self._wake.set()

    async def adopt(self, name: str, terms: Terms, *, who: str) -> PrinterSettings:
        """Print on a found printer from now on under `name`, or change one that was adopted.

        A printer that speaks ZPL is asked who it is first, and known by its serial number from then on.

        Raises:
            NoSuchPrinter: nothing that was found is this one.
            AdoptionRefused: the name is taken, it does not answer, or the terms do not fit.
        """
        async with self._turn:
            if name in self.names:
                return await self._change(name, terms, who)
            candidate = self._find(terms)
            self._require_free(name, candidate)
            at, identity = await self._asked(candidate, terms)
            return await self._keep(name, settings_for(candidate, at, identity, terms), f"adopted by {who}")

    async def forget(self, name: str, *, who: str) -> None:
        """Print no more on an adopted printer; what waits for it is held.

        Raises:
            NoSuchPrinter: there is none of this name.
            AdoptionRefused: it is not an adopted one, it is needed, or a label is on its way.
        """
        async with self._turn:
            settings = self._fleet.settings
            if name not in settings.printers:
                raise NoSuchPrinter(f"there is no printer {name!r}")
            if name not in self.names:
                raise AdoptionRefused(f"{name} stands in the configuration file: take it out there")
            if places := _named(settings, name):
                raise AdoptionRefused(f"{name} is named in the configuration ({', '.join(places)}): change that first")
            serial = settings.printers[name].own_serial
            uuids = {None, *(one.device.uuid for one in self._discovery.candidates() if one.printer == name)}
            if serial and any(rule.fits(serial, uuid) for rule in settings.discovery.adopt for uuid in uuids):
                raise AdoptionRefused(f"a rule in discovery.adopt would adopt {name} again: change that first")
            if self._fleet.busy(name):
                raise AdoptionRefused(f"a label is on its way on {name}: wait until it is out or held, and try again")
            try:
                await asyncio.to_thread(adopted.remove, self._directory, name)
            except OSError as error:
                raise AdoptionRefused(f"{self._directory}: {name}.toml cannot be deleted: {error.strerror}") from error
            self.names.discard(name)
            rest = {one: printer for one, printer in settings.printers.items() if one != name}
            await self._fleet.apply(_with(settings, rest))
            log.info("printer %s: forgotten by %s", name, who)
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await self._fleet.ended(name)
            except TimeoutError:
                log.info("printer %s: its last conversation goes on", name)

    async def reload(self, read: Callable[[], Loaded], in_force: Callable[[Settings], Settings]) -> Loaded:
        """Read the configuration and the files of adopted printers again, and put what `in_force` gives into force.

        Raises:
            ConfigError: something is wrong, and nothing is changed.
        """
        async with self._turn:
            loaded = await asyncio.to_thread(read)
            settings = in_force(loaded.settings)
            self.names, self.refused = set(loaded.adopted), loaded.refused
            await self._fleet.apply(settings)
            return loaded

    # --- rules

    async def run(self) -> None:
        """Adopt what rules allow until cancelled."""
        while self._fleet.settings.discovery.adopt:
            self._wake.clear()
            for candidate in self._discovery.candidates():
                await self._consider(candidate)
            try:
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _consider(self, candidate: Candidate) -> None:
        serial, identity, now = candidate.serial, candidate.identity, self._clock()
        if candidate.printer is not None or not serial or identity is None or not candidate.device.endpoints:
            return
        rules = self._fleet.settings.discovery.adopt
        number, rule = next(
            ((n, r) for n, r in enumerate(rules, 1) if r.fits(serial, candidate.device.uuid)), (0, None)
        )
        if rule is None or now < self._failed.get(serial, 0.0):
            return
        try:
            await self._adopt_by(rule, candidate, identity, f"rule {number} of discovery.adopt")
        except DaemonError as error:
            if len(self._failed) > _MOST:
                self._failed.clear()
            self._failed[serial] = now + _AGAIN_SECONDS
            log.warning("%s fits rule %d of discovery.adopt: %s", candidate.known_by, number, error)

    async def _adopt_by(self, rule: AdoptSettings, candidate: Candidate, identity: Identity, who: str) -> None:
        if self._by_rule >= _MOST:
            raise AdoptionRefused(f"rules have adopted {_MOST} printers since labeld started: adopt this one by hand")
        async with self._turn:
            settings = self._fleet.settings
            name = rule.name or free_name(candidate.device.name, settings.names)
            self._require_free(name, candidate)
            terms = Terms(resolution=rule.resolution, media=rule.media, stations=rule.stations)
            # its answer was heard a moment ago, and is asked for again on each connection
            printer = settings_for(candidate, candidate.device.endpoints[0], identity, terms)
            await self._keep(name, printer, f"adopted by {who}")
            self._by_rule += 1

    # --- steps

    def _find(self, terms: Terms) -> Candidate:
        """The one found printer that is meant."""
        if terms.identity is None:
            raise AdoptionRefused("say which found printer it is: its identity, as labeld printers --discover tells it")
        try:
            wanted = Wanted.parse(terms.identity)
        except ValueError as error:
            raise AdoptionRefused(str(error)) from error
        found = [one for one in self._discovery.candidates() if one.known_by == str(wanted) or _is(one, wanted)]
        if not found:
            raise NoSuchPrinter(f"nothing that is found on the network now is {terms.identity!r}")
        if len(found) > 1:
            raise AdoptionRefused(f"{len(found)} printers call themselves {terms.identity!r}: say which by serial:…")
        return found[0]

    def _require_free(self, name: str, candidate: Candidate) -> None:
        settings = self._fleet.settings
        if candidate.printer is not None:
            raise AdoptionRefused(f"this one is printer {candidate.printer} already")
        if name in settings.printers or name in settings.groups:
            raise AdoptionRefused(f"there is a printer or group {name!r} already: choose another name")
        if not candidate.device.endpoints:
            schemes = ", ".join(candidate.device.schemes)
            raise AdoptionRefused(f"{candidate.device.name} takes no raw data ({schemes} only): make it a CUPS queue")

    async def _asked(self, candidate: Candidate, terms: Terms) -> tuple[Endpoint, Identity]:
        """Where a found printer is and who it says it is, if it may be asked."""
        if terms.language in ("tspl", "epl"):
            return candidate.device.endpoints[0], Identity()
        if terms.language is None and not candidate.zpl:
            raise AdoptionRefused(
                f"{candidate.device.name} does not say that it speaks ZPL, and may print the question who it is: "
                "say its language"
            )
        try:
            at, identity = await self._discovery.identify(candidate.device)
        except DriverError as error:
            raise AdoptionRefused(
                f"{candidate.device.name} does not tell who it is: {error}; switch it on and try again, or say another "
                "language"
            ) from error
        wanted = Wanted.parse(terms.identity or "")
        if wanted.kind == "serial" and identity.serial != wanted.value:
            raise AdoptionRefused(f"{identity.serial or 'one without a serial number'} answers there, not {wanted}")
        if wanted.kind == "mac" and identity.hardware_address not in (None, wanted.value):
            raise AdoptionRefused(f"mac:{identity.hardware_address} answers there, not {wanted}")
        return at, identity

    async def _change(self, name: str, terms: Terms, who: str) -> PrinterSettings:
        old = self._fleet.settings.printers[name]
        if terms.identity not in (None, old.identity):
            raise AdoptionRefused(f"{name} is {old.identity or old.uri} already: choose another name")
        if terms.language is not None and terms.language != old.language:
            raise AdoptionRefused(f"the language of {name} cannot be changed: forget it, and adopt it again")
        dpi = self._fleet.printers[name].identity.dpi
        if None not in (dpi, terms.resolution) and dpi != terms.resolution:
            raise AdoptionRefused(f"{name} says that its head has {dpi} dpi, not {terms.resolution}")
        told = terms.model_dump(exclude_none=True, include={"resolution", "media", "stations"})
        return await self._keep(name, _valid(old.model_dump(exclude_unset=True) | told), f"changed by {who}")

    async def _keep(self, name: str, printer: PrinterSettings, what: str) -> PrinterSettings:
        """Write a printer's file, then put it into force."""
        settings = self._fleet.settings
        changed = _with(settings, {**settings.printers, name: printer})
        note = f"{what} at {iso(self._clock())}"
        try:
            if name not in self.names and await asyncio.to_thread(adopted.exists, self._directory, name):
                raise AdoptionRefused(f"{self._directory} has a file {name}.toml that is not used: mend or delete it")
            await asyncio.to_thread(adopted.write, self._directory, name, adopted.as_toml(printer, note))
        except OSError as error:
            raise AdoptionRefused(f"{self._directory}: cannot be written: {error.strerror}") from error
        self.names.add(name)
        await self._fleet.apply(changed)
        log.info("printer %s (%s): %s", name, printer.identity or printer.uri, what)
        return printer


def _is(candidate: Candidate, wanted: Wanted) -> bool:
    return wanted.fits(candidate.device) or (wanted.kind == "serial" and candidate.serial == wanted.value)


def _named(settings: Settings, name: str) -> list[str]:
    """Where else a configuration names a printer."""
    groups = [f"groups.{group}" for group, one in settings.groups.items() if name in one.printers]
    routes = [f"routes.{number}" for number, rule in enumerate(settings.routes, 1) if rule.to == name]
    return groups + routes + ["default_printer"] * (settings.default_printer == name)


def _with(settings: Settings, printers: dict[str, PrinterSettings]) -> Settings:
    """The settings with other printers.

    Raises:
        AdoptionRefused: these do not go together.
    """
    values = {key: getattr(settings, key) for key in Settings.model_fields}
    try:
        return Settings.model_validate(values | {"printers": printers})
    except ValidationError as error:
        raise AdoptionRefused(words_of(error)) from None


def _valid(values: dict[str, object]) -> PrinterSettings:
    try:
        return PrinterSettings.model_validate(values)
    except ValidationError as error:
        raise AdoptionRefused(words_of(error)) from None


def words_of(error: ValidationError) -> str:
    """What is wrong, in one line."""
    fault = error.errors()[0]
    keys = ".".join(str(part) for part in fault["loc"] if part != "[key]")
    message = str(fault["ctx"]["error"]) if fault["type"] == "value_error" and "ctx" in fault else fault["msg"]
    return f"{keys}: {message}" if keys else message
