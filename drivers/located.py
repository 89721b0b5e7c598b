"""A printer that is wherever it announces itself: found before each conversation, and asked who it is in each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Protocol

from .base import Driver, Session
from .devices import Endpoint, Wanted
from .errors import ConnectionLost, PrinterOffline, WrongPrinter
from .printer import Identity, Observation, PrinterState, Spare, ask_all

#: addresses of one device that are tried in one go
_TRIES = 4


class Locator(Protocol):
    """Knows who announces what, and who answered where."""

    def where(self, wanted: Wanted, serial: str | None) -> tuple[Endpoint, ...]:
        """Where the printer may be, the likeliest first; `serial` is its serial number as far as it is known."""

    def heard(self, endpoint: Endpoint, identity: Identity) -> None:
        """Take in who answered at an address."""

    def missing(self) -> None:
        """Take in that a printer is in none of the places that were tried."""

    def turn(self, endpoint: Endpoint) -> AbstractAsyncContextManager[None]:
        """Wait for the other conversation at an address to end; `PrinterOffline` when it goes on for too long."""


class LocatedDriver:
    """A driver (`base.Driver`) for a printer that is known by what it is, not by its address.

    Announcements are from whoever wants to send them, and late: an address may belong to another printer by now.
    So nothing is sent in a conversation before the printer told the right serial number in it. Of a printer that is
    wanted by UUID or name, the number that it tells first counts from then on. One that is wanted by its hardware
    address must tell that, and need not have a serial number.

    Args:
        wanted: which printer.
        serial: its serial number, if known beforehand.
        locator: knows where it may be.
        open_at: the driver for a URI; it asks for what the printer is wanted by.
        met: told the URI at which it was recognised.
        learnt: keeps the serial number of a printer that is wanted by something else, before anything is sent to it.
    """

    def __init__(
        self,
        wanted: Wanted,
        serial: str | None,
        locator: Locator,
        open_at: Callable[[str], Driver],
        met: Callable[[str], None],
        learnt: Callable[[str], Awaitable[None]],
    ) -> None:
        self._wanted = wanted
        self._serial = wanted.value if wanted.kind == "serial" else serial
        self._locator = locator
        self._open_at = open_at
        self._met = met
        self._learnt = learnt
        self._kept = wanted.kind == "serial"
        self._at: Endpoint | None = None

    @property
    def uri(self) -> str:
        """Where it was met last, else what it is wanted by."""
        return self._at.uri if self._at else str(self._wanted)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Session]:
        """Open a conversation (`base.Driver`) at the first of its addresses that can be reached.

        Raises:
            PrinterOffline: it has not announced itself, or none of its addresses can be reached.
        """
        failure = PrinterOffline(f"{self._wanted} has not announced itself on this network")
        for endpoint in self._locator.where(self._wanted, self._serial)[:_TRIES]:
            async with AsyncExitStack() as turn, AsyncExitStack() as stack:
                try:
                    await turn.enter_async_context(self._locator.turn(endpoint))
                    session = await stack.enter_async_context(self._open_at(endpoint.uri).connect())
                except PrinterOffline as error:
                    failure = error
                    continue
                yield LocatedSession(session, partial(self._recognise, endpoint), turn.aclose)
                return
        self._locator.missing()
        raise failure

    async def _recognise(self, endpoint: Endpoint, seen: Observation) -> bool:
        """Whether it is the wanted one; False when it says nothing."""
        identity = seen.identity
        if identity.serial is None and seen.status.state is PrinterState.UNKNOWN:
            return False
        self._locator.heard(endpoint, identity)
        if (another := self._another(identity, f"{endpoint.address}:{endpoint.port}")) is not None:
            self._locator.missing()
            raise WrongPrinter(another)
        if identity.serial is not None and not self._kept:
            self._serial = identity.serial
            await self._learnt(identity.serial)
            self._kept = True
        self._at = endpoint
        self._met(endpoint.uri)
        return True

    def _another(self, identity: Identity, where: str) -> str | None:
        """Why it is not known to be the wanted one, in words; None when it is."""
        wanted, serial = self._wanted, identity.serial
        if wanted.kind == "mac" and identity.hardware_address is None:
            return f"{where} tells no hardware address, so that it may be another one than {wanted}"
        if wanted.kind == "mac" and identity.hardware_address != wanted.value:
            return f"mac:{identity.hardware_address} answers at {where}; {wanted} is looked for"
        if serial is None and (self._serial is not None or wanted.kind != "mac"):
            return f"{where} tells no serial number, so that it may be another one than {wanted}"
        if serial in (None, self._serial) or self._serial is None:
            return None
        words = f"{serial} answers at {where}; {wanted} ({self._serial}) is looked for"
        return words if wanted.kind == "serial" else f'{words}; if it was replaced, set serial = "{serial}"'


class LocatedSession:
    """A conversation (`base.Session`) in which nothing is sent to another printer than the wanted one.

    `broken` is called when the connection is lost: somebody else may speak at the address from then on.
    """

    def __init__(
        self,
        session: Session,
        recognise: Callable[[Observation], Awaitable[bool]],
        broken: Callable[[], Awaitable[None]],
    ) -> None:
        self._session = session
        self._recognise = recognise
        self._broken = broken
        self._known = False

    async def observe(self, spare: Spare = ask_all, *, thorough: bool = False) -> Observation:
        """Ask who and how the printer is.

        Raises:
            WrongPrinter: it is another one.
        """
        try:
            seen = await self._session.observe(spare, thorough=thorough)
        except ConnectionLost:
            await self._broken()
            raise
        self._known = await self._recognise(seen) or self._known
        return seen

    async def send(self, payload: bytes) -> None:
        """Hand over the payload.

        Raises:
            WrongPrinter: the printer has not said in this conversation that it is the wanted one.
        """
        self._require()
        await self._session.send(payload)

    async def discard_partial(self) -> None:
        """Make the printer forget an unfinished format; `WrongPrinter` as in `send`."""
        self._require()
        await self._session.discard_partial()

    async def recall(self) -> bool:
        """Keep the payload from the printer (`base.Session`)."""
        return await self._session.recall()

    def _require(self) -> None:
        if not self._known:
            raise WrongPrinter("the printer has not said who it is")
