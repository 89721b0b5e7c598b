"""Which serial number counts for a printer that is wanted by something else, also after a restart of labeld."""

from collections.abc import Callable

from ..drivers.devices import Wanted
from .store import Store


class Serials:
    """The serial numbers that printers told first which are wanted by UUID, hardware address or name.

    Args:
        store: keeps them.
        clock: Unix seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, str] = {}

    async def load(self) -> None:
        """Read what is kept.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        self._known = await self._store.serials()

    def of(self, wanted: Wanted) -> str | None:
        """The serial number that counts, None where none was told yet."""
        return self._known.get(str(wanted))

    async def learn(self, wanted: Wanted, serial: str) -> None:
        """Keep a serial number; the next label of this printer may leave after that.

        Raises:
            StoreUnavailable: the database cannot be written.
        """
        if self._known.get(str(wanted)) != serial:
            await self._store.learn_serial(str(wanted), serial, self._clock())
            self._known[str(wanted)] = serial
