"""What labeld knows of one printer from before and learns with each conversation, written down now and then."""

import logging
from collections.abc import Callable
from dataclasses import replace

from ..config.printers import PrinterSettings
from ..drivers import profile
from ..drivers.errors import DriverError, PrinterOffline, ReplyMalformed
from ..drivers.printer import Identity, Observation, Question
from ..drivers.profile import Measure, Profile
from .errors import StoreUnavailable
from .store import Store

log = logging.getLogger(__name__)

#: times and counts alone are not worth a write more often than this
_WRITE_SECONDS = 60.0


def place_of(name: str, settings: PrinterSettings) -> str:
    """What a printer that tells no serial number is known by: its name in the configuration and its address."""
    return f"{name} {settings.uri or settings.identity}"


class Acquaintance:
    """The profile of the printer at one place.

    Args:
        place: where it is (`place_of`).
        store: where profiles are kept.
        wall: Unix seconds.
    """

    def __init__(self, place: str, store: Store, wall: Callable[[], float]) -> None:
        self._place = place
        self._store = store
        self._wall = wall
        self._loaded = False
        self._profile: Profile | None = None
        self._written: Profile | None = None

    @property
    def profile(self) -> Profile:
        """As learned so far; one that begins now when nothing was."""
        return self._profile or Profile(self._wall(), self._wall())

    @property
    def learned(self) -> Profile | None:
        """As learned so far; None where nothing was yet."""
        return self._profile

    async def load(self) -> None:
        """Remember what was written down, the first time.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        if not self._loaded:
            self._profile = self._written = await self._store.profile_at(self._place)
            self._loaded = True

    def spare(self, identity: Identity) -> frozenset[Question]:
        """Which questions it need not be asked (`printer.Spare`)."""
        return profile.spared(self.profile, identity, self._wall())

    async def looked(self, seen: Observation) -> None:
        """Learn from the first look of a conversation.

        Raises:
            StoreUnavailable: the profile of another printer that answers here cannot be read.
        """
        serial, known = seen.identity.serial, self.profile.identity.serial
        if serial is not None and serial != known:
            if known is not None:  # another printer; else one that was known by its place has told its number
                await self.keep(at_once=True)
                self._profile = None
            self._written = await self._store.profile(serial)
            self._profile = self._written or self._profile
        self._profile = profile.after_look(self.profile, seen, self._wall())

    def failed(self, error: DriverError) -> None:
        """Learn from a conversation that failed."""
        if isinstance(error, PrinterOffline) and self._profile is not None:
            self._profile = profile.after_absence(self._profile)
        elif isinstance(error, ReplyMalformed):
            self._profile = profile.after_babble(self.profile, "it answered in another language", self._wall())

    def printed(self, took: Measure, payload: bytes) -> None:
        """Learn from labels that its counter confirmed."""
        encodings = profile.encodings_in(payload)
        self._profile = profile.after_labels(self.profile, took, encodings, self._wall())

    async def keep(self, *, at_once: bool = False) -> None:
        """Write it down where it is worth it; a database that fails is tried again the next time."""
        new, old = self._profile, self._written
        if new is None or new == old:
            return
        late = old is None or not 0 <= new.last_seen - old.last_seen < _WRITE_SECONDS
        if not (at_once or late) and old is not None and _facts(new) == _facts(old):
            return
        try:
            await self._store.keep_profile(self._place, new)
        except StoreUnavailable as error:
            log.warning("what was learned at %s could not be kept: %s", self._place, error)
        else:
            self._written = new


def _facts(one: Profile) -> Profile:
    """The profile without what changes with every label."""
    return replace(one, last_seen=0.0, firsts=(), paces=())
